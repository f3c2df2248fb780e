//! The parts a signature is made of, for each kind of record: a traceback, a group, a crash, a message alone.

use crate::native::{self, Crash};
use crate::record::Record;
use crate::signature::Component;
use crate::signature::key_frames::{self, Keys, View};
use crate::signature::message::Normaliser;
use crate::signature::message::innermost::innermost_reason;
use crate::signature::place::locate;
use crate::signature::reason::types::canonical_type;
use crate::signature::reason::{bag, fault, reason};
use crate::traceback::{Block, Choice, Raised};

/// Name of an error that the fault handler of Python printed.
pub(crate) const FATAL_NAME: &str = "Fatal Python error";
/// Name of an error that is known by native calls alone.
pub(crate) const CRASH_NAME: &str = "Crash";

#[expect(clippy::too_many_arguments, reason = "everything a signature is made of, in one place")]
pub(crate) fn of_traceback(
    record: &Record,
    blocks: &[Block<'_>],
    block: &Block<'_>,
    choice: &Choice,
    raised: Option<Raised<'_>>,
    keys: Keys,
    to: &Normaliser<'_>,
) -> Vec<Component> {
    if block.raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup"))
        && !choice.leaves.is_empty()
    {
        return of_group(blocks, &choice.leaves, keys);
    }
    if keys.frames.is_empty() {
        return of_message(record, raised, to);
    }
    let mut components = Vec::with_capacity(keys.frames.len() + 2);
    if let Some(raised) = raised {
        let name = raised.short_name();
        components.push(Component::new("type", canonical_type(name, raised.text)));
        // The file is the problem, whoever imports it; text that was evaluated is in no file.
        let file = block.frames.iter().rev().find(|frame| !frame.path.starts_with('<'));
        if let Some(frame) = file.filter(|_| is_syntax_error(name)) {
            components.push(Component::new(
                "file",
                locate(frame.path).place(to.words, record.origin.bundle()).key(),
            ));
            return components;
        }
        let said = reason(raised, to)
            // One frame alone merges different failures of a shared helper.
            .or_else(|| if keys.frames.len() < 2 { bag(raised.said(), to) } else { None });
        components.extend(said.map(|said| Component::new("reason", said)));
    } else {
        let said = to.normalise(&innermost_reason(&record.message));
        components.push(Component::new("message", said));
    }
    let from = components.len();
    components.extend(of_frames(keys));
    if components[0].value == "RecursionError" {
        // Where in the circle the limit was reached is chance.
        components[from..].sort_unstable_by(|a, b| a.value.cmp(&b.value));
    }
    components
}

fn of_frames(keys: Keys) -> impl Iterator<Item = Component> {
    keys.frames.into_iter().map(|key| Component::new("frame", key))
}

fn is_syntax_error(name: &str) -> bool {
    matches!(name, "SyntaxError" | "IndentationError" | "TabError")
}

/// The member that stands for all of a group: they have the same type, reason and frames.
pub(crate) fn same_members(
    blocks: &[Block<'_>],
    leaves: &[usize],
    bundle: Option<&str>,
    to: &Normaliser<'_>,
) -> Option<usize> {
    let (first, others) = leaves.split_first()?;
    let of = |leaf: &usize| {
        let raised = blocks[*leaf].raised;
        let keys = key_frames::examine(&blocks[*leaf].frames, View { words: to.words, bundle }, None);
        let said = raised.map(|raised| {
            let name = raised.short_name();
            (canonical_type(name, raised.text).to_owned(), reason(raised, to))
        });
        (said, keys)
    };
    let wanted = of(first);
    others.iter().all(|leaf| of(leaf) == wanted).then_some(*first)
}

/// An exception group of different members: their types, and where the group was raised.
fn of_group(blocks: &[Block<'_>], leaves: &[usize], keys: Keys) -> Vec<Component> {
    let mut types: Vec<&str> = leaves
        .iter()
        .filter_map(|leaf| blocks[*leaf].raised)
        .map(|raised| canonical_type(raised.short_name(), raised.text))
        .collect();
    types.sort_unstable();
    types.dedup();
    let mut components = vec![Component::new("type", "ExceptionGroup")];
    components.extend(types.into_iter().map(|name| Component::new("leaf", name)));
    components.extend(of_frames(keys));
    components
}

/// What the fault handler of Python printed: the signal, and the innermost calls as in any traceback.
///
/// Where no call of our own is known, the host is part of what crashed.
pub(crate) fn of_fault(record: &Record, keys: Keys) -> Vec<Component> {
    const LEADS: [&str; 2] = ["Fatal Python error:", "Windows fatal exception:"];
    let said = LEADS.iter().find_map(|lead| record.message.split_once(lead)).map_or("", |(_, said)| said);
    let said = said.lines().next().unwrap_or_default().trim();
    let what = native::kind(said).map_or_else(|| said.to_lowercase(), str::to_owned);
    let mut components = vec![Component::new("type", FATAL_NAME)];
    if !keys.own {
        components.push(host(record));
    }
    components.push(Component::new("reason", what));
    components.extend(of_frames(keys));
    components
}

/// A crash known by native calls alone: the host, what happened, the innermost named functions.
pub(crate) fn of_crash(record: &Record, crash: &Crash<'_>) -> Vec<Component> {
    let mut components =
        vec![Component::new("type", CRASH_NAME), host(record), Component::new("reason", crash.what)];
    components.extend(crash.functions.iter().map(|function| Component::new("frame", *function)));
    components
}

fn host(record: &Record) -> Component {
    Component::new("native", record.origin.engine.as_deref().unwrap_or_default())
}

/// No usable frames: the message, and the bundle that logged it. A record that Desktop passed on lost its logger, so its
/// bundle is known only where the message names it.
pub(crate) fn of_message(record: &Record, raised: Option<Raised<'_>>, to: &Normaliser<'_>) -> Vec<Component> {
    let mut components = Vec::new();
    let said = match raised {
        Some(raised) => {
            let name = raised.short_name();
            components.push(Component::new("type", canonical_type(name, raised.text)));
            reason(raised, to)
                .or_else(|| bag(raised.said(), to))
                // The exception says nothing: what was said around it does.
                .or_else(|| bag(&record.message, to))
        }
        None => fault::line(&record.message, to).or_else(|| bag(&record.message, to)),
    };
    let kind = if raised.is_some() { "reason" } else { "message" };
    components.push(Component::new(kind, said.unwrap_or_default()));
    components.extend(record.origin.bundle().map(|bundle| Component::new("bundle", bundle)));
    components
}
