//! Text that people hand in: tracebacks without any header, console copies, mails, the script editor.

use sgtk_log::{
    CodePage, ContextWords, FileName, Form, Level, RawKind, ReadGate, RecordLimits, RecordReader, decode,
    recognise,
};

struct Piece {
    kind: RawKind,
    level: Option<Level>,
    lines: (u64, u64),
    text: String,
}

fn pieces(text: &str) -> Vec<Piece> {
    read(RecordReader::new(RecordLimits::default(), ReadGate::All).with_pasted(), text)
}

fn read(mut reader: RecordReader, text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut sink = |raw: sgtk_log::RawRecord<'_>| {
        found.push(Piece {
            kind: raw.kind,
            level: raw.level,
            lines: raw.lines,
            text: decode(&raw.text, CodePage::NONE).into_owned(),
        });
    };
    reader.feed(text.as_bytes(), &mut sink);
    reader.flush(&mut sink);
    found
}

/// Lines and error names of the incidents in a text.
fn incidents(text: &str) -> Vec<((u64, u64), String)> {
    pieces(text)
        .into_iter()
        .filter(|piece| piece.kind != RawKind::Orphan)
        .map(|piece| {
            let found = recognise(&piece.text, FileName("-"), &ContextWords::default());
            (piece.lines, found.error_name.unwrap_or_default())
        })
        .collect()
}

fn found(list: &[(u64, u64, &str)]) -> Vec<((u64, u64), String)> {
    list.iter().map(|(first, last, name)| ((*first, *last), (*name).to_owned())).collect()
}

const BLOCK: &str = "Traceback (most recent call last):\n  File \"/studio/tools/pub.py\", line 3, in run\n    go()\nValueError: no range\n";

#[test]
fn a_traceback_alone_is_an_incident() {
    assert_eq!(incidents(BLOCK), found(&[(1, 4, "ValueError")]));
    assert_eq!(incidents(BLOCK.trim_end()), found(&[(1, 4, "ValueError")]));
    // Its message line is right before it.
    assert_eq!(incidents(&format!("Hello,\n\nPublish failed\n{BLOCK}")), found(&[(3, 7, "ValueError")]));
    assert_eq!(incidents(&format!("Hello,\n\n{BLOCK}")), found(&[(3, 6, "ValueError")]));
    // The same text in a log has the same signature.
    let pasted = recognise(&format!("Publish failed\n{BLOCK}"), FileName("-"), &ContextWords::default());
    let logged = format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.core] Publish failed\n{BLOCK}");
    let logged = recognise(&logged, FileName("tk-maya.log"), &ContextWords::default());
    assert_eq!(pasted.signature, logged.signature);
    assert_eq!(pasted.record.message, "Publish failed");
}

#[test]
fn several_with_prose_between_are_several() {
    let text = format!(
        "First I got\n{BLOCK}then, after a restart,\n{BLOCK}\n\nand now this:\n\n{BLOCK}{BLOCK}thanks\n"
    );
    assert_eq!(
        incidents(&text),
        found(&[(1, 5, "ValueError"), (6, 12, "ValueError"), (15, 18, "ValueError"), (19, 23, "ValueError")])
    );
}

#[test]
fn chained_and_grouped_ones_are_one() {
    let chained = "Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"/b.py\", line 2, in g\nRuntimeError: outer\nmore of it\n\nprose\n";
    assert_eq!(incidents(chained), found(&[(1, 11, "RuntimeError")]));
    let grouped = "  + Exception Group Traceback (most recent call last):\n  |   File \"/g.py\", line 1, in f\n  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File \"/a.py\", line 1, in f\n    | ValueError: a\n    +---------------- 2 ----------------\n    | Traceback (most recent call last):\n    |   File \"/b.py\", line 1, in f\n    | KeyError: 'b'\n    +------------------------------------\nprose\n";
    assert_eq!(incidents(grouped), found(&[(1, 12, "ExceptionGroup")]));
    let embedded = format!("RuntimeError: hook failed:\n{BLOCK}");
    assert_eq!(incidents(&embedded).len(), 1);
    let embedded = format!(
        "Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nRuntimeError: hook failed:\n{BLOCK}\nprose"
    );
    assert_eq!(incidents(&embedded), found(&[(1, 8, "ValueError")]));
}

