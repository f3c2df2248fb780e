//! The pipeline that turns log lines into tickets: follow, recognise, decide, keep, deliver.
//!
//! Owns the sessions, the policy, the state, the evidence, the delivery, the control channel and the single
//! instance. What is read comes from `log-follow`, what it means from `sgtk-log`, what must not be shown from
//! `redact`, and the site is behind `flow`. Deliberately absent: arguments, exit codes and anything printed
//! (the `cli` crate), any server (`desk`), and any asynchronous runtime: three named threads do all there is.
//!
//! Start with [`agent::run`], then `pipeline.rs` (log line to transaction) and `delivery.rs` (transaction to
//! ticket); `docs/architecture.md` walks one incident through both.

pub mod agent;
mod answering;
pub mod attach;
pub mod attached;
pub mod autostart;
pub mod backoff;
pub mod captured;
pub mod clock;
pub mod control;
pub mod delivery;
pub mod description;
pub mod doctor;
mod draft;
pub mod event;
pub mod evidence;
pub mod facts;
pub mod failing_call;
mod field_fit;
pub mod field_value;
pub mod filing;
pub mod footprint;
pub mod gate;
pub mod incident_line;
pub mod instance;
pub mod local_disk;
pub mod login;
pub mod machine;
pub mod metrics;
mod nearest;
mod own_code;
pub mod own_log;
pub mod paths;
pub mod pipeline;
pub mod policy;
pub mod reader;
mod reading;
pub mod recognise;
pub mod report;
pub mod retention;
mod session_book;
pub mod session_cache;
mod session_spans;
pub mod settings;
pub mod shared;
pub mod site_options;
mod sites;
pub mod status;
pub mod store;
mod stream;
pub mod ticket_fields;
pub mod ticket_template;
pub mod ticket_view;
pub mod version;
