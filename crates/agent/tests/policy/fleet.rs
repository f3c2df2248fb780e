//! Many workstations and one site: the real state, the real policy and the real delivery against the real desk, with a
//! clock that the test turns.

use crate::bench::MINUTE_MS;
use agent::clock::Clock;
use agent::delivery::{DeliveryWorker, Destination};
use agent::facts::{IncidentFacts, Machine};
use agent::settings::{Layers, Settings};
use agent::shared::{Shared, lock};
use agent::store::{Batch, NewIncident, Store};
use desk::{Desk, DeskOptions};
use flow::{
    Api3, Credentials, Direction, EntityFields, Fields, Find, FlowError, Row, Site, SiteInfo, SiteOptions,
    Upload,
};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// When people close tickets, after the start.
pub(crate) const CLOSED_MINUTE: i64 = 480;

/// Wall time and steady time in one.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn wall_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> u64 {
        self.wall_ms().unsigned_abs()
    }
}

/// What the site was asked, by workstation and minute: all calls, and those that write.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) calls: BTreeMap<(usize, i64), (u64, u64)>,
    /// Tickets that were made, in order: who, when, and the title.
    pub(crate) created: Vec<(usize, i64, String)>,
}

/// The way of one workstation to the site.
struct Way {
    who: usize,
    clock: Arc<TestClock>,
    live: Arc<Mutex<Api3>>,
    /// Nobody listens there.
    dead: Arc<Mutex<Api3>>,
    away: Arc<AtomicBool>,
    asked: Arc<Mutex<Asked>>,
}

impl Way {
    fn ask<T>(&self, writes: bool, call: impl FnOnce(&Api3) -> Result<T, FlowError>) -> Result<T, FlowError> {
        let minute = self.clock.wall_ms() / MINUTE_MS;
        let mut asked = self.asked.lock().unwrap();
        let calls = asked.calls.entry((self.who, minute)).or_default();
        calls.0 += 1;
        calls.1 += u64::from(writes);
        drop(asked);
        let way = if self.away.load(Ordering::SeqCst) { &self.dead } else { &self.live };
        call(&way.lock().unwrap())
    }
}

impl Site for Way {
    fn set_credentials(&mut self, _: Option<Credentials>) {}

    fn info(&self) -> Result<SiteInfo, FlowError> {
        self.ask(false, |site| site.info())
    }

    fn check_login(&self) -> Result<(), FlowError> {
        self.ask(false, |site| site.check_login())
    }

    fn fields(&self, entity_type: &str) -> Result<EntityFields, FlowError> {
        self.ask(false, |site| site.fields(entity_type))
    }

    fn create_field(&self, entity_type: &str, data_type: &str, label: &str) -> Result<String, FlowError> {
        self.ask(true, |site| site.create_field(entity_type, data_type, label))
    }

    fn find(&self, query: &Find) -> Result<Vec<Row>, FlowError> {
        self.ask(false, |site| site.find(query))
    }

    fn create(&self, entity_type: &str, fields: &Fields, return_fields: &[&str]) -> Result<Row, FlowError> {
        let row = self.ask(true, |site| site.create(entity_type, fields, return_fields))?;
        let title = fields["title"].as_str().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().created.push((self.who, self.clock.wall_ms(), title));
        Ok(row)
    }

    fn update(&self, entity_type: &str, id: u64, fields: &Fields) -> Result<Row, FlowError> {
        self.ask(true, |site| site.update(entity_type, id, fields))
    }

    fn reply(&self, ticket_id: u64, content: &str) -> Result<Row, FlowError> {
        self.ask(true, |site| site.reply(ticket_id, content))
    }

    fn delete(&self, entity_type: &str, id: u64) -> Result<bool, FlowError> {
        self.ask(true, |site| site.delete(entity_type, id))
    }

    fn upload(&self, upload: &Upload<'_>) -> Result<u64, FlowError> {
        self.ask(true, |site| site.upload(upload))
    }

