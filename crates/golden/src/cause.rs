//! Causes: what went wrong, as data.
//!
//! A cause is one problem as a supporter would count problems. It is written as the record it makes, in a template
//! language that leaves out everything that differs from one occurrence to the next (`template.rs`). The files lie in
//! `causes/tuned` and `causes/held_out`: the rules of the signature may be tuned on the first, never on the second. Which
//! is which is decided by the hash of the cause's name, not by hand.
//!
//! A twin looks like its cause and is another problem. It is its cause with one substitution.

use serde::Deserialize;

use crate::engine::{self, Engine};
use crate::random::hash;

/// One problem.
#[derive(Clone, Debug)]
pub struct Cause {
    /// `area/what-went-wrong`; of a twin, the name of its cause, `~` and the kind of the difference.
    pub id: String,
    /// Whether the rules may not be tuned on it.
    pub held_out: bool,
    /// Where it occurs; the first is where it was first met.
    pub engines: Vec<&'static Engine>,
    /// Logger, with slots.
    pub logger: String,
    /// `ERROR` or `CRITICAL`.
    pub level: String,
    /// The message and what follows it, in the template language.
    pub text: String,
    /// The oldest Python it can occur on, `(2, 7)` when it does not matter.
    pub python: (u8, u8),
    /// The newest Python it can occur on.
    pub newest_python: (u8, u8),
    /// Systems it is confined to; empty: all of its engines.
    pub systems: Vec<String>,
    /// For a twin: index of its cause, and in what it differs.
    pub twin_of: Option<(usize, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cause: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    engines: Vec<String>,
    logger: String,
    level: Option<String>,
    text: String,
    python: Option<String>,
    newest_python: Option<String>,
    #[serde(default)]
    systems: Vec<String>,
    #[serde(default)]
    twins: Vec<Twin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Twin {
    kind: String,
    from: String,
    to: String,
}

/// One part of three is held out.
pub fn is_held_out(id: &str) -> bool {
    // The low bits of FNV-1a of short texts that differ in their last letters only are poor.
    (hash(id) >> 17).is_multiple_of(3)
}

/// Reads all causes, twins right behind their causes.
///
/// # Errors
/// Names the file and the cause when something is not as it should be.
pub fn load() -> Result<Vec<Cause>, String> {
    let mut causes = Vec::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).map_err(|error| format!("causes/{name}: {error}"))?;
        for written in file.cause {
            let id = written.id.clone();
            add(written, name.starts_with("held_out/"), &mut causes)
                .map_err(|error| format!("causes/{name}: {id}: {error}"))?;
        }
    }
    let mut names: Vec<&str> = causes.iter().map(|cause| cause.id.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("two causes are called `{}`: rename one", pair[0])),
        None => Ok(causes),
    }
}

fn add(written: Written, held_out: bool, causes: &mut Vec<Cause>) -> Result<(), String> {
    let belongs = if is_held_out(&written.id) { "held_out" } else { "tuned" };
    if held_out != is_held_out(&written.id) {
        return Err(format!("its hash puts it into `{belongs}/`: move it there"));
    }
    let engines: Vec<&'static Engine> = written
        .engines
        .iter()
        .map(|name| engine::named(name).ok_or_else(|| format!("no engine is called `{name}`")))
        .collect::<Result<_, _>>()?;
    if engines.is_empty() {
        return Err("it occurs in no engine: name one".to_owned());
    }
    let python = match written.python.as_deref() {
        Some(text) => version(text)?,
        None if ["#cause", "#during", "Exception Group"].iter().any(|mark| written.text.contains(mark)) => {
            (3, 7)
        }
        None => (2, 7),
    };
    let newest_python = written.newest_python.as_deref().map_or(Ok((3, 13)), version)?;
    let cause = Cause {
        id: written.id,
        held_out,
        engines,
        logger: written.logger,
        level: written.level.unwrap_or_else(|| "ERROR".to_owned()),
        text: written.text,
        python,
        newest_python,
        systems: written.systems,
        twin_of: None,
    };
    let of = causes.len();
    causes.push(cause.clone());
    for (at, twin) in written.twins.iter().enumerate() {
        let known = written.twins[..at].iter().filter(|other| other.kind == twin.kind).count();
        let number = if known == 0 { String::new() } else { (known + 1).to_string() };
        let mut other = cause.clone();
        other.id = format!("{}~{}{number}", cause.id, twin.kind);
        other.logger = cause.logger.replace(&twin.from, &twin.to);
        other.text = cause.text.replace(&twin.from, &twin.to);
        // Another app has another package: `tk-multi-x2` has `tk_multi_x`, or `tk_multi_x2`.
        if twin.kind == "app" && twin.from.starts_with("tk-multi-") && !twin.from.contains(' ') {
            let package = |app: &str| app.replace('-', "_");
            let first = package(twin.from.trim_end_matches(|c: char| c.is_ascii_digit()));
            other.text = other.text.replace(&package(&twin.from), &first).replace(&first, &package(&twin.to));
        }
        if other.logger == cause.logger && other.text == cause.text {
            return Err(format!("twin `{}`: `{}` does not occur in it", twin.kind, twin.from));
        }
        other.twin_of = Some((of, twin.kind.clone()));
        causes.push(other);
    }
    Ok(())
}

fn version(text: &str) -> Result<(u8, u8), String> {
    let parsed =
        text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    parsed.ok_or_else(|| format!("`{text}` is no version of Python: write 3.9"))
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Name below `causes` and content of every file.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../causes/", $name)))),*];
    };
}

files![
    "tuned/api.toml",
    "held_out/api.toml",
    "tuned/apps.toml",
    "held_out/apps.toml",
    "tuned/core.toml",
    "held_out/core.toml",
    "tuned/desktop.toml",
    "held_out/desktop.toml",
    "tuned/editorial.toml",
    "held_out/editorial.toml",
    "tuned/frameworks.toml",
    "held_out/frameworks.toml",
    "tuned/hooks.toml",
    "held_out/hooks.toml",
    "tuned/hosts.toml",
    "held_out/hosts.toml",
    "tuned/messages.toml",
    "held_out/messages.toml",
    "tuned/publish.toml",
    "held_out/publish.toml",
    "tuned/shapes.toml",
    "held_out/shapes.toml",
    "tuned/storage.toml",
    "held_out/storage.toml",
    "tuned/studio.toml",
    "tuned/workfiles.toml",
    "held_out/workfiles.toml",
];
