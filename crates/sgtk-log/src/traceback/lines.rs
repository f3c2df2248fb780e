//! The line parser: text to blocks.
//!
//! A frame is `File "path", line n` with an optional `, in function`; the indented lines after it are source text and
//! markers and are never looked at. Blank lines do not end a block. The exception is the first line after the frames that
//! is not indented and reads `dotted.Name` or `dotted.Name: text`; its text runs to the next connector, block or end.

use std::sync::LazyLock;

use memchr::{memchr, memmem};

use crate::header;

use super::spelling::{
    self, DIRECT_CAUSE, DURING_HANDLING, FIRST, HEADER, STACK, looks_like_exception, read_raised,
};
use super::{Block, BlockKind, Frame, Link, Raised};

/// More frames than this are not kept: recursion repeats itself. The innermost ones decide, so the middle goes.
const MOST_FRAMES: usize = 400;
/// Nearly all tracebacks have no more.
const USUAL_FRAMES: usize = 16;

/// Finds all blocks of a text that went through `flatten`, in the order printed.
pub(crate) fn find(text: &str) -> Vec<Block<'_>> {
    static FRAME: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("File \""));
    static RECENT: LazyLock<memmem::Finder<'static>> =
        LazyLock::new(|| memmem::Finder::new("(most recent call"));
    if FRAME.find(text.as_bytes()).is_none() && RECENT.find(text.as_bytes()).is_none() {
        return Vec::new();
    }
    let bracketed = memchr(b'[', text.as_bytes()).is_some();
    let mut walk =
        Walk { text, done: Vec::new(), open: None, link: None, depth: 0, after_cut: false, bracketed };
    let mut at = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = &text[at..end];
        walk.line(at, line.strip_suffix('\r').unwrap_or(line));
        at = end + 1;
    }
    walk.close(text.len());
    walk.done
}

struct Walk<'t> {
    text: &'t str,
    done: Vec<Block<'t>>,
    open: Option<Growing<'t>>,
    /// What a connector said about the next block.
    link: Option<Link>,
    /// How many exception groups are open.
    depth: usize,
    /// The line before stands for what was left out: this one is the rest of some line.
    after_cut: bool,
    /// There is a bracket somewhere, so the header of a record may stand in a line.
    bracketed: bool,
}

struct Growing<'t> {
    start: usize,
    kind: BlockKind,
    link: Link,
    headed: bool,
    indent: usize,
    frames: Vec<Frame<'t>>,
    name: Option<&'t str>,
    text_at: usize,
    current: bool,
    torn: bool,
}

impl<'t> Walk<'t> {
    fn line(&mut self, at: usize, line: &'t str) {
        let indent = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let inner = &line[indent..];
        if inner.is_empty() {
            return;
        }
        let bracketed = self.bracketed;
        // Most lines are the source of a frame. Nothing below would take such a line for anything else.
        if let Some(open) = &mut self.open
            && open.name.is_none()
            && indent > open.indent
            && !self.after_cut
            && is_plain_source(inner)
        {
            open.torn |= bracketed && !open.frames.is_empty() && header::is_within(line);
            return;
        }
        if std::mem::take(&mut self.after_cut) && self.open.is_some() && block_header(line).is_none() {
            return;
        }
        if is_cut_mark(inner) {
            self.after_cut = true;
            return;
        }
        if let Some(frame) = read_frame(inner) {
            return self.frame(at, frame);
        }
        if let Some((kind, column)) = block_header(line) {
            // Before the header on its line there may be a message.
            let indent = if column == indent { indent } else { 0 };
            self.begin(at + column, kind, true, indent);
            if let Some(open) = &mut self.open {
                open.current = kind == BlockKind::Fatal && line.contains("Current thread");
            }
            return;
        }
        match without_end(inner) {
            DIRECT_CAUSE => return self.connect(at, Link::DirectCause),
            DURING_HANDLING => return self.connect(at, Link::DuringHandling),
            line if line.starts_with("+-") && line.contains("----") => return self.separate(at, line),
            _ => {}
        }
        let Some(open) = &mut self.open else { return };
        if open.name.is_some() {
            return;
        }
        open.torn |= bracketed && !open.frames.is_empty() && header::is_within(line);
        if indent > open.indent || open.kind == BlockKind::Fatal && inner.starts_with("Extension modules:") {
            return;
        }
        match read_raised(inner) {
            Some(name)
                if open.kind == BlockKind::Exception
                    && (looks_like_exception(name) || open.headed && !open.frames.is_empty()) =>
            {
                open.name = Some(name);
                open.text_at =
                    at + indent + (inner.len() - inner[name.len()..].trim_start_matches(':').len());
            }
            _ => self.close(at),
        }
    }

