//! A record as an incident: the exception a person would name, the summary, the signature.

use std::borrow::Cow;

use crate::header;
use crate::native;
use crate::record::file_name::FileName;
use crate::record::{self, Record};
use crate::signature::key_frames::{self, View};
use crate::signature::message::Normaliser;
use crate::signature::message::innermost::{MOST_BYTES, cap, innermost_reason};
use crate::signature::reason::types::is_bag;
use crate::signature::words::ContextWords;
use crate::signature::{Signature, components};
use crate::title;
use crate::traceback::{self, Block, BlockKind, Choice, Raised};

/// Something someone should look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    /// The record it was recognised in.
    pub record: Record,
    /// The exception a person would name, without its modules; `None` when there is none.
    pub error_name: Option<String>,
    /// The exception at the root of the chain, only when its name differs.
    pub root_error_name: Option<String>,
    /// One line for people: the exception's reason, else the first line of the message. Redacted as the record was.
    pub summary: String,
    /// The traceback blocks as text, joined as printed; `None` without a traceback.
    pub traceback: Option<String>,
    /// What makes it the same problem as another.
    pub signature: Signature,
}

/// Summaries are cut to this many characters.
const SUMMARY_CHARS: usize = 200;
/// A traceback is cut to this size; the record itself has all of it.
const TRACEBACK_BYTES: usize = 64 * 1024;

/// Finds the error in the text of a record and computes its signature.
///
/// The text is decoded and redacted; any text gives an incident. `words` are the words of the work at hand that must
/// not vary a signature.
pub fn recognise(text: &str, file: FileName<'_>, words: &ContextWords) -> Incident {
    analyse(text, file, &Normaliser::new(words), None)
}

