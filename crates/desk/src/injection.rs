//! Trouble on demand: rules that make calls of clients go wrong, for tests of clients (`docs/faults.md`).

pub(crate) mod layer;
pub(crate) mod plan;
pub(crate) mod rule;
