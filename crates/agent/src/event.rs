//! What the agent tells its surroundings: the lines of `run --json`, and what people read of them.
//!
//! The list is closed and each variant is a documented JSON object (`docs/json.md`); a change of shape is a
//! change of interface.

use crate::incident_line::IncidentLine;
use serde::Serialize;

/// One thing that happened in the agent.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The agent follows; said once.
    Ready {
        /// Of this program.
        version: &'static str,
        /// Its process.
        pid: u32,
        /// Where tickets go.
        site: String,
        /// The log folders.
        folders: Vec<String>,
        /// Where the state is.
        state: String,
    },
    /// A record was recognised, and what becomes of it.
    Incident {
        /// The same object as `scan --json` prints, without its own type.
        #[serde(flatten)]
        incident: Box<IncidentLine>,
        /// What was decided.
        outcome: &'static str,
        /// How often this problem was seen, this time included.
        count: u64,
    },
    /// Lines came for a record that was told before: the record as it is with them.
    Continued {
        /// As in the incident; `bytes` begins where that began.
        #[serde(flatten)]
        incident: Box<IncidentLine>,
    },
    /// Somebody reported something by hand, and it was kept.
    Report {
        /// What it is one ticket for.
        key: String,
        /// Of its ticket.
        title: String,
    },
    /// A ticket was created, or found on the site.
    Ticket {
        /// Its number.
        ticket_id: u64,
        /// Its title.
        title: String,
        /// The signature it stands for.
        signature: String,
        /// False when it was there already.
        created: bool,
    },
    /// A file was attached to a ticket.
    Attached {
        /// To which.
        ticket_id: u64,
        /// Number of the attachment on the site.
        attachment_id: u64,
        /// Its name.
        name: String,
    },
    /// The count on a ticket was brought up to date.
    Counted {
        /// Of which.
        ticket_id: u64,
        /// The new count.
        count: u64,
    },
    /// More problems than tickets may be opened; or that is over.
    Storm {
        /// False when it is over.
        began: bool,
        /// Problems that wait for a ticket of their own.
        held: u64,
    },
    /// A session of an engine began, or changed its context.
    Session {
        /// Its process.
        pid: u32,
        /// Its engine, if known.
        engine: Option<String>,
    },
    /// Bytes that nobody will read any more.
    Gap {
        /// Of which log.
        file: String,
        /// How many, if known.
        bytes: Option<u64>,
        /// Why.
        reason: &'static str,
    },
    /// Something does not work at the moment; `status` shows it for as long as it lasts.
    Warning {
        /// What it is about: a file, the site, the state.
        what: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// What was warned of is over.
    Recovered {
        /// As in the warning.
        what: String,
    },
    /// The agent ends; the last line.
    Stopped {
        /// Records seen in all, as in `status`.
        seen: u64,
        /// Why.
        reason: &'static str,
    },
}
