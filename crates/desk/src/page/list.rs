//! `/tickets`: the tickets by what was asked for, with the numbers around them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use crate::access::permission::Deed;
use crate::access::visitor::Visitor;
use crate::api3::failed;
use crate::fault::Trouble;
use crate::page::address::{ListAddress, PAGE_ROWS, PRESETS};
use crate::page::board::{Entry, Facet, Found, Order, Wanted};
use crate::page::look::Look;
use crate::page::page;
use crate::page::picture::{self, Bar, Picture};
use crate::page::show::{Moment, visible};
use crate::page::words::{Lang, Words, grouped};
use crate::rows::query::{self, Context, find};
use crate::schema::Schema;
use crate::site::Site;
use crate::store::Reading;
use crate::ticket_text;

/// Values of a filter that are in sight at once.
const FIRST_VALUES: usize = 7;
/// Values of a filter at all.
const MAX_VALUES: usize = 60;

#[derive(Template)]
#[template(path = "tickets.html")]
struct ListPage {
    look: Look,
    who: String,
    csrf: String,
    enabled: bool,
    /// Whether the reader may change a status.
    may_change: bool,
    address: ListAddress,
    /// What was searched, for the title.
    q: String,
    /// The query that tells a ticket which list it is in.
    in_list: String,
    total_text: String,
    page_text: String,
    rows: Vec<TicketRow>,
    columns: Vec<Column>,
    groups: Vec<Group>,
    spans: Vec<Choice>,
    day_from: String,
    chips: Vec<Chip>,
    picture: Option<Picture>,
    statuses: Vec<Status>,
    newer: Option<String>,
    older: Option<String>,
    /// What a bulk change has done.
    done: Option<String>,
}

impl ListPage {
    /// The address of the tickets of a bar.
    fn day(&self, bar: &Bar) -> String {
        self.address.with(|address| {
            address.since.clone_from(&bar.from);
            address.until.clone_from(&bar.until);
        })
    }

    fn said(&self, bar: &Bar) -> String {
        self.look.lang.tickets(usize::try_from(bar.count).unwrap_or(usize::MAX))
    }
}

struct TicketRow {
    id: i64,
    title: Title,
    status: Status,
    times: Option<String>,
    engine: String,
    app: String,
    user: String,
    project: String,
    assigned: String,
    active: Option<Moment>,
    filed: Option<Moment>,
}

/// A column that the list can be ordered by.
struct Column {
    name: &'static str,
    class: &'static str,
    href: String,
    chosen: bool,
}

/// A filter and its values.
struct Group {
    name: &'static str,
    values: Vec<Choice>,
}

impl Group {
    fn first(&self) -> &[Choice] {
        &self.values[..self.values.len().min(FIRST_VALUES)]
    }

    fn rest(&self) -> &[Choice] {
        &self.values[self.values.len().min(FIRST_VALUES)..]
    }
}

/// One value of a filter.
struct Choice {
    name: String,
    /// Of a status: chooses its colour.
    code: Option<String>,
    count: String,
    href: String,
    chosen: bool,
}

/// A filter that is on, and the address without it.
struct Chip {
    of: &'static str,
    name: String,
    href: String,
}

/// A title with its bucket, `[k7m2q9xd]`, set apart.
pub(crate) struct Title {
    pub(crate) text: String,
    pub(crate) bucket: Option<String>,
}

impl Title {
    pub(crate) fn of(title: Option<&str>) -> Title {
        let title = visible(title.filter(|title| !title.is_empty()).unwrap_or("–"));
        let (text, bucket) = ticket_text::split_title(&title);
        Title { text: text.to_owned(), bucket: bucket.map(str::to_owned) }
    }
}

/// A status code and its name; the code chooses the colour.
#[derive(Clone)]
pub(crate) struct Status {
    pub(crate) code: String,
    pub(crate) label: String,
}

