//! Whose a record is where one user works with several sites: the sites' agents read the same logs, and each files what its own
//! sessions wrote.
//!
//! The state folders of one user's sites lie side by side, and each holds its agent's `sessions.json`. They are looked at when there
//! is a record to be asked about, once in a look, and read when they have changed. Owns this agent's own file too. Decides nothing
//! about records but whose they are.

use crate::control::ask;
use crate::paths::{StateFolder, refuse_strangers};
use crate::session_spans::{Claim, SessionSpans};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::SystemTime;

/// Folders beside ours that are looked at.
const MOST_FOLDERS: usize = 256;
/// Whenever it was told.
const EVER: i64 = i64::MAX;
/// One that does not answer is not asked again for so long: asking may take seconds, in which nothing is followed.
const NO_ANSWER_MS: u64 = 60_000;

/// Whose a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This site's, or there is no other one.
    Ours,
    /// Another site's, whose agent files it.
    Theirs,
    /// Of a process that no site's sessions know.
    Unknown,
}

/// See the module's own words.
pub(crate) struct Sites {
    folder: StateFolder,
    own: SessionSpans,
    /// What could not be written yet.
    is_unwritten: bool,
    others: BTreeMap<OsString, Other>,
    /// The others were looked at since the look began.
    is_fresh: bool,
    /// When the look began, in steady time.
    look_ms: u64,
    /// What the others have told after this moment is not heard in this look.
    told_by_ms: i64,
}

struct Other {
    written: (Option<SystemTime>, u64),
    /// `None` when it tells nothing.
    spans: Option<SessionSpans>,
    /// Whether its agent answered, and in which look it was asked.
    answered: Option<(bool, u64)>,
}

impl Sites {
    /// What the agent of a state folder knows of its site when it starts. `open`: its sessions that have not ended, with when they began.
    /// `reads_all`: it goes on where it was, or begins with the beginning of each log.
    pub(crate) fn at_start(
        folder: StateFolder,
        log_folders: &[impl AsRef<Path>],
        open: &[(u32, Option<String>, i64)],
        reads_all: bool,
        now_ms: i64,
    ) -> Sites {
        let mut own = SessionSpans::read(&folder.sessions()).unwrap_or_else(SessionSpans::empty);
        let left: Vec<_> = open.iter().map(|(pid, started, _)| (*pid, started.clone())).collect();
        own.only(&left, now_ms);
        for (pid, started, from_ms) in open {
            own.tell(*pid, started.as_deref(), *from_ms);
        }
        own.read_since(reads_all.then(|| own.reads_since_ms().unwrap_or(0)));
        own.begun_by(now_ms);
        for log_folder in log_folders {
            own.follow(log_folder.as_ref());
        }
        let mut sites = Sites {
            folder,
            own,
            is_unwritten: true,
            others: BTreeMap::new(),
            is_fresh: false,
            look_ms: 0,
            told_by_ms: EVER,
        };
        sites.write(now_ms);
        sites
    }

    /// The first look is over: from now on everything that is written is read.
    pub(crate) fn reads(&mut self, now_ms: i64) {
        if self.own.reads_since_ms().is_none() {
            self.own.read_since(Some(now_ms));
            self.is_unwritten = true;
            self.write(now_ms);
        }
    }

    /// A session is there since `from_ms` (wall time).
    pub(crate) fn tell(&mut self, pid: u32, started: Option<&str>, from_ms: i64) {
        self.is_unwritten |= self.own.tell(pid, started, from_ms);
    }

    /// A session has ended.
    pub(crate) fn end(&mut self, pid: u32, started: Option<&str>, at_ms: i64) {
        self.is_unwritten |= self.own.end(pid, started, at_ms);
    }

    /// A log folder is followed.
    pub(crate) fn follow(&mut self, folder: &Path) {
        self.is_unwritten |= self.own.follow(folder);
    }

    /// The file is gone, or so old that the others would doubt it.
    pub(crate) fn tell_again(&mut self) {
        self.is_unwritten = true;
    }

    /// The wall clock was set, and what is written from here on is of the new time.
    pub(crate) fn clock_was_set(&mut self, now_ms: i64) {
        self.own.begun_by(now_ms);
        self.is_unwritten = true;
        self.write(now_ms);
    }

