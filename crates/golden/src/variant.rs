//! The variants of a cause: its unperturbed form, every perturbation alone, several at once.

use crate::cause::Cause;
use crate::perturbation::{Perturbation, SINGLES};
use crate::random::Random;
use crate::world::World;

/// Fewest variants a cause has beside its unperturbed form.
pub const FEWEST: usize = 20;
/// Variants with several perturbations at once, at least.
const COMBINED: usize = 6;

/// One occurrence of a cause.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What was changed; `None` for the unperturbed form, which is the first.
    pub by: Option<Perturbation>,
    /// Where it occurs.
    pub world: World,
}

/// All variants of a cause.
pub fn of(seed: u64, cause: &Cause) -> Vec<Variant> {
    let base = World::base(seed, cause);
    let mut random = Random::of(seed ^ 0x7a, cause.id.split('~').next().unwrap_or(&cause.id));
    let mut all = vec![Variant { by: None, world: base.clone() }];
    for by in SINGLES {
        all.extend(base.perturbed(by, cause, &mut random).map(|world| Variant { by: Some(by), world }));
    }
    let combined = COMBINED.max((FEWEST + 1).saturating_sub(all.len()));
    for _ in 0..combined {
        let by = Perturbation::Combined;
        all.extend(base.perturbed(by, cause, &mut random).map(|world| Variant { by: Some(by), world }));
    }
    all
}