    fn frame(&mut self, at: usize, frame: Frame<'t>) {
        if self.open.as_ref().is_none_or(|open| open.name.is_some()) && !self.resume(at) {
            self.begin(at, BlockKind::Exception, false, 0);
        }
        let Some(open) = &mut self.open else { return };
        if open.frames.len() == MOST_FRAMES {
            open.frames.drain(MOST_FRAMES / 4..MOST_FRAMES / 2);
        }
        if open.frames.capacity() == 0 {
            open.frames.reserve(USUAL_FRAMES);
        }
        open.frames.push(frame);
    }

    fn connect(&mut self, at: usize, link: Link) {
        self.close(at);
        if !self.done.is_empty() {
            self.link = Some(link);
        }
    }

    /// A line between the members of a group: it opens one (`+-+---- 1 ----`), goes on to the next, or closes it.
    fn separate(&mut self, at: usize, line: &str) {
        self.close(at);
        self.link = None;
        if line.starts_with("+-+-") {
            self.depth += 1;
            self.link = Some(Link::Leaf);
        } else if line.contains("- ") {
            self.link = Some(Link::Leaf);
        } else {
            self.depth = self.depth.saturating_sub(1);
        }
    }

    /// Goes on with the traceback that another writer's broke off, if that is what frames without a header can be.
    fn resume(&mut self, at: usize) -> bool {
        let whole = self.open.as_ref().is_some_and(|open| open.headed && open.kind == BlockKind::Exception);
        if !whole || !self.done.last().is_some_and(|before| before.torn && before.raised.is_none()) {
            return false;
        }
        self.close(at);
        let (Some(other), Some(broken)) = (self.done.pop(), self.done.pop()) else { return false };
        let start = broken.span.start;
        self.done.push(Block { span: start..other.span.end, link: broken.link, ..other });
        self.open = Some(Growing {
            start: at,
            kind: broken.kind,
            link: Link::Adjacent,
            headed: true,
            indent: 0,
            frames: broken.frames,
            name: None,
            text_at: at,
            current: false,
            torn: true,
        });
        true
    }

    fn begin(&mut self, at: usize, kind: BlockKind, headed: bool, indent: usize) {
        let inside_exception = self.open.as_ref().is_some_and(|open| open.name.is_some());
        if let Some(open) = &mut self.open {
            // A traceback that another one breaks off; Python itself never writes that.
            open.torn |= headed
                && open.headed
                && open.name.is_none()
                && !open.frames.is_empty()
                && open.kind == BlockKind::Exception
                && kind == BlockKind::Exception;
        }
        self.close(at);
        let link = match (self.link.take(), self.done.last()) {
            (Some(link), _) => link,
            (None, None) => Link::First,
            (None, Some(before)) if inside_exception && (!headed || introduces(before)) => Link::Embedded,
            (None, Some(_)) => Link::Adjacent,
        };
        self.open = Some(Growing {
            start: at,
            kind,
            link,
            headed,
            indent,
            frames: Vec::new(),
            name: None,
            text_at: at,
            current: false,
            torn: false,
        });
    }

