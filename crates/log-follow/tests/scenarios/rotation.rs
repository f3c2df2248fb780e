//! Logs that are rotated: while nobody looks, several times, by several writers, while we are away, on Windows.

use crate::simulated::{Bench, Call, Handler, Hearing, World, assert_whole, errno, lines};
use log_follow::{EndReason, GapReason, StartReason};

const HEARINGS: [Hearing; 5] =
    [Hearing::Prompt, Hearing::Late, Hearing::Overrun, Hearing::Deaf, Hearing::Refused];

fn worlds() -> [World; 2] {
    [World::posix(), World::windows()]
}

/// On Windows there are no events that could be heard.
fn worlds_with(hearing: Hearing) -> Vec<World> {
    worlds().into_iter().filter(|world| hearing == Hearing::Refused || world.0.borrow().may_hold).collect()
}

#[test]
fn renamed_and_made_again_while_the_follower_sleeps() {
    for world in worlds() {
        for hearing in HEARINGS {
            let log = Bench::log();
            let mut bench = Bench::before(&world, hearing);
            let (before, after) = (lines("before", 50), lines("after", 50));
            world.append(&log, &before);
            world.rename(&log, &Bench::backup()).unwrap();
            world.append(&log, &after);
            bench.look();
            assert_whole(&bench, &[&before, &after]);
            world.remove(&log).unwrap();
            world.remove(&Bench::backup()).unwrap();
        }
    }
}

#[test]
fn rotated_twice_between_two_looks() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
        let texts: Vec<String> = ["zero", "one", "two"].iter().map(|name| lines(name, 20)).collect();
        handler.log("seen\n");
        bench.look();
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                handler.roll_over();
            }
            handler.log(text);
        }
        bench.look();
        assert_whole(&bench, &["seen\n", &texts[0], &texts[1], &texts[2]]);
    }
}

#[test]
fn rotated_four_times_between_two_looks() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
        bench.look();
        let texts: Vec<String> = (0..5).map(|index| lines(&format!("generation {index}"), 20)).collect();
        for text in &texts {
            handler.log(text);
            handler.roll_over();
        }
        bench.look();
        match hearing {
            // Every generation was opened as it came.
            Hearing::Prompt => {
                assert_whole(&bench, &texts.iter().map(String::as_str).collect::<Vec<_>>());
            }
            // Three were gone before their events were heard: it is known that they were there.
            Hearing::Late => {
                assert_eq!(bench.gaps, [(None, GapReason::RotatedAway); 3]);
                assert_eq!(bench.lines().len(), 40, "the one that was held, and the backup");
            }
            // Nobody can know.
            _ => assert_eq!(bench.lines().len(), 40),
        }
    }
}

#[test]
fn an_unread_file_without_a_name_is_a_gap_where_no_handle_is_held() {
    let world = World::windows();
    let mut bench = Bench::before(&world, Hearing::Refused);
    let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
    handler.log(&lines("seen", 5));
    bench.look();
    world.fail(Call::Read, &Bench::log(), errno::EIO, 1);
    handler.log("unread\n");
    bench.look();
    handler.roll_over();
    handler.roll_over();
    bench.look();
    bench.look_for(11_000);
    assert_eq!(bench.gaps, [(Some(7), GapReason::RotatedAway)]);
}

#[test]
fn a_second_writer_goes_on_in_the_rotated_file_for_long() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        let mut first = Handler::open(&world, &Bench::log(), 10_000);
        let mut second = Handler::open(&world, &Bench::log(), 1_000_000);
        first.log("both\n");
        bench.look();
        first.roll_over();
        first.log("young\n");
        let mut written = String::from("both\nyoung\n");
        for round in 0..15 {
            let text = format!("late {round}\n");
            second.log(&text);
            written.push_str(&text);
            bench.look_for(1_000);
        }
        bench.look_for(30 * 60_000);
        second.log("after half an hour\n");
        written.push_str("after half an hour\n");
        bench.look_for(1_000);
        assert_whole(&bench, &[&written]);
        assert!(bench.ended.is_empty());
    }
}

#[test]
fn toolkits_rollover_a_hundred_times_leaves_no_handle_and_no_strange_name_behind() {
    for hearing in HEARINGS {
        for world in worlds_with(hearing) {
            let mut bench = Bench::before(&world, hearing);
            let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
            let mut written = String::new();
            for round in 0..100 {
                let text = lines(&format!("round {round}"), 3);
                handler.log(&text);
                written.push_str(&text);
                handler.roll_over();
                if round % 3 != 0 || hearing != Hearing::Prompt {
                    bench.look();
                }
            }
            bench.look();
            assert!(!handler.disabled);
            assert_whole(&bench, &[&written]);
            assert!(bench.paths.values().all(|path| *path == Bench::log()), "{:?}", bench.paths);
            bench.look_for(12_000);
            assert!(world.open_handles() <= 2, "{}", world.open_handles());
            assert!(bench.follower.status().len() <= 2);
        }
    }
}

