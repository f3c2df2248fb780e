//! `desk backup`, as an admin calls it.

use crate::world::{World, json_lines, words};

#[test]
fn a_running_desk_is_copied_once_and_never_over_something() {
    let mut world = World::new();
    world.start_desk();
    let (data, copy) = (world.path("desk"), world.path("copy"));
    let (data, copy) = (data.to_str().unwrap(), copy.to_str().unwrap());
    let done = world.run(&["--json", "desk", "backup", "--data", data, "--to", copy]);
    assert!(done.status.success(), "{}", words(&done));
    let told = json_lines(&done);
    assert_eq!(
        (&told[0]["type"], &told[0]["v"], &told[0]["to"]),
        (&"backup".into(), &1.into(), &copy.into())
    );
    assert!(world.path("copy/desk.db").exists());

    let again = world.run(&["desk", "backup", "--data", data, "--to", copy]);
    assert_eq!(again.status.code(), Some(2), "{}", words(&again));
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"), "{}", words(&again));
    let nothing = world.run(&["desk", "backup", "--data", "nowhere", "--to", "elsewhere"]);
    assert_eq!(nothing.status.code(), Some(2), "{}", words(&nothing));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("there is no desk in nowhere"));
}
