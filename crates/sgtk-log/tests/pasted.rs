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
    assert_eq!(incidents(text), found(&[(2, 3, "TankError"), (5, 5, "TankInitError")]));
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
    assert_eq!(incidents(cut), found(&[(1, 4, "KeyError"), (5, 5, "")]));
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
