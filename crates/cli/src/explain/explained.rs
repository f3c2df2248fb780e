//! Everything `explain` tells of one record: the object of `--json`, from which the page for people is made too.
//!
//! Redacted throughout. `docs/json.md` documents each field.

use crate::explain::gate::Gate;
use agent::recognise::Explained;
use serde::Serialize;
use sgtk_log::{ExplainedFrame, Explanation, Form, FrameUse, RawRecord};

/// The object. What is unknown is null.
#[derive(Serialize)]
pub(crate) struct Object {
    #[serde(rename = "type")]
    kind: &'static str,
    v: u32,
    pub(crate) file: String,
    pub(crate) lines: (u64, u64),
    pub(crate) bytes: (u64, u64),
    pub(crate) truncated: bool,
    pub(crate) time: Option<String>,
    pub(crate) pid: Option<u32>,
    pub(crate) level: Option<String>,
    pub(crate) logger: Option<String>,
    pub(crate) form: Option<&'static str>,
    pub(crate) environment: Option<String>,
    pub(crate) engine: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) framework: Option<String>,
    pub(crate) bundle_version: Option<String>,
    /// Passed on by Desktop's project process.
    pub(crate) proxied: bool,
    pub(crate) gate: Gate,
    pub(crate) text: String,
    pub(crate) exceptions: Vec<Exception>,
    pub(crate) why_primary: Vec<String>,
    pub(crate) error_name: Option<String>,
    pub(crate) root_error_name: Option<String>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) message: Option<Message>,
    pub(crate) components: Vec<Component>,
    pub(crate) signature: String,
    /// The signature without rules, where a rule has changed it.
    pub(crate) own_signature: Option<String>,
    pub(crate) bucket: String,
    pub(crate) titles: Titles,
    pub(crate) redactions: Vec<Redaction>,
}

/// An exception as printed.
#[derive(Serialize)]
pub(crate) struct Exception {
    pub(crate) name: Option<String>,
    pub(crate) text: String,
    pub(crate) frames: usize,
    pub(crate) link: Option<&'static str>,
    pub(crate) primary: bool,
    pub(crate) root: bool,
}

/// A frame of the primary exception, innermost first.
#[derive(Serialize)]
pub(crate) struct Frame {
    pub(crate) path: String,
    pub(crate) line: Option<u32>,
    pub(crate) function: String,
    pub(crate) place: String,
    #[serde(rename = "use")]
    pub(crate) used: &'static str,
    pub(crate) why: &'static str,
}

/// What was said, as logged and as it went into the signature.
#[derive(Serialize)]
pub(crate) struct Message {
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) replaced: Vec<Replaced>,
}

/// A piece that differs from one occurrence to the next.
#[derive(Serialize)]
pub(crate) struct Replaced {
    pub(crate) rule: &'static str,
    pub(crate) found: String,
    pub(crate) put: String,
}

/// A part of what was hashed.
#[derive(Serialize)]
pub(crate) struct Component {
    pub(crate) kind: String,
    pub(crate) value: String,
}

/// The title in both styles.
#[derive(Serialize)]
pub(crate) struct Titles {
    pub(crate) precise: String,
    pub(crate) seed: String,
}

/// A redaction rule that fired.
#[derive(Serialize)]
pub(crate) struct Redaction {
    /// In the file; `None` where lines were left out before it.
    pub(crate) line: Option<u64>,
    pub(crate) rule: &'static str,
}

impl Object {
    /// Puts together what was found of a record.
    pub(crate) fn new(file: String, record: &RawRecord<'_>, gate: Gate, explained: Explained) -> Object {
        let Explained { explanation, own_signature, text, redactions, precise, seed, .. } = explained;
        let Explanation { incident, exceptions, primary, root, why_primary, frames, message } = explanation;
        let origin = incident.record.origin;
        let line =
            |line: usize| (!record.truncated).then(|| record.lines.0 + (line as u64).saturating_sub(1));
        Object {
            kind: "explanation",
            v: 1,
            file,
            lines: record.lines,
            bytes: (record.bytes.start, record.bytes.end),
            truncated: record.truncated,
            time: incident.record.time.map(|time| time.to_string()),
            pid: incident.record.pid,
            level: incident.record.level.map(|level| level.to_string()),
            logger: incident.record.logger,
            form: incident.record.form.map(form),
            environment: origin.environment,
            engine: origin.engine,
            app: origin.app,
            framework: origin.framework,
            bundle_version: origin.bundle_version,
            proxied: origin.proxied,
            gate,
            text,
            exceptions: exceptions
                .into_iter()
                .enumerate()
                .map(|(index, printed)| Exception {
                    name: printed.name,
                    text: printed.text,
                    frames: printed.frames,
                    link: printed.link,
                    primary: primary == Some(index),
                    root: root == Some(index),
                })
                .collect(),
            why_primary,
            error_name: incident.error_name,
            root_error_name: incident.root_error_name,
            frames: frames.into_iter().map(frame).collect(),
            message: message.map(|message| Message {
                before: message.before,
                after: message.after,
                replaced: message
                    .replaced
                    .into_iter()
                    .map(|one| Replaced { rule: one.rule, found: one.found, put: one.put })
                    .collect(),
            }),
            components: incident
                .signature
                .components()
                .iter()
                .map(|part| Component { kind: part.kind.to_string(), value: part.value.clone() })
                .collect(),
            signature: incident.signature.to_string(),
            own_signature: own_signature.map(|signature| signature.to_string()),
            bucket: incident.signature.bucket(),
            titles: Titles { precise, seed },
            redactions: redactions
                .into_iter()
                .map(|hit| Redaction { line: line(hit.line), rule: hit.rule })
                .collect(),
        }
    }
}

fn form(form: Form) -> &'static str {
    match form {
        Form::Standard => "standard",
        Form::Old => "old",
        Form::Stream => "stream",
        Form::ScriptEditor => "script_editor",
        Form::Console => "console",
    }
}

fn frame(frame: ExplainedFrame) -> Frame {
    let (used, why) = match frame.seen.used {
        FrameUse::Key => ("key", "in the signature"),
        FrameUse::NextBest => ("next_best", "in the signature, because nothing closer to the problem is"),
        FrameUse::Repeated => ("repeated", "repeats a frame of the signature"),
        FrameUse::Plumbing => ("plumbing", "Toolkit code that every call passes through"),
        FrameUse::Comprehension => ("comprehension", "a comprehension, for which Python 3.12 has no frame"),
        FrameUse::Foreign => ("foreign", "code nobody here can change"),
        FrameUse::Outer => ("outer", "further out than the signature looks"),
    };
    Frame {
        path: frame.path,
        line: (frame.line > 0).then_some(frame.line),
        function: frame.seen.function,
        place: frame.seen.place.key(),
        used,
        why,
    }
}
