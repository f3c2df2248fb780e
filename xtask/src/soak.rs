//! `cargo xtask soak`: tests that are part of the normal ones, for as long as one likes.

use crate::environment::{program, python};
use crate::shell::{Done, cargo, command, run as show};
use std::process::Command;

const USAGE: &str = "\
cargo xtask soak kill [--rounds N] [--seed N]   kill the program N times (1000) while logs are written, rolled over,
                                                emptied and replaced, and compare the tickets with what was written
cargo xtask soak faults [WORD]                  everything that can go wrong between the program and its site, cell by
                                                cell; only cells whose name holds the word
cargo xtask soak day [--workstations N]         a simulated day of N workstations (500) with one site: a bad release, an
                                                outage, restarts, a regression; prints what came of it
cargo xtask soak artist [--days N] [--seed N]   N days (20) of one artist in real Toolkit engines, with crashes, sleep and
                                                times without a network in any order; tickets as logged
cargo xtask soak desk [--rounds N]              kill a desk N times (500) while tickets, files and batches are written; what it
                                                acknowledged must be there, and nothing by halves";

pub(crate) fn run(arguments: &[String]) -> Done {
    match arguments.split_first() {
        Some((kind, rest)) if kind == "kill" => kill(rest),
        Some((kind, rest)) if kind == "faults" => faults(rest),
        Some((kind, rest)) if kind == "day" => day(rest),
        Some((kind, rest)) if kind == "artist" => artist(rest),
        Some((kind, rest)) if kind == "desk" => desk(rest),
        _ => Err(USAGE.to_owned()),
    }
}

fn kill(options: &[String]) -> Done {
    let (mut rounds, mut seed) = ("1000".to_owned(), None);
    let mut rest = options.iter();
    while let Some(name) = rest.next() {
        let number = rest.next().filter(|number| number.parse::<u64>().is_ok()).cloned();
        match (name.as_str(), number) {
            ("--rounds", Some(number)) => rounds = number,
            ("--seed", Some(number)) => seed = Some(number),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let mut test = one_test(
        "kill_loop::killed_at_random_moments_while_logs_roll_over_and_are_emptied_nothing_is_lost_or_repeated",
    );
    test.env("TK_INCIDENT_SOAK_ROUNDS", rounds);
    if let Some(seed) = seed {
        test.env("TK_INCIDENT_SOAK_SEED", seed);
    }
    show(&mut test)
}

fn faults(words: &[String]) -> Done {
    let wanted = match words {
        [] => "all",
        [word] => word,
        _ => return Err(USAGE.to_owned()),
    };
    let test = "fault_matrix::whatever_goes_wrong_each_problem_is_one_ticket_and_nothing_is_lost_or_doubled";
    show(one_test(test).env("TK_INCIDENT_SOAK_FAULTS", wanted))
}

fn day(options: &[String]) -> Done {
    let workstations = match options {
        [] => "500",
        [name, number] if name == "--workstations" && number.parse::<usize>().is_ok() => number,
        _ => return Err(USAGE.to_owned()),
    };
    let mut test = cargo();
    test.args(["test", "--package", "agent", "--test", "policy", "--", "--nocapture", "--exact"])
        .arg("day::a_day_with_a_bad_release_an_outage_and_a_regression")
        .env("TK_INCIDENT_DAY_WORKSTATIONS", workstations);
    show(&mut test)
}

fn artist(options: &[String]) -> Done {
    let (mut days, mut seed) = ("20".to_owned(), None);
    let mut rest = options.iter();
    while let Some(name) = rest.next() {
        let number = rest.next().filter(|number| number.parse::<u64>().is_ok()).cloned();
        match (name.as_str(), number) {
            ("--days", Some(number)) => days = number,
            ("--seed", Some(number)) => seed = Some(number),
            _ => return Err(USAGE.to_owned()),
        }
    }
    let program = program()?;
    let mut test = command(&python()?);
    test.args(["-m", "pytest", "--quiet", "--capture=no", "-p", "no:cacheprovider"])
        .arg("tests/toolkit/test_day.py::test_days_in_any_order")
        .env("TK_INCIDENT_BIN", program)
        .env("TK_INCIDENT_SOAK_DAYS", days);
    if let Some(seed) = seed {
        test.env("TK_INCIDENT_SOAK_SEED", seed);
    }
    show(&mut test)
}

fn desk(options: &[String]) -> Done {
    let rounds = match options {
        [] => "500",
        [name, number] if name == "--rounds" && number.parse::<u64>().is_ok() => number,
        _ => return Err(USAGE.to_owned()),
    };
    let mut test = cargo();
    show(test.args(["test", "--package", "desk", "--test", "kill"]).env("DESK_KILL_ROUNDS", rounds))
}

fn one_test(name: &str) -> Command {
    let mut test = cargo();
    test.args(["test", "--package", "cli", "--test", "binary", "--", "--nocapture", "--exact", name]);
    test
}
