//! What is asked of the rows, as SQL.

mod condition;
mod scalar;
mod scope;
pub(crate) mod select;
pub(crate) mod summarize;
