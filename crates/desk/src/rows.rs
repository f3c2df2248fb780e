//! Rows on the wire: reading, filtering, grouping and writing them, as both protocols do.

pub(crate) mod condition;
mod connection;
pub(crate) mod event;
pub(crate) mod file_link;
pub(crate) mod filter;
pub(crate) mod filter_time;
pub(crate) mod given;
mod grouping;
pub(crate) mod linking;
pub(crate) mod path;
pub(crate) mod permit;
pub(crate) mod picture;
mod preset;
pub(crate) mod query;
pub(crate) mod relation;
pub(crate) mod scalar;
pub(crate) mod select;
mod spelling;
pub(crate) mod summarize;
pub(crate) mod summary;
pub(crate) mod value;
pub(crate) mod write;
