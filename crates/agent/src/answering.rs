//! What the agent answers to requests of the control channel.
//!
//! Runs on the threads of requests: nothing here waits for a site, and for the pipeline only as long as whoever asks would
//! wait.

use crate::captured::Captured;
use crate::control::{
    BUSY, Handler, MuteRequest, Request, STOPPING, TAKEN_OVER, accepted, refused, refused_as,
};
use crate::delivery::{Wake, chain};
use crate::pipeline::Command;
use crate::policy::mute::{Mute, Until};
use crate::report::{ReportRequest, new_key};
use crate::retention;
use crate::settings::EvidenceSettings;
use crate::shared::{Shared, lock};
use crate::status::{Identity, status};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How long a report may take until it is told that it is still at it: less than whoever asks waits for an answer.
const REPORT_PATIENCE: Duration = Duration::from_secs(4);

/// Batches of a megabyte each that may wait: hosts hand over again what was not kept.
const MOST_CAPTURES_WAITING: usize = 8;
const AT_SOMETHING_ELSE: &str = "it is at something else: hand them over again";

/// What answers are made of.
#[derive(Clone)]
pub(crate) struct Answering {
    pub(crate) shared: Arc<Shared>,
    pub(crate) identity: Identity,
    pub(crate) commands: Sender<Command>,
    /// One owner for each batch of captured records that waits for the pipeline, beside the handlers themselves.
    pub(crate) captures_waiting: Arc<()>,
    pub(crate) wake: Sender<Wake>,
    /// How much of the end of a log goes with a report, and how much is kept on this machine.
    pub(crate) evidence: EvidenceSettings,
    /// Where archives are.
    pub(crate) spool: PathBuf,
}

impl Answering {
    /// For the control channel.
    pub(crate) fn handler(self) -> Handler {
        Arc::new(move |request| match request {
            Request::Status => match status(&self.shared, &self.identity) {
                Ok(status) => serde_json::to_value(status).unwrap_or(Value::Null),
                Err(error) => refused(&chain(&error)),
            },
            Request::Attach(attach) => self.pass_on(Command::Attach(attach)),
            Request::Detach(detach) => self.pass_on(Command::Detach(detach)),
            Request::Records(captured) => self.captured(captured),
            Request::Report(request) => self.report(request),
            Request::Ticket { key } => self.ticket(&key),
            Request::Mute(request) => self.mute(request).unwrap_or_else(|why| refused(&why)),
            Request::Unmute { what } => self.unmute(&what).unwrap_or_else(|why| refused(&why)),
            Request::Flush => self.flush(),
            Request::Prune { dry_run } => self.prune(dry_run),
            Request::Renew { site } => self.pass_on(Command::Renew(Box::new(site))),
            Request::Stop { reason, by } => self.stop(reason.as_deref(), by.as_deref()),
            // Answered before they come here.
            Request::Listen(_) | Request::Unknown => refused("not understood"),
        })
    }

    fn pass_on(&self, command: Command) -> Value {
        let is_stop = matches!(command, Command::Stop(_));
        let sent = self.commands.send(command);
        // Asked afterwards, so that nothing is accepted that comes too late to be done. Who hears otherwise asks the next agent.
        if sent.is_err() || (self.shared.is_ending() && !is_stop) { stopping() } else { accepted() }
    }

    fn stop(&self, reason: Option<&str>, by: Option<&str>) -> Value {
        if reason != Some(TAKEN_OVER) {
            return self.pass_on(Command::Stop("asked to stop"));
        }
        tracing::info!(by, "another version takes over");
        self.pass_on(Command::Stop(TAKEN_OVER))
    }

    /// Says whether the records are kept. Those that took too long are handed over again, and known by their numbers.
    fn captured(&self, captured: Box<Captured>) -> Value {
        let (kept, answer) = channel();
        // This one here is one of the owners.
        if Arc::strong_count(&self.captures_waiting) > MOST_CAPTURES_WAITING {
            return refused_as(BUSY, AT_SOMETHING_ELSE);
        }
        let waiting = Arc::clone(&self.captures_waiting);
        let sent = self.commands.send(Command::Captured(captured, kept, waiting));
        if sent.is_err() || self.shared.is_ending() {
            return stopping();
        }
        match answer.recv_timeout(REPORT_PATIENCE) {
            Ok(Ok(())) => accepted(),
            Ok(Err(why)) => refused(&why),
            Err(RecvTimeoutError::Timeout) => refused(AT_SOMETHING_ELSE),
            Err(RecvTimeoutError::Disconnected) => stopping(),
        }
    }