/// Every instant of a look at which the follower could see a rollover half done.
#[test]
fn a_rollover_at_every_instant_of_a_look() {
    for hearing in [Hearing::Prompt, Hearing::Late, Hearing::Refused] {
        for rules in worlds_with(hearing) {
            for (instant, is_first) in (0..30).flat_map(|instant| [(instant, true), (instant, false)]) {
                let world = World::new(rules.0.borrow().rules);
                let mut bench = Bench::before(&world, hearing);
                let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
                let mut expected = vec!["one", "three", "two"];
                if !is_first {
                    // A backup that the rollover deletes.
                    expected.push("zero");
                    handler.log("zero\n");
                    bench.look();
                    handler.roll_over();
                    bench.look();
                }
                handler.log("one\n");
                bench.look();
                handler.log("two\n");
                let handler = std::rc::Rc::new(std::cell::RefCell::new(handler));
                let rolling = std::rc::Rc::clone(&handler);
                world.interrupt(instant, move |_| {
                    rolling.borrow_mut().roll_over();
                    rolling.borrow_mut().log("three\n");
                });
                for _ in 0..40 {
                    bench.look();
                }
                assert!(!handler.borrow().disabled, "{hearing:?} {instant} {is_first}");
                assert_eq!(bench.lines(), expected, "{hearing:?} {instant} {is_first}");
                assert!(bench.gaps.is_empty(), "{instant} {is_first} {:?}", bench.gaps);
            }
        }
    }
}

/// What is opened in the middle of a rollover must not be the backup that is about to be deleted.
#[test]
fn a_rollover_in_two_halves_is_not_stopped_by_a_look_between_them() {
    for (instant, between) in (0..25).flat_map(|instant| (1..8).map(move |between| (instant, between))) {
        let world = World::windows();
        let mut bench = Bench::before(&world, Hearing::Refused);
        let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
        for text in ["one\n", "two\n"] {
            handler.log(text);
            bench.look();
            handler.roll_over();
            bench.look();
        }
        handler.log("three\n");
        bench.look();
        let handler = std::rc::Rc::new(std::cell::RefCell::new(handler));
        let (first, second) = (std::rc::Rc::clone(&handler), std::rc::Rc::clone(&handler));
        world.interrupt(instant, move |_| first.borrow_mut().begin_rollover());
        world.interrupt(instant + between, move |_| {
            second.borrow_mut().end_rollover();
            second.borrow_mut().log("four\n");
        });
        for _ in 0..40 {
            bench.look();
        }
        assert!(!handler.borrow().disabled, "{instant} {between}");
        assert_eq!(bench.lines(), ["four", "one", "three", "two"], "{instant} {between}");
        assert!(bench.gaps.is_empty(), "{instant} {between} {:?}", bench.gaps);
    }
}

#[test]
fn three_writers_on_one_log_lose_only_what_was_gone_before_anyone_could_open_it() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        let mut handlers: Vec<Handler> =
            (0..3).map(|_| Handler::open(&world, &Bench::log(), 5_000)).collect();
        let mut written = 0;
        for round in 0..600 {
            for (index, handler) in handlers.iter_mut().enumerate() {
                handler.log(&lines(&format!("writer {index} round {round}"), 1));
                written += 1;
            }
            if round % 5 == 0 {
                bench.look();
            }
        }
        bench.look();
        let read = bench.lines();
        let mut unique = read.clone();
        unique.dedup();
        assert_eq!(read.len(), unique.len(), "nothing twice");
        let lost = written - read.len();
        match hearing {
            Hearing::Prompt => assert_eq!((lost, bench.gaps.len()), (0, 0)),
            Hearing::Late => assert!(lost == 0 || !bench.gaps.is_empty(), "{lost} {:?}", bench.gaps),
            _ => {}
        }
    }
}

#[test]
fn a_rotated_file_that_ends_within_a_line_is_handed_over_whole_and_apart_from_its_successor() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
        handler.log("Traceback (most recent call last):\n");
        bench.look();
        handler.log("  File \"a.py\", line 1, in");
        handler.roll_over();
        handler.log("ValueError: the rest\n");
        bench.look();
        let texts: Vec<&str> = bench.texts.values().map(String::as_str).collect();
        let old = "Traceback (most recent call last):\n  File \"a.py\", line 1, in";
        assert_eq!(texts, [old, "ValueError: the rest\n"]);
    }
}

