//! Reads Toolkit logs: bytes to records, records to incidents, incidents to signature and title.
//!
//! The way of a log: `RecordReader` turns bytes into `RawRecord`s with exact places and bounded memory; `decode` makes
//! text of one; the caller redacts it; `parse` takes it apart; `recognise` finds the error and computes the `Signature`;
//! `title` names the ticket.
//!
//! Deliberately absent: files, clocks, zones, the network, state on disk, secrets (text arrives redacted), and policy
//! (what becomes of an incident is decided by the agent).

mod code_page;
mod decode;
mod explanation;
mod header;
mod incident;
mod level;
mod native;
mod record;
pub mod rules;
mod signature;
mod time;
mod title;
mod traceback;

pub use code_page::{CodePage, UnknownCodePage};
pub use decode::decode;
pub use explanation::{ExplainedFrame, Explanation, PrintedException, explain};
pub use header::{Form, record_time};
pub use incident::{Incident, recognise};
pub use level::{Level, UnknownLevel};
pub use record::file_name::FileName;
pub use record::kept::RecordLimits;
pub use record::origin::Origin;
pub use record::reader::{Boundary, Continued, RawKind, RawRecord, ReadCounts, ReadGate, RecordReader};
pub use record::{Record, parse};
pub use signature::key_frames::{FrameUse, SeenFrame};
pub use signature::message::{Normalised, Replacement};
pub use signature::place::{Place, PlaceKind, place};
pub use signature::words::ContextWords;
pub use signature::{ALGORITHM, Component, Signature};
pub use time::LocalTime;
pub use title::{TitleStyle, title, worded_title};
