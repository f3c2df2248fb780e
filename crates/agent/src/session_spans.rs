//! When each process was a session of one site: `sessions.json` in the state folder, by which the agents of one user's other
//! sites know whose a record is.
//!
//! Toolkit's logs are a user's, not a site's, so each agent reads what the sessions of all sites write. Holds process ids, times
//! and the log folders that are followed: nothing secret. Kept as a file and not only in `state.db`, which is its own agent's. What
//! somebody else has damaged, or made huge, is no file at all.

use crate::paths::replace_private;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Sessions that are told of; the oldest of those that have ended go first.
const MOST_SESSIONS: usize = 128;
/// Log folders that are told of.
const MOST_FOLDERS: usize = 16;
/// Of one name, in bytes: what is longer is not told of.
const LONGEST_FOLDER: usize = 1024;
/// Of an app's words for when a session started, in characters.
const LONGEST_STARTED: usize = 64;
/// A file that is longer is none of ours.
const MOST_BYTES: u64 = 64 * 1024;
/// A record so long before the first word of its session, or after the last one, is taken for that session's: bundles fail while
/// an engine starts, and hosts go on without their engine.
const NEAR_MS: i64 = 10 * 60_000;
/// A session that has not ended holds its process for so long after its agent has told of it last: an agent writes once a day.
const TOLD_HOLDS_MS: i64 = 3 * 24 * 3_600_000;

/// The sessions of one site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionSpans {
    v: u32,
    /// When it was written, milliseconds since 1970.
    told_ms: i64,
    /// What was written before is not read by this agent; `None` while it has not begun to read.
    reads_since_ms: Option<i64>,
    /// Log folders that are followed; what is no Unicode in their names is replaced.
    folders: Vec<String>,
    sessions: Vec<Span>,
}

/// One run of an engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Span {
    pid: u32,
    started: Option<String>,
    from_ms: i64,
    until_ms: Option<i64>,
    /// When it was first written here.
    told_ms: Option<i64>,
}

/// How well a site's sessions fit a record; the greater one has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    /// Its process was a session's shortly before or after: so many milliseconds away, as a negative number.
    Near(i64),
    /// Its process was a session's, since then. A PID that is used again is the later one's.
    Held(i64),
}

impl SessionSpans {
    /// Nothing is known of it yet.
    pub(crate) fn empty() -> SessionSpans {
        SessionSpans { v: 1, ..SessionSpans::default() }
    }

    /// What a file holds; `None` when it cannot be read, or is none of ours.
    pub(crate) fn read(path: &Path) -> Option<SessionSpans> {
        // Opening what is no file may wait for ever.
        if !path.symlink_metadata().ok()?.is_file() {
            return None;
        }
        let mut text = Vec::new();
        File::open(path).ok()?.take(MOST_BYTES + 1).read_to_end(&mut text).ok()?;
        if text.len() as u64 > MOST_BYTES {
            return None;
        }
        serde_json::from_slice(&text).ok().filter(|spans: &SessionSpans| spans.v == 1)
    }