    /// Writes what is not written yet. What fails now is tried again with the next look; until then an incident may be filed twice.
    pub(crate) fn write(&mut self, now_ms: i64) {
        if !self.is_unwritten {
            return;
        }
        match self.own.keep(&self.folder.sessions(), now_ms) {
            Ok(()) => self.is_unwritten = false,
            Err(error) => tracing::debug!("the sessions of this site are not written yet: {error}"),
        }
    }

    /// A look at the logs begins: what the others say is asked anew.
    pub(crate) fn look_begins(&mut self, look_ms: u64) {
        (self.is_fresh, self.look_ms, self.told_by_ms) = (false, look_ms, EVER);
    }

    /// It is decided what was in doubt. What the others have told only since `told_by_ms` (wall time) takes nothing away from here: an
    /// agent that has decided a moment before has not heard of it, and both would let go.
    pub(crate) fn decision_begins(&mut self, look_ms: u64, told_by_ms: i64) {
        self.look_begins(look_ms);
        self.told_by_ms = told_by_ms;
    }

    /// Whose a record of a process is, written at a moment (wall time): another site's only if that site's agent reads it.
    pub(crate) fn whose(&mut self, pid: Option<u32>, at_ms: i64) -> Whose {
        self.refresh();
        let theirs = claim_of(pid, at_ms, self.told_by_ms);
        self.compare(claim_of(pid, at_ms, EVER), |spans| theirs(spans).filter(|_| spans.reads(Some(at_ms))))
    }

    /// The same, when there is time to ask again: near is not enough, because a session that is just beginning may have it, of whose
    /// first word one agent has heard and the other one not.
    pub(crate) fn whose_yet(&mut self, pid: Option<u32>, at_ms: i64) -> Whose {
        self.refresh();
        let claim = claim_of(pid, at_ms, EVER);
        let held = move |spans: &SessionSpans| claim(spans).filter(|claim| matches!(claim, Claim::Held(_)));
        self.compare(held, |spans| held(spans).filter(|_| spans.reads(Some(at_ms))))
    }

    /// Whose session wrote a record, whether its site's agent reads that or not, as far as was seen in this look.
    pub(crate) fn as_seen(&self, pid: Option<u32>, at_ms: i64) -> Whose {
        let claim = claim_of(pid, at_ms, EVER);
        self.compare(claim, claim)
    }

    fn compare(
        &self,
        ours: impl Fn(&SessionSpans) -> Option<Claim>,
        theirs: impl Fn(&SessionSpans) -> Option<Claim>,
    ) -> Whose {
        if self.others.is_empty() {
            return Whose::Ours;
        }
        let theirs = self.others.values().filter_map(|other| theirs(other.spans.as_ref()?)).max();
        match (ours(&self.own), theirs) {
            (None, None) => Whose::Unknown,
            // Two who are equally right both file it: rather twice than never.
            (ours, theirs) if ours >= theirs => Whose::Ours,
            _ => Whose::Theirs,
        }
    }

    /// Whether records that are read now may be another site's, as far as was seen in this look.
    pub(crate) fn has_others(&self) -> bool {
        self.others.values().any(|other| other.spans.is_some())
    }

    /// Looks at the others, unless that was done in this look.
    pub(crate) fn look_at_others(&mut self) {
        self.refresh();
    }

