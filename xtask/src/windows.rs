//! `cargo xtask test-windows`: the Rust tests, built for Windows and run under Wine.

use crate::cross::{self, Toolchain, WINDOWS};
use crate::environment::python_modules;
use crate::shell::{Done, root, run};
use crate::wine::{LOADER, Wine};
use std::path::PathBuf;

/// Crates whose code differs between systems, and the program with its tests through the front door.
pub(crate) const PACKAGES: [&str; 6] = ["sgtk-log", "log-follow", "redact", "flow", "agent", "cli"];

/// What builds `tk-incidentw.exe`; it is asked for where a program for Windows is built, and nowhere else.
pub(crate) const STARTER: [&str; 4] = ["--package", "windowless", "--features", "windowless/program"];

const USAGE: &str = "cargo xtask test-windows [--package NAME]... [FILTER...]";

/// The program's tests that the gate runs: those in which a system differs, through each of its doors. All others run by
/// name, or all together in much longer: under Wine another process answers every call to a file.
const CHOSEN: [&str; 14] = [
    "at_login::without",
    "attach_says_where_the_agent_is",
    "capture::a_record_in_the_log",
    "commands::exit_codes",
    "commands::follow_prints",
    "commands::the_demo",
    "commands::a_second_agent",
    "hand_over::",
    "promises::an_error_in_a_log",
    "promises::attach_starts_one_agent",
    "promises::rotation_and_truncation",
    "scan::backups_come",
    "who_listens_hears",
    "windows::",
];

/// Tests that are alone: the registry is one for all of them, and agents of other tests mend an entry that one of these breaks.
const REGISTRY: &str = "autostart::";

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
    let mut tests = Tests::start()?;
    if packages.contains(&"cli") {
        tests.build_starter()?;
    }
    if !words.is_empty() {
        return tests.run(&of(&packages), &words);
    }
    let (program, others): (Vec<&str>, Vec<&str>) =
        packages.into_iter().partition(|package| *package == "cli");
    let mut done = Ok(());
    if !others.is_empty() {
        done = tests.run(&of(&others), &[]);
    }
    if !program.is_empty() {
        for words in [&["--skip", REGISTRY][..], &[REGISTRY]] {
            done = tests.run(&of(&program), words).and(done);
        }
    }
    done
}

fn of<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let named = packages.iter().flat_map(|package| ["--package", package]);
    ["--tests"].into_iter().chain(named).collect()
}

/// What the gate runs: files, the agent's door and its start at login, and the program through its front door.
pub(crate) fn gate() -> Done {
    let mut tests = Tests::start()?;
    tests.run(&["--package", "log-follow", "--tests"], &[])?;
    tests
        .run(&["--package", "agent", "--lib"], &["control::", "autostart::", "instance::", "local_disk::"])?;
    tests.build_starter()?;
    tests.run(&["--package", "cli", "--test", "binary"], &CHOSEN)?;
    tests.run(&["--package", "cli", "--test", "binary"], &[REGISTRY])
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

    /// The second program, which the entry for the login starts where it lies beside the first.
    fn build_starter(&mut self) -> Done {
        run(self.toolchain.cargo("build").arg("--quiet").args(STARTER))
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
