//! `cargo xtask test`: every test there is, from formatting to the browser.

use crate::environment::{browser, fake_time, node_packages, program, proxy, python, qt_libraries};
use crate::shell::{Done, cargo, command, root, run as show};
use std::time::Instant;

type Part = (&'static str, fn() -> Done);

/// Run only when it is named: it takes as long as all the others.
const ON_REQUEST: &str = "windows";

const PARTS: [Part; 7] = [
    ("lint", lint),
    ("rust", rust),
    ("python", python_tests),
    ("rest-client", rest_client_tests),
    ("browser", browser_tests),
    ("demo", demo),
    (ON_REQUEST, windows_tests),
];

#[expect(clippy::print_stderr, reason = "the program's own output")]
pub(crate) fn run(wanted: &[String]) -> Done {
    if let Some(unknown) = wanted.iter().find(|name| !PARTS.iter().any(|(known, _)| known == name)) {
        let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        return Err(format!("no part `{unknown}`; there are {}", known.join(", ")));
    }
    for (name, part) in PARTS {
        let by_default = wanted.is_empty() && name != ON_REQUEST;
        if by_default || wanted.iter().any(|wanted| wanted == name) {
            let began = Instant::now();
            part().map_err(|error| format!("{name}: {error}"))?;
            eprintln!("\n{name}: passed in {} s", began.elapsed().as_secs());
        }
    }
    Ok(())
}

fn lint() -> Done {
    show(cargo().args(["fmt", "--all", "--check"]))?;
    show(cargo().args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"]))?;
    // The workstation's program is built without the desk.
    show(cargo().args([
        "clippy",
        "--package",
        "cli",
        "--no-default-features",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn rust() -> Done {
    if cfg!(unix) {
        proxy()?;
    }
    let mut test = cargo();
    if cfg!(windows) {
        // It lies beside the program then, where the tests of the login look for it.
        show(cargo().args(["build", "--quiet"]).args(crate::windows::STARTER))?;
        // The writer of `log-follow`'s tests for Windows.
        test.env("TK_INCIDENT_TEST_PYTHON", python()?);
    }
    show(test.args(["test", "--workspace", "--quiet"]).env("INSTA_UPDATE", "no"))
}

/// Under Wine; where we are on Windows, `rust` has run them.
fn windows_tests() -> Done {
    if cfg!(target_os = "linux") { crate::windows::gate() } else { Ok(()) }
}

fn python_tests() -> Done {
    let program = program()?;
    let python = python()?;
    qt_libraries(&python)?;
    if cfg!(target_os = "linux") {
        fake_time()?;
    }
    for folder in ["official_client", "toolkit"] {
        show(
            command(&python)
                .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
                .arg(root().join("tests").join(folder))
                .env("TK_INCIDENT_BIN", &program),
        )?;
    }
    Ok(())
}

/// The official JavaScript client.
fn rest_client_tests() -> Done {
    node_tests("rest_client")
}

fn browser_tests() -> Done {
    browser()?;
    node_tests("browser")
}

fn node_tests(folder: &str) -> Done {
    let program = program()?;
    node_packages(folder)?;
    show(
        command("node")
            .args(["--test"])
            .current_dir(root().join("tests").join(folder))
            .env("TK_INCIDENT_BIN", &program),
    )
}

fn demo() -> Done {
    show(command(program()?).args(["demo", "--once"]))
}
