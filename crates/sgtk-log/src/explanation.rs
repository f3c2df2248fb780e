//! Why a record has this signature: what was found on the way, in words for people.
//!
//! Everything comes from the very walk that recognises a record (`incident`), which reports what it sees and what it
//! replaces; nothing is computed a second time by other rules. Rendering is left to the caller.

use crate::incident::{Incident, Watch, analyse};
use crate::record::file_name::FileName;
use crate::signature::key_frames::{self, SeenFrame, View};
use crate::signature::message::{Normalised, Normaliser};
use crate::signature::words::ContextWords;
use crate::traceback::{Block, BlockKind, Choice, Link, PathEnd};

/// How a record became its incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What `recognise` makes of the same text: record, names, components, signature.
    pub incident: Incident,
    /// Every exception and stack, in the order printed.
    pub exceptions: Vec<PrintedException>,
    /// Index of the exception the signature is made of; `None` without a traceback.
    pub primary: Option<usize>,
    /// Index of the exception at the root of its chain, possibly the primary itself.
    pub root: Option<usize>,
    /// Why that one is primary: one sentence per step. Empty without a traceback.
    pub why_primary: Vec<String>,
    /// All frames of the primary exception, innermost first, with what became of each.
    pub frames: Vec<ExplainedFrame>,
    /// The message or reason before and after normalisation; `None` when the signature holds none.
    pub message: Option<Normalised>,
}

/// An exception (or only frames) as printed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrintedException {
    /// Type with its modules; `None` when only frames were printed.
    pub name: Option<String>,
    /// Its text, possibly of several lines.
    pub text: String,
    /// Number of its frames.
    pub frames: usize,
    /// How it is joined to the one before it, in words; `None` for the first.
    pub link: Option<&'static str>,
}

/// A frame as printed and as the signature sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplainedFrame {
    /// Path as in the log.
    pub path: String,
    /// 1-based line of the source; 0 when it could not be read. Never part of a signature.
    pub line: u32,
    /// Where it belongs and whether it is in the key.
    pub seen: SeenFrame,
}

/// Recognises the text of a record as `recognise` does and tells how.
pub fn explain(text: &str, file: FileName<'_>, words: &ContextWords) -> Explanation {
    let to = Normaliser::noting(words);
    let mut seen = Seen::of(words);
    let incident = analyse(text, file, &to, Some(&mut seen));
    let Seen { exceptions, primary, root, why_primary, frames, .. } = seen;
    let message = of_components(to.into_notes(), &incident);
    Explanation { incident, exceptions, primary, root, why_primary, frames, message }
}

/// The note of the text that went into the signature; others were tried and found empty or unfit.
fn of_components(notes: Vec<Normalised>, incident: &Incident) -> Option<Normalised> {
    let components = incident.signature.components();
    notes.into_iter().rfind(|note| {
        let said = |part: &&crate::Component| matches!(&*part.kind, "reason" | "message");
        !note.after.is_empty() && components.iter().filter(said).any(|part| part.value.ends_with(&note.after))
    })
}

struct Seen<'w> {
    words: &'w ContextWords,
    exceptions: Vec<PrintedException>,
    primary: Option<usize>,
    root: Option<usize>,
    why_primary: Vec<String>,
    frames: Vec<ExplainedFrame>,
}

impl<'w> Seen<'w> {
    fn of(words: &'w ContextWords) -> Self {
        Seen {
            words,
            exceptions: Vec::new(),
            primary: None,
            root: None,
            why_primary: Vec::new(),
            frames: Vec::new(),
        }
    }
}

impl Watch for Seen<'_> {
    fn saw(&mut self, blocks: &[Block<'_>], choice: &Choice, block: usize, bundle: Option<&str>) {
        self.exceptions = blocks.iter().map(printed).collect();
        self.primary = Some(block);
        self.root = Some(choice.root);
        self.why_primary = why(blocks, choice, block);
        let frames = &blocks[block].frames;
        let mut told = Vec::new();
        key_frames::examine(frames, View { words: self.words, bundle }, Some(&mut told));
        self.frames = told
            .into_iter()
            .zip(frames.iter().rev())
            .map(|(seen, frame)| ExplainedFrame { path: frame.path.to_owned(), line: frame.line, seen })
            .collect();
    }
}

fn printed(block: &Block<'_>) -> PrintedException {
    let link = match (block.kind, block.link) {
        (BlockKind::Stack, _) => Some("the stack of the logging call, no failure"),
        (_, Link::First) => None,
        (_, Link::DirectCause) => Some("directly caused by the one before"),
        (_, Link::DuringHandling) => Some("raised while the one before was handled"),
        (_, Link::Adjacent) => Some("printed after the one before"),
        (_, Link::Embedded) => Some("printed in the text of the one before"),
        (_, Link::Leaf) => Some("a member of the exception group"),
    };
    PrintedException {
        name: block.raised.map(|raised| raised.name.to_owned()),
        text: block.raised.map(|raised| raised.text.to_owned()).unwrap_or_default(),
        frames: block.frames.len(),
        link,
    }
}

fn why(blocks: &[Block<'_>], choice: &Choice, block: usize) -> Vec<String> {
    let name = |index: usize| blocks[index].raised.map_or("the frames", |raised| raised.short_name());
    let mut said = Vec::new();
    let start = choice.path.passed.first().map_or(choice.primary, |(passed, _)| *passed);
    said.push(format!("{} is the last exception printed", name(start)));
    let reached = choice.path.passed.iter().skip(1).map(|(passed, _)| *passed).chain([choice.primary]);
    for ((passed, link), inner) in choice.path.passed.iter().zip(reached) {
        let how = match link {
            Link::DirectCause => "is its direct cause",
            Link::Embedded => "is printed in its text",
            _ => "is quoted by it",
        };
        said.push(format!("{} only wraps another: {} {how}", name(*passed), name(inner)));
    }
    let primary = name(choice.primary);
    match choice.path.end {
        PathEnd::Innermost => {}
        PathEnd::NoWrapper => said.push(format!("{primary} says by itself what failed")),
        PathEnd::WhileHandling => {
            said.push(format!(
                "{primary} was raised while another was handled: the handler failed, that is the news"
            ));
        }
        PathEnd::NoFramesInside => {
            said.push(format!("the exception inside {primary} was printed without frames"))
        }
        PathEnd::FramesOnly => said.push("only frames were printed, without their exception".to_owned()),
    }
    if block != choice.primary {
        said.push(format!("all members of the group are the same problem: {}", name(block)));
    }
    said
}
