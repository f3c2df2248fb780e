//! The rules of the project's first version, and the contract of design 5.1.

use sgtk_log::{CodePage, ContextWords, FileName, TitleStyle, decode, recognise, title};

fn incident(text: &str) -> sgtk_log::Incident {
    recognise(&decode(text.as_bytes(), CodePage::NONE), FileName("tk-maya.log"), &ContextWords::default())
}

const VALUE_ERROR: &str = "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish failed
Traceback (most recent call last):
  File \"/home/u/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py\", line 12, in publish
    raise ValueError(\"bad frame range\")
ValueError: bad frame range
";

#[test]
fn seed_title_names_the_exception() {
    let found = incident(VALUE_ERROR);
    assert_eq!(title(&found, Some("alice"), TitleStyle::Seed), "alice - ValueError");
    assert_eq!(title(&found, None, TitleStyle::Seed), "ValueError");
}

#[test]
fn seed_title_without_exception_is_an_unknown_error_said_once() {
    for message in ["file open failed", "Unknown error: file open failed"] {
        let found = incident(&format!("2026-01-14 19:49:11,961 [2764 ERROR sgtk.ext.x] {message}\n"));
        assert_eq!(title(&found, Some("bob"), TitleStyle::Seed), "bob - Unknown error: file open failed");
        assert_eq!(found.error_name, None);
    }
}

#[test]
fn bare_exception_in_a_message_is_named() {
    let found =
        incident("2026-01-14 19:49:11,961 [2764 ERROR sgtk.ext.x] Could not save: KeyError: 'shot'\n");
    assert_eq!(found.error_name.as_deref(), Some("KeyError"));
    assert_eq!(title(&found, Some("bob"), TitleStyle::Seed), "bob - KeyError");
}

#[test]
fn fields_of_the_contract() {
    let found = incident(VALUE_ERROR);
    let record = &found.record;
    assert_eq!(record.time.map(|time| time.to_string()).as_deref(), Some("2026-01-14T19:49:11.961"));
    assert_eq!(record.pid, Some(2764));
    assert_eq!(record.logger.as_deref(), Some("sgtk.env.project.tk-maya.tk-multi-publish2"));
    assert_eq!(record.origin.environment.as_deref(), Some("project"));
    assert_eq!(record.origin.engine.as_deref(), Some("tk-maya"));
    assert_eq!(record.origin.app.as_deref(), Some("tk-multi-publish2"));
    assert_eq!(record.origin.bundle_version.as_deref(), Some("v2.10.8"));
    assert_eq!(record.message, "Publish failed");
    assert_eq!(found.summary, "bad frame range");
    let bucket = found.signature.bucket();
    assert_eq!(
        title(&found, Some("alice"), TitleStyle::Precise),
        format!("alice - ValueError: bad frame range in item.publish [{bucket}]")
    );
    assert_eq!(bucket.len(), 8);
    assert!(found.signature.to_string().starts_with("g1:") && found.signature.to_string().len() == 35);
}
