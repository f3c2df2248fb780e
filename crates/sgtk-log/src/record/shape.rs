//! An incident in text without headers that has begun: which lines it takes, and where it ends.
//!
//! Owns the rule for one line after the other; where incidents begin, and the bytes, are `pasted`'s.

use memchr::memmem;

use crate::header::{self, ScriptMark};
use crate::level::Level;
use crate::traceback::lead;
use crate::traceback::spelling::{self, Spelling};

/// A message without a traceback goes on to an empty line, but not for longer than this.
const MOST_LINES: u8 = 8;

/// An incident that has begun.
#[derive(Copy, Clone, Debug)]
pub(super) struct Shape {
    pub(super) phase: Phase,
    /// Depth of mail quoting.
    pub(super) margin: usize,
    pub(super) script: Option<(ScriptMark, Level)>,
    /// The script editor's closing mark, or a fence, was seen.
    pub(super) closed: bool,
    /// The members of an exception group have margins of their own.
    pub(super) group: bool,
    /// The text of the last exception announces another traceback.
    pub(super) introduces: bool,
    /// Nothing but an exception line so far.
    pub(super) bare: bool,
    /// The block that is being read has frames.
    pub(super) framed: bool,
    /// Some block was seen.
    pub(super) has_block: bool,
    /// Something else than blanks stands before each line, so other lines of the same log follow directly.
    pub(super) led: bool,
    /// The last frame had no indentation, and its source has not come.
    pub(super) flush: bool,
    /// So many lines may still belong to a message without a traceback.
    pub(super) lines_left: u8,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Among frames; the exception line has not come.
    Frames,
    /// In the text of an exception or of the script editor.
    Said,
    /// A blank line ended that text: only what is chained goes on.
    After,
    /// The report of the fault handler.
    Fault,
}

impl Shape {
    /// One that has only begun, in text of this depth of mail quoting.
    pub(super) fn new(margin: usize) -> Self {
        Shape {
            phase: Phase::Said,
            margin,
            script: None,
            closed: false,
            group: false,
            introduces: false,
            bare: false,
            framed: false,
            has_block: false,
            led: false,
            flush: false,
            lines_left: MOST_LINES,
        }
    }

    /// A message of a console or an exception line, and nothing else so far.
    fn is_loose(&self) -> bool {
        self.bare || self.is_of_console() && !self.has_block
    }

    /// It began with a message of a console.
    pub(super) fn is_of_console(&self) -> bool {
        matches!(self.script, Some((ScriptMark::None, _)))
    }
}

pub(super) enum Step {
    GoesOn {
        hold: bool,
    },
    /// The incident ends before this line, which may begin another one together with the line before it.
    Another,
    /// The incident ends before this line.
    Ended,
}

impl Shape {
    pub(super) fn step(&mut self, line: &Line<'_>) -> Step {
        let Line { margin, inner, hashed, plain, spelling } = *line;
        if self.closed || header::script_header(inner).is_some() || spelling == Spelling::Fence {
            return Step::Ended;
        }
        let said = self.phase != Phase::Frames;
        if said && spelling != Spelling::Header && header::console_header(inner).is_some() {
            return Step::Ended;
        }
        if spelling == Spelling::Blank && !hashed {
            self.pass_blank();
            return GOES_ON;
        }
        if margin != self.margin {
            return Step::Ended;
        }
        if let Some((mark, _)) = self.script {
            // The last line of several has no mark at its beginning.
            if mark.closes(inner) {
                self.closed = true;
                return GOES_ON;
            }
            if mark == ScriptMark::Hash && !hashed && spelling != Spelling::Header {
                return Step::Ended;
            }
        }
        // A fence behind the last words.
        self.closed = inner.trim_end().ends_with("```");
        let spelling = match plain.trim_start().as_bytes().first() {
            Some(b'|' | b'+') if self.group => Spelling::Margin,
            _ => spelling,
        };
        match self.phase {
            Phase::Frames => self.step_in_frames(spelling, plain),
            Phase::Said => self.step_in_text(spelling, plain),
            Phase::After => self.step_after(spelling),
            Phase::Fault => match spelling {
                Spelling::Fault if self.framed && spelling::is_fault_lead(plain) => Step::Another,
                Spelling::Fault | Spelling::Indented => GOES_ON,
                Spelling::Frame => {
                    self.framed = true;
                    GOES_ON
                }
                // Why Python could not go on, if that was an exception.
                Spelling::Header if !self.framed => {
                    self.enter_frames(false);
                    GOES_ON
                }
                _ => Step::Ended,
            },
        }
    }

    pub(super) fn pass_blank(&mut self) {
        if self.phase == Phase::Said {
            self.phase = Phase::After;
        }
    }