    fn close(&mut self, end: usize) {
        let Some(mut open) = self.open.take() else { return };
        if open.kind == BlockKind::Fatal {
            open.frames.reverse();
        }
        let mut raised =
            open.name.map(|name| Raised { name, text: self.text[open.text_at.min(end)..end].trim() });
        let mut link = open.link;
        if open.frames.is_empty() && raised.is_none() {
            return;
        }
        if raised.is_none()
            && matches!(link, Link::Embedded | Link::Adjacent)
            && let Some(outer) = self.done.last().and_then(|before| before.raised)
            && let Some(quoted) = quoted_class(outer.text)
        {
            // Toolkit's plugin loader prints the type in the text and the frames after it, without a last line.
            raised = Some(quoted);
            link = Link::Embedded;
        }
        let block = Block {
            kind: open.kind,
            link,
            frames: open.frames,
            raised,
            span: open.start..end,
            depth: self.depth,
            current: open.current,
            torn: open.torn,
        };
        match self.done.last_mut() {
            // `logger.exception(traceback.format_exc())` prints everything twice.
            Some(before) if before.says_the_same_as(&block) => before.span.end = end,
            _ => self.done.push(block),
        }
    }
}

fn block_header(line: &str) -> Option<(BlockKind, usize)> {
    // All of them end their line; that is quick to see.
    let line = without_end(line);
    if !line.ends_with("t):") {
        return None;
    }
    if let Some(before) = line.strip_suffix(HEADER) {
        return Some((BlockKind::Exception, before.strip_suffix("Exception Group ").unwrap_or(before).len()));
    }
    if let Some(before) = line.strip_suffix(STACK) {
        return Some((BlockKind::Stack, before.len()));
    }
    if !line.ends_with(FIRST) || !spelling::is_thread(line) {
        return None;
    }
    let column =
        line.find("Current thread").or_else(|| line.find("Thread 0x")).or_else(|| line.find("Stack"))?;
    Some((BlockKind::Fatal, column))
}

/// A line without white space at its end. Nearly none has any.
fn without_end(line: &str) -> &str {
    match line.as_bytes().last() {
        Some(last) if last.is_ascii_graphic() => line,
        _ => line.trim_end(),
    }
}

/// Whether an indented line can only be source text: all else that is looked for ends in a colon or begins with one of
/// these.
fn is_plain_source(inner: &str) -> bool {
    let bytes = inner.as_bytes();
    !matches!(bytes.first(), Some(b'F' | b'[' | b'+'))
        && bytes.last().is_some_and(|last| last.is_ascii_graphic() && *last != b':')
}

/// `File "path", line 12, in function`, without its indentation.
fn read_frame(inner: &str) -> Option<Frame<'_>> {
    let rest = inner.strip_prefix("File \"")?;
    let close = memchr(b'"', rest.as_bytes())?;
    let after = rest[close..].strip_prefix("\", line ")?;
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let tail = &after[digits..];
    let function = tail.strip_prefix(", in ").or_else(|| tail.strip_prefix(" in ")).map(str::trim_end);
    Some(Frame { path: &rest[..close], line: after[..digits].parse().unwrap_or(0), function })
}

/// Whether the text of an exception announces that a traceback follows in it.
fn introduces(block: &Block<'_>) -> bool {
    block.raised.is_some_and(|raised| raised.text.ends_with(':') || quoted_class(raised.text).is_some())
}

/// The type and text in `Exception: <class 'ImportError'> - No module named x`.
fn quoted_class(text: &str) -> Option<Raised<'_>> {
    let at = text.find("<class '").map(|at| at + 8).or_else(|| text.find("<type '").map(|at| at + 7))?;
    let (name, rest) = text[at..].split_once("'>")?;
    let said = rest.strip_prefix(" - ").unwrap_or_default();
    let valid =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    valid.then(|| Raised { name, text: said.trim() })
}

/// The line that stands for the middle of a record over the limits.
fn is_cut_mark(line: &str) -> bool {
    line.starts_with("[... ") && line.ends_with(" bytes left out ...]")
}
