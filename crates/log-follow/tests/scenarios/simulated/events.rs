//! Directory events, told at once, late, not at all, or lost aloud.

use super::disk::SimulatedFile;
use super::world::{RawEvent, World};
use log_follow::{DiskFile, FileId, Generations, Happening, Patterns, Watcher, Watching};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// When and whether events arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// The moment something happens.
    Prompt,
    /// At the follower's next look.
    Late,
    /// The queue ran over: all that is told is that something was lost.
    Overrun,
    /// Nothing is told, as of a file system that reports nothing though it could be watched.
    Deaf,
    /// There are no watches to be had.
    Refused,
}

type Folders = Rc<RefCell<BTreeMap<PathBuf, Generations<SimulatedFile>>>>;

pub(crate) struct SimulatedEvents {
    world: World,
    hearing: Rc<Cell<Hearing>>,
    folders: Folders,
    wakes: bool,
}

impl SimulatedEvents {
    pub(crate) fn new(world: &World, hearing: Rc<Cell<Hearing>>) -> SimulatedEvents {
        let folders = Folders::default();
        let (heard, mode) = (Rc::clone(&folders), Rc::clone(&hearing));
        world.0.borrow_mut().events.clear();
        let listener = Box::new(move |world: &World| {
            if mode.get() == Hearing::Prompt {
                hear(world, &heard);
            }
        });
        // What an earlier listener holds is closed after the world can be changed again.
        let before = world.0.borrow_mut().listener.replace(listener);
        drop(before);
        SimulatedEvents { world: world.clone(), hearing, folders, wakes: false }
    }
}

fn hear(world: &World, folders: &Folders) {
    // What happens while a file is opened for an event is heard after it.
    let Ok(mut folders) = folders.try_borrow_mut() else { return };
    loop {
        let Some(RawEvent { folder, name, change }) = world.0.borrow_mut().events.pop_front() else { break };
        let Some(generations) = folders.get_mut(&folder) else { continue };
        generations.heard(&name, change, |path| {
            let file = world.open(path)?;
            Ok((file.observe()?, file))
        });
    }
    folders.values_mut().for_each(Generations::settle);
}

impl Watcher<SimulatedFile> for SimulatedEvents {
    fn watch(&mut self, folder: &Path, patterns: &Patterns) -> Watching {
        if self.hearing.get() == Hearing::Refused {
            return Watching::Nothing(Some(
                "no directory events: the limit of watches is reached".to_owned(),
            ));
        }
        let mut folders = self.folders.borrow_mut();
        let new = || Generations::new(folder.to_owned());
        folders.entry(folder.to_owned()).or_insert_with(new).add(patterns);
        Watching::Everything
    }

    fn holds(&mut self, log: &Path, id: FileId, is_new: bool) {
        if let Some(generations) = self.folders.borrow_mut().get_mut(log.parent().unwrap()) {
            generations.holds(log, id, is_new);
        }
    }

    fn released(&mut self, log: &Path, id: FileId) {
        if let Some(generations) = self.folders.borrow_mut().get_mut(log.parent().unwrap()) {
            generations.released(id);
        }
    }

    fn take(&mut self) -> Vec<Happening<SimulatedFile>> {
        match self.hearing.get() {
            Hearing::Prompt | Hearing::Late => hear(&self.world, &self.folders),
            Hearing::Overrun => {
                self.world.0.borrow_mut().events.clear();
                self.folders.borrow_mut().values_mut().for_each(Generations::lost);
            }
            Hearing::Deaf | Hearing::Refused => self.world.0.borrow_mut().events.clear(),
        }
        self.folders.borrow_mut().values_mut().flat_map(Generations::take).collect()
    }

    fn wake_on_next(&mut self) -> bool {
        std::mem::replace(&mut self.wakes, true)
    }
}
