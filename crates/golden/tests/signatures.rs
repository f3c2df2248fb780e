//! The signatures of the golden corpus are those that were stored: rules do not change under the algorithm's name.

use golden::{cause, snapshot};

#[test]
fn signatures_are_the_stored_ones() {
    let causes = cause::load().unwrap();
    for (name, today) in snapshot::today(&causes).unwrap() {
        let path = snapshot::folder().join(name);
        let stored = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        if stored == today {
            continue;
        }
        let moved: Vec<&str> = paragraphs(&today)
            .filter(|paragraph| !paragraphs(&stored).any(|other| other == *paragraph))
            .filter_map(|paragraph| paragraph.lines().next())
            .collect();
        panic!(
            "the signatures in crates/golden/signatures/{name} are not those of today's rules.\n\
             Moved or new: {}\n\
             A rule was changed: tickets that are out there carry the old signatures, so give the algorithm a new name \
             (`ALGORITHM` in crates/sgtk-log/src/signature/mod.rs). Before the algorithm is released, or when only \
             causes were added, accept: `cargo xtask eval --accept`, and look at the diff.",
            moved.join(", ")
        );
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n").map(str::trim_end)
}
