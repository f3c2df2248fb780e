//! The signatures of the corpus as files: one paragraph per cause, with the components and the title.
//!
//! Tuned and held-out causes have a file each. A test compares them with what the rules give today.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::cause::Cause;
use crate::evaluation::SEED;
use crate::read;

/// File name and content of the snapshots as they should be today.
///
/// # Errors
/// As [`crate::evaluation::run`].
pub fn today(causes: &[Cause]) -> Result<[(&'static str, String); 2], String> {
    let settings = read::settings()?;
    let seen = read::all(causes, SEED, &settings, false, |number| number == 0)?;
    let of = |held_out: bool| {
        let mut out = format!("algorithm {}\n", sgtk_log::ALGORITHM);
        for one in seen.iter().filter(|one| causes[one.cause].held_out == held_out) {
            write!(out, "\n{}\n  {}\n  {}\n", causes[one.cause].id, one.signature, one.title)
                .expect("a string takes everything");
            for (kind, value) in &one.components {
                writeln!(out, "  {kind}: {value}").expect("a string takes everything");
            }
        }
        out
    };
    Ok([("tuned.txt", of(false)), ("held_out.txt", of(true))])
}

/// The folder the snapshots are in.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("signatures")
}
