//! Files that are emptied, cut, replaced, copied, linked or restored: what is the same file, and what of it is new.

use crate::simulated::{Bench, Hearing, World, assert_whole, lines};
use log_follow::{EndReason, GapReason, StartReason};
use std::path::Path;

/// With handles and without, told of everything and told nothing.
fn benches() -> Vec<Bench> {
    let quiet = World::posix();
    quiet.0.borrow_mut().may_hold = false;
    vec![
        Bench::before(&World::posix(), Hearing::Prompt),
        Bench::before(&World::posix(), Hearing::Refused),
        Bench::before(&quiet, Hearing::Refused),
        Bench::before(&World::windows(), Hearing::Refused),
    ]
}

#[test]
fn copied_and_emptied_and_less_written_than_before() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let (old, unread, new) = (lines("old", 20), lines("unread", 3), lines("new", 2));
        world.append(&Bench::log(), &old);
        bench.look();
        world.append(&Bench::log(), &unread);
        world.copy(&Bench::log(), &Bench::backup());
        world.truncate(&Bench::log(), 0);
        world.append(&Bench::log(), &new);
        bench.look();
        bench.look_for(12_000);
        assert_whole(&bench, &[&old, &unread, &new]);
    }
}

#[test]
fn copied_and_emptied_again_and_again() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let mut written = String::new();
        for round in 0..20 {
            let text = lines(&format!("round {round}"), 5 + round % 7);
            world.append(&Bench::log(), &text);
            written.push_str(&text);
            // Where backups are left alone, what comes and goes between two looks has no trace.
            if round % 2 == 0 || !world.0.borrow().may_hold {
                bench.look();
            }
            let late = lines(&format!("late {round}"), 2);
            world.append(&Bench::log(), &late);
            written.push_str(&late);
            world.copy(&Bench::log(), &Bench::backup());
            // A look may fall between the copy and the emptying.
            if round % 3 == 0 {
                bench.look();
            }
            world.truncate(&Bench::log(), 0);
            bench.look();
        }
        assert_whole(&bench, &[&written]);
    }
}

#[test]
fn copied_and_emptied_while_we_were_away() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let (old, unread) = (lines("old", 20), lines("unread", 3));
        world.append(&Bench::log(), &old);
        bench.look();
        let mut bench = bench.restart();
        world.append(&Bench::log(), &unread);
        world.copy(&Bench::log(), &Bench::backup());
        world.truncate(&Bench::log(), 0);
        world.append(&Bench::log(), "new\n");
        bench.look();
        assert_whole(&bench, &[&unread, "new\n"]);
    }
}

#[test]
fn emptied_and_filled_beyond_the_old_position_with_another_beginning() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let (old, new) = (lines("old", 20), lines("other", 60));
        world.append(&Bench::log(), &old);
        bench.look();
        world.rewrite(&Bench::log(), &new);
        bench.look();
        assert_whole(&bench, &[&old, &new]);
    }
}

#[test]
fn emptied_and_filled_beyond_the_old_position_with_the_same_first_two_kilobytes() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let same = lines("same", 60);
        assert!(same.len() > 2_048);
        let (old, new) = (format!("{same}{}", lines("old", 5)), format!("{same}{}", lines("new", 20)));
        world.append(&Bench::log(), &old);
        bench.look();
        world.rewrite(&Bench::log(), &new);
        bench.look();
        assert_whole(&bench, &[&old, &new]);
    }
}

#[test]
fn emptied_and_filled_to_exactly_the_old_size() {
    for mut bench in benches() {
        let world = bench.world.clone();
        world.append(&Bench::log(), &lines("old", 20));
        bench.look();
        if !world.0.borrow().has_births {
            continue; // Windows tells no time of writing that could be trusted.
        }
        world.pass(1_000);
        world.rewrite(&Bench::log(), &lines("new", 20));
        bench.look();
        assert_whole(&bench, &[&lines("old", 20), &lines("new", 20)]);
    }
}

#[test]
fn unread_content_that_was_replaced_is_a_gap() {
    for mut bench in benches() {
        let world = bench.world.clone();
        world.append(&Bench::log(), "seen\n");
        bench.look();
        world.fail(crate::simulated::Call::Read, &Bench::log(), crate::simulated::errno::EIO, 2);
        world.append(&Bench::log(), "unread\n");
        bench.look_once();
        world.heal();
        world.rewrite(&Bench::log(), "x\n");
        bench.look();
        assert_eq!(bench.gaps, [(Some(7), GapReason::Overwritten)]);
        assert_eq!(bench.lines(), ["seen", "x"]);
    }
}

#[test]
fn an_editor_cut_the_end_off_and_the_program_went_on() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let text = lines("kept", 40);
        world.append(&Bench::log(), &text);
        bench.look();
        world.truncate(&Bench::log(), text.len() / 2);
        bench.look();
        world.append(&Bench::log(), "after\n");
        bench.look();
        assert_whole(&bench, &[&text, "after\n"]);
        assert_eq!(bench.reasons().last(), Some(&StartReason::Shortened));
    }
}