    fn flush(&self) -> Value {
        let due = lock(&self.shared.store).all_due(self.shared.clock.wall_ms());
        if let Err(error) = due {
            return refused(&chain(&error));
        }
        match self.wake.send(Wake::Flush) {
            Ok(()) => accepted(),
            Err(_) => stopping(),
        }
    }

    fn prune(&self, dry_run: bool) -> Value {
        let now_ms = self.shared.clock.wall_ms();
        let mut store = lock(&self.shared.store);
        retention::answer(&mut store, &self.spool, &self.evidence, now_ms, dry_run)
            .unwrap_or_else(|error| refused(&chain(&error)))
    }

    /// Says whether the report is kept. One that takes long is kept all the same, unless this process dies before.
    fn report(&self, request: ReportRequest) -> Value {
        if let Err(why) = request.check() {
            return refused(&why);
        }
        let (clock, host) = (&self.shared.clock, whoami::hostname().unwrap_or_default());
        let key = new_key(clock.wall_ms(), clock.steady_ms(), &host, &request.comment);
        let (kept, answer) = channel();
        let limit_bytes = usize::try_from(self.evidence.log_bytes).unwrap_or(usize::MAX);
        let (commands, for_report) = (self.commands.clone(), key.clone());
        let reading = std::thread::Builder::new().name("report".to_owned()).spawn(move || {
            let report = request.read(for_report, limit_bytes, kept);
            // Whoever asked hears that nobody is there: the answer's other end is gone.
            let _ = commands.send(Command::Report(Box::new(report)));
        });
        if reading.is_err() {
            return refused("no thread could be started to read the logs: try again");
        }
        match answer.recv_timeout(REPORT_PATIENCE) {
            Ok(Ok(title)) => json!({ "ok": true, "key": key, "kept": true, "title": title }),
            Ok(Err(why)) => refused(&why),
            Err(RecvTimeoutError::Timeout) => json!({ "ok": true, "key": key, "kept": false }),
            Err(RecvTimeoutError::Disconnected) => stopping(),
        }
    }

    fn mute(&self, request: MuteRequest) -> Result<Value, String> {
        let now_ms = self.shared.clock.wall_ms();
        let Some(what) = self.problem(&request.what)? else { return Ok(unknown(&request.what)) };
        let until =
            Until { date_ms: request.until_ms, count: request.until_count, escalating: request.escalating };
        let says_nothing = until == Until::default() && !request.forever;
        let until = if says_nothing { Until::default_from(now_ms) } else { until };
        let mute = Mute { what, reason: request.reason, author: request.author, until };
        mute.check(now_ms).map_err(|why| why.to_string())?;
        let silenced = lock(&self.shared.store).mute(&mute, now_ms).map_err(|error| chain(&error))?;
        Ok(json!({
            "ok": true, "what": mute.what, "until_ms": mute.until.date_ms, "silenced": silenced,
        }))
    }

    fn unmute(&self, what: &str) -> Result<Value, String> {
        let Some(what) = self.problem(what)? else { return Ok(unknown(what)) };
        let now_ms = self.shared.clock.wall_ms();
        let ended = lock(&self.shared.store).unmute(&what, now_ms).map_err(|error| chain(&error))?;
        // A ticket that stands hears of what was counted meanwhile.
        let _ = self.wake.send(Wake::Look);
        Ok(json!({ "ok": true, "what": what, "ended": ended }))
    }

    /// What a mute is about: a problem by its words, or that of a ticket by its number; `None` for a ticket of nobody here.
    fn problem(&self, what: &str) -> Result<Option<String>, String> {
        match what.trim().parse() {
            Ok(ticket_id) => lock(&self.shared.store).key_of_ticket(ticket_id).map_err(|error| chain(&error)),
            Err(_) => Ok(Some(what.trim().to_owned())),
        }
    }

    fn ticket(&self, key: &str) -> Value {
        let filed = lock(&self.shared.store).filed(key);
        match filed {
            Ok(None) => json!({ "ok": true, "key": key, "kept": false }),
            Ok(Some(filed)) => json!({
                "ok": true,
                "key": key,
                "kept": true,
                "title": filed.title,
                "ticket_id": filed.ticket_id,
                "url": filed.ticket_id.map(|id| self.identity.ticket_url(id)),
                "steps_left": filed.steps_left,
                "why": filed.why.or_else(|| lock(&self.shared.contact).trouble.clone()),
            }),
            Err(error) => refused(&chain(&error)),
        }
    }
}

