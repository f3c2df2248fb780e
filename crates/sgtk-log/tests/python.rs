//! What real Pythons print, from 2.7 to 3.13: the same failure reads the same in each of them.
//!
//! `python/shapes.py` and `python/fault.py` made `python/<version>.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sgtk_log::{ContextWords, FileName, Incident, RawKind, ReadGate, RecordLimits, RecordReader, recognise};

const VERSIONS: [&str; 6] = ["2.7", "3.7", "3.9", "3.10", "3.11", "3.13"];

fn shapes(version: &str) -> Vec<(String, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(format!("{version}.txt"));
    let text = fs::read_to_string(file).expect("a printed version");
    text.split("=== ")
        .skip(1)
        .filter_map(|section| section.split_once('\n'))
        .filter(|(_, traceback)| !traceback.is_empty())
        .map(|(name, traceback)| (name.to_owned(), traceback.to_owned()))
        .collect()
}

fn incident(text: &str) -> Incident {
    recognise(text, FileName("tk-maya.log"), &ContextWords::default())
}

fn as_record(traceback: &str) -> Incident {
    incident(&format!("2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya] it failed\n{traceback}"))
}

fn describe(found: &Incident) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let frames = found.signature.components().iter().filter(|part| part.kind == "frame");
    let keys: Vec<&str> = frames.map(|part| part.value.rsplit('#').next().unwrap_or_default()).collect();
    let parts: Vec<&str> = found
        .signature
        .components()
        .iter()
        .filter(|part| part.kind != "frame")
        .map(|part| part.value.as_str())
        .collect();
    format!(
        "{} (root {}) {} <- {}",
        or_none(&found.error_name),
        or_none(&found.root_error_name),
        parts.join(" | "),
        keys.join(" < ")
    )
}

#[test]
fn the_same_failure_reads_the_same_in_every_python() {
    let mut read: BTreeMap<String, Vec<(String, &str)>> = BTreeMap::new();
    for version in VERSIONS {
        for (shape, traceback) in shapes(version) {
            let found = as_record(&traceback);
            let said = found.record.message.lines().next();
            assert_eq!(said, Some("it failed"), "{shape} of {version}");
            let said = describe(&found);
            let outcomes = read.entry(shape).or_default();
            match outcomes.iter_mut().find(|(outcome, _)| *outcome == said) {
                Some(_) => {}
                None => outcomes.push((said, version)),
            }
        }
    }
    let mut all = String::new();
    for (shape, outcomes) in &read {
        for (said, since) in outcomes {
            writeln!(all, "{shape:16} {since:5} {said}").expect("a string takes everything");
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn each_is_one_incident_when_pasted() {
    for version in VERSIONS {
        for (shape, traceback) in shapes(version) {
            let mut spans = Vec::new();
            let mut reader = RecordReader::new(RecordLimits::default(), ReadGate::All).with_pasted();
            let mut sink = |raw: sgtk_log::RawRecord<'_>| spans.push((raw.kind, raw.text.into_owned()));
            reader.feed(traceback.as_bytes(), &mut sink);
            reader.flush(&mut sink);
            let pasted = spans.iter().filter(|(kind, _)| *kind == RawKind::Pasted).count();
            assert_eq!(pasted, 1, "{shape} of {version}");
            // The text of an exception may go on behind a blank line; prose cannot be told from it.
            let whole = spans.len() == 1 || shape == "multi";
            assert!(whole, "{shape} of {version}: {spans:?}");
            let text = String::from_utf8(spans[0].1.clone()).expect("the fixtures are UTF-8");
            assert_eq!(incident(&text).signature, as_record(&traceback).signature, "{shape} of {version}");
        }
    }
}
