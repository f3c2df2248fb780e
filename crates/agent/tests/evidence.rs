//! What is cut from a log for evidence: whole records of the right minutes, found in a few reads, clean, within the limits.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use agent::evidence::{
    Contents, LogBytes, PackFault, PackedLog, Part, archive_path, around, keep, pack, pack_log, unpack_log,
    with_record,
};
use agent::recognise::{Recogniser, Surroundings};
use agent::settings::Layers;
use jiff::civil::{DateTime, date};
use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read};

/// A log in memory that counts how often it is read.
fn log<'a>(text: &'a [u8], reads: &'a Cell<u64>) -> LogBytes<'a> {
    let read = move |offset: u64, len: usize| {
        reads.set(reads.get() + 1);
        let from = text.len().min(offset as usize);
        Ok(text[from..text.len().min(from + len)].to_vec())
    };
    LogBytes { name: "tk-nuke.log".to_owned(), len_bytes: text.len() as u64, read: Box::new(read) }
}

fn at(second: i64) -> DateTime {
    date(2026, 1, 14).at(8, 0, 0, 0).saturating_add(jiff::SignedDuration::from_secs(second))
}

/// A record of some lines, this many seconds after eight.
fn record(second: i64, body: &str) -> String {
    format!("{},000 [7 INFO sgtk.env.project.tk-nuke] {body}\n", at(second).strftime("%Y-%m-%d %H:%M:%S"))
}

/// Random enough for a test, and the same each time.
fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |end| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    }
}

#[test]
fn the_records_of_some_minutes_are_those_that_reading_everything_finds() {
    for seed in 0..16 {
        let mut number = numbers(seed);
        let (mut text, mut records) = (String::new(), Vec::new());
        let mut second = 0;
        for _ in 0..number(500) {
            // Several in a second, long silences, and now and then a record of many lines or one that is very long.
            second += [0, 0, 1, 3, 40][number(5) as usize];
            let body = match number(60) {
                0 => "x".repeat(number(150_000) as usize),
                1 => "  a line\n\n  2026-01-14 is no header\n".repeat(number(2_000) as usize),
                _ => "short".to_owned(),
            };
            records.push((text.len() as u64, at(second)));
            text.push_str(&record(second, &body));
        }
        if seed % 3 == 0 {
            text.push_str("a line that is being writ");
        }
        for _ in 0..20 {
            let from = at(number(second as u64 + 100) as i64 - 50);
            let to = from.saturating_add(jiff::SignedDuration::from_secs(number(700) as i64));
            let start = records.iter().find(|(_, time)| *time >= from).map(|(start, _)| *start);
            let whole = text.rfind('\n').map_or(0, |end| end as u64 + 1);
            let end = records.iter().find(|(_, time)| *time >= to).map_or(whole, |(start, _)| *start);
            let expected = start.filter(|start| *start < end).map(|start| start..end);
            let reads = Cell::new(0);
            let found = around(&log(text.as_bytes(), &reads), (from, to), u64::MAX).unwrap();
            assert_eq!(found, expected, "seed {seed}: {from} to {to} of {} records", records.len());
        }
    }
}

#[test]
fn a_large_log_is_not_read() {
    let text: String = (0..200_000).map(|second| record(second, &"y".repeat(90))).collect();
    assert!(text.len() > 25_000_000);
    for second in [0, 70_000, 199_000, 199_990] {
        let reads = Cell::new(0);
        let found = around(&log(text.as_bytes(), &reads), (at(second), at(second + 5)), 10_000).unwrap();
        let found = found.unwrap();
        let expected: String = (second..second + 5).map(|second| record(second, &"y".repeat(90))).collect();
        assert_eq!(&text[found.start as usize..found.end as usize], expected);
        assert!(reads.get() < 60, "{} reads at {second}", reads.get());
    }
    let reads = Cell::new(0);
    assert_eq!(around(&log(text.as_bytes(), &reads), (at(300_000), at(300_600)), 10_000).unwrap(), None);
    assert!(reads.get() < 8, "{} reads", reads.get());
}