#[test]
fn rotated_while_we_were_away() {
    for world in worlds() {
        let mut bench = Bench::before(&world, Hearing::Refused);
        world.append(&Bench::log(), &lines("old", 10));
        bench.look();
        let mut bench = bench.restart();
        world.append(&Bench::log(), "end of the old file\n");
        world.rename(&Bench::log(), &Bench::backup()).unwrap();
        world.append(&Bench::log(), "start of the new one\n");
        bench.look();
        assert_whole(&bench, &["end of the old file\n", "start of the new one\n"]);
        assert_eq!(bench.reasons(), [StartReason::Resumed, StartReason::New]);
    }
}

#[test]
fn rotated_twice_while_we_were_away() {
    for world in worlds() {
        let mut bench = Bench::before(&world, Hearing::Refused);
        let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
        handler.log(&lines("old", 10));
        bench.look();
        let mut bench = bench.restart();
        handler.log("never seen\n");
        handler.roll_over();
        handler.log("middle\n");
        handler.roll_over();
        handler.log("end\n");
        bench.look();
        assert_eq!(bench.lines(), ["end", "middle"]);
        assert_eq!(bench.gaps, [(None, GapReason::GoneWhileAway)]);
    }
}

#[test]
fn rollovers_on_windows_never_fail_because_of_us() {
    let world = World::windows();
    let mut bench = Bench::before(&world, Hearing::Refused);
    let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
    let mut written = String::new();
    for round in 0..1_000 {
        let text = lines(&format!("round {round}"), 1);
        handler.log(&text);
        written.push_str(&text);
        if round % 2 == 0 {
            bench.look();
        }
        assert_eq!(world.open_handles(), 0, "nothing is held between looks");
        handler.roll_over();
        assert!(!handler.disabled, "round {round}");
        bench.look();
    }
    assert_whole(&bench, &[&written]);
}

#[test]
fn a_backup_on_windows_that_was_read_is_not_opened_again() {
    let world = World::windows();
    let mut bench = Bench::before(&world, Hearing::Refused);
    let mut handler = Handler::open(&world, &Bench::log(), 1_000_000);
    handler.log("one\n");
    bench.look();
    handler.log("two\n");
    handler.roll_over();
    bench.look();
    bench.look();
    let opens = world.opens_of(&Bench::backup());
    handler.log("three\n");
    bench.look_for(60_000);
    assert_eq!(world.opens_of(&Bench::backup()), opens);
    assert_whole(&bench, &["one\ntwo\nthree\n"]);
}

#[test]
fn two_processes_on_windows_write_over_each_other() {
    let world = World::windows();
    let mut bench = Bench::before(&world, Hearing::Refused);
    let first = Handler::open(&world, &Bench::log(), usize::MAX);
    let second = Handler::open(&world, &Bench::log(), usize::MAX);
    let (long, short) = (lines("long", 3), lines("short", 1));
    // Both ask where the end is, and then both write there.
    let end = first.end();
    first.log_at(end, &long);
    second.log_at(end, &short);
    bench.look();
    first.log_at(first.end(), "after\n");
    bench.look();
    let text = bench.text();
    assert!(text.starts_with(&short) && text.ends_with("after\n"), "{text:?}");
    assert_eq!(text.len(), long.len() + 6, "every byte that stands in the file, once");
    // Written over after it was read: what is there now is other content.
    second.log_at(0, &lines("other", 5));
    bench.look();
    assert!(bench.text().ends_with(&lines("other", 5)), "{:?}", bench.text());
}

#[test]
fn a_second_reader_on_windows_stops_the_rollover_and_the_file_grows_on() {
    let world = World::windows();
    let mut bench = Bench::before(&world, Hearing::Refused);
    let mut handler = Handler::open(&world, &Bench::log(), 300);
    let scanner = Handler::open(&world, &Bench::log(), usize::MAX);
    let mut written = String::new();
    for round in 0..50 {
        let text = lines(&format!("round {round}"), 1);
        handler.log(&text);
        written.push_str(&text);
        bench.look();
    }
    assert!(handler.disabled, "by the other reader, which does not share deleting");
    drop(scanner);
    assert_whole(&bench, &[&written]);
    assert_eq!(bench.follower.status().len(), 1);
}

#[test]
fn a_backup_on_windows_that_is_being_deleted_is_let_go_within_one_look() {
    let world = World::windows();
    let mut bench = Bench::before(&world, Hearing::Refused);
    world.append(&Bench::log(), "one\n");
    bench.look();
    world.rename(&Bench::log(), &Bench::backup()).unwrap();
    world.append(&Bench::log(), "two\n");
    // Deleted in the middle of the look, whatever is open then.
    world.interrupt(6, |world| {
        let _ = world.remove(&Bench::backup());
    });
    bench.look();
    assert_eq!(world.open_handles(), 0);
    assert!(!world.paths_in(std::path::Path::new("/logs")).contains(&Bench::backup()), "its name is free");
    bench.look_for(12_000);
    assert_eq!(bench.lines(), ["one", "two"]);
    assert!(bench.ended.iter().all(|(_, reason)| *reason == EndReason::Deleted));
}
