//! The agent's end of the channel.
//!
//! One thread waits for connections; each request has a thread of its own for as long as it takes, up to a number of them, and
//! a moment by which it has to be there and its answer taken. Whoever stalls holds up nobody but itself.

use super::address::Address;
use super::answer::{BUSY, line, refused, refused_as, signed};
use super::listeners::Listeners;
#[cfg(unix)]
use super::peer::refuse_others;
use super::recorded;
use super::request::{Listen, Request};
use super::stream::Timed;
use super::{MOST_REQUEST_BYTES, PATIENCE};
use crate::attach::Detach;
use crate::paths::StateFolder;
use crate::shared::lock;
use interprocess::local_socket::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// More requests at once wait to be let in.
const MOST_AT_ONCE: usize = 16;
/// Answering writes the state and reads it; the default of 2 MiB would count as idle memory on some systems.
const STACK_BYTES: usize = 512 * 1024;

/// The processes of an agent that has just ended may hold its pipe open for a moment.
#[cfg(windows)]
const TAKEN_PATIENCE: Duration = Duration::from_secs(2);

/// Answers requests; called on several threads at once.
pub type Handler = Arc<dyn Fn(Request) -> Value + Send + Sync>;

/// The agent's end of the channel. Closing is by the process ending.
pub struct Control {
    listener: LocalSocketListener,
    handler: Handler,
    listeners: Arc<Listeners>,
    room: Arc<Room>,
    patience: Duration,
    trouble: Option<String>,
}

impl Control {
    /// Takes a place to listen at, and writes down which. The caller holds the instance lock, so a socket that is there is
    /// left over, and a pipe that is there is no agent's of this folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(folder: &StateFolder, handler: Handler, listeners: Arc<Listeners>) -> io::Result<Control> {
        let Listening { listener, address, trouble } = listen(folder)?;
        match recorded::write(folder, &address) {
            // Nobody would find it.
            Err(error) if trouble.is_some() => return Err(error),
            Err(error) => tracing::warn!("control channel: its place is not written down: {error}"),
            Ok(()) => {}
        }
        Ok(Control { listener, handler, listeners, room: Arc::default(), patience: PATIENCE, trouble })
    }

    /// Why it does not listen where others would look first, if so.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Answers until the process ends.
    pub fn serve(self) {
        loop {
            let place = Room::enter(&self.room);
            let stream = match self.listener.accept() {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!("control channel: {error}");
                    // Out of handles, most likely: not a reason to spin.
                    std::thread::sleep(Duration::from_millis(200));
                    continue;
                }
            };
            let (handler, listeners) = (Arc::clone(&self.handler), Arc::clone(&self.listeners));
            let connection = Connection { stream, handler, listeners, place, patience: self.patience };
            let serving = std::thread::Builder::new().name("request".to_owned()).stack_size(STACK_BYTES);
            // A broken connection is the client's trouble; it sees it itself.
            let served = serving.spawn(move || drop(connection.serve()));
            if let Err(error) = served {
                tracing::warn!("control channel: no thread for a request: {error}");
            }
        }
    }
}

struct Listening {
    listener: LocalSocketListener,
    address: PathBuf,
    trouble: Option<String>,
}

/// Listens where one would look first, else wherever it can.
fn listen(folder: &StateFolder) -> io::Result<Listening> {
    let first = Address::first_choice(folder)?;
    let why = match bind_in_time(&first) {
        Ok(listener) => return Ok(Listening { listener, address: first.path, trouble: None }),
        Err(why) => why,
    };
    let other = Address::elsewhere();
    let Ok(listener) = bind(&other) else { return Err(why) };
    let trouble = format!(
        "`{}`, where programs look first, cannot be had ({why}): until the next start it is `{}`; look for who holds the other",
        first.path.display(),
        other.path.display()
    );
    Ok(Listening { listener, address: other.path, trouble: Some(trouble) })
}

#[cfg(unix)]
fn bind_in_time(address: &Address) -> io::Result<LocalSocketListener> {
    bind(address)
}

