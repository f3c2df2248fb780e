//! A text file for node exporter's textfile collector: the numbers of `status`, for those who watch many workstations.
//!
//! Names and meanings are in `docs/metrics.md` and are an interface. There is no label per problem: their number has no
//! bound, and problems are the tickets' matter. The file is replaced as a whole, so that nobody ever reads half of it,
//! and only when something in it has changed: no time passes in it by itself.

use crate::shared::Shared;
use crate::status::{Identity, Status, status};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// The shortest time between two looks at the numbers: collectors come by every 15 seconds or less often.
const EVERY: Duration = Duration::from_secs(15);
/// How long the end of the agent waits for the last word in the file: its disk may hang.
const FAREWELL: Duration = Duration::from_secs(1);

/// The thread that keeps the file current.
pub(crate) struct Metrics {
    stop: Sender<()>,
    stopped: Receiver<()>,
}

impl Metrics {
    /// Begins, with a first file at once.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start(path: PathBuf, shared: Arc<Shared>, identity: Identity) -> io::Result<Metrics> {
        let (stop, asked) = channel();
        let (done, stopped) = channel();
        std::thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            let started_s = shared.clock.wall_ms().div_euclid(1_000);
            let mut file = MetricsFile { path, shared, identity, started_s, written: String::new() };
            loop {
                file.bring_up_to_date(true);
                if asked.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            file.bring_up_to_date(false);
            // Nobody may be waiting any more.
            let _ = done.send(());
        })?;
        Ok(Metrics { stop, stopped })
    }

    /// Says in the file that nobody runs.
    pub(crate) fn stop(self) {
        drop(self.stop);
        let _ = self.stopped.recv_timeout(FAREWELL);
    }
}

struct MetricsFile {
    path: PathBuf,
    shared: Arc<Shared>,
    identity: Identity,
    started_s: i64,
    /// What stands in the file, as far as we know.
    written: String,
}

impl MetricsFile {
    fn bring_up_to_date(&mut self, running: bool) {
        // A state that cannot be read is warned of by those who need it.
        let Ok(now) = status(&self.shared, &self.identity) else { return };
        let text = render(&now, self.started_s, running);
        if text == self.written {
            return;
        }
        let what = self.path.display().to_string();
        match replace(&self.path, &text) {
            Ok(()) => {
                self.written = text;
                self.shared.over(&what);
            }
            Err(error) => {
                let message = format!("the metrics cannot be written: {error}; check agent.metrics_file");
                self.shared.warn(&what, message);
            }
        }
    }
}

/// The settings' file, with its placeholders filled; `None` when there is to be none.
#[must_use]
pub fn file(setting: &Path, user: &str, site_folder: &str) -> Option<PathBuf> {
    if setting.as_os_str().is_empty() {
        return None;
    }
    let Some(text) = setting.to_str() else { return Some(setting.to_owned()) };
    Some(PathBuf::from(text.replace("{user}", user).replace("{site}", site_folder)))
}

