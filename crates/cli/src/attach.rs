//! `attach` and `detach`: what the Toolkit app calls. One JSON object on stdin, an answer at once: the exit code, and of
//! `attach` one line that says where the agent is to be found.
//!
//! `attach` hands the object to the running agent, or starts one and gives it the object on its stdin: secrets
//! are never in arguments or environment. It does not wait for the agent to be up; of several that start at
//! the same moment one gets the lock, and the others hand their object to it (`hand_over.rs`).

use crate::arguments::Global;
use crate::exit::{Failure, Outcome};
use crate::hand_over::{Given, give};
use crate::options::{candidates, settings, state_folder};
use crate::output::Output;
use crate::run::site_url;
use agent::attach::Attach;
use agent::control::{AskError, ask, first_choice};
use agent::version;
use anyhow::Context;
use serde_json::json;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An attach object is a few kilobytes.
const MOST_BYTES: u64 = 1024 * 1024;

pub(crate) fn attach(global: &Global, output: &Output) -> Outcome {
    let told = read_object()?;
    let attach = parse(&told)?;
    let settings = settings(global, &[], Some(&attach.settings))?;
    let folder = state_folder(&settings, site_url(&settings, Some(&attach)).as_deref())?;
    let (running, channel) = match give(&folder, &told)? {
        Given::Taken { version, channel } => (version, Some(channel)),
        Given::Nobody | Given::Older => {
            // What the agent could not tell anyone is told here, where somebody listens.
            folder.create().map_err(|source| {
                let path = folder.path().to_owned();
                Failure::from(agent::agent::AgentError::Folder { path, source })
            })?;
            start(global, &told)?;
            (Some(version::this().to_owned()), first_choice(&folder).ok())
        }
    };
    let file = std::path::absolute(folder.channel()).ok();
    let text = |path: Option<PathBuf>| path.and_then(|path| path.to_str().map(str::to_owned));
    output.object(&json!({
        "ok": true, "v": 1, "channel": text(channel), "channel_file": text(file), "version": running,
    }))?;
    Ok(0)
}

pub(crate) fn detach(global: &Global) -> Outcome {
    let told = read_object()?;
    let settings = settings(global, &[], None)?;
    for folder in candidates(&settings)? {
        match ask(&folder, &told) {
            // Without an agent there is nothing to detach from.
            Ok(_) | Err(AskError::Stopping) => {}
            Err(error) if error.is_nobody() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(0)
}

/// The object on stdin, in one line.
pub(crate) fn read_object() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(MOST_BYTES)
        .read_to_string(&mut text)
        .context("cannot read the JSON object on stdin")
        .map_err(Failure::usage)?;
    Ok(text.replace(['\n', '\r'], " "))
}

/// The parser's words are left out of errors: they may quote a token.
pub(crate) fn parse(told: &str) -> Result<Attach, Failure> {
    serde_json::from_str(told).map_err(|error| {
        Failure::usage(anyhow::anyhow!(
            "stdin must hold one JSON object as docs/json.md describes it ({:?} error in column {})",
            error.classify(),
            error.column()
        ))
    })
}

/// Starts an agent that outlives us and the host: its own process group, no console, no inherited handles, a
/// current folder that stays.
pub(crate) fn start(global: &Global, told: &str) -> Result<(), Failure> {
    let program = std::env::current_exe().context("cannot find this program to start the agent with")?;
    let mut command = Command::new(&program);
    if let Some(config) = &global.config {
        let config = std::path::absolute(config).unwrap_or_else(|_| config.clone());
        command.arg("--config").arg(config);
    }
    command.args(["--quiet", "run", "--attach-stdin"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(home) = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"))
        && std::path::Path::new(&home).is_dir()
    {
        command.current_dir(home);
    }
    detached(&mut command);
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", program.display()))?;
    let mut stdin = child.stdin.take().expect("asked for a pipe above");
    stdin.write_all(told.as_bytes()).context("the agent did not take the session")?;
    Ok(())
}

#[cfg(unix)]
fn detached(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(windows)]
fn detached(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};
    command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
    keep_our_pipes();
}

/// A child gets every handle that may be inherited, and ours may: whoever started us with pipes made them so. The agent
/// would hold them open, and who waits for the end of our output would wait for the agent's.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the standard library cannot say which handles a child gets")]
fn keep_our_pipes() {
    use std::os::windows::io::AsRawHandle;
    use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    for handle in [stdin.as_raw_handle(), stdout.as_raw_handle(), stderr.as_raw_handle()] {
        // SAFETY: it takes a handle of this process and touches no memory; one that is none is refused.
        let _ = unsafe { SetHandleInformation(handle.cast(), HANDLE_FLAG_INHERIT, 0) };
    }
}
