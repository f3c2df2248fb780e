//! A traceback for the eye: runs of lines, what is not the studio's folded away.

use crate::page::frame_origin::{self, Origin};
use crate::page::words::Lang;
use crate::ticket_text::{TraceKind, TraceLine};

/// Names of owners in the line of a folded run.
const MAX_NAMES: usize = 3;

/// Lines that belong together.
pub(crate) struct Run {
    /// Frames of the studio, or of an app where the text says to look.
    pub(crate) ours: bool,
    /// The line that stands for the run while it is folded; none: it is always in sight.
    pub(crate) folded: Option<String>,
    pub(crate) lines: Vec<TraceLine>,
}

/// Cuts a traceback into runs.
pub(crate) fn runs(lines: Vec<TraceLine>, lang: Lang) -> Vec<Run> {
    let mut building: Vec<Building> = Vec::new();
    for line in lines {
        match &line.kind {
            TraceKind::Frame { folder, file, .. } => {
                let origin = frame_origin::of(&format!("{folder}{file}"));
                let ours = origin == Origin::Studio || line.key;
                match building.last_mut() {
                    Some(run) if run.frames > 0 && run.ours == ours => run.add(line, Some(origin)),
                    _ => building.push(Building::new(ours, line, Some(origin))),
                }
            }
            TraceKind::Code => match building.last_mut() {
                Some(run) => run.add(line, None),
                None => building.push(Building::new(true, line, None)),
            },
            TraceKind::Joint | TraceKind::Error => match building.last_mut() {
                Some(run) if run.frames == 0 => run.add(line, None),
                _ => building.push(Building::new(true, line, None)),
            },
        }
    }
    building.into_iter().map(|run| run.finish(lang)).collect()
}

struct Building {
    ours: bool,
    frames: usize,
    names: Vec<String>,
    origins: Vec<Origin>,
    lines: Vec<TraceLine>,
}

impl Building {
    fn new(ours: bool, line: TraceLine, origin: Option<Origin>) -> Building {
        let mut run = Building { ours, frames: 0, names: Vec::new(), origins: Vec::new(), lines: Vec::new() };
        run.add(line, origin);
        run
    }

    fn add(&mut self, line: TraceLine, origin: Option<Origin>) {
        self.lines.push(line);
        if let Some(origin) = origin {
            self.frames += 1;
            if !self.origins.contains(&origin) {
                self.origins.push(origin);
            }
        }
    }

    fn finish(mut self, lang: Lang) -> Run {
        let folded = (!self.ours && self.frames > 1).then(|| {
            self.names = self.origins.iter().take(MAX_NAMES).map(|origin| lang.origin(origin)).collect();
            if self.origins.len() > MAX_NAMES {
                self.names.push("…".to_owned());
            }
            lang.frames(self.frames, &self.names.join(", "))
        });
        Run { ours: self.ours && self.frames > 0, folded, lines: self.lines }
    }
}

impl TraceLine {
    /// The style class of the line.
    pub(crate) fn class(&self) -> &'static str {
        match (&self.kind, self.key) {
            (TraceKind::Joint, _) => "joint",
            (TraceKind::Error, true) => "error key",
            (TraceKind::Error, false) => "error",
            (TraceKind::Frame { .. }, true) => "frame key",
            (TraceKind::Frame { .. }, false) => "frame",
            (TraceKind::Code, true) => "code key",
            (TraceKind::Code, false) => "code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket_text::{Part, parse};

    #[test]
    fn what_nobody_here_can_change_is_folded() {
        let text = "OSError: no\n\nWhere: copy in hook.py, line 2 (the configuration)\n\nTraceback (most recent call last):\n  \
            File \"/c/bundle_cache/app_store/tk-multi-publish2/v1/a.py\", line 2, in go\n    go()\n  \
            File \"/c/bundle_cache/app_store/tk-core/v1/b.py\", line 2, in run\n  \
            File \"/studio/hook.py\", line 2, in copy\n    shutil.copy()\n  \
            File \"/usr/lib/python3.11/shutil.py\", line 9, in copyfile\nOSError: no\n";
        let Some(Part::Traceback(lines)) = parse(text).parts.pop() else { panic!("no traceback") };
        let count = lines.len();
        let runs = runs(lines, Lang::En);
        let seen: Vec<(bool, Option<&str>, usize)> =
            runs.iter().map(|run| (run.ours, run.folded.as_deref(), run.lines.len())).collect();
        assert_eq!(
            seen,
            [
                (false, None, 1),
                (false, Some("2 calls in tk-multi-publish2, Toolkit"), 3),
                (true, None, 2),
                (false, None, 1),
                (false, None, 1),
            ]
        );
        assert_eq!(runs.iter().map(|run| run.lines.len()).sum::<usize>(), count, "no line is lost");
    }
}
