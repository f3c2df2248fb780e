//! What the tests need besides Rust: a Python environment, Node packages, Chromium, a proxy, a clock, the program itself.
//!
//! Everything goes below `target/` or `node_modules/` and is made again only when its list has changed; the
//! browser comes from the system's packages, because it cannot be had any other way offline.

use crate::shell::{Done, cargo, command, exists, output, root, run};
use std::fs;
use std::path::{Path, PathBuf};

/// The program under test, built for debugging. Built as the Rust tests build it: another choice of packages
/// would choose other features of crates and compile half of them again.
pub(crate) fn program() -> Result<PathBuf, String> {
    run(cargo().args(["test", "--workspace", "--no-run", "--quiet"]))?;
    target("debug")
}

/// The program of a profile, once built.
pub(crate) fn target(profile: &str) -> Result<PathBuf, String> {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let path = folder.join(profile).join(format!("tk-incident{}", std::env::consts::EXE_SUFFIX));
    if path.exists() { Ok(path) } else { Err(format!("no program at `{}`", path.display())) }
}

/// A Python with everything the Python tests ask for.
pub(crate) fn python() -> Result<PathBuf, String> {
    let folder = root().join("target").join("python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let lists = [
        root().join("tests/official_client/requirements.txt"),
        root().join("tests/toolkit/requirements.txt"),
    ];
    let mut wanted = String::new();
    for list in &lists {
        wanted.push_str(&fs::read_to_string(list).map_err(|error| format!("{}: {error}", list.display()))?);
    }
    let stamp = folder.join("installed.txt");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let system = suitable_python()?;
    run(command(&system).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = command(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    for list in &lists {
        install.arg("-r").arg(list);
    }
    run(&mut install)?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
}

/// The Toolkit core of the tests runs on Python 3.9 to 3.11.
fn suitable_python() -> Result<String, String> {
    for name in ["python3.11", "python3", "python3.10", "python3.9", "python"] {
        let question = "import sys; print('%d.%d' % sys.version_info[:2])";
        let Ok(version) = output(command(name).args(["-c", question])) else { continue };
        if ["3.9", "3.10", "3.11"].contains(&version.trim()) {
            return Ok(name.to_owned());
        }
    }
    Err("the tests need Python 3.11 (3.9 and 3.10 do too) on PATH: the real Toolkit core runs on no other"
        .to_owned())
}

/// The packages of the tests in a folder of `tests` that has a `package.json`.
pub(crate) fn node_packages(tests: &str) -> Done {
    let folder = root().join("tests").join(tests);
    if !exists("node") || !exists("npm") {
        return Err("the tests of pages and of the JavaScript client need Node 20 and npm on PATH".to_owned());
    }
    let lock = folder.join("package-lock.json");
    let installed = folder.join("node_modules/.package-lock.json");
    if is_newer(&installed, &lock) {
        return Ok(());
    }
    run(command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))
}

fn is_newer(made: &Path, from: &Path) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified());
    matches!((time(made), time(from)), (Ok(made), Ok(from)) if made >= from)
}

/// A real browser, by the system's packages where there is none yet.
pub(crate) fn browser() -> Done {
    installed("chromium", &["chromium", "fonts-noto-cjk"], "the browser tests need")
}

/// A real proxy. The package without its service: the tests start their own.
pub(crate) fn proxy() -> Done {
    installed("tinyproxy", &["tinyproxy-bin"], "the proxy tests need")
}

/// A wall clock that a test sets.
pub(crate) fn fake_time() -> Done {
    installed("faketime", &["faketime"], "the tests of a clock that is set need")
}

/// What Qt draws with, which every desktop has and a server has not.
pub(crate) fn qt_libraries(python: &Path) -> Done {
    let draws = || output(command(python).args(["-c", "from PySide6 import QtWidgets"]));
    let who_needs = "the tests of the app's windows need";
    if draws().is_err() && exists("apt-get") {
        let packages =
            ["libegl1", "libgl1", "libfontconfig1", "libxkbcommon0", "libdbus-1-3", "libglib2.0-0"];
        install(&packages, &format!("{who_needs} Qt"))?;
    }
    draws().map(drop).map_err(|error| format!("{who_needs} Qt: {error}"))
}

/// The measure of `bench scan`.
pub(crate) fn ripgrep() -> Done {
    installed("rg", &["ripgrep"], "measuring a scan needs")
}

/// The measure of `bench follow`.
pub(crate) fn rsyslog() -> Done {
    installed("rsyslogd", &["rsyslog"], "measuring following needs")
}

/// A program of the system, by its packages where it is missing.
pub(crate) fn installed(program: &str, packages: &[&str], who_needs: &str) -> Done {
    if exists(program) {
        return Ok(());
    }
    if !exists("apt-get") {
        return Err(format!("{who_needs} a program `{program}` on PATH"));
    }
    install(packages, &format!("{who_needs} a program `{program}`"))
}

/// Installs packages of the system.
///
/// # Errors
/// When apt does not: by `what_is_needed`, what for, and what to do.
pub(crate) fn install(packages: &[&str], what_is_needed: &str) -> Done {
    run(command("apt-get").args(["update", "--quiet", "--quiet"]))
        .and_then(|()| {
            run(command("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "--yes", "--quiet", "--quiet", "--no-install-recommends"])
                .args(packages))
        })
        .map_err(|error| {
            format!(
                "{what_is_needed}: {error}; as root, `apt-get update` and `apt-get install {}`, then again",
                packages.join(" ")
            )
        })
}

/// The modules that [`python`] has installed, for another Python that cannot install any.
pub(crate) fn python_modules() -> Result<PathBuf, String> {
    let question = "import sysconfig; print(sysconfig.get_path('purelib'))";
    Ok(output(command(python()?).args(["-c", question]))?.trim().into())
}
