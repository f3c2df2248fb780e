//! The one place where redaction, recognition and signing are put together.
//!
//! `scan`, `follow` and `run` all come through here, so that the same record has the same signature and title
//! wherever it is met, and so that nothing is hashed, titled, shown or stored that was not redacted before.

use crate::incident_line::{IncidentLine, Place};
use crate::settings::{RedactSettings, Scope, TicketSettings, TitleStyle};
use redact::{IdentityPolicy, Redactor, RuleCounts};
use secrecy::SecretString;
use sgtk_log::{CodePage, ContextWords, FileName, Incident, RawRecord};

/// Bytes of a record in, an incident without secrets out.
pub struct Recogniser {
    redactor: Redactor,
    words: ContextWords,
    code_page: CodePage,
    style: sgtk_log::TitleStyle,
    scope: Scope,
}

/// A record that was recognised.
pub struct Recognised {
    /// What it is.
    pub incident: Incident,
    /// The whole record, redacted.
    pub text: String,
    /// What was taken out of it, by rule.
    pub redactions: RuleCounts,
}

/// A record that was recognised, and how.
pub struct Explained {
    /// What it is and why.
    pub explanation: sgtk_log::Explanation,
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
    pub fn new(redact: &RedactSettings, ticket: &TicketSettings, surroundings: Surroundings) -> Recogniser {
        let policy = IdentityPolicy { home: redact.home, email: redact.email };
        Recogniser {
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

    /// Recognises one record of a file of this name.
    #[must_use]
    pub fn recognise(&self, record: &RawRecord<'_>, file_name: &str) -> Recognised {
        let decoded = sgtk_log::decode(&record.text, self.code_page);
        let redacted = self.redactor.redact(&decoded);
        let incident = sgtk_log::recognise(&redacted.text, FileName(file_name), &self.words);
        Recognised { incident, text: redacted.text.into_owned(), redactions: redacted.counts }
    }

    /// Every place where a redaction rule fires in a record: `line` counts from the record's first line.
    #[must_use]
    pub fn explain_redaction(&self, record: &RawRecord<'_>) -> Vec<redact::Hit> {
        self.redactor.explain(&sgtk_log::decode(&record.text, self.code_page))
    }

    /// Recognises a record as [`Recogniser::recognise`] does and tells how. Redacted as that is.
    #[must_use]
    pub fn explain(&self, record: &RawRecord<'_>, file_name: &str, login: &str) -> Explained {
        let decoded = sgtk_log::decode(&record.text, self.code_page);
        let redacted = self.redactor.redact(&decoded);
        let explanation = sgtk_log::explain(&redacted.text, FileName(file_name), &self.words);
        let user = (self.scope == Scope::User).then_some(login);
        let title = |style| sgtk_log::title(&explanation.incident, user, style);
        Explained {
            precise: title(sgtk_log::TitleStyle::Precise),
            seed: title(sgtk_log::TitleStyle::Seed),
            explanation,
            text: redacted.text.into_owned(),
            redactions: self.explain_redaction(record),
        }
    }

    /// The title of an incident of this person.
    #[must_use]
    pub fn title(&self, incident: &Incident, login: &str) -> String {
        let user = (self.scope == Scope::User).then_some(login);
        sgtk_log::title(incident, user, self.style)
    }

    /// The JSON object of an incident of this person.
    #[must_use]
    pub fn line(&self, place: Place, recognised: &Recognised, login: &str) -> IncidentLine {
        let title = self.title(&recognised.incident, login);
        IncidentLine::new(place, &recognised.incident, title)
    }

    /// Log text for an attachment: as in the file, but in UTF-8 and for secrets, whose rules are named.
    #[must_use]
    pub fn redact_log(&self, bytes: &[u8]) -> (String, RuleCounts) {
        let text = sgtk_log::decode(bytes, self.code_page);
        let redacted = self.redactor.redact_named(&text);
        (redacted.text.into_owned(), redacted.counts)
    }

    /// Any other text that leaves the agent: facts, error messages.
    #[must_use]
    pub fn redact_text(&self, text: &str) -> String {
        self.redactor.redact(text).text.into_owned()
    }
}
