//! Trouble on demand: rules that make calls of clients go wrong, for tests of clients (`docs/faults.md`).

pub(crate) mod calls;
pub(crate) mod door;
pub(crate) mod layer;
pub(crate) mod missing_field;
pub(crate) mod plan;
pub(crate) mod refusal;
pub(crate) mod route;
pub(crate) mod rule;
