//! A follower before the simulated world, and everything it says.

use super::disk::SimulatedDisk;
use super::events::{Hearing, SimulatedEvents};
use super::world::World;
use log_follow::{
    Checkpoint, EndReason, Event, FollowOptions, Follower, GapReason, Look, SourceId, StartReason,
};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) follower: Follower<SimulatedDisk>,
    pub(crate) options: FollowOptions,
    pub(crate) hearing: Rc<Cell<Hearing>>,
    /// The follower's clock.
    pub(crate) now_ms: u64,
    pub(crate) texts: BTreeMap<SourceId, String>,
    pub(crate) started: Vec<(SourceId, StartReason, u64)>,
    pub(crate) ended: Vec<(SourceId, EndReason)>,
    pub(crate) paths: BTreeMap<SourceId, PathBuf>,
    pub(crate) gaps: Vec<(Option<u64>, GapReason)>,
    pub(crate) troubles: Vec<String>,
    pub(crate) recovered: usize,
    pub(crate) notes: Vec<String>,
    ends: BTreeMap<SourceId, u64>,
}

impl Bench {
    /// A follower of `/logs` that has looked once.
    pub(crate) fn before(world: &World, hearing: Hearing) -> Bench {
        let mut bench = Bench::with(world, hearing, FollowOptions::folder("/logs"), Vec::new());
        bench.look();
        bench
    }

    pub(crate) fn with(
        world: &World,
        hearing: Hearing,
        options: FollowOptions,
        checkpoints: Vec<Checkpoint>,
    ) -> Bench {
        let hearing = Rc::new(Cell::new(hearing));
        let events = Box::new(SimulatedEvents::new(world, Rc::clone(&hearing)));
        let disk = SimulatedDisk(world.clone());
        Bench {
            world: world.clone(),
            follower: Follower::with_events(disk, events, options.clone(), checkpoints),
            options,
            hearing,
            now_ms: 0,
            texts: BTreeMap::new(),
            started: Vec::new(),
            ended: Vec::new(),
            paths: BTreeMap::new(),
            gaps: Vec::new(),
            troubles: Vec::new(),
            recovered: 0,
            notes: Vec::new(),
            ends: BTreeMap::new(),
        }
    }

    /// The log most scenarios are about.
    pub(crate) fn log() -> PathBuf {
        PathBuf::from("/logs/tk-maya.log")
    }

    pub(crate) fn backup() -> PathBuf {
        PathBuf::from("/logs/tk-maya.log.1")
    }

    /// One look, 50 ms after the last one.
    pub(crate) fn look_once(&mut self) -> Look {
        self.now_ms += 50;
        self.world.pass(50);
        let now_ms = self.now_ms;
        self.look_at(now_ms)
    }

    pub(crate) fn look_at(&mut self, now_ms: u64) -> Look {
        self.now_ms = now_ms;
        let (texts, started, ended, paths) =
            (&mut self.texts, &mut self.started, &mut self.ended, &mut self.paths);
        let (gaps, troubles, notes, ends) =
            (&mut self.gaps, &mut self.troubles, &mut self.notes, &mut self.ends);
        let recovered = &mut self.recovered;
        self.follower.look(now_ms, &mut |event| match event {
            Event::Started { source, offset, reason, path } => {
                started.push((source, reason, offset));
                paths.insert(source, path.to_owned());
                ends.insert(source, offset);
            }
            Event::Bytes { source, offset, bytes } => {
                let end = ends.get_mut(&source).unwrap();
                assert_eq!(*end, offset, "bytes of one source come in order and without holes");
                *end += bytes.len() as u64;
                texts.entry(source).or_default().push_str(std::str::from_utf8(bytes).unwrap());
            }
            Event::Ended { source, reason } => ended.push((source, reason)),
            Event::Gap { bytes, reason, .. } => gaps.push((bytes, reason)),
            Event::Trouble { message, .. } => troubles.push(message),
            Event::Note { message, .. } => notes.push(message),
            Event::Recovered { .. } => *recovered += 1,
            Event::Entered { .. } | Event::Rotated { .. } => {}
        })
    }

    /// Looks until there is nothing more.
    pub(crate) fn look(&mut self) {
        while self.look_once().more {}
    }

    /// Looks at least every second for so long.
    pub(crate) fn look_for(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(1_000) {
            self.world.pass(1_000);
            let now_ms = self.now_ms + 1_000;
            while self.look_at(now_ms).more {}
        }
    }

    /// Everything handed out, in the order of the sources.
    pub(crate) fn text(&self) -> String {
        self.texts.values().map(String::as_str).collect()
    }

    /// Every line handed out, sorted: generations are read in any order.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.texts.values().flat_map(|text| text.lines().map(str::to_owned)).collect();
        lines.sort_unstable();
        lines
    }

    /// The last run's positions, and a new follower that begins with them. What was read before is kept.
    pub(crate) fn restart(self) -> Bench {
        let checkpoints = self.checkpoints();
        let options =
            FollowOptions { known_folders: vec![Path::new("/logs").to_owned()], ..self.options.clone() };
        let mut bench = Bench::with(&self.world, self.hearing.get(), options, checkpoints);
        bench.started.clear();
        bench
    }

    pub(crate) fn checkpoints(&self) -> Vec<Checkpoint> {
        let live = self.follower.status();
        let live =
            live.into_iter().filter_map(|status| self.follower.checkpoint(status.source, status.position));
        live.chain(self.follower.awaited().cloned()).collect()
    }
}

/// So many lines with a text of their own.
pub(crate) fn lines(prefix: &str, count: usize) -> String {
    (0..count).map(|index| format!("2026-01-14 19:49:11,961 [1 INFO sgtk] {prefix} {index}\n")).collect()
}

/// Nothing was lost, nothing came twice, nothing was given up.
pub(crate) fn assert_whole(bench: &Bench, written: &[&str]) {
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for line in bench.lines() {
        counts.entry(line).or_default().0 += 1;
    }
    for line in written.iter().flat_map(|text| text.lines()) {
        counts.entry(line.to_owned()).or_default().1 += 1;
    }
    counts.retain(|_, (read, written)| read != written);
    assert!(counts.is_empty(), "read, written: {counts:?}");
    assert!(bench.gaps.is_empty(), "{:?}", bench.gaps);
}

impl Bench {
    /// Which start reasons there were.
    pub(crate) fn reasons(&self) -> Vec<StartReason> {
        self.started.iter().map(|(_, reason, _)| *reason).collect()
    }
}
