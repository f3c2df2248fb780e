//! Which rule of trouble a call meets: the first that is about it, has waited long enough, is not used up, and whose dice say so.
//!
//! The same rules, seeds and calls in the same order give the same troubles. What happens to a call is in `fault_layer`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::injection::rule::{Call, FaultRule, Mishap};

/// The rules of a desk, and how far each has come.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    rules: Vec<FaultRule>,
    progress: Mutex<Vec<Progress>>,
}

#[derive(Debug, Clone)]
struct Progress {
    /// Calls it was about, and which no earlier rule had met.
    seen: u64,
    met: u64,
    dice: u64,
    over: bool,
}

impl FaultPlan {
    /// Rules in their order; the first that meets a call has it.
    pub(crate) fn new(rules: Vec<FaultRule>) -> FaultPlan {
        let fresh = |rule: &FaultRule| Progress { seen: 0, met: 0, dice: rule.seed, over: false };
        let progress = Mutex::new(rules.iter().map(fresh).collect());
        FaultPlan { rules, progress }
    }

    /// Whether there are no rules at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// From now on this rule, counted from 0, meets no call.
    pub(crate) fn end(&self, rule: usize) {
        if let Some(progress) = self.locked().get_mut(rule) {
            progress.over = true;
        }
    }

    /// What happens to this call; nothing for most.
    pub(crate) fn meets(&self, call: &Call) -> Option<Mishap> {
        let mut progress = self.locked();
        for (rule, progress) in self.rules.iter().zip(progress.iter_mut()) {
            if progress.over || !rule.calls.cover(call) {
                continue;
            }
            progress.seen += 1;
            let ready = progress.seen > rule.after && rule.times.is_none_or(|times| progress.met < times);
            if ready && (rule.rate >= 1.0 || throw(&mut progress.dice) < rule.rate) {
                progress.met += 1;
                return Some(rule.mishap.clone());
            }
        }
        None
    }

    /// How many calls each rule has met by now.
    pub(crate) fn met(&self) -> Vec<u64> {
        self.locked().iter().map(|progress| progress.met).collect()
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number from 0 up to 1 (splitmix64).
fn throw(dice: &mut u64) -> f64 {
    *dice = dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *dice;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rules: &[&str]) -> FaultPlan {
        FaultPlan::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
    }

    fn create() -> Call {
        Call::Api3 { method: "create".to_owned(), entity: Some("Ticket".to_owned()) }
    }

    fn met(plan: &FaultPlan, calls: usize) -> String {
        (0..calls).map(|_| if plan.meets(&create()).is_some() { '!' } else { '.' }).collect()
    }

    #[test]
    fn a_rule_waits_and_is_used_up() {
        assert_eq!(met(&plan(&["create=reset"]), 4), "!!!!");
        assert_eq!(met(&plan(&["create=reset,times=2"]), 4), "!!..");
        assert_eq!(met(&plan(&["create=reset,after=1,times=2"]), 5), ".!!..");
        assert_eq!(met(&plan(&["read=reset"]), 3), "...");
    }

    #[test]
    fn the_first_rule_that_is_ready_has_the_call() {
        let plan = plan(&["create=reset,times=1", "any=lost,after=1,times=1"]);
        let first: Vec<_> = (0..4).map(|_| plan.meets(&create())).collect();
        assert_eq!(first, [Some(Mishap::Reset), None, Some(Mishap::Lost), None]);
        assert_eq!(plan.met(), [1, 1]);
    }

    #[test]
    fn a_rule_that_has_ended_leaves_calls_to_the_others() {
        let plan = plan(&["create=reset", "any=lost"]);
        plan.end(0);
        plan.end(7);
        assert_eq!(plan.meets(&create()), Some(Mishap::Lost));
        plan.end(1);
        assert_eq!(plan.meets(&create()), None);
        assert_eq!(plan.met(), [0, 1]);
    }

    #[test]
    fn dice_fall_the_same_way_for_the_same_seed() {
        let thrown = |seed: u64| met(&plan(&[&format!("create=reset,rate=0.3,seed={seed}")]), 1_000);
        assert_eq!(thrown(5), thrown(5));
        assert_ne!(thrown(5), thrown(6));
        let share = thrown(5).matches('!').count();
        assert!((240..360).contains(&share), "{share}");
        assert_eq!(met(&plan(&["create=reset,rate=0"]), 50).matches('!').count(), 0);
    }
}
