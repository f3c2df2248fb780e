//! A TCP proxy that fails on purpose, between the program and its desk: at a chosen stage of a chosen call, or at random by a
//! seed. It understands of HTTP only where a request and an answer end. One request per connection, as our client makes them.

use socket2::SockRef;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Where a connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before anything is read.
    Connect,
    /// The request's head is read, its body is not.
    Head,
    /// The desk gets half of the request's body.
    Half,
    /// The request is read and goes nowhere.
    Body,
    /// The desk has done it; no byte of its answer comes.
    Answer,
    /// The answer's head comes, its body does not.
    AnswerHead,
    /// Half of the answer's body comes.
    AnswerHalf,
}

impl Stage {
    pub(crate) const ALL: [Stage; 7] = [
        Stage::Connect,
        Stage::Head,
        Stage::Half,
        Stage::Body,
        Stage::Answer,
        Stage::AnswerHead,
        Stage::AnswerHalf,
    ];
}

/// How it fails there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    Reset,
    Stall,
}

/// What goes wrong for as long as it does.
#[derive(Clone, Debug)]
pub(crate) enum Weather {
    /// Connections whose request is this call.
    Call { call: &'static str, stage: Stage, cut: Cut },
    /// One connection of three, anywhere, anyhow.
    Storm { seed: u64 },
    /// Nobody listens.
    Refuse,
}

pub(crate) struct FaultyProxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    desk: SocketAddr,
    weather: Option<Weather>,
    dice: Mutex<u64>,
    calm: AtomicBool,
    stop: AtomicBool,
    met: AtomicU64,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl FaultyProxy {
    pub(crate) fn before(desk: SocketAddr, weather: Option<Weather>) -> FaultyProxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seed = if let Some(Weather::Storm { seed }) = weather { seed | 1 } else { 1 };
        let refuses = matches!(weather, Some(Weather::Refuse));
        let shared = Arc::new(Shared {
            desk,
            weather,
            dice: Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            calm: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            met: AtomicU64::new(0),
            calls: Mutex::default(),
        });
        let mut proxy = FaultyProxy { address, shared, listening: None };
        if refuses {
            drop(listener);
        } else {
            proxy.listen(listener);
        }
        proxy
    }

    fn listen(&mut self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        self.listening = Some(std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.serve(client));
            }
        }));
    }

    /// From now on nothing fails.
    pub(crate) fn calm_down(&mut self) {
        self.shared.calm.store(true, Ordering::SeqCst);
        if self.listening.is_none() {
            let address = self.address;
            let again = || TcpListener::bind(address).ok();
            let listener = crate::world::wait_for("the proxy's address", again, || address.to_string());
            self.listen(listener);
        }
    }

    /// How many connections have failed by now.
    pub(crate) fn met(&self) -> u64 {
        self.shared.met.load(Ordering::SeqCst)
    }

    /// How many requests there were, by call.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.lock().unwrap().clone()
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.shared.calm.store(true, Ordering::SeqCst);
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(listening) = self.listening.take() {
            // Wakes the thread that waits for one.
            let _ = TcpStream::connect(self.address);
            let _ = listening.join();
        }
    }
}

impl Shared {
    fn below(&self, end: u64) -> u64 {
        let mut dice = self.dice.lock().unwrap();
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        (*dice >> 20) % end
    }

    /// Whether this connection fails, and how.
    fn fate(&self, call: Option<&str>) -> Option<(Stage, Cut)> {
        if self.calm.load(Ordering::SeqCst) {
            return None;
        }
        match self.weather.as_ref()? {
            Weather::Call { call: _, stage: Stage::Connect, cut } if call.is_none() => {
                Some((Stage::Connect, *cut))
            }
            Weather::Call { call: wanted, stage, cut } => (call == Some(wanted)).then_some((*stage, *cut)),
            // Decided when the call is known, so that every stage can be drawn.
            Weather::Storm { .. } if call.is_some() && self.below(3) == 0 => {
                let stage = Stage::ALL[usize::try_from(self.below(7)).unwrap()];
                Some((stage, if self.below(3) == 0 { Cut::Stall } else { Cut::Reset }))
            }
            Weather::Storm { .. } | Weather::Refuse => None,
        }
    }

