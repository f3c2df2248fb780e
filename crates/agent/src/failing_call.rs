//! The call a supporter looks at first: the innermost one of code that the studio or the vendor of an app can change.
//!
//! Taken from the walk that made the signature (`sgtk_log::explain`), so that ticket and `explain` name the same frame. Works on
//! the redacted record in the facts, once for each ticket. Pure.

use serde::Serialize;
use sgtk_log::{ContextWords, ExplainedFrame, FileName, FrameUse, PlaceKind};

/// One call of a traceback.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailingCall {
    /// `check_range`; empty for the place of a syntax error.
    pub function: String,
    /// `frames.py`
    pub file: String,
    /// 1-based; `None` when the traceback does not tell.
    pub line: Option<u32>,
    /// As printed, but for what was redacted.
    pub path: String,
    /// `tk-multi-publish2 v2.10.8`, `the configuration`, `Toolkit core`, or the host program's name.
    pub part: Option<String>,
}

impl FailingCall {
    /// Finds it in the text of a record of a file of this name. `None` when the record has no traceback.
    #[must_use]
    pub fn of_record(record: &str, file_name: &str) -> Option<FailingCall> {
        let explained = sgtk_log::explain(record, FileName(file_name), &ContextWords::default());
        let frames = &explained.frames;
        // What can be changed here comes before Toolkit's core, and that before anybody else's code.
        let own = |frame: &&ExplainedFrame| {
            matches!(frame.seen.used, FrameUse::Key | FrameUse::Outer)
                && frame.seen.place.kind != PlaceKind::Core
        };
        let in_key = |frame: &&ExplainedFrame| matches!(frame.seen.used, FrameUse::Key | FrameUse::NextBest);
        let frame =
            frames.iter().find(own).or_else(|| frames.iter().find(in_key)).or_else(|| frames.first())?;
        Some(FailingCall::of_frame(frame))
    }

    fn of_frame(frame: &ExplainedFrame) -> FailingCall {
        let file = frame.path.rsplit(['/', '\\']).next().unwrap_or_default();
        FailingCall {
            function: frame.seen.function.clone(),
            file: file.to_owned(),
            line: (frame.line > 0).then_some(frame.line),
            path: frame.path.clone(),
            part: part(frame),
        }
    }
}

/// Whose code it is, for people.
fn part(frame: &ExplainedFrame) -> Option<String> {
    let place = &frame.seen.place;
    let name = place.name.as_deref();
    match place.kind {
        PlaceKind::Bundle => {
            let name = name?;
            Some(match version_in(&frame.path, name) {
                Some(version) => format!("{name} {version}"),
                None => name.to_owned(),
            })
        }
        PlaceKind::SiteBundle => Some("a bundle of the site".to_owned()),
        PlaceKind::Config => Some("the configuration".to_owned()),
        PlaceKind::Core | PlaceKind::Vendor => Some("Toolkit core".to_owned()),
        PlaceKind::Python => Some("Python".to_owned()),
        PlaceKind::Host => name.map(str::to_owned),
        PlaceKind::Packages | PlaceKind::Evaluated | PlaceKind::Studio => None,
    }
}

/// `v2.10.8` of `…/tk-multi-publish2/v2.10.8/python/…`: the version that ran, whatever the session says of others.
fn version_in<'p>(path: &'p str, bundle: &str) -> Option<&'p str> {
    let mut parts = path.split(['/', '\\']);
    parts.find(|part| part.strip_suffix(".git").unwrap_or(part).eq_ignore_ascii_case(bundle))?;
    let version = parts.next()?;
    let is_version =
        version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_version.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(frames: &[(&str, u32, &str)]) -> FailingCall {
        let mut record =
            "2026-01-14 19:49:11,961 [7 ERROR sgtk.env.project.tk-maya] no\nTraceback (most recent call last):\n"
                .to_owned();
        for (path, line, function) in frames {
            record.push_str(&format!("  File \"{path}\", line {line}, in {function}\n    go()\n"));
        }
        record.push_str("ValueError: bad\n");
        FailingCall::of_record(&record, "tk-maya.log").unwrap()
    }

    const APP: (&str, u32, &str) =
        ("/b/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/frames.py", 57, "check_range");

    #[test]
    fn the_studio_s_own_call_comes_before_core_and_libraries() {
        let core = ("/b/app_store/tk-core/v0.24.0/python/tank/path_cache.py", 9, "add");
        let python = ("/usr/lib/python3.11/shutil.py", 264, "copyfile");
        let found = call(&[APP, core, python]);
        assert_eq!(
            (found.function.as_str(), found.file.as_str(), found.line),
            ("check_range", "frames.py", Some(57))
        );
        assert_eq!(found.part.as_deref(), Some("tk-multi-publish2 v2.10.8"));
        assert_eq!(call(&[core, python]).part.as_deref(), Some("Toolkit core"));
        assert_eq!(call(&[python]).file, "shutil.py");
    }

    #[test]
    fn a_windows_path_and_a_hook_are_told_apart() {
        let found = call(&[("S:\\show\\config\\hooks\\tk-multi-publish2\\collect.py", 3, "process")]);
        assert_eq!((found.file.as_str(), found.part.as_deref()), ("collect.py", Some("the configuration")));
    }

    #[test]
    fn a_record_without_a_traceback_has_none() {
        let record = "2026-01-14 19:49:11,961 [7 ERROR sgtk.env.project.tk-maya] file open failed\n";
        assert_eq!(FailingCall::of_record(record, "tk-maya.log"), None);
    }
}
