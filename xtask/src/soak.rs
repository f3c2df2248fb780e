//! `cargo xtask soak`: tests that are part of the normal ones, for as long as one likes.

use crate::shell::{Done, cargo, run as show};

const USAGE: &str = "\
cargo xtask soak kill [--rounds N] [--seed N]   kill the program N times (1000) while logs are written, rolled over,
                                                emptied and replaced, and compare the tickets with what was written";

pub(crate) fn run(arguments: &[String]) -> Done {
    let (mut rounds, mut seed) = ("1000".to_owned(), None);
    let mut rest = arguments.iter();
    if rest.next().map(String::as_str) != Some("kill") {
        return Err(USAGE.to_owned());
    }
    while let Some(name) = rest.next() {
        let number = rest.next().filter(|number| number.parse::<u64>().is_ok()).cloned();
        match (name.as_str(), number) {
            ("--rounds", Some(number)) => rounds = number,
            ("--seed", Some(number)) => seed = Some(number),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let mut test = cargo();
    test.args(["test", "--package", "cli", "--test", "binary", "--", "--nocapture", "--exact"])
        .arg("kill_loop::killed_at_random_moments_while_logs_roll_over_and_are_emptied_nothing_is_lost_or_repeated")
        .env("TK_INCIDENT_SOAK_ROUNDS", rounds);
    if let Some(seed) = seed {
        test.env("TK_INCIDENT_SOAK_SEED", seed);
    }
    show(&mut test)
}
