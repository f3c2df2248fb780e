//! What hosts told of their sessions, by process and time: the facts of a record are those of the moment it was written.
//!
//! A record is read a little after it was written (or long after, when no agent ran), and the artist may be at another shot by
//! then; a PID may be another host's. Holds the last few states of each process; the store keeps the newest across restarts.

use crate::attach::Session;
use std::collections::{HashMap, VecDeque};

/// So many states of one process: records older than the oldest of them are rare, and get that one.
const MOST_STATES: usize = 8;

/// See the module's own words.
#[derive(Default)]
pub(crate) struct SessionBook(HashMap<u32, VecDeque<State>>);

struct State {
    /// When it was told; `None`: before this agent's time.
    from_ms: Option<i64>,
    /// When that run of an engine ended.
    until_ms: Option<i64>,
    session: Session,
}

impl SessionBook {
    /// A session is in this state since `from_ms` (wall time); `None` when an earlier run of the agent was told of it.
    pub(crate) fn tell(&mut self, session: Session, from_ms: Option<i64>) {
        let states = self.0.entry(session.pid).or_default();
        if states.len() >= MOST_STATES {
            states.pop_front();
        }
        states.push_back(State { from_ms, until_ms: None, session });
    }

    /// A run of an engine has ended.
    pub(crate) fn end(&mut self, pid: u32, started: Option<&str>, at_ms: i64) {
        for state in self.0.get_mut(&pid).into_iter().flatten() {
            if started.is_none() || state.session.started.as_deref() == started {
                state.until_ms.get_or_insert(at_ms);
            }
        }
    }

    /// Forgets processes whose every session had ended by a moment.
    pub(crate) fn forget_ended(&mut self, before_ms: i64) {
        let is_long_over = |state: &State| state.until_ms.is_some_and(|until_ms| until_ms < before_ms);
        self.0.retain(|_, states| !states.iter().all(is_long_over));
    }

    /// What is known of a process now.
    pub(crate) fn newest(&self, pid: u32) -> Option<&Session> {
        Some(&self.0.get(&pid)?.back()?.session)
    }

    /// What was so of a process at a moment (wall time). Before its first word (a bundle that fails while the engine starts) that
    /// word counts, and after its last one the last.
    pub(crate) fn at(&self, pid: u32, at_ms: Option<i64>) -> Option<&Session> {
        let Some(at_ms) = at_ms else { return self.newest(pid) };
        let states = self.0.get(&pid)?;
        let now = states.iter().rev().find(|state| state.holds(at_ms));
        let next = || states.iter().find(|state| !state.has_begun(at_ms));
        Some(&now.or_else(next).or_else(|| states.back())?.session)
    }

    /// Whether that moment is in the time of a session that is known, so that no other one can claim it.
    pub(crate) fn holds(&self, pid: u32, at_ms: Option<i64>) -> bool {
        let Some(at_ms) = at_ms else { return self.0.contains_key(&pid) };
        self.0.get(&pid).is_some_and(|states| states.iter().any(|state| state.holds(at_ms)))
    }

    /// Whether nobody has told anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl State {
    fn has_begun(&self, at_ms: i64) -> bool {
        self.from_ms.is_none_or(|from_ms| from_ms <= at_ms)
    }

    fn holds(&self, at_ms: i64) -> bool {
        self.has_begun(at_ms) && self.until_ms.is_none_or(|until_ms| at_ms <= until_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(started: &str, login: &str) -> Session {
        Session {
            pid: 7,
            started: Some(started.to_owned()),
            login: Some(login.to_owned()),
            ..Session::default()
        }
    }

    fn at(book: &SessionBook, at_ms: i64) -> Option<&str> {
        book.at(7, Some(at_ms))?.login.as_deref()
    }

    #[test]
    fn a_record_belongs_to_the_state_of_its_moment() {
        let mut book = SessionBook::default();
        assert!(book.is_empty() && at(&book, 0).is_none());
        book.tell(session("one", "first"), Some(100));
        book.tell(session("one", "second"), Some(200));
        // Before the first word, in both states, and after.
        let found: Vec<_> = [50, 100, 199, 200, 900].map(|at_ms| at(&book, at_ms).unwrap()).into();
        assert_eq!(found, ["first", "first", "first", "second", "second"]);
        assert_eq!(book.newest(7).unwrap().login.as_deref(), Some("second"));
        assert_eq!(book.at(7, None).unwrap().login.as_deref(), Some("second"));
        assert!(book.at(8, Some(100)).is_none());
    }

    #[test]
    fn a_pid_that_is_used_again_is_the_next_host_s_from_its_start_on() {
        let mut book = SessionBook::default();
        book.tell(session("one", "yesterday"), None);
        book.end(7, Some("one"), 100);
        book.tell(session("two", "today"), Some(300));
        let found: Vec<_> = [90, 100, 101, 299, 300].map(|at_ms| at(&book, at_ms).unwrap()).into();
        assert_eq!(found, ["yesterday", "yesterday", "today", "today", "today"]);
        assert_eq!([100, 101, 299, 300].map(|at_ms| book.holds(7, Some(at_ms))), [true, false, false, true]);
        book.end(7, None, 400);
        assert_eq!(at(&book, 500), Some("today"));
    }

    #[test]
    fn a_process_that_ended_long_ago_is_forgotten() {
        let mut book = SessionBook::default();
        book.tell(session("one", "yesterday"), Some(0));
        book.end(7, Some("one"), 100);
        book.forget_ended(100);
        assert!(!book.is_empty());
        book.tell(session("two", "today"), Some(300));
        book.forget_ended(1_000);
        assert!(!book.is_empty(), "it runs");
        book.end(7, Some("two"), 400);
        book.forget_ended(1_000);
        assert!(book.is_empty());
    }

    #[test]
    fn of_many_states_the_last_ones_are_held() {
        let mut book = SessionBook::default();
        for turn in 0..100 {
            book.tell(session("one", &turn.to_string()), Some(turn));
        }
        assert_eq!(book.0[&7].len(), MOST_STATES);
        assert_eq!((at(&book, 0), at(&book, 99)), (Some("92"), Some("99")));
    }
}
