//! Tracebacks in the text of a record: blocks of frames with the exception they ended in, and how the blocks are linked.
//!
//! Toolkit and Python write at least a dozen shapes (headless, doubled, embedded in an exception's text, chained,
//! grouped, escaped into one line, of a fatal signal); `find` reads them all into the same `Block`s. Which of several
//! exceptions is the one a person would name is decided in `chain`.

mod chain;
pub(crate) mod lead;
mod lines;
mod margins;
mod mend;
pub(crate) mod spelling;

pub(crate) use chain::{Choice, PathEnd, choose};
pub(crate) use lines::find;
pub(crate) use margins::flatten;
pub(crate) use spelling::unquote;

use std::ops::Range;

/// One call in a traceback.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Frame<'t> {
    /// Path as printed.
    pub(crate) path: &'t str,
    /// 1-based line of the source; 0 when it could not be read.
    pub(crate) line: u32,
    /// Function as printed; `None` for the place of a syntax error.
    pub(crate) function: Option<&'t str>,
}

/// An exception as printed at the end of a block.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Raised<'t> {
    /// Type as printed, with its modules.
    pub(crate) name: &'t str,
    /// Text, possibly of several lines, trimmed; empty when there is none.
    pub(crate) text: &'t str,
}

impl<'t> Raised<'t> {
    /// The type without its modules: `tank.errors.TankError` is `TankError`.
    pub(crate) fn short_name(&self) -> &'t str {
        memchr::memrchr(b'.', self.name.as_bytes()).map_or(self.name, |dot| &self.name[dot + 1..])
    }

    /// The text without what its host says of every exception of its kind: Maya's script editor puts the place before it
    /// (`file x.py line 1: `), Houdini's module a line that explains the type.
    pub(crate) fn said(&self) -> &'t str {
        let text = self.text;
        if let Some(at) = text.strip_prefix("file ").and_then(place_end) {
            return text["file ".len() + at..].trim_start();
        }
        if text.starts_with(LOCKED) {
            // What may have locked it is the same long list every time.
            return LOCKED;
        }
        if !self.name.starts_with("hou.") {
            return text;
        }
        text.split_once('\n').map(|(_, said)| said.trim()).filter(|said| !said.is_empty()).unwrap_or(text)
    }
}

/// What Houdini says of a node or parameter that may not be changed.
pub(crate) const LOCKED: &str = "Failed to modify node or parameter because of a permission error";

/// Where the text begins behind `x.py line 12: `.
fn place_end(text: &str) -> Option<usize> {
    let line = text.lines().next()?;
    let (file, rest) = line.split_once(" line ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let said = rest[digits..].strip_prefix(':').filter(|_| digits > 0 && !file.is_empty())?;
    Some(line.len() - said.trim_start().len())
}

/// How a block is joined to the one printed before it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    /// Nothing was printed before it.
    First,
    /// `The above exception was the direct cause of the following exception`.
    DirectCause,
    /// `During handling of the above exception, another exception occurred`.
    DuringHandling,
    /// It simply follows (Python 2, or two tracebacks in one message).
    Adjacent,
    /// It stands in the text of the exception before it, and is that exception's cause.
    Embedded,
    /// It begins a member of an exception group.
    Leaf,
}

/// What wrote a block.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum BlockKind {
    /// A Python exception, or the frames of one.
    Exception,
    /// Python's fault handler, on a signal.
    Fatal,
    /// `Stack (most recent call last)`: where a message was logged, no failure.
    Stack,
}

/// Frames, innermost last, and the exception they ended in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Block<'t> {
    /// What wrote it.
    pub(crate) kind: BlockKind,
    /// How it is joined to the block before it.
    pub(crate) link: Link,
    /// Calls, outermost first.
    pub(crate) frames: Vec<Frame<'t>>,
    /// The exception; `None` when only frames were printed.
    pub(crate) raised: Option<Raised<'t>>,
    /// Place in the text, in bytes.
    pub(crate) span: Range<usize>,
    /// How many exception groups it stands in.
    pub(crate) depth: usize,
    /// It is of the thread that met the signal.
    pub(crate) current: bool,
    /// Lines of another writer stand in it.
    pub(crate) torn: bool,
}

/// Whether two processes wrote into each other's records: their tracebacks are mixed line by line.
pub(crate) fn is_interleaved(blocks: &[Block<'_>]) -> bool {
    blocks.iter().any(|block| block.torn)
}

impl Block<'_> {
    fn says_the_same_as(&self, other: &Block<'_>) -> bool {
        self.kind == other.kind && self.frames == other.frames && self.raised == other.raised
    }
}