fn stopping() -> Value {
    refused_as(STOPPING, "this agent is ending")
}

/// Nothing is wrong with the question, there is only no answer.
fn unknown(what: &str) -> Value {
    json!({ "ok": true, "what": null, "asked": what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::settings::Layers;
    use crate::store::Store;
    use std::sync::mpsc::Receiver;

    struct World {
        _folder: tempfile::TempDir,
        shared: Arc<Shared>,
        handler: Handler,
        commands: Receiver<Command>,
        _woken: Receiver<Wake>,
    }

    impl World {
        /// Answers, and a pipeline that is at something else.
        fn new() -> World {
            let folder = tempfile::tempdir().unwrap();
            let settings = Layers::default().resolve().unwrap();
            let (store, _) = Store::open(&folder.path().join("state.db")).unwrap();
            let shared = Arc::new(Shared::new(store, Arc::new(SystemClock::new()), Box::new(|_| ())));
            let (sender, commands) = channel();
            let (wake, woken) = channel();
            let identity = Identity {
                site: String::new(),
                page: None,
                entity_type: "Ticket".to_owned(),
                state: String::new(),
                started_ms: 0,
                limits: settings.limits.clone(),
            };
            let answering = Answering {
                shared: Arc::clone(&shared),
                identity,
                commands: sender,
                captures_waiting: Arc::default(),
                wake,
                evidence: settings.evidence,
                spool: folder.path().to_owned(),
            };
            World { _folder: folder, shared, handler: answering.handler(), commands, _woken: woken }
        }

        fn ask(&self, request: &str) -> Value {
            ask(&self.handler, request)
        }
    }

    fn ask(handler: &Handler, request: &str) -> Value {
        handler(Request::read(request.as_bytes()).unwrap())
    }

    #[test]
    fn an_agent_that_ends_promises_nothing_more() {
        let world = World::new();
        let asked = [
            r#"{"type":"attach","session":{"pid":1}}"#,
            r#"{"type":"detach","pid":1}"#,
            r#"{"type":"renew","site":{"session_token":"t"}}"#,
        ];
        for request in asked {
            assert_eq!(world.ask(request)["ok"], true, "{request}");
        }
        assert_eq!(world.commands.try_iter().count(), asked.len());
        world.shared.end();
        let records = r#"{"type":"records","pid":1,"started":"today","first":1,"records":[]}"#;
        for request in asked.into_iter().chain([records]) {
            let answer = world.ask(request);
            assert_eq!((&answer["ok"], &answer["code"]), (&json!(false), &json!(STOPPING)), "{request}");
        }
        assert_eq!(world.ask(r#"{"type":"stop"}"#)["ok"], true, "that is done already");
        drop(world.commands);
        assert_eq!(ask(&world.handler, asked[1])["code"], STOPPING);
    }

    #[test]
    fn only_so_many_batches_of_records_wait_and_there_is_room_again_when_they_are_kept() {
        let world = World::new();
        let records = r#"{"type":"records","pid":1,"started":"today","first":1,"records":[]}"#;
        let hosts: Vec<_> = (0..MOST_CAPTURES_WAITING)
            .map(|_| {
                let handler = Arc::clone(&world.handler);
                let host = std::thread::spawn(move || ask(&handler, records));
                (world.commands.recv().unwrap(), host)
            })
            .collect();
        let one_too_many = world.ask(records);
        assert_eq!((&one_too_many["ok"], &one_too_many["code"]), (&json!(false), &json!(BUSY)));
        assert!(world.commands.try_recv().is_err(), "it does not wait");
        for (command, host) in hosts {
            let Command::Captured(_, kept, waiting) = command else { panic!("not what was handed over") };
            // A host may have given up waiting: it hands them over again.
            let _ = kept.send(Ok(()));
            drop(waiting);
            host.join().unwrap();
        }
        let handler = Arc::clone(&world.handler);
        let host = std::thread::spawn(move || ask(&handler, records));
        let Command::Captured(_, kept, _) = world.commands.recv().unwrap() else { panic!("not records") };
        kept.send(Ok(())).unwrap();
        assert_eq!(host.join().unwrap()["ok"], true);
    }
}
