//! What is written while the desk is killed, and what the desk said it had.
//!
//! Four writers at once: tickets and their updates, files in either form, batches. Titles and file names tell what must be there.

use std::collections::{BTreeMap, BTreeSet};

use desk::Ready;
use serde_json::{Value, json};

use crate::http;

/// Tickets of one batch; each has the batch's title.
pub(crate) const BATCH: usize = 3;

/// What the desk said it had.
#[derive(Default)]
pub(crate) struct Acknowledged {
    /// Id to title.
    pub(crate) tickets: BTreeMap<i64, String>,
    /// Id of a ticket to its count; the next one may have been written too.
    pub(crate) counts: BTreeMap<i64, i64>,
    /// Id of an attachment to its name.
    pub(crate) files: BTreeMap<i64, String>,
    /// Id of the ticket that counts batches, number of the batch.
    pub(crate) batches: BTreeSet<(i64, i64)>,
    updates: usize,
}

impl Acknowledged {
    pub(crate) fn add(&mut self, other: Acknowledged) {
        self.tickets.extend(other.tickets);
        self.counts.extend(other.counts);
        self.files.extend(other.files);
        self.batches.extend(other.batches);
        self.updates += other.updates;
    }

    pub(crate) fn told(&self) -> String {
        let Acknowledged { tickets, files, batches, updates, .. } = self;
        format!(
            "{} tickets, {updates} updates, {} files and {} batches acknowledged",
            tickets.len(),
            files.len(),
            batches.len()
        )
    }

    pub(crate) fn is_enough(&self) -> bool {
        self.tickets.len() > 10 && self.updates > 5 && self.files.len() > 4 && self.batches.len() > 1
    }
}

/// The bytes of a file, by its name.
pub(crate) fn content(name: &str) -> String {
    format!("{name}: a line of a log\n").repeat(1500)
}

/// The title of a batch's tickets.
pub(crate) fn batch_title(counter: i64, number: i64) -> String {
    format!("batch {number} of {counter}")
}

/// Why a writer ends.
enum End {
    /// The desk is gone: no answer, or half of one.
    Gone,
    /// An answer that is not the one that was to come.
    Wrong(String),
}

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> End {
        End::Gone
    }
}

/// Writes until no answer comes; an error when an answer is not the one that was to come.
pub(crate) fn write_until_it_dies<'r>(ready: &'r Ready, round: u64) -> Result<Acknowledged, String> {
    let writers: [Write<'r>; 4] =
        [Writer::tickets, Writer::classic_files, Writer::storage_files, Writer::batches];
    std::thread::scope(|scope| {
        let running: Vec<_> = writers
            .into_iter()
            .map(|write| {
                scope.spawn(move || {
                    let mut writer = Writer { ready, round, acknowledged: Acknowledged::default() };
                    match write(&mut writer) {
                        Ok(()) | Err(End::Gone) => Ok(writer.acknowledged),
                        Err(End::Wrong(answer)) => Err(answer),
                    }
                })
            })
            .collect();
        let mut all = Acknowledged::default();
        for writer in running {
            all.add(writer.join().map_err(|_| "a writer panicked")??);
        }
        Ok(all)
    })
}

type Write<'r> = fn(&mut Writer<'r>) -> Result<(), End>;

struct Writer<'r> {
    ready: &'r Ready,
    round: u64,
    acknowledged: Acknowledged,
}

