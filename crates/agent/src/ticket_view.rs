//! What the text and the mapped fields of a ticket may name: the names of `ticket.template` and `ticket.fields`.
//!
//! An interface with admins, documented in `docs/ticket.md`: names are added, never renamed. Everything comes from facts that
//! were redacted when they were gathered. What is not known is there all the same, as nothing. Pure.

use crate::attach::{Link, Session};
use crate::facts::{DigestLine, IncidentFacts, Moment};
use crate::failing_call::FailingCall;
use crate::report;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A message in a description is cut beyond this; the archive holds it whole.
const MESSAGE_CHARS: usize = 4_000;
/// A traceback is cut in the middle beyond this.
const TRACEBACK_CHARS: usize = 12_000;
/// The message of a digest is the list of its problems, which is bounded where it is made (`store/own.rs`).
const DIGEST_CHARS: usize = 80_000;
/// Problems of a digest that a template may name one by one.
const DIGEST_LINES: usize = 100;
/// Facts of the studio's own in a ticket.
const EXTRA_LINES: usize = 50;
/// A value on one line is cut beyond this.
const LINE_CHARS: usize = 300;

/// How often and when.
#[derive(Clone, Debug)]
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

/// What will be attached to the ticket.
#[derive(Clone, Debug, Default)]
pub struct Attached {
    /// Name of the log.
    pub log: Option<String>,
    /// Where the record begins in it, 1-based.
    pub log_line: Option<u64>,
    /// Name of the archive.
    pub archive: Option<String>,
}

/// See the module's own words.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/ticket.md documents each name, once")]
pub struct TicketView {
    pub headline: String,
    pub title: String,
    pub by_hand: bool,
    pub error: Option<String>,
    pub root_error: Option<String>,
    pub summary: String,
    pub what_failed: Option<String>,
    pub message: String,
    pub message_is_long: bool,
    pub traceback: Option<String>,
    pub calls_only: bool,
    pub severity: Option<String>,
    pub record_cut: bool,
    pub call: Option<FailingCall>,

    pub user: String,
    pub host: String,
    pub os: String,
    pub architecture: String,
    pub program: Option<String>,
    pub program_version: Option<String>,
    pub engine: Option<String>,
    pub engine_version: Option<String>,
    pub app: Option<String>,
    pub app_version: Option<String>,
    pub environment: Option<String>,
    pub core_version: Option<String>,
    pub configuration: Option<String>,
    pub configuration_uri: Option<String>,
    pub python: Option<String>,
    pub extra: Vec<String>,
    pub versions: Vec<String>,

    pub project: Option<LinkView>,
    pub entity: Option<LinkView>,
    pub step: Option<LinkView>,
    pub task: Option<LinkView>,
    pub person: Option<LinkView>,

    pub first: Moment,
    pub last: Moment,
    pub count: u64,
    pub count_field: bool,

    pub log: String,
    pub log_lines: Option<String>,
    pub attached_log: Option<String>,
    pub attached_log_line: Option<u64>,
    pub attached_archive: Option<String>,
    pub not_attached: Option<String>,
    pub raw_logs: bool,
    pub digest: Vec<DigestLine>,
    pub logger: Option<String>,
    pub pid: Option<u32>,
    pub signature: String,
    pub agent_version: String,
    pub session: Map<String, Value>,
}

/// A link of the context.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/ticket.md documents each name, once")]
pub struct LinkView {
    #[serde(rename = "type")]
    pub entity_type: String,
    pub id: u64,
    pub name: Option<String>,
    /// The entity's page; `None` where the site has none that we know.
    pub url: Option<String>,
    /// What it is called when it stands by itself: `bunny_010`, else `Shot 862`.
    pub label: String,
}

