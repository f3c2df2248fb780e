//! A desk, and beside it the program that is rolled out, watched through its events.

use super::{folder, release_program, workstation_program};
use crate::shell::Done;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// An error record, each another problem.
pub(super) fn record(index: usize) -> String {
    // Another function each time: another problem.
    let name: String = index.to_string().chars().map(|digit| (b'a' + digit as u8 - b'0') as char).collect();
    format!(
        "2026-01-14 19:49:11,961 [77 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Publish failed\n\
         Traceback (most recent call last):\n  File \"/studio/tools/publish/step.py\", line 10, in step_{name}\n    go()\n\
         ValueError: bad range\n"
    )
}

/// A desk, and the program that is rolled out beside it, in a folder below `target/`.
pub(super) struct Trial {
    folder: PathBuf,
    desk: Child,
    agent: Child,
    events: BufReader<ChildStdout>,
}

impl Trial {
    pub(super) fn start(name: &str, files: usize) -> Result<Trial, String> {
        let with_desk = release_program()?;
        let program = workstation_program()?;
        let folder = folder().join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("logs")).map_err(|error| error.to_string())?;
        for file in 0..files {
            let harmless =
                "2026-01-14 19:49:11,961 [77 INFO sgtk.env.project.tk-maya] nothing to see\n".repeat(100);
            fs::write(folder.join(format!("logs/tk-engine{file}.log")), harmless)
                .map_err(|error| error.to_string())?;
        }
        let mut desk =
            spawn(Command::new(&with_desk).args(["--json", "desk", "--data"]).arg(folder.join("desk")))?;
        let mut line = String::new();
        let stdout = desk.stdout.take().ok_or("no pipe from the desk")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        let url = line
            .split("\"url\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .ok_or("no url of the desk")?;
        let config = folder.join("config.toml");
        let settings = format!(
            "[site]\nurl = '{url}'\nproject_id = 1\ncredentials = {{ script_key_file = '{}' }}\n[agent]\nstate_dir = '{}'\n[limits]\ngather_s = 0\ntickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0\n",
            folder.join("desk/script_key.toml").display(),
            folder.join("state").display()
        );
        fs::write(&config, settings).map_err(|error| error.to_string())?;
        let mut agent = spawn(
            Command::new(&program)
                .args(["--json", "run", "--config"])
                .arg(&config)
                .env("SHOTGUN_HOME", &folder),
        )?;
        let events = BufReader::new(agent.stdout.take().ok_or("no pipe from the agent")?);
        let mut trial = Trial { folder, desk, agent, events };
        trial.wait_for("\"type\":\"ready\"")?;
        std::thread::sleep(Duration::from_millis(500));
        Ok(trial)
    }

    pub(super) fn agent(&self) -> &Child {
        &self.agent
    }

    pub(super) fn append(&self, file: usize, text: &str) -> Done {
        let path = self.folder.join(format!("logs/tk-engine{file}.log"));
        let mut log = OpenOptions::new().append(true).open(path).map_err(|error| error.to_string())?;
        log.write_all(text.as_bytes()).map_err(|error| error.to_string())
    }

    pub(super) fn wait_for(&mut self, words: &str) -> Done {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let read = self.events.read_line(&mut line).map_err(|error| error.to_string())?;
            if read == 0 {
                return Err(format!("the agent ended before it said {words}"));
            }
        }
        Ok(())
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        for child in [&mut self.agent, &mut self.desk] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start the program: {error}"))
}
