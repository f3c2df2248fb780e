//! Records: from bytes (`reader`) and, decoded and redacted, to their fields.

pub(crate) mod file_name;
pub(crate) mod kept;
pub(crate) mod origin;
mod pasted;
pub(crate) mod reader;
mod shape;
mod skim;

use std::borrow::Cow;

use crate::header::{self, Form, Header};
use crate::level::Level;
use crate::record::file_name::FileName;
use crate::record::origin::Origin;
use crate::time::LocalTime;
use crate::traceback::{self, Block};

/// A record taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Layout of its header; `None` when it has none.
    pub form: Option<Form>,
    /// When it was written, in the local time of the workstation.
    pub time: Option<LocalTime>,
    /// Process that wrote it.
    pub pid: Option<u32>,
    /// Level.
    pub level: Option<Level>,
    /// Logger name as written.
    pub logger: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// What was said: without header, tracebacks and wrappers such as `[PROXY]`, trimmed.
    pub message: String,
    /// Everything after the header, trailing white space removed.
    pub body: String,
    /// Another process wrote into it: two tracebacks are mixed line by line.
    pub interleaved: bool,
}

/// Takes the text of one record apart. The text is decoded and redacted; any text gives a record.
pub fn parse(text: &str, file: FileName<'_>) -> Record {
    let head = header::read(text);
    let body = body(text, head.as_ref());
    let flat = traceback::flatten(body, head.as_ref().is_none_or(|head| head.form.is_foreign()));
    of(head, body, &flat, &traceback::find(&flat), file)
}

/// Everything after the header, trailing white space removed.
pub(crate) fn body<'t>(text: &'t str, head: Option<&Header<'t>>) -> &'t str {
    text[head.map_or(0, |head| head.message_at)..head.map_or(text.len(), |head| head.body_end)].trim_end()
}

/// Puts a record together from its parts; `flat` is the body as the traceback parser wants it.
pub(crate) fn of(
    head: Option<Header<'_>>,
    body: &str,
    flat: &str,
    blocks: &[Block<'_>],
    file: FileName<'_>,
) -> Record {
    let said = outside(flat, blocks);
    let (message, proxied) = peel(said.trim());
    let logger = head.as_ref().and_then(|head| head.logger);
    let origin = origin::read(logger, message, proxied, file, blocks);
    Record {
        form: head.as_ref().map(|head| head.form),
        time: head.as_ref().and_then(|head| head.time),
        pid: head.as_ref().and_then(|head| head.pid),
        level: head.as_ref().and_then(|head| head.level),
        logger: logger.map(str::to_owned),
        origin,
        message: message.to_owned(),
        body: body.to_owned(),
        interleaved: traceback::is_interleaved(blocks),
    }
}

/// The text outside the traceback blocks and the sentences that join them.
fn outside<'t>(text: &'t str, blocks: &[Block<'_>]) -> Cow<'t, str> {
    let Some(first) = blocks.first() else { return Cow::Borrowed(text) };
    // Nearly always a message, then the traceback to the end.
    let behind = blocks.last().is_none_or(|last| text[last.span.end.min(text.len())..].trim().is_empty());
    if blocks.len() == 1 && behind {
        return Cow::Borrowed(&text[..first.span.start]);
    }
    let mut out = String::new();
    let mut at = 0;
    for block in blocks {
        push_said(&mut out, &text[at.min(block.span.start)..block.span.start]);
        at = block.span.end.max(at);
    }
    push_said(&mut out, &text[at..]);
    Cow::Owned(out)
}

fn push_said(out: &mut String, piece: &str) {
    for line in piece.split_inclusive('\n') {
        let inner = line.trim();
        let joins = inner.starts_with("The above exception was the direct cause")
            || inner.starts_with("During handling of the above exception")
            || inner.starts_with("+-") && inner.contains("----");
        let leading_blank = out.is_empty() && inner.is_empty();
        if !joins && !leading_blank {
            out.push_str(line);
        }
    }
}

/// Removes the wrappers that processes and threads put before a message; tells whether it was passed on by Desktop.
fn peel(message: &str) -> (&str, bool) {
    let mut rest = message;
    let mut proxied = false;
    loop {
        let before = rest;
        if let Some(after) = rest.strip_prefix("[PROXY]") {
            rest = after.trim_start();
            proxied = true;
        }
        rest = rest.strip_prefix("Main Thread - ").unwrap_or(rest);
        if let Some((thread, after)) = rest.strip_prefix("Thread ").and_then(|after| after.split_once(" - "))
            && !thread.is_empty()
            && thread.bytes().all(|b| b.is_ascii_digit())
        {
            rest = after;
        }
        if let Some((engine, after)) = rest.strip_prefix("Shotgun ").and_then(|after| after.split_once(": "))
            && engine.starts_with("tk-")
            && !engine.contains(' ')
        {
            rest = after;
        }
        if rest == before {
            return (rest, proxied);
        }
    }
}
