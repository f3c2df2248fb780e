//! The text of a ticket: what a supporter reads, and the one line by which we find our own ticket again.
//!
//! Pure: facts in, text out. Plain text with short sections, because FPT shows descriptions unformatted.
//! Nobody but us ever needs the last line, and people may edit everything above it.

use crate::attach::Link;
use crate::facts::{IncidentFacts, Moment};
use std::fmt::Write;

/// Tracebacks in a description are cut in the middle beyond this; the archive holds them whole.
const TRACEBACK_CHARS: usize = 12_000;

/// The marker that every ticket of ours carries.
#[must_use]
pub fn marker(key: &str) -> String {
    format!("tk-incident: v1 {key}")
}

/// Whether a description is that of our ticket for this key: the whole marker on a line of its own, so that
/// `alice` is not found in the ticket of `alice2`.
#[must_use]
pub fn carries_marker(description: &str, key: &str) -> bool {
    let marker = marker(key);
    description.lines().any(|line| line.trim() == marker)
}

/// How often and when.
pub struct Frequency {
    /// Until now.
    pub count: u64,
    /// First and last time.
    pub first: Moment,
    /// See `first`.
    pub last: Moment,
    /// The site has a field that will hold the count.
    pub has_count_field: bool,
}

/// The whole text.
#[must_use]
pub fn describe(facts: &IncidentFacts, frequency: &Frequency, key: &str) -> String {
    let mut text = String::with_capacity(2_048);
    headline(&mut text, facts);
    text.push_str("\nWhat happened\n");
    let message = if facts.message.trim().is_empty() { &facts.summary } else { &facts.message };
    text.push_str(message.trim());
    text.push('\n');
    if let Some(traceback) = &facts.traceback {
        text.push('\n');
        text.push_str(&shortened(traceback.trim_end()));
        text.push('\n');
    }
    if facts.truncated {
        text.push_str("\n(the record was longer than we keep; its beginning and end are here)\n");
    }
    if facts.evidence.raw {
        let _ = writeln!(
            text,
            "\n(the attached logs are NOT cleaned of secrets: the setting evidence.raw_log asks for it)"
        );
    }
    if let Some(note) = &facts.evidence_note {
        let _ = writeln!(text, "\n(no log is attached: {note})");
    }
    when(&mut text, frequency);
    place(&mut text, facts);
    text.push('\n');
    text.push_str(&marker(key));
    text.push('\n');
    text
}

fn headline(text: &mut String, facts: &IncidentFacts) {
    match &facts.error_name {
        Some(name) if !facts.summary.is_empty() => {
            let _ = writeln!(text, "{name}: {}", one_line(&facts.summary));
        }
        Some(name) => {
            let _ = writeln!(text, "{name}");
        }
        None => {
            let _ = writeln!(text, "{}", one_line(&facts.summary));
        }
    }
    let part = facts.app.as_deref().or(facts.engine.as_deref()).unwrap_or("unknown part");
    let mut around = Vec::new();
    if facts.app.is_some() {
        around.extend(facts.engine.as_deref());
    }
    around.extend(facts.environment.as_deref());
    let around = if around.is_empty() { String::new() } else { format!(" ({})", around.join(", ")) };
    let _ = writeln!(text, "in {part}{around} on host {}, user {}", facts.machine.host, facts.user);
    if let Some(root) = &facts.root_error_name {
        let _ = writeln!(text, "caused by {root}");
    }
}

fn when(text: &mut String, frequency: &Frequency) {
    let times = if frequency.count == 1 { "time" } else { "times" };
    let later = if frequency.has_count_field { "" } else { "; later ones are told in replies" };
    let count = format!("{} {times} when this was written{later}", frequency.count);
    let moment =
        |moment: &Moment| format!("{} ({} UTC)", moment.local, moment.utc.replace('T', " ").replace('Z', ""));
    section(
        text,
        "When",
        &[
            ("first seen", Some(moment(&frequency.first))),
            ("last seen", (frequency.count > 1).then(|| moment(&frequency.last))),
            ("seen", Some(count)),
        ],
    );
}

