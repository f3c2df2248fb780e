//! Reading rows: filters, order and paging against a plain evaluation in memory; presets; summaries.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

#[path = "../http/mod.rs"]
mod http;
mod model;
mod presets;
mod property;
mod relations;
mod site;
mod summaries;
mod world;
