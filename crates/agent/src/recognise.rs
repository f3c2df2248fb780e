//! The one place where decoding, redaction, recognition, rules and titles are put together.
//!
//! `scan`, `follow` and `run` all come through here, so that the same record has the same signature and title
//! wherever it is met, and so that nothing is hashed, titled, shown or stored that was not redacted before.

use crate::gate::{Gate, Matched, Verdict};
use crate::incident_line::{IncidentLine, Place};
use crate::settings::{Scope, Settings, TitleStyle};
use redact::{IdentityPolicy, Redactor, RuleCounts};
use secrecy::SecretString;
use sgtk_log::{CodePage, ContextWords, FileName, Incident, RawKind, RawRecord, ReadGate, Signature};
use std::borrow::Cow;
use std::io;

/// Bytes of a record in, an incident without secrets out.
pub struct Recogniser {
    gate: Gate,
    redactor: Redactor,
    words: ContextWords,
    code_page: CodePage,
    style: sgtk_log::TitleStyle,
    scope: Scope,
}

/// A record that was recognised.
pub struct Recognised {
    /// What it is; with the signature that a rule gives it.
    pub incident: Incident,
    /// Whether it is an incident, and why.
    pub verdict: Verdict,
    /// The signature without rules, where a rule has changed it.
    pub own_signature: Option<Signature>,
    /// The words that a rule gives its title.
    pub title_words: Option<String>,
    /// The whole record, redacted.
    pub text: String,
    /// What was taken out of it, by rule.
    pub redactions: RuleCounts,
}

/// A record that was recognised, and how.
pub struct Explained {
    /// What it is and why; its incident has the signature that a rule gives it.
    pub explanation: sgtk_log::Explanation,
    /// Whether it is an incident, and why.
    pub verdict: Verdict,
    /// The signature without rules, where a rule has changed it.
    pub own_signature: Option<Signature>,
    /// Every rule and every entry of the noise list that matches, the one that decides first.
    pub matched: Vec<Matched>,
    /// The whole record, redacted.
    pub text: String,
    /// Where in it which rule fired.
    pub redactions: Vec<redact::Hit>,
    /// Its precise title.
    pub precise: String,
    /// Its title in the seed's style.
    pub seed: String,
}

/// What [`Recogniser`] has to know of its surroundings.
#[derive(Default)]
pub struct Surroundings {
    /// Secrets the agent itself holds: they must never appear, wherever they come from.
    pub known_secrets: Vec<SecretString>,
    /// Words that differ from place to place and make no difference: logins, hosts, projects.
    pub words: Vec<String>,
    /// What lines that are not UTF-8 are written in.
    pub code_page: CodePage,
}

impl Recogniser {
    /// Builds the rules once; recognising many records with them is cheap.
    #[must_use]
    pub fn new(settings: &Settings, surroundings: Surroundings) -> Recogniser {
        let Settings { detect, redact, ticket, .. } = settings;
        let policy = IdentityPolicy { home: redact.home, email: redact.email };
        Recogniser {
            gate: Gate::new(detect),
            redactor: Redactor::new(surroundings.known_secrets, policy),
            words: ContextWords::new(surroundings.words),
            code_page: surroundings.code_page,
            style: match ticket.title_style {
                TitleStyle::Precise => sgtk_log::TitleStyle::Precise,
                TitleStyle::Seed => sgtk_log::TitleStyle::Seed,
            },
            scope: ticket.scope,
        }
    }

    /// Which records a reader has to hand out.
    #[must_use]
    pub fn read_gate(&self) -> ReadGate {
        self.gate.read_gate()
    }

    /// Whether a record may be an incident, as far as its bytes tell; the others need not be recognised.
    #[must_use]
    pub fn wants(&self, record: &RawRecord<'_>) -> bool {
        self.gate.wants(record)
    }

    /// Recognises one record of a file of this name, and tells whether it is an incident.
    #[must_use]
    pub fn recognise(&self, record: &RawRecord<'_>, file_name: &str) -> Recognised {
        let decoded = self.decode(record);
        let redacted = self.redact_record(record, &decoded);
        let incident = sgtk_log::recognise(&redacted.text, FileName(file_name), &self.words);
        self.judge(record, incident, redacted.text.into_owned(), redacted.counts)
    }

