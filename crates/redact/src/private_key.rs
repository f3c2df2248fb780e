//! Private keys in PEM form, over several lines or escaped into one.

use crate::counts::RuleCounts;
use crate::placeholder::{Style, rule};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
/// A key of more lines than this has no end; only what looks like a key is taken then.
const MOST_LINES: usize = 150;

/// Hides every line of every block; line ends stay.
pub(crate) fn hide(text: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
    begin(text)?;
    let secret = style.secret(rule::PRIVATE_KEY);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    let mut index = 0;
    // Line of the next end mark, searched once however many beginnings stand before it.
    let mut next_end = lines.iter().position(|line| end(line).is_some()).unwrap_or(lines.len());
    while index < lines.len() {
        let mut line = lines[index];
        index += 1;
        while let Some(at) = begin(line) {
            counts.hit(rule::PRIVATE_KEY);
            out.push_str(&line[..at]);
            out.push_str(&secret);
            line = &line[at + BEGIN.len()..];
            if let Some(after) = end(line) {
                line = &line[after..];
                continue;
            }
            push_line_end(&mut out, line);
            if next_end < index {
                next_end = lines[index..]
                    .iter()
                    .position(|next| end(next).is_some())
                    .map_or(lines.len(), |at| index + at);
            }
            let closed =
                (next_end < lines.len() && next_end - index < MOST_LINES).then_some(next_end - index);
            let inner =
                closed.unwrap_or_else(|| lines[index..].iter().take_while(|next| is_key_text(next)).count());
            for next in &lines[index..index + inner] {
                out.push_str(&secret);
                push_line_end(&mut out, next);
            }
            index += inner;
            line = "";
            if closed.is_some() {
                let last = lines[index];
                index += 1;
                out.push_str(&secret);
                line = &last[end(last).unwrap_or(last.len())..];
            }
        }
        out.push_str(line);
    }
    Some(out)
}

fn begin(text: &str) -> Option<usize> {
    text.match_indices(BEGIN).map(|(at, _)| at).find(|at| {
        let rest = &text[at + BEGIN.len()..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        line.find("-----").is_some_and(|dashes| line[..dashes].trim_end().ends_with("PRIVATE KEY"))
    })
}

/// Position behind the end mark.
fn end(line: &str) -> Option<usize> {
    let at = line.find(END)?;
    let rest = &line[at + END.len()..];
    let dashes = rest.find("-----").filter(|dashes| rest[..*dashes].trim_end().ends_with("PRIVATE KEY"))?;
    Some(at + END.len() + dashes + 5)
}

fn is_key_text(line: &str) -> bool {
    let text = line.trim();
    let base64 = text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    base64 || text.starts_with("Proc-Type:") || text.starts_with("DEK-Info:")
}

fn push_line_end(out: &mut String, line: &str) {
    if line.ends_with("\r\n") {
        out.push_str("\r\n");
    } else if line.ends_with('\n') {
        out.push('\n');
    }
}
