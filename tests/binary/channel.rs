//! The control channel: what an app meets that talks to the agent itself.

use crate::world::{World, wait_for, words};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

/// One request over the channel, as a program of a studio would send it.
fn asked(channel: &Path, request: &str) -> std::io::Result<Value> {
    #[cfg(unix)]
    let mut stream = std::os::unix::net::UnixStream::connect(channel)?;
    #[cfg(windows)]
    let mut stream = std::fs::File::options().read(true).write(true).open(channel)?;
    stream.write_all(request.as_bytes())?;
    stream.write_all(b"\n")?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    serde_json::from_str(&line).map_err(std::io::Error::other)
}

/// Attaches; returns what was printed.
fn attached(world: &World, object: &Value) -> Value {
    let output = world.run_with_stdin(&["attach"], &object.to_string());
    assert!(output.status.success(), "{}", words(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn attach_says_where_the_agent_is_before_it_is_up_and_it_is_there() {
    let mut world = World::new();
    world.start_desk();
    let object = json!({ "v": 1, "type": "attach", "site": { "url": world.url() } });
    let first = attached(&world, &object);
    assert_eq!(
        (&first["ok"], &first["v"], &first["version"]),
        (&json!(true), &json!(1), &json!(env!("CARGO_PKG_VERSION")))
    );
    let channel = Path::new(first["channel"].as_str().unwrap());
    let answer = wait_for("the agent", || asked(channel, r#"{"v":1,"type":"status"}"#).ok(), String::new);
    assert_eq!(answer["site"]["url"], world.url());
    assert_eq!(attached(&world, &object), first, "the second one says the same of the agent that runs");

    let foreign = asked(channel, r#"{"v":1,"type":"dance"}"#).unwrap();
    assert_eq!((&foreign["ok"], &foreign["code"]), (&json!(false), &json!("not_understood")));
    let later = asked(channel, r#"{"v":2,"type":"stop"}"#).unwrap();
    assert_eq!(later["code"], "not_understood");
    assert_eq!(asked(channel, "}{").unwrap()["code"], "malformed");
}
