//! The agent as a whole: takes the lock, opens the state, starts its threads and waits for the end.
//!
//! Threads: `follow` (the caller's own), `deliver` and `control`. They share the state and nothing that blocks.

use crate::answering::Answering;
use crate::attach::Attach;
use crate::clock::{Clock, SystemClock};
use crate::control::{Control, STOPPED, TAKEN_OVER};
use crate::delivery::{DeliveryWorker, Destination, Wake};
use crate::event::Event;
use crate::evidence;
use crate::gate::Gate;
use crate::instance::{Instance, InstanceError};
use crate::metrics::{self, Metrics};
use crate::own_log;
use crate::paths::{StateFolder, site_folder};
use crate::pipeline::{Command, Parts, Pipeline, RestoreFolder};
use crate::reader::LogReader;
use crate::settings::{Settings, StartAt};
use crate::shared::{EventSink, STATE, Shared, lock};
use crate::status::Identity;
use crate::store::{STATE_LOST, Store, StoreError};
use crate::version;
use log_follow::{
    FollowOptions, Follower, PatientDisk, PatientFile, Patterns, SystemDisk, Watcher, handle_budget,
    system_events,
};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

/// At most this much is read before it is kept: memory in a storm, and the time a crash costs.
const LOOK_BYTES: u64 = 1024 * 1024;
/// What the channel is called in errors and warnings.
const CHANNEL: &str = "control channel";
/// The threads do little with their stacks; the default of 2 MiB each would count as idle memory on some systems.
const STACK_BYTES: usize = 512 * 1024;

/// What an agent needs to run.
pub struct AgentOptions {
    /// Effective settings.
    pub settings: Settings,
    /// Where tickets go.
    pub destination: Destination,
    /// The page of our own desk, if that is where they go.
    pub page: Option<String>,
    /// The state folder of this user and site.
    pub folder: StateFolder,
    /// The right to run in it.
    pub instance: Instance,
    /// The log folders, already found.
    pub log_folders: Vec<PathBuf>,
    /// The session that started us, if one did.
    pub attach: Option<Attach>,
    /// Where events go.
    pub events: EventSink,
    /// Tell every record, not only the first of each problem.
    pub list_all: bool,
}

