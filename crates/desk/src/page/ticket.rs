//! `/tickets/<id>`: one ticket, laid out so that it is understood in ten seconds.

use std::sync::{Arc, PoisonError};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::permission::Deed as Permitted;
use crate::access::visitor::Visitor;
use crate::api3::failed;
use crate::fault::Trouble;
use crate::files::attachment::AttachedFile;
use crate::page::address::ListAddress;
use crate::page::board::SharedBoard;
use crate::page::file;
use crate::page::history::{self, Deed};
use crate::page::list::{self, Status, Title, by_id};
use crate::page::look::Look;
use crate::page::picture::{self, Bar, Picture};
use crate::page::show::{Moment, size, visible};
use crate::page::trace::{self, Run};
use crate::page::{missing, page};
use crate::rows::query::{Context, Wanted, find};
use crate::site::Site;
use crate::store::Reading;
use crate::store::ticket_card::{HOUR_S, TicketCard};
use crate::ticket_text::{self, Part, TextRow, TicketText, TraceKind};

/// Replies and attachments shown.
const MAX_ROWS: i64 = 1000;
/// Tickets with the same problem that are named.
const SHOWN_NEIGHBOURS: usize = 8;
/// People and groups offered.
const MAX_PEOPLE: i64 = 500;

#[derive(Template)]
#[template(path = "ticket.html")]
struct TicketPage {
    look: Look,
    who: String,
    csrf: String,
    id: i64,
    /// The query that tells which list the ticket is in.
    in_list: String,
    before: Option<i64>,
    after: Option<i64>,
    may: May,
    title: Title,
    status: Status,
    statuses: Vec<Status>,
    assigned: Vec<Assignee>,
    /// Who else could be assigned.
    people: Vec<Assignee>,
    /// The reader, if they are not assigned and could be.
    me: Option<String>,
    times: Option<String>,
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
    story: Vec<Story>,
    /// Facts, in order.
    facts: Vec<Facts>,
    key: Option<String>,
    picture: Option<Picture>,
    replies: Vec<Reply>,
    files: Vec<File>,
    neighbours: Vec<Neighbour>,
    /// How many there are, those that are not named included.
    same_count: usize,
    /// All of them and this one, in words.
    same_text: String,
    /// The signature they share.
    signature: Option<String>,
    related: Vec<Neighbour>,
    history: Vec<Deed>,
}

impl TicketPage {
    fn said(&self, bar: &Bar) -> String {
        self.look.lang.times(bar.count)
    }
}

/// What the reader may do here.
struct May {
    status: bool,
    assign: bool,
    reply: bool,
}

enum Story {
    Prose { title: Option<String>, text: String },
    Trace(Vec<Run>),
}

struct Facts {
    title: String,
    rows: Vec<TextRow>,
}

struct Reply {
    id: i64,
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

/// A person or group, as `HumanUser-12`.
struct Assignee {
    key: String,
    name: String,
}

/// Another ticket.
struct Neighbour {
    id: i64,
    title: Title,
    status: Status,
    user: String,
    times: Option<String>,
    active: Option<Moment>,
}

/// The route's handler.
pub(crate) async fn ticket(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    look: Look,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let absent = look.clone();
    let none = || missing(absent, |w| w.no_ticket);
    let Ok(id) = id.parse::<i64>() else { return none() };
    let (known, now) = (site.known(), site.now());
    let (board, changes) = (Arc::clone(&site.board), site.store.changes());
    let made = site
        .store
        .read(move |reading| {
            let context = known.reading("read", now, "", &visitor.actor);
            board.lock().unwrap_or_else(PoisonError::into_inner).catch_up(reading, &changes)?;
            let address = ListAddress::of(&pairs);
            let in_list = ListAddress { page: 1, ..address.clone() }.query();
            let seen = Seen { reading, context, look: &look, id };
            let Some(mut ticket) = seen.load(&visitor, in_list)? else { return Ok(None) };
            (ticket.before, ticket.after) = seen.beside(&address, &board)?;
            ticket.look = look;
            Ok(Some(ticket))
        })
        .await;
    match made {
        Ok(Some(ticket)) => page(StatusCode::OK, &ticket),
        Ok(None) => none(),
        Err(trouble) => failed(&trouble),
    }
}

/// `/tickets/<id>/traceback`: the tracebacks alone, as text, to be copied without any script.
pub(crate) async fn traceback(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    look: Look,
    Path(id): Path<String>,
) -> Response {
    let absent = look.clone();
    let none = || missing(absent, |w| w.no_ticket);
    let Ok(id) = id.parse::<i64>() else { return none() };
    let (known, now) = (site.known(), site.now());
    let made = site
        .store
        .read(move |reading| {
            let context = known.reading("read", now, "", &visitor.actor);
            Ok(by_id(reading, context, "Ticket", &[id], &["description"])?.remove(&id))
        })
        .await;
    match made {
        Ok(Some(row)) => {
            let text = visible(row["description"].as_str().unwrap_or_default());
            let mut plain = String::new();
            for part in ticket_text::parse(&text).parts {
                if let Part::Traceback(lines) = part {
                    lines.iter().for_each(|line| plain.push_str(&format!("{}\n", line.text)));
                }
            }
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], plain).into_response()
        }
        Ok(None) => none(),
        Err(trouble) => failed(&trouble),
    }
}