    fn download(&self, attachment_id: u64, to: &mut dyn Write) -> Result<u64, FlowError> {
        self.ask(false, |site| site.download(attachment_id, to))
    }

    fn session_token(&self) -> Result<SecretString, FlowError> {
        self.ask(false, |site| site.session_token())
    }
}

/// A workstation: its state outlives its agent.
pub(crate) struct Workstation {
    who: usize,
    folder: PathBuf,
    pub(crate) shared: Arc<Shared>,
    worker: DeliveryWorker,
    /// Nothing is due before, wall time.
    deliver_ms: i64,
    settle_ms: Option<i64>,
}

/// See the module's own words.
pub(crate) struct Fleet {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) settings: Settings,
    pub(crate) workstations: Vec<Workstation>,
    pub(crate) asked: Arc<Mutex<Asked>>,
    pub(crate) away: Arc<AtomicBool>,
    live: Arc<Mutex<Api3>>,
    dead: Arc<Mutex<Api3>>,
    project_id: u64,
    folder: tempfile::TempDir,
    _desk: Desk,
}

impl Fleet {
    pub(crate) fn new(workstations: usize, start_ms: i64) -> Fleet {
        let folder = tempfile::tempdir().unwrap();
        // Its own clock cannot be turned; it stands where people will close tickets.
        let now_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let clock_ahead_s = (start_ms + CLOSED_MINUTE * MINUTE_MS) / 1_000 - i64::try_from(now_s).unwrap();
        let data = folder.path().join("desk");
        let desk = Desk::start(DeskOptions { data, clock_ahead_s, ..DeskOptions::default() }).unwrap();
        let ready = desk.ready();
        let key = SecretString::from(ready.script_key.as_str());
        let mut live = flow::connect(SiteOptions::new(&ready.url)).unwrap();
        live.set_credentials(Some(Credentials::Script { name: ready.script_name.clone(), key }));
        let project_id = u64::try_from(ready.project_id).unwrap();
        // A port that was free a moment ago: whoever asks there is refused.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let dead = flow::connect(SiteOptions::new(format!("http://{nobody}"))).unwrap();
        let mut fleet = Fleet {
            clock: Arc::new(TestClock(AtomicI64::new(start_ms))),
            settings: Layers::new().resolve().unwrap(),
            workstations: Vec::new(),
            asked: Arc::default(),
            away: Arc::default(),
            live: Arc::new(Mutex::new(live)),
            dead: Arc::new(Mutex::new(dead)),
            project_id,
            folder,
            _desk: desk,
        };
        for who in 0..workstations {
            let folder = fleet.folder.path().join(format!("ws-{who}"));
            std::fs::create_dir(&folder).unwrap();
            let workstation = fleet.start(who, folder);
            fleet.workstations.push(workstation);
        }
        fleet
    }

    fn start(&self, who: usize, folder: PathBuf) -> Workstation {
        let (store, note) = Store::open(&folder.join("state.db")).unwrap();
        assert_eq!(note, None, "the audit of workstation {who}");
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let shared = Arc::new(Shared::new(store, clock, Box::new(|_| {})));
        let credentials = Credentials::Script { name: "x".into(), key: SecretString::from("not used here") };
        let destination = Destination {
            url: "http://127.0.0.1:9".into(),
            project_id: self.project_id,
            own: Some(credentials),
        };
        let way = (Arc::clone(&self.clock), Arc::clone(&self.live), Arc::clone(&self.dead));
        let (away, asked) = (Arc::clone(&self.away), Arc::clone(&self.asked));
        let worker = DeliveryWorker::new(
            Arc::clone(&shared),
            self.settings.clone(),
            destination,
            folder.join("evidence"),
        )
        .through(Box::new(move |_| {
            Ok(Box::new(Way {
                who,
                clock: Arc::clone(&way.0),
                live: Arc::clone(&way.1),
                dead: Arc::clone(&way.2),
                away: Arc::clone(&away),
                asked: Arc::clone(&asked),
            }))
        }));
        Workstation { who, folder, shared, worker, deliver_ms: 0, settle_ms: Some(0) }
    }

