//! Clocks that jump, events that lie, shares that are away, backlogs, long silence, and what idling costs.

use crate::simulated::{Bench, Call, Hearing, World, assert_whole, errno, lines};
use log_follow::{FollowOptions, Rest, StartAt};
use std::path::Path;

#[test]
fn no_watches_are_left() {
    let world = World::posix();
    let mut bench = Bench::before(&world, Hearing::Refused);
    let mut written = String::new();
    for round in 0..100 {
        let text = lines(&format!("round {round}"), 2);
        world.append(&Bench::log(), &text);
        written.push_str(&text);
        if round % 10 == 9 {
            world.rename(&Bench::log(), &Bench::backup()).unwrap();
        }
        bench.look();
    }
    assert_whole(&bench, &[&written]);
    assert_eq!(bench.notes.len(), 1, "said once: {:?}", bench.notes);
    assert!(bench.troubles.is_empty(), "{:?}", bench.troubles);
    assert_eq!(bench.follower.rest(), Rest::KeepLooking, "nobody would wake whoever waits");
    // Watches come back.
    bench.hearing.set(Hearing::Prompt);
    bench.look_for(6_000);
    assert_eq!(bench.follower.rest(), Rest::AfterOneLook);
    assert_eq!(bench.follower.rest(), Rest::UntilWoken);
}

#[test]
fn the_queue_of_events_runs_over() {
    let world = World::posix();
    // Stamps so coarse that the folder does not seem to change.
    world.0.borrow_mut().stamp_ms = 3_600_000;
    world.make_folder(Path::new("/logs"));
    let mut bench = Bench::before(&world, Hearing::Prompt);
    bench.look_for(6_000);
    bench.hearing.set(Hearing::Overrun);
    world.append(&Bench::log(), "one\n");
    bench.look_once();
    assert_whole(&bench, &["one\n"]);
}

#[test]
fn stamps_of_folders_that_stand_still_and_no_events() {
    for hearing in [Hearing::Deaf, Hearing::Refused] {
        let world = World::posix();
        world.0.borrow_mut().stamp_ms = u64::MAX;
        let mut bench = Bench::before(&world, hearing);
        world.append(&Bench::log(), "one\n");
        bench.look_for(6_000);
        assert_whole(&bench, &["one\n"]);
    }
}

#[test]
fn a_share_that_is_away_for_five_minutes_and_looks_empty_meanwhile() {
    for looks_empty in [true, false] {
        let world = World::posix();
        {
            let mut state = world.0.borrow_mut();
            state.is_remote = true;
            state.may_hold = false;
        }
        let mut bench = Bench::before(&world, Hearing::Prompt);
        assert_eq!(bench.notes.len(), 1, "{:?}", bench.notes);
        world.append(&Bench::log(), &lines("before", 10));
        bench.look();
        world.rename_folder(Path::new("/logs"), Path::new("/server"));
        if looks_empty {
            world.make_folder(Path::new("/logs"));
        }
        world.append(Path::new("/server/tk-maya.log"), "while away\n");
        bench.look_for(300_000);
        world.rename_folder(Path::new("/server"), Path::new("/logs"));
        bench.look_for(5_000);
        world.append(&Bench::log(), "after\n");
        bench.look_for(1_000);
        assert_whole(&bench, &[&lines("before", 10), "while away\n", "after\n"]);
        assert!(bench.ended.is_empty(), "{:?}", bench.ended);
    }
}

#[test]
fn a_handle_that_goes_stale_is_opened_again() {
    let world = World::posix();
    let mut bench = Bench::before(&world, Hearing::Refused);
    world.append(&Bench::log(), "one\n");
    bench.look();
    world.fail(Call::ObserveHandle, &Bench::log(), errno::ESTALE, 1);
    world.append(&Bench::log(), "two\n");
    bench.look();
    bench.look();
    assert_whole(&bench, &["one\n", "two\n"]);
    assert!(bench.troubles.is_empty(), "{:?}", bench.troubles);
}

