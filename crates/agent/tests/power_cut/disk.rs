//! A disk that forgets what was not synced: from what was asked of it, all that may be on it after the power went.

use crate::recording_vfs::Op;
use std::collections::BTreeMap;
use std::path::Path;

/// What a sector is: a write of several may arrive in part.
const SECTOR_BYTES: usize = 512;

/// Which of the writes since the last sync reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    All,
    Nothing,
    /// Some, in any order, the last ones in part.
    Some {
        seed: u64,
    },
}

/// Whether the disk does what a sync asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Honesty {
    Honest,
    /// It says that it has, and has not.
    Lies,
}

#[derive(Clone, Debug)]
enum Change {
    Written { offset: usize, bytes: Vec<u8> },
    Cut { len: usize },
}

#[derive(Clone, Debug, Default)]
struct Content {
    synced: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Made(String, usize),
    Deleted(String),
}

/// Files by number, names by file, and what of both is not on the disk yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    files: Vec<Content>,
    /// As programs see it.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
}

impl Disk {
    /// A disk with these files on it.
    pub(crate) fn with(files: &[(&str, Vec<u8>)]) -> Disk {
        let mut disk = Disk::default();
        for (name, bytes) in files {
            disk.names.insert((*name).to_owned(), disk.files.len());
            disk.files.push(Content { synced: bytes.clone(), pending: Vec::new() });
        }
        disk.synced_names = disk.names.clone();
        disk
    }

    pub(crate) fn take(&mut self, op: &Op, honesty: Honesty) {
        match op {
            Op::Made { file } => {
                self.names.insert(file.clone(), self.files.len());
                self.pending_names.push(NameChange::Made(file.clone(), self.files.len()));
                self.files.push(Content::default());
            }
            Op::Written { file, offset, bytes } => {
                self.change(file, Change::Written { offset: *offset, bytes: bytes.clone() });
            }
            Op::Cut { file, len } => self.change(file, Change::Cut { len: *len }),
            Op::Deleted { file } => {
                self.names.remove(file);
                self.pending_names.push(NameChange::Deleted(file.clone()));
            }
            Op::Synced { file } if honesty == Honesty::Honest => {
                let Some(content) = self.names.get(file).and_then(|file| self.files.get_mut(*file)) else {
                    return;
                };
                for change in std::mem::take(&mut content.pending) {
                    apply(&mut content.synced, &change);
                }
            }
            Op::SyncFailed { file } => {
                let Some(content) = self.names.get(file).and_then(|file| self.files.get_mut(*file)) else {
                    return;
                };
                let mut dice = Dice(content.pending.len() as u64 + 1);
                for change in std::mem::take(&mut content.pending) {
                    if dice.below(2) == 0 {
                        apply(&mut content.synced, &change);
                    }
                }
            }
            Op::FolderSynced if honesty == Honesty::Honest => {
                self.synced_names = self.names.clone();
                self.pending_names.clear();
            }
            Op::Synced { .. } | Op::FolderSynced | Op::Returned => {}
        }
    }

    fn change(&mut self, file: &str, change: Change) {
        if let Some(content) = self.names.get(file).and_then(|file| self.files.get_mut(*file)) {
            content.pending.push(change);
        }
    }

    /// Writes what may be there after the power went now.
    pub(crate) fn write_to(&self, folder: &Path, kept: Kept) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            std::fs::remove_file(entry.path()).unwrap();
        }
        let mut dice = Dice(match kept {
            Kept::Some { seed } => seed | 1,
            Kept::All | Kept::Nothing => 1,
        });
        let mut names = self.synced_names.clone();
        // A file system writes changes of names in order, as many as it got to.
        let reached = match kept {
            Kept::All => self.pending_names.len(),
            Kept::Nothing => 0,
            Kept::Some { .. } => dice.below(self.pending_names.len() + 1),
        };
        for change in &self.pending_names[..reached] {
            match change {
                NameChange::Made(name, file) => names.insert(name.clone(), *file),
                NameChange::Deleted(name) => names.remove(name),
            };
        }
        for (name, file) in names {
            let content = &self.files[file];
            let mut bytes = content.synced.clone();
            for change in chosen(&content.pending, kept, &mut dice) {
                apply(&mut bytes, &change);
            }
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

/// The changes that reached the disk, in the order in which they did.
fn chosen(pending: &[Change], kept: Kept, dice: &mut Dice) -> Vec<Change> {
    match kept {
        Kept::All => pending.to_vec(),
        Kept::Nothing => Vec::new(),
        Kept::Some { .. } => {
            let mut left: Vec<Change> = pending.to_vec();
            // Sometimes nearly all, sometimes hardly any.
            let one_in = 1 + dice.below(4);
            let mut reached = Vec::new();
            while !left.is_empty() {
                // Mostly in order: a disk reorders within what it holds, not over everything.
                let change = left.remove(dice.below(left.len().min(4)));
                if dice.below(one_in + 1) == 0 {
                    continue;
                }
                reached.extend(torn(change, dice));
            }
            reached
        }
    }
}

/// A write, or in one of four cases some of its sectors.
fn torn(change: Change, dice: &mut Dice) -> Vec<Change> {
    let Change::Written { offset, bytes } = change else { return vec![change] };
    if dice.below(4) > 0 {
        return vec![Change::Written { offset, bytes }];
    }
    let (mut at, end, mut parts) = (offset, offset + bytes.len(), Vec::new());
    while at < end {
        let next = ((at / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        if dice.below(2) == 0 {
            parts.push(Change::Written { offset: at, bytes: bytes[at - offset..next - offset].to_vec() });
        }
        at = next;
    }
    parts
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut { len } => content.resize(*len, 0),
        Change::Written { offset, bytes } => {
            let end = offset + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset..end].copy_from_slice(bytes);
        }
    }
}

/// xorshift: the same seed, the same fall.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 20) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}