#[test]
fn consoles_are_understood() {
    for prompt in ["$ ", ">>> ", "C:\\show> ", "alice@ws12:~/show$ ", "[alice@ws12 show]$ ", "PS C:\\show> "]
    {
        let text = format!("{prompt}python run.py\n{BLOCK}{prompt}python run.py\n{BLOCK}{prompt}\n");
        assert_eq!(incidents(&text), found(&[(2, 5, "ValueError"), (7, 10, "ValueError")]), "{prompt:?}");
    }
    let colours = "Traceback (most recent call last):\n  File \u{1b}[35m\"/a/b.py\"\u{1b}[0m, line \u{1b}[35m2\u{1b}[0m, in \u{1b}[35mf\u{1b}[0m\n    \u{1b}[31mint\u{1b}[0m\u{1b}[1;31m(x)\u{1b}[0m\n\u{1b}[1;35mValueError\u{1b}[0m: \u{1b}[35mbad\u{1b}[0m\n$ \n";
    assert_eq!(incidents(colours), found(&[(1, 4, "ValueError")]));
}

#[test]
fn quoted_mail_is_understood() {
    let quoted: String = BLOCK.lines().map(|line| format!("> {line}\n")).collect();
    let text = format!("Alice wrote:\n> it broke again\n{quoted}I will have a look.\n>> older\n");
    assert_eq!(incidents(&text), found(&[(2, 6, "ValueError")]));
    let deeper: String = BLOCK.lines().map(|line| format!(">> {line}\r\n")).collect();
    assert_eq!(incidents(&format!("> so\r\n{deeper}")), found(&[(2, 5, "ValueError")]));
    // What is quoted has the signature of what was said.
    let of = |text: &str| recognise(text, FileName("-"), &ContextWords::default());
    assert_eq!(of(&quoted).signature, of(BLOCK).signature);
}

#[test]
fn bare_exception_lines_are_incidents() {
    let text = "I get\nTankError: Could not resolve row id\n  for path /x\nand nothing else\ntank.errors.TankInitError: no\n";
    assert_eq!(incidents(text), found(&[(2, 4, "TankError"), (5, 5, "TankInitError")]));
    for prose in [
        "Error: something",
        "Warning: old",
        "note: ValueError is bad",
        "ValueErrors: many",
        "timeout: 5",
        "error: no\n",
    ] {
        assert_eq!(incidents(prose), [], "{prose}");
    }
}

#[test]
fn crashes_are_incidents() {
    let text = "Maya started\nFatal Python error: Segmentation fault\n\nThread 0x00007f6c3fafc6c0 (most recent call first):\n  File \"/t.py\", line 4 in worker\n\nCurrent thread 0x00007f6c40696b80 (most recent call first):\n  File \"/x.py\", line 8 in inner\n  File \"/x.py\", line 9 in outer\n\nExtension modules: _cext, numpy (total: 2)\nSegmentation fault (core dumped)\n";
    assert_eq!(incidents(text), found(&[(1, 11, "Fatal Python error")]));
}

#[test]
fn headless_cut_and_folded_ones_are_incidents() {
    let cut = "    go()\n  File \"/a.py\", line 3, in run\n    x()\nKeyError: 'x'\n2026-01-14 19:49:11,961 [1 INFO sgtk.core] next\n";
    assert_eq!(incidents(cut), found(&[(2, 4, "KeyError"), (5, 5, "")]));
    let syntax = "  File \"/hooks/x.py\", line 1\n    def f(:\n          ^\nSyntaxError: invalid syntax\n";
    assert_eq!(incidents(syntax), found(&[(1, 4, "SyntaxError")]));
    let folded =
        r#"{"err": "Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nKeyError: 'x'\n"}"#;
    assert_eq!(incidents(&format!("out:\n{folded}\nrest\n")), found(&[(2, 2, "KeyError")]));
    // Where a message was logged is no failure.
    assert_eq!(
        incidents("Stack (most recent call last):\n  File \"/a.py\", line 1, in f\n    g()\nprose\n"),
        []
    );
}

