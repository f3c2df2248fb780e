//! From a cause's text to the lines of a record in a world.
//!
//! One line of a template is one of:
//!
//! | line | is |
//! | --- | --- |
//! | `#tb` | the line that begins a traceback |
//! | `#cause`, `#during` | the sentence between two chained exceptions |
//! | `#2 text`, `#3 text` | text on Python 2 only, on Python 3 only |
//! | `#repeat` | the frame above again and again |
//! | `#escape` … `#end` | the lines between as one line, as Python shows a text with line ends |
//! | `@place file function \| source` | a frame; `@?` one that Python 3.12 no longer has; function `-`: the place of a syntax error; `*name`: as faulthandler prints it |
//! | `!…` | the line of an exception (`raised.rs`) |
//! | anything else | itself |
//!
//! Frames and exceptions may stand behind a margin of `|`. Slots (`slot.rs`) are filled everywhere.

use std::borrow::Cow;

use crate::raised;
use crate::random::{Random, hash};
use crate::slot;
use crate::world::World;

/// The record's lines behind the header, joined with line feeds; the first one continues the header line.
///
/// # Errors
/// Says which line is not understood.
pub(crate) fn render(text: &str, world: &World) -> Result<String, String> {
    let mut out: Vec<String> = Vec::new();
    let mut escaped: Option<(usize, String)> = None;
    let mut last_frame: Vec<String> = Vec::new();
    let text = with_callers(text.trim_end(), world);
    for line in text.lines() {
        let (margin, content) = margin(line);
        if let Some(frame) = content.strip_prefix('@') {
            last_frame = frame_lines(frame, world).map_err(|reason| format!("`{line}`: {reason}"))?;
            out.extend(last_frame.iter().map(|part| format!("{margin}{part}")));
            continue;
        }
        if let Some(exception) = content.strip_prefix('!') {
            let said = raised::line(exception, world).map_err(|reason| format!("`{line}`: {reason}"))?;
            out.extend(said.lines().map(|part| format!("{margin}{part}")));
            continue;
        }
        match content {
            "#tb" => out.push(format!("{margin}Traceback (most recent call last):")),
            "#cause" => {
                out.extend(between("The above exception was the direct cause of the following exception:"))
            }
            "#during" => {
                out.extend(between("During handling of the above exception, another exception occurred:"))
            }
            "#repeat" => repeat(&last_frame, world, &mut out),
            "#escape" => escaped = Some((out.len(), out.pop().unwrap_or_default())),
            "#end" => {
                let (from, lead) = escaped.take().ok_or("`#end` without `#escape`")?;
                let inner = out.split_off(from - 1).join("\n");
                let shown = inner.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                out.push(format!("{lead}\"{shown}\\n\""));
            }
            _ => {
                let wanted = if world.python.0 == 2 { "#2" } else { "#3" };
                let line = match content.get(..2) {
                    Some("#2" | "#3") if content.get(..2) != Some(wanted) => continue,
                    Some("#2" | "#3") => content[2..].strip_prefix(' ').unwrap_or_default(),
                    _ => line,
                };
                out.push(slot::fill(line, world).map_err(|reason| format!("`{line}`: {reason}"))?);
            }
        }
    }
    Ok(out.join("\n"))
}

/// The text with other callers before the frames of its outermost traceback, which is the last one.
fn with_callers<'t>(text: &'t str, world: &World) -> Cow<'t, str> {
    const CALLERS: [&str; 6] = [
        "@app:tk-kestrel-toolbox python/tk_kestrel_toolbox/shelf.py on_click | self._commands[name]()",
        "@studio pipelinetools/ui/buttons.py clicked | self._callback()",
        "@app:tk-multi-demo python/tk_multi_demo/demo.py _on_run | run(self)",
        "@config hooks/shelf.py execute | run_command(name)",
        "@studio pipelinetools/batch/session.py main | steps[name](context)",
        "@app:tk-multi-devutils app.py _run | self._action(item)",
    ];
    const HEAD: &str = "#tb\n";
    let (Some(seed), Some(at)) = (world.callers, text.rfind(HEAD)) else { return Cow::Borrowed(text) };
    let mut random = Random::of(seed, "callers");
    let (before, frames) = text.split_at(at + HEAD.len());
    let callers: String = (0..random.between(1, 3)).map(|_| format!("{}\n", random.one(&CALLERS))).collect();
    Cow::Owned(format!("{before}{callers}{frames}"))
}

