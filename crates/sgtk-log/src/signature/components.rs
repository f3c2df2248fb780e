//! The parts a signature is made of, for each kind of record: a traceback, a group, a crash, a message alone.

use crate::record::Record;
use crate::signature::Component;
use crate::signature::key_frames::{self, FrameUse, SeenFrame};
use crate::signature::message::Normaliser;
use crate::signature::message::innermost::innermost_reason;
use crate::signature::place::locate;
use crate::signature::reason::types::canonical_type;
use crate::signature::reason::{bag, fault, reason};
use crate::traceback::{Block, Choice, Raised};

/// Name of an error that ended the process.
pub(crate) const FATAL_NAME: &str = "Fatal Python error";

#[expect(clippy::too_many_arguments, reason = "everything a signature is made of, in one place")]
pub(crate) fn of_traceback(
    record: &Record,
    blocks: &[Block<'_>],
    block: &Block<'_>,
    choice: &Choice,
    raised: Option<Raised<'_>>,
    frames: &[SeenFrame],
    to: &Normaliser<'_>,
) -> Vec<Component> {
    if block.raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup"))
        && !choice.leaves.is_empty()
    {
        return of_group(blocks, &choice.leaves, frames);
    }
    let keys: Vec<&SeenFrame> =
        frames.iter().filter(|frame| matches!(frame.used, FrameUse::Key | FrameUse::NextBest)).collect();
    if keys.is_empty() {
        return of_message(record, raised, to);
    }
    let mut components = Vec::with_capacity(keys.len() + 2);
    if let Some(raised) = raised {
        let name = raised.short_name();
        components.push(Component::new("type", canonical_type(name, raised.text)));
        if let Some(frame) = block.frames.last().filter(|_| is_syntax_error(name)) {
            // The file is the problem, whoever imports it.
            components.push(Component::new("file", locate(frame.path).place(to.words).key()));
            return components;
        }
        let said = reason(name, raised.text, to)
            // One frame alone merges different failures of a shared helper.
            .or_else(|| if keys.len() < 2 { bag(raised.text, to) } else { None });
        components.extend(said.map(|said| Component::new("reason", said)));
    } else {
        let said = to.normalise(&innermost_reason(&record.message));
        components.push(Component::new("message", said));
    }
    components.extend(keys.iter().map(|frame| Component::new("frame", frame.key())));
    components
}

fn is_syntax_error(name: &str) -> bool {
    matches!(name, "SyntaxError" | "IndentationError" | "TabError")
}

/// The member that stands for all of a group: they have the same type, reason and frames.
pub(crate) fn same_members(blocks: &[Block<'_>], leaves: &[usize], to: &Normaliser<'_>) -> Option<usize> {
    let (first, others) = leaves.split_first()?;
    let of = |leaf: &usize| {
        let raised = blocks[*leaf].raised;
        let keys: Vec<String> =
            key_frames::examine(&blocks[*leaf].frames, to.words, false).iter().map(SeenFrame::key).collect();
        let said = raised.map(|raised| {
            let name = raised.short_name();
            (canonical_type(name, raised.text).to_owned(), reason(name, raised.text, to))
        });
        (said, keys)
    };
    let wanted = of(first);
    others.iter().all(|leaf| of(leaf) == wanted).then_some(*first)
}

/// An exception group of different members: their types, and where the group was raised.
fn of_group(blocks: &[Block<'_>], leaves: &[usize], frames: &[SeenFrame]) -> Vec<Component> {
    let mut types: Vec<&str> = leaves
        .iter()
        .filter_map(|leaf| blocks[*leaf].raised)
        .map(|raised| canonical_type(raised.short_name(), raised.text))
        .collect();
    types.sort_unstable();
    types.dedup();
    let mut components = vec![Component::new("type", "ExceptionGroup")];
    components.extend(types.into_iter().map(|name| Component::new("leaf", name)));
    let keys = frames.iter().filter(|frame| matches!(frame.used, FrameUse::Key | FrameUse::NextBest));
    components.extend(keys.map(|frame| Component::new("frame", frame.key())));
    components
}

/// A fatal signal: the host, what happened, the innermost named functions. Addresses never count.
pub(crate) fn of_crash(record: &Record, block: &Block<'_>) -> Vec<Component> {
    const LEAD: &str = "Fatal Python error:";
    let said =
        record.message.split_once(LEAD).map(|(_, rest)| rest.lines().next().unwrap_or_default().trim());
    let engine = record.origin.engine.as_deref().unwrap_or_default();
    let mut components = vec![
        Component::new("type", FATAL_NAME),
        Component::new("native", engine),
        Component::new("reason", said.unwrap_or_default().to_lowercase()),
    ];
    let innermost = block.frames.iter().rev().take(key_frames::KEY_FRAMES);
    components.extend(innermost.map(|frame| Component::new("frame", frame.function.unwrap_or_default())));
    components
}

/// No usable frames: the message, and the bundle that logged it unless the record lost its logger.
pub(crate) fn of_message(record: &Record, raised: Option<Raised<'_>>, to: &Normaliser<'_>) -> Vec<Component> {
    let mut components = Vec::new();
    let said = match raised {
        Some(raised) => {
            let name = raised.short_name();
            components.push(Component::new("type", canonical_type(name, raised.text)));
            reason(name, raised.text, to)
                .or_else(|| bag(raised.text, to))
                // The exception says nothing: what was said around it does.
                .or_else(|| bag(&record.message, to))
        }
        None => fault::line(&record.message, to).or_else(|| bag(&record.message, to)),
    };
    let kind = if raised.is_some() { "reason" } else { "message" };
    components.push(Component::new(kind, said.unwrap_or_default()));
    if !record.origin.proxied {
        let origin = &record.origin;
        let bundle = origin.app.as_deref().or(origin.framework.as_deref());
        let core =
            record.logger.as_deref().filter(|logger| logger.starts_with("sgtk.core")).map(|_| "tk-core");
        components.extend(bundle.or(core).map(|bundle| Component::new("bundle", bundle)));
    }
    components
}
