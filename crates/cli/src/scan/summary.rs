//! What `scan` says at the end: the last object of `--json`, and a line for people.

use crate::output::counted;
use agent::gate::Verdict;
use redact::RuleCounts;
use serde::Serialize;
use std::collections::BTreeMap;

/// The last line of `scan --json`; `docs/json.md` documents each field.
#[derive(Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) incidents: u64,
    pub(crate) signatures: u64,
    /// Incidents whose signature found the table full.
    pub(crate) ungrouped: u64,
    /// Incidents older than `--since`.
    pub(crate) before_since: u64,
    /// Lines before the first header of a file.
    pub(crate) orphan_lines: u64,
    /// Records that a rule or the noise list takes for no incident, by its name.
    pub(crate) ignored: BTreeMap<String, u64>,
    /// Records that would have no ticket, by the name of the rule.
    pub(crate) muted: BTreeMap<String, u64>,
    /// What was taken out, by rule.
    pub(crate) redactions: BTreeMap<&'static str, u64>,
    pub(crate) skipped: Vec<Skipped>,
    /// Records that could not be recognised, by a fault of ours.
    pub(crate) failed: u64,
    /// Files in folders and archives that were not read, because of their names.
    pub(crate) passed_over: u64,
}

/// What could not be read, or not all of it.
#[derive(Serialize)]
pub(crate) struct Skipped {
    pub(crate) file: String,
    pub(crate) reason: String,
    /// Plain bytes that were read all the same.
    pub(crate) read_bytes: u64,
}

impl Summary {
    /// Counts a record that is no incident; true when it is one.
    pub(crate) fn judged(&mut self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Admitted(_) => return true,
            Verdict::Ignored { by } => *self.ignored.entry(by.to_string()).or_default() += 1,
            Verdict::Muted { by } => *self.muted.entry(by.to_string()).or_default() += 1,
            Verdict::Below => {}
        }
        false
    }

    pub(crate) fn redacted(&mut self, counts: &RuleCounts) {
        for (rule, hits) in counts.iter() {
            *self.redactions.entry(rule).or_default() += hits;
        }
    }

    /// The line for people.
    pub(crate) fn sentence(&self) -> String {
        let mut text = format!(
            "{} in {}: {} of {}, {}",
            counted(self.lines, "line"),
            counted(self.files, "file"),
            counted(self.incidents, "incident"),
            counted(self.signatures, "kind"),
            size(self.bytes),
        );
        let mut more = |count: u64, what: &str| {
            if count > 0 {
                text.push_str(&format!("; {count} {what}"));
            }
        };
        more(self.before_since, "before --since");
        more(self.ignored.values().sum(), "ignored");
        more(self.muted.values().sum(), "muted");
        more(self.ungrouped, "of further kinds, which the table has no room for");
        more(self.failed, "not recognised, by a fault of ours");
        more(self.skipped.len() as u64, "skipped");
        if self.passed_over > 0 {
            text.push_str(&format!("; {} passed over", counted(self.passed_over, "other file")));
        }
        text
    }
}

fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if bytes < MIB { format!("{} KiB", bytes.div_ceil(1024)) } else { format!("{} MiB", bytes / MIB) }
}
