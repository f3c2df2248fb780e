//! A state with a clock of its own, and a site that always says yes.

use agent::facts::{IncidentFacts, Machine};
use agent::policy::mute::{Mute, Until};
use agent::settings::{Layers, LimitSettings};
use agent::store::{Batch, Decided, Delivery, NewIncident, Stands, Step, Store};
use std::collections::BTreeMap;

pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(crate) const START_MS: i64 = 1_800_000_000_000;

pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) limits: LimitSettings,
    pub(crate) now_ms: i64,
    pub(crate) tickets: u64,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let (store, note) = Store::open(&folder.path().join("state.db")).unwrap();
        assert_eq!(note, None);
        let limits = Layers::new().resolve().unwrap().limits;
        Bench { folder, store, limits, now_ms: START_MS, tickets: 0 }
    }

    pub(crate) fn minutes(&mut self, minutes: i64) {
        self.now_ms += minutes * MINUTE_MS;
    }

    /// Opens the state again: its audit finds whatever does not fit together.
    pub(crate) fn restart(&mut self) {
        let (store, note) = Store::open(&self.folder.path().join("state.db")).unwrap();
        assert_eq!(note, None, "the audit");
        self.store = store;
    }

    pub(crate) fn happens_with(
        &mut self,
        name: &str,
        times: u64,
        site_away: bool,
        facts: &IncidentFacts,
    ) -> Decided {
        let mut batch = Batch::default();
        batch.site_away = site_away;
        let signature = if name.starts_with("report:") { name.to_owned() } else { format!("g1:{name}") };
        let new = NewIncident {
            signature: signature.clone(),
            title: format!("alice - {name}"),
            login: "alice".into(),
            facts: serde_json::to_string(facts).unwrap(),
            evidence: None,
        };
        batch.occurrences(format!("{signature} alice"), times, new);
        let decided = self.store.commit(&batch, &self.limits, self.now_ms).unwrap()[0];
        self.adds_up();
        decided
    }

    pub(crate) fn happens(&mut self, name: &str, times: u64) -> Decided {
        self.happens_with(name, times, false, &facts("ValueError", "bad range"))
    }

    pub(crate) fn adds_up(&self) {
        let totals = self.store.totals().unwrap();
        assert_eq!(totals.seen, totals.outcomes.values().sum::<u64>(), "{totals:?}");
    }

    pub(crate) fn outcomes(&self) -> BTreeMap<String, u64> {
        self.store.totals().unwrap().outcomes
    }

    /// Delivers all that is due; the titles of new tickets.
    pub(crate) fn deliver(&mut self) -> Vec<Delivery> {
        self.store.settle(&self.limits, self.now_ms).unwrap();
        let mut filed = Vec::new();
        while let Some(delivery) = self.store.next_delivery(self.now_ms).unwrap() {
            match delivery.step {
                Step::Ticket => {
                    self.tickets += 1;
                    self.store.create_begins(&delivery, self.now_ms).unwrap();
                    self.store.ticket_stands(&delivery, self.tickets, Stands::Created, self.now_ms).unwrap();
                    filed.push(delivery);
                }
                Step::Count => self.store.count_told(&delivery, self.now_ms, self.now_ms).unwrap(),
                _ => self.store.step_done(&delivery).unwrap(),
            }
            self.adds_up();
        }
        filed
    }

    pub(crate) fn filed(&mut self) -> Vec<String> {
        self.deliver().into_iter().map(|delivery| delivery.title).collect()
    }
}

pub(crate) fn facts(error: &str, reason: &str) -> IncidentFacts {
    IncidentFacts {
        error_name: Some(error.into()),
        summary: reason.into(),
        user: "alice".into(),
        machine: Machine { host: "ws-042".into(), ..Machine::default() },
        ..IncidentFacts::default()
    }
}

pub(crate) fn mute(what: &str, until: Until) -> Mute {
    Mute { what: what.into(), reason: "known".into(), author: "td".into(), until }
}

/// A new problem of this name, of alice.
pub(crate) fn incident(signature: &str, facts: &IncidentFacts) -> NewIncident {
    NewIncident {
        signature: signature.to_owned(),
        title: format!("alice - {}", signature.trim_start_matches("g1:")),
        login: "alice".into(),
        facts: serde_json::to_string(facts).unwrap(),
        evidence: None,
    }
}

/// xorshift: the same seed, the same choices.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % end.max(1)
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