#[test]
fn the_script_editor_has_records() {
    let text = "// Result: 1 //\n// Error: Shotgun tk-maya: An exception was raised\nTraceback (most recent call last):\n  File \"/a.py\", line 1, in f\nTankError: no\n // \n// Warning: Shotgun tk-maya: slow //\n# Error: could not convert string to float: abc\n# Traceback (most recent call last):\n#   File \"<maya console>\", line 1, in <module>\n# ValueError: could not convert string to float: abc # \nmc.polySphere()\n// Error: one line\n";
    let found: Vec<_> = pieces(text)
        .into_iter()
        .filter(|piece| piece.kind == RawKind::Headed)
        .map(|piece| {
            let incident = recognise(&piece.text, FileName("-"), &ContextWords::default());
            assert_eq!(incident.record.form, Some(Form::ScriptEditor));
            assert_eq!(incident.record.level, piece.level);
            (piece.lines, piece.level, incident.error_name, incident.record.message)
        })
        .collect();
    let name = |name: &str| Some(name.to_owned());
    let said = |text: &str| text.to_owned();
    assert_eq!(
        found,
        [
            ((2, 6), Some(Level::Error), name("TankError"), said("An exception was raised")),
            ((7, 7), Some(Level::Warning), None, said("slow")),
            ((8, 11), Some(Level::Error), name("ValueError"), said("could not convert string to float: abc")),
            ((13, 13), Some(Level::Error), None, said("one line")),
        ]
    );
}

#[test]
fn a_toolkit_log_is_never_cut_by_what_it_quotes() {
    let log = format!(
        "2026-01-14 19:49:11,961 [1 ERROR sgtk.core] helper said:\n// Error: x //\n{BLOCK}\nTankError: y\n"
    );
    let found = pieces(&log);
    assert_eq!(found.len(), 1);
    // Only what people hand in is looked through for tracebacks; the script editor's form is a header.
    let plain = read(
        RecordReader::new(RecordLimits::default(), ReadGate::All),
        &format!("{BLOCK}// Error: x //\n{BLOCK}"),
    );
    let kinds: Vec<RawKind> = plain.iter().map(|piece| piece.kind).collect();
    assert_eq!(kinds, [RawKind::Orphan, RawKind::Headed, RawKind::Orphan]);
}

#[test]
fn the_end_of_a_cut_record_is_no_incident_without_a_traceback() {
    let log = "rest of a message\nValueError: x\n2026-01-14 19:49:11,961 [1 INFO sgtk.core] next\n";
    assert_eq!(incidents(log), found(&[(3, 3, "")]));
}

fn of(text: &str) -> sgtk_log::Incident {
    recognise(text, FileName("-"), &ContextWords::default())
}

/// The text of the only incident in a text.
fn only(text: &str) -> String {
    let mut found: Vec<Piece> =
        pieces(text).into_iter().filter(|piece| piece.kind != RawKind::Orphan).collect();
    assert_eq!(found.len(), 1, "{text}");
    found.pop().map(|piece| piece.text).unwrap_or_default()
}

