//! The demo's processes and folders: a desk, an agent, a place for logs. All of it is gone when the demo ends.

use crate::output::{FAINT, Output, harmless};
use crate::stop_signal;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// For a process to come up.
const START_PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Stage {
    folder: TempDir,
    desk: Option<Child>,
    agent: Option<Child>,
    ready: Value,
    events: Receiver<Value>,
    /// Events nobody has waited for yet.
    unheard: Vec<Value>,
    last: Option<Value>,
}

impl Stage {
    /// Starts the desk and the agent.
    pub(super) fn set() -> Result<Stage> {
        let folder = tempfile::Builder::new().prefix("tk-incident-demo-").tempdir()?;
        std::fs::create_dir_all(folder.path().join("logs"))?;
        let (_, events) = channel();
        let mut stage = Stage {
            folder,
            desk: None,
            agent: None,
            ready: Value::Null,
            events,
            unheard: Vec::new(),
            last: None,
        };
        stage.start_desk()?;
        stage.start_agent()?;
        Ok(stage)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    pub(super) fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap_or_default()
    }

    pub(super) fn page(&self) -> &str {
        self.ready["page"].as_str().unwrap_or_default()
    }

    pub(super) fn desk_data(&self) -> PathBuf {
        self.folder.path().join("desk")
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("tk-incident.toml")
    }

    /// Starts the desk; after a kill on the same address and with the same data.
    pub(super) fn start_desk(&mut self) -> Result<()> {
        let listen = match self.url().strip_prefix("http://") {
            Some(address) => address.to_owned(),
            None => "127.0.0.1:0".to_owned(),
        };
        let mut desk = this_program()?
            .args(["--json", "desk", "--listen", &listen, "--data"])
            .arg(self.desk_data())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the desk")?;
        let lines = lines_of(desk.stdout.take().expect("asked for a pipe above"));
        self.desk = Some(desk);
        let ready = lines.recv_timeout(START_PATIENCE).context("the desk did not come up")?;
        ensure!(ready["type"] == "ready", "the desk said something unexpected first");
        self.ready = ready;
        Ok(())
    }

    /// As a power cut would.
    pub(super) fn kill_desk(&mut self) {
        if let Some(mut desk) = self.desk.take() {
            end(&mut desk);
        }
    }

    fn start_agent(&mut self) -> Result<()> {
        let text = |path: PathBuf| toml::Value::String(path.display().to_string());
        let config = format!(
            "[site]\nurl = \"{}\"\nproject_id = {}\ncredentials = {{ script_key_file = {} }}\n\
             [watch]\nfolders = [{}]\n[agent]\nstate_dir = {}\n\
             [limits]\ngather_s = 0\ncount_flush_s = 1\nretry_min_s = 1\nretry_max_s = 1\n\
             tickets_per_hour = 0\ntickets_per_day = 0\nwrites_per_minute = 0\n",
            self.url(),
            self.ready["project_id"],
            text(self.desk_data().join("script_key.toml")),
            text(self.logs()),
            text(self.folder.path().join("state")),
        );
        std::fs::write(self.config(), config)?;
        let mut agent = this_program()?
            .args(["--json", "run", "--config"])
            .arg(self.config())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the agent")?;
        self.events = lines_of(agent.stdout.take().expect("asked for a pipe above"));
        self.agent = Some(agent);
        self.wait_for(START_PATIENCE, |event| event["type"] == "ready").context("the agent did not come up")
    }

    /// Waits for an event of the agent. Events that do not fit are kept for later waits.
    pub(super) fn wait_for(&mut self, within: Duration, fits: impl Fn(&Value) -> bool) -> Result<()> {
        if let Some(index) = self.unheard.iter().position(&fits) {
            self.unheard.remove(index);
            return Ok(());
        }
        let deadline = Instant::now() + within;
        loop {
            ensure!(!stop_signal::asked(), "interrupted");
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("waited {:.0} s for it in vain", within.as_secs_f32());
            }
            match self.events.recv_timeout(left.min(Duration::from_millis(200))) {
                Ok(event) => {
                    self.last = Some(event.clone());
                    if fits(&event) {
                        return Ok(());
                    }
                    self.unheard.push(event);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("the agent has ended"),
            }
        }
    }

    /// What the Toolkit app does.
    pub(super) fn attach(&self, object: &Value) -> Result<()> {
        let mut attach = this_program()?
            .args(["attach", "--config"])
            .arg(self.config())
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot run attach")?;
        let mut stdin = attach.stdin.take().expect("asked for a pipe above");
        stdin.write_all(object.to_string().as_bytes())?;
        drop(stdin);
        let status = attach.wait()?;
        ensure!(status.success(), "attach failed ({status})");
        Ok(())
    }

    /// `status --json`
    pub(super) fn status(&self) -> Result<Value> {
        let status = this_program()?.args(["--json", "status", "--config"]).arg(self.config()).output()?;
        ensure!(status.status.success(), "status failed: {}", String::from_utf8_lossy(&status.stderr).trim());
        Ok(serde_json::from_slice(&status.stdout)?)
    }

    /// What the agent knows, for a demo that failed.
    pub(super) fn explain(&self, output: &Output) {
        if let Ok(status) = self.status() {
            output.note(&format!("{FAINT}the agent's status: {}{FAINT:#}", harmless(&status.to_string())));
        }
        if let Some(last) = &self.last {
            output.note(&format!("{FAINT}its last event: {}{FAINT:#}", harmless(&last.to_string())));
        }
    }

    /// Ends the processes and removes the folder.
    pub(super) fn strike(mut self) {
        self.end_processes();
    }

    fn end_processes(&mut self) {
        for child in [self.agent.take(), self.desk.take()].iter_mut().flatten() {
            end(child);
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end_processes();
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself, as after Ctrl-C in the same terminal.
    let _ = child.kill();
    let _ = child.wait();
}

fn this_program() -> Result<Command> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    // The demo is the same wherever it runs: no settings from outside.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TK_INCIDENT_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// JSON lines of a child, as they come. The thread ends with the pipe.
fn lines_of(stdout: ChildStdout) -> Receiver<Value> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Ok(value) = serde_json::from_str(&line)
                && send.send(value).is_err()
            {
                return;
            }
        }
    });
    receive
}
