//! Folders and files that come, go, move, are links, or cannot be read for a while.

use crate::simulated::{Bench, Call, Hearing, World, assert_whole, errno, lines};
use log_follow::{FollowOptions, StartReason};
use std::path::Path;

const HEARINGS: [Hearing; 5] =
    [Hearing::Prompt, Hearing::Late, Hearing::Overrun, Hearing::Deaf, Hearing::Refused];

#[test]
fn a_file_born_after_the_start_is_read_from_its_first_byte_though_old_ones_are_not() {
    for hearing in HEARINGS {
        let world = World::posix();
        world.append(Path::new("/logs/tk-nuke.log"), "old\n");
        let mut bench = Bench::before(&world, hearing);
        world.append(&Bench::log(), "born\n");
        world.append(Path::new("/logs/tk-nuke.log"), "new\n");
        bench.look();
        assert_whole(&bench, &["born\n", "new\n"]);
        assert_eq!(bench.reasons(), [StartReason::ExistingAtEnd, StartReason::New]);
    }
}

#[test]
fn a_log_folder_that_is_made_later_deleted_and_made_again() {
    for hearing in HEARINGS {
        let folder = Path::new("/later");
        let log = folder.join("tk-maya.log");
        let world = World::posix();
        let mut bench = Bench::with(&world, hearing, FollowOptions::folder(folder), Vec::new());
        bench.look_for(3_000);
        assert_eq!(bench.troubles.len(), 1, "said once: {:?}", bench.troubles);
        for round in 0..3 {
            world.make_folder(folder);
            world.append(&log, &format!("first of {round}\n"));
            bench.look();
            world.append(&log, &format!("last of {round}\n"));
            world.remove_folder(folder);
            bench.look_for(20_000);
        }
        assert_whole(
            &bench,
            &["first of 0\nlast of 0\n", "first of 1\nlast of 1\n", "first of 2\nlast of 2\n"],
        );
        assert_eq!(world.open_handles(), 0);
    }
}

#[test]
fn a_log_folder_that_is_renamed_away_and_back() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        world.append(&Bench::log(), &lines("before", 5));
        bench.look();
        world.rename_folder(Path::new("/logs"), Path::new("/elsewhere"));
        world.append(Path::new("/elsewhere/tk-maya.log"), "meanwhile\n");
        bench.look_for(30_000);
        world.rename_folder(Path::new("/elsewhere"), Path::new("/logs"));
        world.append(&Bench::log(), "after\n");
        bench.look_for(2_000);
        assert_whole(&bench, &[&lines("before", 5), "meanwhile\n", "after\n"]);
    }
}

#[test]
fn an_unreadable_file_is_told_once_and_found_within_one_look_when_it_can_be_read() {
    for hearing in HEARINGS {
        let world = World::posix();
        let mut bench = Bench::before(&world, hearing);
        world.fail(Call::Open, &Bench::log(), errno::EACCES, 1_000);
        world.append(&Bench::log(), "hidden\n");
        bench.look_for(30_000);
        assert_eq!(bench.troubles.len(), 1, "{:?}", bench.troubles);
        world.heal();
        bench.look_for(5_000);
        assert_whole(&bench, &["hidden\n"]);
        assert_eq!(bench.recovered, 1);
    }
}

#[test]
fn no_handle_left_for_a_moment() {
    let world = World::posix();
    let mut bench = Bench::before(&world, Hearing::Prompt);
    world.append(&Bench::log(), "one\n");
    bench.look();
    world.fail(Call::Open, Path::new("/logs/tk-nuke.log"), errno::EMFILE, 3);
    world.append(Path::new("/logs/tk-nuke.log"), "two\n");
    world.append(&Bench::log(), "three\n");
    bench.look_for(10_000);
    assert_whole(&bench, &["one\nthree\n", "two\n"]);
}

#[test]
fn ten_thousand_logs_and_twenty_of_them_written() {
    for hearing in [Hearing::Prompt, Hearing::Refused] {
        let world = World::posix();
        let path = |index: usize| format!("/logs/tk-{index:05}.log");
        for index in 0..10_000 {
            world.append(Path::new(&path(index)), "old\n");
        }
        // What `ulimit -n 256` leaves the follower.
        world.0.borrow_mut().most_handles = 200;
        let mut bench = Bench::before(&world, hearing);
        assert!(world.open_handles() <= 128, "{}", world.open_handles());
        let (calls, opens) = (world.0.borrow().calls, world.0.borrow().opens);
        bench.look_for(60_000);
        assert_eq!(world.0.borrow().opens, opens, "no file is opened for nothing");
        let calls_a_look = (world.0.borrow().calls - calls) / 60;
        assert!(calls_a_look <= 4_500, "{calls_a_look} calls in a look after a second");

        let mut written = String::new();
        for round in 0..50 {
            for index in 0..20 {
                let text = format!("error {round} of {index}\n");
                world.append(Path::new(&path(index * 499)), &text);
                written.push_str(&text);
            }
            bench.look_once();
        }
        bench.look_for(6_000);
        assert_whole(&bench, &[&written]);
        assert!(bench.troubles.is_empty(), "{:?}", bench.troubles);
        assert!(world.open_handles() <= 150, "{}", world.open_handles());
        let calls = world.0.borrow().calls;
        bench.look_once();
        let calls = world.0.borrow().calls - calls;
        assert!(calls <= 400, "{calls} calls in a look 50 ms after the last");
    }
}

