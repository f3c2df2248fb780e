//! How well signatures tell causes apart.
//!
//! B-cubed looks from every record: of the records with its signature, how many are of its cause (precision); of the
//! records of its cause, how many have its signature (recall). It punishes a large mixed bucket as a person would feel it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::cause::Cause;
use crate::perturbation::Perturbation;
use crate::read::Seen;
use crate::titles;

/// A share with its counts.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// How many hold.
    pub good: usize,
    /// Of how many.
    pub all: usize,
}

impl Share {
    /// 1 when there is nothing to hold.
    pub fn value(self) -> f64 {
        if self.all == 0 { 1.0 } else { self.good as f64 / self.all as f64 }
    }

    fn count(&mut self, holds: bool) {
        self.all += 1;
        self.good += usize::from(holds);
    }
}

/// The figures of some of the causes.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Causes, twins not counted.
    pub causes: usize,
    /// Twins.
    pub twins: usize,
    /// Records that B-cubed is about.
    pub records: usize,
    /// B-cubed.
    pub precision: f64,
    /// B-cubed.
    pub recall: f64,
    /// B-cubed recall when torn records, and readers without the session's words, count too.
    pub recall_of_all: f64,
    /// Variants with the signature of the unperturbed form.
    pub stability: BTreeMap<Perturbation, Share>,
    /// Twins with another signature than their cause.
    pub sensitivity: Share,
    /// The same by what makes the twin another problem.
    pub sensitivity_by_kind: BTreeMap<String, Share>,
    /// Causes by the number of signatures they are split into.
    pub spray: BTreeMap<usize, usize>,
    /// Signatures by the number of causes they hold.
    pub lump: BTreeMap<usize, usize>,
    /// Records whose title is that of the others with its signature.
    pub one_title: Share,
    /// Titles of at most 80 characters.
    pub short_title: Share,
    /// Titles without a secret, a name or a path.
    pub clean_title: Share,
}

impl Figures {
    /// Harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall).max(f64::MIN_POSITIVE)
    }

    /// The targets that are missed, as people read them.
    pub fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        let mut at_least = |name: &str, value: f64, target: f64| {
            if value < target {
                missed.push(format!("{name} is {value:.4}, wanted {target:.3}"));
            }
        };
        at_least("B-cubed precision", self.precision, 0.99);
        at_least("B-cubed recall", self.recall, 0.97);
        for (by, share) in self.stability.iter().filter(|(by, _)| by.must_hold()) {
            at_least(&format!("stability under {}", by.name()), share.value(), 1.0);
        }
        at_least("sensitivity to twins", self.sensitivity.value(), 0.98);
        at_least("share of records with their bucket's title", self.one_title.value(), 1.0);
        at_least("share of titles of at most 80 characters", self.short_title.value(), 1.0);
        at_least("share of titles without secrets and paths", self.clean_title.value(), 1.0);
        missed
    }
}

