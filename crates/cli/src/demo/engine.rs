//! A stand-in for one host with a Toolkit engine: writes a log as Toolkit's handler does, and fails on cue.
//!
//! The format, the rollover in four steps and one write per record are the real handler's (docs/following.md);
//! the failures are modelled on what Toolkit apps raise. The tests with a real Toolkit engine are elsewhere.

use super::stage::Stage;
use anyhow::{Context, Result};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

/// Something that goes wrong. Each is a problem of its own, recognisable by its mark in the title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Connection,
    Publish,
    Chained,
    BeforeRollover,
    AfterRollover,
    AfterTruncation,
    DuringOutage,
}

impl Failure {
    /// Part of the ticket's title.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Failure::Connection => "ConnectionResetError",
            Failure::Publish => "ValueError",
            Failure::Chained => "nuke_shot_render",
            Failure::BeforeRollover => "sg_published_file",
            Failure::AfterRollover => "PermissionError",
            Failure::AfterTruncation => "AttributeError",
            Failure::DuringOutage => "ZeroDivisionError",
        }
    }

    fn logger(self) -> &'static str {
        match self {
            Failure::Connection => "tk-multi-about",
            Failure::Publish | Failure::AfterRollover => "tk-multi-publish2",
            Failure::Chained | Failure::BeforeRollover => "tk-multi-loader2",
            Failure::AfterTruncation | Failure::DuringOutage => "tk-multi-workfiles2",
        }
    }

    fn text(self) -> String {
        let frame = |app: &str, version: &str, file: &str, line: u32, function: &str, source: &str| {
            format!(
                "  File \"/studio/bundle_cache/app_store/{app}/{version}/python/{file}\", line {line}, in {function}\n    {source}\n"
            )
        };
        let begin = "Traceback (most recent call last):\n";
        match self {
            Failure::Connection => format!(
                "Could not reach the site\n{begin}{}ConnectionResetError: [Errno 104] Connection reset by peer",
                frame(
                    "tk-multi-about",
                    "v0.4.1",
                    "tk_multi_about/dialog.py",
                    88,
                    "refresh",
                    "self._model.load()"
                )
            ),
            Failure::Publish => format!(
                "Publish of bunny_010_anim_v012.ma failed\n{begin}{}{}ValueError: first frame 1101 is after last frame 1001",
                frame(
                    "tk-multi-publish2",
                    "v2.10.8",
                    "tk_multi_publish2/api/item.py",
                    412,
                    "execute",
                    "plugin.run_publish(settings, item)"
                ),
                frame(
                    "tk-multi-publish2",
                    "v2.10.8",
                    "tk_multi_publish2/base/frames.py",
                    57,
                    "check_range",
                    "raise ValueError(text)"
                )
            ),
            Failure::Chained => format!(
                "불러오기 실패: 샷 버니_010\n{begin}{}KeyError: 'nuke_shot_render'\n\nThe above exception was the direct cause of the following exception:\n\n{begin}{}TankError: the template of this render is not known",
                frame(
                    "tk-multi-loader2",
                    "v1.25.3",
                    "tk_multi_loader/loader.py",
                    203,
                    "resolve",
                    "return templates[name]"
                ),
                frame(
                    "tk-multi-loader2",
                    "v1.25.3",
                    "tk_multi_loader/actions.py",
                    77,
                    "import_read",
                    "path = self.resolve(entity)"
                )
            ),
            Failure::BeforeRollover => format!(
                "Action hook failed\n{begin}{}KeyError: 'sg_published_file'",
                frame(
                    "tk-multi-loader2",
                    "v1.25.3",
                    "tk_multi_loader/actions.py",
                    141,
                    "execute_action",
                    "data = params['sg_published_file']"
                )
            ),
            Failure::AfterRollover => format!(
                "Could not copy the work file\n{begin}{}PermissionError: [Errno 13] Permission denied: '/projects/bunny/work/anim.ma'",
                frame(
                    "tk-multi-publish2",
                    "v2.10.8",
                    "tk_multi_publish2/base/copy.py",
                    31,
                    "copy_file",
                    "shutil.copy(source, target)"
                )
            ),
            Failure::AfterTruncation => format!(
                "Could not build the file list\n{begin}{}AttributeError: 'NoneType' object has no attribute 'entity'",
                frame(
                    "tk-multi-workfiles2",
                    "v0.15.4",
                    "tk_multi_workfiles/file_model.py",
                    519,
                    "refresh",
                    "return context.entity"
                )
            ),
            Failure::DuringOutage => format!(
                "Progress could not be shown\n{begin}{}ZeroDivisionError: division by zero",
                frame(
                    "tk-multi-workfiles2",
                    "v0.15.4",
                    "tk_multi_workfiles/progress.py",
                    12,
                    "percent",
                    "return done / total"
                )
            ),
        }
    }
}

