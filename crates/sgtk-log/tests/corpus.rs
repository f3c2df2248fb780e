//! What is read out of realistic records of every shape, as snapshots. The records are our own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use sgtk_log::{
    CodePage, ContextWords, Explanation, FileName, FrameUse, SeenFrame, TitleStyle, decode, explain, title,
};

fn is_key(seen: &SeenFrame) -> bool {
    matches!(seen.used, FrameUse::Key | FrameUse::NextBest)
}

fn describe(told: &Explanation) -> String {
    let found = &told.incident;
    let record = &found.record;
    let origin = &record.origin;
    let mut out = String::new();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    writeln!(out, "error:    {} (root {})", or_none(&found.error_name), or_none(&found.root_error_name))
        .expect("a string takes everything");
    writeln!(out, "message:  {:?}", record.message).expect("a string takes everything");
    writeln!(out, "summary:  {:?}", found.summary).expect("a string takes everything");
    writeln!(
        out,
        "origin:   {} / {} / {} / {} {}{}",
        or_none(&origin.environment),
        or_none(&origin.engine),
        or_none(&origin.app),
        or_none(&origin.framework),
        or_none(&origin.bundle_version),
        if origin.proxied { " proxied" } else { "" }
    )
    .expect("a string takes everything");
    let title_of = |style| title(found, Some("alice"), style);
    writeln!(out, "title:    {}", title_of(TitleStyle::Precise)).expect("a string takes everything");
    writeln!(out, "seed:     {}", title_of(TitleStyle::Seed)).expect("a string takes everything");
    for part in found.signature.components() {
        writeln!(out, "{:9} {}", format!("{}:", part.kind), part.value).expect("a string takes everything");
    }
    for frame in told.frames.iter().map(|frame| &frame.seen).filter(|seen| !is_key(seen)) {
        writeln!(out, "skipped:  {} ({:?})", frame.key(), frame.used).expect("a string takes everything");
    }
    writeln!(out, "signature: {}", found.signature).expect("a string takes everything");
    out
}

#[test]
fn every_shape_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".log"))
        .collect();
    names.sort();
    assert!(names.len() >= 40, "the corpus is incomplete: {names:?}");
    let words = ContextWords::new(["joe".to_owned(), "sh010".to_owned()]);
    let mut all = String::new();
    for name in &names {
        let bytes = fs::read(folder.join(name)).unwrap();
        let told = explain(&decode(&bytes, CodePage::NONE), FileName("tk-maya.log"), &words);
        writeln!(all, "== {}\n{}", name.trim_end_matches(".log"), describe(&told)).unwrap();
    }
    insta::assert_snapshot!(all);
}
