//! The thread that follows, recognises and keeps.
//!
//! One step is one look: bytes become records, records become a draft, and the draft becomes a transaction that
//! also moves the positions. When the transaction cannot be made (disk full), the draft is held and nothing
//! more is read until it can: what is not safely kept is still in the logs. Owns no waiting and no call to the
//! site; those are the delivery thread's. The transaction is in `pipeline/keep.rs`, facts and evidence of a new problem
//! are made in `pipeline/new_incident.rs`, sessions are taken in by `pipeline/sessions.rs`, lines that came late by
//! `pipeline/late.rs`; `pipeline/upkeep.rs` mends and prunes the state.

mod captured;
mod cut;
mod doubts;
mod keep;
mod late;
mod new_incident;
mod report;
mod sessions;
mod upkeep;

use crate::agent::AgentError;
use crate::attach::{Attach, AttachSite, Detach};
use crate::captured::Captured;
use crate::clock::WallWatch;
use crate::delivery::Wake;
use crate::draft::{Draft, First, Late};
use crate::facts::Machine;
use crate::footprint::RESTING;
use crate::paths::StateFolder;
use crate::policy::fold::Folds;
use crate::policy::outcome;
use crate::policy::twins::{Bounds, Twins};
use crate::reader::{LogReader, News};
use crate::reading::{From, Met, Reading};
use crate::recognise::Recogniser;
use crate::report::Report;
use crate::session_book::SessionBook;
use crate::settings::Settings;
use crate::shared::{Shared, lock};
use crate::sites::Sites;
use crate::store::{RECORD_CUT, StoredGap};
pub(crate) use captured::Captures;
use doubts::Doubts;
use jiff::tz::TimeZone;
use keep::KeepError;
use log_follow::{Disk, SourceId};
use sessions::{Known, own_sites};
use sgtk_log::RecordLimits;
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// Positions that only passed harmless records are stored this often: reading those again costs nothing.
const IDLE_COMMIT_MS: u64 = 2_000;
/// The Toolkit app's usual name in an environment file; a studio may choose another and the app tells it.
const OWN_NAME: &str = "tk-incidentreporter";