/// One host.
pub(super) struct Engine {
    name: &'static str,
    pid: u32,
    path: PathBuf,
    file: File,
}

impl Engine {
    /// Tells the agent of the session, as the Toolkit app does, and begins a log.
    pub(super) fn start(stage: &Stage, name: &'static str, pid: u32) -> Result<Engine> {
        let host = match name {
            "tk-maya" => json!({ "name": "Maya", "version": "2026.1" }),
            "tk-nuke" => json!({ "name": "NukeX", "version": "15.1v2" }),
            _ => json!({ "name": "Desktop", "version": "v1.9.1 / v2.0.4" }),
        };
        stage.attach(&json!({
            "v": 1, "type": "attach",
            "site": { "url": stage.url(), "login": "alice" },
            "log_folder": stage.logs(),
            "session": {
                "pid": pid, "started": "2026-01-14T09:00:00Z", "login": "alice",
                "engine": { "name": name, "instance": name, "version": "v1.2.3" }, "host": host,
                "environment": "project", "core_version": "v0.24.0", "python": "3.11.7",
                "configuration": { "name": "Primary", "id": 33 },
                "context": { "project": { "type": "Project", "id": 1, "name": "bunny" },
                             "entity": { "type": "Shot", "id": 862, "name": "bunny_010" },
                             "task": { "type": "Task", "id": 1204, "name": "anim" },
                             "user": { "type": "HumanUser", "id": 42, "name": "Alice Kim" } },
            },
        }))?;
        let path = stage.logs().join(format!("{name}.log"));
        let file = open(&path)?;
        Ok(Engine { name, pid, path, file })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Harmless records.
    pub(super) fn chat(&mut self, count: u32) -> Result<()> {
        for number in 0..count {
            self.record(
                "INFO",
                "tk-multi-about",
                &format!("Step {number} of the day is done, no ERROR at all"),
            )?;
        }
        Ok(())
    }

    pub(super) fn fail(&mut self, failure: Failure) -> Result<()> {
        self.record("ERROR", failure.logger(), &failure.text())
    }

    /// As the handler: one record is one write.
    fn record(&mut self, level: &str, app: &str, text: &str) -> Result<()> {
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f");
        let line = format!("{now} [{} {level} sgtk.env.project.{}.{app}] {text}\n", self.pid, self.name);
        self.file
            .write_all(line.as_bytes())
            .with_context(|| format!("cannot write `{}`", self.path.display()))
    }

    /// The four steps of Toolkit's rollover.
    pub(super) fn roll_over(&mut self) -> Result<()> {
        let beside = |suffix: &str| PathBuf::from(format!("{}.{suffix}", self.path.display()));
        let trial = beside("5f0c9bde-3c1f-4c67-8a63-0a52b9c1d7e4");
        std::fs::rename(&self.path, &trial)?;
        std::fs::rename(&trial, &self.path)?;
        let backup = beside("1");
        if backup.exists() {
            std::fs::remove_file(&backup)?;
        }
        std::fs::rename(&self.path, &backup)?;
        self.file = open(&self.path)?;
        Ok(())
    }

    /// Not by our handle: on Windows one that only appends may not do that.
    pub(super) fn empty_log(&mut self) -> Result<()> {
        Ok(OpenOptions::new().write(true).open(&self.path)?.set_len(0)?)
    }
}

fn open(path: &std::path::Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open `{}`", path.display()))
}