#[test]
fn a_part_of_a_log_is_whole_records_within_its_limit_and_the_newest() {
    let text: String = (0..1_000).map(|second| record(second, &format!("number {second}\n  more"))).collect();
    let reads = Cell::new(0);
    let found = around(&log(text.as_bytes(), &reads), (at(0), at(2_000)), 1_000).unwrap().unwrap();
    let part = &text[found.start as usize..found.end as usize];
    assert!(part.len() <= 1_000 && part.starts_with("2026-01-14") && part.ends_with("number 999\n  more\n"));
    // Logs without times tell nothing of minutes.
    let untimed = "[ERROR logger] text\n".repeat(20_000);
    assert_eq!(around(&log(untimed.as_bytes(), &reads), (at(0), at(9)), 1_000).unwrap(), None);
}

#[test]
fn the_own_log_is_its_newest_part_and_holds_the_record_wherever_that_is() {
    let text: String = (0..40_000).map(|second| record(second, &format!("number {second}"))).collect();
    let reads = Cell::new(0);
    let log = log(text.as_bytes(), &reads);
    let len = text.len() as u64;
    for (wanted, limit) in
        [(39_999, 100_000), (39_500, 100_000), (20_000, 100_000), (0, 100_000), (20_000, 30)]
    {
        let line = record(wanted, &format!("number {wanted}"));
        let start = text.find(&line).unwrap() as u64;
        let range = with_record(&log, &(start..start + line.len() as u64), limit).unwrap();
        let part = &text[range.start as usize..range.end as usize];
        assert!(part.len() as u64 <= limit, "{wanted}: {range:?}");
        if limit > 1_000 {
            assert!(
                part.contains(&line) && part.starts_with("2026") && part.ends_with('\n'),
                "{wanted}: {range:?}"
            );
        }
        assert_eq!(range.end == len, wanted > 39_000, "{wanted}: {range:?}");
    }
    let whole = with_record(&log, &(0..10), len).unwrap();
    assert_eq!(whole, 0..len);
}

fn recogniser() -> Recogniser {
    Recogniser::new(&Layers::new().resolve().unwrap(), Surroundings::default())
}

fn packed(text: &[u8], raw: bool, most_bytes: u64) -> Result<PackedLog, PackFault> {
    let reads = Cell::new(0);
    let log = log(text, &reads);
    let part = Part { log: &log, bytes: 0..text.len() as u64 };
    pack_log(&recogniser(), &[part], raw, most_bytes, None)
}

#[test]
fn a_log_that_is_cleaned_in_blocks_is_as_clean_as_one_that_is_cleaned_whole() {
    let mut text = String::new();
    let mut number = numbers(9);
    while text.len() < 700_000 {
        let secret = format!("{:020}", number(u64::MAX >> 33));
        text.push_str(&match number(4) {
            0 => record(1, &format!("session_token={secret}")),
            1 => format!(
                "-----BEGIN RSA PRIVATE KEY-----\n{}-----END RSA PRIVATE KEY-----\n",
                "kQ7x\n".repeat(9_000)
            ),
            2 => record(2, &format!("http://joe:{secret}@proxy {}", "z".repeat(number(3_000) as usize))),
            _ => record(3, "여기 nothing"),
        });
    }
    text.push_str("2026-01-14 08:00:00,000 [7 INFO sgtk.x] login at http://joe:hunt");
    let log = packed(text.as_bytes(), false, u64::MAX).unwrap();
    let spool = tempfile::tempdir().unwrap();
    let contents = Contents {
        incident: "{}",
        environment: "{}",
        traceback: None,
        logs: &[("tk-nuke.log", &log)],
        raw: false,
    };
    let hash = keep(spool.path(), &pack(&contents).unwrap()).unwrap();
    let (_, path) = unpack_log(spool.path(), &hash).unwrap().unwrap();
    let (whole, counts) = recogniser().redact_log(text.as_bytes(), false).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), whole);
    assert_eq!(log.redactions, counts.iter().collect::<Vec<_>>());
    assert_eq!(log.text_bytes, whole.len() as u64);
    assert!(!whole.contains("hunt"));
}

