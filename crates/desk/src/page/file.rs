//! `/attachments/<id>/view`: a text attachment with line numbers, its newest part when it is long.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::access::visitor::Visitor;
use crate::api3::failed;
use crate::fault::Trouble;
use crate::files::attachment::AttachedFile;
use crate::page::show::{size, visible};
use crate::page::{missing, page};
use crate::rows::query;
use crate::site::Site;
use crate::store::attached_file;

/// The most that is shown of a file: about five thousand log lines.
const MAX_BYTES: u64 = 512 * 1024;
/// Longest line shown, in characters.
const MAX_LINE: usize = 4000;
/// Records named at the top.
const MAX_MARKS: usize = 30;

#[derive(Template)]
#[template(path = "file.html")]
struct FilePage {
    id: i64,
    name: String,
    size: String,
    ticket: Option<i64>,
    /// How much is left out at the beginning.
    skipped: Option<String>,
    lines: Vec<Line>,
    /// Numbers of the lines that begin an ERROR or CRITICAL record, the newest last.
    marks: Vec<u64>,
}

struct Line {
    number: u64,
    text: String,
    level: &'static str,
}

/// Whether a file is text to be shown, by the type it is served with.
pub(crate) fn can_be_read(file: &AttachedFile) -> bool {
    file.content_type.starts_with("text/") || file.content_type == "application/json"
}

/// The route's handler.
pub(crate) async fn view(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = id.parse::<i64>() else { return missing("file") };
    match load(&site, visitor, id).await {
        Ok(Some(file)) => page(StatusCode::OK, &file),
        Ok(None) => missing("readable file"),
        Err(trouble) => failed(&trouble),
    }
}

async fn load(site: &Arc<Site>, visitor: Visitor, id: i64) -> Result<Option<FilePage>, Trouble> {
    let (known, now) = (site.known(), site.now());
    let found = site
        .store
        .read(move |connection| {
            let Some(file) = attached_file::find(connection, id)? else { return Ok(None) };
            let context = known.reading("read", now, "", &visitor.actor);
            let entity = context.entity("Attachment")?;
            let row = query::row(
                connection,
                context,
                entity,
                id,
                &["attachment_links".to_owned(), "display_name".to_owned()],
            )?;
            Ok(row.map(|row| (file, row)))
        })
        .await?;
    let Some((file, row)) = found.filter(|(file, _)| can_be_read(file)) else { return Ok(None) };
    let tail = site.files.tail(&file.hash, MAX_BYTES).await?;
    let (lines, skipped_bytes) = lines(&tail.bytes, tail.from, tail.lines_before);
    let mut marks: Vec<u64> =
        lines.iter().filter(|line| line.level == "error").map(|line| line.number).collect();
    marks.drain(..marks.len().saturating_sub(MAX_MARKS));
    let links = row["attachment_links"].as_array();
    let ticket = links.and_then(|links| links.iter().find(|link| link["type"] == "Ticket")?["id"].as_i64());
    Ok(Some(FilePage {
        id,
        name: visible(row["display_name"].as_str().unwrap_or(&file.name)),
        size: size(file.size_bytes),
        ticket,
        skipped: (skipped_bytes > 0).then(|| size(skipped_bytes)),
        lines,
        marks,
    }))
}

/// The lines of the tail of a file that begins `from` bytes into it, after `lines_before` line ends; and how many bytes are not shown.
fn lines(bytes: &[u8], from: u64, lines_before: u64) -> (Vec<Line>, u64) {
    let mut bytes = bytes;
    let (mut number, mut skipped) = (lines_before + 1, from);
    if from > 0 {
        // The first line is cut somewhere; leave it out.
        let cut = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if cut > 0 {
            bytes = &bytes[cut..];
            skipped += cut as u64;
            number += 1;
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut shown = visible(line);
            if let Some((end, _)) = shown.char_indices().nth(MAX_LINE) {
                shown.truncate(end);
                shown.push_str(" … (the line goes on; download the file to see it)");
            }
            Line { number: number + at as u64, text: shown, level: level(line) }
        })
        .collect();
    (lines, skipped)
}

/// The level in a Toolkit record's header, `2026-01-14 19:49:11,961 [2764 ERROR sgtk…] …`, as a style class.
fn level(line: &str) -> &'static str {
    let header = line.as_bytes().get(..24).is_some_and(|start| start[0].is_ascii_digit() && start[4] == b'-');
    if !header {
        return "";
    }
    let Some(inside) =
        line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(inside, _)| inside)
    else {
        return "";
    };
    match inside.split_whitespace().nth(1) {
        Some("ERROR" | "CRITICAL") => "error",
        Some("WARNING") => "warning",
        Some("DEBUG") => "debug",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_keeps_its_true_line_numbers() {
        let (shown, skipped) = lines(b"t of line 7\nline 8\n\x1b[31mline 9", 100, 6);
        let shown: Vec<(u64, &str)> = shown.iter().map(|line| (line.number, line.text.as_str())).collect();
        assert_eq!(shown, [(8, "line 8"), (9, "^[[31mline 9")]);
        assert_eq!(skipped, 112);
    }

    #[test]
    fn levels_are_those_of_headers_alone() {
        assert_eq!(level("2026-01-14 19:49:11,961 [2764 ERROR sgtk.env] x"), "error");
        assert_eq!(level("2026-01-14 19:49:11,961 [2764 INFO sgtk.env] ERROR"), "");
        assert_eq!(level("  [1 ERROR x]"), "");
        assert_eq!(level("여기여기여기여기여기여기"), "");
    }
}
