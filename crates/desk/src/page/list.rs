//! `/tickets`: the tickets, the one with the newest activity first.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Deserialize;

use crate::api3::failed;
use crate::fault::Trouble;
use crate::page::page;
use crate::page::show::{Moment, visible};
use crate::page::ticket_text;
use crate::schema::Schema;
use crate::site::Site;
use crate::store::fold;
use crate::store::table::RETIRED;

const PAGE_ROWS: u32 = 50;
/// Of a description; the agent's own are shorter, and name engine and app behind the traceback.
const TEXT_CHARS: usize = 24_000;
/// Words of a search.
const MAX_WORDS: usize = 8;

/// What the address may ask for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    page: Option<u32>,
}

#[derive(Template)]
#[template(path = "tickets.html")]
struct ListPage {
    q: String,
    rows: Vec<TicketRow>,
    total: i64,
    enabled: bool,
    newer: Option<u32>,
    older: Option<u32>,
}

struct TicketRow {
    id: i64,
    title: Title,
    status: Status,
    count: Option<i64>,
    engine: Option<String>,
    app: Option<String>,
    seen: Option<Moment>,
    /// The latest of filed, seen and replied to: what the list is ordered by. A changed status is none.
    activity: Option<Moment>,
    project: String,
}

/// A title with its bucket, `[k7m2q9xd]`, set apart.
pub(crate) struct Title {
    pub(crate) text: String,
    pub(crate) bucket: Option<String>,
}

impl Title {
    pub(crate) fn of(title: Option<&str>) -> Title {
        let title = visible(title.unwrap_or("(no title)"));
        if let Some((text, bucket)) = title.rsplit_once(" [")
            && let Some(bucket) = bucket.strip_suffix(']')
            && (4..=16).contains(&bucket.len())
            && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Title { text: text.to_owned(), bucket: Some(bucket.to_owned()) };
        }
        Title { text: title, bucket: None }
    }
}

/// A status code and its name; the code chooses the colour.
pub(crate) struct Status {
    pub(crate) code: String,
    pub(crate) label: String,
}

impl Status {
    pub(crate) fn of(schema: &Schema, code: Option<&str>) -> Status {
        let code = code.unwrap_or("na");
        Status { code: code.to_owned(), label: schema.status_label(code).to_owned() }
    }
}

/// The route's handler.
pub(crate) async fn tickets(State(site): State<Arc<Site>>, Query(asked): Query<Asked>) -> Response {
    let known = site.known();
    let now = site.now();
    let made = site.store.read(move |connection| list(connection, &known.schema, asked, now)).await;
    match made {
        Ok(list) => page(StatusCode::OK, &list),
        Err(trouble) => failed(&trouble),
    }
}

fn list(connection: &Connection, schema: &Schema, asked: Asked, now: Timestamp) -> Result<ListPage, Trouble> {
    let number = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let mut list =
        ListPage { q: asked.q, rows: Vec::new(), total: 0, enabled: true, newer: None, older: None };
    if schema.entity("Ticket").is_none() {
        list.enabled = false;
        return Ok(list);
    }
    let mut condition = format!("ticket.{RETIRED} = 0");
    let mut values = Vec::new();
    for word in list.q.split_whitespace().take(MAX_WORDS) {
        condition
            .push_str(" AND (instr(fold(ticket.title), ?) > 0 OR instr(fold(ticket.description), ?) > 0)");
        values.extend([Sql::Text(fold(word)), Sql::Text(fold(word))]);
    }
    let count = format!("SELECT COUNT(*) FROM Ticket ticket WHERE {condition}");
    list.total = connection.query_row(&count, params_from_iter(&values), |row| row.get(0))?;
    // The inner query reads an index alone (`table` has it), so that only the rows shown are ever fetched.
    let sql = format!(
        "SELECT ticket.id, ticket.title, ticket.sg_status_list, ticket.sg_incident_count, substr(ticket.description, 1, {TEXT_CHARS}), \
         project.name, ticket.sg_incident_last_seen, chosen.activity \
         FROM (SELECT ticket.id AS id, MAX(COALESCE(ticket.sg_incident_last_seen, ''), COALESCE(ticket.created_at, ''), \
         COALESCE((SELECT MAX(reply.created_at) FROM Reply reply WHERE reply.entity__type = 'Ticket' \
         AND reply.entity__id = ticket.id AND reply.{RETIRED} = 0), '')) AS activity \
         FROM Ticket ticket WHERE {condition} ORDER BY activity DESC, ticket.id DESC LIMIT {PAGE_ROWS} OFFSET {}) chosen \
         JOIN Ticket ticket ON ticket.id = chosen.id \
         LEFT JOIN Project project ON ticket.project__type = 'Project' AND project.id = ticket.project__id \
         ORDER BY chosen.activity DESC, ticket.id DESC",
        (number - 1) * PAGE_ROWS
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(&values), |row| ticket_row(row, schema, now))?;
    list.rows = rows.collect::<rusqlite::Result<_>>()?;
    list.newer = (number > 1).then(|| number - 1);
    list.older = (i64::from(number) * i64::from(PAGE_ROWS) < list.total).then(|| number + 1);
    Ok(list)
}

fn ticket_row(row: &Row<'_>, schema: &Schema, now: Timestamp) -> rusqlite::Result<TicketRow> {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    let description = text(4)?.unwrap_or_default();
    let parsed = ticket_text::parse(&description);
    let (engine, app) = parsed.engine_and_app();
    let (seen, activity) = (text(6)?, text(7)?);
    Ok(TicketRow {
        id: row.get(0)?,
        title: Title::of(text(1)?.as_deref()),
        status: Status::of(schema, text(2)?.as_deref()),
        count: row.get(3)?,
        engine: engine.map(visible),
        app: app.map(visible),
        seen: Moment::of(seen.as_deref(), now),
        activity: Moment::of(activity.as_deref(), now),
        project: visible(&text(5)?.unwrap_or_default()),
    })
}
