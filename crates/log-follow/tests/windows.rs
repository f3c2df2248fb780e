//! What only Windows does: a program that has a log open decides what others may do with it, and who looks at a log can
//! stop its rollover for good. The writer is Toolkit's own handler in a Python of Windows.

#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use log_follow::{Event, FollowOptions, Follower, SystemDisk};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const FILE_SHARE_READ: u32 = 1;
const FILE_SHARE_WRITE: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(60);

/// A host: its records come when they are asked for.
struct Host {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Host {
    fn start(log: &Path, most_bytes: u64) -> Host {
        let python = std::env::var_os("TK_INCIDENT_TEST_PYTHON").expect(
            "TK_INCIDENT_TEST_PYTHON names a Python of Windows that has Toolkit's core: `cargo xtask test-windows` does",
        );
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/windows/rollovers.py");
        let mut command = Command::new(python);
        command.arg(script).arg(log).arg(most_bytes.to_string());
        command.args(std::env::var_os("TK_INCIDENT_TEST_TOOLKIT"));
        // Not ours: Python refuses to start with what Wine makes of some of them.
        let stderr = fs::File::create(log.with_file_name("host.txt")).unwrap();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut host = Host { child, orders, answers };
        assert_eq!(host.answer(), [0; 3]);
        host
    }

    fn order(&mut self, records: usize) {
        writeln!(self.orders.as_ref().unwrap(), "{records}").unwrap();
    }

    /// Records written, rollovers begun, rollovers refused; once the order is done.
    fn answer(&mut self) -> [u64; 3] {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let numbers: Vec<u64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        numbers.try_into().unwrap_or_else(|_| panic!("the host ended: {line}"))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Bench {
    follower: Follower<SystemDisk>,
    began: Instant,
    text: String,
    gaps: usize,
}

impl Bench {
    fn new(folder: &Path) -> Bench {
        let follower = Follower::new(SystemDisk, FollowOptions::folder(folder), Vec::new());
        let mut bench = Bench { follower, began: Instant::now(), text: String::new(), gaps: 0 };
        bench.look();
        bench
    }

    fn look(&mut self) {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        self.follower.look(now_ms, &mut |event| match event {
            Event::Bytes { bytes, .. } => self.text.push_str(std::str::from_utf8(bytes).unwrap()),
            Event::Gap { .. } => self.gaps += 1,
            _ => {}
        });
    }

    /// The numbers of all records read.
    fn records(&self) -> Vec<u64> {
        let numbers = self.text.split("record ").skip(1);
        numbers.filter_map(|rest| rest.get(..6)?.parse().ok()).collect()
    }

    fn missing(&self, records: u64) -> Vec<u64> {
        let read = self.records();
        (0..records).filter(|number| !read.contains(number)).collect()
    }

    /// Looks without a pause until so many records were read.
    fn look_until(&mut self, records: u64) {
        let began = Instant::now();
        while (self.text.matches(" of a host").count() as u64) < records {
            self.look();
            assert!(
                began.elapsed() < PATIENCE,
                "{} gaps; missing: {:?}; {:#?}",
                self.gaps,
                self.missing(records),
                self.follower.status()
            );
        }
    }
}

fn log_in(folder: &Path) -> PathBuf {
    folder.join("tk-maya.log")
}

/// Toolkit's logs hold 5 MiB, so a generation is read long before the next rollover. Here one holds 34 records, and each
/// order is for fewer.
#[test]
fn rollovers_of_toolkits_handler_work_while_the_follower_looks_all_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path());
    let mut host = Host::start(&log_in(folder.path()), 3_000);
    let (mut written, mut rollovers) = (0, 0);
    while rollovers < 100 {
        host.order(10);
        written += 10;
        bench.look_until(written);
        let [done, begun, refused] = host.answer();
        assert_eq!((done, refused), (written, 0), "of {begun} rollovers");
        if begun > rollovers {
            // The backup is read to its end, and left alone from then on.
            rollovers = begun;
            bench.look();
        }
    }
    // Each once. In order only within a generation: the end of a backup may be read after the first lines of the new log.
    let mut records = bench.records();
    records.sort_unstable();
    assert_eq!((records.len() as u64, bench.missing(written), bench.gaps), (written, vec![], 0));
    records.dedup();
    assert_eq!(records.len() as u64, written, "some were read twice");
}

/// What the table of `docs/following.md` says of readers, by the real system and the real writer.
#[test]
fn a_reader_that_does_not_share_deleting_stops_the_rollover_and_the_log_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path());
    let mut host = Host::start(&log_in(folder.path()), 3_000);
    host.order(20);
    bench.look_until(20);
    assert_eq!(host.answer(), [20, 0, 0]);
    let mut careless = OpenOptions::new();
    careless.read(true).share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE);
    let held = careless.open(log_in(folder.path())).unwrap();
    host.order(30);
    bench.look_until(50);
    let [_, begun, refused] = host.answer();
    assert!(begun > 0 && refused == begun, "{refused} of {begun}");
    assert!(fs::metadata(log_in(folder.path())).unwrap().len() > 3_000);
    drop(held);
    host.order(10);
    bench.look_until(60);
    assert_eq!(host.answer()[2], refused, "and afterwards they work again");
    assert_eq!(bench.records(), (0..60).collect::<Vec<_>>());
}
