//! `/attachments/<id>/view`: a text attachment with line numbers and its error records, part by part; an archive as a list of its
//! files, each to be read in the same way.

use std::fs::File;
use std::io::{self, BufReader, Cursor};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::visitor::Visitor;
use crate::api3::failed;
use crate::fault::Trouble;
use crate::files::attachment::AttachedFile;
use crate::page::archive;
use crate::page::log_text::{Line, Outline};
use crate::page::look::Look;
use crate::page::show::{size, visible};
use crate::page::words::{Lang, grouped};
use crate::page::{missing, page};
use crate::percent::encoded;
use crate::rows::query;
use crate::site::Site;

/// Read of a file at a time.
const READ_BYTES: usize = 256 * 1024;
/// Records named at the top.
const MAX_MARKS: usize = 12;
/// Endings of files in an archive that are text.
const TEXT: [&str; 8] = [".log", ".txt", ".json", ".yml", ".yaml", ".toml", ".csv", ".py"];

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    look: Look,
    who: String,
    csrf: String,
    id: i64,
    name: String,
    size: String,
    ticket: Option<i64>,
    /// The file of the archive that is shown.
    inside: Option<String>,
    /// The address of this view, to which the line is added.
    base: String,
    body: Shown,
}

enum Shown {
    Text(TextPart),
    Files(Vec<Inside>),
    /// Neither text nor an archive that can be listed.
    Nothing,
}

/// A part of a text, and the ways to others.
struct TextPart {
    lines: Vec<Line>,
    /// `Lines 1 to 2,500 of 9,000`, when the text has several parts.
    extent: Option<String>,
    earlier: Option<String>,
    later: Option<String>,
    /// Which of the errors is at the line asked for.
    at_error: Option<String>,
    error_count: usize,
    previous_error: Option<String>,
    next_error: Option<String>,
    /// The first errors of the part, by number and address.
    marks: Vec<(String, String)>,
}

/// A file of an archive.
struct Inside {
    name: String,
    size: String,
    href: Option<String>,
}

/// What the address asks for.
#[derive(Default)]
struct Asked {
    line: Option<u64>,
    part: Option<usize>,
    entry: Option<String>,
}

/// Whether a file is shown on a page, by the type it is served with and by its name.
pub(crate) fn can_be_read(file: &AttachedFile) -> bool {
    is_text(file) || is_archive(file)
}

fn is_text(file: &AttachedFile) -> bool {
    file.content_type.starts_with("text/") || file.content_type == "application/json"
}

fn is_archive(file: &AttachedFile) -> bool {
    file.name.to_ascii_lowercase().ends_with(".zip")
}

/// The route's handler.
pub(crate) async fn view(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    look: Look,
    Path(id): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let mut asked = Asked::default();
    for (name, value) in pairs {
        match name.as_str() {
            "line" => asked.line = value.parse().ok(),
            "part" => asked.part = value.parse().ok(),
            "entry" => asked.entry = Some(value),
            _ => {}
        }
    }
    let Ok(id) = id.parse::<i64>() else { return missing(look, |w| w.no_file) };
    match load(&site, visitor, look.clone(), id, asked).await {
        Ok(Some(file)) => page(StatusCode::OK, &file),
        Ok(None) => missing(look, |w| w.no_file),
        Err(trouble) => failed(&trouble),
    }
}