    fn serve(&self, mut client: TcpStream) {
        if let Some((_, cut)) = self.fate(None) {
            self.count("a connection");
            return self.fail(client, cut);
        }
        let Some((head, call)) = peeked(&client) else { return };
        self.count(&call);
        let fate = self.fate(Some(&call));
        if let Some((Stage::Connect, cut)) = fate {
            return self.fail(client, cut);
        }
        let mut request = vec![0; head];
        client.read_exact(&mut request).unwrap();
        if let Some((Stage::Head, cut)) = fate {
            return self.fail(client, cut);
        }
        let length = content_length(&request).unwrap_or(0);
        request.resize(head + length, 0);
        if client.read_exact(&mut request[head..]).is_err() {
            return;
        }
        if let Some((stage @ (Stage::Half | Stage::Body), cut)) = fate {
            if stage == Stage::Half
                && let Ok(mut desk) = TcpStream::connect(self.desk)
            {
                let _ = desk.write_all(&request[..head + length / 2]);
            }
            return self.fail(client, cut);
        }
        let Some((answer, answer_head)) = ask(self.desk, &request) else {
            // The desk has hung up, by a rule of its own or because it is gone: so does the proxy.
            return;
        };
        let body = answer.len() - answer_head;
        let given = match fate {
            Some((Stage::Answer, _)) => 0,
            Some((Stage::AnswerHead, _)) => answer_head,
            Some((Stage::AnswerHalf, _)) => answer_head + body / 2,
            _ => answer.len(),
        };
        let _ = client.write_all(&answer[..given]);
        if let Some((_, cut)) = fate {
            self.fail(client, cut);
        }
    }

    fn count(&self, call: &str) {
        *self.calls.lock().unwrap().entry(call.to_owned()).or_default() += 1;
    }

    fn fail(&self, client: TcpStream, cut: Cut) {
        self.met.fetch_add(1, Ordering::SeqCst);
        match cut {
            // Closing with nothing to linger for is a reset.
            Cut::Reset => SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap(),
            // Longer than any client here waits.
            Cut::Stall => {
                for _ in 0..200 {
                    if self.stop.load(Ordering::SeqCst) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        }
    }
}

/// The length of a request's head and the call it is, with all of it still to be read.
fn peeked(client: &TcpStream) -> Option<(usize, String)> {
    let mut seen = vec![0; 256 * 1024];
    let mut before = 0;
    loop {
        let count = client.peek(&mut seen).ok().filter(|count| *count > 0)?;
        let end = seen[..count].windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head) = end {
            let line = String::from_utf8_lossy(&seen[..head]);
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            if path != "/api3/json" {
                return Some((head, named(&path)));
            }
            if count >= head + content_length(&seen[..head]).unwrap_or(0) {
                return Some((head, api3_call(&seen[head..count])));
            }
        }
        // Nothing new can be waited for while the old is still there.
        if count == before {
            std::thread::sleep(Duration::from_millis(1));
        }
        before = count;
    }
}

fn named(path: &str) -> String {
    let known = [
        ("/upload/upload_file", "upload"),
        ("/upload/api_get_upload_link_info", "link-info"),
        ("/upload/api_link_file", "link"),
        ("/storage/", "put"),
    ];
    known.iter().find(|(start, _)| path.starts_with(start)).map_or(path, |(_, name)| name).to_owned()
}

fn api3_call(body: &[u8]) -> String {
    let request: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let method = request["method_name"].as_str().unwrap_or("?");
    let method = if method.starts_with("schema") { "schema" } else { method };
    match request["params"][1]["type"].as_str() {
        Some(entity) => format!("{method} {entity}"),
        None => method.to_owned(),
    }
}

pub(crate) fn content_length(head: &[u8]) -> Option<usize> {
    let head = String::from_utf8_lossy(head).to_lowercase();
    head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
}

/// The desk's answer, and the length of its head.
pub(crate) fn ask(desk: SocketAddr, request: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut server = TcpStream::connect(desk).ok()?;
    // An early refusal may end the connection before all is sent.
    let _ = server.write_all(request);
    let (mut answer, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head) = head
            && answer.len() >= head + content_length(&answer[..head]).unwrap_or(0)
        {
            return Some((answer, head));
        }
        match server.read(&mut piece) {
            Ok(count @ 1..) => answer.extend_from_slice(&piece[..count]),
            // What came of a half answer is passed on.
            _ => return head.map(|head| (answer, head)),
        }
    }
}
