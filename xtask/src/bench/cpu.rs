//! CPU time and memory of another program, from what a plain Linux offers.
//!
//! CPU time comes from bash's `time`, which asks the kernel for what an ended child has used, all its threads included;
//! memory from the highest value that `/proc` tells while the program runs.

use crate::shell::exists;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A program and its arguments; what it prints goes nowhere.
pub(super) struct Run<'a> {
    pub(super) program: &'a OsStr,
    pub(super) arguments: Vec<&'a OsStr>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        program: &'a (impl AsRef<OsStr> + ?Sized),
        arguments: &[&'a str],
        file: &'a Path,
    ) -> Self {
        let mut all: Vec<&OsStr> = Vec::with_capacity(arguments.len() + 1);
        for argument in arguments {
            all.push(OsStr::new(*argument));
        }
        all.push(file.as_os_str());
        Run { program: program.as_ref(), arguments: all }
    }

    /// User and system time of one run, in milliseconds.
    pub(super) fn cpu_ms(&self) -> Result<f64, String> {
        if !exists("bash") {
            return Err("measuring needs bash, whose `time` tells the CPU time of a program".to_owned());
        }
        let output = Command::new("bash")
            .args(["-c", "TIMEFORMAT='%3U %3S'; time \"$@\" > /dev/null", "bash"])
            .arg(self.program)
            .args(&self.arguments)
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("bash: {error}"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{} failed ({}): {}", self.program.display(), output.status, said.trim()));
        }
        let last = said.lines().last().unwrap_or_default();
        let seconds: Option<Vec<f64>> = last.split(' ').map(|number| number.parse().ok()).collect();
        seconds
            .filter(|seconds| seconds.len() == 2)
            .map(|seconds| seconds.iter().sum::<f64>() * 1_000.0)
            .ok_or_else(|| format!("no times from bash: {last}"))
    }

    /// The most memory one run had at a time, in bytes. The last thousandth of a second may be missing.
    pub(super) fn peak_bytes(&self) -> Result<u64, String> {
        if !cfg!(target_os = "linux") {
            return Err("memory is measured by /proc, on Linux only".to_owned());
        }
        let mut child = Command::new(self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        loop {
            let now = fs::read_to_string(&status).ok().and_then(|text| {
                let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
                line.split_whitespace().next()?.parse::<u64>().ok()
            });
            peak = peak.max(now.unwrap_or(0) * 1024);
            if let Some(ended) = child.try_wait().map_err(|error| error.to_string())? {
                return if ended.success() && peak > 0 {
                    Ok(peak)
                } else {
                    Err(format!("{} ended with {ended}", self.program.display()))
                };
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
