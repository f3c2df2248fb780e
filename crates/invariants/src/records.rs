//! Bytes to records, of logs and of what people paste.

use crate::choices::pieces;
use crate::tracebacks::check_incident;
use sgtk_log::{
    CodePage, ContextWords, FileName, Level, RawKind, RawRecord, ReadGate, RecordLimits, RecordReader,
    decode, recognise,
};

/// Small enough that inputs of a fuzzer's size run into them.
const SMALL: RecordLimits = RecordLimits { head_bytes: 120, tail_bytes: 80 };
/// The line that says what was left out.
const MARK_BYTES: usize = 64;

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

type Make = fn(RecordLimits, ReadGate) -> RecordReader;

/// Every cut of the stream gives the same records; their spans tile it; their texts are what stands there, within the
/// limits; a gate only leaves records out; flushing anywhere loses no byte; decoding keeps the lines.
pub fn records(input: &[u8]) {
    check(input, RecordReader::new);
}

/// The same, and the same for `tracebacks`, of a reader that also takes tracebacks in text without headers.
pub fn pasted(input: &[u8]) {
    for seen in check(input, |limits, gate| RecordReader::new(limits, gate).with_pasted()) {
        if seen.kind != RawKind::Orphan {
            let text = decode(&seen.text, CodePage::NONE);
            check_incident(&recognise(&text, FileName("-"), &ContextWords::default()));
        }
    }
}

/// Gives the records of the whole input within the usual limits.
fn check(input: &[u8], make: Make) -> Vec<Seen> {
    let mut all = Vec::new();
    for limits in [SMALL, RecordLimits::default()] {
        all = check_whole(input, limits, make);
        check_gate(input, limits, make, &all);
        check_cuts(input, limits, make);
        check_flushes(input, limits, make);
    }
    let newlines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    for code_page in [CodePage::NONE, CodePage::from_number(949), CodePage::from_number(932)] {
        let text = decode(input, code_page);
        assert_eq!(newlines(text.as_bytes()), newlines(input), "decoding keeps the lines");
        assert!(!text.contains(['\0', '\r']), "decoding takes NUL and CR out");
    }
    all
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

fn check_whole(input: &[u8], limits: RecordLimits, make: Make) -> Vec<Seen> {
    let mut reader = make(limits, ReadGate::All);
    let all = read(&mut reader, &[input], true);
    let (mut end, mut line) = (0, 1);
    for seen in &all {
        assert_eq!(seen.bytes.start, end, "spans tile the input");
        assert!(seen.bytes.end > end, "no record is empty");
        end = seen.bytes.end;
        let span = &input[seen.bytes.start as usize..end as usize];
        let inner = span[..span.len() - 1].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(seen.lines, (line, line + inner), "lines are counted");
        line += inner + u64::from(span.ends_with(b"\n"));
        assert!(seen.text.len() <= limits.head_bytes + limits.tail_bytes + MARK_BYTES, "texts are bounded");
        if seen.truncated {
            assert!(seen.text.starts_with(&span[..limits.head_bytes]));
            assert!(seen.text.ends_with(&span[span.len() - limits.tail_bytes..]));
        } else {
            assert_eq!(seen.text, span, "the text is what stands there");
        }
        assert!(seen.kind == RawKind::Headed || seen.level.is_none(), "a level comes from a header");
    }
    assert_eq!(end, input.len() as u64, "spans tile the input");
    let counts = reader.counts();
    assert_eq!(counts.bytes, end);
    assert_eq!(counts.lines, input.split_inclusive(|byte| *byte == b'\n').count() as u64);
    assert!(!reader.has_pending());
    all
}

fn check_gate(input: &[u8], limits: RecordLimits, make: Make, all: &[Seen]) {
    let mut reader = make(limits, ReadGate::AtLeast(Level::Error));
    let gated = read(&mut reader, &[input], true);
    let passes =
        |seen: &&Seen| seen.kind != RawKind::Headed || seen.level.is_some_and(|level| level >= Level::Error);
    assert!(gated.iter().eq(all.iter().filter(passes)), "a gate only leaves records out");
}

fn check_cuts(input: &[u8], limits: RecordLimits, make: Make) {
    let cut = pieces(input);
    let by_byte: Vec<&[u8]> = input.chunks(1).collect();
    let by_line: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    for gate in [ReadGate::All, ReadGate::AtLeast(Level::Error)] {
        let mut whole = make(limits, gate);
        let wanted = read(&mut whole, &[input], true);
        // The dear ones once: limits that are never reached change nothing about where a piece ends.
        let cuts = if limits == SMALL { &[&cut, &by_byte, &by_line][..] } else { &[&cut] };
        for pieces in cuts {
            let mut reader = make(limits, gate);
            assert_eq!(read(&mut reader, pieces, true), wanted, "every cut gives the same records");
            assert_eq!(reader.counts(), whole.counts());
            assert_eq!(reader.boundary(), whole.boundary());
        }
    }
}

fn check_flushes(input: &[u8], limits: RecordLimits, make: Make) {
    let mut reader = make(limits, ReadGate::All);
    let mut end = 0;
    for piece in pieces(input) {
        for seen in read(&mut reader, &[piece], true) {
            assert_eq!(seen.bytes.start, end, "flushing loses no byte");
            end = seen.bytes.end;
        }
        assert_eq!(reader.boundary().offset, end);
        assert!(!reader.has_pending());
    }
    assert_eq!(end, input.len() as u64);
}