    /// The text of a record. Of one that was too long, half lines and half words beside the hole are left out: half of a
    /// name and its value may be a secret that nothing tells any more.
    fn decode<'r>(&self, record: &'r RawRecord<'_>) -> Cow<'r, str> {
        const BEGIN: &str = "\n[... ";
        const END: &str = " bytes left out ...]\n";
        let text = sgtk_log::decode(&record.text, self.code_page);
        if !record.truncated {
            return text;
        }
        let hole = text.find(END).and_then(|end| Some((text[..end].rfind(BEGIN)?, end + END.len())));
        let Some((from, to)) = hole else { return text };
        let head = &text[..from];
        let tail = &text[to..];
        let head_end = head.rfind('\n').or_else(|| head.rfind(' ')).unwrap_or(0);
        let tail_begin = tail.find('\n').filter(|end| end + 1 < tail.len()).or_else(|| tail.find(' '));
        let tail = &tail[tail_begin.map_or(tail.len(), |end| end + 1)..];
        Cow::Owned([&head[..head_end], &text[from..to], tail].concat())
    }

    /// A record that does not end with its line may have been read in the middle of a write.
    fn redact_record<'t>(&self, record: &RawRecord<'_>, text: &'t str) -> redact::Redacted<'t> {
        match record.kind {
            RawKind::Headed => self.redactor.redact_unfinished(text),
            RawKind::Pasted | RawKind::Orphan => self.redactor.redact(text),
        }
    }

    /// What the rules make of an incident that was recognised from a record.
    fn judge(
        &self,
        record: &RawRecord<'_>,
        mut incident: Incident,
        text: String,
        redactions: RuleCounts,
    ) -> Recognised {
        let rule = self.gate.rule(&incident, record);
        let verdict = self.gate.judge(&incident, record, rule);
        let (mut own_signature, mut title_words) = (None, None);
        if let Some(rule) = rule {
            own_signature = rule.sets_signature().then(|| incident.signature.clone());
            title_words = rule.apply(&mut incident, &self.words);
        }
        Recognised { incident, verdict, own_signature, title_words, text, redactions }
    }

    /// Every place where a redaction rule fires in a record: `line` counts from the record's first line.
    #[must_use]
    pub fn explain_redaction(&self, record: &RawRecord<'_>) -> Vec<redact::Hit> {
        self.redactor.explain(&self.decode(record))
    }

    /// Recognises a record as [`Recogniser::recognise`] does and tells how. Redacted as that is.
    #[must_use]
    pub fn explain(&self, record: &RawRecord<'_>, file_name: &str, login: &str) -> Explained {
        let decoded = self.decode(record);
        let redacted = self.redact_record(record, &decoded);
        let mut explanation = sgtk_log::explain(&redacted.text, FileName(file_name), &self.words);
        let matched = self.gate.matches(&explanation.incident, record);
        let text = redacted.text.into_owned();
        let recognised = self.judge(record, explanation.incident.clone(), text, redacted.counts);
        let title = |style| self.styled_title(&recognised, login, style);
        let (precise, seed) = (title(sgtk_log::TitleStyle::Precise), title(sgtk_log::TitleStyle::Seed));
        explanation.incident = recognised.incident;
        Explained {
            explanation,
            verdict: recognised.verdict,
            own_signature: recognised.own_signature,
            matched,
            text: recognised.text,
            redactions: self.explain_redaction(record),
            precise,
            seed,
        }
    }

    /// The title of an incident of this person.
    #[must_use]
    pub fn title(&self, recognised: &Recognised, login: &str) -> String {
        self.styled_title(recognised, login, self.style)
    }

    fn styled_title(&self, recognised: &Recognised, login: &str, style: sgtk_log::TitleStyle) -> String {
        let user = (self.scope == Scope::User).then_some(login);
        let incident = &recognised.incident;
        match &recognised.title_words {
            Some(words) => sgtk_log::worded_title(words, &incident.signature, user, style),
            None => sgtk_log::title(incident, user, style),
        }
    }

    /// The JSON object of an incident of this person; see [`IncidentLine::new`] for what is left of the incident.
    #[must_use]
    pub fn line(&self, place: Place, recognised: &mut Recognised, login: &str) -> IncidentLine {
        let title = self.title(recognised, login);
        IncidentLine::new(place, &mut recognised.incident, title)
    }

