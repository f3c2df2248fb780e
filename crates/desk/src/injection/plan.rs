//! Which rule of trouble a call meets: the first that is about it, has waited long enough, is not used up, and whose dice say so.
//!
//! The same rules, seeds and calls in the same order give the same troubles. Rules come and go while the desk runs; each begins anew
//! when it comes. What happens to a call is in `layer`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::injection::calls::Call;
use crate::injection::rule::{FaultRule, Mishap};

/// The rules of a desk, and how far each has come.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    /// Whether there are rules: all that a desk without any looks at.
    any: AtomicBool,
    rules: Mutex<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    given: usize,
    running: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    number: usize,
    rule: FaultRule,
    /// Calls it was about, and which no earlier rule had met.
    seen: u64,
    met: u64,
    dice: u64,
    ended: bool,
}

/// How far a rule has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// Its number: rules are counted from 0 in the order in which they came, and a number is not given twice.
    pub number: usize,
    /// The rule as it was written.
    pub rule: String,
    /// Calls it was about, and which no earlier rule had met.
    pub seen: u64,
    /// Calls it has met.
    pub met: u64,
    /// Whether it is used up or was ended: it meets no more calls.
    pub over: bool,
}

impl FaultPlan {
    /// Rules in their order; the first that meets a call has it.
    pub(crate) fn new(rules: Vec<FaultRule>) -> FaultPlan {
        let plan = FaultPlan { any: AtomicBool::new(false), rules: Mutex::default() };
        plan.add(rules);
        plan
    }

    /// Whether there are no rules at all.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Relaxed)
    }

    /// Puts rules behind those that are there.
    pub(crate) fn add(&self, rules: Vec<FaultRule>) {
        let mut kept = self.locked();
        for rule in rules {
            let (number, dice) = (kept.given, rule.seed);
            kept.running.push(Running { number, rule, seen: 0, met: 0, dice, ended: false });
            kept.given += 1;
        }
        self.note(&kept);
    }

    /// Takes one rule away, or all of them; whether there was one.
    pub(crate) fn remove(&self, number: Option<usize>) -> bool {
        let mut kept = self.locked();
        let before = kept.running.len();
        kept.running.retain(|running| number.is_some_and(|number| number != running.number));
        self.note(&kept);
        kept.running.len() < before
    }

    /// From now on this rule meets no call; its counts stay.
    pub(crate) fn end(&self, number: usize) {
        if let Some(running) = self.locked().running.iter_mut().find(|running| running.number == number) {
            running.ended = true;
        }
    }

    /// What happens to this call; nothing for most.
    pub(crate) fn meets(&self, call: &Call) -> Option<Mishap> {
        for running in &mut self.locked().running {
            let rule = &running.rule;
            if running.ended || !rule.calls.cover(call) {
                continue;
            }
            running.seen += 1;
            let ready = running.seen > rule.after && rule.times.is_none_or(|times| running.met < times);
            if ready && (rule.rate >= 1.0 || throw(&mut running.dice) < rule.rate) {
                running.met += 1;
                return Some(rule.mishap.clone());
            }
        }
        None
    }

    /// How far each rule has come.
    pub(crate) fn states(&self) -> Vec<FaultState> {
        let state = |running: &Running| FaultState {
            number: running.number,
            rule: running.rule.text.clone(),
            seen: running.seen,
            met: running.met,
            over: running.ended || running.rule.times.is_some_and(|times| running.met >= times),
        };
        self.locked().running.iter().map(state).collect()
    }

    fn note(&self, kept: &Rules) {
        self.any.store(!kept.running.is_empty(), Ordering::Relaxed);
    }

    fn locked(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::injection::calls::Door;

    fn plan(rules: &[&str]) -> FaultPlan {
        FaultPlan::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
    }

    fn create() -> Call {
        Call { door: Door::Api3, name: "create".to_owned(), entity: Some("Ticket".to_owned()) }
    }

    fn counts(plan: &FaultPlan) -> Vec<u64> {
        plan.states().iter().map(|state| state.met).collect()
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
        assert_eq!(counts(&plan), [1, 1]);
    }

    #[test]
    fn a_rule_that_has_ended_leaves_calls_to_the_others() {
        let plan = plan(&["create=reset", "any=lost"]);
        plan.end(0);
        plan.end(7);
        assert_eq!(plan.meets(&create()), Some(Mishap::Lost));
        plan.end(1);
        assert_eq!(plan.meets(&create()), None);
        assert_eq!(counts(&plan), [0, 1]);
    }

    #[test]
    fn rules_come_and_go() {
        let plan = plan(&[]);
        assert!(plan.is_empty());
        plan.add(vec!["create=reset,times=1".parse().unwrap(), "create=lost".parse().unwrap()]);
        assert_eq!(met(&plan, 3), "!!!");
        let state = |number, rule: &str, seen, met, over| FaultState {
            number,
            rule: rule.to_owned(),
            seen,
            met,
            over,
        };
        assert_eq!(
            plan.states(),
            [state(0, "create=reset,times=1", 3, 1, true), state(1, "create=lost", 2, 2, false)]
        );
        assert!(plan.remove(Some(1)) && !plan.remove(Some(1)));
        assert_eq!(met(&plan, 1), ".");
        plan.add(vec!["create=half".parse().unwrap()]);
        assert_eq!(plan.states()[1].number, 2, "numbers are not given twice");
        assert!(plan.remove(None) && plan.is_empty() && !plan.remove(None));
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
