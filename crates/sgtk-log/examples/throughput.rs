//! Measures reading a 200 MB log held in memory: `cargo run --release -p sgtk-log --example throughput`.
//! With the argument `recognise`, only the part after the reader.
//!
//! Rates are also given as ratios to counting newlines with memchr over the same bytes, which hardly depend on the machine.

#![expect(clippy::print_stdout, reason = "a measurement is for people to read")]

use std::hint::black_box;
use std::time::Instant;

use sgtk_log::{
    CodePage, ContextWords, FileName, Level, ReadGate, RecordLimits, RecordReader, TitleStyle, decode,
    recognise, title,
};

const LOG_BYTES: usize = 200 << 20;
const ROUNDS: usize = 7;

fn main() {
    let log = log();
    println!("log: {:.0} MB", log.len() as f64 / 1e6);
    if std::env::args().nth(1).as_deref() != Some("recognise") {
        reading(&log);
    }
    recognising(&log);
}

fn reading(log: &[u8]) {
    let newlines = best(|| memchr::memchr_iter(b'\n', black_box(log)).count() as u64);
    report("newlines by memchr", log, newlines, newlines);
    for piece in [16 << 10, 64 << 10, 1 << 20] {
        let found = best(|| read(log, piece, ReadGate::AtLeast(Level::Error)));
        report(&format!("records at ERROR, pieces of {} KiB", piece >> 10), log, found, newlines);
    }
    report("all records, pieces of 64 KiB", log, best(|| read(log, 64 << 10, ReadGate::All)), newlines);
}

fn recognising(log: &[u8]) {
    let mut records = Vec::new();
    let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::AtLeast(Level::Error));
    reader.feed(log, &mut |record| records.push(record.text.into_owned()));
    records.truncate(30_000);
    let bytes: usize = records.iter().map(Vec::len).sum();
    let words = ContextWords::new(["joe".to_owned(), "sh0010".to_owned()]);
    let (seconds, _) = best(|| {
        records
            .iter()
            .map(|text| {
                let incident = recognise(&decode(text, CodePage::NONE), FileName("tk-maya.log"), &words);
                title(&incident, Some("joe"), TitleStyle::Precise).len() as u64
            })
            .sum()
    });
    println!(
        "recognise and title: {:.1} us each, {} records of {} bytes",
        seconds * 1e6 / records.len() as f64,
        records.len(),
        bytes / records.len()
    );
}

fn read(log: &[u8], piece: usize, gate: ReadGate) -> u64 {
    let mut records = 0;
    let mut reader = RecordReader::new(RecordLimits::default(), gate);
    for bytes in log.chunks(piece) {
        reader.feed(bytes, &mut |record| {
            black_box(&record);
            records += 1;
        });
    }
    records
}

fn best(mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut best = (f64::MAX, 0);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let result = work();
        let seconds = start.elapsed().as_secs_f64();
        if seconds < best.0 {
            best = (seconds, result);
        }
    }
    best
}

fn report(what: &str, log: &[u8], (seconds, found): (f64, u64), newlines: (f64, u64)) {
    println!(
        "{what}: {:.0} MB/s, {:.2} x newlines, {found} found",
        log.len() as f64 / seconds / 1e6,
        seconds / newlines.0
    );
}

/// About 2 % errors, half of them with a traceback, as busy Toolkit logs have them.
fn log() -> Vec<u8> {
    let mut log = String::with_capacity(LOG_BYTES + 4096);
    let mut record = 0u32;
    while log.len() < LOG_BYTES {
        record += 1;
        let second = record % 60;
        let item = record.wrapping_mul(2_654_435_761) >> 12;
        match record % 100 {
            7 => log.push_str(&format!(
                "2026-01-14 19:49:{second:02},961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-loader2] Could not load /mnt/show/shots/sh{second:03}0/item_{item}.ma: no such publish\n"
            )),
            57 => {
                log.push_str(&format!(
                    "2026-01-14 19:49:{second:02},990 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Could not publish item {item}\nTraceback (most recent call last):\n"
                ));
                for frame in 0..9 {
                    log.push_str(&format!(
                        "  File \"~/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item{frame}.py\", line {second}, in publish_{frame}\n    self._publish(item, settings)\n"
                    ));
                }
                log.push_str(&format!("RuntimeError: Could not write '/mnt/show/shots/sh{second:03}0/item_{item}.ma': disk quota exceeded\n"));
            }
            n if n % 3 == 0 => log.push_str(&format!(
                "2026-01-14 19:49:{second:02},961 [2764 INFO sgtk.env.project.tk-maya.tk-multi-publish2] Item {item} accepted, version v{second:03}, which mentions ERROR\n"
            )),
            _ => log.push_str(&format!(
                "2026-01-14 19:49:{second:02},961 [2764 DEBUG sgtk.core.path_cache] Path cache syncing {item} of 4711 folder entities, nothing to do for the current user's work area\n"
            )),
        }
    }
    log.into_bytes()
}