/// What other threads ask of this one.
#[derive(Debug)]
pub enum Command {
    /// A session begins or changes.
    Attach(Box<Attach>),
    /// A session ends.
    Detach(Detach),
    /// An app's token, as it is now.
    Renew(Box<AttachSite>),
    /// Somebody reports something by hand.
    Report(Box<Report>),
    /// A host hands its records over, and hears when they are kept.
    Captured(Box<Captured>, Sender<Result<(), String>>, Arc<()>),
    /// Something happened in a log folder.
    Look,
    /// The agent ends, and why.
    Stop(&'static str),
}

/// See the module's own words.
pub struct Pipeline<D: Disk> {
    shared: Arc<Shared>,
    settings: Settings,
    reader: LogReader<D>,
    recogniser: Recogniser,
    surroundings: Known,
    machine: Machine,
    zone: TimeZone,
    spool: PathBuf,
    folder: StateFolder,
    wake: Sender<Wake>,
    sessions: SessionBook,
    /// Problems that were kept without the facts of their session, oldest first, and those whose session is known by now.
    unclaimed: VecDeque<First>,
    claimed: Vec<First>,
    /// When the last word on a session was sent, by PID and start.
    last_words: HashMap<(u32, Option<String>), u64>,
    own_names: HashSet<String>,
    held: Option<Draft>,
    /// What the last record of each source is kept under, and where it starts: lines may still come for it.
    last_kept: HashMap<SourceId, (u64, String)>,
    /// By which a record is known as part of another one.
    folds: Folds,
    /// By which a record is known that is seen in a log and told by its host.
    twins: Twins,
    /// How far hosts have handed over their records.
    captures: Captures,
    /// Whose a record is, where this user works with several sites.
    sites: Sites,
    /// What was kept and may be another site's.
    doubts: Doubts,
    /// Somebody wants every record, not only the first of each problem.
    list_all: bool,
    kept_ms: u64,
    /// Nothing is forgotten before this moment.
    prune_ms: u64,
    /// When what is held is looked at again, in steady time; `None` while nothing is.
    settle_ms: Option<u64>,
    restore_folder: RestoreFolder,
    /// What memory is not used was given back since something happened.
    at_rest: bool,
    wall: WallWatch,
}

/// What a pipeline is made of.
pub struct Parts<D: Disk> {
    /// State, events and time.
    pub shared: Arc<Shared>,
    /// Effective settings.
    pub settings: Settings,
    /// With the positions of the last run.
    pub reader: LogReader<D>,
    /// Where archives go.
    pub spool: PathBuf,
    /// Where it is remembered what was attached.
    pub folder: StateFolder,
    /// The log folders of the settings.
    pub log_folders: Vec<PathBuf>,
    /// The delivery thread.
    pub wake: Sender<Wake>,
    /// Tell every record, not only the first of each problem.
    pub list_all: bool,
    /// Makes the state folder and what the agent holds in it anew, when somebody has removed it.
    pub restore_folder: RestoreFolder,
}

/// See [`Parts::restore_folder`].
pub type RestoreFolder = Box<dyn FnMut() -> Result<(), AgentError>>;

impl<D: Disk> Pipeline<D> {
    /// Puts the parts together; nothing is read yet.
    pub fn new(parts: Parts<D>) -> Pipeline<D> {
        let machine = Machine::this();
        let mut surroundings = Known::default();
        surroundings.words.extend([machine.user.clone(), machine.host.clone()]);
        let now_ms = parts.shared.clock.steady_ms();
        let wall = WallWatch::new(&*parts.shared.clock);
        let known = {
            let wall_ms = parts.shared.clock.wall_ms();
            let mut store = lock(&parts.shared.store);
            if let Err(error) = store.clock_at_start(wall_ms) {
                parts.shared.state_trouble(&error);
            }
            store.forget_old_sessions(wall_ms).and_then(|()| store.sessions())
        };
        let known = known.unwrap_or_default();
        let sites = own_sites(&parts, &known);
        let mut pipeline = Pipeline {
            recogniser: surroundings.recogniser(&parts.settings),
            surroundings,
            machine,
            zone: TimeZone::system(),
            spool: parts.spool,
            folder: parts.folder,
            wake: parts.wake,
            sessions: SessionBook::default(),
            unclaimed: VecDeque::new(),
            claimed: Vec::new(),
            last_words: HashMap::new(),
            own_names: HashSet::from([OWN_NAME.to_owned()]),
            held: None,
            last_kept: HashMap::new(),
            folds: Folds::default(),
            twins: Twins::default(),
            captures: Captures::default(),
            sites,
            doubts: Doubts::default(),
            list_all: parts.list_all,
            kept_ms: now_ms,
            prune_ms: now_ms,
            settle_ms: Some(now_ms),
            reader: parts.reader,
            settings: parts.settings,
            shared: parts.shared,
            restore_folder: parts.restore_folder,
            at_rest: false,
            wall,
        };
        {
            let now_ms = pipeline.shared.clock.wall_ms();
            let mut store = lock(&pipeline.shared.store);
            pipeline.folds = Folds::of(store.processes().unwrap_or_default());
            let (waiting, sums) =
                (store.sightings().unwrap_or_default(), store.sighting_sums().unwrap_or_default());
            pipeline.twins = Twins::of(&waiting, &sums, Bounds::default());
            pipeline.captures = Captures::of(store.captures().unwrap_or_default());
            if let Err(error) = store.mutes_of_settings(&pipeline.settings.ticket.mutes, now_ms) {
                pipeline.shared.state_trouble(&error);
            }
        }
        // Newest first; in the book the last word on a PID is the one that holds.
        for session in known.into_iter().rev() {
            pipeline.learn(&session);
            pipeline.sessions.tell(session, None);
        }
        // The same words as before the restart: the same record has the same signature.
        pipeline.recogniser = pipeline.surroundings.recogniser(&pipeline.settings);
        pipeline
    }

