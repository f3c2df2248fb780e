//! Wrong passwords: how many are heard before nobody listens for a while.
//!
//! Kept in memory, for each login and each caller's address, so that nobody can keep somebody else out from elsewhere. Keys of
//! scripts and tokens are not counted: they cannot be guessed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::store::fold;

/// Wrong passwords for one login from one address.
const MOST_WRONG: u32 = 10;
/// Wrong passwords from one address, whatever the login.
const MOST_WRONG_FROM_ONE: u32 = 100;
/// What was wrong longer ago than this is forgotten.
const MEMORY_S: i64 = 600;
/// Entries kept; beyond it the old ones go.
const MOST_ENTRIES: usize = 10_000;

/// What is remembered of wrong passwords.
pub(crate) struct Attempts {
    wrong: Mutex<HashMap<[u8; 32], Wrong>>,
}

#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    since_s: i64,
}

impl Attempts {
    /// Nobody was wrong yet.
    pub(crate) fn new() -> Attempts {
        Attempts { wrong: Mutex::new(HashMap::new()) }
    }

    /// Whether a password for this login from this address is looked at now.
    pub(crate) fn may_try(&self, login: &str, from: IpAddr, now: Timestamp) -> bool {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |key: &[u8; 32]| {
            wrong.get(key).filter(|wrong| is_fresh(wrong, now)).map_or(0, |wrong| wrong.count)
        };
        count(&key(Some(login), from)) < MOST_WRONG && count(&key(None, from)) < MOST_WRONG_FROM_ONE
    }

    /// A password was wrong.
    pub(crate) fn was_wrong(&self, login: &str, from: IpAddr, now: Timestamp) {
        let mut all = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_ENTRIES {
            all.retain(|_, wrong| is_fresh(wrong, now));
            if all.len() >= MOST_ENTRIES {
                all.clear();
            }
        }
        for key in [key(Some(login), from), key(None, from)] {
            let wrong = all.entry(key).or_insert(Wrong { count: 0, since_s: now.as_second() });
            if !is_fresh(wrong, now) {
                *wrong = Wrong { count: 0, since_s: now.as_second() };
            }
            wrong.count += 1;
        }
    }

    /// The right password ends what was counted for its login.
    pub(crate) fn was_right(&self, login: &str, from: IpAddr) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(Some(login), from));
    }
}

fn is_fresh(wrong: &Wrong, now: Timestamp) -> bool {
    now.as_second() - wrong.since_s < MEMORY_S
}

fn key(login: Option<&str>, from: IpAddr) -> [u8; 32] {
    *blake3::hash(format!("{from} {}", login.map(fold).unwrap_or_default()).as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guesser_waits_and_nobody_else_does() {
        let attempts = Attempts::new();
        let (here, elsewhere): (IpAddr, IpAddr) = ("127.0.0.1".parse().unwrap(), "10.0.0.1".parse().unwrap());
        let at = |second| Timestamp::from_second(second).unwrap();
        for _ in 0..MOST_WRONG {
            assert!(attempts.may_try("alice", here, at(0)));
            attempts.was_wrong("alice", here, at(0));
        }
        assert!(!attempts.may_try("ALICE", here, at(1)));
        assert!(attempts.may_try("bob", here, at(1)));
        assert!(attempts.may_try("alice", elsewhere, at(1)));
        assert!(attempts.may_try("alice", here, at(MEMORY_S)));
        attempts.was_right("alice", here);
        assert!(attempts.may_try("alice", here, at(1)));
        for guess in 0..MOST_WRONG_FROM_ONE {
            attempts.was_wrong(&format!("guess {guess}"), elsewhere, at(0));
        }
        assert!(!attempts.may_try("anybody", elsewhere, at(1)));
    }
}
