//! The desk that is killed: this program, started again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use desk::{Desk, DeskOptions, Ready};
use serde_json::{Value, json};

/// Names the data folder, and makes this program a desk on it.
pub(crate) const DATA: &str = "DESK_KILL_TEST_DATA";

/// A desk that is killed when dropped, whatever becomes of the test.
pub(crate) struct Victim {
    child: Child,
    output: Option<ChildStdout>,
}

impl Victim {
    pub(crate) fn spawn(data: &Path) -> Victim {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(DATA, data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take();
        Victim { child, output }
    }

    /// Spawns one and waits until it is ready.
    pub(crate) fn start(data: &Path) -> (Victim, Ready) {
        let mut victim = Victim::spawn(data);
        let mut line = String::new();
        BufReader::new(victim.output.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Vec<Value> = serde_json::from_str(&line).expect("the desk starts");
        let text = |at: usize| ready[at].as_str().unwrap().to_owned();
        let ready = Ready {
            url: text(0),
            page: text(1),
            script_name: text(2),
            script_key: text(3),
            project_id: ready[4].as_i64().unwrap(),
        };
        (victim, ready)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Serves until it is killed.
pub(crate) fn serve(data: &Path) -> ! {
    let desk = Desk::start(DeskOptions { data: data.to_owned(), ..DeskOptions::default() }).unwrap();
    let ready = desk.ready();
    println!("{}", json!([ready.url, ready.page, ready.script_name, ready.script_key, ready.project_id]));
    std::io::stdout().flush().unwrap();
    loop {
        std::thread::park();
    }
}