    /// Works until told to stop; returns why. `ready` is called when following has begun and that is kept.
    pub fn run(mut self, commands: &Receiver<Command>, ready: impl FnOnce()) -> &'static str {
        // The session that started us, before anything is read: its secrets and its login.
        while let Ok(command) = commands.try_recv() {
            if let Some(reason) = self.obey(command) {
                self.end(commands);
                return reason;
            }
        }
        let mut wait = self.step();
        ready();
        let reason = loop {
            match commands.recv_timeout(wait) {
                Ok(command) => {
                    if let Some(reason) = self.obey(command) {
                        break reason;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break "nobody is left to serve",
            }
            wait = self.step();
        };
        self.end(commands);
        // What is unfinished is read again by the next run, from the start of its record.
        if self.held.is_none() {
            self.keep(Draft::default(), true);
        }
        reason
    }

    /// Does what was asked before the end: whoever asked was told that it would be.
    fn end(&mut self, commands: &Receiver<Command>) {
        self.shared.end();
        while let Ok(command) = commands.try_recv() {
            let _ = self.obey(command);
        }
    }

    /// Does what another thread asks; a reason to end, if that was it.
    fn obey(&mut self, command: Command) -> Option<&'static str> {
        if !matches!(command, Command::Look) {
            self.shared.busy();
        }
        match command {
            Command::Stop(reason) => return Some(reason),
            // Whatever wakes this thread makes it look.
            Command::Look => {}
            Command::Attach(attach) => self.attach(*attach),
            Command::Detach(detach) => self.detach(&detach),
            Command::Renew(site) => self.renew(*site),
            Command::Report(report) => self.report(*report),
            Command::Captured(captured, answer, _) => self.captured(&captured, &answer),
        }
        None
    }

    /// One look, and what comes of it. Returns how long to wait for the next one.
    fn step(&mut self) -> Duration {
        if let Some(held) = self.held.take()
            && !self.keep(held, true)
        {
            return Duration::from_secs(1);
        }
        self.look_at_the_clock();
        let now_ms = self.shared.clock.steady_ms();
        let mut draft = Draft::default();
        let claimed = self.claimed.drain(..).map(|first| Late {
            old_key: first.key.clone(),
            whole: Some(first),
            text: String::new(),
            made_from: None,
        });
        draft.late.extend(claimed);
        let wall_ms = self.shared.clock.wall_ms();
        self.sites.write(wall_ms);
        self.settle_doubts(now_ms);
        let more = self.look(now_ms, &mut draft);
        let due = now_ms.saturating_sub(self.kept_ms) >= IDLE_COMMIT_MS;
        if draft.has_news() || self.reader.has_changed() {
            self.shared.busy();
        }
        if (draft.has_news() || due) && !self.keep(draft, due) {
            return Duration::from_secs(1);
        }
        // Where it began is kept.
        self.sites.reads(self.shared.clock.wall_ms());
        if more {
            return Duration::ZERO;
        }
        if now_ms >= self.prune_ms {
            self.prune();
        }
        if self.settle_ms.is_some_and(|settle_ms| now_ms >= settle_ms) {
            self.settle();
        }
        let wait = self.doubts.wait(now_ms, self.reader.pace(now_ms));
        if wait >= RESTING {
            self.come_to_rest();
        }
        wait
    }