/// What `explain` wants to know on the way.
pub(crate) trait Watch {
    /// The blocks found and which of them counts; `block` is the one the signature is made of, `bundle` the one that logged.
    fn saw(&mut self, blocks: &[Block<'_>], choice: &Choice, block: usize, bundle: Option<&str>);
}

/// The one way from a text to its incident.
pub(crate) fn analyse(
    text: &str,
    file: FileName<'_>,
    to: &Normaliser<'_>,
    watch: Option<&mut dyn Watch>,
) -> Incident {
    let head = header::read(text);
    let body = record::body(text, head.as_ref());
    let flat = traceback::flatten(body, head.as_ref().is_none_or(|head| head.form.is_foreign()));
    let blocks = traceback::find(&flat);
    let record = record::of(head, body, &flat, &blocks, file);
    let choice = traceback::choose(&blocks);
    // A group whose members are all one problem is that problem.
    let chosen = choice.as_ref().map(|choice| {
        components::same_members(&blocks, &choice.leaves, record.origin.bundle(), to)
            .unwrap_or(choice.primary)
    });
    if let (Some(watch), Some(choice), Some(block)) = (watch, &choice, chosen) {
        watch.saw(&blocks, choice, block, record.origin.bundle());
    }
    let found = choice.as_ref().zip(chosen).map(|(choice, block)| (&blocks[block], choice));
    let from_block = found.and_then(|(block, _)| block.raised);
    let bare = if from_block.is_none() { bare_exception(&record.message) } else { None };
    let raised = from_block.or(bare);
    let fatal = found.is_some_and(|(block, _)| block.kind == BlockKind::Fatal);
    let crash = if raised.is_none() && blocks.is_empty() { native::read(body) } else { None };
    let error_name = match raised {
        _ if fatal => Some(components::FATAL_NAME.to_owned()),
        _ if crash.is_some() => Some(components::CRASH_NAME.to_owned()),
        raised => raised.map(|raised| raised.short_name().to_owned()),
    };
    let root_error_name = found
        .and_then(|(_, choice)| blocks[choice.root].raised)
        .map(|root| root.short_name().to_owned())
        .filter(|root| error_name.as_ref().is_some_and(|name| name != root));

    let view = View { words: to.words, bundle: record.origin.bundle() };
    let keys = found.map(|(block, _)| key_frames::examine(&block.frames, view, None)).unwrap_or_default();
    let components = match found {
        Some((block, choice)) if !fatal => {
            components::of_traceback(&record, &blocks, block, choice, raised, keys, to)
        }
        Some(_) => components::of_fault(&record, keys),
        None if let Some(crash) = &crash => components::of_crash(&record, crash),
        None => components::of_message(&record, raised, to),
    };
    Incident {
        error_name,
        root_error_name,
        summary: summary(&record, raised),
        traceback: traceback_text(&flat, &blocks),
        signature: Signature::of(components),
        record,
    }
}

/// `SomeError: text` in a message without a traceback. The innermost of several when the outer one only wraps.
fn bare_exception(message: &str) -> Option<Raised<'_>> {
    let message = cap(message, MOST_BYTES);
    let mut found: Option<Raised<'_>> = None;
    for (colon, _) in message.match_indices(':') {
        let before = &message[..colon];
        let start = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let name = &before[start..];
        let after = &message[colon + 1..];
        if !(after.is_empty() || after.starts_with([' ', '\n'])) || !is_bare_name(name) {
            continue;
        }
        let text = after.trim();
        // A wrapper is explained by what follows it; the first other exception is the one.
        let wraps = found.is_some_and(|outer| is_bag(outer.short_name()));
        if found.is_none() || wraps {
            found = Some(Raised { name, text });
        }
    }
    found
}

/// A CamelCase word that ends like an exception, or a well-known one.
fn is_bare_name(name: &str) -> bool {
    let short = name.rsplit('.').next().unwrap_or(name);
    let camel =
        short.starts_with(|c: char| c.is_ascii_uppercase()) && short.bytes().any(|b| b.is_ascii_lowercase());
    let suffixed = ["Error", "Exception", "Warning", "Fault"]
        .iter()
        .any(|end| short.len() > end.len() && short.ends_with(end));
    camel
        && (suffixed
            || name.starts_with("hou.")
            || matches!(short, "KeyboardInterrupt" | "SystemExit" | "StopIteration" | "Exception"))
}

fn summary(record: &Record, raised: Option<Raised<'_>>) -> String {
    let first_line = |text: &str| {
        text.lines().map(str::trim).find(|line| !line.is_empty()).map(|line| match one_line(line) {
            Cow::Borrowed(line) => line.to_owned(),
            Cow::Owned(line) => line,
        })
    };
    raised
        .and_then(|raised| first_line(&innermost_reason(raised.said())))
        .or_else(|| first_line(&record.message))
        .or_else(|| first_line(&record.body))
        .unwrap_or_default()
}

/// Without control characters, cut.
fn one_line(line: &str) -> Cow<'_, str> {
    if line.len() <= SUMMARY_CHARS && !title::may_hold_controls(line) {
        return Cow::Borrowed(line);
    }
    let mut chars = line.chars();
    let mut out: String =
        chars.by_ref().take(SUMMARY_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if chars.next().is_some() {
        out.truncate(out.trim_end().len());
        out.push('…');
    }
    Cow::Owned(out)
}

fn traceback_text(flat: &str, blocks: &[Block<'_>]) -> Option<String> {
    let first = blocks.first()?;
    let last = blocks.last()?;
    let text = flat[first.span.start..last.span.end].trim_end();
    if text.len() <= TRACEBACK_BYTES {
        return Some(text.to_owned());
    }
    let head = cap(text, TRACEBACK_BYTES / 2);
    let tail = &text[text.ceil_char_boundary(text.len() - TRACEBACK_BYTES / 2)..];
    Some(format!("{head}\n[...]\n{tail}"))
}

impl Incident {
    /// The innermost frame in the key, for people: `module.function`.
    pub fn innermost(&self) -> Option<String> {
        title::innermost(&self.signature).map(Cow::into_owned)
    }
}
