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
    let trunk: Vec<usize> = (0..blocks.len()).filter(|index| blocks[*index].depth == 0).collect();
    let Some((primary, path)) = primary_of(blocks, &trunk) else {
        // A group whose own block is missing: its last member speaks for it.
        let all: Vec<usize> = (0..blocks.len()).collect();
        let (primary, path) = primary_of(blocks, &all)?;
        return Some(Choice { primary, root: primary, leaves: Vec::new(), path });
    };
    let leaves = if is_group(&blocks[primary]) { leaves_of(blocks, primary) } else { Vec::new() };
    Some(Choice { primary, root: root_of(blocks, &trunk, primary), leaves, path })
}

fn is_group(block: &Block<'_>) -> bool {
    block.raised.is_some_and(|raised| raised.short_name().ends_with("ExceptionGroup"))
}

/// Primary of each member of a group, those of nested groups among them. Each member is a chain of its own, in the middle
/// of which another group may stand.
fn leaves_of(blocks: &[Block<'_>], group: usize) -> Vec<usize> {
    let depth = blocks[group].depth;
    let mut leaves = Vec::new();
    let mut chains: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut end = |chain: Vec<usize>| {
        // A nested group is not a leaf; its members are.
        let primary = primary_of(blocks, &chain).map(|(index, _)| index);
        leaves.extend(primary.filter(|index| !is_group(&blocks[*index])));
    };
    for (index, block) in blocks.iter().enumerate().skip(group + 1).take_while(|(_, next)| next.depth > depth)
    {
        let new = block.link == Link::Leaf;
        while let Some((open, _)) = chains.last()
            && (*open > block.depth || new && *open == block.depth)
        {
            end(chains.pop().map(|(_, chain)| chain).unwrap_or_default());
        }
        match chains.last_mut() {
            Some((open, chain)) if *open == block.depth => chain.push(index),
            _ => chains.push((block.depth, vec![index])),
        }
    }
    chains.into_iter().for_each(|(_, chain)| end(chain));
    leaves.sort_unstable();
    leaves
}

/// The exception a person would name among those of one chain, given by their indexes in the order printed.
fn primary_of(blocks: &[Block<'_>], chain: &[usize]) -> Option<(usize, Path)> {
    let is_failure = |index: &usize| blocks[*index].kind != BlockKind::Stack;
    let top = |index: &usize| is_failure(index) && blocks[*index].link != Link::Embedded;
    // A block that ended in an exception says more than frames alone, and of threads the one that met the signal.
    let last = chain.iter().rposition(|index| top(index) && blocks[*index].raised.is_some());
    let current = || chain.iter().rposition(|index| blocks[*index].current);
    let mut at = last.or_else(current).or_else(|| chain.iter().rposition(is_failure))?;
    let mut passed = Vec::new();
    let end = loop {
        let block = &blocks[chain[at]];
        let Some(raised) = block.raised else { break PathEnd::FramesOnly };
        let wrapper = is_wrapper(raised.short_name());
        let embedded = embedded_in(blocks, chain, at);
        let before = before(blocks, chain, at);
        let link = if embedded.is_some() { Link::Embedded } else { block.link };
        let quoted = |inner: usize| {
            blocks[chain[inner]]
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
            // Two writers have nothing to do with each other.
            (Link::Adjacent, _, Some(inner)) if !block.torn && quoted(inner) => (inner, true),
            _ => break PathEnd::Innermost,
        };
        if !leads {
            break if link == Link::DuringHandling { PathEnd::WhileHandling } else { PathEnd::NoWrapper };
        }
        if blocks[chain[inner]].frames.is_empty() {
            break PathEnd::NoFramesInside;
        }
        passed.push((chain[at], link));
        // Every step leads inwards once; more steps than blocks would be a circle.
        if passed.len() > chain.len() {
            break PathEnd::Innermost;
        }
        at = inner;
    };
    Some((chain[at], Path { passed, end }))
}

fn root_of(blocks: &[Block<'_>], chain: &[usize], primary: usize) -> usize {
    let Some(mut at) = chain.iter().position(|index| *index == primary) else { return primary };
    for _ in 0..chain.len() {
        let inner = embedded_in(blocks, chain, at).or_else(|| match blocks[chain[at]].link {
            Link::DirectCause | Link::DuringHandling => before(blocks, chain, at),
            _ => None,
        });
        match inner {
            Some(inner) if blocks[chain[inner]].raised.is_some() => at = inner,
            _ => break,
        }
    }
    chain[at]
}

/// The block in the text of this one.
fn embedded_in(blocks: &[Block<'_>], chain: &[usize], outer: usize) -> Option<usize> {
    chain.get(outer + 1).filter(|next| blocks[**next].link == Link::Embedded).map(|_| outer + 1)
}

/// The block of the same chain printed before this one.
fn before(blocks: &[Block<'_>], chain: &[usize], current: usize) -> Option<usize> {
    chain[..current].iter().rposition(|index| {
        let block = &blocks[*index];
        block.kind != BlockKind::Stack && block.link != Link::Embedded
    })
}