    /// Reads what is new into the draft. True when there is more.
    fn look(&mut self, now_ms: u64, draft: &mut Draft) -> bool {
        self.learn_secrets();
        let Pipeline { shared, last_kept, folds, twins, sites, doubts, .. } = self;
        let login = lock(&shared.login).login.clone().unwrap_or_else(|| self.machine.user.clone());
        let known = (&self.sessions, &self.own_names, &self.captures, &self.zone);
        let terms = (self.list_all, shared.clock.wall_ms());
        let reading = Reading::of(&self.settings, &self.recogniser, known, login, terms);
        sites.look_begins(now_ms);
        let look = self.reader.look(now_ms, &mut |news| match news {
            News::Record { source, path, record } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let folder = path.parent().unwrap_or(Path::new(""));
                // A record that trips us must not take the others with it.
                let read = std::panic::AssertUnwindSafe(|| {
                    let met = Met { record, from: From::Log(source), file_name: &name, folder };
                    reading.read(met, (&mut *folds, &mut *twins, &mut *sites), draft)
                });
                let kept = std::panic::catch_unwind(read).unwrap_or_else(|_| {
                    let place = format!("{} at byte {}", path.display(), record.bytes.start);
                    shared.warn(&place, "this record could not be recognised, by a fault of ours".to_owned());
                    draft.drop_record(outcome::FAILED, None);
                    None
                });
                if record.truncated && kept.is_some() {
                    let limits = RecordLimits::default();
                    let kept_bytes = (limits.head_bytes + limits.tail_bytes) as u64;
                    let bytes = (record.bytes.end - record.bytes.start).saturating_sub(kept_bytes);
                    let path = path.display().to_string();
                    draft.gaps.push(StoredGap { path, bytes: Some(bytes), reason: RECORD_CUT });
                }
                match kept {
                    Some(key) => last_kept.insert(source, (record.bytes.start, key)),
                    None => last_kept.remove(&source),
                };
            }
            News::Late { source, path, start, record, lines } => {
                let Some((_, key)) = last_kept.get_mut(&source).filter(|(kept, _)| *kept == start) else {
                    return;
                };
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                match record {
                    Some(record) => {
                        let count = lines.iter().filter(|byte| **byte == b'\n').count();
                        // The record itself was counted: a fault costs these lines only.
                        let again = std::panic::AssertUnwindSafe(|| {
                            let folder = path.parent().unwrap_or(Path::new(""));
                            let met = Met { record, from: From::Log(source), file_name: &name, folder };
                            reading.read_again(key, met, count, draft)
                        });
                        if let Ok(whole_key) = std::panic::catch_unwind(again) {
                            folds.renamed(key, &whole_key);
                            twins.renamed(key, &whole_key);
                            doubts.renamed(key, &whole_key);
                            draft.renamed(key, &whole_key);
                            *key = whole_key;
                        }
                    }
                    None => {
                        if let Ok((text, _)) = self.recogniser.redact_log(lines, true) {
                            let old_key = key.clone();
                            draft.late.push(Late { old_key, whole: None, text, made_from: None });
                        }
                    }
                }
            }
            News::Entered { folder } => draft.entered.push(folder.to_owned()),
            News::Gap { path, bytes, reason } => {
                let path = path.display().to_string();
                draft.gaps.push(StoredGap { path, bytes, reason: reason.name() });
            }
            News::Trouble { path, message } => shared.warn(&path.display().to_string(), message.to_owned()),
            News::Note { path, message } => shared.note(&path.display().to_string(), message),
            News::Recovered { path } => shared.over(&path.display().to_string()),
        });
        if self.reader.has_changed() {
            let sources = self.reader.status();
            if self.last_kept.len() > sources.len() {
                self.last_kept.retain(|kept, _| sources.iter().any(|status| status.source == *kept));
            }
            *lock(&self.shared.sources) = sources;
        }
        self.number_lines(draft);
        look.more
    }

    /// Gives records of a file whose beginning was not read their line numbers.
    fn number_lines(&self, draft: &mut Draft) {
        let mut before: HashMap<SourceId, Option<u64>> = HashMap::new();
        let mut number = |source: Option<SourceId>, lines: &mut Option<(u64, u64)>| {
            // What a host told stands on no line.
            let Some(source) = source.filter(|_| lines.is_some()) else { return };
            if self.reader.numbers_lines(source) {
                return;
            }
            let known = *before.entry(source).or_insert_with(|| self.reader.lines_before(source));
            *lines = lines.zip(known).map(|((first, last), before)| (first + before, last + before));
        };
        for first in &mut draft.firsts {
            number(first.source, &mut first.line.lines);
        }
        for (_, source, line) in &mut draft.listed {
            number(*source, &mut line.lines);
        }
        for whole in draft.late.iter_mut().filter_map(|late| late.whole.as_mut()) {
            number(whole.source, &mut whole.line.lines);
        }
    }
}