impl TicketView {
    /// Puts it together. `site_url` is that of the site the session's links are of, if they have pages.
    #[must_use]
    pub fn new(
        facts: &IncidentFacts,
        frequency: &Frequency,
        attached: &Attached,
        site_url: Option<&str>,
    ) -> TicketView {
        let session = facts.session.as_ref();
        let fact = |path: &[&str]| session.and_then(|session| session.text(path)).map(one_line);
        let link = |name: &str| {
            session.and_then(|session| session.context(name)).map(|link| LinkView::new(&link, site_url))
        };
        let text = |text: &Option<String>| text.as_deref().map(one_line).filter(|text| !text.is_empty());
        let headline = headline(facts);
        let app_version = facts
            .app
            .as_deref()
            .and_then(|app| fact(&["apps", app]))
            .or_else(|| facts.bundle_version.as_deref().map(one_line));
        let mut view = TicketView {
            what_failed: what_failed(facts, &headline),
            headline,
            title: one_line(&facts.title),
            by_hand: facts.signature.starts_with(report::SIGNATURE),
            error: text(&facts.error_name),
            root_error: text(&facts.root_error_name),
            summary: one_line(&facts.summary),
            message: cut(
                facts.message.trim(),
                if facts.digest.is_empty() { MESSAGE_CHARS } else { DIGEST_CHARS },
            ),
            message_is_long: facts.message.trim().contains('\n')
                || facts.message.chars().nth(LINE_CHARS).is_some(),
            calls_only: facts
                .traceback
                .as_deref()
                .is_some_and(|calls| calls.trim_start().starts_with("File ")),
            traceback: facts.traceback.as_deref().map(|traceback| shortened(traceback.trim_end())),
            severity: text(&facts.level),
            record_cut: facts.truncated,
            call: FailingCall::of_record(&facts.record, &facts.file),
            user: one_line(&facts.user),
            host: one_line(&facts.machine.host),
            os: one_line(&facts.machine.system),
            architecture: one_line(&facts.machine.architecture),
            program: fact(&["host", "name"]),
            program_version: fact(&["host", "version"]),
            engine: text(&facts.engine).or_else(|| fact(&["engine", "instance"])),
            engine_version: fact(&["engine", "version"]),
            app: text(&facts.app),
            app_version,
            environment: text(&facts.environment).or_else(|| fact(&["environment"])),
            core_version: fact(&["core_version"]),
            configuration: fact(&["configuration", "name"]),
            configuration_uri: fact(&["configuration", "uri"]),
            python: fact(&["python"]),
            extra: session.map(|session| extra(&session.object("extra"))).unwrap_or_default(),
            versions: Vec::new(),
            project: link("project"),
            entity: link("entity"),
            step: link("step"),
            task: link("task"),
            person: link("user"),
            first: frequency.first.clone(),
            last: frequency.last.clone(),
            count: frequency.count,
            count_field: frequency.has_count_field,
            log: one_line(&facts.file),
            log_lines: facts.lines.map(|(first, last)| {
                if first == last { format!("line {first}") } else { format!("lines {first} to {last}") }
            }),
            attached_log: attached.log.clone(),
            attached_log_line: attached.log_line,
            attached_archive: attached.archive.clone(),
            not_attached: text(&facts.evidence_note),
            raw_logs: facts.evidence.raw,
            digest: facts.digest.iter().take(DIGEST_LINES).map(digest_line).collect(),
            logger: text(&facts.logger),
            pid: facts.pid,
            signature: facts.signature.clone(),
            agent_version: facts.agent_version.clone(),
            session: session.map(|session| session.facts.clone()).unwrap_or_default(),
        };
        view.versions = versions(&view, session);
        view
    }

    /// For the template engine.
    pub(crate) fn names(&self) -> minijinja::Value {
        minijinja::Value::from(minijinja::value::Serde(self))
    }

    /// One with every name set, for looking at templates before there is an incident.
    #[must_use]
    pub fn sample() -> TicketView {
        let link = |entity_type: &str, id, name: &str| LinkView {
            entity_type: entity_type.to_owned(),
            id,
            name: Some(name.to_owned()),
            url: Some(format!("https://studio.example/detail/{entity_type}/{id}")),
            label: name.to_owned(),
        };
        let moment =
            Moment { local: "2026-01-14 19:49:11 +09:00".into(), utc: "2026-01-14T10:49:11Z".into() };
        let word = |word: &str| Some(word.to_owned());
        TicketView {
            headline: "ValueError: bad frame range".to_owned(),
            title: "alice - ValueError: bad frame range in frames.check_range [k7m2q9xd]".to_owned(),
            by_hand: true,
            error: word("ValueError"),
            root_error: word("KeyError"),
            summary: "bad frame range".to_owned(),
            what_failed: word("Publish failed"),
            message: "Publish failed\n".repeat(200),
            message_is_long: true,
            calls_only: true,
            traceback: Some("  File \"frames.py\", line 57, in check_range\n".repeat(250)),
            severity: word("ERROR"),
            record_cut: true,
            call: Some(FailingCall {
                function: "check_range".to_owned(),
                file: "frames.py".to_owned(),
                line: Some(57),
                path: "/studio/frames.py".to_owned(),
                part: word("tk-multi-publish2 v2.10.8"),
            }),
            user: "alice".to_owned(),
            host: "ws-042".to_owned(),
            os: "Linux".to_owned(),
            architecture: "x86_64".to_owned(),
            program: word("Maya"),
            program_version: word("2026.1"),
            engine: word("tk-maya"),
            engine_version: word("v0.13.2"),
            app: word("tk-multi-publish2"),
            app_version: word("v2.10.8"),
            environment: word("shot_step"),
            core_version: word("v0.24.0"),
            configuration: word("Primary"),
            configuration_uri: word("sgtk:descriptor:path?path=/studio/config"),
            python: word("3.11.7"),
            extra: vec!["Farm client: 4.2".to_owned()],
            versions: vec!["Maya 2026.1".to_owned()],
            project: Some(link("Project", 90, "bunny")),
            entity: Some(link("Shot", 862, "bunny_010")),
            step: Some(link("Step", 5, "Animation")),
            task: Some(link("Task", 1204, "anim")),
            person: Some(link("HumanUser", 42, "Alice Kim")),
            first: moment.clone(),
            last: moment,
            count: 3,
            count_field: true,
            log: "tk-maya.log".to_owned(),
            log_lines: word("lines 2 to 8"),
            attached_log: word("tk-maya-0123abcd.log"),
            attached_log_line: Some(2),
            attached_archive: word("incident-0123abcd.zip"),
            not_attached: word("the log was gone before it could be copied"),
            raw_logs: true,
            digest: vec![DigestLine {
                title: "bob - KeyError: name in load [3d8fq2ma]".to_owned(),
                count: 12,
                ..DigestLine::default()
            }],
            logger: word("sgtk.env.shot_step.tk-maya.tk-multi-publish2"),
            pid: Some(2_764),
            signature: "g1:0123456789abcdef0123456789abcdef".to_owned(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            session: Map::new(),
        }
    }
}

impl LinkView {
    /// As it is written to the site.
    pub(crate) fn to_wire(&self) -> Value {
        json!({ "type": self.entity_type, "id": self.id })
    }

