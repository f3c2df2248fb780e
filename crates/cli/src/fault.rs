//! Faults of ours in one record: they must not end a command that has others to read.
//!
//! What a panic says is not told, only where it was: it may quote the record, and nothing of a log is shown
//! unredacted.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static CATCHES: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where in our source a fault was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault(String);

impl std::fmt::Display for Fault {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "could not be recognised, by a fault of ours ({}); please report it", self.0)
    }
}

impl std::error::Error for Fault {}

/// Does something that may panic by a fault of ours.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |about| {
            if CATCHES.get() {
                PLACE.set(about.location().map(ToString::to_string).unwrap_or_default());
            } else {
                usual(about);
            }
        }));
    });
    CATCHES.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    CATCHES.set(false);
    done.map_err(|_| Fault(PLACE.take()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_ends_what_was_done_and_nothing_else_and_says_where() {
        assert_eq!(caught(|| 7), Ok(7));
        let fault = caught(|| panic!("quotes a secret")).unwrap_err().to_string();
        assert!(fault.contains("fault.rs:") && !fault.contains("secret"), "{fault}");
        assert_eq!(caught(|| 8), Ok(8));
    }
}