#[test]
fn a_closed_log_is_found_again_when_it_is_rotated_or_made_anew() {
    for hearing in [Hearing::Prompt, Hearing::Refused] {
        let world = World::posix();
        let options = FollowOptions { most_handles: 4, ..FollowOptions::folder("/logs") };
        let mut bench = Bench::with(&world, hearing, options, Vec::new());
        bench.look();
        let path = |index: usize| format!("/logs/tk-{index:02}.log");
        let mut written = String::new();
        for index in 0..40 {
            let text = lines(&format!("first of {index}"), 5);
            world.append(Path::new(&path(index)), &text);
            written.push_str(&text);
            bench.look();
        }
        bench.look_for(60_000);
        assert!(world.open_handles() <= 4, "{}", world.open_handles());
        for index in 0..40 {
            let (name, backup) = (path(index), format!("{}.1", path(index)));
            world.append(Path::new(&name), &format!("last of {index}\n"));
            world.rename(Path::new(&name), Path::new(&backup)).unwrap();
            world.append(Path::new(&name), &format!("new of {index}\n"));
            written.push_str(&format!("last of {index}\nnew of {index}\n"));
            bench.look();
        }
        bench.look_for(6_000);
        assert_whole(&bench, &[&written]);
    }
}

/// Real links, because what they lead to is the system's matter.
#[cfg(unix)]
mod links {
    use log_follow::{Event, FollowOptions, Follower, SystemDisk};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn look(follower: &mut Follower<SystemDisk>, now_ms: &mut u64) -> (Vec<String>, Vec<String>) {
        let (mut text, mut troubles) = (String::new(), Vec::new());
        for _ in 0..2 {
            *now_ms += 6_000;
            follower.look(*now_ms, &mut |event| match event {
                Event::Bytes { bytes, .. } => text.push_str(std::str::from_utf8(bytes).unwrap()),
                Event::Trouble { message, .. } => troubles.push(message),
                _ => {}
            });
        }
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        (lines, troubles)
    }

    fn append(path: &Path, text: &str) {
        use std::io::Write;
        let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_log_folder_that_is_a_link_and_is_switched() {
        let outer = tempfile::tempdir().unwrap();
        let (one, two, link) =
            (outer.path().join("one"), outer.path().join("two"), outer.path().join("logs"));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&two).unwrap();
        symlink(&one, &link).unwrap();
        let mut follower = Follower::new(SystemDisk, FollowOptions::folder(&link), Vec::new());
        let mut now_ms = 0;
        look(&mut follower, &mut now_ms);
        append(&one.join("tk-maya.log"), "in one\n");
        assert_eq!(look(&mut follower, &mut now_ms).0, ["in one"]);
        append(&two.join("tk-maya.log"), "in two\n");
        fs::remove_file(&link).unwrap();
        symlink(&two, &link).unwrap();
        append(&one.join("tk-maya.log"), "one goes on\n");
        assert_eq!(look(&mut follower, &mut now_ms).0, ["in two", "one goes on"]);
    }

    #[test]
    fn a_log_that_is_a_link_to_nothing_to_itself_and_to_changing_files() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("tk-maya.log");
        let mut follower = Follower::new(SystemDisk, FollowOptions::folder(folder.path()), Vec::new());
        let mut now_ms = 0;
        symlink(folder.path().join("target"), &log).unwrap();
        symlink(folder.path().join("tk-loop.log"), folder.path().join("tk-loop.log")).unwrap();
        let (lines, troubles) = look(&mut follower, &mut now_ms);
        assert!(lines.is_empty());
        assert_eq!(troubles.len(), 1, "of the loop: {troubles:?}");
        append(&folder.path().join("target"), "through the link\n");
        assert_eq!(look(&mut follower, &mut now_ms).0, ["through the link"]);
        append(&folder.path().join("other"), "in another file\n");
        fs::remove_file(&log).unwrap();
        symlink(folder.path().join("other"), &log).unwrap();
        let (lines, troubles) = look(&mut follower, &mut now_ms);
        assert_eq!(lines, ["in another file"]);
        assert!(troubles.is_empty(), "{troubles:?}");
    }
}