/// Why an agent could not start. Once it runs, it goes on whatever happens.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Another one runs, or the lock cannot be used.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The state cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A folder or file of ours cannot be made.
    #[error("cannot make `{}`: check free space and permissions, or set agent.state_dir", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The control channel or a thread cannot be made.
    #[error("cannot start the {what}")]
    Start {
        /// Which part.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A way to end a running agent from another thread, a signal handler for instance.
#[derive(Clone)]
pub struct Stopper(Sender<Command>);

impl Stopper {
    /// Ends it soon; nothing is lost by it.
    pub fn stop(&self, reason: &'static str) {
        // It may have ended already.
        let _ = self.0.send(Command::Stop(reason));
    }
}

/// Makes the state folder and takes the lock: what comes before everything else.
///
/// # Errors
/// When the folder cannot be made, or another agent runs.
pub fn enter(folder: &StateFolder) -> Result<Instance, AgentError> {
    folder.create().map_err(|source| AgentError::Folder { path: folder.path().to_owned(), source })?;
    Ok(Instance::take(folder)?)
}

/// Runs an agent on this thread until it is stopped. `started` is called once it works. The right to run in its folder is held
/// until this process ends: nothing but that should follow.
///
/// # Errors
/// When it cannot start; see [`AgentError`].
pub fn run(options: AgentOptions, started: impl FnOnce(Stopper)) -> Result<(), AgentError> {
    let folder = options.folder;
    let instance = Arc::new(Mutex::new(options.instance));
    own_log::start(&folder.own_log())
        .map_err(|source| AgentError::Folder { path: folder.own_log(), source })?;
    let (store, damage) = Store::open(&folder.database())?;
    evidence::sweep(&folder.evidence(), &mut |hash| store.needs_evidence(hash).unwrap_or(true));
    let positions = store.positions()?;
    let known_folders = store.folders()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let identity = Identity {
        site: options.destination.url.clone(),
        page: options.page,
        entity_type: options.settings.site.entity_type.clone(),
        state: folder.path().display().to_string(),
        started_ms: clock.steady_ms(),
        limits: options.settings.limits.clone(),
    };
    let shared = Arc::new(Shared::new(store, clock, options.events));
    if let Some(damage) = damage {
        tracing::warn!("{damage}");
        shared.tell(&Event::Warning { what: STATE.to_owned(), message: damage });
        // A new state has no other gaps yet.
        for gap in lock(&shared.store).gaps()? {
            shared.tell(&Event::Gap { file: gap.file, bytes: None, reason: STATE_LOST });
        }
    }

    let (commands, orders) = channel();
    let (wake, woken) = channel();
    if let Some(attach) = options.attach {
        let _ = commands.send(Command::Attach(Box::new(attach)));
    }
    let answering = Answering {
        shared: Arc::clone(&shared),
        identity: identity.clone(),
        commands: commands.clone(),
        captures_waiting: Arc::default(),
        wake: wake.clone(),
        evidence: options.settings.evidence.clone(),
        spool: folder.evidence(),
    };
    open_channel(&folder, &answering)?;
    let restore_folder = restoring(folder.clone(), Arc::clone(&instance), answering);
    let worker = DeliveryWorker::new(
        Arc::clone(&shared),
        options.settings.clone(),
        options.destination,
        folder.evidence(),
    );
    let delivering = thread("deliver", move || worker.run(&woken))?;

    let metrics = metrics::file(
        &options.settings.agent.metrics_file,
        &whoami::username().unwrap_or_else(|_| "unknown".to_owned()),
        &site_folder(&identity.site),
    );
    let metrics = metrics
        .map(|path| Metrics::start(path, Arc::clone(&shared), identity.clone()))
        .transpose()
        .map_err(|source| AgentError::Start { what: "metrics", source })?;

    let folders: Vec<String> =
        options.log_folders.iter().map(|folder| folder.display().to_string()).collect();
    let looks = commands.clone();
    let events = system_events(Box::new(move || {
        // The thread that reads may have ended already.
        let _ = looks.send(Command::Look);
    }));
    let log_folders = options.log_folders.clone();
    let follower = follower(&options.settings, options.log_folders, known_folders, events, &positions);
    let gate = Gate::new(&options.settings.detect).read_gate();
    let reader = LogReader::new(follower, positions, gate, options.settings.agent.quiet_ms);
    let pipeline = Pipeline::new(Parts {
        shared: Arc::clone(&shared),
        settings: options.settings,
        reader,
        spool: folder.evidence(),
        folder: folder.clone(),
        log_folders,
        wake: wake.clone(),
        list_all: options.list_all,
        restore_folder,
    });
    let ready = Event::Ready {
        version: version::this(),
        pid: std::process::id(),
        site: identity.site.clone(),
        folders,
        state: identity.state,
    };
    tracing::info!(site = identity.site, "started");
    started(Stopper(commands));
    let reason = pipeline.run(&orders, || shared.tell(&ready));
    let _ = wake.send(Wake::Stop);
    shared.listeners.bye(if reason == TAKEN_OVER { TAKEN_OVER } else { STOPPED });
    // A call to the site may take its whole time-out; what it achieved is found again if we do not wait.
    drop(delivering);
    if let Some(metrics) = metrics {
        metrics.stop();
    }
    // Held until the process is gone: that call may still end, and must find nobody else in the state. A newer agent waits.
    std::mem::forget(instance);
    let seen = lock(&shared.store).totals().map_or(0, |totals| totals.seen);
    tracing::info!(reason, "stopped");
    shared.tell(&Event::Stopped { seen, reason });
    Ok(())
}

fn follower(
    settings: &Settings,
    folders: Vec<PathBuf>,
    known_folders: Vec<PathBuf>,
    events: Box<dyn Watcher<PatientFile<File>>>,
    positions: &[crate::store::Position],
) -> Follower<PatientDisk<SystemDisk>> {
    let patterns = Patterns::new(settings.watch.patterns.clone());
    let options = FollowOptions {
        watches: folders.into_iter().map(|folder| (folder, patterns.clone())).collect(),
        start_at: match settings.watch.start_at {
            StartAt::Start => log_follow::StartAt::Start,
            StartAt::End => log_follow::StartAt::End,
        },
        known_folders,
        look_bytes: LOOK_BYTES,
        most_handles: handle_budget(),
    };
    Follower::with_events(
        PatientDisk::new(SystemDisk),
        events,
        options,
        positions.iter().map(|position| position.checkpoint.clone()).collect(),
    )
}

/// What makes the state folder anew: with it went the lock, the socket and the log.
fn restoring(folder: StateFolder, instance: Arc<Mutex<Instance>>, answering: Answering) -> RestoreFolder {
    Box::new(move || {
        if folder.lock().exists() {
            // Only the state was deleted.
            return Ok(());
        }
        // Somebody may have started another agent meanwhile; then this one has no state to write.
        *lock(&instance) = enter(&folder)?;
        open_channel(&folder, &answering)
    })
}

fn open_channel(folder: &StateFolder, answering: &Answering) -> Result<(), AgentError> {
    let listeners = Arc::clone(&answering.shared.listeners);
    let control = Control::open(folder, answering.clone().handler(), listeners)
        .map_err(|source| AgentError::Start { what: CHANNEL, source })?;
    if let Some(trouble) = control.trouble() {
        answering.shared.warn(CHANNEL, trouble.to_owned());
    }
    thread("control", move || control.serve()).map(drop)
}

fn thread(
    name: &'static str,
    work: impl FnOnce() + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, AgentError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)
        .map_err(|source| AgentError::Start { what: name, source })
}
