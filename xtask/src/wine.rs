//! A Windows to run tests on: Wine in a prefix of our own below `target/`, headless and silent.
//!
//! What Wine proves and what it does not is told in `docs/windows.md`.

use crate::environment::installed;
use crate::shell::{Done, command, root, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Debian's 64-bit loader. `wine` asks for a 32-bit one first, which is not needed.
pub(crate) const LOADER: &str = "/usr/lib/wine/wine64";
const SERVER: &str = "/usr/lib/wine/wineserver64";

/// A prefix with its server running: with that, starting a program takes a few hundredths of a second instead of half a
/// second. The server, and with it every program of the prefix, ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Wine {
    prefix: PathBuf,
}

impl Wine {
    /// Installs Wine where it is missing, makes the prefix where there is none, starts the server.
    ///
    /// # Errors
    /// When one of that fails.
    pub(crate) fn start() -> Result<Wine, String> {
        if !Path::new(LOADER).exists() {
            crate::environment::install(&["wine64", "wine"])?;
        }
        let wine = Wine { prefix: root().join("target/wine") };
        let stamp = wine.prefix.join("made.txt");
        if !stamp.exists() {
            let _ = fs::remove_dir_all(&wine.prefix);
            fs::create_dir_all(&wine.prefix)
                .map_err(|error| format!("{}: {error}", wine.prefix.display()))?;
            run(wine.command(LOADER).args(["wineboot", "--init"]))?;
            run(wine.command(LOADER).args(["winecfg", "-v", "win10"]))?;
            wine.add_random_bytes()?;
            // What is in the registry is written when the server ends.
            run(wine.command(SERVER).arg("--wait"))?;
            fs::write(&stamp, "").map_err(|error| format!("{}: {error}", stamp.display()))?;
        }
        // It ends by itself a minute after the last program, should we be killed before we end it.
        run(wine.command(SERVER).arg("--persistent=60"))?;
        Ok(wine)
    }

    /// The variables that make a program run in this prefix.
    pub(crate) fn variables(&self) -> [(&'static str, &std::ffi::OsStr); 3] {
        [
            ("WINEPREFIX", self.prefix.as_os_str()),
            ("WINEDEBUG", "-all".as_ref()),
            // Neither .NET nor a browser, which Wine would offer to download.
            ("WINEDLLOVERRIDES", "mscoree,mshtml=".as_ref()),
        ]
    }

    fn command(&self, program: &str) -> Command {
        let mut command = command(program);
        command.envs(self.variables()).env_remove("DISPLAY").stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// See `tests/windows/bcryptprimitives.c`.
    fn add_random_bytes(&self) -> Done {
        let compiler = "x86_64-w64-mingw32-gcc";
        installed(compiler, &["gcc-mingw-w64-x86-64-win32"], "Wine needs a library built by")?;
        run(command(compiler)
            .args(["-O2", "-shared", "-o"])
            .arg(self.prefix.join("drive_c/windows/system32/bcryptprimitives.dll"))
            .arg(root().join("tests/windows/bcryptprimitives.c"))
            .arg("-ladvapi32"))
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let _ = self.command(SERVER).arg("--kill").status();
        let _ = self.command(SERVER).arg("--wait").status();
    }
}