impl Status {
    pub(crate) fn of(schema: &Schema, lang: Lang, code: &str) -> Status {
        let code = if code.is_empty() { "na" } else { code };
        Status { code: code.to_owned(), label: visible(&lang.status(code, schema.status_label(code))) }
    }

    /// All that a ticket can have.
    pub(crate) fn all(schema: &Schema, lang: Lang) -> Vec<Status> {
        let field = schema.entity("Ticket").and_then(|entity| entity.field("sg_status_list"));
        let codes = field.map(|field| field.values.clone()).unwrap_or_default();
        codes.iter().map(|code| Status::of(schema, lang, code)).collect()
    }
}

/// The route's handler.
pub(crate) async fn tickets(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    look: Look,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let address = ListAddress::of(&pairs);
    let changed = pairs.iter().find(|(name, _)| name == "changed");
    let done = changed.and_then(|(_, count)| count.parse::<usize>().ok()).map(|count| match count {
        0 => look.w.nothing_selected.to_owned(),
        count => look.lang.changed(count),
    });
    let (known, now) = (site.known(), site.now());
    let (board, changes) = (Arc::clone(&site.board), site.store.changes());
    let made = site
        .store
        .read(move |reading| {
            board.lock().unwrap_or_else(PoisonError::into_inner).catch_up(reading, &changes)?;
            let context = known.reading("read", now, "", &visitor.actor);
            let enabled = context.schema.entity("Ticket").is_some();
            let wanted = wanted(reading, &address, context)?;
            let jump = address.number().filter(|_| address.q.starts_with('#'));
            let found = {
                let board = board.lock().unwrap_or_else(PoisonError::into_inner);
                match jump {
                    Some(id) if board.has(id) => return Ok(Err(id)),
                    _ if enabled => board.find(&wanted),
                    _ => Found::default(),
                }
            };
            let filled = Filled { context, address: &address, look: &look };
            let rows = filled.rows(reading, &found.tickets)?;
            let projects = filled.projects(reading, &found)?;
            let until_s = wanted.until_s.unwrap_or(i64::MAX).min(now.as_second());
            let events = found.activity_s.iter().map(|at| (*at, 1));
            let pages = found.total.div_ceil(PAGE_ROWS).max(1);
            let page = |page: usize| ListAddress { page, ..address.clone() }.href();
            Ok(Ok(ListPage {
                enabled,
                may_change: visitor.actor.may(Deed::Update {
                    type_name: "Ticket",
                    field: "sg_status_list",
                    own: false,
                }),
                q: visible(&address.q),
                in_list: ListAddress { page: 1, ..address.clone() }.query(),
                total_text: look.lang.tickets(found.total),
                page_text: look.lang.page_of(address.page, pages),
                rows,
                columns: filled.columns(),
                groups: filled.groups(&found, &projects),
                spans: filled.spans(),
                day_from: if PRESETS.contains(&&*address.since) {
                    String::new()
                } else {
                    address.since.clone()
                },
                chips: filled.chips(&projects),
                picture: picture::draw(events, wanted.from_s, until_s, look.lang),
                statuses: Status::all(context.schema, look.lang),
                newer: (address.page > 1).then(|| page((address.page - 1).min(pages))),
                older: (address.page < pages).then(|| page(address.page + 1)),
                done,
                who: visible(&visitor.name),
                csrf: visitor.csrf,
                address,
                look,
            }))
        })
        .await;
    match made {
        Ok(Ok(list)) => page(StatusCode::OK, &list),
        Ok(Err(id)) => Redirect::to(&format!("/tickets/{id}")).into_response(),
        Err(trouble) => failed(&trouble),
    }
}

