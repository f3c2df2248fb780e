//! A desk and hosts that deliver to it, step by step, by a clock of the test's own.
//!
//! Each host has a state and a spool of its own, as each workstation has; its worker is made anew for every use, so nothing
//! is remembered but what the state holds.

use agent::clock::Clock;
use agent::delivery::{Connect, DeliveryWorker, Destination};
use agent::evidence;
use agent::policy::reopen::LastEvent;
use agent::settings::{Layers, Origin, Settings};
use agent::shared::{Shared, lock};
use agent::store::{Batch, NewIncident, Store};
use desk::{Desk, DeskOptions};
use flow::{Api3, Credentials, Direction, Fields, Find, Row, Site, SiteOptions};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Time that only the test moves; it begins now, because the desk has its own.
pub(crate) struct TestClock {
    steady_ms: AtomicI64,
    set_ms: AtomicI64,
}

impl TestClock {
    fn at(now_ms: i64) -> TestClock {
        TestClock { steady_ms: AtomicI64::new(now_ms), set_ms: AtomicI64::new(0) }
    }

    pub(crate) fn forward(&self, ms: i64) {
        self.steady_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock: so much away from what it would show.
    pub(crate) fn set(&self, ms: i64) {
        self.set_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn wall_ms(&self) -> i64 {
        self.steady_ms.load(Ordering::SeqCst) + self.set_ms.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> u64 {
        self.steady_ms.load(Ordering::SeqCst).unsigned_abs()
    }
}

/// A desk.
pub(crate) struct Place {
    pub(crate) desk: Desk,
    _data: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        let data = tempfile::tempdir().unwrap();
        let options = DeskOptions { data: data.path().join("desk"), ..DeskOptions::default() };
        Place { desk: Desk::start(options).unwrap(), _data: data }
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let ready = self.desk.ready();
        Credentials::Script { name: ready.script_name.clone(), key: ready.script_key.clone().into() }
    }

    pub(crate) fn site(&self) -> Api3 {
        let mut site = flow::connect(SiteOptions::new(&self.desk.ready().url)).unwrap();
        site.set_credentials(Some(self.credentials()));
        site
    }

    /// All tickets that are not deleted, oldest first.
    pub(crate) fn tickets(&self) -> Vec<Row> {
        let fields = [
            "title",
            "description",
            "attachments",
            "sg_incident_count",
            "sg_incident_key",
            "sg_status_list",
            "tickets",
            "project",
            "replies",
        ];
        let query = Find::new("Ticket").fields(fields).sorted_by("id", Direction::Ascending).limit(5_000);
        self.site().find(&query).unwrap()
    }

    pub(crate) fn ticket(&self, id: u64) -> Row {
        self.tickets().into_iter().find(|ticket| ticket.id == id).unwrap()
    }

    /// What people do to a ticket.
    pub(crate) fn set(&self, ticket_id: u64, fields: &[(&str, Value)]) {
        let fields: Fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.site().update("Ticket", ticket_id, &fields).unwrap();
    }

    /// Texts of the replies on a ticket, oldest first.
    pub(crate) fn replies(&self, ticket_id: u64) -> Vec<String> {
        let query = Find::new("Reply")
            .only(flow::Filter::links_to("entity", "Ticket", ticket_id))
            .fields(["content"])
            .sorted_by("id", Direction::Ascending)
            .limit(500);
        let rows = self.site().find(&query).unwrap();
        rows.iter().map(|row| row.text("content").unwrap().to_owned()).collect()
    }

    pub(crate) fn download(&self, attachment_id: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.site().download(attachment_id, &mut bytes).unwrap();
        bytes
    }
}

/// A workstation: state, spool, clock.
pub(crate) struct Host {
    pub(crate) shared: Arc<Shared>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) settings: Settings,
    pub(crate) spool: PathBuf,
    url: String,
    project_id: u64,
    own: Option<Credentials>,
    /// In its logs, so that no two hosts have the same evidence.
    name: String,
    _folder: TempDir,
}

impl Host {
    /// One that delivers to this desk as its script user. `toml` is what the test sets.
    pub(crate) fn new(place: &Place, toml: &str) -> Host {
        let mut host = Host::of_site(&place.desk.ready().url, toml);
        host.project_id = u64::try_from(place.desk.ready().project_id).unwrap();
        host.own = Some(place.credentials());
        host
    }

