//! What must hold for every input of the readers, the redactor, the control channel and the desk, as functions that panic where it does not.
//!
//! The one place of these promises: the fuzz targets of `fuzz/` call a function here with whatever bytes they come up
//! with, and a normal test of each crate calls the same function with every input kept in `fuzz/corpus` (see
//! `docs/fuzzing.md`). An input is plain bytes, so a log file is one; what else a check has to choose (where to cut a
//! stream, where to plant a secret) follows from the bytes, and the same input always does the same.
//!
//! Used by tests only; nothing that ships depends on it. Budgets of time and memory are not here: libFuzzer and
//! `cargo xtask bench` watch those.

#[cfg(feature = "channel")]
mod channel;
mod choices;
#[cfg(feature = "desk")]
mod desk;
mod kept_inputs;
mod records;
mod redaction;
mod rules;
mod signature;
mod tracebacks;

#[cfg(feature = "channel")]
pub use channel::channel;
#[cfg(feature = "desk")]
pub use desk::desk;
pub use kept_inputs::replay;
pub use records::{pasted, records};
pub use redaction::redaction;
pub use rules::rules;
pub use signature::signature;
pub use tracebacks::tracebacks;