    /// Whether this agent files a record that no site's session wrote: one of all that read the log does. It is the one whose
    /// newest session had begun last when the record was written; and only one that runs, as nobody else would file it.
    pub(crate) fn keeps_unknown(
        &mut self,
        log_folder: &Path,
        at_ms: Option<i64>,
        is_running: &dyn Fn(&StateFolder) -> bool,
    ) -> bool {
        self.refresh();
        // A record without a time is the same agent's at all times.
        let rank =
            |spans: &SessionSpans, told_by_ms| at_ms.and_then(|at_ms| spans.newest_by(at_ms, told_by_ms));
        let told_by_ms = self.told_by_ms;
        let own = (rank(&self.own, EVER), Reverse(self.folder.path().file_name().unwrap_or_default()));
        let (folder, look_ms) = (self.folder.path(), self.look_ms);
        let mut before: Vec<_> = (self.others.iter_mut())
            .filter_map(|(name, other)| {
                let reads = |spans: &&SessionSpans| spans.follows(log_folder) && spans.reads(at_ms);
                let spans = other.spans.as_ref().filter(reads)?;
                Some(((rank(spans, told_by_ms), Reverse(name.as_os_str())), &mut other.answered))
            })
            .filter(|(other, _)| *other > own)
            .collect();
        before.sort_unstable_by(|one, other| other.0.cmp(&one.0));
        !before.into_iter().any(|((_, Reverse(name)), answered)| {
            let is_known = |(did, asked_ms): &(bool, u64)| {
                *asked_ms == look_ms || (!did && look_ms.saturating_sub(*asked_ms) < NO_ANSWER_MS)
            };
            let ask = || is_running(&StateFolder::at(folder.with_file_name(name)));
            let known = answered.filter(is_known).unwrap_or_else(|| (ask(), look_ms));
            *answered = Some(known);
            known.0
        })
    }

    fn refresh(&mut self) {
        if std::mem::replace(&mut self.is_fresh, true) {
            return;
        }
        let own_name = self.folder.path().file_name().unwrap_or_default();
        let entries = self.folder.path().parent().map(std::fs::read_dir);
        let mut met = BTreeMap::new();
        for entry in entries.into_iter().flatten().flatten().flatten().take(MOST_FOLDERS) {
            let name = entry.file_name();
            let path = StateFolder::at(entry.path()).sessions();
            if name == own_name {
                continue;
            }
            // Nothing there: no agent of a version that writes it, or no state folder at all.
            let Ok(file) = path.symlink_metadata() else { continue };
            let written = (file.modified().ok(), file.len());
            let mut known = self.others.remove(&name);
            let answered = known.as_mut().and_then(|other| other.answered.take());
            let mut other = known.filter(|other| other.written == written).unwrap_or_else(|| {
                let is_ours = refuse_strangers(&entry.path()).is_ok();
                let spans = if is_ours { SessionSpans::read(&path) } else { None };
                Other { written, spans, answered: None }
            });
            other.answered = answered;
            met.insert(name, other);
        }
        self.others = met;
    }
}

fn claim_of(pid: Option<u32>, at_ms: i64, told_by_ms: i64) -> impl Fn(&SessionSpans) -> Option<Claim> + Copy {
    move |spans| spans.claim(pid?, at_ms, told_by_ms)
}

