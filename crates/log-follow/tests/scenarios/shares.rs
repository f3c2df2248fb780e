//! Shares that hang: calls that do not come back, and what other folders notice of it.

use log_follow::{Disk, Event, FollowOptions, Follower, Observed, PatientDisk, Patterns, SystemDisk};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

/// A gate before the calls to one folder.
#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    moved: Condvar,
}

impl Gate {
    fn set(&self, is_shut: bool) {
        *self.is_shut.lock().unwrap() = is_shut;
        self.moved.notify_all();
    }

    fn pass(&self) {
        let mut is_shut = self.is_shut.lock().unwrap();
        while *is_shut {
            is_shut = self.moved.wait(is_shut).unwrap();
        }
    }
}

/// Real files; the folder called `share` is on another machine, which can stop to answer.
struct Network {
    gate: Arc<Gate>,
}

impl Network {
    fn ask(&self, path: &Path) {
        if path.components().any(|part| part.as_os_str() == "share") {
            self.gate.pass();
        }
    }
}

impl Disk for Network {
    type File = File;

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.ask(folder);
        SystemDisk.list(folder)
    }

    fn folder_changed(&self, folder: &Path) -> io::Result<SystemTime> {
        self.ask(folder);
        SystemDisk.folder_changed(folder)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.ask(path);
        SystemDisk.open(path)
    }

    fn observe(&self, path: &Path) -> io::Result<Observed> {
        self.ask(path);
        SystemDisk.observe(path)
    }

    fn may_hold_handles(&self, folder: &Path) -> bool {
        !self.is_remote(folder)
    }

    fn is_remote(&self, folder: &Path) -> bool {
        self.ask(folder);
        folder.ends_with("share")
    }
}

struct Bench {
    share: PathBuf,
    local: PathBuf,
    gate: Arc<Gate>,
    follower: Follower<PatientDisk<Network>>,
    now_ms: u64,
    texts: BTreeMap<PathBuf, String>,
    paths: BTreeMap<u64, PathBuf>,
    troubles: Vec<String>,
    recovered: usize,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(is_shut: bool) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let (share, local) = (folder.path().join("share"), folder.path().join("local"));
        std::fs::create_dir(&share).unwrap();
        std::fs::create_dir(&local).unwrap();
        let gate = Arc::new(Gate::default());
        gate.set(is_shut);
        // Under Wine another process answers every call, one after the other.
        let patience = Duration::from_millis(if cfg!(windows) { 200 } else { 20 });
        let disk = PatientDisk::with(Network { gate: Arc::clone(&gate) }, patience, Duration::ZERO);
        let mut options = FollowOptions::folder(&share);
        options.watches.push((local.clone(), Patterns::default()));
        Bench {
            share,
            local,
            gate,
            follower: Follower::new(disk, options, Vec::new()),
            now_ms: 0,
            texts: BTreeMap::new(),
            paths: BTreeMap::new(),
            troubles: Vec::new(),
            recovered: 0,
            _folder: folder,
        }
    }

    fn look(&mut self) {
        self.now_ms += 6_000;
        let Bench { texts, paths, troubles, recovered, .. } = self;
        self.follower.look(self.now_ms, &mut |event| match event {
            Event::Started { source, path, .. } => {
                paths.insert(source.0, path.to_owned());
            }
            Event::Bytes { source, bytes, .. } => {
                let text = texts.entry(paths[&source.0].clone()).or_default();
                text.push_str(std::str::from_utf8(bytes).unwrap());
            }
            Event::Trouble { message, .. } => troubles.push(message),
            Event::Recovered { .. } => *recovered += 1,
            _ => {}
        });
    }

    /// Looks until a log was read so far, which must happen at last: threads take their time.
    fn look_until(&mut self, log: &Path, text: &str) {
        while self.texts.get(log).map_or("", String::as_str) != text {
            self.look();
            std::thread::yield_now();
        }
    }
}

fn append(path: &Path, text: &str) {
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_share_that_hangs_stops_no_other_folder_and_is_read_on_when_it_answers() {
    let mut bench = Bench::new(false);
    let (shared, local) = (bench.share.join("tk-maya.log"), bench.local.join("tk-nuke.log"));
    bench.look();
    append(&shared, "one\n");
    append(&local, "one\n");
    bench.look_until(&shared, "one\n");
    bench.gate.set(true);
    append(&shared, "two\n");
    append(&local, "two\n");
    // The first of these looks waits for a moment; the others are not kept waiting at all.
    bench.look();
    assert_eq!(bench.texts[&local], "one\ntwo\n");
    for _ in 0..200 {
        bench.look();
    }
    assert_eq!(bench.texts[&shared], "one\n");
    assert!((1..=3).contains(&bench.troubles.len()), "each once: {:?}", bench.troubles);
    assert!(bench.troubles[0].contains("does not answer"), "{:?}", bench.troubles);
    bench.gate.set(false);
    bench.look_until(&shared, "one\ntwo\n");
    assert!(bench.recovered > 0);
}

#[test]
fn a_share_that_hangs_from_the_beginning() {
    let mut bench = Bench::new(true);
    let (shared, local) = (bench.share.join("tk-maya.log"), bench.local.join("tk-nuke.log"));
    append(&shared, "old\n");
    bench.look();
    append(&local, "one\n");
    bench.look();
    assert_eq!(bench.texts[&local], "one\n");
    bench.gate.set(false);
    // Old records are not wanted: the share is begun with when it answers, at the ends of its files.
    while bench.recovered == 0 {
        bench.look();
        std::thread::yield_now();
    }
    bench.look();
    append(&shared, "new\n");
    bench.look_until(&shared, "new\n");
}