#[test]
fn what_stands_before_each_line_is_cut() {
    let leads: [fn(usize) -> String; 11] = [
        |line| format!("2026-01-14 19:49:{line:02}:  0: STDOUT: "),
        |line| format!("Jan 14 19:49:{line:02} ws12 shotgun-desktop[2211]: "),
        |line| format!("[{line:>3}] "),
        |line| format!("[    {}.5{line}] ", line * 7),
        |line| format!("[2026.01.14-19.49.{line:02}:961][{line}]LogPython: Error: "),
        |line| format!("2026-01-14T19:49:11.{line}Z stderr F "),
        |line| format!("19:49:{line} | "),
        |_| "worker_1  | ".to_owned(),
        |_| "LogPython: Error: ".to_owned(),
        |_| "# # ".to_owned(),
        |_| "[stderr] ".to_owned(),
    ];
    let lines: Vec<&str> = ["frame 12 done"]
        .into_iter()
        .chain(BLOCK.lines())
        .chain(["frame 13 done", "", "and so on"])
        .collect();
    for lead in leads {
        let text: String =
            lines.iter().enumerate().map(|(at, line)| format!("{}{line}\n", lead(at + 8))).collect();
        assert_eq!(incidents(&text), found(&[(2, 5, "ValueError")]), "{text}");
        // The line of the log before it has nothing to do with it.
        let incident = of(&only(&text));
        assert_eq!(
            (incident.signature.clone(), incident.record.message),
            (of(BLOCK).signature, String::new())
        );
        // A message on the header's own line has.
        let said = text.replace("Traceback (", "Publish failed: Traceback (");
        assert_eq!(of(&only(&said)).record.message, "Publish failed:", "{said}");
    }
    // Katana's console: its lines are no records of a stream handler.
    let katana: String = BLOCK.lines().map(|line| format!("[ERROR python.root]: {line}\n")).collect();
    assert_eq!(of(&only(&katana)).signature, of(BLOCK).signature);
    let stream = "[ERROR python.root] one\n[ERROR python.root] two\n";
    assert_eq!(incidents(stream), found(&[(1, 1, ""), (2, 2, "")]));
    // What does not stand before the frames is a message.
    let message = BLOCK.replace("Traceback", "Could not publish: Traceback");
    assert_eq!(of(&only(&format!("prose\n{message}"))).record.message, "Could not publish:");
}

#[test]
fn what_a_traceback_was_pasted_into_is_not_its_text() {
    let source: String = BLOCK.lines().map(|line| format!("    {line}\n")).collect();
    let listing =
        format!("def f():\n    \"\"\"\n{source}    \"\"\"\n    try:\n        raise E(\"Error: %s\")\n");
    assert_eq!(incidents(&listing), found(&[(3, 6, "ValueError")]));
    assert_eq!(incidents(&format!("as in\n\n{source}it goes on\n")), found(&[(3, 6, "ValueError")]));
    for (open, close) in [("```", "```"), ("```python", "```"), ("{code}", "{code}"), ("<pre>", "</pre>")] {
        let text = format!("I get\n{open}\n{BLOCK}{close}\nwhen I publish\n");
        assert_eq!(incidents(&text), found(&[(3, 6, "ValueError")]), "{text}");
        assert_eq!(of(&only(&text)).record.message, "");
    }
    let text = format!("I get\n```{}```\nwhen I publish\n", BLOCK.trim_end());
    assert_eq!(incidents(&text), found(&[(2, 5, "ValueError")]));
    let incident = of(&only(&text));
    assert_eq!((incident.summary.as_str(), incident.record.message.as_str()), ("no range", ""));
}

#[test]
fn lost_indentation_and_curled_quotes_change_nothing() {
    let block = "Traceback (most recent call last):\n  File \"/studio/a.py\", line 1, in f\n    x()\n  File \"/studio/b.py\", line 2, in g\n    y('a')\n      ^^^^\n  File \"<string>\", line 2, in h\nIndexError: no 'a' in the list\n";
    let flush: String = block.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let curled = flush.replace("\", line", "\u{201d}, line").replace("File \"", "File \u{201c}");
    let curled = curled.replace("'a'", "\u{2018}a\u{2019}");
    for text in [flush, curled] {
        let twice = format!("Publish failed\n{text}Publish failed\n{text}\nthanks\n");
        assert_eq!(incidents(&twice), found(&[(1, 9, "IndexError"), (10, 19, "IndexError")]), "{text}");
        assert_eq!(of(&text).signature, of(block).signature, "{text}");
        assert_eq!(of(&text).summary, "no 'a' in the list");
    }
    let beheaded = &BLOCK[1..];
    assert_eq!(of(&only(beheaded)).signature, of(BLOCK).signature);
    assert_eq!(of(beheaded).record.message, "");
    let blender = format!("Error: Python: {BLOCK}");
    assert_eq!(of(&only(&blender)).record.message, "");
}

