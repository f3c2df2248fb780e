//! One record, from bytes to its place in the draft: the gate, recognition, whose it is, and which ticket's.
//!
//! Borrowed for one look from what the pipeline knows. Decides nothing that needs the state: whether a problem
//! is known is the store's to say.

use crate::attach::Session;
use crate::draft::{Draft, First, Late, Listed};
use crate::facts::Moment;
use crate::gate::Verdict;
use crate::incident_line::{IncidentLine, Place};
use crate::own_code;
use crate::pipeline::Captures;
use crate::policy::fold::{Fold, Folds, Seen};
use crate::policy::outcome;
use crate::policy::twins::{self, MadeFrom, Sighting, Twins, Way};
use crate::recognise::{Recognised, Recogniser};
use crate::session_book::SessionBook;
use crate::settings::{Scope, Settings, TitleStyle};
use crate::sites::{Sites, Whose, is_running};
use jiff::tz::TimeZone;
use log_follow::SourceId;
use serde_json::Value;
use sgtk_log::{Level, RawRecord};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Records with this mark are ours, whoever logged them: our own troubles must never become incidents.
const OWN_MARK: &str = "[incidentreporter]";

/// What they are counted under.
const OWN_RECORDS: &str = "records of tk-incidentreporter itself";
/// And errors of our app that somebody else has logged.
const OWN_ERRORS: &str = "errors in the code of tk-incidentreporter itself";

/// How a record came here.
#[derive(Clone, Copy)]
pub(crate) enum From {
    /// By its log.
    Log(SourceId),
    /// Its host told it.
    Host {
        /// Its log, if that is followed.
        source: Option<SourceId>,
        /// Desktop may write it into its log for that process.
        passes_on: bool,
        /// No logger told it, and no log has it.
        uncaught: bool,
    },
}

/// A record, where it came from, and the bare name of its log with its folder.
#[derive(Clone, Copy)]
pub(crate) struct Met<'r> {
    pub(crate) record: &'r RawRecord<'r>,
    pub(crate) from: From,
    pub(crate) file_name: &'r str,
    /// Where its log is.
    pub(crate) folder: &'r Path,
}

/// What reading a record needs, borrowed for one look.
pub(crate) struct Reading<'a> {
    recogniser: &'a Recogniser,
    ticket_by_title: bool,
    user_scope: bool,
    sessions: &'a SessionBook,
    own_names: &'a HashSet<String>,
    login: String,
    list_all: bool,
    captures: &'a Captures,
    zone: &'a TimeZone,
    /// Whether tickets wait for what belongs to them, so that a session can still claim its record.
    gathers: bool,
    wall_ms: i64,
}

impl<'a> Reading<'a> {
    /// From what the pipeline knows.
    pub(crate) fn of(
        settings: &Settings,
        recogniser: &'a Recogniser,
        (sessions, own_names, captures, zone): (
            &'a SessionBook,
            &'a HashSet<String>,
            &'a Captures,
            &'a TimeZone,
        ),
        login: String,
        (list_all, wall_ms): (bool, i64),
    ) -> Reading<'a> {
        Reading {
            recogniser,
            ticket_by_title: settings.ticket.title_style == TitleStyle::Seed,
            user_scope: settings.ticket.scope == Scope::User,
            sessions,
            own_names,
            captures,
            zone,
            login,
            list_all,
            gathers: settings.limits.gather_s > 0,
            wall_ms,
        }
    }
}

