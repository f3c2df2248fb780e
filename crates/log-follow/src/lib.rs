//! Follows log folders: which files there are, what was appended, and where a later run has to go on.
//!
//! The crate owns file identity, rotation, truncation, deletion, discovery and the marks by which a position
//! is recognised again after a restart. It hands out bytes with their offsets and says when a file has ended
//! or when bytes were given up. It deliberately knows nothing of records, levels or encodings, keeps no state
//! on disk (the caller stores [`Checkpoint`]s together with what it made of the bytes), never writes, locks or
//! renames anything in a log folder, and has no clock of its own: the caller passes the time to every look.
//!
//! What the Toolkit writer does to its files, and why each rule here exists, is told in `docs/following.md`.
//!
//! ```no_run
//! use log_follow::{Event, FollowOptions, Follower, SystemDisk};
//! let options = FollowOptions::folder("/home/alice/.shotgun/logs");
//! let mut follower = Follower::new(SystemDisk, options, Vec::new());
//! follower.look(0, &mut |event| {
//!     if let Event::Bytes { offset, bytes, .. } = event {
//!         println!("{} bytes at {offset}", bytes.len());
//!     }
//! });
//! ```

mod awaited;
mod checkpoint;
mod disk;
mod event;
mod folder;
mod follower;
mod generations;
mod hearing;
#[cfg(target_os = "linux")]
mod inotify;
mod kind;
#[cfg(target_os = "macos")]
mod kqueue;
mod mark;
mod options;
mod pattern;
mod reading;
mod shares;
mod source;
mod sources;
mod system_events;
mod trouble;
#[cfg(target_os = "linux")]
mod unnamed;
mod watch;
mod watcher;

pub use checkpoint::Checkpoint;
pub use disk::{Disk, DiskFile, FileId, Observed, SystemDisk};
pub use event::{EndReason, Event, GapReason, SourceId, StartReason};
pub use folder::{System, log_folder};
pub use follower::{Follower, Look, Rest, SourceStatus};
pub use generations::{Generations, NameChange};
pub use mark::Mark;
pub use options::{FollowOptions, MOST_HANDLES, StartAt, handle_budget};
pub use pattern::Patterns;
pub use shares::{PatientDisk, PatientFile};
pub use system_events::{Wake, system_events};
pub use watcher::{Happening, NoEvents, Watcher, Watching};
