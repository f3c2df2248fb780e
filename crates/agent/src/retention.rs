//! How much of this machine's disk what waits for the site may take up, and what goes when it is too much.
//!
//! Archives go first, the oldest before the others: those that have waited for too many days, then as many as are too many
//! bytes. When there is none left and the state itself is too large, the texts of problems go that were not seen for longest,
//! those with a ticket first. Counts, titles and what is to be delivered never go: no occurrence is lost for want of room.
//! The same plan is shown by `prune --dry-run` and carried out daily, and when an archive has made it too much.

use crate::evidence::archive_path;
use crate::machine::free_bytes;
use crate::settings::EvidenceSettings;
use crate::shared::Shared;
use crate::store::{Spooled, Store, StoreError};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::Path;

/// What the spool is called in `status`.
const SPOOL: &str = "spool";
const STATE_SIZE: &str = "size of the state";
const DAY_MS: i64 = 24 * 3_600_000;

/// What is there, and what would go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct Plan {
    pub archives_waiting: u64,
    pub archive_bytes: u64,
    pub state_bytes: u64,
    pub limit_bytes: u64,
    pub disk_free_bytes: Option<u64>,
    /// Archives that go, oldest first.
    pub drop: Vec<Dropping>,
    /// Hours of counts that are older than 30 days and are added up.
    pub hours: u64,
    /// Bytes of texts that go, because the state alone is too large.
    pub text_bytes: u64,
}

/// An archive that goes before its ticket has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct Dropping {
    pub hash: String,
    pub title: String,
    pub bytes: u64,
    pub made_ms: i64,
    pub why: String,
}

impl Plan {
    /// What goes by it, in bytes of archives.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        self.drop.iter().map(|archive| archive.bytes).sum()
    }
}

/// What has to go by now.
///
/// # Errors
/// When the state cannot be read.
pub fn plan(
    store: &Store,
    spool: &Path,
    settings: &EvidenceSettings,
    now_ms: i64,
) -> Result<Plan, StoreError> {
    let mut archives = store.spooled()?;
    // What is on the disk counts, not what was noted when it was written.
    for archive in &mut archives {
        let file = std::fs::metadata(archive_path(spool, &archive.hash));
        archive.bytes = file.map_or(0, |file| file.len());
    }
    let state_bytes = store.used_bytes()?;
    let by_age_ms = store.may_forget(now_ms)?.then_some(now_ms);
    let mut plan = choose(&archives, state_bytes, settings, by_age_ms);
    plan.disk_free_bytes = free_bytes(spool);
    plan.hours = store.old_hours(now_ms)?;
    Ok(plan)
}

/// Pure: the archives, oldest first, how large the state is, and what time it is; `None` when no age can be told.
fn choose(archives: &[Spooled], state_bytes: u64, settings: &EvidenceSettings, now_ms: Option<i64>) -> Plan {
    let archive_bytes: u64 = archives.iter().map(|archive| archive.bytes).sum();
    let days = i64::try_from(settings.spool_days).unwrap_or(i64::MAX / DAY_MS);
    let oldest_ms = now_ms.map_or(i64::MIN, |now_ms| now_ms.saturating_sub(days.saturating_mul(DAY_MS)));
    let mut left = archive_bytes.saturating_add(state_bytes);
    let mut drop = Vec::new();
    for archive in archives {
        let why = if archive.made_ms < oldest_ms {
            format!("it has waited for more than {} days for the site", settings.spool_days)
        } else if left > settings.spool_bytes {
            format!("what waits there for the site takes up more than {} bytes", settings.spool_bytes)
        } else {
            continue;
        };
        left -= archive.bytes;
        drop.push(Dropping {
            hash: archive.hash.clone(),
            title: archive.title.clone(),
            bytes: archive.bytes,
            made_ms: archive.made_ms,
            why,
        });
    }
    Plan {
        archives_waiting: archives.len() as u64,
        archive_bytes,
        state_bytes,
        limit_bytes: settings.spool_bytes,
        disk_free_bytes: None,
        drop,
        hours: 0,
        text_bytes: left.saturating_sub(settings.spool_bytes),
    }
}

