//! `cargo xtask test-windows`: the Rust tests, built for Windows and run under Wine.

use crate::cross::{self, WINDOWS};
use crate::environment::python_modules;
use crate::shell::{Done, root, run};
use crate::wine::{LOADER, Wine};

/// Crates whose code differs between systems, and the program with its tests through the front door.
const PACKAGES: [&str; 6] = ["sgtk-log", "log-follow", "redact", "flow", "agent", "cli"];

const USAGE: &str = "cargo xtask test-windows [--package NAME]... [FILTER...]";

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
    let toolchain = cross::toolchain(WINDOWS)?;
    let wine = Wine::start()?;
    let mut test = toolchain.cargo("test");
    test.args(["--no-fail-fast", "--tests"]);
    test.args(packages.iter().flat_map(|package| ["--package", package]));
    test.arg("--").args(words);
    test.envs(wine.variables()).env_remove("DISPLAY").env("INSTA_UPDATE", "no");
    // Snapshots are found by asking cargo, which is not there.
    test.env("INSTA_WORKSPACE_ROOT", root());
    test.env("TK_INCIDENT_TEST_PYTHON", wine.python()?);
    test.env("TK_INCIDENT_TEST_TOOLKIT", python_modules()?);
    test.env(toolchain.variable("RUNNER"), LOADER);
    run(&mut test)
}
