//! The gate, the record forms and the odd bytes of real logs.

use sgtk_log::{
    Boundary, CodePage, FileName, Form, Level, RawKind, ReadGate, RecordLimits, RecordReader, decode, parse,
};

fn records(log: &[u8], gate: ReadGate) -> Vec<(Option<Level>, RawKind, String)> {
    let mut found = Vec::new();
    let mut reader = RecordReader::new(RecordLimits::default(), gate);
    let mut sink = |raw: sgtk_log::RawRecord<'_>| {
        found.push((raw.level, raw.kind, decode(&raw.text, CodePage::NONE).into_owned()))
    };
    reader.feed(log, &mut sink);
    reader.flush(&mut sink);
    found
}

fn levels(log: &str) -> Vec<Option<Level>> {
    records(log.as_bytes(), ReadGate::All).into_iter().map(|(level, ..)| level).collect()
}

#[test]
fn level_comes_from_the_header_only() {
    let log = "2026-01-14 19:49:11,961 [1 INFO sgtk.core] an ERROR and a CRITICAL word\n\
               2026-01-14 19:49:11,962 [1 ERROR sgtk.core] real\n  with ERROR below\n\
               2026-01-14 19:49:11,963 [1 WARNING sgtk.core] Traceback (most recent call last):\n";
    let found = records(log.as_bytes(), ReadGate::AtLeast(Level::Error));
    assert_eq!(found.len(), 1);
    assert!(found[0].2.ends_with("real\n  with ERROR below\n"));
}

#[test]
fn quoted_headers_of_weaker_forms_stay_in_their_record() {
    let log = "2026-01-14 19:49:11,961 [1 ERROR sgtk.core] helper failed, its output:\n\
               [ERROR tk-shotgun] inner\n\
               2026-01-14 19:49:10,000 [   ERROR] console copy\n\
               2026-01-14 19:49:11,962 [1 INFO sgtk.core] next\n";
    assert_eq!(levels(log), [Some(Level::Error), Some(Level::Info)]);
}

#[test]
fn every_form_is_read() {
    let file = FileName("tk-desktop.log");
    for (line, form, pid, level, logger, message) in [
        (
            "2026-01-14 19:49:11,961 [7 ERROR sgtk.core] m",
            Form::Standard,
            Some(7),
            Level::Error,
            Some("sgtk.core"),
            "m",
        ),
        (
            "2026-01-14 19:49:11,961 [ 7   ERROR   sgtk.x] m",
            Form::Standard,
            Some(7),
            Level::Error,
            Some("sgtk.x"),
            "m",
        ),
        (
            "2026-01-14 19:49:11,961 [7 WARN sgtk.a.js] m",
            Form::Standard,
            Some(7),
            Level::Warning,
            Some("sgtk.a.js"),
            "m",
        ),
        (
            r"2026-01-14 19:49:11,961 [7 ERROR sgtk.ext.C:\Users\First Last\tk-desktop\v2.8.6\engine.py] m [x] y",
            Form::Standard,
            Some(7),
            Level::Error,
            Some(r"sgtk.ext.C:\Users\First Last\tk-desktop\v2.8.6\engine.py"),
            "m [x] y",
        ),
        (
            "2014-01-14 19:49:11,961 [ 1234 ERROR  ] tk-desktop - m",
            Form::Old,
            Some(1234),
            Level::Error,
            Some("tk-desktop"),
            "m",
        ),
        ("2014-01-14 19:49:11,961 [ERROR] m", Form::Old, None, Level::Error, None, "m"),
        ("2014-01-14 19:49:11,961 [INFO] PID 4711: m - n", Form::Old, Some(4711), Level::Info, None, "m - n"),
        (
            "2014-01-14 19:49:11,961 [   12 WARNING] tk-desktop.x - m",
            Form::Old,
            Some(12),
            Level::Warning,
            Some("tk-desktop.x"),
            "m",
        ),
        (
            "2026-01-14 19:49:11,961 [7 CRITICAL sgtk.ext./opt/tools [beta]/v1.2/x.py] m",
            Form::Standard,
            Some(7),
            Level::Critical,
            Some("sgtk.ext./opt/tools [beta]/v1.2/x.py"),
            "m",
        ),
        ("2014-01-14 19:49:11,961 [   ERROR] m", Form::Old, None, Level::Error, None, "m"),
        ("2014-01-14 19:49:11,961 [CRITICAL] PID 12: m", Form::Old, Some(12), Level::Critical, None, "m"),
        (
            "[WARNING tk-maya.tk-multi-x] m",
            Form::Stream,
            None,
            Level::Warning,
            Some("tk-maya.tk-multi-x"),
            "m",
        ),
    ] {
        let record = parse(line, file);
        assert_eq!(record.form, Some(form), "{line}");
        assert_eq!((record.pid, record.level), (pid, Some(level)), "{line}");
        assert_eq!((record.logger.as_deref(), record.message.as_str()), (logger, message), "{line}");
        assert_eq!(levels(&format!("{line}\n")), [Some(level)], "{line}");
    }
}