    /// Log text for an attachment: as in the file, but in UTF-8 and for secrets, whose rules are named. `cut_at_front`: it
    /// begins in the middle of its log, maybe of a key.
    ///
    /// # Errors
    /// When a fault of ours kept it from being cleaned: then nothing of it may leave.
    pub fn redact_log(&self, bytes: &[u8], cut_at_front: bool) -> Result<(String, RuleCounts), NotRedacted> {
        whole_or_nothing(|| {
            let mut text = sgtk_log::decode(bytes, self.code_page);
            let mut counts = RuleCounts::default();
            if cut_at_front {
                let mut out = String::new();
                let mut stream = self.redactor.stream_named_from_middle(&String::from_utf8_lossy);
                stream.feed(text.as_bytes(), &mut out);
                counts = stream.finish(&mut out);
                text = Cow::Owned(out);
            }
            let redacted = self.redactor.redact_named_unfinished(&text);
            counts.merge(&redacted.counts);
            (redacted.text.into_owned(), counts)
        })
    }

    /// [`Recogniser::redact_log`] for a log that comes in blocks and is written on as it is cleaned: none of it is held for
    /// long. `next` gives the blocks, `write` takes clean text.
    ///
    /// # Errors
    /// As there, and what `next` and `write` say. What was written before must not leave.
    pub fn redact_stream(
        &self,
        cut_at_front: bool,
        next: &mut dyn FnMut() -> io::Result<Option<Vec<u8>>>,
        write: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> Result<RuleCounts, StreamFault> {
        let decode = decoder(self.code_page);
        whole_or_nothing(|| {
            let mut stream = if cut_at_front {
                self.redactor.stream_named_from_middle(&decode)
            } else {
                self.redactor.stream_named(&decode)
            };
            let mut clean = String::new();
            while let Some(block) = next()? {
                stream.feed(&block, &mut clean);
                write(&clean)?;
                clean.clear();
            }
            let mut counts = stream.finish(&mut clean);
            if !clean.is_empty() {
                // A line without its end: its writer may be in the middle of it.
                let last = self.redactor.redact_named_unfinished(&clean);
                counts.merge(&last.counts);
                write(&last.text)?;
            }
            Ok(counts)
        })
        .map_err(|NotRedacted| StreamFault::NotRedacted)?
        .map_err(StreamFault::Io)
    }

    /// Whether a value is a secret because of what it is called: `token` of `{ "token": "…" }` is nowhere in its text.
    fn hides(&self, name: &str, value: &str) -> bool {
        let quoted = serde_json::Value::from(value).to_string();
        let written = format!("\"{name}\": {quoted}");
        !self.redactor.redact(&written).text.contains(&quoted)
    }

    /// A text that stands under a name: a fact, a variable of an environment.
    #[must_use]
    pub fn redact_value(&self, name: &str, value: &str) -> String {
        let clean = self.redact_text(value);
        if !clean.is_empty() && self.hides(name, &clean) { "<secret>".to_owned() } else { clean }
    }

    /// Any other text that leaves the agent: facts, error messages.
    #[must_use]
    pub fn redact_text(&self, text: &str) -> String {
        self.redactor.redact(text).text.into_owned()
    }
}

/// Text that could not be cleaned of secrets, by a fault of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRedacted;

/// Why a log was not cleaned to its end.
#[derive(Debug)]
pub enum StreamFault {
    /// A fault of ours.
    NotRedacted,
    /// Of whoever reads or writes.
    Io(io::Error),
}

/// Written out, because a closure alone would not say that the text borrows from the bytes.
fn decoder(code_page: CodePage) -> impl for<'b> Fn(&'b [u8]) -> Cow<'b, str> {
    move |bytes| sgtk_log::decode(bytes, code_page)
}

fn whole_or_nothing<T>(work: impl FnOnce() -> T) -> Result<T, NotRedacted> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|_| NotRedacted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_while_redacting_leaves_nothing_of_the_text() {
        assert_eq!(whole_or_nothing(|| "clean"), Ok("clean"));
        let fault: Result<&str, NotRedacted> = whole_or_nothing(|| panic!("a rule trips"));
        assert_eq!(fault, Err(NotRedacted));
    }
}