/// Whether the agent of a state folder answers.
pub(crate) fn is_running(folder: &StateFolder) -> bool {
    // What costs it least.
    ask(folder, r#"{"v":1,"type":"ticket","key":""}"#).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000;

    struct User(tempfile::TempDir);

    impl User {
        fn new() -> User {
            User(tempfile::tempdir().unwrap())
        }

        fn agent(&self, site: &str) -> Sites {
            let folder = StateFolder::new(self.0.path(), site);
            folder.create().unwrap();
            Sites::at_start(folder, &["/logs"], &[], true, NOW)
        }
    }

    fn whose(sites: &mut Sites, pid: u32, at_ms: i64) -> Whose {
        sites.look_begins(0);
        sites.whose(Some(pid), at_ms)
    }

    fn attach(sites: &mut Sites, pid: u32, from_ms: i64) {
        sites.tell(pid, Some("now"), from_ms);
        sites.write(NOW);
    }

    #[test]
    fn alone_every_record_is_ours() {
        let user = User::new();
        let mut one = user.agent("one");
        std::fs::create_dir(user.0.path().join("not a site")).unwrap();
        std::fs::write(user.0.path().join("file"), "").unwrap();
        assert_eq!(whose(&mut one, 7, NOW), Whose::Ours);
        assert!(one.keeps_unknown(Path::new("/logs"), Some(NOW), &|_| true));
    }

    #[test]
    fn near_is_not_enough_while_a_session_may_still_have_its_first_word() {
        let user = User::new();
        let (mut one, mut two) = (user.agent("one"), user.agent("two"));
        attach(&mut one, 7, NOW - 100);
        one.end(7, None, NOW);
        one.write(NOW);
        // An engine starts anew for the other site: one agent reads its first record before its first word, the other one after.
        two.look_begins(0);
        assert_eq!(two.whose_yet(Some(7), NOW + 2), Whose::Unknown);
        attach(&mut two, 7, NOW + 1);
        one.look_begins(1);
        assert_eq!(one.whose_yet(Some(7), NOW + 2), Whose::Theirs);
        assert_eq!(whose(&mut two, 7, NOW + 2), Whose::Ours);
        // And without that word it is the session's that was there.
        assert_eq!((whose(&mut one, 7, NOW), one.whose_yet(Some(7), NOW)), (Whose::Ours, Whose::Ours));
    }

    #[test]
    fn a_first_word_between_two_decisions_does_not_make_both_let_go() {
        let decides = |sites: &mut Sites, now_ms: i64| {
            sites.decision_begins(u64::try_from(now_ms).unwrap(), now_ms - 2_000);
            match sites.whose(Some(7), NOW) {
                Whose::Unknown => sites.keeps_unknown(Path::new("/logs"), Some(NOW), &|_| true),
                whose => whose == Whose::Ours,
            }
        };
        // The word comes so long before the second of two decisions.
        for (before_ms, expected) in [(50, true), (1_950, true), (2_000, false), (7_000, false)] {
            let user = User::new();
            let (mut one, mut two) = (user.agent("one"), user.agent("two"));
            attach(&mut two, 8, NOW - 1_000);
            let decided_ms = NOW + 8_000;
            if expected {
                assert!(!decides(&mut one, decided_ms), "the newest session is the other's");
            }
            one.tell(7, Some("late"), NOW - 5);
            one.write(decided_ms + 100 - before_ms);
            assert_eq!(decides(&mut two, decided_ms + 100), expected, "{before_ms}");
            assert!(decides(&mut one, decided_ms + 200), "its own words are always heard");
        }
    }

    #[test]
    fn what_was_written_before_an_agent_s_first_look_is_the_others() {
        let user = User::new();
        let mut one = user.agent("one");
        attach(&mut one, 1, NOW - 100);
        let folder = StateFolder::new(user.0.path(), "two");
        folder.create().unwrap();
        let mut two = Sites::at_start(folder.clone(), &["/logs"], &[], false, NOW);
        attach(&mut two, 7, NOW - 50);
        let keeps = |one: &mut Sites, at_ms| one.keeps_unknown(Path::new("/logs"), Some(at_ms), &|_| true);
        assert_eq!((whose(&mut one, 7, NOW + 5), keeps(&mut one, NOW + 5)), (Whose::Unknown, true));
        two.reads(NOW + 3);
        let found = [2, 3].map(|later| (whose(&mut one, 7, NOW + later), keeps(&mut one, NOW + later)));
        assert_eq!(found, [(Whose::Unknown, true), (Whose::Theirs, false)]);
        // No matter of ours all the same, in a log that goes with a ticket.
        assert_eq!(one.as_seen(Some(7), NOW + 2), Whose::Theirs);
        // Its next run goes on where it was, whatever it is told again.
        let mut two = Sites::at_start(folder, &["/logs"], &[], true, NOW + 60_000);
        two.reads(NOW + 60_000);
        assert_eq!([2, 3].map(|later| whose(&mut one, 7, NOW + later)), [Whose::Unknown, Whose::Theirs]);
    }

    #[test]
    fn a_clock_that_is_set_takes_no_session_from_its_site() {
        const HOURS: i64 = 3_600_000;
        let user = User::new();
        let (mut one, mut two) = (user.agent("one"), user.agent("two"));
        attach(&mut one, 7, NOW);
        for set_ms in [NOW - 5 * HOURS, NOW + 9_000 * HOURS] {
            assert_eq!(whose(&mut two, 7, set_ms), Whose::Unknown);
            one.clock_was_set(set_ms);
            assert_eq!(
                (whose(&mut one, 7, set_ms), whose(&mut two, 7, set_ms)),
                (Whose::Ours, Whose::Theirs)
            );
        }
    }

    #[test]
    fn a_record_is_the_site_s_whose_session_held_the_process_last() {
        let user = User::new();
        let (mut one, mut two) = (user.agent("one"), user.agent("two"));
        attach(&mut one, 7, NOW);
        attach(&mut two, 8, NOW);
        let both = |one: &mut Sites, two: &mut Sites, pid, at| (whose(one, pid, at), whose(two, pid, at));
        assert_eq!(both(&mut one, &mut two, 7, NOW + 5), (Whose::Ours, Whose::Theirs));
        assert_eq!(both(&mut one, &mut two, 8, NOW + 5), (Whose::Theirs, Whose::Ours));
        assert_eq!(both(&mut one, &mut two, 9, NOW + 5), (Whose::Unknown, Whose::Unknown));
        // A crashed host never said goodbye, and its PID is used again.
        attach(&mut two, 7, NOW + 1_000);
        assert_eq!(both(&mut one, &mut two, 7, NOW + 999), (Whose::Ours, Whose::Theirs));
        assert_eq!(both(&mut one, &mut two, 7, NOW + 1_000), (Whose::Theirs, Whose::Ours));
    }

    #[test]
    fn a_file_that_tells_nothing_claims_nothing_and_is_no_agent_that_could_file() {
        let user = User::new();
        let (mut one, mut two) = (user.agent("one"), user.agent("two"));
        attach(&mut two, 8, NOW);
        assert_eq!(whose(&mut one, 8, NOW), Whose::Theirs);
        let path = user.0.path().join("two/sessions.json");
        let whole = std::fs::read_to_string(&path).unwrap();
        for text in [&whole[..whole.len() / 2], "", &" ".repeat(200_000)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(whose(&mut one, 8, NOW), Whose::Unknown);
            assert!(one.keeps_unknown(Path::new("/logs"), Some(NOW), &|_| true));
        }
    }

    #[test]
    fn exactly_one_of_those_that_run_and_read_the_log_files_what_nobody_knows() {
        let user = User::new();
        let mut agents = ["one", "two", "three"].map(|name| user.agent(name));
        attach(&mut agents[0], 1, NOW - 30);
        attach(&mut agents[1], 2, NOW - 20);
        attach(&mut agents[2], 3, NOW - 10);
        let mut look_ms = 0;
        let mut keepers = |at, log: &str, gone: &str| -> Vec<usize> {
            look_ms += NO_ANSWER_MS;
            let is_running = |folder: &StateFolder| !folder.path().ends_with(gone);
            let keeps = |sites: &mut Sites| {
                sites.look_begins(look_ms);
                sites.keeps_unknown(Path::new(log), at, &is_running)
            };
            (0..3).filter(|index| keeps(&mut agents[*index])).collect()
        };
        assert_eq!(keepers(Some(NOW), "/logs", "none"), [2]);
        assert_eq!(keepers(Some(NOW - 15), "/logs", "none"), [1]);
        // Nobody had a session yet, and a record without a time: the first by name.
        assert_eq!(keepers(Some(0), "/logs", "none"), [0]);
        assert_eq!(keepers(None, "/logs", "none"), [0]);
        // The one that is gone would file it too, if it came back.
        assert_eq!(keepers(Some(NOW), "/logs", "three"), [1, 2]);
        assert_eq!(keepers(Some(NOW), "/elsewhere", "none"), [0, 1, 2]);
    }

    #[test]
    fn what_an_agent_knew_is_known_after_its_restart_and_without_its_file() {
        let user = User::new();
        let (mut one, mut two) = (user.agent("one"), user.agent("two"));
        attach(&mut two, 7, NOW - 50);
        attach(&mut two, 8, NOW - 50);
        drop(two);
        let folder = StateFolder::new(user.0.path(), "two");
        let open = [(8, Some("now".to_owned()), NOW - 20)];
        let _two = Sites::at_start(folder.clone(), &["/logs"], &open, true, NOW);
        assert_eq!([7, 8].map(|pid| whose(&mut one, pid, NOW - 30)), [Whose::Theirs; 2]);
        let long_after = NOW + 3_600_000;
        assert_eq!([7, 8].map(|pid| whose(&mut one, pid, long_after)), [Whose::Unknown, Whose::Theirs]);
        std::fs::remove_file(folder.sessions()).unwrap();
        let _two = Sites::at_start(folder, &["/logs"], &open, true, NOW);
        assert_eq!([7, 8].map(|pid| whose(&mut one, pid, NOW - 10)), [Whose::Unknown, Whose::Theirs]);
    }
}
