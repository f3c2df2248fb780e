//! `cargo xtask eval`: how well signatures tell the causes of the golden corpus apart (`docs/evaluation.md`).

use crate::shell::{Done, cargo, run as show};

/// Everything after `eval` goes to the evaluation, which fails when a target is missed.
pub(crate) fn run(options: &[String]) -> Done {
    let mut command = cargo();
    show(command.args(["run", "--quiet", "--release", "--package", "golden", "--"]).args(options))
}