    /// One that has no credentials but those of its settings.
    pub(crate) fn of_site(url: &str, toml: &str) -> Host {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap().0;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let clock = Arc::new(TestClock::at(i64::try_from(now).unwrap()));
        let mut layers = Layers::new();
        let text = format!(
            "[limits]\ngather_s = 0\ncount_flush_s = 0\nretry_min_s = 1\nretry_max_s = 60\nwrites_per_minute = 0\ntickets_per_hour = 0\ntickets_per_day = 0\n{toml}"
        );
        layers.text(&text, &Origin::File("the test".into())).unwrap();
        let spool = folder.path().join("evidence");
        std::fs::create_dir(&spool).unwrap();
        Host {
            shared: Arc::new(Shared::new(store, Arc::clone(&clock) as Arc<dyn Clock>, Box::new(|_| {}))),
            clock,
            settings: layers.resolve().unwrap(),
            spool,
            url: url.to_owned(),
            project_id: 1,
            own: None,
            name: folder.path().display().to_string(),
            _folder: folder,
        }
    }

    /// A worker that knows nothing but what the state holds.
    pub(crate) fn worker(&self) -> DeliveryWorker {
        let destination =
            Destination { url: self.url.clone(), project_id: self.project_id, own: self.own.clone() };
        DeliveryWorker::new(Arc::clone(&self.shared), self.settings.clone(), destination, self.spool.clone())
    }

    pub(crate) fn worker_through(&self, connect: Connect) -> DeliveryWorker {
        self.worker().through(connect)
    }

    /// The problem happened so many times, just now.
    pub(crate) fn happens(&self, problem: &str, times: u64) {
        self.happened(problem, times, LastEvent { at_ms: self.clock.wall_ms(), version: None });
    }

    /// The problem happened so many times, the last time as told.
    pub(crate) fn happened(&self, problem: &str, times: u64, event: LastEvent) {
        let key = format!("g1:{problem}");
        let known = lock(&self.shared.store).knows(&key).unwrap();
        let new = if known { NewIncident::known() } else { self.new_incident(problem) };
        let mut batch = Batch::default();
        batch.occurrences(key, times, new);
        batch.newest(event);
        let now_ms = self.clock.wall_ms();
        lock(&self.shared.store).commit(&batch, &self.settings.limits, now_ms).unwrap();
    }

    fn new_incident(&self, problem: &str) -> NewIncident {
        let facts = json!({ "summary": problem, "file": "tk-maya.log" }).to_string();
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("logs/tk-maya.log", options).unwrap();
        archive.write_all(format!("{problem} on {}\n", self.name).repeat(300).as_bytes()).unwrap();
        let bytes = archive.finish().unwrap().into_inner();
        NewIncident {
            signature: format!("g1:{problem}"),
            title: format!("alice - {problem}"),
            login: "alice".to_owned(),
            evidence: Some(evidence::keep(&self.spool, &bytes).unwrap()),
            facts,
        }
    }

    /// Delivers until nothing waits, with the clock moved over every wait; at most a day of its time.
    pub(crate) fn deliver(&self) {
        self.deliver_with(&mut self.worker());
    }

    pub(crate) fn deliver_with(&self, worker: &mut DeliveryWorker) {
        let began = self.clock.wall_ms();
        while let Some(wait) = worker.step() {
            if self.waiting().is_empty() || self.clock.wall_ms() - began > DAY_MS {
                break;
            }
            self.clock.forward(i64::try_from(wait.max(Duration::from_millis(1)).as_millis()).unwrap());
        }
        assert_eq!(self.waiting(), Vec::<String>::new(), "a day was not enough");
    }

    /// What waits: step, and why.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let waiting = lock(&self.shared.store).waiting(500).unwrap();
        waiting.into_iter().map(|step| format!("{} of {}: {:?}", step.step, step.title, step.why)).collect()
    }

    /// The outcomes, of which `seen` is the sum.
    pub(crate) fn outcomes(&self) -> Vec<(String, u64)> {
        let totals = lock(&self.shared.store).totals().unwrap();
        assert_eq!(totals.seen, totals.outcomes.values().sum::<u64>());
        totals.outcomes.into_iter().collect()
    }
}

/// The count on a ticket.
pub(crate) fn count(ticket: &Row) -> i64 {
    ticket.number("sg_incident_count").unwrap()
}
