//! What holds for every stream of bytes, however it is cut.

use proptest::prelude::*;
use sgtk_log::{
    Boundary, CodePage, ContextWords, FileName, Level, RawKind, RawRecord, ReadGate, RecordLimits,
    RecordReader, TitleStyle, decode, recognise, title,
};

const SMALL: RecordLimits = RecordLimits { head_bytes: 60, tail_bytes: 50 };

/// Pieces of logs: whole headers, halves, other forms, holes, marks, ends of lines.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&[u8]> = vec![
        b"2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.a.tk-maya] failed\n",
        b"2026-01-14 19:49:11,961 [2764 DEBUG sgtk.core] x\n",
        b"2026-01-14 19:49:12,000 [ 1 CRITICAL sgtk] y\r\n",
        b"2026-01-14 19:49:12,000 [1234567890 NOTICE z] y\n",
        b"2026-01-14 19:49:11,961 [27",
        b"2026-01-14 19:49:11,961 [2764 ERR",
        b"2026-01-14 19:49:11,961 [2764 INFO",
        b"2026-01-14 19:49:",
        b"2026",
        b"OR sgtk] x",
        b"2026-01-14 19:49:11,961 [   ERROR] console\n",
        b"2026-01-14 19:49:11,961 [ 1234 ERROR  ] tk-desktop - old\n",
        b"[ERROR name] stream\n",
        b"[INFO",
        b"[",
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xEF\xBB",
        b" ",
        b"]",
        b"Traceback (most recent call last):\n",
        b"  File \"/a/b.py\", line 1, in f\n    x()\n",
        b"ValueError: x\n",
        b"Traceback (most recent",
        b" call last):",
        b"KeyError: 'a':\n",
        b"    y()\n",
        b"prose\n",
        b"During handling of the above exception, another exception occurred:\n",
        b"  + Exception Group Traceback (most recent call last):\n",
        b"  +-+---------------- 1 ----------------\n",
        b"    | Traceback (most recent call last):\n",
        b"// Error: script\n",
        b"// Error: one line //\n",
        b"// \n",
        b"# Error: python\n",
        b"# Traceback (most recent call last):\n",
        b"# ValueError: y # \n",
        b"> ",
        b"07: STDOUT: Traceback (most recent call last):\n",
        b"12: STDOUT:   File \"/a/b.py\", line 1, in f\n",
        b"3: STDOUT: KeyError: 1\n",
        b"\n4: STDOUT: ",
        b"File \"/a/b.py\", line 1, in f\ncall()\n",
        b"File \xE2\x80\x9C/a/b.py\xE2\x80\x9D, line 1, in f\n",
        b"    Traceback (most recent call last):\n      File \"/a/b.py\", line 1, in f\n",
        b"```\n",
        b"ERROR: console\n",
        b"[   ERROR] console\n",
        b"[ERROR katana]: Traceback (most recent call last):\n",
        b"[ERROR katana]: ",
        b"[ERROR katana",
        b">>> f()\n",
        b"Fatal Python error: Segmentation fault\n",
        b"Current thread 0x00007f (most recent call first):\n",
        b"{\"m\": \"Traceback (most recent call last):\\n  File\"}\n",
        b"\xEB\xB9\x84\xEB\xB0\x80\n",
        b"\xB0\xA1\xFF",
        b"a long continuation line that is longer than the head and the tail of the limits used in these tests, taken together\n",
    ];
    // Longer than what is searched in one go.
    let quiet = b"2026-01-14 19:49:11,961 [2764 DEBUG sgtk.core] nothing, which is no ERROR\n";
    let long = prop_oneof![
        (50_usize..70).prop_map(|lines| quiet.repeat(lines)),
        (4060_usize..4120).prop_map(|bytes| b"x".repeat(bytes)),
    ];
    prop_oneof![
        54 => prop::sample::select(pieces).prop_map(<[u8]>::to_vec),
        1 => long,
        6 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..30).prop_map(|pieces| pieces.concat())
}