/// The margin of an exception group, and what stands behind it.
fn margin(line: &str) -> (&str, &str) {
    let behind = line.trim_start_matches([' ', '|']);
    let end = line.len() - behind.len();
    if end > 0 && line[..end].contains('|') && behind.starts_with(['@', '!', '#']) {
        line.split_at(end)
    } else {
        ("", line)
    }
}

fn between(sentence: &str) -> [String; 3] {
    [String::new(), sentence.to_owned(), String::new()]
}

/// Python 3 counts repeated frames, Python 2 prints them all.
fn repeat(frame: &[String], world: &World, out: &mut Vec<String>) {
    let copies = if world.python.0 == 2 { 120 } else { 2 };
    for _ in 0..copies {
        out.extend(frame.iter().cloned());
    }
    if world.python.0 == 3 {
        out.push(format!(
            "  [Previous line repeated {} more times]",
            Random::of(world.lines, "repeat").between(90, 996)
        ));
    }
}

fn frame_lines(written: &str, world: &World) -> Result<Vec<String>, String> {
    let (call, source) = match written.split_once(" | ") {
        Some((call, source)) => (call, Some(source)),
        None => (written, None),
    };
    let mut words = call.split_whitespace();
    let mut place = words.next().unwrap_or_default();
    if let Some(real) = place.strip_prefix('?') {
        if world.python >= (3, 12) {
            return Ok(Vec::new());
        }
        place = real;
    }
    let (Some(file), Some(function), None) = (words.next(), words.next(), words.next()) else {
        return Err("a frame is `@place file function | source`".to_owned());
    };
    let path = world
        .file(place, &slot::fill(file, world)?)
        .ok_or_else(|| format!("no place is called `{place}`"))?;
    let mut random = Random::of(world.lines, &format!("{file}#{function}"));
    let line = random.between(8, 2900);
    let head = match function {
        "-" => format!("  File \"{path}\", line {line}"),
        _ => match function.strip_prefix('*') {
            Some(name) => return Ok(vec![format!("  File \"{path}\", line {line} in {name}")]),
            None => format!("  File \"{path}\", line {line}, in {function}"),
        },
    };
    let mut lines = vec![head];
    // Evaluated text has no source to show, nor has compiled code without its file.
    if place != "eval" {
        lines.extend(source_lines(file, function, source, world)?);
    }
    Ok(lines)
}

fn source_lines(
    file: &str,
    function: &str,
    source: Option<&str>,
    world: &World,
) -> Result<Vec<String>, String> {
    const OTHERS: [&str; 6] = [
        "return self._run(item, settings)",
        "result = callback(*args, **kwargs)",
        "value = method(**params)  # see ticket #1182",
        "raise",
        "entity = self._resolve(entity, [\"code\", \"id\"])",
        "self._bundle.log_debug(\"done: %s\" % (name,))",
    ];
    let named = format!("{file}#{function}");
    let source = match (world.source, source) {
        (None, Some(source)) => slot::fill(source, world)?,
        (None, None) => (*Random::new(hash(&named)).one(&OTHERS)).to_owned(),
        (Some(seed), _) => {
            let mut random = Random::of(seed, &named);
            if random.once_in(5) {
                return Ok(Vec::new());
            }
            (*random.one(&OTHERS)).to_owned()
        }
    };
    let mut random = Random::of(world.lines ^ world.source.unwrap_or_default(), &named);
    let mut lines = vec![format!("    {source}")];
    if world.python >= (3, 11) && function != "-" && random.once_in(2) {
        let width = usize::try_from(random.between(2, source.len().max(3) as u64)).unwrap_or(3);
        let tildes = width / 3;
        lines.push(format!("    {}{}", "~".repeat(tildes), "^".repeat(width - tildes)));
    }
    if world.python >= (3, 13) && random.once_in(6) {
        lines.insert(1, "    ...<3 lines>...".to_owned());
        lines.insert(2, "    )".to_owned());
    }
    Ok(lines)
}
