//! A desk is killed in the middle of writing, again and again: whatever it acknowledged is there afterwards, nothing is there by halves.
//!
//! A program of its own (`harness = false`), because it starts itself as the desk to be killed. A few rounds are part of the tests;
//! `cargo xtask soak desk` runs as many as one likes.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod check;
#[path = "../http/mod.rs"]
mod http;
mod victim;
mod writers;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::check::Seen;
use crate::victim::Victim;
use crate::writers::Acknowledged;

const ROUNDS: u64 = 10;
/// How many rounds, when it is not [`ROUNDS`].
const SOAK: &str = "DESK_KILL_ROUNDS";

fn main() {
    if let Some(data) = std::env::var_os(victim::DATA) {
        victim::serve(Path::new(&data));
    }
    let soak = std::env::var(SOAK).ok();
    let rounds = soak.as_ref().map_or(ROUNDS, |rounds| rounds.parse().expect("a number of rounds"));
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let (mut all, mut seen) = (Acknowledged::default(), Seen::default());
    for round in 0..rounds {
        if round % 5 == 4 {
            // Killed before it is ready, too.
            let starting = Victim::spawn(folder.path());
            std::thread::sleep(Duration::from_millis(round * 7 % 50));
            drop(starting);
        }
        let (victim, ready) = Victim::start(folder.path());
        seen = check::since(&ready, &seen, &all);
        // At another moment each round, from "hardly started" to "well under way".
        let life = Duration::from_millis(20 + round * 37 % 400);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(life);
            drop(victim);
        });
        let written = writers::write_until_it_dies(&ready, round);
        // First of all the victim: a failing test leaves nothing running.
        killer.join().unwrap();
        all.add(written.unwrap());
        if soak.is_some() && (round + 1) % 50 == 0 {
            println!("{} rounds, {:.0} s: {}", round + 1, began.elapsed().as_secs_f64(), all.told());
        }
    }
    let (victim, ready) = Victim::start(folder.path());
    check::since(&ready, &Seen::default(), &all);
    drop(victim);
    check::data_folder(folder.path());
    assert!(all.is_enough(), "the rounds were too short to prove anything: {}", all.told());
    println!("kill: {rounds} rounds; {}: all there", all.told());
}