async fn load(
    site: &Arc<Site>,
    visitor: Visitor,
    look: Look,
    id: i64,
    asked: Asked,
) -> Result<Option<FilePage>, Trouble> {
    let (known, now) = (site.known(), site.now());
    let (who, csrf) = (visible(&visitor.name), visitor.csrf.clone());
    let found = site
        .store
        .read(move |reading| {
            let Some(file) = reading.attached_file(id)? else { return Ok(None) };
            let context = known.reading("read", now, "", &visitor.actor);
            let entity = context.entity("Attachment")?;
            let fields = ["attachment_links".to_owned(), "display_name".to_owned()];
            let row = query::row(reading, context, entity, id, &fields)?;
            Ok(row.map(|row| (file, row)))
        })
        .await?;
    let Some((file, row)) = found.filter(|(file, _)| can_be_read(file)) else { return Ok(None) };
    let links = row["attachment_links"].as_array();
    let ticket = links.and_then(|links| links.iter().find(|link| link["type"] == "Ticket")?["id"].as_i64());
    let inside = asked.entry.clone().filter(|_| !is_text(&file));
    let query = inside.as_ref().map_or(String::new(), |name| format!("entry={}&", encoded(name)));
    let base = format!("/attachments/{id}/view?{query}");
    let shown_base = base.clone();
    let (text, lang) = (is_text(&file), look.lang);
    let body = site
        .files
        .inspect(&file.hash, move |content| {
            let shown = Showing { asked: &asked, base: &shown_base, lang };
            match asked.entry.as_deref().filter(|_| !text) {
                _ if text => Ok(Some(Shown::Text(shown.part_of_file(content)?))),
                Some(name) => archive::read(content, name)?
                    .map(|bytes| Ok(Shown::Text(shown.part(|| Cursor::new(&bytes))?)))
                    .transpose(),
                None => Ok(Some(archive::list(content)?.map_or(Shown::Nothing, |entries| {
                    Shown::Files(entries.into_iter().map(|entry| inside_of(id, entry)).collect())
                }))),
            }
        })
        .await?;
    let Some(body) = body else { return Ok(None) };
    Ok(Some(FilePage {
        look,
        who,
        csrf,
        id,
        name: visible(row["display_name"].as_str().unwrap_or(&file.name)),
        size: size(file.size_bytes),
        ticket,
        inside: inside.map(|name| visible(&name)),
        base,
        body,
    }))
}

fn inside_of(id: i64, entry: archive::Entry) -> Inside {
    let low = entry.name.to_ascii_lowercase();
    let readable = TEXT.iter().any(|ending| low.ends_with(ending));
    Inside {
        name: visible(&entry.name),
        size: size(entry.size_bytes),
        href: readable.then(|| format!("/attachments/{id}/view?entry={}", encoded(&entry.name))),
    }
}

/// What a text is shown by.
struct Showing<'a> {
    asked: &'a Asked,
    base: &'a str,
    lang: Lang,
}

impl Showing<'_> {
    fn part_of_file(&self, file: File) -> io::Result<TextPart> {
        let outline = Outline::of(BufReader::with_capacity(READ_BYTES, &file))?;
        self.shown(&outline, &file)
    }

    fn part<'b>(&self, text: impl Fn() -> Cursor<&'b Vec<u8>>) -> io::Result<TextPart> {
        self.shown(&Outline::of(text())?, text())
    }

    fn shown(&self, outline: &Outline, text: impl io::Read + io::Seek) -> io::Result<TextPart> {
        let count = outline.parts.len();
        let part = match (self.asked.line, self.asked.part) {
            (Some(line), _) => outline.part_of(line),
            (None, Some(part)) => part.saturating_sub(1),
            // What happened last is what people open a log for.
            (None, None) => count.saturating_sub(1),
        };
        let part = part.min(count.saturating_sub(1));
        let lines = outline.read(text, part)?;
        let first = outline.parts.get(part).map_or(1, |part| part.line);
        let last = lines.last().map_or(first, |line| line.number);
        let to_part = |part: usize| format!("{}part={}", self.base, part + 1);
        let to_line = |line: &u64| format!("{}line={line}#L{line}", self.base);
        let here = self.asked.line.unwrap_or(first.saturating_sub(1));
        let before = outline.errors.partition_point(|error| *error < here);
        let after = outline.errors.partition_point(|error| *error <= here);
        let marks = outline.errors.iter().filter(|error| (first..=last).contains(error)).take(MAX_MARKS);
        Ok(TextPart {
            extent: (count > 1).then(|| self.lang.lines_of(first, last, outline.lines)),
            earlier: part.checked_sub(1).map(to_part),
            later: (part + 1 < count).then(|| to_part(part + 1)),
            at_error: (after > before).then(|| self.lang.error_of(after, outline.errors.len())),
            error_count: outline.errors.len(),
            previous_error: before.checked_sub(1).and_then(|at| outline.errors.get(at)).map(to_line),
            next_error: outline.errors.get(after).map(to_line),
            marks: marks.map(|error| (grouped(*error), to_line(error))).collect(),
            lines,
        })
    }
}
