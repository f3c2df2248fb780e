//! The live sources, and the ways to find one: by number, by file, by the log's name.
//!
//! Owns which source bears a log's name, which sources are looked at each time and which only in turn, and which of
//! them have an open handle. Says nothing to anyone; what a source is and how it is read is not its matter.

use crate::source::Source;
use crate::{DiskFile, FileId, Observed, SourceId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// As many sources as this are all looked at every time; of more, those that are quiet take turns.
const ALWAYS: usize = 64;
/// Every source has had its turn after this long.
const ROUND_MS: u64 = 5_000;

pub(crate) struct Sources<F> {
    all: BTreeMap<SourceId, Source<F>>,
    by_file: HashMap<FileId, SourceId>,
    current: HashMap<PathBuf, SourceId>,
    /// With an open handle.
    held: BTreeSet<SourceId>,
    /// Looked at every time.
    busy: BTreeSet<SourceId>,
    /// The quiet ones: the last one that had its turn.
    turn: SourceId,
    last_id: u64,
}

impl<F: DiskFile> Sources<F> {
    pub(crate) fn new() -> Sources<F> {
        Sources {
            all: BTreeMap::new(),
            by_file: HashMap::new(),
            current: HashMap::new(),
            held: BTreeSet::new(),
            busy: BTreeSet::new(),
            turn: SourceId(0),
            last_id: 0,
        }
    }

    pub(crate) fn next_id(&mut self) -> SourceId {
        self.last_id += 1;
        SourceId(self.last_id)
    }

    pub(crate) fn get(&self, id: SourceId) -> Option<&Source<F>> {
        self.all.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: SourceId) -> Option<&mut Source<F>> {
        self.all.get_mut(&id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Source<F>> {
        self.all.values()
    }

    /// Takes one out for its turn; it goes on being found by file and name.
    pub(crate) fn take(&mut self, id: SourceId) -> Option<Source<F>> {
        self.all.remove(&id)
    }

    /// A new source is the one that reads its file; an older one of the same number read another.
    pub(crate) fn of_its_file(&mut self, source: &Source<F>) {
        self.by_file.insert(source.file_id, source.id);
    }

    /// Puts one in, or back.
    pub(crate) fn put(&mut self, source: Source<F>) {
        let id = source.id;
        if source.file.is_some() {
            self.held.insert(id);
        } else {
            self.held.remove(&id);
        }
        self.all.insert(id, source);
    }

    /// One that is taken out, or still in, is over.
    pub(crate) fn forget(&mut self, source: &Source<F>) {
        self.all.remove(&source.id);
        self.held.remove(&source.id);
        self.busy.remove(&source.id);
        if self.by_file.get(&source.file_id) == Some(&source.id) {
            self.by_file.remove(&source.file_id);
        }
        if self.current.get(&source.path) == Some(&source.id) {
            self.current.remove(&source.path);
        }
    }

    /// The source that reads this file.
    pub(crate) fn of_file(&self, seen: &Observed) -> Option<SourceId> {
        let id = *self.by_file.get(&seen.id)?;
        let source = self.all.get(&id)?;
        seen.is_same_file(source.file_id, source.born).then_some(id)
    }

    /// The source that bears a log's name.
    pub(crate) fn current(&self, log: &Path) -> Option<SourceId> {
        self.current.get(log).copied()
    }

    pub(crate) fn set_current(&mut self, log: PathBuf, id: SourceId) {
        self.current.insert(log, id);
    }

    /// This source bears its log's name no longer.
    pub(crate) fn set_rotated(&mut self, id: SourceId) {
        if let Some(source) = self.all.get_mut(&id) {
            source.rotated = true;
            if self.current.get(&source.path) == Some(&id) {
                self.current.remove(&source.path);
            }
        }
    }

    /// The file of a source that is taken out has no name any more.
    pub(crate) fn forget_name(&mut self, source: &Source<F>) {
        if self.current.get(&source.path) == Some(&source.id) {
            self.current.remove(&source.path);
        }
    }

    /// Has it looked at every time from now on.
    pub(crate) fn is_busy(&mut self, id: SourceId) {
        self.busy.insert(id);
    }

    /// It takes turns with the other quiet ones.
    pub(crate) fn is_quiet(&mut self, id: SourceId) {
        self.busy.remove(&id);
    }

    pub(crate) fn is_looked_at_always(&self, id: SourceId) -> bool {
        self.busy.contains(&id)
    }

    pub(crate) fn is_held(&self, id: SourceId) -> bool {
        self.held.contains(&id)
    }

    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// Of those with a handle that can do without it, the one that has been quiet for longest.
    pub(crate) fn least_busy_held(&self) -> Option<SourceId> {
        let quiet = self.held.iter().filter_map(|id| self.all.get(id));
        quiet
            .filter(|source| source.can_be_closed())
            .min_by_key(|source| source.grew_ms)
            .map(|source| source.id)
    }

    /// Of those without a name that are read to their end, the one that lost it first.
    pub(crate) fn oldest_deleted(&self) -> Option<SourceId> {
        let held = self.held.iter().filter_map(|id| self.all.get(id));
        let drained = held.filter(|source| source.read == source.len_bytes);
        let deleted = drained.filter_map(|source| Some((source.deleted_ms?, source.id)));
        deleted.min().map(|(_, id)| id)
    }

    /// Those whose turn it is in a look, in the order of their numbers.
    pub(crate) fn due(&mut self, since_last_look_ms: u64) -> Vec<SourceId> {
        if self.all.len() <= ALWAYS {
            return self.all.keys().copied().collect();
        }
        let share = self.all.len() as u64 * since_last_look_ms.min(ROUND_MS) / ROUND_MS;
        let count = usize::try_from(share).unwrap_or(ALWAYS).max(ALWAYS).min(self.all.len());
        let after = SourceId(self.turn.0 + 1);
        let in_turn = self.all.range(after..).chain(self.all.range(..after)).map(|(id, _)| *id);
        let mut due: Vec<SourceId> = in_turn.take(count).collect();
        self.turn = due.last().copied().unwrap_or(SourceId(0));
        due.extend(self.busy.iter().copied());
        due.sort_unstable();
        due.dedup();
        due
    }
}
