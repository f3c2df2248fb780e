//! What went wrong, in a form that lets someone mend the rules: cause, perturbation, the components that differ.

use std::collections::{BTreeMap, HashMap};

use crate::cause::Cause;
use crate::metrics::{counts, is_same};
use crate::read::Seen;
use crate::titles;

/// One thing that is not as it should be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Failure {
    /// Name of the cause.
    pub cause: String,
    /// `split`, `twin`, `lump`, `title`, `missing`.
    pub kind: &'static str,
    /// Perturbations and variants, or the other cause.
    pub with: String,
    /// Components that differ: `- ` what was, `+ ` what became of it.
    pub detail: Vec<String>,
}

/// All failures of the causes that are `wanted`, by cause.
pub fn list(causes: &[Cause], seen: &[Seen], wanted: impl Fn(&Cause) -> bool) -> Vec<Failure> {
    let bases: HashMap<usize, &Seen> =
        seen.iter().filter(|one| one.variant == 0).map(|one| (one.cause, one)).collect();
    let mut failures = Vec::new();
    splits(causes, seen, &bases, &mut failures);
    twins(causes, &bases, &mut failures);
    lumps(causes, seen, &mut failures);
    wrong_titles(causes, seen, &mut failures);
    let known: HashMap<&str, &Cause> = causes.iter().map(|cause| (cause.id.as_str(), cause)).collect();
    failures.retain(|failure| known.get(failure.cause.as_str()).is_some_and(|cause| wanted(cause)));
    failures.sort();
    failures
}

fn splits(causes: &[Cause], seen: &[Seen], bases: &HashMap<usize, &Seen>, failures: &mut Vec<Failure>) {
    // Variants that came to the same are told together.
    let mut together: BTreeMap<(usize, &'static str, Vec<String>), Vec<String>> = BTreeMap::new();
    for one in seen.iter().filter(|one| counts(one)) {
        let Some(base) = bases.get(&one.cause).filter(|base| !is_same(one, base)) else { continue };
        let kind = if one.signature.is_empty() { "missing" } else { "split" };
        let by = one.by.map_or("unperturbed", |by| by.name());
        let key = (one.cause, kind, difference(base, one));
        together.entry(key).or_default().push(format!("{by} #{}", one.variant));
    }
    failures.extend(together.into_iter().map(|((cause, kind, detail), with)| Failure {
        cause: causes[cause].id.clone(),
        kind,
        with: with.join(", "),
        detail,
    }));
}

fn twins(causes: &[Cause], bases: &HashMap<usize, &Seen>, failures: &mut Vec<Failure>) {
    for (at, cause) in causes.iter().enumerate() {
        let Some((of, kind)) = &cause.twin_of else { continue };
        let (Some(twin), Some(base)) = (bases.get(&at), bases.get(of)) else { continue };
        if is_same(twin, base) {
            failures.push(Failure {
                cause: cause.id.clone(),
                kind: "twin",
                with: format!("{} (differs in {kind})", causes[*of].id),
                detail: components(base).map(|part| format!("= {part}")).collect(),
            });
        }
    }
}

fn lumps(causes: &[Cause], seen: &[Seen], failures: &mut Vec<Failure>) {
    let mut of_signature: BTreeMap<&str, BTreeMap<usize, &Seen>> = BTreeMap::new();
    for one in seen.iter().filter(|one| counts(one) && !one.signature.is_empty()) {
        of_signature.entry(&one.signature).or_default().entry(one.cause).or_insert(one);
    }
    for held in of_signature.values().filter(|held| held.len() > 1) {
        let mut members = held.iter();
        let Some((first, seen)) = members.next() else { continue };
        for (other, _) in members {
            let is_twin = causes[*other].twin_of.as_ref().is_some_and(|(of, _)| of == first);
            if !is_twin {
                failures.push(Failure {
                    cause: causes[*other].id.clone(),
                    kind: "lump",
                    with: if causes[*first].held_out {
                        "a held-out cause".to_owned()
                    } else {
                        causes[*first].id.clone()
                    },
                    detail: components(seen).map(|part| format!("= {part}")).collect(),
                });
            }
        }
    }
}

fn wrong_titles(causes: &[Cause], seen: &[Seen], failures: &mut Vec<Failure>) {
    let mut of_signature: HashMap<&str, &str> = HashMap::new();
    let mut told: BTreeMap<(usize, String), ()> = BTreeMap::new();
    for one in seen.iter().filter(|one| counts(one)) {
        let first = *of_signature.entry(&one.signature).or_insert(&one.title);
        let wrong = if first != one.title {
            format!("`{}` has the signature of `{first}`", one.title)
        } else if !titles::is_short(&one.title) {
            format!("`{}` is too long", one.title)
        } else if let Some(dirt) = titles::dirt(&one.title) {
            format!("`{}` holds {dirt}", one.title)
        } else {
            continue;
        };
        if told.insert((one.cause, wrong.clone()), ()).is_none() {
            failures.push(Failure {
                cause: causes[one.cause].id.clone(),
                kind: "title",
                with: format!("#{}", one.variant),
                detail: vec![wrong],
            });
        }
    }
}

fn components(seen: &Seen) -> impl Iterator<Item = String> {
    seen.components.iter().map(|(kind, value)| format!("{kind}: {value}"))
}

fn difference(base: &Seen, other: &Seen) -> Vec<String> {
    let (was, is): (Vec<String>, Vec<String>) = (components(base).collect(), components(other).collect());
    let mut out: Vec<String> = Vec::new();
    out.extend(was.iter().filter(|part| !is.contains(part)).map(|part| format!("- {part}")));
    out.extend(is.iter().filter(|part| !was.contains(part)).map(|part| format!("+ {part}")));
    if out.is_empty() {
        out.push("the same components in another order or number".to_owned());
    }
    out
}
