//! Failures of files and networks, named and worded as the system, its language and the version of Python do.
//!
//! `os.open NAME path` is what `open` raises (the C runtime's numbers, on Windows too), `os.call NAME path` what `os.*`
//! and `shutil` raise (Windows has numbers of its own there), `net.connect NAME` what a socket raises, `net.resolve` a
//! name that is not known, `net.timeout` a socket that waited; `http.NAME` the same met by `urllib`.

use crate::os_failures::{FAILURES, Failure};
use crate::raised::printed_name;
use crate::world::{Language, System, World};

/// `failure` begins with `os.`, `net.` or `http.`.
pub(crate) fn line(failure: &str, world: &World) -> Result<String, String> {
    let mut words = failure.splitn(3, ' ');
    let kind = words.next().unwrap_or_default();
    let find = |name: &str| {
        FAILURES
            .iter()
            .find(|known| known.name == name)
            .ok_or_else(|| format!("no failure of the system is called `{name}`"))
    };
    let two = world.python.0 == 2;
    let windows = world.system.is_windows();
    match kind {
        "os.open" | "os.call" => {
            let known = find(words.next().unwrap_or_default())?;
            let path = words.next().map_or(String::new(), |path| format!(": {path}"));
            let own = windows && kind == "os.call";
            let (name, said) = match (two, own) {
                (true, true) => ("WindowsError", windows_text("Error", known, world)),
                (true, false) if kind == "os.open" => ("IOError", posix(known, world)),
                (true, false) => ("OSError", posix(known, world)),
                (false, true) => (known.raised, windows_text("WinError", known, world)),
                // The C runtime says of a file in use that access is denied.
                (false, false) => (known.raised, posix(known, world)),
            };
            Ok(format!("{name}: {said}{path}"))
        }
        "net.connect" => {
            let known = find(words.next().unwrap_or_default())?;
            let said = socket(known, world);
            Ok(if two { format!("error: {said}") } else { format!("{}: {said}", known.raised) })
        }
        "net.resolve" => Ok(format!("{}: {}", printed_name("socket.gaierror", world), unknown_name(world))),
        "net.timeout" => Ok(match world.python {
            (3, minor) if minor >= 10 => "TimeoutError: timed out".to_owned(),
            (3, _) => "socket.timeout: timed out".to_owned(),
            _ => "timeout: timed out".to_owned(),
        }),
        "net.certificate" => {
            let source = if two { 726 } else { world.of_version("ssl").between(997, 1129) };
            Ok(if two {
                format!(
                    "SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed (_ssl.c:{source})"
                )
            } else {
                format!(
                    "ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:{source})"
                )
            })
        }
        "http.resolve" => Ok(url_error(&unknown_name(world), world)),
        "http.connect" => Ok(url_error(&socket(find(words.next().unwrap_or_default())?, world), world)),
        "http.certificate" => {
            let source = world.of_version("ssl").between(997, 1129);
            let detail = if two { "" } else { ": self signed certificate in certificate chain" };
            Ok(url_error(
                &format!(
                    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed{detail} (_ssl.c:{source})"
                ),
                world,
            ))
        }
        "http.status" => {
            let said = failure.split_once(' ').map_or("", |(_, said)| said);
            Ok(format!("{}: HTTP Error {said}", printed_name("urllib.error.HTTPError", world)))
        }
        _ => Err(format!("no kind of failure is called `{kind}`")),
    }
}

fn url_error(reason: &str, world: &World) -> String {
    format!("{}: <urlopen error {reason}>", printed_name("urllib.error.URLError", world))
}

fn unknown_name(world: &World) -> String {
    match world.system {
        System::Linux => "[Errno -2] Name or service not known",
        System::Mac => "[Errno 8] nodename nor servname provided, or not known",
        System::WindowsDrive | System::WindowsShare => "[Errno 11001] getaddrinfo failed",
    }
    .to_owned()
}

fn posix(known: &Failure, world: &World) -> String {
    let number = if world.system == System::Mac { known.mac } else { known.linux };
    // Windows' C runtime knows the classic numbers only; a file in use is `EACCES` to it.
    let (number, words) = match (world.system.is_windows(), known.name) {
        (true, "SHARING") => (13, "Permission denied"),
        _ => (number, known.words),
    };
    format!("[Errno {number}] {words}")
}

fn socket(known: &Failure, world: &World) -> String {
    if world.system.is_windows() {
        return windows_text(if world.python.0 == 2 { "Errno" } else { "WinError" }, known, world);
    }
    posix(known, world)
}

fn windows_text(family: &str, known: &Failure, world: &World) -> String {
    let words = match world.language {
        Language::English => known.windows_words[0],
        Language::German => known.windows_words[1],
        Language::French => known.windows_words[2],
        Language::Japanese => known.windows_words[3],
        Language::Korean => known.windows_words[4],
    };
    format!("[{family} {}] {words}", known.windows)
}