/// The whole file; `started_s` is wall time.
#[must_use]
pub fn render(status: &Status, started_s: i64, running: bool) -> String {
    let mut text = String::with_capacity(4_096);
    let seconds = |ms: i64| format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000));
    let mut one = |name: &str, kind: &str, help: &str, values: &[(String, String)]| {
        if values.is_empty() {
            return;
        }
        let _ = writeln!(text, "# HELP tk_incident_{name} {help}\n# TYPE tk_incident_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "tk_incident_{name}{labels} {value}");
        }
    };
    let plain = |value: &dyn ToString| vec![(String::new(), value.to_string())];
    let build = labels(&[("version", status.version), ("site", &status.site.url)]);
    one("build_info", "gauge", "What runs, and where it files.", &[(build, "1".to_owned())]);
    one("running", "gauge", "1 while an agent runs, 0 once it has ended.", &plain(&u8::from(running)));
    one("start_time_seconds", "gauge", "When the agent started.", &plain(&started_s));
    one(
        "seen_total",
        "counter",
        "Records that passed the gate; the sum of the outcomes.",
        &plain(&status.seen),
    );
    let outcomes: Vec<_> = status
        .outcomes
        .iter()
        .map(|(outcome, count)| (labels(&[("outcome", outcome)]), count.to_string()))
        .collect();
    one("outcome_total", "gauge", "What became of them; what is spooled becomes filed.", &outcomes);
    let rules: Vec<_> = status
        .rules
        .iter()
        .map(|rule| (labels(&[("rule", &rule.rule), ("outcome", &rule.outcome)]), rule.count.to_string()))
        .collect();
    one("rule_total", "counter", "Records that a rule has kept from becoming a ticket.", &rules);
    one("tickets", "gauge", "Tickets that stand on the site.", &plain(&status.tickets));
    one("waiting_steps", "gauge", "Steps that the site does not know of yet.", &plain(&status.waiting_count));
    let limit = &status.limits.tickets;
    one(
        "held_problems",
        "gauge",
        "Problems that wait until another ticket may be opened.",
        &plain(&limit.held),
    );
    let storm = u8::from(limit.storm_since_ms.is_some()).to_string();
    one("storm_active", "gauge", "1 during a storm.", &[(labels(&[("layer", "host")]), storm)]);
    one("spool_archives", "gauge", "Evidence archives that wait on disk.", &plain(&status.evidence.waiting));
    one("spool_bytes", "gauge", "Their size.", &plain(&status.evidence.waiting_bytes));
    let lost = [("dropped", status.evidence.dropped), ("missing", status.evidence.missing)];
    let lost: Vec<_> =
        lost.map(|(how, count)| (labels(&[("how", how)]), count.to_string())).into_iter().collect();
    one("evidence_lost_total", "counter", "Archives that no ticket gets.", &lost);
    let refused = plain(&status.attachments_refused);
    one("attachments_refused_total", "counter", "Files that the site did not take.", &refused);
    let mut gaps = std::collections::BTreeMap::<&str, (u64, u64)>::new();
    for gap in &status.gaps {
        let (bytes, times) = gaps.entry(&gap.reason).or_default();
        *bytes += gap.bytes;
        *times += gap.times;
    }
    let gap = |value: fn(&(u64, u64)) -> u64| -> Vec<(String, String)> {
        gaps.iter().map(|(reason, gap)| (labels(&[("reason", reason)]), value(gap).to_string())).collect()
    };
    one("gaps_bytes_total", "counter", "Bytes of logs given up, as far as known.", &gap(|gap| gap.0));
    one("gaps_total", "counter", "How often bytes were given up.", &gap(|gap| gap.1));
    one("followed_logs", "gauge", "Log files that are followed.", &plain(&status.sources.len()));
    one("warnings", "gauge", "What does not work at the moment.", &plain(&status.warnings.len()));
    let reached = u8::from(status.site.trouble.is_none());
    one("site_reached", "gauge", "0 while something is wrong with the way to the site.", &plain(&reached));
    let last: Vec<_> =
        status.site.last_contact_ms.iter().map(|last_ms| (String::new(), seconds(*last_ms))).collect();
    one("last_contact_timestamp_seconds", "gauge", "The last success with the site.", &last);
    text
}

/// `{name="value",…}`
fn labels(pairs: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// Puts the text in place of the file in one step. Others may read it: that is what it is for.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    // A collector takes only what ends in `.prom`.
    let unfinished = path.with_file_name(format!("{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let replaced = std::fs::write(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, path));
    if replaced.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_users_and_sites_apart() {
        let path = |setting: &str| file(Path::new(setting), "alice", "studio.example");
        assert_eq!(path(""), None);
        assert_eq!(path("/m/{user}-{site}.prom"), Some("/m/alice-studio.example.prom".into()));
    }

    #[test]
    fn labels_hold_any_text() {
        assert_eq!(
            labels(&[("rule", "a \"b\" \\ c\nd"), ("outcome", "muted")]),
            r#"{rule="a \"b\" \\ c\nd",outcome="muted"}"#
        );
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk.prom");
        replace(&path, "one\n").unwrap();
        replace(&path, "two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::create_dir(folder.path().join("folder.prom")).unwrap();
        assert!(replace(&folder.path().join("folder.prom"), "three\n").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