#[test]
fn an_exception_line_takes_what_follows() {
    let text = "TankError: could not create folders\nAPI create() CRUD ERROR #6: Create failed for [Attachment]: no\n\nprose\n";
    assert_eq!(incidents(text), found(&[(1, 3, "TankError")]));
    assert!(only(text).contains("CRUD"));
    // Not a whole log.
    let log = format!("TankError: no\n{}", "a line\n".repeat(1000));
    assert_eq!(incidents(&log), found(&[(1, 9, "TankError")]));
    assert_eq!(incidents("TankError: no\n19:49:11 next\n"), found(&[(1, 1, "TankError")]));
}

#[test]
fn consoles_have_records() {
    let text = "[    INFO] connected\n[   ERROR] no handshake\n[   ERROR] no handshake\n[    INFO] closed\nERROR: the path\n'/a/b' is taken\n\nprose\n[13:57.14] ERROR: Shotgun Error: [ERROR tk-nuke] app failed\nCRITICAL: broken\nWARNING sgtk.core.util slow\nError: RuntimeError: file C:\\x\\y.py line 28: gone\n";
    let found: Vec<_> = pieces(text)
        .into_iter()
        .filter(|piece| piece.kind == RawKind::Headed)
        .map(|piece| {
            let incident = of(&piece.text);
            assert_eq!(incident.record.form, Some(Form::Console));
            assert_eq!(incident.record.level, piece.level);
            (piece.lines, piece.level, incident.record.message)
        })
        .collect();
    let line = |first, last, level, said: &str| ((first, last), Some(level), said.to_owned());
    assert_eq!(
        found,
        [
            line(2, 2, Level::Error, "no handshake"),
            line(3, 3, Level::Error, "no handshake"),
            line(5, 7, Level::Error, "the path\n'/a/b' is taken"),
            line(9, 9, Level::Error, "app failed"),
            line(10, 10, Level::Critical, "broken"),
            line(11, 11, Level::Warning, "slow"),
            line(12, 12, Level::Error, "RuntimeError: file C:\\x\\y.py line 28: gone"),
        ]
    );
    let list = crate::found;
    // The message of a traceback, which a warning would hide.
    assert_eq!(incidents(&format!("ERROR: no\n{BLOCK}")), list(&[(1, 5, "ValueError")]));
    assert_eq!(incidents(&format!("WARNING: no\n{BLOCK}")), list(&[(1, 1, ""), (2, 5, "ValueError")]));
    for prose in ["Error: something", "INFO: x", "ERROR", "ERROR:", "[ERROR]", "an ERROR: x", "[1/2] done: x"]
    {
        assert_eq!(incidents(prose), [], "{prose}");
    }
    // Who follows a log believes none of it.
    let plain = read(RecordReader::new(RecordLimits::default(), ReadGate::All), text);
    assert!(plain.iter().all(|piece| piece.kind == RawKind::Orphan));
}

#[test]
fn marks_and_stacks_are_no_messages() {
    let text = "    dialog(x)\n    ~~~~~~^^^\n  File \"/a.py\", line 3, in run\n    x()\nRuntimeError: gone\n==== Stack ====\n  File \"/t.py\", line 1, in main\n    y()\n";
    assert_eq!(incidents(text), found(&[(3, 5, "RuntimeError")]));
    assert_eq!(of(&only(text)).record.message, "");
    let fatal = format!(
        "Fatal Python error: no init\nPython runtime state: initialized\n{BLOCK}\nExtension modules: a, b (total: 2)\nAborted\n"
    );
    assert_eq!(incidents(&fatal), found(&[(1, 7, "ValueError")]));
}

