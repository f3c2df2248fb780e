//! Evidence: what goes with a ticket besides its text. Cut at once, because logs rotate, and spooled under the hash of its
//! content.
//!
//! An archive is a zip, which every system's file browser opens: `incident.json`, `environment.json`, `traceback.txt` and
//! `logs/<name>`. `evidence/range.rs` finds the bytes of a log that belong to an incident, `evidence/packed_log.rs` cleans and
//! packs them block by block, `evidence/archive.rs` puts an archive together, `evidence/reason.rs` decides whether there is
//! one at all, and `evidence/spool.rs` keeps it. Which logs are cut for which incident is the pipeline's part. What an
//! archive holds and why is told in docs/evidence.md.

mod archive;
mod packed_log;
mod range;
mod reason;
mod sieve;
mod spool;

pub use archive::{Contents, pack};
pub use packed_log::{PackFault, PackedLog, Part, pack_log};
pub use range::{LogBytes, around, with_record};
pub use reason::{Made, Reason, reason};
pub use sieve::IsTheirs;
pub use spool::{archive_name, archive_path, keep, log_name, read_log, spooled_bytes, sweep, unpack_log};
