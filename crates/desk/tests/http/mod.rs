//! A client as small as the tests need: one request, one connection, on plain std.

// Each test program uses a part of it.
#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod rest;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use desk::Ready;
use serde_json::{Value, json};

/// A response.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Sends a request with a body of known length.
pub(crate) fn send(
    site: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Response> {
    let length = body.len().to_string();
    let mut all = vec![("Content-Length", length.as_str())];
    all.extend(headers);
    raw(site, method, path, &all, body)
}

/// Sends a request with exactly these headers, besides Host and Connection.
pub(crate) fn raw(
    site: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Response> {
    let address = site.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    // A refusal may come, and the connection end, before all of the body is sent.
    let _ = stream.write_all(body);
    receive(stream)
}

/// Announces `length` bytes, sends fewer and ends.
pub(crate) fn cut(
    site: &str,
    method: &str,
    path: &str,
    length: usize,
    body: &[u8],
) -> std::io::Result<Response> {
    let address = site.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.shutdown(Shutdown::Write)?;
    receive(stream)
}

fn receive(mut stream: TcpStream) -> std::io::Result<Response> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(end) = end else {
        read?;
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    };
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let response = Response { status, head, body: answer[end + 4..].to_vec() };
    let length = response.header("content-length").and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length != response.body.len()) {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(response)
}

/// Gets a page as whoever opens the desk's own link.
pub(crate) fn page(ready: &Ready, path: &str) -> std::io::Result<Response> {
    let key = ready.page.rsplit_once('=').map_or("", |(_, key)| key);
    let and = if path.contains('?') { '&' } else { '?' };
    send(&ready.url, "GET", &format!("{path}{and}token={key}"), &[], b"")
}

/// The auth object of the ready line's script.
pub(crate) fn auth(ready: &Ready) -> Value {
    json!({"script_name": ready.script_name, "script_key": ready.script_key})
}

/// Calls an api3 method as somebody; gives the whole answer.
pub(crate) fn call_as(ready: &Ready, auth: &Value, method: &str, arguments: Value) -> Value {
    let body = json!({"method_name": method, "params": [auth, arguments]}).to_string();
    let headers = [("Content-Type", "application/json")];
    let response =
        send(&ready.url, "POST", "/api3/json", &headers, body.as_bytes()).expect("the desk answers");
    serde_json::from_slice(&response.body).unwrap_or(Value::Null)
}

/// Calls an api3 method; gives the whole answer.
pub(crate) fn call(ready: &Ready, method: &str, arguments: Value) -> Value {
    try_call(ready, method, arguments).expect("the desk answers")
}

/// Calls an api3 method of a desk that may go away.
pub(crate) fn try_call(ready: &Ready, method: &str, arguments: Value) -> std::io::Result<Value> {
    let body = json!({"method_name": method, "params": [auth(ready), arguments]}).to_string();
    let response =
        send(&ready.url, "POST", "/api3/json", &[("Content-Type", "application/json")], body.as_bytes())?;
    serde_json::from_slice(&response.body).map_err(std::io::Error::other)
}

/// Creates a Ticket; gives its id.
pub(crate) fn create_ticket(ready: &Ready, title: &str) -> i64 {
    let answer = call(ready, "create", ticket(ready, title));
    answer["results"]["id"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

/// The arguments that create a Ticket.
pub(crate) fn ticket(ready: &Ready, title: &str) -> Value {
    json!({"type": "Ticket", "return_fields": ["id"], "fields": [
        {"field_name": "title", "value": title},
        {"field_name": "project", "value": {"type": "Project", "id": ready.project_id}},
    ]})
}

/// Uploads a file to a Ticket in the classic form; gives the answer's text.
pub(crate) fn upload(ready: &Ready, ticket: i64, name: &str, content: &[u8]) -> std::io::Result<String> {
    upload_as(ready, &auth(ready), ticket, name, content)
}

/// Uploads a file to a Ticket as somebody; gives the answer's text.
pub(crate) fn upload_as(
    ready: &Ready,
    auth: &Value,
    ticket: i64,
    name: &str,
    content: &[u8],
) -> std::io::Result<String> {
    let boundary = "0123456789abcdef0123456789abcdef";
    let mut body = Vec::new();
    let id = ticket.to_string();
    let mut fields =
        vec![("entity_type", "Ticket"), ("entity_id", id.as_str()), ("field_name", "attachments")];
    let auth = auth.as_object().expect("an auth object");
    fields.extend(auth.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))));
    for (field, value) in fields {
        let part =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let part = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    body.extend_from_slice(part.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={boundary}");
    Ok(send(&ready.url, "POST", "/upload/upload_file", &[("Content-Type", &kind)], &body)?.text())
}
