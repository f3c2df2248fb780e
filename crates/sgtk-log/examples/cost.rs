//! What recognising costs, in instructions: `valgrind --tool=callgrind target/release/examples/cost KIND TIMES`.
//!
//! Instructions of a run with TIMES 0 are those of the start; the difference, divided by TIMES, is the cost of one
//! record, and can be repeated. `list` names the kinds: typical ones, an `ordinary` record of 256 KiB, and hostile ones of
//! the same size that try to make the parser look at the same text again and again.

#![expect(clippy::print_stdout, reason = "a measurement is for people to read")]

use std::hint::black_box;

use sgtk_log::{ContextWords, FileName, TitleStyle, recognise, title};

const HOSTILE_BYTES: usize = 256 << 10;
const HEAD: &str = "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] ";

/// Pieces that, repeated, nearly are what the parser looks for.
const HOSTILE: [(&str, &str); 24] = [
    ("quotes", "'a\"b`c"),
    ("open-quotes", "x 'a"),
    ("paths", "/a b"),
    ("backslashes", "\\a\\"),
    ("urls", "http:/a://b"),
    ("mails", "a@b+c%"),
    ("angles", "<a object at 0x<"),
    ("braces", "{'type':'"),
    ("words", "joe_joe-sh010."),
    ("dots", "a.b:1."),
    ("numbers", "1.2-3:4,"),
    ("dates", "2026-01-1:1:1 Jan "),
    ("colons", "Error: Error reported:"),
    ("exceptions", "AaError: BbFault:"),
    ("faults", "API create() CRUD ERROR #1: [A"),
    ("lines", "a\n"),
    ("frames", "  File \"/a/tk-b/c.py\", line 1, in f\n    x\n"),
    ("near-frames", "  File \"/a\", lin\nFile \"\n"),
    ("headers", "Traceback (most recent call last):\n"),
    (
        "blocks",
        "Traceback (most recent call last):\n  File \"a\", line 1, in f\nAError: b\n\nDuring handling of the above exception, another exception occurred:\n\n",
    ),
    (
        "causes",
        "Traceback (most recent call last):\n  File \"a\", line 1, in f\nRuntimeError: b\n\nThe above exception was the direct cause of the following exception:\n\n",
    ),
    (
        "groups",
        "  + Exception Group Traceback (most recent call last):\n  | File \"a\", line 1, in f\n  | ExceptionGroup: a\n  +-+---------------- 1 ----------------\n",
    ),
    ("escaped", "\\n  File \\\"a\\\", line 1, in f\\nAError: x"),
    ("crash", "Fatal Python error: a\nThread 0x1 (most recent call first):\n"),
];

fn text(kind: &str) -> Option<String> {
    let frame = |file: &str, function: &str| {
        format!(
            "  File \"~/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/{file}.py\", line 71, in {function}\n    self._publish(item, settings)\n"
        )
    };
    let frames = ["app.py:run", "dialog:show", "tree:walk", "item:publish", "plugin:execute", "manager:save"]
        .map(|name| {
            let (file, function) = name.split_once(':').unwrap_or((name, "f"));
            frame(file, function)
        });
    let traceback = format!(
        "Traceback (most recent call last):\n{}RuntimeError: Could not write '/mnt/show/shots/sh0010/anim_v012.ma': disk quota exceeded\n",
        frames.concat()
    );
    let body = match kind {
        "message" => "Could not load /mnt/show/shots/sh0010/item_1234.ma: no such publish\n".to_owned(),
        "traceback" => format!("Could not publish item 1234\n{traceback}"),
        "ordinary" => {
            let dump = "    'sg_status_list': 'ip', 'code': 'sh0010_anim_v012', 'path': '/mnt/show/shots/sh0010/work.ma',\n";
            format!("Could not publish item 1234\n{}{traceback}", dump.repeat(HOSTILE_BYTES / dump.len()))
        }
        "ordinary-message" => {
            let dump = "Item sh0010_anim_v012 of the tree has no publish in /mnt/show/shots/sh0010 and was left out. ";
            dump.repeat(HOSTILE_BYTES / dump.len())
        }
        kind => {
            let (_, piece) = HOSTILE.iter().find(|(name, _)| *name == kind)?;
            piece.repeat(HOSTILE_BYTES / piece.len())
        }
    };
    Some(format!("{HEAD}{body}"))
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let times: usize = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(1);
    let Some(text) = text(&kind) else {
        let names = ["message", "traceback", "ordinary", "ordinary-message"]
            .into_iter()
            .chain(HOSTILE.map(|(name, _)| name));
        println!("{}", names.collect::<Vec<_>>().join(" "));
        return;
    };
    let words = ["joe", "ws-12", "my_show", "sh010", "anim"].map(str::to_owned);
    let words = ContextWords::new(words);
    for _ in 0..times {
        let incident = recognise(black_box(&text), FileName("tk-maya.log"), &words);
        black_box(title(&incident, Some("joe"), TitleStyle::Precise));
    }
}
