//! Zig, of the Python index: a C compiler and linker for every Linux target and every glibc, in one package.

use super::folder;
use crate::shell::{command, output, run};
use std::fs;
use std::path::PathBuf;

const VERSIONS: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.0"];

/// The folder that has `zig` and `cargo-zigbuild`; to be put on PATH.
///
/// # Errors
/// When there is no Python, or its index cannot be had.
pub(crate) fn zig() -> Result<PathBuf, String> {
    let folder = folder().join("zig");
    let programs = folder.join("bin");
    let stamp = folder.join("installed.txt");
    let wanted = VERSIONS.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(programs);
    }
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let python = programs.join("python");
    run(command(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(VERSIONS))?;
    let question = "import ziglang, os; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))";
    let zig = output(command(&python).args(["-c", question]))?;
    run(command("ln").args(["-s", "-f", zig.trim()]).arg(programs.join("zig")))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(programs)
}