#[test]
fn lines_that_only_look_like_headers_are_text() {
    for line in [
        "2026-01-14 19:49:11,961 ERROR no bracket",
        "2026-01-14 19:49:11.961 [1 ERROR x] dot instead of comma",
        "2026-01-14 19:49:11,961 [error] lower case",
        " 2026-01-14 19:49:11,961 [1 ERROR sgtk] indented",
        "[ERROR] no name",
        "[Errno 13] Permission denied",
        "2026-01-14 19:49:11,961 [1 ERR",
    ] {
        assert_eq!(levels(&format!("{line}\n")), [None], "{line}");
        assert_eq!(parse(line, FileName("")).level, None, "{line}");
    }
}

#[test]
fn marks_line_ends_and_colours_disturb_nothing() {
    let log = b"\xEF\xBB\xBF2026-01-14 19:49:11,961 [1 ERROR sgtk.core] \x1b[31mred\x1b[0m\r\n  \xB0\xA1 cp949\r\n2026-01-14 19:49:11,962 [1 ERROR sgtk.core] next\r\n";
    let found = records(log, ReadGate::AtLeast(Level::Error));
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].2, "2026-01-14 19:49:11,961 [1 ERROR sgtk.core] red\n  \u{fffd}\u{fffd} cp949\n");
    let record = parse(&found[0].2, FileName("tk-maya.log"));
    assert_eq!(record.message, "red\n  \u{fffd}\u{fffd} cp949");
}

#[test]
fn a_hole_ends_a_record_and_costs_its_neighbours_nothing() {
    let mut log = b"2026-01-14 19:49:11,961 [1 ERROR sgtk.core] before\n".to_vec();
    log.extend([0; 100_000]);
    log.extend(b"2026-01-14 19:49:11,962 [1 ERROR sgtk.core] after\n");
    let found = records(&log, ReadGate::AtLeast(Level::Error));
    assert_eq!(found.len(), 3);
    assert!(found[0].2.ends_with("before\n") && found[2].2.ends_with("after\n"));
    assert_eq!((found[1].1, found[1].2.as_str()), (RawKind::Orphan, ""));
}

#[test]
fn a_hole_below_a_line_that_names_a_level_is_one() {
    let mut log = b"2026-01-14 19:49:11,961 [1 INFO sgtk.core] first\n".to_vec();
    log.extend(b"2026-01-14 19:49:11,961 [1 INFO sgtk.core] no ERROR\n");
    log.extend([0; 100]);
    log.extend(b"2026-01-14 19:49:11,962 [1 ERROR sgtk.core] after\n");
    let found = records(&log, ReadGate::AtLeast(Level::Error));
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].1, found[0].2.as_str()), (RawKind::Orphan, ""));
    assert!(found[1].2.ends_with("after\n"));
}

#[test]
fn a_record_in_slow_pieces_is_one_record_and_late_lines_name_it() {
    let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::AtLeast(Level::Error));
    let mut seen = Vec::new();
    let mut feed = |reader: &mut RecordReader, text: &str, flush: bool| {
        let mut sink = |raw: sgtk_log::RawRecord<'_>| {
            seen.push((raw.kind, raw.lines, raw.continues.map(|before| before.start)))
        };
        reader.feed(text.as_bytes(), &mut sink);
        if flush {
            reader.flush(&mut sink);
        }
    };
    feed(&mut reader, "2026-01-14 19:49:11,961 [1 ERR", false);
    assert!(!reader.pending_is_terminated() && reader.has_pending());
    assert_eq!(reader.boundary(), Boundary { offset: 0, line: 1 });
    feed(&mut reader, "OR sgtk.core] x\n", false);
    assert!(reader.pending_is_terminated() && reader.pending_passes_gate());
    feed(&mut reader, "Traceback (most recent call last):\n", true);
    feed(&mut reader, "  late line\n", true);
    feed(&mut reader, "2026-01-14 19:49:11,961 [1 INFO sgtk.core] y\n", true);
    feed(&mut reader, "late line of a record below the gate\n", true);
    assert_eq!(seen, [(RawKind::Headed, (1, 2), None), (RawKind::Orphan, (3, 3), Some(0))]);
    let counts = reader.counts();
    assert_eq!((counts.form, counts.lines, counts.orphan_lines), (Some(Form::Standard), 5, 2));
}

