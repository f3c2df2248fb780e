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
    /// How the primary was reached.
    pub(crate) path: Path,
}

/// The way from the last exception printed to the primary one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    /// The exceptions passed over, from the last one printed inwards, and how each leads to the next.
    pub(crate) passed: Vec<(usize, Link)>,
    /// Why it ends at the primary.
    pub(crate) end: PathEnd,
}

/// Why the primary exception is not explained by another.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum PathEnd {
    /// No exception leads to it.
    Innermost,
    /// It says by itself what failed.
    NoWrapper,
    /// It was raised while another was handled and does not repeat its text: it is the news.
    WhileHandling,
    /// The exception it wraps was printed without frames.
    NoFramesInside,
    /// Only frames were printed.
    FramesOnly,
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
    let Some((primary, path)) = primary_of(trunk) else {
        // A group whose own block is missing: its last member speaks for it.
        let (primary, mut path) = primary_of(members)?;
        path.passed.iter_mut().for_each(|(passed, _)| *passed += offset);
        let primary = offset + primary;
        return Some(Choice { primary, root: primary, leaves: Vec::new(), path });
    };
    let mut leaves = Vec::new();
    if trunk[primary].raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup")) {
        let mut at = 0;
        for member in members.chunk_by(|_, next| next.link != Link::Leaf) {
            // A nested group is not a leaf; its members follow as leaves of their own.
            let nested = |index: usize| {
                member[index].raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup"))
            };
            let leaf = primary_of(member).map(|(index, _)| index).filter(|index| !nested(*index));
            leaves.extend(leaf.map(|index| offset + at + index));
            at += member.len();
        }
    }
    Some(Choice { primary, root: root_of(trunk, primary), leaves, path })
}

fn primary_of(blocks: &[Block<'_>]) -> Option<(usize, Path)> {
    let is_failure = |block: &Block<'_>| block.kind != BlockKind::Stack;
    let top = |block: &Block<'_>| is_failure(block) && block.link != Link::Embedded;
    // A block that ended in an exception says more than frames alone.
    let last = blocks.iter().rposition(|block| top(block) && block.raised.is_some());
    let mut current = last.or_else(|| blocks.iter().rposition(is_failure))?;
    let mut passed = Vec::new();
    let end = loop {
        let Some(raised) = blocks[current].raised else { break PathEnd::FramesOnly };
        let wrapper = is_wrapper(raised.short_name());
        let embedded = embedded_in(blocks, current);
        let before = before(blocks, current);
        let link = if embedded.is_some() { Link::Embedded } else { blocks[current].link };
        let quoted = |inner: usize| {
            blocks[inner]
                .raised
                .is_some_and(|inner| inner.text.len() >= 4 && raised.text.contains(inner.text))
        };
        let (inner, leads) = match (link, embedded, before) {
            (Link::Embedded, Some(inner), _) | (Link::DirectCause, _, Some(inner)) => (inner, wrapper),
            (Link::DuringHandling, _, Some(inner)) => {
                if wrapper && !quoted(inner) {
                    break PathEnd::WhileHandling;
                }
                (inner, wrapper)
            }
            (Link::Adjacent, _, Some(inner)) if quoted(inner) => (inner, true),
            _ => break PathEnd::Innermost,
        };
        if !leads {
            break if link == Link::DuringHandling { PathEnd::WhileHandling } else { PathEnd::NoWrapper };
        }
        if blocks[inner].frames.is_empty() {
            break PathEnd::NoFramesInside;
        }
        passed.push((current, link));
        // Every step leads inwards once; more steps than blocks would be a circle.
        if passed.len() > blocks.len() {
            break PathEnd::Innermost;
        }
        current = inner;
    };
    Some((current, Path { passed, end }))
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
