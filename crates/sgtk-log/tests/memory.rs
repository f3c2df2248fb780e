//! However large a record, a line or a paste is: memory stays within its bound and the neighbours are whole.
//!
//! Counts what the program allocates. One test, because the counter is one.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use sgtk_log::{
    CodePage, ContextWords, FileName, Level, RawKind, RawRecord, ReadGate, RecordLimits, RecordReader,
    decode, recognise,
};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator that counts cannot be written without")]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promises are the system allocator's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above; every block came from the system allocator.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most bytes allocated at once during `work`, beyond what was allocated before it.
fn most_bytes(work: impl FnOnce()) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    work();
    MOST.load(Ordering::Relaxed) - before
}

const HEAD: &[u8] = b"2026-01-14 19:49:11,961 [1 ERROR sgtk.core] before\n";
const INFO: &[u8] = b"2026-01-14 19:49:11,961 [1 INFO sgtk.core] quiet ";
const NEXT: &[u8] = b"\n2026-01-14 19:49:11,961 [1 ERROR sgtk.core] after\n";
static PIECE: [u8; 64 * 1024] = [b'x'; 64 * 1024];
const MIB: usize = 1 << 20;
/// Head, tail, what waits to be dropped from the tail, and the joined text: a few times the limit of 256 KiB.
const BOUND: usize = 2 * MIB;

fn whole(raw: &RawRecord<'_>, said: &str) -> bool {
    !raw.truncated && raw.level == Some(Level::Error) && raw.text.ends_with(said.as_bytes())
}

#[test]
fn memory_is_bounded_whatever_comes() {
    for (name, mebibytes, head) in [
        ("a line of 1 GiB in an error", 1024, &b"2026-01-14 19:49:11,961 [1 ERROR sgtk.core] "[..]),
        ("a line of 256 MiB in a record nobody wants", 256, INFO),
        ("64 MiB without a newline or a header", 64, b"x"),
        ("64 MiB of what may become a header", 64, b"2026-01-14 19:49:11,961 [1 "),
        ("a hole of 16 MiB", 16, b"\0"),
    ] {
        let (mut seen, mut errors) = (Vec::new(), 0);
        let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::AtLeast(Level::Error));
        let zeros = vec![0; PIECE.len()];
        let piece = if head == b"\0" { &zeros[..] } else { &PIECE[..] };
        let most = most_bytes(|| {
            let mut sink = |raw: RawRecord<'_>| {
                assert!(raw.text.len() < MIB, "{name}");
                errors += u64::from(raw.level == Some(Level::Error));
                seen.push((
                    raw.bytes.clone(),
                    whole(&raw, "before\n"),
                    whole(&raw, "after\n"),
                    raw.truncated,
                ));
            };
            reader.feed(HEAD, &mut sink);
            reader.feed(head, &mut sink);
            for _ in 0..mebibytes * 16 {
                reader.feed(piece, &mut sink);
            }
            reader.feed(NEXT, &mut sink);
            reader.flush(&mut sink);
        });
        assert!(most < BOUND, "{name}: {most}");
        let (first, last) = (seen.first().expect(name), seen.last().expect(name));
        assert!(last.2 && last.0.end == reader.counts().bytes, "{name}: {seen:?}");
        // Lines without a header belong to the record before them.
        assert!(first.1 || first.3 && first.0.end > 16 << 20, "{name}: {seen:?}");
        assert_eq!(errors, 2 + u64::from(head.ends_with(b"sgtk.core] ")), "{name}");
    }

    let most = most_bytes(|| {
        let mut seen = 0;
        let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::AtLeast(Level::Error));
        let mut sink = |raw: RawRecord<'_>| {
            seen += 1;
            assert_eq!(raw.lines, (1, 200_003));
            let text = decode(&raw.text, CodePage::NONE);
            let found = recognise(&text, FileName("tk-maya.log"), &ContextWords::default());
            assert_eq!(found.error_name.as_deref(), Some("ValueError"));
            assert_eq!(found.innermost().as_deref(), Some("deep.f99999"));
        };
        reader.feed(
            b"2026-01-14 19:49:11,961 [1 ERROR sgtk.core] x\nTraceback (most recent call last):\n",
            &mut sink,
        );
        for frame in 0..100_000 {
            let lines = format!("  File \"/studio/deep.py\", line {frame}, in f{frame}\n    go()\n");
            reader.feed(lines.as_bytes(), &mut sink);
        }
        reader.feed(b"ValueError: the end\n", &mut sink);
        reader.flush(&mut sink);
        assert_eq!(seen, 1);
    });
    assert!(most < 4 * MIB, "a traceback of 200 000 lines: {most}");

    let mut pasted = 0;
    let most = most_bytes(|| {
        let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::All).with_pasted();
        let mut sink = |raw: RawRecord<'_>| pasted += u64::from(raw.kind == RawKind::Pasted);
        let prose = b"A line of prose that somebody wrote between two tracebacks.\n".repeat(1000);
        for _ in 0..100 {
            reader.feed(
                b"Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\nKeyError: 'x'\n\n",
                &mut sink,
            );
            for _ in 0..2 {
                reader.feed(&prose, &mut sink);
            }
            // A frame that never ends.
            reader.feed(b"  File \"", &mut sink);
            reader.feed(&PIECE, &mut sink);
            reader.feed(b"\n", &mut sink);
        }
        reader.flush(&mut sink);
    });
    assert_eq!(pasted, 100);
    assert!(most < BOUND, "a paste of 20 MB: {most}");
}
