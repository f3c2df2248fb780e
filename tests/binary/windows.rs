//! What hosts on Windows do with the program: the Toolkit app in a Python of Windows, over pipes that it inherits and the
//! named pipe of the agent.

use crate::world::{World, words};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_toolkit_app_starts_an_agent_talks_to_it_and_hears_its_end() {
    let mut world = World::new();
    world.start_desk();
    let python = std::env::var_os("TK_INCIDENT_TEST_PYTHON")
        .expect("TK_INCIDENT_TEST_PYTHON names a Python of Windows: `cargo xtask test-windows` does");
    let program = world.program();
    let mut app = Command::new(python);
    app.arg(checkout().join("tests/windows/app.py")).arg(checkout().join("python"));
    app.arg(program.get_program()).arg(world.url());
    app.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = app.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    let lines = String::from_utf8_lossy(&output.stdout);
    let said: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let version = env!("CARGO_PKG_VERSION");
    assert!(said[0]["channel"].as_str().unwrap().starts_with(r"\\.\pipe\tk-incident-"), "{said:?}");
    assert_eq!(said[1..6], [json!(version), json!(true), json!([null]), json!(true), json!("bye")]);
    assert!(said[6].as_str().unwrap().contains("its place is taken by another user"), "{said:?}");
    let elsewhere = [json!(true), json!(["control channel"]), json!(true), json!(true)];
    assert_eq!(said[7..], elsewhere, "an agent whose name is taken is found under another");
}

#[test]
fn the_demo_ends_well() {
    let demo = World::new().run(&["demo", "--once"]);
    assert!(demo.status.success(), "{}", words(&demo));
}
