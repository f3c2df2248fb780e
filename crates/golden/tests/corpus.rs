//! The corpus is what it says it is: large enough, in the right folders, the same every time, and in one piece.

use std::collections::BTreeSet;
use std::path::Path;

use golden::cause::{self, FILES};
use golden::evaluation::SEED;
use golden::perturbation::Perturbation;
use golden::{log, variant};
use sgtk_log::{ReadGate, RecordLimits, RecordReader};

#[test]
fn it_is_large_enough() {
    let causes = cause::load().unwrap();
    let twins = causes.iter().filter(|cause| cause.twin_of.is_some()).count();
    let own = causes.len() - twins;
    let held_out = causes.iter().filter(|cause| cause.twin_of.is_none() && cause.held_out).count();
    assert!(own >= 150, "{own} causes");
    assert!(twins >= 80, "{twins} twins");
    assert!(held_out * 4 >= own && held_out * 5 <= own * 2, "{held_out} of {own} causes are held out");
    for cause in &causes {
        let variants = variant::of(SEED, cause).len() - 1;
        assert!(variants >= variant::FEWEST, "{} has {variants} variants", cause.id);
    }
}

#[test]
fn every_perturbation_is_applied_to_many_causes() {
    let causes = cause::load().unwrap();
    for by in Perturbation::all() {
        let times = causes
            .iter()
            .flat_map(|cause| variant::of(SEED, cause))
            .filter(|variant| variant.by == Some(by))
            .count();
        assert!(times >= 20, "{} is applied {times} times", by.name());
    }
}

#[test]
fn every_file_of_causes_is_compiled_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("causes");
    let mut there = BTreeSet::new();
    for part in ["tuned", "held_out"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            there.insert(format!("{part}/{}", entry.unwrap().file_name().into_string().unwrap()));
        }
    }
    let compiled: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(compiled, there, "add the file to `files!` in src/cause.rs");
    for (name, text) in FILES {
        assert!(text.lines().count() <= 300, "causes/{name} is too long: split it by area");
    }
}

#[test]
fn the_same_seed_writes_the_same_logs() {
    let causes = cause::load().unwrap();
    let bytes = |seed: u64| -> Vec<Vec<u8>> {
        let of = |cause| variant::of(seed, cause).into_iter().map(move |found| (cause, found));
        causes
            .iter()
            .flat_map(of)
            .map(|(cause, found)| log::write(cause, &found.world).unwrap().bytes)
            .collect()
    };
    let first = bytes(SEED);
    assert!(first == bytes(SEED), "two runs differ");
    assert!(first != bytes(SEED + 1), "the seed makes no difference");
}

#[test]
fn the_record_is_where_the_truth_says() {
    for cause in cause::load().unwrap() {
        for found in variant::of(SEED, &cause) {
            let log = log::write(&cause, &found.world).unwrap();
            let mut starts = Vec::new();
            let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::All);
            let mut sink = |record: sgtk_log::RawRecord<'_>| {
                starts.push((record.bytes.start, record.level.map(|level| level.to_string())));
            };
            reader.feed(&log.bytes, &mut sink);
            reader.flush(&mut sink);
            let here = starts.iter().find(|(start, _)| *start == log.record_at);
            let level = here.and_then(|(_, level)| level.clone());
            assert_eq!(level.as_deref(), Some(cause.level.as_str()), "{} by {:?}", cause.id, found.by);
        }
    }
}