/// What an address asks of the board, within what the reader may see.
pub(crate) fn wanted(
    reading: &dyn Reading,
    address: &ListAddress,
    context: Context<'_>,
) -> Result<Wanted, Trouble> {
    let mut wanted = address.wanted(context.now);
    if !address.q.is_empty() {
        // Nothing but punctuation finds nothing.
        let mut ids = reading.search_tickets(&address.q)?.unwrap_or_default();
        if let Some(number) = address.number()
            && let Err(at) = ids.binary_search(&number)
        {
            ids.insert(at, number);
        }
        wanted.found = Some(ids);
    }
    if let Some(actor) = context.sight {
        if !actor.may(Deed::Read("Ticket")) {
            wanted.found = Some(Vec::new());
        }
        wanted.projects = actor.projects().map(|ids| ids.iter().map(i64::to_string).collect());
    }
    Ok(wanted)
}

/// What every part of the page is filled with.
struct Filled<'a> {
    context: Context<'a>,
    address: &'a ListAddress,
    look: &'a Look,
}

impl Filled<'_> {
    fn rows(&self, reading: &dyn Reading, entries: &[Entry]) -> Result<Vec<TicketRow>, Trouble> {
        let ids: Vec<i64> = entries.iter().map(|entry| entry.id).collect();
        let fields = ["title", "project", "addressings_to"];
        let mut shown = by_id(reading, self.context, "Ticket", &ids, &fields)?;
        let moment = |seconds| Moment::of_seconds(seconds, self.context.now, self.look.lang);
        Ok(entries
            .iter()
            .map(|entry| {
                let row = shown.remove(&entry.id).unwrap_or_default();
                let names = row["addressings_to"].as_array().into_iter().flatten();
                let names: Vec<&str> = names.filter_map(|link| link["name"].as_str()).collect();
                TicketRow {
                    id: entry.id,
                    title: Title::of(row["title"].as_str()),
                    status: Status::of(self.context.schema, self.look.lang, &entry.status),
                    times: entry.times.map(|times| grouped(times.unsigned_abs())),
                    engine: visible(&entry.engine),
                    app: visible(&entry.app),
                    user: visible(&entry.user),
                    project: visible(row["project"]["name"].as_str().unwrap_or_default()),
                    assigned: visible(&names.join(", ")),
                    active: moment(entry.active_s),
                    filed: moment(entry.created_s),
                }
            })
            .collect())
    }

    /// The names of the projects that are offered or chosen, by their number.
    fn projects(&self, reading: &dyn Reading, found: &Found) -> Result<BTreeMap<String, String>, Trouble> {
        let offered = found.counts[Facet::Project as usize].iter().map(|(id, _)| id);
        let ids: Vec<i64> = offered
            .chain(&self.address.values[Facet::Project as usize])
            .filter_map(|id| id.parse().ok())
            .collect();
        let rows = by_id(reading, self.context, "Project", &ids, &["name"])?;
        Ok(rows
            .into_iter()
            .map(|(id, row)| (id.to_string(), visible(row["name"].as_str().unwrap_or_default())))
            .collect())
    }

    fn columns(&self) -> Vec<Column> {
        let w = self.look.w;
        [
            (w.seen, "number", Order::Times),
            (w.active, "when", Order::Activity),
            (w.filed, "filed", Order::Created),
        ]
        .into_iter()
        .map(|(name, class, order)| Column {
            name,
            class,
            href: self.address.with(|address| address.order = order),
            chosen: self.address.order == order,
        })
        .collect()
    }

    fn groups(&self, found: &Found, projects: &BTreeMap<String, String>) -> Vec<Group> {
        let mut groups = Vec::new();
        for facet in Facet::ALL {
            let chosen = &self.address.values[facet as usize];
            let mut counts = found.counts[facet as usize].clone();
            for value in chosen {
                if counts.iter().all(|(known, _)| known != value) {
                    counts.push((value.clone(), 0));
                }
            }
            if facet == Facet::Status {
                let order = Status::all(self.context.schema, self.look.lang);
                counts.sort_by_key(|(code, _)| order.iter().position(|status| status.code == *code));
            } else {
                // What is chosen stays in sight.
                counts.sort_by_key(|(value, _)| !chosen.contains(value));
            }
            let value = |(value, count): (String, usize)| Choice {
                name: self.value_name(facet, &value, projects),
                code: (facet == Facet::Status).then(|| value.clone()),
                count: grouped(count as u64),
                href: self.address.toggled(facet, &value),
                chosen: chosen.contains(&value),
            };
            // A filter that everything passes is no choice.
            if counts.len() > 1 || !chosen.is_empty() || facet == Facet::Status {
                let values = counts.into_iter().take(MAX_VALUES).map(value).collect();
                groups.push(Group { name: facet_name(facet, self.look.w), values });
            }
        }
        groups
    }

    fn value_name(&self, facet: Facet, value: &str, projects: &BTreeMap<String, String>) -> String {
        match facet {
            _ if value.is_empty() => self.look.w.none.to_owned(),
            Facet::Status => Status::of(self.context.schema, self.look.lang, value).label,
            Facet::Project => projects.get(value).cloned().unwrap_or_else(|| visible(value)),
            _ => visible(value),
        }
    }

    fn span_name(&self, since: &str) -> String {
        let w = self.look.w;
        match since {
            "" => w.any_time.to_owned(),
            "24h" => w.last_24h.to_owned(),
            "7d" => w.last_7d.to_owned(),
            "30d" => w.last_30d.to_owned(),
            day => day.to_owned(),
        }
    }

    fn spans(&self) -> Vec<Choice> {
        let presets = [""].into_iter().chain(PRESETS);
        presets
            .map(|preset| Choice {
                name: self.span_name(preset),
                code: None,
                count: String::new(),
                href: self.address.with(|address| {
                    preset.clone_into(&mut address.since);
                    address.until.clear();
                }),
                chosen: self.address.since == preset && self.address.until.is_empty(),
            })
            .collect()
    }

    fn chips(&self, projects: &BTreeMap<String, String>) -> Vec<Chip> {
        let (address, w) = (self.address, self.look.w);
        let mut chips = Vec::new();
        let mut one = |of, name: &str, clear: fn(&mut ListAddress)| {
            if !name.is_empty() {
                chips.push(Chip { of, name: visible(name), href: address.with(clear) });
            }
        };
        one(w.search, &address.q, |address| address.q.clear());
        one(w.signature, &address.signature, |address| address.signature.clear());
        let since = if address.since.is_empty() { String::new() } else { self.span_name(&address.since) };
        let of = if PRESETS.contains(&&*address.since) { w.active } else { w.from };
        one(of, &since, |address| address.since.clear());
        one(w.to, &address.until, |address| address.until.clear());
        for facet in Facet::ALL {
            for value in &address.values[facet as usize] {
                chips.push(Chip {
                    of: facet_name(facet, w),
                    name: self.value_name(facet, value, projects),
                    href: address.toggled(facet, value),
                });
            }
        }
        chips
    }
}

fn facet_name(facet: Facet, w: &'static Words) -> &'static str {
    match facet {
        Facet::Status => w.status,
        Facet::Engine => w.engine,
        Facet::App => w.app,
        Facet::User => w.user,
        Facet::Project => w.project,
    }
}

/// Fields of rows of a type that the reader may see, by their ids.
pub(crate) fn by_id(
    reading: &dyn Reading,
    context: Context<'_>,
    type_name: &str,
    ids: &[i64],
    fields: &[&str],
) -> Result<BTreeMap<i64, Value>, Trouble> {
    let Some(entity) = context.schema.entity(type_name).filter(|_| !ids.is_empty()) else {
        return Ok(BTreeMap::new());
    };
    let filters =
        json!({"logical_operator": "and", "conditions": [{"path": "id", "relation": "in", "values": ids}]});
    let fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
    let rows = find(reading, context, entity, &query::Wanted::live(&filters, &fields, i64::MAX))?;
    Ok(rows.into_iter().filter_map(|row| Some((row["id"].as_i64()?, row))).collect())
}