/// Does what a plan says. What the state no longer knows is removed from the disk afterwards.
///
/// # Errors
/// When the state cannot be written; then nothing has gone.
pub fn carry_out(store: &mut Store, spool: &Path, plan: &Plan, now_ms: i64) -> Result<(), StoreError> {
    store.drop_archives(&plan.drop, now_ms)?;
    for archive in &plan.drop {
        // What cannot be removed now is swept at the next start.
        let _ = std::fs::remove_file(archive_path(spool, &archive.hash));
    }
    if plan.text_bytes > 0 {
        store.drop_texts(plan.text_bytes)?;
    }
    Ok(())
}

/// The object of `prune --json`; with `dry_run` nothing is done.
///
/// # Errors
/// When the state cannot be read or written.
pub fn answer(
    store: &mut Store,
    spool: &Path,
    settings: &EvidenceSettings,
    now_ms: i64,
    dry_run: bool,
) -> Result<Value, StoreError> {
    let plan = plan(store, spool, settings, now_ms)?;
    if !dry_run {
        carry_out(store, spool, &plan, now_ms)?;
        // No position is judged here: which are of use knows who follows.
        store.prune(now_ms, &|_| true)?;
    }
    let mut answer = json!({ "type": "prune", "v": 1, "dry_run": dry_run });
    if let (Value::Object(answer), Ok(Value::Object(plan))) = (&mut answer, serde_json::to_value(&plan)) {
        answer.extend(plan);
    }
    Ok(answer)
}

/// Says what has gone, in our log and in `status`.
pub fn tell(shared: &Shared, plan: &Plan) {
    if !plan.drop.is_empty() {
        let message = format!(
            "{} archives ({} bytes) were dropped before their tickets had them: the oldest goes first when {}",
            plan.drop.len(),
            plan.dropped_bytes(),
            "they have waited for too long or take up too much (evidence.spool_days, evidence.spool_bytes)"
        );
        shared.note(SPOOL, &message);
    }
    if plan.text_bytes > 0 {
        shared.note(
            STATE_SIZE,
            "the state is larger than evidence.spool_bytes: texts of old problems were dropped",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;

    fn archives(days_ago: &[i64]) -> Vec<Spooled> {
        let named = |(index, days): (usize, &i64)| Spooled {
            hash: format!("h{index}"),
            title: "t".to_owned(),
            bytes: 100,
            made_ms: -days * DAY_MS,
        };
        days_ago.iter().enumerate().map(named).collect()
    }

    #[test]
    fn archives_go_by_age_and_then_by_size_the_oldest_first() {
        let mut settings = Layers::new().resolve().unwrap().evidence;
        for (days_ago, spool_bytes, state_bytes, expected, texts) in [
            (&[20, 15, 13, 1][..], 1_000, 0, 2, 0),
            (&[13, 12, 11, 1], 1_000, 0, 0, 0),
            (&[13, 12, 11, 1], 400, 0, 0, 0),
            (&[13, 12, 11, 1], 399, 0, 1, 0),
            (&[13, 12, 11, 1], 1_000, 750, 2, 0),
            (&[13, 12, 11, 1], 1_000, 1_200, 4, 200),
            (&[], 1_000, 1_000, 0, 0),
        ] {
            settings.spool_bytes = spool_bytes;
            let plan = choose(&archives(days_ago), state_bytes, &settings, Some(0));
            let gone: Vec<&str> = plan.drop.iter().map(|archive| archive.hash.as_str()).collect();
            assert_eq!(gone, (0..expected).map(|index| format!("h{index}")).collect::<Vec<_>>());
            assert_eq!(plan.text_bytes, texts, "{days_ago:?} {spool_bytes} {state_bytes}");
        }
    }
}
