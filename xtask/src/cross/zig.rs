//! Zig, of the Python index: a C compiler and linker for every Linux target and every glibc, in one package.

use super::folder;
use crate::shell::{command, output, root, run};
use std::fs;
use std::path::PathBuf;

/// What pip installs, with its hashes.
const LIST: &str = include_str!("zig.txt");
const LIST_FILE: &str = "xtask/src/cross/zig.txt";

/// The folder that has `zig` and `cargo-zigbuild`; to be put on PATH.
///
/// # Errors
/// When there is no Python, its index cannot be had, or it has other files than those that are known.
pub(crate) fn zig() -> Result<PathBuf, String> {
    let folder = folder().join("zig");
    let programs = folder.join("bin");
    let stamp = folder.join("installed.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == LIST) {
        return Ok(programs);
    }
    run(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    let python = programs.join("python");
    run(command(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"])
        .args(["--require-hashes", "--requirement"])
        .arg(root().join(LIST_FILE)))?;
    let question = "import ziglang, os; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))";
    let zig = output(command(&python).args(["-c", question]))?;
    run(command("ln").args(["-s", "-f", zig.trim()]).arg(programs.join("zig")))?;
    fs::write(&stamp, LIST).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(programs)
}