impl Writer<'_> {
    fn tickets(&mut self) -> Result<(), End> {
        for number in 0.. {
            let id = self.ticket(&format!("ticket {number} of round {}", self.round))?;
            for count in 1..4 {
                let fields = json!([{"field_name": "sg_incident_count", "value": count}]);
                self.call("update", json!({"type": "Ticket", "id": id, "fields": fields}))?;
                self.acknowledged.counts.insert(id, count);
                self.acknowledged.updates += 1;
            }
        }
        Ok(())
    }

    fn classic_files(&mut self) -> Result<(), End> {
        let ticket = self.ticket(&format!("classic files of round {}", self.round))?;
        for number in 0.. {
            let name = format!("classic-{number}-of-{}.log", self.round);
            let answer = http::upload(self.ready, ticket, &name, content(&name).as_bytes())?;
            self.file(&answer, name)?;
        }
        Ok(())
    }

    fn storage_files(&mut self) -> Result<(), End> {
        let ticket = self.ticket(&format!("stored files of round {}", self.round))?.to_string();
        for number in 0.. {
            let name = format!("stored-{number}-of-{}.log", self.round);
            let in_parts = number % 2 == 1;
            let info = self.form(
                "api_get_upload_link_info",
                &[
                    ("upload_type", "Attachment"),
                    ("filename", &name),
                    ("multipart_upload", if in_parts { "True" } else { "False" }),
                ],
            )?;
            let lines: Vec<&str> = info.lines().collect();
            let content = content(&name);
            if in_parts {
                let (mut tags, id) = (Vec::new(), lines[4]);
                for (part, bytes) in content.as_bytes().chunks(content.len() / 2 + 1).enumerate() {
                    let part = (part + 1).to_string();
                    let url = self.form(
                        "api_get_upload_link_for_part",
                        &[("upload_id", id), ("part_number", &part), ("filename", &name)],
                    )?;
                    tags.push(self.put(url.lines().nth(1).unwrap_or_default(), bytes)?);
                }
                self.form(
                    "api_complete_multipart_upload",
                    &[("upload_id", id), ("etags", &tags.join(",")), ("filename", &name)],
                )?;
            } else {
                self.put(lines[1], content.as_bytes())?;
            }
            let answer = self.form(
                "api_link_file",
                &[
                    ("entity_type", "Ticket"),
                    ("entity_id", &ticket),
                    ("upload_link_info", &info),
                    ("display_name", &name),
                ],
            )?;
            self.file(&answer, name)?;
        }
        Ok(())
    }

    /// Three tickets and the count of batches, all or none.
    fn batches(&mut self) -> Result<(), End> {
        let counter = self.ticket(&format!("batches of round {}", self.round))?;
        for number in 1.. {
            let one = http::ticket(self.ready, &batch_title(counter, number));
            let mut requests = vec![one; BATCH];
            for request in &mut requests {
                request["request_type"] = json!("create");
            }
            requests.push(json!({"request_type": "update", "type": "Ticket", "id": counter,
                "fields": [{"field_name": "sg_incident_count", "value": number}]}));
            self.call("batch", Value::Array(requests))?;
            self.acknowledged.batches.insert((counter, number));
            self.acknowledged.counts.insert(counter, number);
        }
        Ok(())
    }

    fn ticket(&mut self, title: &str) -> Result<i64, End> {
        let made = self.call("create", http::ticket(self.ready, title))?;
        let id = made["id"].as_i64().ok_or_else(|| End::Wrong(made.to_string()))?;
        self.acknowledged.tickets.insert(id, title.to_owned());
        Ok(id)
    }

    fn file(&mut self, answer: &str, name: String) -> Result<(), End> {
        let id = answer.trim().strip_prefix("1:").and_then(|id| id.parse().ok());
        self.acknowledged.files.insert(id.ok_or_else(|| End::Wrong(answer.to_owned()))?, name);
        Ok(())
    }

    fn call(&self, method: &str, arguments: Value) -> Result<Value, End> {
        let answer = http::try_call(self.ready, method, arguments)?;
        answer.get("results").cloned().ok_or_else(|| End::Wrong(answer.to_string()))
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<String, End> {
        let own = [
            ("script_name", self.ready.script_name.as_str()),
            ("script_key", self.ready.script_key.as_str()),
        ];
        let body: Vec<String> = own
            .iter()
            .chain(fields)
            .map(|(name, value)| {
                let hex: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
                format!("{name}={hex}")
            })
            .collect();
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        let path = format!("/upload/{path}");
        let answer = http::send(&self.ready.url, "POST", &path, &kind, body.join("&").as_bytes())?.text();
        if answer.starts_with('1') { Ok(answer) } else { Err(End::Wrong(answer)) }
    }

    /// Puts bytes to an address the desk gave; gives their tag.
    fn put(&self, url: &str, bytes: &[u8]) -> Result<String, End> {
        let path = url.strip_prefix(&self.ready.url).ok_or_else(|| End::Wrong(url.to_owned()))?;
        let answer = http::send(&self.ready.url, "PUT", path, &[], bytes)?;
        match answer.header("etag") {
            Some(tag) if answer.status == 200 => Ok(tag.to_owned()),
            _ => Err(End::Wrong(answer.text())),
        }
    }
}