/// A ticket before the eyes of a reader.
struct Seen<'a> {
    reading: &'a dyn Reading,
    context: Context<'a>,
    look: &'a Look,
    id: i64,
}

impl Seen<'_> {
    fn load(&self, visitor: &Visitor, in_list: String) -> Result<Option<TicketPage>, Trouble> {
        let fields = [
            "title",
            "description",
            "sg_status_list",
            "sg_priority",
            "sg_incident_count",
            "sg_incident_last_seen",
            "created_at",
            "created_by",
            "project",
            "addressings_to",
            "tickets",
        ];
        // A site may do without the fields of incidents.
        let known = self.context.schema.entity("Ticket");
        let fields: Vec<&str> = fields
            .into_iter()
            .filter(|name| known.is_some_and(|known| known.field(name).is_some()))
            .collect();
        let found = by_id(self.reading, self.context, "Ticket", &[self.id], &fields)?.remove(&self.id);
        let Some(ticket) = found else { return Ok(None) };
        let (look, lang) = (self.look, self.look.lang);
        let parsed = ticket_text::parse(&visible(ticket["description"].as_str().unwrap_or_default()));
        let TicketText { headline, glance, parts, key } = parsed;
        let files = self.files()?;
        let (mut story, mut facts) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Facts { title, rows } => facts.push(Facts { title, rows }),
                Part::Prose { title, text } => story.push(Story::Prose { title, text }),
                Part::Traceback(lines) => story.push(Story::Trace(trace::runs(lines, lang))),
            }
        }
        let card = self.reading.ticket_card(self.id)?.unwrap_or_default();
        let projects = visitor.actor.projects();
        let mut neighbours = self.reading.neighbours(&card)?;
        neighbours.retain(|card| {
            card.project_id.zip(projects).is_none_or(|(project, projects)| projects.contains(&project))
        });
        let same_count = neighbours.len();
        let neighbours: Vec<i64> = neighbours.iter().take(SHOWN_NEIGHBOURS).map(|card| card.id).collect();
        let links = ticket["tickets"].as_array().into_iter().flatten();
        let related: Vec<i64> = links.filter_map(|link| link["id"].as_i64()).collect();
        let assigned: Vec<Assignee> =
            ticket["addressings_to"].as_array().into_iter().flatten().filter_map(assignee).collect();
        let may = |field| visitor.actor.may(Permitted::Update { type_name: "Ticket", field, own: false });
        let may = May {
            status: may("sg_status_list"),
            assign: may("addressings_to"),
            reply: visitor.actor.may(Permitted::Create("Reply")),
        };
        let mut people = if may.assign { self.people()? } else { Vec::new() };
        people.retain(|person| assigned.iter().all(|known| known.key != person.key));
        let (kind, number) = visitor.link();
        let me = format!("{kind}-{number}");
        let code = ticket["sg_status_list"].as_str().unwrap_or_default();
        Ok(Some(TicketPage {
            look: look.clone(),
            who: visible(&visitor.name),
            csrf: visitor.csrf.clone(),
            id: self.id,
            in_list,
            before: None,
            after: None,
            me: people.iter().any(|person| person.key == me).then_some(me),
            may,
            title: Title::of(ticket["title"].as_str()),
            status: Status::of(self.context.schema, lang, code),
            statuses: Status::all(self.context.schema, lang),
            assigned,
            people,
            times: ticket["sg_incident_count"].as_i64().map(|times| lang.times(times.unsigned_abs())),
            last_seen: self.moment(&ticket["sg_incident_last_seen"]),
            created: self.moment(&ticket["created_at"]),
            created_by: name_of(&ticket["created_by"]),
            project: name_of(&ticket["project"]),
            priority: ticket["sg_priority"].as_str().map(visible),
            headline,
            open_first: open_first(&glance, &files),
            glance,
            story,
            facts,
            key,
            picture: self.picture(&card)?,
            replies: self.replies()?,
            files,
            neighbours: self.tickets(&neighbours)?,
            same_count,
            same_text: lang.tickets(same_count + 1),
            signature: card.signature.clone().or(card.bucket.clone()).map(|text| visible(&text)),
            related: self.tickets(&related)?,
            history: history::of_ticket(self.reading, self.context, self.id, lang)?,
        }))
    }

    /// The tickets before and after this one in its list.
    fn beside(
        &self,
        address: &ListAddress,
        board: &SharedBoard,
    ) -> Result<(Option<i64>, Option<i64>), Trouble> {
        let wanted = list::wanted(self.reading, address, self.context)?;
        let board = board.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(board.beside(&wanted, self.id))
    }

    fn moment(&self, value: &Value) -> Option<Moment> {
        Moment::of(value.as_str(), self.context.now, self.look.lang)
    }

    /// When the problem was seen; nothing for one that was seen once.
    fn picture(&self, card: &TicketCard) -> Result<Option<Picture>, Trouble> {
        let hours = self.reading.occurrences(self.id)?;
        let times: u64 = hours.iter().map(|(_, times)| times).sum();
        if times < 2 {
            return Ok(None);
        }
        let events = hours.iter().map(|(hour, times)| (hour * HOUR_S, *times));
        // The picture ends with the problem, not with today, so that its shape can be seen.
        Ok(picture::draw(events, None, card.active_s, self.look.lang))
    }

    fn replies(&self) -> Result<Vec<Reply>, Trouble> {
        let rows = self.linked("Reply", "entity", &["content", "user", "created_at"])?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                Some(Reply {
                    id: row["id"].as_i64()?,
                    author: name_of(&row["user"]),
                    when: self.moment(&row["created_at"]),
                    text: visible(row["content"].as_str().unwrap_or_default()),
                })
            })
            .collect())
    }

    fn files(&self) -> Result<Vec<File>, Trouble> {
        let mut files = Vec::new();
        for row in self.linked("Attachment", "attachment_links", &["display_name"])? {
            let Some(id) = row["id"].as_i64() else { continue };
            let kept: Option<AttachedFile> = self.reading.attached_file(id)?;
            let Some(kept) = kept else { continue };
            files.push(File {
                id,
                name: visible(row["display_name"].as_str().unwrap_or(&kept.name)),
                size: size(kept.size_bytes),
                readable: file::can_be_read(&kept),
            });
        }
        Ok(files)
    }

    fn people(&self) -> Result<Vec<Assignee>, Trouble> {
        let mut people = Vec::new();
        let active = json!({"logical_operator": "and", "conditions": [
            {"path": "sg_status_list", "relation": "is_not", "values": ["dis"]}
        ]});
        let all = json!({"logical_operator": "and", "conditions": []});
        for (type_name, name, filters) in [("HumanUser", "name", &active), ("Group", "code", &all)] {
            let Some(entity) = self.context.schema.entity(type_name) else { continue };
            let fields = [name.to_owned()];
            let wanted =
                Wanted { sorts: &[(name.to_owned(), false)], ..Wanted::live(filters, &fields, MAX_PEOPLE) };
            for row in find(self.reading, self.context, entity, &wanted)? {
                let link = json!({"type": type_name, "id": row["id"], "name": row[name]});
                people.extend(assignee(&link));
            }
        }
        Ok(people)
    }

    /// Other tickets, in the order of their ids in `ids`.
    fn tickets(&self, ids: &[i64]) -> Result<Vec<Neighbour>, Trouble> {
        let mut rows = by_id(self.reading, self.context, "Ticket", ids, &["title", "sg_status_list"])?;
        let mut tickets = Vec::new();
        for id in ids {
            let Some(row) = rows.remove(id) else { continue };
            let card = self.reading.ticket_card(*id)?.unwrap_or_default();
            let lang = self.look.lang;
            tickets.push(Neighbour {
                id: *id,
                title: Title::of(row["title"].as_str()),
                status: Status::of(
                    self.context.schema,
                    lang,
                    row["sg_status_list"].as_str().unwrap_or_default(),
                ),
                user: visible(&card.user.unwrap_or_default()),
                times: card.times.map(|times| lang.times(times.unsigned_abs())),
                active: Moment::of_seconds(card.active_s, self.context.now, lang),
            });
        }
        Ok(tickets)
    }

    /// Rows of a type that hang on the ticket, in the order they were made.
    fn linked(&self, type_name: &str, path: &str, fields: &[&str]) -> Result<Vec<Value>, Trouble> {
        let Some(entity) = self.context.schema.entity(type_name) else { return Ok(Vec::new()) };
        let filters = json!({"logical_operator": "and", "conditions": [
            {"path": path, "relation": "is", "values": [{"type": "Ticket", "id": self.id}]}
        ]});
        let fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
        find(self.reading, self.context, entity, &Wanted::live(&filters, &fields, MAX_ROWS))
    }
}

fn assignee(link: &Value) -> Option<Assignee> {
    let key = format!("{}-{}", link["type"].as_str()?, link["id"].as_i64()?);
    let name = link["name"].as_str().filter(|name| !name.is_empty()).map(visible);
    Some(Assignee { name: name.unwrap_or_else(|| key.clone()), key })
}

/// The line that `Open first: NAME at line N, …` speaks of, in the file of that name.
fn open_first(glance: &[TextRow], files: &[File]) -> Option<String> {
    let said = &glance.iter().find(|row| row.name == "Open first")?.value;
    let file = files.iter().find(|file| file.readable && said.starts_with(&file.name))?;
    let line = said[file.name.len()..].strip_prefix(" at line ")?;
    let number: u64 = line.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(format!("/attachments/{}/view?line={number}#L{number}", file.id))
}

fn name_of(link: &Value) -> String {
    visible(link["name"].as_str().unwrap_or_default())
}