    /// As when an artist restarts the machine.
    pub(crate) fn restart(&mut self, who: usize) {
        let folder = self.workstations[who].folder.clone();
        self.workstations[who] = self.start(who, folder);
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
        for workstation in &mut self.workstations {
            workstation.work(&self.settings);
        }
    }

    /// A problem has happened so often since the last look.
    pub(crate) fn happens(&mut self, who: usize, signature: &str, error: &str, reason: &str, times: u64) {
        let login = login(who);
        let facts = IncidentFacts {
            signature: signature.to_owned(),
            error_name: Some(error.to_owned()),
            summary: reason.to_owned(),
            user: login.clone(),
            machine: Machine { host: format!("ws-{who:03}"), ..Machine::default() },
            ..IncidentFacts::default()
        };
        let mut batch = Batch::default();
        let workstation = &mut self.workstations[who];
        batch.site_away = lock(&workstation.shared.contact).trouble.is_some();
        let new = NewIncident {
            signature: signature.to_owned(),
            title: format!("{login} - {error}: {signature}"),
            login: login.clone(),
            facts: serde_json::to_string(&facts).unwrap(),
            evidence: None,
        };
        batch.occurrences(format!("{signature} {login}"), times, new);
        let now_ms = self.clock.wall_ms();
        let decided = lock(&workstation.shared.store).commit(&batch, &self.settings.limits, now_ms).unwrap();
        workstation.deliver_ms = 0;
        if decided[0].waits {
            workstation.settle_ms = Some(now_ms);
        }
    }

    /// Every ticket on the site.
    pub(crate) fn tickets(&self) -> Vec<Row> {
        let query = Find::new("Ticket")
            .fields(["title", "description", "sg_incident_key", "sg_incident_count", "sg_status_list"])
            .sorted_by("id", Direction::Ascending)
            .limit(100_000);
        self.live.lock().unwrap().find(&query).unwrap()
    }

    /// People have solved these problems; their tickets.
    pub(crate) fn close(&self, of: &str) -> Vec<String> {
        let tickets = self.tickets();
        let solved = tickets.iter().filter(|row| row.text("sg_incident_key").unwrap().starts_with(of));
        let close = |row: &Row| {
            let fields = serde_json::json!({ "sg_status_list": "res" });
            self.live.lock().unwrap().update("Ticket", row.id, fields.as_object().unwrap()).unwrap();
            row.text("sg_incident_key").unwrap().to_owned()
        };
        solved.map(close).collect()
    }

    /// Bytes on the disk of a workstation.
    pub(crate) fn disk_bytes(&self, who: usize) -> u64 {
        let files = std::fs::read_dir(&self.workstations[who].folder).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    }
}

impl Workstation {
    /// What the two threads of an agent do when they wake up.
    fn work(&mut self, settings: &Settings) {
        let now_ms = self.shared.clock.wall_ms();
        if self.settle_ms.is_some_and(|at| at <= now_ms) {
            let settled = lock(&self.shared.store).settle(&settings.limits, now_ms).unwrap();
            self.settle_ms = settled.next_ms;
            if settled.has_news() {
                self.deliver_ms = 0;
            }
        }
        if self.deliver_ms <= now_ms {
            let wait = self.worker.step();
            let wait_ms = wait.map_or(i64::MAX / 2, |wait| i64::try_from(wait.as_millis()).unwrap());
            self.deliver_ms = now_ms.saturating_add(wait_ms);
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        lock(&self.shared.store).waiting_count().unwrap() == 0
    }

    pub(crate) fn name(&self) -> String {
        login(self.who)
    }
}

pub(crate) fn login(who: usize) -> String {
    format!("artist{who:03}")
}