#[derive(Clone, PartialEq, Debug)]
struct Seen {
    bytes: std::ops::Range<u64>,
    lines: (u64, u64),
    text: Vec<u8>,
    level: Option<Level>,
    kind: RawKind,
    truncated: bool,
}

impl From<RawRecord<'_>> for Seen {
    fn from(raw: RawRecord<'_>) -> Self {
        Seen {
            bytes: raw.bytes,
            lines: raw.lines,
            text: raw.text.into_owned(),
            level: raw.level,
            kind: raw.kind,
            truncated: raw.truncated,
        }
    }
}

fn reader(gate: ReadGate, pasted: bool) -> RecordReader {
    let reader = RecordReader::new(SMALL, gate);
    if pasted { reader.with_pasted() } else { reader }
}

fn read(reader: &mut RecordReader, pieces: &[&[u8]], flush: bool) -> Vec<Seen> {
    let mut seen = Vec::new();
    for piece in pieces {
        reader.feed(piece, &mut |raw| seen.push(Seen::from(raw)));
    }
    if flush {
        reader.flush(&mut |raw| seen.push(Seen::from(raw)));
    }
    seen
}

fn cut<'b>(bytes: &'b [u8], at: &[prop::sample::Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<usize> = at.iter().map(|index| index.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for place in places {
        pieces.push(&bytes[from..place]);
        from = place;
    }
    pieces.push(&bytes[from..]);
    pieces
}

/// Whether a line has a header of another form than the standard one: no logger inside the bracket, or no time.
fn is_weaker_form(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line).replace(['\0', '\u{feff}', '\u{fffd}'], "");
    let unnamed = ["DEBUG", "INFO", "ERROR", "CRITICAL"].iter().any(|level| {
        text.match_indices(level)
            .any(|(at, _)| text[at + level.len()..].trim_start_matches(' ').starts_with(']'))
    });
    text.starts_with('[') || text.contains("// ") || text.contains("# ") || unnamed
}

fn gates() -> impl Strategy<Value = ReadGate> {
    prop_oneof![Just(ReadGate::All), Just(ReadGate::AtLeast(Level::Error))]
}