#[test]
fn long_records_keep_head_and_tail_in_bounded_memory() {
    let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::AtLeast(Level::Error));
    let mut seen = Vec::new();
    let mut sink =
        |raw: sgtk_log::RawRecord<'_>| seen.push((raw.truncated, raw.bytes.clone(), raw.text.into_owned()));
    reader.feed(b"2026-01-14 19:49:11,961 [1 ERROR sgtk.core] long\n", &mut sink);
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..1024 {
        reader.feed(&piece, &mut sink);
    }
    reader.feed(b"\nValueError: the end\n2026-01-14 19:49:11,961 [1 ERROR sgtk.core] next\n", &mut sink);
    reader.flush(&mut sink);
    assert_eq!(seen.len(), 2);
    let (truncated, bytes, text) = &seen[0];
    assert!(*truncated && bytes.end - bytes.start > 64 << 20 && text.len() < 257 * 1024);
    assert!(
        text.starts_with(b"2026-01-14 19:49:11,961 [1 ERROR") && text.ends_with(b"\nValueError: the end\n")
    );
    assert!(seen[1].2.ends_with(b"next\n") && !seen[1].0);
}

#[test]
fn file_names_tell_the_engine() {
    for (name, engine) in [
        ("tk-maya.log", Some("tk-maya")),
        ("/logs/tk-maya.log.1", Some("tk-maya")),
        (r"C:\logs\tk-nuke.log.550e8400-e29b-41d4-a716-446655440000", Some("tk-nuke")),
        ("tk-houdini.log.gz", Some("tk-houdini")),
        ("tk-houdini.log.1.gz", Some("tk-houdini")),
        ("tk-maya.pasted.txt", Some("tk-maya")),
        ("notes.txt", None),
        ("14-publish-fails.log", None),
        ("problem.log.1", None),
        ("-", None),
        ("", None),
    ] {
        assert_eq!(FileName(name).engine(), engine, "{name}");
    }
}

#[test]
fn origins_follow_logger_file_message_and_paths() {
    let origin = |line: &str| {
        let origin = parse(&format!("2026-01-14 19:49:11,961 {line}"), FileName("tk-nuke.log")).origin;
        [origin.environment, origin.engine, origin.app, origin.framework, origin.bundle_version]
            .map(|field| field.unwrap_or_else(|| "-".to_owned()))
            .join(" ")
    };
    for (line, wanted) in [
        ("[1 ERROR sgtk.env.project.tk-maya] m", "project tk-maya - - -"),
        ("[1 ERROR sgtk.env.shot_step.tk-maya.tk-multi-x.tkimp0123.y] m", "shot_step tk-maya tk-multi-x - -"),
        ("[1 ERROR sgtk.env.project.tk-maya.hook.y] m", "project tk-maya - - -"),
        ("[1 ERROR sgtk.env.project.tk-maya.tkimp0123.y] m", "project tk-maya - - -"),
        (
            "[1 ERROR sgtk.env.project.tk-maya.tk-framework-qtwidgets] m",
            "project tk-maya - tk-framework-qtwidgets -",
        ),
        ("[1 ERROR sgtk.env.my.env.tk-maya.tk-multi-x] m", "my.env tk-maya tk-multi-x - -"),
        ("[1 ERROR sgtk.core.bootstrap] m", "- tk-nuke - - -"),
        ("[1 ERROR sgtk.ext./opt/app_store/tk-desktop/v2.8.6/engine.py] m", "- tk-desktop - - v2.8.6"),
        (
            r"[1 ERROR sgtk.ext.C:\Users\A B\bundle_cache\app_store\tk-desktop\v2.8.6\engine.py] m",
            "- tk-desktop - - v2.8.6",
        ),
        ("[1 ERROR sgtk.ext.tkimp1.tk_desktop.site_communication] [PROXY] m", "project tk-desktop - - -"),
        (
            "[1 ERROR sgtk.ext.tkimp1.x] [PROXY] m\nTraceback (most recent call last):\n  File \"/c/app_store/tk-multi-y/v1.2.3/app.py\", line 1, in f\n    g()\n  File \"/c/app_store/tk-framework-z/v9.9.9/python/z.py\", line 1, in g\n    x\nKeyError: 'x'",
            "project tk-desktop tk-multi-y - v1.2.3",
        ),
        (
            "[1 ERROR sgtk.env.project.tk-maya] App /c/bundle_cache/app_store/tk-multi-publish2/v2.10.8 failed to initialize. It will not be loaded: no",
            "project tk-maya tk-multi-publish2 - v2.10.8",
        ),
        (
            "[1 ERROR sgtk.env.project.tk-maya] App configuration Error for tk-multi-about (configured in environment '/x/y.yml'). It will not be loaded: no",
            "project tk-maya tk-multi-about - -",
        ),
    ] {
        assert_eq!(origin(line), wanted, "{line}");
    }
}
