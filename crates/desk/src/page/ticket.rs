//! `/tickets/<id>`: one ticket, laid out so that it is understood in ten seconds.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::access::visitor::Visitor;
use crate::api3::failed;
use crate::fault::Trouble;
use crate::files::attachment::AttachedFile;
use crate::page::file::can_be_read;
use crate::page::list::{Status, Title};
use crate::page::show::{Moment, size, visible};
use crate::page::ticket_text::{self, Part, TextRow, TicketText, TraceKind, TraceLine};
use crate::page::{missing, page};
use crate::rows::query::{Context, Wanted, find};
use crate::site::Site;
use crate::store::attached_file;

/// Replies and attachments shown.
const MAX_ROWS: i64 = 1000;

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    id: i64,
    title: Title,
    status: Status,
    count: Option<i64>,
    last_seen: Option<Moment>,
    created: Option<Moment>,
    created_by: String,
    project: String,
    priority: Option<String>,
    headline: Option<String>,
    /// What failed, where, for whom, since when: the first lines of the text.
    glance: Vec<TextRow>,
    /// The line of the log that the text says to open first, by the address that shows it.
    open_first: Option<String>,
    /// Prose and tracebacks, in order.
    story: Vec<Part>,
    /// Facts, in order.
    facts: Vec<Facts>,
    key: Option<String>,
    replies: Vec<Reply>,
    files: Vec<File>,
}

struct Facts {
    title: String,
    rows: Vec<TextRow>,
}

struct Reply {
    author: String,
    when: Option<Moment>,
    text: String,
}

struct File {
    id: i64,
    name: String,
    size: String,
    readable: bool,
}

/// The route's handler.
pub(crate) async fn ticket(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<i64>() else { return missing("ticket") };
    let (known, now) = (site.known(), site.now());
    let made = site
        .store
        .read(move |connection| load(connection, known.reading("read", now, "", &visitor.actor), id))
        .await;
    match made {
        Ok(Some(ticket)) => page(StatusCode::OK, &ticket),
        Ok(None) => missing("ticket"),
        Err(trouble) => failed(&trouble),
    }
}

fn load(connection: &Connection, context: Context<'_>, id: i64) -> Result<Option<TicketPage>, Trouble> {
    let Some(entity) = context.schema.entity("Ticket") else { return Ok(None) };
    let fields = names(&[
        "title",
        "description",
        "sg_status_list",
        "sg_priority",
        "sg_incident_count",
        "sg_incident_last_seen",
        "created_at",
        "created_by",
        "project",
    ]);
    let filters =
        json!({"logical_operator": "and", "conditions": [{"path": "id", "relation": "is", "values": [id]}]});
    let wanted = Wanted::live(&filters, &fields, 1);
    let Some(ticket) = find(connection, context, entity, &wanted)?.pop() else { return Ok(None) };
    let now = context.now;
    let parsed = ticket_text::parse(&visible(ticket["description"].as_str().unwrap_or_default()));
    let TicketText { headline, glance, parts, key } = parsed;
    let files = files(connection, context, id)?;
    let (mut story, mut facts) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Facts { title, rows } => facts.push(Facts { title, rows }),
            other => story.push(other),
        }
    }
    Ok(Some(TicketPage {
        id,
        title: Title::of(ticket["title"].as_str()),
        status: Status::of(context.schema, ticket["sg_status_list"].as_str()),
        count: ticket["sg_incident_count"].as_i64(),
        last_seen: Moment::of(ticket["sg_incident_last_seen"].as_str(), now),
        created: Moment::of(ticket["created_at"].as_str(), now),
        created_by: name_of(&ticket["created_by"]),
        project: name_of(&ticket["project"]),
        priority: ticket["sg_priority"].as_str().map(visible),
        headline,
        open_first: open_first(&glance, &files),
        glance,
        story,
        facts,
        key,
        replies: replies(connection, context, id, now)?,
        files,
    }))
}

fn replies(
    connection: &Connection,
    context: Context<'_>,
    id: i64,
    now: Timestamp,
) -> Result<Vec<Reply>, Trouble> {
    let Some(entity) = context.schema.entity("Reply") else { return Ok(Vec::new()) };
    let filters = linked_to_ticket("entity", id);
    let fields = names(&["content", "user", "created_at"]);
    let wanted = Wanted::live(&filters, &fields, MAX_ROWS);
    let rows = find(connection, context, entity, &wanted)?;
    Ok(rows
        .iter()
        .map(|row| Reply {
            author: name_of(&row["user"]),
            when: Moment::of(row["created_at"].as_str(), now),
            text: visible(row["content"].as_str().unwrap_or_default()),
        })
        .collect())
}

fn files(connection: &Connection, context: Context<'_>, id: i64) -> Result<Vec<File>, Trouble> {
    let Some(entity) = context.schema.entity("Attachment") else { return Ok(Vec::new()) };
    let filters = linked_to_ticket("attachment_links", id);
    let fields = names(&["display_name"]);
    let wanted = Wanted::live(&filters, &fields, MAX_ROWS);
    let mut files = Vec::new();
    for row in find(connection, context, entity, &wanted)? {
        let Some(id) = row["id"].as_i64() else { continue };
        let kept: Option<AttachedFile> = attached_file::find(connection, id)?;
        let Some(kept) = kept else { continue };
        files.push(File {
            id,
            name: visible(row["display_name"].as_str().unwrap_or(&kept.name)),
            size: size(kept.size_bytes),
            readable: can_be_read(&kept),
        });
    }
    Ok(files)
}

/// The line that `Open first: NAME at line N, …` speaks of, in the file of that name.
fn open_first(glance: &[TextRow], files: &[File]) -> Option<String> {
    let said = &glance.iter().find(|row| row.name == "Open first")?.value;
    let file = files.iter().find(|file| file.readable && said.starts_with(&file.name))?;
    let line = said[file.name.len()..].strip_prefix(" at line ")?;
    let number: u64 = line.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(format!("/attachments/{}/view#L{number}", file.id))
}

fn linked_to_ticket(path: &str, id: i64) -> Value {
    json!({"logical_operator": "and", "conditions": [
        {"path": path, "relation": "is", "values": [{"type": "Ticket", "id": id}]}
    ]})
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn name_of(link: &Value) -> String {
    visible(link["name"].as_str().unwrap_or_default())
}

impl TraceLine {
    /// The style class of the line.
    fn class(&self) -> &'static str {
        match (&self.kind, self.key) {
            (TraceKind::Joint, _) => "joint",
            (TraceKind::Error, true) => "error key",
            (TraceKind::Error, false) => "error",
            (TraceKind::Frame { .. }, true) => "frame key",
            (TraceKind::Frame { .. }, false) => "frame",
            (TraceKind::Code, true) => "code key",
            (TraceKind::Code, false) => "code",
        }
    }
}
