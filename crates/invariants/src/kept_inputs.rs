//! The inputs kept in `fuzz/corpus`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// Calls a check with every input kept for the target of this name and panics with the name of the first that breaks
/// it; also when nothing is kept, because then the test tests nothing.
///
/// # Panics
///
/// As said, and when the folder cannot be read.
#[expect(clippy::print_stderr, reason = "the name of the input belongs beside the panic of the check")]
pub fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let kept = |error: std::io::Error| panic!("cannot read the inputs in `{}`: {error}", folder.display());
    let mut paths: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap_or_else(kept).flatten().map(|entry| entry.path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no inputs in `{}`", folder.display());
    for path in paths {
        let input = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&input))) {
            eprintln!("the input is `{}`", path.display());
            resume_unwind(panic);
        }
    }
}
