//! A site that answers from a script and keeps what it was asked. One connection per step, in order.
#![allow(dead_code, reason = "each test file uses its own part of it")]

use std::collections::VecDeque;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use flow::{Api3, Credentials, FlowError, Site, SiteOptions};
use secrecy::SecretString;

/// Every secret of these tests holds this word, so one look finds any of them.
pub(crate) const MARK: &str = "SECRET";
pub(crate) const TOKEN: &str = "tok-SECRET-7f3a&=";
pub(crate) const KEY: &str = "key-SECRET-91bc";

pub(crate) struct Asked {
    /// Request line and headers, without the blank line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text body")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

pub(crate) type Act = Box<dyn FnOnce(&mut BufReader<TcpStream>) + Send>;

pub(crate) enum Step {
    /// Reads the request, writes these bytes, closes.
    Say(Vec<u8>),
    /// Closes with unread data as soon as there is any: the other side gets a reset.
    ResetAtOnce,
    /// Reads the head only and closes: a reset in the middle of the body.
    ResetAfterHead,
    /// Reads the request and closes without a word.
    HangUp,
    /// Reads the request and says nothing until the test is over.
    Stall,
    /// Like `Say`, but stays open, so that what is missing never comes.
    SayAndStall(Vec<u8>),
    /// Writes these bytes without reading first.
    SayAtOnce(Vec<u8>),
    /// Reads nothing at all until the test is over.
    Deaf,
    /// Does this with the connection, once the head is read.
    Do(Act),
}

pub(crate) struct FakeSite {
    listener: TcpListener,
    pub(crate) url: String,
}

pub(crate) struct Running {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    holding: Sender<()>,
    thread: JoinHandle<()>,
}

impl FakeSite {
    pub(crate) fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        Self { listener, url }
    }

    pub(crate) fn run(self, steps: Vec<Step>) -> Running {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let (holding, release) = channel();
        let thread = std::thread::spawn(move || {
            let mut steps = VecDeque::from(steps);
            while let Some(step) = steps.pop_front() {
                let (connection, _) = self.listener.accept().expect("a connection");
                play(step, connection, &kept, &release);
            }
        });
        Running { url: self.url, asked, holding, thread }
    }
}

pub(crate) fn run(steps: Vec<Step>) -> Running {
    FakeSite::bind().run(steps)
}

impl Running {
    /// Waits until the whole script was played, and returns what was asked.
    pub(crate) fn asked(self) -> Vec<Asked> {
        drop(self.holding);
        self.thread.join().expect("the script played");
        std::mem::take(&mut self.asked.lock().expect("unpoisoned"))
    }

    /// What was asked so far.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().expect("unpoisoned").len()
    }
}

/// Blocks until the test asks for what was recorded.
fn wait(release: &Receiver<()>) {
    let _ = release.recv();
}

fn play(step: Step, connection: TcpStream, kept: &Mutex<Vec<Asked>>, release: &Receiver<()>) {
    let mut reader = BufReader::new(connection);
    match step {
        Step::ResetAtOnce => {
            reader.get_ref().peek(&mut [0]).expect("something to leave unread");
        }
        Step::Deaf => wait(release),
        Step::SayAtOnce(answer) => {
            reader.get_mut().write_all(&answer).expect("written");
            let _ = reader.get_ref().shutdown(Shutdown::Write);
            let _ = reader.read_to_end(&mut Vec::new());
        }
        Step::ResetAfterHead => {
            let head = read_head(reader.get_ref());
            kept.lock().expect("unpoisoned").push(Asked { head, body: Vec::new() });
        }
        Step::Do(act) => {
            let head = read_head(reader.get_ref());
            kept.lock().expect("unpoisoned").push(Asked { head, body: Vec::new() });
            act(&mut reader);
        }
        Step::Say(answer) => {
            let asked = read_request(&mut reader);
            kept.lock().expect("unpoisoned").push(asked);
            // The other side may have enough before it has everything.
            let _ = reader.get_mut().write_all(&answer);
            let _ = reader.get_ref().shutdown(Shutdown::Write);
        }
        Step::HangUp => {
            let asked = read_request(&mut reader);
            kept.lock().expect("unpoisoned").push(asked);
        }
        Step::Stall => {
            let asked = read_request(&mut reader);
            kept.lock().expect("unpoisoned").push(asked);
            wait(release);
        }
        Step::SayAndStall(answer) => {
            let asked = read_request(&mut reader);
            kept.lock().expect("unpoisoned").push(asked);
            let _ = reader.get_mut().write_all(&answer);
            wait(release);
        }
    }
}

/// Reads the head byte by byte, so that the body stays unread in the kernel.
pub(crate) fn read_head(mut stream: &TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).trim_end().to_owned()
}

pub(crate) fn read_request(reader: &mut BufReader<TcpStream>) -> Asked {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).expect("a readable head") == 0 || line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut asked = Asked { head: head.trim_end().to_owned(), body: Vec::new() };
    let length: usize = asked.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    asked.body.resize(length, 0);
    reader.read_exact(&mut asked.body).expect("the whole body");
    asked
}

pub(crate) fn http(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

pub(crate) fn json(body: &str) -> Step {
    Step::Say(http("200 OK", "Content-Type: application/json\r\n", body.as_bytes()))
}

pub(crate) fn plain(body: &str) -> Step {
    Step::Say(http("200 OK", "Content-Type: text/plain\r\n", body.as_bytes()))
}

pub(crate) fn status(status: &str, headers: &str, body: &str) -> Step {
    Step::Say(http(status, headers, body.as_bytes()))
}

/// `info` of a site with this upload form.
pub(crate) fn info(storage: bool) -> Step {
    json(&format!(
        r#"{{"version":[8,89,0],"user_authentication_method":"oxygen","api_max_entities_per_page":2,
            "s3_direct_uploads_enabled":{storage},"s3_enabled_upload_types":{{"*":["*"]}}}}"#
    ))
}

pub(crate) fn session() -> Option<Credentials> {
    Some(Credentials::Session { token: SecretString::from(TOKEN) })
}

pub(crate) fn script() -> Option<Credentials> {
    Some(Credentials::Script { name: "tk incident".to_owned(), key: SecretString::from(KEY) })
}

/// A signed-in client of this address. 10 s are never waited for; tests that wait say how long.
pub(crate) fn client(url: &str) -> Api3 {
    patient_client(url, 10_000)
}

pub(crate) fn patient_client(url: &str, timeout_ms: u64) -> Api3 {
    let mut site =
        flow::connect(SiteOptions { timeout_ms, ..SiteOptions::new(url) }).expect("a good address");
    site.set_credentials(session());
    site
}

/// The error, after making sure that nothing of it gives a secret away.
pub(crate) fn failure<T: std::fmt::Debug>(outcome: Result<T, FlowError>) -> FlowError {
    let error = outcome.expect_err("an error");
    let mut shown = format!("{error}\n{error:?}\n{error:#?}\n{}", error.call());
    let mut cause = error.source();
    while let Some(next) = cause {
        shown.push_str(&format!("\n{next}\n{next:?}"));
        cause = next.source();
    }
    assert!(!shown.contains(MARK), "a secret in: {shown}");
    let text = error.to_string();
    assert!(!text.ends_with('.') && !text.contains('\n') && !text.is_empty(), "no good text: {text}");
    error
}
