//! The rules keep to the targets on the golden corpus, as `cargo xtask eval` prints them.

use golden::cause;
use golden::evaluation::{self, Options};

#[test]
fn the_targets_are_met() {
    let causes = cause::load().unwrap();
    let report = evaluation::run(&causes, &Options::default()).unwrap();
    let missed = report.missed();
    assert!(missed.is_empty(), "{missed:#?}\n{}\n{}", report.failures(), report.table());
}