/// A name is free when both ends of all its pipes are closed, and a host that was just told of its agent's end may take a moment.
#[cfg(windows)]
fn bind_in_time(address: &Address) -> io::Result<LocalSocketListener> {
    let began = std::time::Instant::now();
    loop {
        match bind(address) {
            Err(_) if began.elapsed() < TAKEN_PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            bound => return bound,
        }
    }
}

#[cfg(unix)]
fn bind(address: &Address) -> io::Result<LocalSocketListener> {
    use std::os::unix::fs::PermissionsExt;
    address.make_folder()?;
    let name = address.path.as_path().to_fs_name::<GenericFilePath>()?;
    let listener = ListenerOptions::new().name(name).try_overwrite(true).create_sync()?;
    // Its folder is closed to others already; where it is not, because somebody has opened it, this is.
    std::fs::set_permissions(&address.path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// The first of its name, from this machine only: a pipe that somebody else has made before is not joined.
#[cfg(windows)]
fn bind(address: &Address) -> io::Result<LocalSocketListener> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt;
    let descriptor = super::windows::for_this_user()?;
    let name = address.path.as_path().to_fs_name::<GenericFilePath>()?;
    ListenerOptions::new().name(name).security_descriptor(descriptor).create_sync()
}

/// One connection that was let in.
struct Connection {
    stream: LocalSocketStream,
    handler: Handler,
    listeners: Arc<Listeners>,
    place: Place,
    patience: Duration,
}

impl Connection {
    fn serve(self) -> io::Result<()> {
        #[cfg(unix)]
        if let Err(stranger) = refuse_others(&self.stream) {
            tracing::warn!("control channel: a connection was refused: {stranger}");
            return Err(stranger);
        }
        let mut line = Vec::new();
        let timed = Timed::new(&self.stream, self.patience);
        BufReader::new(timed).take(MOST_REQUEST_BYTES).read_until(b'\n', &mut line)?;
        match Request::read(&line) {
            Ok(Request::Listen(who)) => self.keep(who),
            Ok(request) => send(&self.stream, self.answered(request), self.patience),
            Err(refusal) => send(&self.stream, refusal, self.patience),
        }
    }

    /// A fault of ours must not look like the end of the agent.
    fn answered(&self, request: Request) -> Value {
        let answered = std::panic::catch_unwind(AssertUnwindSafe(|| (self.handler)(request)));
        answered.unwrap_or_else(|_| refused("a fault of ours; please report it"))
    }

    /// Keeps the connection for what the agent may have to say. When it ends, so has its session.
    fn keep(self, who: Listen) -> io::Result<()> {
        let stream = Arc::new(self.stream);
        let Some(id) = self.listeners.join(who, &stream) else {
            return send(&stream, refused_as(BUSY, "too many listen already"), self.patience);
        };
        drop(self.place);
        if let Some(Listen { pid: Some(pid), started }) = self.listeners.outlive(id, &stream) {
            let _ = (self.handler)(Request::Detach(Detach { pid, started, sent_ms: None }));
        }
        Ok(())
    }
}

fn send(stream: &LocalSocketStream, answer: Value, patience: Duration) -> io::Result<()> {
    Timed::new(stream, patience).write_last(line(answer).as_bytes())
}

/// The answer to one line, whatever it is: what [`Control`] does, without a connection.
pub fn respond(line: &[u8], handler: impl FnOnce(Request) -> Value) -> Value {
    signed(Request::read(line).map_or_else(|refusal| refusal, handler))
}

/// How many requests are being answered.
#[derive(Default)]
struct Room {
    taken: Mutex<usize>,
    left: Condvar,
}

/// One of [`MOST_AT_ONCE`] places; given back when dropped.
struct Place(Arc<Room>);

impl Room {
    fn enter(room: &Arc<Room>) -> Place {
        let taken = room.left.wait_while(lock(&room.taken), |taken| *taken >= MOST_AT_ONCE);
        *taken.unwrap_or_else(PoisonError::into_inner) += 1;
        Place(Arc::clone(room))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *lock(&self.0.taken) -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{ask, first_choice};
    use crate::instance::Instance;
    use serde_json::json;
    use std::io::Write;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Instant;

    /// Longer than any of this takes.
    const LONG: Duration = Duration::from_secs(60);
    /// More than the buffers of any system take.
    const MOST_BUFFERED: usize = 4 * 1024 * 1024;

    #[cfg(unix)]
    type Raw = std::os::unix::net::UnixStream;
    #[cfg(windows)]
    type Raw = std::fs::File;

    struct World {
        /// There for as long as the test; one test of Windows puts the next agent into it.
        #[cfg_attr(not(windows), expect(dead_code))]
        folder: tempfile::TempDir,
        state: StateFolder,
        listeners: Arc<Listeners>,
        gone: Receiver<u32>,
        trouble: Option<String>,
        /// By which those who ask know that an agent runs.
        _instance: Option<Instance>,
    }

    impl World {
        fn with_patience(patience: Duration) -> World {
            World::at(tempfile::tempdir().unwrap(), patience)
        }

        fn at(folder: tempfile::TempDir, patience: Duration) -> World {
            let state = StateFolder::at(folder.path().to_owned());
            let instance = Instance::take(&state).ok();
            let (told, gone) = channel();
            let told = Mutex::new(told);
            let handler: Handler = Arc::new(move |request| {
                match request {
                    Request::Detach(detach) => lock(&told).send(detach.pid).unwrap(),
                    Request::Flush => return json!({ "ok": true, "much": "x".repeat(MOST_BUFFERED) }),
                    _ => {}
                }
                json!({ "ok": true })
            });
            let listeners: Arc<Listeners> = Arc::default();
            let mut control = Control::open(&state, handler, Arc::clone(&listeners)).unwrap();
            control.patience = patience;
            let trouble = control.trouble().map(str::to_owned);
            std::thread::spawn(move || control.serve());
            World { folder, state, listeners, gone, trouble, _instance: instance }
        }

        #[cfg(unix)]
        fn connect(&self) -> Raw {
            let stream = Raw::connect(first_choice(&self.state).unwrap()).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            stream
        }

        /// While others are let in, a pipe is busy.
        #[cfg(windows)]
        fn connect(&self) -> Raw {
            const ERROR_PIPE_BUSY: i32 = 231;
            let began = Instant::now();
            loop {
                match std::fs::File::options().read(true).write(true).open(first_choice(&self.state).unwrap())
                {
                    Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY) && began.elapsed() < LONG => {
                        std::thread::yield_now();
                    }
                    pipe => return pipe.unwrap(),
                }
            }
        }

        fn listen(&self, pid: u32) -> BufReader<Raw> {
            let mut stream = BufReader::new(self.connect());
            writeln!(stream.get_mut(), "{}", json!({ "type": "listen", "pid": pid })).unwrap();
            stream
        }

        fn others_get_in(&self) {
            assert_eq!(ask(&self.state, r#"{"type":"status"}"#).unwrap()["ok"], true);
        }
    }

    fn heard(stream: &mut BufReader<Raw>) -> Value {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn clients_that_drip_are_hung_up_on_however_many_and_others_get_in() {
        let world = World::with_patience(Duration::from_millis(300));
        let drippers: Vec<_> = (0..MOST_AT_ONCE + 4)
            .map(|_| {
                let mut stream = world.connect();
                std::thread::spawn(move || {
                    let began = Instant::now();
                    // Each byte comes well within the patience.
                    while began.elapsed() < LONG && stream.write_all(b" ").is_ok() {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    began.elapsed() < LONG
                })
            })
            .collect();
        world.others_get_in();
        assert!(drippers.into_iter().all(|dripper| dripper.join().unwrap()));
    }

    #[test]
    fn clients_that_do_not_read_are_hung_up_on_however_many_and_others_get_in() {
        let world = World::with_patience(Duration::from_millis(300));
        let deaf: Vec<_> = (0..MOST_AT_ONCE + 4)
            .map(|_| {
                let mut stream = world.connect();
                stream.write_all(b"{\"type\":\"flush\"}\n").unwrap();
                stream
            })
            .collect();
        world.others_get_in();
        drop(deaf);
    }

    #[test]
    fn an_answer_is_whole_however_late_within_its_time_it_is_read() {
        let world = World::with_patience(LONG);
        let mut stream = world.connect();
        stream.write_all(b"{\"type\":\"flush\"}\n").unwrap();
        world.others_get_in();
        let mut answer = BufReader::new(stream);
        assert_eq!(heard(&mut answer)["much"].as_str().map(str::len), Some(MOST_BUFFERED));
        drop(answer);
        world.others_get_in();
    }

    #[test]
    fn what_is_too_long_is_not_read_to_its_end() {
        let world = World::with_patience(LONG);
        let mut stream = world.connect();
        let most = usize::try_from(MOST_REQUEST_BYTES).unwrap();
        stream.write_all(&vec![b' '; most]).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.contains("malformed"), "{answer}");
    }

    /// What holds the name is a pipe of somebody else, or one of an agent that is gone while its client is still there.
    #[cfg(windows)]
    #[test]
    fn an_agent_whose_name_is_taken_listens_under_another_and_is_found() {
        use interprocess::os::windows::named_pipe::{PipeListenerOptions, pipe_mode::Bytes};
        let folder = tempfile::tempdir().unwrap();
        let usual = first_choice(&StateFolder::at(folder.path().to_owned())).unwrap();
        let mut options = PipeListenerOptions::new().path(usual.as_os_str());
        // Wine does not know what the first of a name is, but how many there may be.
        options.instance_limit = std::num::NonZeroU8::new(1);
        let holder = options.create_duplex::<Bytes>().unwrap();
        let used = std::fs::File::options().read(true).write(true).open(&usual).unwrap();
        let state = StateFolder::at(folder.path().to_owned());
        assert!(ask(&state, r#"{"type":"status"}"#).unwrap_err().is_nobody(), "it is busy for ever");
        let world = World::at(folder, LONG);
        let trouble = world.trouble.as_deref().unwrap();
        assert!(trouble.contains(usual.to_str().unwrap()), "{trouble}");
        world.others_get_in();

        drop(holder);
        let world = World::at(world.folder, LONG);
        world.others_get_in();
        drop(used);
        let world = World::at(world.folder, LONG);
        world.others_get_in();
        assert_eq!(world.trouble, None, "the usual name is free again");
    }

    #[cfg(unix)]
    #[test]
    fn the_socket_is_for_its_user() {
        use std::os::unix::fs::PermissionsExt;
        let world = World::with_patience(LONG);
        let mode = std::fs::metadata(first_choice(&world.state).unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(world.trouble, None, "it is where one would look");
    }

    #[test]
    fn a_listener_that_does_not_read_is_let_go_and_the_others_hear() {
        let world = World::with_patience(LONG);
        let mut reads = world.listen(1);
        let deaf = world.listen(2);
        assert_eq!(heard(&mut reads)["ok"], true);
        while world.listeners.count() < 2 {
            std::thread::yield_now();
        }
        // Until the deaf one's buffers are full.
        let mut told = 0;
        while world.listeners.count() == 2 {
            assert!(world.listeners.ask_renew(told * 60_000));
            assert_eq!(heard(&mut reads), json!({ "v": 1, "type": "renew" }));
            told += 1;
        }
        assert!(!world.listeners.ask_renew((told - 1) * 60_000 + 59_999), "once a minute");
        // Its process is there all the same: its session goes on.
        drop((deaf, reads));
        assert_eq!(world.gone.recv_timeout(LONG), Ok(1));
        assert!(world.gone.try_recv().is_err());
    }

    #[test]
    fn listeners_are_no_requests_and_there_are_only_so_many() {
        let world = World::with_patience(LONG);
        let mut all: Vec<_> = (0..64).map(|pid| world.listen(pid)).collect();
        assert!(all.iter_mut().all(|listener| heard(listener)["ok"] == true));
        assert_eq!(heard(&mut world.listen(64))["code"], "busy");
        world.others_get_in();
        all.swap_remove(7);
        assert_eq!(world.gone.recv_timeout(LONG), Ok(7));
        assert_eq!(heard(&mut world.listen(65))["ok"], true);
    }
}
