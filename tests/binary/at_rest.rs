//! What an agent holds of memory when nothing happens. `cargo xtask bench idle` is the long form, with budgets.

use crate::world::{World, error, wait_for};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// In KiB.
fn resident_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn what_filing_needed_is_given_back_and_the_next_record_is_filed_as_well() {
    let mut world = World::new();
    world.start_desk();
    world.set("[limits]\ngather_s = 0");
    world.start_agent();
    for (name, filed) in [("first", 1), ("second", 2)] {
        world.append("tk-maya.log", &error(name));
        world.status_when("the ticket", |status| status["tickets"] == filed && status["waiting_count"] == 0);
        let busy_kb = resident_kb(world.agent_pid());
        let at_rest = || Some(resident_kb(world.agent_pid())).filter(|now_kb| *now_kb < busy_kb * 3 / 4);
        let instead = || format!("{busy_kb} kB then, {} kB now", resident_kb(world.agent_pid()));
        wait_for("memory given back", at_rest, instead);
    }
}

#[test]
fn follow_gives_back_as_well_and_prints_the_next_record() {
    let world = World::new();
    world.append("tk-maya.log", "");
    let mut follow = world
        .program()
        .args(["--json", "follow", "--from", "start"])
        .arg(world.log("tk-maya.log"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(follow.stdout.take().unwrap()).lines();
    for name in ["first", "second"] {
        world.append("tk-maya.log", &error(name));
        assert!(printed.next().unwrap().unwrap().contains(name));
        let busy_kb = resident_kb(follow.id());
        let at_rest = || Some(resident_kb(follow.id())).filter(|now_kb| *now_kb < busy_kb * 3 / 4);
        wait_for("memory given back", at_rest, || format!("{busy_kb} kB then"));
    }
    follow.kill().unwrap();
    follow.wait().unwrap();
}