#[test]
fn calls_that_fail_now_and_then_lose_nothing() {
    for call in [Call::List, Call::Stamp, Call::Open, Call::Observe, Call::ObserveHandle, Call::Read] {
        for errno in [errno::EIO, errno::EACCES, errno::ESTALE, errno::ENOENT, errno::EMFILE] {
            let world = World::posix();
            let mut bench = Bench::before(&world, Hearing::Refused);
            let mut written = String::new();
            for round in 0..20 {
                let text = lines(&format!("round {round}"), 2);
                world.append(&Bench::log(), &text);
                written.push_str(&text);
                if round % 3 == 2 {
                    world.fail(call, Path::new("/logs"), errno, 1);
                    world.fail(call, &Bench::log(), errno, 1);
                    bench.look_once();
                    bench.look_once();
                }
                bench.look();
            }
            bench.look_for(6_000);
            assert_whole(&bench, &[&written]);
        }
    }
}

#[test]
fn a_backlog_in_one_log_and_an_error_in_another() {
    let world = World::posix();
    let long = lines("backlog", 400_000);
    world.append(Path::new("/logs/tk-a-long.log"), &long);
    let options =
        FollowOptions { start_at: StartAt::Start, look_bytes: 1024 * 1024, ..FollowOptions::folder("/logs") };
    let mut bench = Bench::with(&world, Hearing::Prompt, options, Vec::new());
    bench.look_once();
    for round in 0..5 {
        let text = format!("urgent {round}\n");
        world.append(&Bench::log(), &text);
        let look = bench.look_once();
        assert!(look.more, "the backlog is far from read");
        let urgent = bench.texts.values().any(|read| read.ends_with(&text));
        assert!(urgent, "it had its share in the same look");
    }
}

#[test]
fn the_clock_jumps() {
    for hearing in [Hearing::Prompt, Hearing::Refused] {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        world.append(&Bench::log(), &lines("old", 5));
        bench.look();
        let mut bench = bench.restart();
        // The awaited file is not there at the first look, and then the machine sleeps for eight hours.
        let parked = Path::new("/logs/parked");
        world.rename(&Bench::log(), parked).unwrap();
        bench.look();
        for jump in [8 * 3_600_000, 60 * 60_000, 24 * 3_600_000] {
            let now_ms = bench.now_ms + jump;
            bench.look_at(now_ms);
            assert!(bench.gaps.is_empty(), "nobody looked for it in that time");
        }
        // Back, and far into the past.
        for now_ms in [1_000, 500, 0] {
            bench.look_at(now_ms);
        }
        world.rename(parked, &Bench::log()).unwrap();
        world.append(&Bench::log(), "new\n");
        bench.look_at(50);
        bench.look_at(100);
        assert_whole(&bench, &["new\n"]);
        // A deleted log that is still written to is not given up for a jump either.
        world.remove(&Bench::log()).unwrap();
        bench.look_at(150);
        let sleeps = 150 + 8 * 3_600_000;
        bench.look_at(sleeps);
        assert!(bench.ended.is_empty() || bench.ended.len() == 1);
    }
}

#[test]
fn a_log_that_was_quiet_for_long_is_as_quick_as_a_busy_one() {
    for quiet_ms in [25_000, 3_600_000, 24 * 3_600_000] {
        for hearing in [Hearing::Prompt, Hearing::Refused] {
            let world = World::posix();
            let mut bench = Bench::before(&world, hearing);
            world.append(&Bench::log(), "one\n");
            bench.look();
            // Looks every five seconds are enough for this, and quicker to simulate.
            for _ in 0..quiet_ms / 5_000 {
                let now_ms = bench.now_ms + 5_000;
                bench.look_at(now_ms);
            }
            world.append(&Bench::log(), "two\n");
            bench.look_once();
            assert_whole(&bench, &["one\n", "two\n"]);
        }
    }
}

#[test]
fn fifty_quiet_logs_cost_one_question_each_and_no_opening() {
    let world = World::posix();
    for index in 0..50 {
        world.append(Path::new(&format!("/logs/tk-{index}.log")), "old\n");
    }
    let mut bench = Bench::before(&world, Hearing::Prompt);
    bench.look_for(10_000);
    let (calls, opens) = (world.0.borrow().calls, world.0.borrow().opens);
    for _ in 0..20 {
        bench.look_once();
    }
    assert_eq!(world.0.borrow().opens, opens);
    let calls = (world.0.borrow().calls - calls) / 20;
    assert!((51..=60).contains(&calls), "{calls}: the folder, every open file, and now and then a listing");
}
