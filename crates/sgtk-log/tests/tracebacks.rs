//! Shapes that no single Python prints by itself: mixed writers, escaped and quoted text, threads of a crash, hosts.

use sgtk_log::{ContextWords, FileName, Incident, recognise};

fn incident(body: &str) -> Incident {
    let text = format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya] {body}");
    recognise(&text, FileName("tk-maya.log"), &ContextWords::default())
}

fn frames(found: &Incident) -> Vec<&str> {
    let parts = found.signature.components().iter().filter(|part| part.kind == "frame");
    parts.filter_map(|part| part.value.rsplit_once('#')).map(|(_, function)| function).collect()
}

const OTHER: &str = "Traceback (most recent call last):\n  File \"/studio/other.py\", line 1, in other\n    x()\nKeyError: 'other'\n";

#[test]
fn another_writer_in_the_middle_is_told_apart() {
    let mixed = format!(
        "save failed\nTraceback (most recent call last):\n  File \"/studio/a.py\", line 1, in outer\n    x()\n{OTHER}  File \"/studio/a.py\", line 2, in inner\n    y()\nValueError: mine\n"
    );
    let found = incident(&mixed);
    assert!(found.record.interleaved);
    assert_eq!(found.error_name.as_deref(), Some("ValueError"));
    assert_eq!(frames(&found), ["inner", "outer"]);
    assert_eq!(found.record.message, "save failed");
    let alone = incident(
        "save failed\nTraceback (most recent call last):\n  File \"/studio/a.py\", line 1, in outer\n    x()\n  File \"/studio/a.py\", line 2, in inner\n    y()\nValueError: mine\n",
    );
    assert!(!alone.record.interleaved);
    assert_eq!(found.signature, alone.signature);
}

#[test]
fn a_header_in_the_middle_of_a_traceback_line_is_no_header_but_a_sign() {
    let torn = "x\nTraceback (most recent call last):\n  File \"/studio/a.py\", line 1, in f\n    se2026-01-14 19:49:11,962 [2 INFO sgtk.core] hello\nlf.x()\nValueError: no\n";
    assert!(incident(torn).record.interleaved);
    // In a message, or indented, it is a quote.
    for quote in [
        "was: 2026-01-14 19:49:11,962 [2 INFO sgtk.core] hello",
        "x\n  2026-01-14 19:49:11,962 [2 ERROR sgtk] y",
    ] {
        assert!(!incident(quote).record.interleaved, "{quote}");
    }
    assert!(!incident(&format!("x\n{OTHER}{OTHER}")).record.interleaved);
}

#[test]
fn escaped_texts_are_unfolded_however_often_they_were_escaped() {
    let plain = "helper failed: {out}\nTraceback (most recent call last):\n  File \"C:\\new\\tools\\a.py\", line 3, in run\n    go(\"x\")\nValueError: no 'range' here\n";
    let wanted = incident(plain);
    let json = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let traceback = plain.split_once('\n').unwrap().1;
    let mut escaped = traceback.to_owned();
    for times in 1..=3 {
        escaped = json(&escaped);
        let found = incident(&format!("helper failed: {{\"out\": \"{escaped}\", \"code\": 1}}"));
        assert_eq!(found.error_name.as_deref(), Some("ValueError"), "{times}");
        assert_eq!(found.signature, wanted.signature, "{times}");
        assert_eq!(frames(&found), ["run"], "{times}");
    }
    // `repr` of text and of bytes: quotes of the other kind stay bare.
    let repr = traceback.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\r\\n");
    for lead in ["u'", "b'", "'"] {
        let found = incident(&format!("helper said {lead}{repr}', 1"));
        assert_eq!(found.signature, wanted.signature, "{lead}");
    }
}

#[test]
fn of_the_threads_of_a_crash_the_current_one_counts() {
    let thread =
        "Thread 0x00007f6c3fafc6c0 [worker] (most recent call first):\n  File \"/t.py\", line 4 in wait\n\n";
    let current = "Current thread 0x00007f6c40696b80 (most recent call first):\n  File \"/x.py\", line 8 in inner\n  File \"/x.py\", line 9 in outer\n\n";
    for lead in ["Fatal Python error: Segmentation fault", "Windows fatal exception: access violation"] {
        let last = incident(&format!("{lead}\n\n{thread}{current}Extension modules: a, b (total: 2)\n"));
        let first = incident(&format!("{lead}\n\n{current}{thread}{thread}"));
        assert_eq!(frames(&last), ["inner", "outer"], "{lead}");
        assert_eq!(last.signature, first.signature, "{lead}");
        assert_eq!(last.record.message, lead);
    }
}

#[test]
fn what_hosts_put_around_a_traceback_does_not_hide_it() {
    let block = "Traceback (most recent call last):\n  File \"/studio/a.py\", line 1, in f\n    x()\nValueError: no\n";
    let plain = incident(&format!("m\n{block}"));
    let prefixed = |prefix: &str| block.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>();
    for body in [
        format!("m\n{}", prefixed("# ")),
        format!("m\n{}", prefixed(">> ")),
        format!("m\n{}", prefixed("> ")),
        format!("m\n{}", block.replace('\n', "\r\n")),
        format!("m\n{}", prefixed("  ")),
    ] {
        let found = incident(&body);
        assert_eq!(found.error_name.as_deref(), Some("ValueError"), "{body}");
        assert_eq!(found.signature, plain.signature, "{body}");
        assert_eq!(found.record.message, "m", "{body}");
    }
    // Nuke and Houdini raise their own exception around one of Python's.
    for outer in ["RuntimeError", "hou.OperationFailed"] {
        let found = incident(&format!(
            "m\nTraceback (most recent call last):\n  File \"/studio/node.py\", line 9, in cook\n    go()\n{outer}: The attempted operation failed.\nError while cooking:\n{block}"
        ));
        let wanted = if outer == "RuntimeError" { "ValueError" } else { "OperationFailed" };
        assert_eq!(found.error_name.as_deref(), Some(wanted), "{outer}");
    }
}

#[test]
fn a_group_can_be_the_cause_of_what_follows_it() {
    let text = "m\n  + Exception Group Traceback (most recent call last):\n  |   File \"/g.py\", line 1, in g\n  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: a\n    +---------------- ... ----------------\n    | and 9 more exceptions\n    +------------------------------------\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/h.py\", line 2, in handler\n    x()\nKeyError: 'k'\n";
    let found = incident(text);
    assert_eq!(found.error_name.as_deref(), Some("KeyError"));
    assert_eq!(found.root_error_name.as_deref(), Some("ExceptionGroup"));
    assert_eq!(frames(&found), ["handler"]);
}