/// The figures of the causes that are `wanted`. Buckets are made of all records, so that what is lumped across is seen.
pub fn figures(causes: &[Cause], seen: &[Seen], wanted: impl Fn(&Cause) -> bool) -> Figures {
    let mut figures = Figures::default();
    for cause in causes.iter().filter(|cause| wanted(cause)) {
        if cause.twin_of.is_none() { figures.causes += 1 } else { figures.twins += 1 }
    }
    let clustered: Vec<&Seen> = seen.iter().filter(|one| counts(one)).collect();
    figures.records = clustered.iter().filter(|one| wanted(&causes[one.cause])).count();
    let (precision, recall) = b_cubed(&clustered, |one| wanted(&causes[one.cause]));
    (figures.precision, figures.recall) = (precision, recall);
    let everything: Vec<&Seen> = seen.iter().collect();
    figures.recall_of_all = b_cubed(&everything, |one| wanted(&causes[one.cause])).1;

    let bases: HashMap<usize, &Seen> =
        seen.iter().filter(|one| one.variant == 0).map(|one| (one.cause, one)).collect();
    for one in seen.iter().filter(|one| wanted(&causes[one.cause])) {
        if let (Some(by), Some(base)) = (one.by, bases.get(&one.cause)) {
            figures.stability.entry(by).or_default().count(is_same(one, base));
        }
    }
    for (at, cause) in causes.iter().enumerate().filter(|(_, cause)| wanted(cause)) {
        let Some((of, kind)) = &cause.twin_of else { continue };
        let (Some(twin), Some(base)) = (bases.get(&at), bases.get(of)) else { continue };
        let differs = !is_same(twin, base);
        figures.sensitivity.count(differs);
        figures.sensitivity_by_kind.entry(kind.clone()).or_default().count(differs);
    }
    let mut of_cause: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut of_signature: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut titles_of: HashMap<&str, &str> = HashMap::new();
    for one in &clustered {
        of_cause.entry(one.cause).or_default().insert(&one.signature);
        of_signature.entry(&one.signature).or_default().insert(one.cause);
        let first = *titles_of.entry(&one.signature).or_insert(&one.title);
        if wanted(&causes[one.cause]) {
            figures.one_title.count(first == one.title);
            figures.short_title.count(titles::is_short(&one.title));
            figures.clean_title.count(titles::is_clean(&one.title));
        }
    }
    for (cause, signatures) in of_cause {
        if wanted(&causes[cause]) {
            *figures.spray.entry(signatures.len()).or_default() += 1;
        }
    }
    for held in of_signature.values() {
        if held.iter().any(|cause| wanted(&causes[*cause])) {
            *figures.lump.entry(held.len()).or_default() += 1;
        }
    }
    figures
}

/// Whether a record is one that buckets are judged by.
pub fn counts(one: &Seen) -> bool {
    one.by.is_none_or(Perturbation::must_hold)
}

/// Whether two records have one signature, and were found at all.
pub fn is_same(one: &Seen, other: &Seen) -> bool {
    one.signature == other.signature && !one.signature.is_empty()
}

fn b_cubed(seen: &[&Seen], wanted: impl Fn(&Seen) -> bool) -> (f64, f64) {
    let mut of_both: HashMap<(&str, usize), usize> = HashMap::new();
    let mut of_signature: HashMap<&str, usize> = HashMap::new();
    let mut of_cause: HashMap<usize, usize> = HashMap::new();
    for one in seen {
        *of_both.entry((&one.signature, one.cause)).or_default() += 1;
        *of_signature.entry(&one.signature).or_default() += 1;
        *of_cause.entry(one.cause).or_default() += 1;
    }
    let (mut precision, mut recall, mut records) = (0.0, 0.0, 0.0);
    for one in seen.iter().filter(|one| wanted(one)) {
        let both = of_both[&(one.signature.as_str(), one.cause)] as f64;
        precision += both / of_signature[one.signature.as_str()] as f64;
        recall += both / of_cause[&one.cause] as f64;
        records += 1.0;
    }
    let records = f64::max(records, 1.0);
    (precision / records, recall / records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(cause: usize, signature: &str) -> Seen {
        Seen {
            cause,
            variant: 1,
            by: None,
            signature: signature.to_owned(),
            components: Vec::new(),
            frames: Vec::new(),
            title: String::new(),
        }
    }

    #[test]
    fn b_cubed_is_one_only_when_causes_and_signatures_agree() {
        let of = |all: &[Seen]| b_cubed(&all.iter().collect::<Vec<_>>(), |_| true);
        assert_eq!(of(&[seen(0, "a"), seen(0, "a"), seen(1, "b")]), (1.0, 1.0));
        // One cause in two buckets of one record each.
        assert_eq!(of(&[seen(0, "a"), seen(0, "b")]), (1.0, 0.5));
        // Two causes in one bucket.
        assert_eq!(of(&[seen(0, "a"), seen(1, "a")]), (0.5, 1.0));
    }
}
