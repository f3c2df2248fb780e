//! The golden corpus: generated logs whose causes are known, and how well signatures tell the causes apart.
//!
//! `causes/*.toml` say what went wrong (`cause`, in the language of `template`); `world` is everything around it that a
//! signature must not depend on; `perturbation` and `variant` change one or several of these things; `log` writes the whole file; `read`
//! reads it through the front door; `metrics`, `failures` and `report` judge. Everything follows from one seed.
//!
//! Deliberately absent: any rule of the signature, and any knowledge of how the program finds secrets or paths. It is a
//! tool for developers; nothing depends on it. `docs/evaluation.md` says what the figures show and what they do not.

pub mod cause;
pub mod engine;
pub mod evaluation;
pub mod failures;
pub mod log;
pub mod metrics;
pub mod names;
mod os_error;
mod os_failures;
mod paths;
pub mod perturbation;
mod raised;
pub mod random;
pub mod read;
pub mod report;
mod slot;
pub mod snapshot;
mod template;
pub mod titles;
pub mod variant;
pub mod world;