#[test]
fn deleted_and_made_again_with_the_same_number_and_shorter() {
    for mut bench in benches() {
        let world = bench.world.clone();
        world.append(&Bench::log(), &lines("old", 20));
        bench.look();
        world.remove(&Bench::log()).unwrap();
        world.append(&Bench::log(), &lines("new", 3));
        bench.look();
        bench.look_for(12_000);
        assert_whole(&bench, &[&lines("old", 20), &lines("new", 3)]);
    }
}

#[test]
fn deleted_and_made_again_with_the_same_number_while_we_were_away_and_longer_than_it_was_read() {
    for mut bench in benches() {
        let world = bench.world.clone();
        world.append(&Bench::log(), &lines("old", 20));
        bench.look();
        let mut bench = bench.restart();
        world.remove(&Bench::log()).unwrap();
        world.append(&Bench::log(), &lines("new", 60));
        bench.look();
        assert_eq!(bench.lines().len(), 60);
        assert_eq!(bench.gaps, [(None, GapReason::GoneWhileAway)]);
    }
}

#[test]
fn replaced_by_an_edited_copy() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let text = lines("line", 15_000);
        assert!(text.len() > 500_000);
        world.append(&Bench::log(), &text);
        bench.look();
        // One line in the middle is another one now, of the same length.
        let edited = text.replacen("line 7500", "LINE 7500", 1);
        let copy = Path::new("/logs/tk-maya.log~");
        world.append(copy, &edited);
        let _ = world.remove(&Bench::log());
        world.rename(copy, &Bench::log()).unwrap();
        world.append(&Bench::log(), "after\n");
        bench.look();
        assert_whole(&bench, &[&text, "after\n"]);
        assert_eq!(bench.ended.iter().filter(|(_, reason)| *reason == EndReason::Replaced).count(), 1);
    }
}

#[test]
fn two_logs_with_the_same_first_two_kilobytes() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let same = lines("same", 60);
        let other = Path::new("/logs/tk-nuke.log");
        world.append(&Bench::log(), &same);
        world.append(other, &same);
        bench.look();
        world.append(other, "nuke\n");
        world.append(&Bench::log(), "maya\n");
        bench.look();
        assert_whole(&bench, &[&same, &same, "nuke\n", "maya\n"]);
        let mut bench = bench.restart();
        world.append(other, "nuke again\n");
        bench.look();
        assert_whole(&bench, &["nuke again\n"]);
    }
}

#[test]
fn two_names_of_one_file() {
    for mut bench in benches() {
        let world = bench.world.clone();
        world.append(&Bench::log(), "one\n");
        bench.look();
        world.link(&Bench::log(), Path::new("/logs/tk-linked.log"));
        world.append(&Bench::log(), "two\n");
        bench.look();
        bench.look_for(6_000);
        assert_whole(&bench, &["one\n", "two\n"]);
    }
}

#[test]
fn restored_from_a_backup() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let text = lines("line", 40);
        world.append(&Bench::log(), &text);
        bench.look();
        // Another file with the same content and an older stamp.
        let copy = Path::new("/logs/restored");
        world.0.borrow_mut().clock_ms -= 3_600_000;
        world.append(copy, &text);
        world.remove(&Bench::log()).unwrap();
        world.rename(copy, &Bench::log()).unwrap();
        bench.look();
        world.append(&Bench::log(), "after\n");
        bench.look_for(12_000);
        assert_whole(&bench, &[&text, "after\n"]);
    }
}

#[test]
fn restored_from_a_backup_while_we_were_away() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let text = lines("line", 40);
        world.append(&Bench::log(), &text);
        bench.look();
        let mut bench = bench.restart();
        let copy = Path::new("/logs/restored");
        world.append(copy, &text);
        world.remove(&Bench::log()).unwrap();
        world.rename(copy, &Bench::log()).unwrap();
        world.append(&Bench::log(), "after\n");
        bench.look();
        assert_whole(&bench, &["after\n"]);
    }
}

#[test]
fn stamps_from_the_past_and_the_future_and_stamps_that_stand_still() {
    for clock_ms in [0, 2_208_988_800_000] {
        for mut bench in benches() {
            let world = bench.world.clone();
            {
                let mut state = world.0.borrow_mut();
                state.clock_ms = clock_ms;
                state.frozen_stamps = true;
            }
            let mut written = String::new();
            for round in 0..10 {
                let text = lines(&format!("round {round}"), 2);
                world.append(&Bench::log(), &text);
                written.push_str(&text);
                bench.look();
            }
            assert_whole(&bench, &[&written]);
        }
    }
}

#[test]
fn an_empty_file_one_header_and_less_than_the_marks_cover() {
    for mut bench in benches() {
        let world = bench.world.clone();
        let mut written = String::new();
        world.append(&Bench::log(), "");
        bench.look();
        assert_eq!(bench.started.len(), 1, "followed while it is empty");
        for piece in ["2026-01-14 19:49", ":11,961 [1 ERROR sgtk] first\n", "x", "y\n"] {
            world.append(&Bench::log(), piece);
            written.push_str(piece);
            bench.look();
            bench = {
                let before = std::mem::take(&mut bench.texts);
                let mut next = bench.restart();
                next.look();
                assert!(next.texts.is_empty(), "{:?}", next.texts);
                // Sources are numbered anew in each run.
                next.texts = before;
                next
            };
        }
        assert_eq!(bench.text().len(), written.len());
        assert!(bench.gaps.is_empty());
    }
}