    /// Stores it, whole or not at all.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn keep(&mut self, path: &Path, now_ms: i64) -> io::Result<()> {
        self.told_ms = now_ms;
        for span in &mut self.sessions {
            // Not after now: by a clock that was set back it would be news for long.
            span.told_ms = Some(span.told_ms.unwrap_or(now_ms).min(now_ms));
        }
        replace_private(path, &serde_json::to_vec(self)?)
    }

    /// A session is there since `from_ms` (wall time). Whether that is news.
    pub(crate) fn tell(&mut self, pid: u32, started: Option<&str>, from_ms: i64) -> bool {
        let started = started.map(shortened);
        let is_it = |span: &&mut Span| span.pid == pid && span.started == started;
        if let Some(span) = self.sessions.iter_mut().find(is_it) {
            let before = span.clone();
            (span.from_ms, span.until_ms) = (span.from_ms.min(from_ms), None);
            return *span != before;
        }
        if self.sessions.len() >= MOST_SESSIONS {
            let order = |span: &Span| (span.until_ms.is_none(), span.until_ms.unwrap_or(span.from_ms));
            let oldest = (0..self.sessions.len()).min_by_key(|at| order(&self.sessions[*at]));
            oldest.map(|at| self.sessions.remove(at));
        }
        self.sessions.push(Span { pid, started, from_ms, until_ms: None, told_ms: None });
        true
    }

    /// A session has ended; without `started`, each of that process. Whether that is news.
    pub(crate) fn end(&mut self, pid: u32, started: Option<&str>, at_ms: i64) -> bool {
        let started = started.map(shortened);
        let is_meant = |span: &Span| started.is_none() || span.started == started;
        self.end_all(at_ms, |span| span.pid == pid && is_meant(span))
    }

    /// Sessions that are not among these have ended, nobody knows when. Whether that is news.
    pub(crate) fn only(&mut self, left: &[(u32, Option<String>)], at_ms: i64) -> bool {
        let is_left = |span: &Span, (pid, started): &(u32, Option<String>)| {
            span.pid == *pid && span.started == started.as_deref().map(shortened)
        };
        self.end_all(at_ms, |span| !left.iter().any(|known| is_left(span, known)))
    }

    /// The clock was set back: a session that is there has begun, and so has the reading.
    pub(crate) fn begun_by(&mut self, now_ms: i64) {
        for span in self.sessions.iter_mut().filter(|span| span.until_ms.is_none()) {
            span.from_ms = span.from_ms.min(now_ms);
        }
        self.reads_since_ms = self.reads_since_ms.map(|since_ms| since_ms.min(now_ms));
    }

    /// The agent reads what is written from `since_ms` on; `None`: it has yet to begin, and knows nothing of what is written till then.
    pub(crate) fn read_since(&mut self, since_ms: Option<i64>) {
        self.reads_since_ms = since_ms;
    }

    /// Since when the agent reads.
    pub(crate) fn reads_since_ms(&self) -> Option<i64> {
        self.reads_since_ms
    }

    /// Whether a record that was written at a moment is one that the agent reads. One without a time is.
    pub(crate) fn reads(&self, at_ms: Option<i64>) -> bool {
        self.reads_since_ms.is_some_and(|since_ms| at_ms.is_none_or(|at_ms| since_ms <= at_ms))
    }

    fn end_all(&mut self, at_ms: i64, is_over: impl Fn(&Span) -> bool) -> bool {
        let mut is_news = false;
        for span in self.sessions.iter_mut().filter(|span| span.until_ms.is_none() && is_over(span)) {
            span.until_ms = Some(at_ms);
            is_news = true;
        }
        is_news
    }

    /// A log folder is followed. Whether that is news.
    pub(crate) fn follow(&mut self, folder: &Path) -> bool {
        let name = folder.to_string_lossy().into_owned();
        let is_news = !self.follows(folder) && name.len() <= LONGEST_FOLDER;
        if is_news {
            if self.folders.len() >= MOST_FOLDERS {
                self.folders.remove(0);
            }
            self.folders.push(name);
        }
        is_news
    }

    /// Whether the logs of a folder are read.
    pub(crate) fn follows(&self, folder: &Path) -> bool {
        let name = folder.to_string_lossy();
        self.folders.iter().any(|known| *known == name)
    }

    /// How well these sessions fit a record of a process at a moment (wall time), of those that were told of by another moment.
    pub(crate) fn claim(&self, pid: u32, at_ms: i64, told_by_ms: i64) -> Option<Claim> {
        let of_span = |span: &Span| {
            let until_ms = span.until_ms.unwrap_or_else(|| self.told_ms.saturating_add(TOLD_HOLDS_MS));
            let away_ms = span.from_ms.saturating_sub(at_ms).max(at_ms.saturating_sub(until_ms));
            match away_ms {
                ..=0 => Some(Claim::Held(span.from_ms)),
                1..=NEAR_MS => Some(Claim::Near(-away_ms)),
                _ => None,
            }
        };
        self.told_by(told_by_ms).filter(|span| span.pid == pid).filter_map(of_span).max()
    }

    /// When the newest session began that was there by a moment, of those that were told of by another moment.
    pub(crate) fn newest_by(&self, at_ms: i64, told_by_ms: i64) -> Option<i64> {
        self.told_by(told_by_ms).map(|span| span.from_ms).filter(|from_ms| *from_ms <= at_ms).max()
    }

    /// What is not written yet nobody else was told of.
    fn told_by(&self, moment_ms: i64) -> impl Iterator<Item = &Span> {
        self.sessions.iter().filter(move |span| span.told_ms.unwrap_or(i64::MAX) <= moment_ms)
    }
}

