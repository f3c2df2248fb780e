//! What people do on the pages: set a status, assign, reply. Forms only, each with its token; every write goes the way of the
//! protocols' writes, so that the same permissions, checks and event log entries hold.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::access::auth::Actor;
use crate::access::visitor::{Fields, Posted};
use crate::api3::failed;
use crate::fault::{Fault, Trouble};
use crate::page::address::ListAddress;
use crate::page::look::Look;
use crate::page::{missing, refused};
use crate::rows::write::Writer;
use crate::site::Site;

/// Tickets of one bulk change.
const MAX_TICKETS: usize = 500;
/// Characters of a reply.
const MAX_REPLY_CHARS: usize = 50_000;

/// `POST /tickets/status`: one status for the selected tickets of a list, all of them or none.
pub(crate) async fn bulk_status(State(site): State<Arc<Site>>, look: Look, posted: Posted) -> Response {
    let back = list_query(&posted.fields);
    let ids: Vec<i64> = posted.fields.all("id").filter_map(|id| id.parse().ok()).take(MAX_TICKETS).collect();
    let status = posted.fields.one("status").unwrap_or_default().to_owned();
    let count = ids.len();
    let writes = ids.into_iter().map(|id| Write::update(id, "sg_status_list", json!(status))).collect();
    let sign = if back.is_empty() { '?' } else { '&' };
    finish(
        write(&site, posted.visitor.actor, writes).await,
        look,
        format!("/tickets{back}{sign}changed={count}"),
    )
}

/// `POST /tickets/<id>/status`.
pub(crate) async fn status(
    State(site): State<Arc<Site>>,
    look: Look,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Ok(id) = id.parse::<i64>() else { return missing(look, |w| w.no_ticket) };
    let to = format!("/tickets/{id}{}", list_query(&posted.fields));
    let status = json!(posted.fields.one("status").unwrap_or_default());
    let writes = vec![Write::update(id, "sg_status_list", status)];
    finish(write(&site, posted.visitor.actor, writes).await, look, to)
}

/// `POST /tickets/<id>/assign`: adds or removes one person or group, `HumanUser-12`.
pub(crate) async fn assign(
    State(site): State<Arc<Site>>,
    look: Look,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Ok(id) = id.parse::<i64>() else { return missing(look, |w| w.no_ticket) };
    let to = format!("/tickets/{id}{}", list_query(&posted.fields));
    let fields = &posted.fields;
    let remove = fields.one("remove").map(|key| (key, "remove"));
    let chosen = remove.or_else(|| fields.one("add").map(|key| (key, "add")));
    let link = chosen.and_then(|(key, mode)| {
        let (kind, number) = key.split_once('-')?;
        Some((json!([{"type": kind, "id": number.parse::<i64>().ok()?}]), mode))
    });
    let writes = link.map(|(links, mode)| Write {
        call: "update",
        arguments: json!({"type": "Ticket", "id": id, "fields": [
            {"field_name": "addressings_to", "value": links, "multi_entity_update_mode": mode}
        ]}),
    });
    finish(write(&site, posted.visitor.actor, writes.into_iter().collect()).await, look, to)
}

/// `POST /tickets/<id>/reply`.
pub(crate) async fn reply(
    State(site): State<Arc<Site>>,
    look: Look,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Ok(id) = id.parse::<i64>() else { return missing(look, |w| w.no_ticket) };
    let text: String =
        posted.fields.one("content").unwrap_or_default().trim().chars().take(MAX_REPLY_CHARS).collect();
    let to = format!("/tickets/{id}{}#replies", list_query(&posted.fields));
    let mut writes = Vec::new();
    if !text.is_empty() {
        writes.push(Write {
            call: "create",
            arguments: json!({"type": "Reply", "fields": [
                {"field_name": "content", "value": text.replace("\r\n", "\n")},
                {"field_name": "entity", "value": {"type": "Ticket", "id": id}},
            ]}),
        });
    }
    finish(write(&site, posted.visitor.actor, writes).await, look, to)
}

/// One call of the protocol.
struct Write {
    call: &'static str,
    arguments: Value,
}

impl Write {
    fn update(id: i64, field: &str, value: Value) -> Write {
        let arguments =
            json!({"type": "Ticket", "id": id, "fields": [{"field_name": field, "value": value}]});
        Write { call: "update", arguments }
    }
}

/// All the writes or none.
async fn write(site: &Arc<Site>, actor: Actor, writes: Vec<Write>) -> Result<(), Trouble> {
    if writes.is_empty() {
        return Ok(());
    }
    let (known, now) = (site.known(), site.now());
    site.store
        .write(move |transaction| {
            for write in writes {
                let context = known.writing(write.call, now, "");
                let writer = Writer { transaction, context, actor: &actor };
                match write.call {
                    "create" => writer.create(&write.arguments)?,
                    _ => writer.update(&write.arguments)?,
                };
            }
            Ok(())
        })
        .await
}

/// The page that shows the outcome: another request, so that reloading it repeats nothing.
fn finish(done: Result<(), Trouble>, look: Look, to: String) -> Response {
    match done {
        Ok(()) => Redirect::to(&to).into_response(),
        Err(Trouble::Fault(Fault { message, .. })) => refused(look, StatusCode::FORBIDDEN, &message),
        Err(trouble) => failed(&trouble),
    }
}

/// The list that a form was sent from, as a query; nothing else gets into the address.
fn list_query(fields: &Fields) -> String {
    let Some(query) = fields.one("back").and_then(|back| back.strip_prefix('?')) else {
        return String::new();
    };
    let Ok(uri) = format!("/tickets?{query}").parse::<Uri>() else { return String::new() };
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&uri).map(|Query(pairs)| pairs);
    ListAddress::of(&pairs.unwrap_or_default()).query()
}