#[test]
fn a_large_paste_costs_little_memory_and_keeps_its_neighbours() {
    let limits = RecordLimits { head_bytes: 4096, tail_bytes: 4096 };
    let mut reader = RecordReader::new(limits, ReadGate::All).with_pasted();
    let (mut incidents, mut most, mut end) = (0, 0, 0);
    let mut sink = |raw: sgtk_log::RawRecord<'_>| {
        assert_eq!(raw.bytes.start, end);
        end = raw.bytes.end;
        incidents += u64::from(raw.kind == RawKind::Pasted);
        most = most.max(raw.text.len());
    };
    let line = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        reader.feed(BLOCK.as_bytes(), &mut sink);
        reader.feed(&line, &mut sink);
        reader.feed(b"\n\n", &mut sink);
        for _ in 0..1000 {
            reader.feed(b"a line of prose\n  File \"cut\n", &mut sink);
        }
    }
    reader.flush(&mut sink);
    assert_eq!(incidents, 64);
    assert!(most <= 3 * 4096, "{most}");
}

#[test]
fn blanks_that_do_not_break_are_blanks() {
    assert_eq!(incidents(&BLOCK.replace(' ', "\u{a0}")), found(&[(1, 4, "ValueError")]));
    let kept = BLOCK.replace("  ", "\u{a0}\u{a0}");
    assert_eq!(incidents(&kept), found(&[(1, 4, "ValueError")]));
    let of = |text: &str| recognise(text, FileName("-"), &ContextWords::default()).signature;
    assert_eq!(of(&kept), of(BLOCK));
}

#[test]
fn lines_of_hiero_are_records() {
    let text =
        "INFO 18:13:28.300:Hiero(34236): an ERROR ahead\nERROR 18:13:28.365:Hiero(34236): No such task\n";
    let found = pieces(text);
    let errors: Vec<_> = found.iter().filter(|piece| piece.kind != RawKind::Orphan).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].level, errors[0].lines), (Some(Level::Error), (2, 2)));
    let read = recognise(&errors[0].text, FileName("-"), &ContextWords::default());
    assert_eq!(read.summary, "No such task");
}

#[test]
fn messages_of_the_script_editor_may_have_several_lines() {
    let text = "# Error: RuntimeError: file /a/b.py line 12: \n  No such rig: tide\n # \n";
    let two = "# Error: RuntimeError: file /a/b.py line 12: \n  No such rig. # \nprint(1) # \n";
    assert_eq!(incidents(two), found(&[(1, 2, "RuntimeError")]));
    assert_eq!(incidents(text)[0].1, "RuntimeError");
    let read = recognise(&pieces(two)[0].text, FileName("-"), &ContextWords::default());
    assert_eq!(read.summary, "No such rig.");
}

#[test]
fn an_error_of_houdini_alone_is_an_incident() {
    let text = "hou.OperationFailed: The attempted operation failed.\nNo such parameter\n";
    assert_eq!(incidents(text), found(&[(1, 2, "OperationFailed")]));
    let read = recognise(&pieces(text)[0].text, FileName("-"), &ContextWords::default());
    assert_eq!(read.summary, "No such parameter");
}

#[test]
fn lines_of_inline_code_are_lines() {
    let ticked: String = BLOCK.lines().map(|line| format!("`{line}`\n")).collect();
    assert_eq!(incidents(&ticked), found(&[(1, 4, "ValueError")]));
    let of = |text: &str| recognise(text, FileName("-"), &ContextWords::default()).signature;
    assert_eq!(of(&ticked), of(BLOCK));
}

#[test]
fn frames_that_were_wrapped_are_whole() {
    let wrapped = [
        BLOCK.replace(", line", ",\nline"),
        BLOCK.replace(", line", ",\n  line"),
        BLOCK.replace("  File ", "  File\n"),
        BLOCK.replace("  File ", "File\n").replace(", line", ",\nline"),
        BLOCK.replace(", in run", ", in\nrun"),
        BLOCK.replace("  File ", "  File\n").lines().map(|line| format!("> {line}\n")).collect(),
    ];
    let of = |text: &str| recognise(text, FileName("-"), &ContextWords::default()).signature;
    for text in wrapped {
        let found = incidents(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].1, "ValueError", "{text}");
        assert_eq!(of(&text), of(BLOCK), "{text}");
    }
    // A word of this name is no frame.
    assert_eq!(incidents("File\nis gone\n"), []);
}
