//! `bench size`: bytes of the program that is rolled out.

use super::{megabytes, say, workstation_program};
use crate::environment::target;
use crate::shell::{Done, cargo, run};
use std::fs;
use std::path::Path;

/// The program that is rolled out: no desk, stripped.
pub(super) fn size() -> Done {
    let workstation = bytes(&workstation_program()?)?;
    run(cargo().args(["build", "--profile", "dist", "--package", "cli"]))?;
    let whole = bytes(&target("dist")?)?;
    say(&format!(
        "workstation program: {:.2} MB; with the desk: {:.2} MB",
        megabytes(workstation),
        megabytes(whole)
    ));
    Ok(())
}

fn bytes(path: &Path) -> Result<u64, String> {
    fs::metadata(path).map(|data| data.len()).map_err(|error| format!("{}: {error}", path.display()))
}