fn place(text: &mut String, facts: &IncidentFacts) {
    let session = facts.session.as_ref();
    let fact = |path: &[&str]| session.and_then(|session| session.text(path)).map(str::to_owned);
    let link = |name: &str| session.and_then(|session| session.context(name)).map(|link| linked(&link));
    let named = |name: Option<String>, version: Option<String>| match (name, version) {
        (Some(name), Some(version)) => Some(format!("{name} {version}")),
        (name, _) => name,
    };
    let app_version =
        facts.app.as_deref().and_then(|app| fact(&["apps", app])).or_else(|| facts.bundle_version.clone());
    let lines = facts.lines.map_or(String::new(), |(first, last)| {
        if first == last { format!(", line {first}") } else { format!(", lines {first}–{last}") }
    });
    section(
        text,
        "Where",
        &[
            ("user", Some(facts.user.clone())),
            (
                "host",
                Some(format!(
                    "{} ({}, {})",
                    facts.machine.host, facts.machine.system, facts.machine.architecture
                )),
            ),
            ("program", named(fact(&["host", "name"]), fact(&["host", "version"]))),
            ("engine", named(facts.engine.clone(), fact(&["engine", "version"]))),
            ("app", named(facts.app.clone(), app_version)),
            ("environment", facts.environment.clone()),
            ("project", link("project")),
            ("entity", link("entity")),
            ("step", link("step")),
            ("task", link("task")),
            ("core", fact(&["core_version"])),
            ("configuration", named(fact(&["configuration", "name"]), fact(&["configuration", "uri"]))),
            ("python", fact(&["python"])),
            ("logger", facts.logger.clone()),
            ("process", facts.pid.map(|pid| pid.to_string())),
            ("log", Some(format!("{}{lines}", facts.file))),
        ],
    );
}

fn section(text: &mut String, heading: &str, rows: &[(&str, Option<String>)]) {
    let _ = writeln!(text, "\n{heading}");
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = writeln!(text, "  {name:<14} {}", one_line(value));
        }
    }
}

fn linked(link: &Link) -> String {
    match &link.name {
        Some(name) => format!("{name} ({} {})", link.entity_type, link.id),
        None => format!("{} {}", link.entity_type, link.id),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(traceback: &str) -> String {
    let count = traceback.chars().count();
    if count <= TRACEBACK_CHARS {
        return traceback.to_owned();
    }
    let half = TRACEBACK_CHARS / 2;
    let head: String = traceback.chars().take(half).collect();
    let tail: String = traceback.chars().skip(count - half).collect();
    let head = head.rsplit_once('\n').map_or(head.as_str(), |(head, _)| head);
    let tail = tail.split_once('\n').map_or(tail.as_str(), |(_, tail)| tail);
    format!("{head}\n  ... (the middle is in traceback.txt of the archive) ...\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Machine;

    fn facts() -> IncidentFacts {
        IncidentFacts {
            error_name: Some("ValueError".into()),
            summary: "bad frame range".into(),
            message: "Publish failed".into(),
            traceback: Some(
                "Traceback (most recent call last):\n  File \"x\"\nValueError: bad frame range".into(),
            ),
            file: "tk-maya.log".into(),
            lines: Some((3, 6)),
            user: "alice".into(),
            engine: Some("tk-maya".into()),
            app: Some("tk-multi-publish2".into()),
            environment: Some("project".into()),
            machine: Machine {
                host: "ws-042".into(),
                system: "Linux".into(),
                architecture: "x86_64".into(),
                ..Machine::default()
            },
            session: serde_json::from_str(
                r#"{"pid":1,"engine":{"version":"v0.13.2"},"apps":{"tk-multi-publish2":"v2.10.8"},
                    "context":{"project":{"type":"Project","id":90,"name":"demo"}}}"#,
            )
            .ok(),
            ..IncidentFacts::default()
        }
    }

    #[test]
    fn the_text_says_what_when_where_and_ends_with_the_marker() {
        let moment =
            Moment { local: "2026-01-14 19:49:11 +09:00".into(), utc: "2026-01-14T10:49:11Z".into() };
        let frequency = Frequency { count: 1, first: moment.clone(), last: moment, has_count_field: true };
        insta::assert_snapshot!(describe(&facts(), &frequency, "g1:00ff alice"));
    }

    #[test]
    fn the_marker_counts_only_as_a_whole_line() {
        assert!(carries_marker("edited\n  tk-incident: v1 g1:00 alice  \nby people", "g1:00 alice"));
        assert!(!carries_marker("tk-incident: v1 g1:00 alice2", "g1:00 alice"));
        assert!(!carries_marker("see tk-incident: v1 g1:00 alice", "g1:00 alice"));
    }

    #[test]
    fn a_long_traceback_keeps_its_ends() {
        let long = format!("first\n{}last", "middle line\n".repeat(5_000));
        let short = shortened(&long);
        assert!(short.starts_with("first\n") && short.ends_with("\nlast") && short.len() < 13_000);
    }
}