fn shortened(started: &str) -> String {
    started.chars().take(LONGEST_STARTED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVER: i64 = i64::MAX;
    const MINUTE: i64 = 60_000;

    fn spans(told_ms: i64) -> SessionSpans {
        SessionSpans { told_ms, ..SessionSpans::empty() }
    }

    #[test]
    fn a_process_is_the_session_s_while_it_runs_and_a_little_around() {
        let mut of_site = spans(100 * MINUTE);
        assert!(of_site.tell(7, Some("a"), 20 * MINUTE) && !of_site.tell(7, Some("a"), 21 * MINUTE));
        assert!(of_site.end(7, Some("a"), 40 * MINUTE) && !of_site.end(7, None, 41 * MINUTE));
        let claims: Vec<_> = [9, 10, 20, 40, 50, 51].map(|at| of_site.claim(7, at * MINUTE, EVER)).into();
        let (held, edge) = (Some(Claim::Held(20 * MINUTE)), Some(Claim::Near(-10 * MINUTE)));
        assert_eq!(claims, [None, edge, held, held, edge, None]);
        assert_eq!(of_site.claim(8, 30 * MINUTE, EVER), None);
        assert!(held > edge && edge > None);
    }

    #[test]
    fn a_session_whose_agent_is_gone_for_days_holds_its_process_no_more() {
        let mut of_site = spans(0);
        of_site.tell(7, None, 0);
        assert!(of_site.claim(7, TOLD_HOLDS_MS, EVER).is_some());
        assert_eq!(of_site.claim(7, TOLD_HOLDS_MS + NEAR_MS + 1, EVER), None);
    }

    #[test]
    fn of_many_sessions_those_that_run_are_told_of() {
        let mut of_site = spans(0);
        of_site.tell(1, None, 0);
        for pid in 2..1_000 {
            of_site.tell(pid, None, i64::from(pid));
            of_site.end(pid, None, i64::from(pid) + 1);
        }
        assert_eq!(of_site.sessions.len(), MOST_SESSIONS);
        assert!(of_site.claim(1, 5, EVER).is_some() && of_site.claim(999, 999, EVER).is_some());
        assert_eq!(of_site.sessions.iter().filter(|span| span.pid == 2).count(), 0);
        assert_eq!((of_site.newest_by(1_000, EVER), of_site.newest_by(-1, EVER)), (Some(999), None));
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("sessions.json");
        of_site.keep(&path, 5).unwrap();
        assert!(path.metadata().unwrap().len() < MOST_BYTES / 4);
        assert_eq!(SessionSpans::read(&path), Some(of_site));
    }

    #[test]
    fn sessions_that_the_state_does_not_know_have_ended() {
        let mut of_site = spans(0);
        of_site.tell(1, Some("a"), 10);
        of_site.tell(2, Some("b"), 10);
        assert!(of_site.only(&[(2, Some("b".to_owned()))], 50));
        assert_eq!(of_site.sessions.iter().map(|span| span.until_ms).collect::<Vec<_>>(), [Some(50), None]);
    }

    #[test]
    fn what_is_damaged_or_huge_is_no_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("sessions.json");
        assert_eq!(SessionSpans::read(&path), None);
        let huge = format!("{}{}", serde_json::to_string(&spans(0)).unwrap(), " ".repeat(70_000));
        for text in ["", "{", "[]", r#"{"v":2,"told_ms":0,"folders":[],"sessions":[]}"#, &huge] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(SessionSpans::read(&path), None, "{}", &text[..text.len().min(40)]);
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(SessionSpans::read(&path), None);
    }
}