    fn new(link: &Link, site_url: Option<&str>) -> LinkView {
        let name = link.name.as_deref().map(one_line).filter(|name| !name.is_empty());
        // An entity type is a word; anything else would make an address of its own.
        let is_word =
            !link.entity_type.is_empty() && link.entity_type.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let page =
            |site: &str| format!("{}/detail/{}/{}", site.trim_end_matches('/'), link.entity_type, link.id);
        LinkView {
            label: name.clone().unwrap_or_else(|| format!("{} {}", one_line(&link.entity_type), link.id)),
            entity_type: one_line(&link.entity_type),
            id: link.id,
            url: site_url.filter(|_| is_word).map(page),
            name,
        }
    }
}

fn headline(facts: &IncidentFacts) -> String {
    let summary = one_line(&facts.summary);
    match facts.error_name.as_deref().map(one_line) {
        Some(name) if summary.is_empty() => name,
        Some(name) => format!("{name}: {summary}"),
        None if summary.is_empty() => one_line(&facts.title),
        None => summary,
    }
}

/// What the program said it was doing, when that is more than the error itself.
fn what_failed(facts: &IncidentFacts, headline: &str) -> Option<String> {
    let first = one_line(facts.message.lines().find(|line| !line.trim().is_empty())?);
    let bare = |text: &str| text.trim_end_matches(['.', ':', '!', ' ']).to_lowercase();
    let said = bare(&first);
    let told = [headline, facts.summary.as_str()].iter().any(|told| bare(told) == said);
    (!told && !said.is_empty()).then_some(first)
}

/// What the studio's own hook told of the session, a line each.
fn extra(facts: &Map<String, Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let lines = facts.iter().map(|(name, value)| format!("{}: {}", one_line(name), one_line(&text(value))));
    lines.take(EXTRA_LINES).collect()
}

fn digest_line(line: &DigestLine) -> DigestLine {
    DigestLine { title: one_line(&line.title), signature: one_line(&line.signature), ..line.clone() }
}

/// Names with their versions, what is nearest to the problem first.
fn versions(view: &TicketView, session: Option<&Session>) -> Vec<String> {
    let named = |name: &Option<String>, version: &Option<String>| {
        name.as_ref().zip(version.as_ref()).map(|(name, version)| format!("{name} {version}"))
    };
    // The code that failed may belong to another bundle than the one that logged it.
    let failing =
        view.call.as_ref().and_then(|call| call.part.clone()).filter(|part| part.starts_with("tk-"));
    let mut found: Vec<String> = [
        failing.filter(|part| part.contains(" v")),
        named(&view.app, &view.app_version),
        named(&view.engine, &view.engine_version),
        named(&view.program, &view.program_version),
        named(&Some("core".to_owned()), &view.core_version),
        named(&Some("Python".to_owned()), &view.python),
    ]
    .into_iter()
    .flatten()
    .collect();
    let configuration = session.and_then(|session| session.text(&["configuration", "version"])).map(one_line);
    found.extend(configuration.map(|version| format!("configuration {version}")));
    let mut seen = std::collections::HashSet::new();
    found.retain(|text| seen.insert(text.clone()));
    found
}

/// White space of any kind becomes one blank: a name must not make lines of its own.
pub(crate) fn one_line(text: &str) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), LINE_CHARS)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
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

    #[test]
    fn a_long_traceback_keeps_its_ends() {
        let long = format!("first\n{}last", "middle line\n".repeat(5_000));
        let short = shortened(&long);
        assert!(short.starts_with("first\n") && short.ends_with("\nlast") && short.len() < 13_000);
    }

    #[test]
    fn a_link_has_a_page_only_where_its_site_is_known() {
        let shot = Link { entity_type: "Shot".into(), id: 862, name: None };
        let page = |link: &Link, site| LinkView::new(link, site).url;
        assert_eq!(page(&shot, Some("https://a.example/")).unwrap(), "https://a.example/detail/Shot/862");
        assert_eq!(page(&shot, None), None);
        assert_eq!(page(&Link { entity_type: "../x".into(), ..shot }, Some("https://a.example")), None);
    }
}