impl Reading<'_> {
    /// Returns what the record is kept under, when it is an incident.
    pub(crate) fn read(
        &self,
        met: Met<'_>,
        (folds, twins, sites): (&mut Folds, &mut Twins, &mut Sites),
        draft: &mut Draft,
    ) -> Option<String> {
        if !self.recogniser.wants(met.record) {
            return None;
        }
        let recognised = self.recogniser.recognise(met.record, met.file_name);
        let parsed = &recognised.incident.record;
        if recognised.verdict == Verdict::Below {
            return None;
        }
        // Before what any rule says: a rule that lets our own records through would close a circle.
        if self.is_our_own(parsed) {
            draft.drop_record(outcome::RULE_DROP, Some(Arc::from(OWN_RECORDS)));
            return None;
        }
        if own_code::raised(recognised.own_signature.as_ref().unwrap_or(&recognised.incident.signature)) {
            draft.drop_record(outcome::RULE_DROP, Some(Arc::from(OWN_ERRORS)));
            return None;
        }
        let at_ms = self.written_ms(parsed);
        let whose = self.whose(met, (parsed.pid, at_ms), sites);
        if whose == Whose::Theirs {
            draft.drop_record(outcome::OTHER_SITE, None);
            return None;
        }
        let pid = parsed.pid;
        let twin = self.way(met.from, parsed).map(|way| {
            // What rules make of it may differ between a log and a host that names none.
            let signature = recognised.own_signature.as_ref().unwrap_or(&recognised.incident.signature);
            (way, Sighting::of(&recognised.text, parsed, &signature.to_string()))
        });
        if let Some((way, sighting)) = &twin
            && let Some(seen) = twins.second(sighting, *way)
        {
            self.merge(met, recognised, seen, draft);
            return None;
        }
        let made_from = twin.as_ref().filter(|(_, sighting)| sighting.is_passed_on()).map(|_| MadeFrom {
            file: met.file_name.to_owned(),
            start: met.record.bytes.start,
            pid: parsed.pid,
            logger: parsed.logger.clone(),
        });
        let kept = self.read_first(met, recognised, folds, draft);
        if let Some((way, sighting)) = &twin {
            let key = match &kept {
                Kept::Dropped => "",
                Kept::Part(key) | Kept::Own(key) => key,
            };
            twins.wait(sighting, *way, key, made_from);
        }
        match kept {
            Kept::Own(key) => {
                if whose == Whose::Unknown {
                    draft.doubt(&key, pid, at_ms, met.folder);
                }
                Some(key)
            }
            Kept::Dropped | Kept::Part(_) => None,
        }
    }

    /// Whose a record is. Who files it, if no session claims it, is decided when its ticket is due.
    fn whose(&self, met: Met<'_>, (pid, at_ms): (Option<u32>, Option<i64>), sites: &mut Sites) -> Whose {
        // A host tells the agent of its own site.
        if !met.from.is_log() {
            return Whose::Ours;
        }
        let wall_ms = at_ms.unwrap_or(self.wall_ms);
        if self.gathers {
            return sites.whose_yet(pid, wall_ms);
        }
        match sites.whose(pid, wall_ms) {
            Whose::Unknown if sites.keeps_unknown(met.folder, at_ms, &is_running) => Whose::Ours,
            Whose::Unknown => Whose::Theirs,
            whose => whose,
        }
    }

    /// When a record was written, by its own stamp: wall time.
    fn written_ms(&self, record: &sgtk_log::Record) -> Option<i64> {
        record.time.as_ref().and_then(|time| Moment::stamp_ms(&time.to_string(), self.zone))
    }

    /// The second sighting of a record: counted with the first one, and where its host tells better than Desktop did for it, what is
    /// kept of it becomes the host's.
    fn merge(&self, met: Met<'_>, mut recognised: Recognised, seen: twins::First, draft: &mut Draft) {
        draft.fold(seen.key.clone(), outcome::MERGED);
        let is_better = seen.passed_on.is_some() && !seen.key.is_empty() && recognised.verdict.is_admitted();
        if !is_better && !self.list_all {
            return;
        }
        let (key, line, login) = self.place(met, &mut recognised);
        let source = met.from.source();
        if self.list_all {
            draft.listed.push((Listed::Part(outcome::MERGED), source, line.clone()));
        }
        if let Some(made_from) = seen.passed_on.filter(|_| is_better) {
            let whole = Some(first(key, source, line, login, recognised));
            draft.late.push(Late { old_key: seen.key, whole, text: String::new(), made_from });
        }
    }

    /// A record that was not seen before, or that need not be asked for it.
    fn read_first(
        &self,
        met: Met<'_>,
        mut recognised: Recognised,
        folds: &mut Folds,
        draft: &mut Draft,
    ) -> Kept {
        let source = met.from.source();
        match &recognised.verdict {
            Verdict::Ignored { by } => {
                draft.drop_record(outcome::RULE_DROP, Some(Arc::clone(by)));
                return Kept::Dropped;
            }
            Verdict::Muted { by } => {
                draft.drop_record(outcome::MUTED, Some(Arc::clone(by)));
                return Kept::Dropped;
            }
            Verdict::Admitted(_) | Verdict::Below => {}
        }
        let (key, line, login) = self.place(met, &mut recognised);
        let incident = &recognised.incident;
        let seen = Seen {
            file: met.file_name,
            time: incident.record.time,
            pid: incident.record.pid,
            logger: line.logger.as_deref(),
            message: &line.message,
            has_traceback: incident.traceback.is_some(),
            summary: &incident.summary,
            signature: recognised.own_signature.as_ref().unwrap_or(&incident.signature),
        };
        match folds.see(seen, &key) {
            Fold::Own => {}
            Fold::Into { key, outcome } => {
                draft.fold(key.clone(), outcome);
                if self.list_all {
                    draft.listed.push((Listed::Part(outcome), source, line));
                }
                return Kept::Part(key);
            }
            Fold::Takes { part } => draft.take(part, &key),
        }
        if draft.is_first(&key, &line) {
            draft.describe(first(key.clone(), source, line.clone(), login, recognised));
        }
        if self.list_all {
            draft.list(&key, source, line);
        }
        Kept::Own(key)
    }

    fn hands_over(&self, pid: u32) -> bool {
        let says_so = |session: &Session| session.facts.get("capture") == Some(&Value::Bool(true));
        self.sessions.newest(pid).is_some_and(says_so) || self.captures.has(pid)
    }

    /// How a record came to be known, when it may be seen in another way too.
    fn way(&self, from: From, record: &sgtk_log::Record) -> Option<Way> {
        match from {
            From::Host { uncaught: true, .. } => None,
            From::Host { passes_on, .. } => Some(Way::Host { passes_on }),
            // Without the Toolkit app nobody hands anything over.
            From::Log(_) if self.sessions.is_empty() && self.captures.is_empty() => None,
            // Handlers in hosts take errors only.
            From::Log(_) if record.level.is_some_and(|level| level < Level::Error) => None,
            From::Log(_) => {
                let lasting = match record.pid {
                    Some(pid) if self.hands_over(pid) => true,
                    _ => record.body.starts_with("[PROXY]"),
                };
                Some(Way::Log { lasting })
            }
        }
    }

    /// A record that was read before, with the lines that came since. Counted already, whatever it is now. Returns what
    /// it is kept under from now on.
    pub(crate) fn read_again(
        &self,
        old_key: &str,
        met: Met<'_>,
        late_lines: usize,
        draft: &mut Draft,
    ) -> String {
        let mut recognised = self.recogniser.recognise(met.record, met.file_name);
        // What a rule would have said of the whole record comes too late: its ticket may stand.
        if !recognised.verdict.is_admitted() {
            return old_key.to_owned();
        }
        let (key, line, login) = self.place(met, &mut recognised);
        let skipped = recognised.text.lines().count().saturating_sub(late_lines);
        let text = recognised.text.split_inclusive('\n').skip(skipped).collect();
        let whole = first(key.clone(), met.from.source(), line, login, recognised);
        draft.late.push(Late { old_key: old_key.to_owned(), whole: Some(whole), text, made_from: None });
        key
    }

    /// Whose it is and what it is called. The line takes its texts out of what was recognised.
    fn place(&self, met: Met<'_>, recognised: &mut Recognised) -> (String, IncidentLine, String) {
        let Met { record, from, file_name, .. } = met;
        let parsed = &recognised.incident.record;
        let at_ms = self.written_ms(parsed);
        let session = parsed.pid.and_then(|pid| self.sessions.at(pid, at_ms));
        let login = session.and_then(|session| session.login.as_deref()).unwrap_or(&self.login);
        let place = Place {
            file: file_name.to_owned(),
            lines: from.is_log().then_some(record.lines),
            bytes: if from.is_log() { (record.bytes.start, record.bytes.end) } else { (0, 0) },
            truncated: record.truncated,
        };
        let line = self.recogniser.line(place, recognised, login);
        (self.key(&line.title, &line.signature, login), line, login.to_owned())
    }

    /// What is one ticket: signature and scope, or the bare title in the seed's style.
    fn key(&self, title: &str, signature: &str, login: &str) -> String {
        match (self.ticket_by_title, self.user_scope) {
            (true, _) => format!("title {title}"),
            (false, true) => format!("{signature} {login}"),
            (false, false) => signature.to_owned(),
        }
    }

    fn is_our_own(&self, record: &sgtk_log::Record) -> bool {
        let by_name = |name: &str| self.own_names.contains(name);
        let by_logger = record.logger.as_deref().is_some_and(|logger| logger.split('.').any(by_name));
        // Not by the origin's app: that may come from a call further out in a traceback (`own_code`).
        by_logger || record.message.contains(OWN_MARK)
    }
}

/// What became of a record that was not seen before.
enum Kept {
    /// No incident.
    Dropped,
    /// Part of what is kept under this key.
    Part(String),
    /// An occurrence of what is kept under this key.
    Own(String),
}

impl From {
    fn source(self) -> Option<SourceId> {
        match self {
            From::Log(source) => Some(source),
            From::Host { source, .. } => source,
        }
    }

    fn is_log(self) -> bool {
        matches!(self, From::Log(_))
    }
}

fn first(
    key: String,
    source: Option<SourceId>,
    line: IncidentLine,
    login: String,
    recognised: Recognised,
) -> First {
    First {
        newest: (line.time.clone(), line.bundle_version.clone()),
        key,
        times: 1,
        source,
        line,
        login,
        text: recognised.text,
        traceback: recognised.incident.traceback,
        summary: recognised.incident.summary,
        redactions: recognised.redactions,
        new: None,
        archive: None,
    }
}
