//! What `doctor` looks at: one check a question, each with its answer and with what to do.
//!
//! A file per subject. Nothing is written, started or changed by a check, an agent may run meanwhile or not, and a check that
//! cannot be made says why. Whom to ask (the running agent, the site) is given; what is printed is the CLI's.

pub mod autostart;
mod check;
pub mod log_folders;
pub mod running;
pub mod session_cache;
pub mod setup;
pub mod site;
pub mod state_folder;
pub mod ticket;

pub use check::{Check, Verdict};
