//! What a farm, a service manager, a container or a host puts before each line it passes on: `2026-01-14 19:49:11:  0: STDOUT: `,
//! `LogPython: Error: `, `worker_1  | `, or the indentation of what a traceback was pasted into.
//!
//! Owns when two lines share such a lead, and how it is cut. It is believed only where the header of a traceback and the
//! frame on the next line both have it. Counters and times change from line to line, so digits are compared loosely.

use super::spelling::{self, HEADER};

/// A longer one is no lead.
const MOST_BYTES: usize = 200;

/// What stands before the header of a traceback on its line, if that can be, or can begin with, a lead.
///
/// The mark of Maya's script editor is none (`margins` knows it), nor is the margin of an exception group.
pub(crate) fn offered(line: &str) -> Option<&str> {
    let before = line.trim_end().strip_suffix(HEADER)?;
    let possible = !before.is_empty()
        && before.len() <= MOST_BYTES
        && !matches!(before.trim(), "#" | "|")
        && !spelling::is_group_header(line);
    possible.then_some(before)
}

/// The lead that the line of the first frame shares with what was `offered`.
pub(crate) fn shared<'l>(offered: &str, line: &'l str) -> Option<&'l str> {
    let at = line.find("File ").filter(|at| *at <= MOST_BYTES + 2)?;
    if !spelling::is_frame_start(&line[at..]) {
        return None;
    }
    // Two blanks are the frame's own, if it has kept them.
    let before = &line[..at];
    let lead = before.strip_suffix("  ").unwrap_or(before);
    (!lead.is_empty() && cut(offered, lead).is_some()).then_some(lead)
}

/// The line without the lead; `None` when it has another or none. Blanks at the end of a lead may be missing in a line
/// that has nothing else.
pub(crate) fn cut<'l>(line: &'l str, lead: &str) -> Option<&'l str> {
    let (bytes, wanted) = (line.as_bytes(), lead.as_bytes());
    let (mut at, mut next) = (0, 0);
    while next < wanted.len() {
        // A run of blanks is looked through once, where it begins.
        let in_run = next > 0 && wanted[next] == b' ' && wanted[next - 1] == b' ';
        let number = if in_run { 0 } else { number_at(&wanted[next..]) };
        if number > 0 {
            let found = number_at(&bytes[at..]);
            if found == 0 {
                return None;
            }
            at += found;
            next += number;
        } else if at == bytes.len() {
            return lead[next..].trim().is_empty().then_some("");
        } else if bytes[at] == wanted[next] {
            at += 1;
            next += 1;
        } else {
            return None;
        }
    }
    Some(&line[at..])
}

/// Length of the number at the beginning, with the blanks that pad it.
fn number_at(bytes: &[u8]) -> usize {
    let blanks = bytes.iter().take_while(|byte| **byte == b' ').take(MOST_BYTES).count();
    let digits = bytes[blanks..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 { 0 } else { blanks + digits }
}