    fn step_in_frames(&mut self, spelling: Spelling, plain: &str) -> Step {
        let after_flush = std::mem::take(&mut self.flush);
        match spelling {
            Spelling::Frame => {
                self.framed = true;
                self.flush = !plain.starts_with([' ', '\t']);
            }
            Spelling::Blank | Spelling::Underline => self.flush = after_flush,
            _ if after_flush && spelling::is_source(plain) => {}
            Spelling::Margin if self.group => self.phase = Phase::After,
            Spelling::Indented | Spelling::Margin => {}
            Spelling::Connector => self.framed = false,
            Spelling::Header if !self.framed => self.group |= spelling::is_group_header(plain),
            Spelling::Header | Spelling::Fault | Spelling::Folded | Spelling::Stack => return Step::Another,
            Spelling::Raised | Spelling::Name => {
                self.phase = Phase::Said;
                self.introduces = introduces(plain);
            }
            Spelling::Text if self.script.is_some() => self.phase = Phase::Said,
            Spelling::Text | Spelling::Prompt | Spelling::Fence => return Step::Ended,
        }
        GOES_ON
    }

    fn step_in_text(&mut self, spelling: Spelling, plain: &str) -> Step {
        let expects_block = self.expects_block();
        match spelling {
            Spelling::Connector => self.enter_frames(false),
            Spelling::Header if expects_block => {
                self.enter_frames(false);
                self.group |= spelling::is_group_header(plain);
            }
            Spelling::Frame if expects_block || !self.bare => {
                self.enter_frames(true);
                self.flush = !plain.starts_with([' ', '\t']);
            }
            Spelling::Header | Spelling::Frame | Spelling::Fault | Spelling::Folded | Spelling::Stack => {
                return Step::Another;
            }
            Spelling::Prompt | Spelling::Fence => return Step::Ended,
            _ if self.led && !self.introduces => return Step::Ended,
            Spelling::Indented | Spelling::Blank | Spelling::Underline => {}
            Spelling::Raised if self.is_loose() && spelling::is_bare_exception(plain) => {
                return Step::Another;
            }
            Spelling::Raised | Spelling::Name | Spelling::Text | Spelling::Margin if self.is_loose() => {
                if self.lines_left == 0 || spelling::is_stamped(plain) {
                    return Step::Ended;
                }
                self.lines_left -= 1;
                return Step::GoesOn { hold: true };
            }
            Spelling::Margin if self.group => self.phase = Phase::After,
            Spelling::Raised | Spelling::Name | Spelling::Margin => {}
            Spelling::Text => return Step::GoesOn { hold: true },
        }
        GOES_ON
    }

    fn step_after(&mut self, spelling: Spelling) -> Step {
        let expects_block = self.expects_block();
        match spelling {
            Spelling::Connector => self.enter_frames(false),
            Spelling::Header if expects_block => self.enter_frames(false),
            Spelling::Frame if expects_block => self.enter_frames(true),
            Spelling::Margin if self.group => {}
            Spelling::Blank => {}
            _ => return Step::Ended,
        }
        GOES_ON
    }

    /// Whether a traceback that follows belongs to it. Below an error, a console says many things, and then one may fail.
    fn expects_block(&self) -> bool {
        let said = self.script.is_some_and(|(mark, level)| mark != ScriptMark::None || level >= Level::Error);
        self.introduces || said && !self.has_block
    }

    fn enter_frames(&mut self, framed: bool) {
        self.phase = Phase::Frames;
        self.framed = framed;
        self.has_block = true;
        self.bare = false;
        self.introduces = false;
    }
}

pub(super) const GOES_ON: Step = Step::GoesOn { hold: false };

/// Whether the text of an exception announces that a traceback follows in it.
pub(super) fn introduces(line: &str) -> bool {
    line.ends_with(':') || memmem::find(line.as_bytes(), b"<class '").is_some()
}

/// A line without its mail quoting, judged once.
pub(super) struct Line<'l> {
    pub(super) margin: usize,
    pub(super) inner: &'l str,
    /// It begins with the `#` of Maya, which `plain` is without.
    pub(super) hashed: bool,
    pub(super) plain: &'l str,
    pub(super) spelling: Spelling,
}

impl<'l> Line<'l> {
    pub(super) fn new(margin: usize, inner: &'l str) -> Self {
        let (hashed, plain) = spelling::without_hash(inner);
        Line { margin, inner, hashed, plain, spelling: spelling::of(plain) }
    }

    /// Whether the header of a traceback stands behind something else.
    pub(super) fn leads_with_text(&self) -> bool {
        lead::offered(self.inner).is_some_and(|before| !before.trim().is_empty())
    }

    pub(super) fn is_message(&self) -> bool {
        self.hashed
            || !matches!(
                self.spelling,
                Spelling::Blank | Spelling::Prompt | Spelling::Fence | Spelling::Underline
            )
    }
}
