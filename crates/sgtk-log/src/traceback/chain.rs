//! Which of several exceptions is the one a person would name, and what was at the root of it.

use super::{Block, BlockKind, Link};

/// The outcome of `choose`, as indexes into the blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Choice {
    /// The exception a person would name.
    pub(crate) primary: usize,
    /// The first exception of its chain (the primary itself when nothing came before it).
    pub(crate) root: usize,
    /// Primary of each member when the primary is an exception group.
    pub(crate) leaves: Vec<usize>,
}

/// Types that say only that something failed inside them: the failure itself is the exception they wrap.
fn is_wrapper(name: &str) -> bool {
    matches!(name, "RuntimeError" | "Exception" | "ShotgunPublishError")
        || name.starts_with("Tank") && name.ends_with("Error")
}

/// Chooses among the blocks of one record; `None` when there are none.
///
/// From the last exception printed, inwards while a wrapper is explained by what it wraps. `During handling` alone does
/// not lead inwards: the handler failed, and that is the news.
pub(crate) fn choose(blocks: &[Block<'_>]) -> Option<Choice> {
    let leaf_at = blocks.iter().position(|block| block.link == Link::Leaf);
    let (trunk, members) = blocks.split_at(leaf_at.unwrap_or(blocks.len()));
    let offset = trunk.len();
    let Some(primary) = primary_of(trunk) else {
        // A group whose own block is missing: its last member speaks for it.
        let primary = offset + primary_of(members)?;
        return Some(Choice { primary, root: primary, leaves: Vec::new() });
    };
    let mut leaves = Vec::new();
    if trunk[primary].raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup")) {
        let mut at = 0;
        for member in members.chunk_by(|_, next| next.link != Link::Leaf) {
            // A nested group is not a leaf; its members follow as leaves of their own.
            let nested = |index: usize| {
                member[index].raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup"))
            };
            leaves
                .extend(primary_of(member).filter(|index| !nested(*index)).map(|index| offset + at + index));
            at += member.len();
        }
    }
    Some(Choice { primary, root: root_of(trunk, primary), leaves })
}

fn primary_of(blocks: &[Block<'_>]) -> Option<usize> {
    let is_failure = |block: &Block<'_>| block.kind != BlockKind::Stack;
    let top = |block: &Block<'_>| is_failure(block) && block.link != Link::Embedded;
    // A block that ended in an exception says more than frames alone.
    let last = blocks.iter().rposition(|block| top(block) && block.raised.is_some());
    let mut current = last.or_else(|| blocks.iter().rposition(is_failure))?;
    for _ in 0..blocks.len() {
        let Some(raised) = blocks[current].raised else { break };
        let wrapper = is_wrapper(raised.short_name());
        let inner = embedded_in(blocks, current).filter(|_| wrapper).or_else(|| {
            let before = before(blocks, current)?;
            let quoted = blocks[before]
                .raised
                .is_some_and(|inner| inner.text.len() >= 4 && raised.text.contains(inner.text));
            match blocks[current].link {
                Link::DirectCause => wrapper.then_some(before),
                Link::DuringHandling => (wrapper && quoted).then_some(before),
                Link::Adjacent => quoted.then_some(before),
                Link::First | Link::Embedded | Link::Leaf => None,
            }
        });
        match inner {
            Some(inner) if !blocks[inner].frames.is_empty() => current = inner,
            _ => break,
        }
    }
    Some(current)
}

fn root_of(blocks: &[Block<'_>], primary: usize) -> usize {
    let mut current = primary;
    for _ in 0..blocks.len() {
        let inner = embedded_in(blocks, current).or_else(|| match blocks[current].link {
            Link::DirectCause | Link::DuringHandling => before(blocks, current),
            _ => None,
        });
        match inner {
            Some(inner) if blocks[inner].raised.is_some() => current = inner,
            _ => break,
        }
    }
    current
}

/// The block in the text of this one.
fn embedded_in(blocks: &[Block<'_>], outer: usize) -> Option<usize> {
    blocks.get(outer + 1).filter(|next| next.link == Link::Embedded).map(|_| outer + 1)
}

/// The block of the same chain printed before this one.
fn before(blocks: &[Block<'_>], current: usize) -> Option<usize> {
    blocks[..current].iter().rposition(|block| block.kind != BlockKind::Stack && block.link != Link::Embedded)
}