/// How many cases: `PROPTEST_CASES` when it is set.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(2000), ..ProptestConfig::default() })]

    #[test]
    fn every_cut_gives_the_same_records(bytes in stream(), at in prop::collection::vec(any::<prop::sample::Index>(), 0..12), gate in gates(), pasted in any::<bool>()) {
        let mut whole = reader(gate, pasted);
        let wanted = read(&mut whole, &[&bytes], true);
        let mut in_pieces = reader(gate, pasted);
        prop_assert_eq!(read(&mut in_pieces, &cut(&bytes, &at), true), wanted.clone());
        prop_assert_eq!(in_pieces.counts(), whole.counts());
        prop_assert_eq!(in_pieces.boundary(), whole.boundary());
        let mut by_byte = reader(gate, pasted);
        let bytewise: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&mut by_byte, &bytewise, true), wanted);
        prop_assert_eq!(by_byte.boundary(), whole.boundary());
        prop_assert_eq!(by_byte.counts(), whole.counts());
    }

    #[test]
    fn spans_tile_the_input(bytes in stream(), pasted in any::<bool>()) {
        let mut reader = reader(ReadGate::All, pasted);
        let mut end = 0;
        for seen in read(&mut reader, &[&bytes], true) {
            prop_assert_eq!(seen.bytes.start, end);
            prop_assert!(seen.bytes.end > end);
            end = seen.bytes.end;
            let span = &bytes[seen.bytes.start as usize..end as usize];
            let newlines = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count() as u64;
            let first = 1 + newlines(&bytes[..seen.bytes.start as usize]);
            prop_assert_eq!(seen.lines, (first, first + newlines(&span[..span.len() - 1])));
            if seen.truncated {
                prop_assert!(span.len() > SMALL.head_bytes + SMALL.tail_bytes);
                prop_assert!(seen.text.starts_with(&span[..SMALL.head_bytes]));
                prop_assert!(seen.text.ends_with(&span[span.len() - SMALL.tail_bytes..]));
            } else {
                prop_assert_eq!(&seen.text, span);
            }
        }
        prop_assert_eq!(end, bytes.len() as u64);
        let counts = reader.counts();
        prop_assert_eq!(counts.bytes, end);
        prop_assert_eq!(counts.lines, bytes.split_inclusive(|b| *b == b'\n').count() as u64);
        prop_assert!(!reader.has_pending());
    }

    #[test]
    fn the_gate_only_leaves_records_out(bytes in stream(), pasted in any::<bool>()) {
        let all = read(&mut reader(ReadGate::All, pasted), &[&bytes], true);
        let gated = read(&mut reader(ReadGate::AtLeast(Level::Error), pasted), &[&bytes], true);
        let wanted: Vec<Seen> = all
            .into_iter()
            .filter(|seen| seen.kind != RawKind::Headed || seen.level.is_some_and(|level| level >= Level::Error))
            .collect();
        prop_assert_eq!(gated, wanted);
    }

    #[test]
    fn a_reader_resumes_at_its_boundary(bytes in stream(), at in any::<prop::sample::Index>(), gate in gates()) {
        // Weaker forms depend on what came before a boundary; a file has one form.
        let text: Vec<u8> = bytes.split_inclusive(|b| *b == b'\n').filter(|line| !is_weaker_form(line)).flatten().copied().collect();
        let wanted = read(&mut RecordReader::new(SMALL, gate), &[&text], true);
        let (head, _) = text.split_at(at.index(text.len() + 1));
        let mut first = RecordReader::new(SMALL, gate);
        let mut seen = read(&mut first, &[head], false);
        let boundary = first.boundary();
        prop_assert!(boundary.offset <= head.len() as u64);
        let mut second = RecordReader::resume(SMALL, gate, boundary);
        seen.extend(read(&mut second, &[&text[boundary.offset as usize..]], true));
        prop_assert_eq!(seen, wanted);
    }

    #[test]
    fn flushing_anywhere_loses_no_byte(bytes in stream(), at in prop::collection::vec(any::<prop::sample::Index>(), 0..6), pasted in any::<bool>()) {
        let mut reader = reader(ReadGate::All, pasted);
        let mut end = 0;
        for piece in cut(&bytes, &at) {
            for seen in read(&mut reader, &[piece], true) {
                prop_assert_eq!(seen.bytes.start, end);
                end = seen.bytes.end;
                prop_assert!(seen.lines.0 <= seen.lines.1);
            }
            prop_assert_eq!(reader.boundary().offset, end);
            prop_assert!(!reader.has_pending());
        }
        prop_assert_eq!(end, bytes.len() as u64);
    }

    #[test]
    fn nothing_panics_and_titles_fit(bytes in stream(), more in prop::collection::vec(any::<char>(), 0..60)) {
        let text: String = decode(&bytes, CodePage::NONE).into_owned() + &more.iter().collect::<String>();
        let newlines = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count();
        prop_assert_eq!(newlines(&bytes), newlines(decode(&bytes, CodePage::NONE).as_bytes()));
        let incident = recognise(&text, FileName("tk-maya.log.1"), &ContextWords::new(["failed".to_owned(), "sgtk".to_owned()]));
        for style in [TitleStyle::Precise, TitleStyle::Seed] {
            let title = title(&incident, None, style);
            prop_assert!(title.chars().count() <= 80, "{}", title);
            prop_assert!(!title.chars().any(char::is_control));
        }
    }
}

#[test]
fn default_boundary_is_the_beginning_of_the_file() {
    let reader = RecordReader::resume(RecordLimits::default(), ReadGate::All, Boundary::default());
    assert_eq!(reader.boundary(), Boundary { offset: 0, line: 1 });
}
