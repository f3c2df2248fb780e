//! A desk of its own process, and a client of it as small as the measuring needs, on plain std.
//!
//! The client keeps its connection, as the official ones do, and takes anything but a whole, good answer for an error. It tries nothing
//! twice.

use crate::shell::Done;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any answer may take, so that a client that hangs is found.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running desk; killed when dropped.
pub(super) struct Site {
    child: Child,
    ready: String,
}

impl Site {
    /// Starts the program on a data folder.
    pub(super) fn start(program: &Path, data: &Path) -> Result<Site, String> {
        let mut child = Command::new(program)
            .args(["--json", "desk", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the desk: {error}"))?;
        let output = child.stdout.take().ok_or("no pipe from the desk")?;
        let mut site = Site { child, ready: String::new() };
        BufReader::new(output).read_line(&mut site.ready).map_err(|error| error.to_string())?;
        if site.ready.is_empty() { Err("the desk did not start".to_owned()) } else { Ok(site) }
    }

    /// A client without a connection yet.
    pub(super) fn client(&self) -> Result<Client, String> {
        let address = self.told("url")?.trim_start_matches("http://").to_owned();
        let (name, key) = (self.told("script_name")?, self.told("script_key")?);
        let page = self.told("page")?.splitn(4, '/').nth(3).unwrap_or_default();
        Ok(Client {
            page: format!("/{page}"),
            address,
            script: [name.to_owned(), key.to_owned()],
            cookie: None,
            connection: None,
        })
    }

    /// The project that incidents are filed in.
    pub(super) fn project_id(&self) -> Result<u64, String> {
        number_after(&self.ready, "\"project_id\":").ok_or_else(|| "no project in the ready line".to_owned())
    }

    /// Memory in use, and the most there ever was, in bytes.
    pub(super) fn memory_bytes(&self) -> Result<(u64, u64), String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let kilobytes = |name| status.lines().find_map(|line| number_after(line, name)).unwrap_or(0);
        Ok((kilobytes("VmRSS:") * 1024, kilobytes("VmHWM:") * 1024))
    }

    /// Processor time used so far, in milliseconds; the kernel counts it in steps of 10.
    pub(super) fn cpu_ms(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        // Behind the name, which may hold anything: user and system time are fields 12 and 13.
        let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).unwrap_or_default();
        let ticks = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        Ok(ticks.sum::<f64>() * 10.0)
    }

    fn told(&self, name: &str) -> Result<&str, String> {
        text_after(&self.ready, &format!("\"{name}\":\""))
            .ok_or_else(|| format!("no {name} in the ready line"))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One client with one connection.
pub(super) struct Client {
    address: String,
    /// Path and query that the desk gave for its page.
    page: String,
    script: [String; 2],
    cookie: Option<String>,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    /// Calls an api3 method with arguments in JSON; gives the answer's text.
    pub(super) fn call(&mut self, method: &str, arguments: &str) -> Result<String, String> {
        let [name, key] = &self.script;
        let body = format!(
            "{{\"method_name\":\"{method}\",\"params\":[{{\"script_name\":\"{name}\",\"script_key\":\"{key}\"}},{arguments}]}}"
        );
        let answer =
            self.send("POST", "/api3/json", "Content-Type: application/json\r\n", body.as_bytes())?;
        if answer.starts_with("{\"results\":") {
            Ok(answer)
        } else {
            Err(format!("{method}: {}", clip(&answer)))
        }
    }

    /// Attaches a file to a ticket in the classic form; gives the attachment's id.
    pub(super) fn upload(&mut self, ticket: u64, name: &str, content: &[u8]) -> Result<u64, String> {
        let boundary = "----bench0123456789";
        let [script_name, script_key] = &self.script;
        let ticket = ticket.to_string();
        let mut body = Vec::with_capacity(content.len() + 1024);
        for (field, value) in [
            ("entity_type", "Ticket"),
            ("entity_id", &ticket),
            ("script_name", script_name),
            ("script_key", script_key),
            ("field_name", "attachments"),
        ] {
            let part = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend_from_slice(part.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let kind = format!("Content-Type: multipart/form-data; boundary={boundary}\r\n");
        let answer = self.send("POST", "/upload/upload_file", &kind, &body)?;
        number_after(&answer, "1:").ok_or_else(|| format!("upload: {}", clip(&answer)))
    }

    /// Gets a page as somebody who opened the desk's page once; gives its text.
    pub(super) fn page(&mut self, path: &str) -> Result<String, String> {
        if self.cookie.is_none() {
            let page = self.page.clone();
            self.send("GET", &page, "", b"")?;
        }
        let answer = self.send("GET", path, "", b"")?;
        // A form to sign in with is no page.
        if answer.contains("</html>") && !answer.contains("type=\"password\"") {
            Ok(answer)
        } else {
            Err(format!("{path}: {}", clip(&answer)))
        }
    }

    fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<String, String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().map_err(|error| format!("cannot connect: {error}"))?,
        };
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}{cookie}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let mut request = head.into_bytes();
        request.extend_from_slice(body);
        let asked = |error: std::io::Error| format!("{method} {path}: {error}");
        connection.get_mut().write_all(&request).map_err(asked)?;
        let answer = Answer::receive(&mut connection).map_err(asked)?;
        if answer.status != 200 {
            return Err(format!("{method} {path}: status {}: {}", answer.status, clip(&answer.text)));
        }
        if let Some(cookie) = answer.cookie {
            self.cookie = Some(cookie);
        }
        self.connection = Some(connection);
        Ok(answer.text)
    }

    fn connect(&self) -> std::io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(BufReader::new(stream))
    }
}

struct Answer {
    status: u64,
    cookie: Option<String>,
    text: String,
}

impl Answer {
    fn receive(connection: &mut BufReader<TcpStream>) -> std::io::Result<Answer> {
        let mut answer = Answer { status: 0, cookie: None, text: String::new() };
        let (mut length, mut line) = (None, String::new());
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.split_once(':') else {
                if line.trim().is_empty() {
                    break;
                }
                answer.status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok(),
                "set-cookie" => answer.cookie = value.trim().split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        // Every answer that is asked for here has its length.
        let length = length.ok_or_else(|| std::io::Error::other("an answer without a length"))?;
        let mut bytes = vec![0; length];
        connection.read_exact(&mut bytes)?;
        answer.text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(answer)
    }
}

/// The number behind some words.
pub(super) fn number_after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    let rest = rest.trim_start();
    rest[..rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

fn text_after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    text.split_once(words)?.1.split('"').next()
}

fn clip(text: &str) -> String {
    text.chars().take(300).collect()
}

/// How long something took, in milliseconds.
pub(super) fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<(T, f64), String> {
    let began = Instant::now();
    let done = work()?;
    Ok((done, began.elapsed().as_secs_f64() * 1_000.0))
}

/// The middle one.
pub(super) fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

/// Nothing, when it went well on every thread.
pub(super) fn joined(threads: Vec<std::thread::JoinHandle<Done>>) -> Done {
    threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
}