#[test]
fn an_archive_is_found_by_its_hash_and_gives_the_own_log_back() {
    let spool = tempfile::tempdir().unwrap();
    let (own, other) = (packed("여기 line\n".as_bytes(), false, 9_999), packed(b"other\n", false, 9_999));
    let (own, other) = (own.unwrap(), other.unwrap());
    let mut contents = Contents {
        incident: "{}",
        environment: "{}",
        traceback: Some("Traceback"),
        logs: &[("around/tk-nuke.log", &other), ("tk-maya.log", &own)],
        raw: false,
    };
    let hash = keep(spool.path(), &pack(&contents).unwrap()).unwrap();
    assert_eq!(keep(spool.path(), &pack(&contents).unwrap()).unwrap(), hash);
    let (name, path) = unpack_log(spool.path(), &hash).unwrap().unwrap();
    assert_eq!((name.as_str(), fs::read_to_string(path).unwrap().as_str()), ("tk-maya.log", "여기 line\n"));
    let mut archive = zip::ZipArchive::new(File::open(archive_path(spool.path(), &hash)).unwrap()).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let expected =
        ["incident.json", "environment.json", "traceback.txt", "logs/around/tk-nuke.log", "logs/tk-maya.log"];
    assert_eq!(names, expected);
    let mut text = String::new();
    archive.by_name("logs/around/tk-nuke.log").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "other\n");

    // Without its own log there is none to attach as text, and raw logs say so.
    let only_other = [("around/tk-nuke.log", &other)];
    contents.logs = &only_other;
    contents.raw = true;
    let hash = keep(spool.path(), &pack(&contents).unwrap()).unwrap();
    assert!(unpack_log(spool.path(), &hash).unwrap().is_none());
    let archive = zip::ZipArchive::new(File::open(archive_path(spool.path(), &hash)).unwrap()).unwrap();
    assert!(archive.file_names().any(|name| name.unwrap() == "NOT-REDACTED.txt"));
}

#[test]
fn packing_ends_at_its_limit_and_at_an_error_of_the_disk() {
    let mut number = numbers(3);
    let noise: Vec<u8> = (0..400_000).map(|_| b'a' + number(26) as u8).collect();
    assert!(matches!(packed(&noise, true, 100_000), Err(PackFault::TooLong)));
    assert_eq!(packed(&noise, true, 400_000).unwrap().text_bytes, 400_000);
    let refuses = LogBytes {
        name: "tk-nuke.log".to_owned(),
        len_bytes: 10,
        read: Box::new(|_, _| Err(io::ErrorKind::TimedOut.into())),
    };
    let fault =
        pack_log(&recogniser(), &[Part { log: &refuses, bytes: 0..10 }], false, 1_000, None).unwrap_err();
    assert!(matches!(fault, PackFault::Read(_)), "{fault}");
}

#[test]
fn a_log_is_left_as_it_is_only_when_that_is_asked_for() {
    let text = record(1, "session_token=t0ken4you5678");
    for (raw, leaks) in [(true, true), (false, false)] {
        let log = packed(text.as_bytes(), raw, 9_999).unwrap();
        assert_eq!(log.text_bytes == text.len() as u64, leaks);
        assert_eq!(log.redactions.is_empty(), leaks);
    }
    let ask = |words: &str| {
        let mut layers = Layers::new();
        let toml = format!("[evidence]\nraw_log = '{words}'\n");
        layers.text(&toml, &agent::settings::Origin::File("tk.toml".into())).unwrap();
        layers.resolve()
    };
    let settings = ask("yes, attach logs without redaction").unwrap().evidence;
    assert!(settings.raw_log && settings.hint().is_some());
    let settings = ask("").unwrap().evidence;
    assert!(!settings.raw_log && settings.hint().is_none());
    for words in ["yes", "true", "Yes, attach logs without redaction", "no"] {
        let error = ask(words).unwrap_err().to_string();
        for part in ["evidence.raw_log", "tk.toml", "\"yes, attach logs without redaction\"", words] {
            assert!(error.contains(part), "{error}");
        }
    }
}
