//! `cargo xtask test-windows`: the Rust tests, built for Windows and run under Wine.

use crate::cross::{self, Toolchain, WINDOWS};
use crate::environment::python_modules;
use crate::shell::{Done, root, run};
use crate::wine::{LOADER, Wine};
use std::path::PathBuf;

/// Crates whose code differs between systems, and the program with its tests through the front door.
pub(crate) const PACKAGES: [&str; 6] = ["sgtk-log", "log-follow", "redact", "flow", "agent", "cli"];

const USAGE: &str = "cargo xtask test-windows [--package NAME]... [FILTER...]";

/// Tests of nothing that is Windows's, which take minutes under Wine, where another process answers every call to a file:
/// every record of a log explained by a program of its own, 164 logs that fail at once and whose evidence
/// takes in all the others, every fault of a site, three writers as fast as they can.
const LONG: [&str; 4] = ["canary::", "fault_matrix::", "storm::", "kill_loop::"];

/// Everything that is no option goes to the tests: words of which a test's name must hold one.
pub(crate) fn run_tests(arguments: &[String]) -> Done {
    let (mut packages, mut words) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--package" | "-p" => packages.push(rest.next().ok_or(USAGE)?.as_str()),
            word => words.push(word),
        }
    }
    if packages.is_empty() {
        packages = PACKAGES.to_vec();
    }
    let mut targets = vec!["--tests"];
    targets.extend(packages.iter().flat_map(|package| ["--package", package]));
    let mut tests = Tests::start()?;
    tests.run(&targets, &words)
}

/// What the gate runs: files, the agent's parts, and the program through its front door.
pub(crate) fn gate() -> Done {
    let mut tests = Tests::start()?;
    let skipped: Vec<&str> = LONG.iter().flat_map(|name| ["--skip", name]).collect();
    tests.run(&["--package", "log-follow", "--tests"], &skipped)?;
    tests.run(&["--package", "agent", "--lib"], &skipped)?;
    tests.run(&["--package", "cli", "--bins", "--test", "binary"], &skipped)
}

/// Wine and everything the tests are told of it.
struct Tests {
    toolchain: Toolchain,
    wine: Wine,
    python: PathBuf,
    modules: PathBuf,
}

impl Tests {
    fn start() -> Result<Tests, String> {
        let toolchain = cross::toolchain(WINDOWS)?;
        let wine = Wine::start()?;
        let python = wine.python()?;
        Ok(Tests { toolchain, wine, python, modules: python_modules()? })
    }

    fn run(&mut self, targets: &[&str], words: &[&str]) -> Done {
        let mut test = self.toolchain.cargo("test");
        test.args(["--quiet", "--no-fail-fast"]).args(targets).arg("--").args(words);
        test.envs(self.wine.variables()).env_remove("DISPLAY").env("INSTA_UPDATE", "no");
        // Snapshots are found by asking cargo, which is not there.
        test.env("INSTA_WORKSPACE_ROOT", root());
        test.env("TK_INCIDENT_TEST_PYTHON", &self.python).env("TK_INCIDENT_TEST_TOOLKIT", &self.modules);
        test.env(self.toolchain.variable("RUNNER"), LOADER);
        run(&mut test)
    }
}
