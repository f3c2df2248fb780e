//! Passwords in the options of programs that take them there: `sshpass -p …`, `curl -u user:password`, `mysql -p…`.

use crate::line::Line;
use crate::placeholder::START;
use crate::rule::Rule;
use crate::trigger::Trigger;

/// How a program takes its password.
#[derive(Copy, Clone)]
struct Tool {
    name: &'static [u8],
    /// The password is the next word.
    next: &'static [&'static [u8]],
    /// The password follows in the same word.
    joined: &'static [&'static [u8]],
}

const TOOLS: [Tool; 9] = [
    Tool { name: b"sshpass", next: &[b"-p"], joined: &[b"-p"] },
    Tool {
        name: b"curl",
        next: &[b"-u", b"--user", b"-U", b"--proxy-user", b"-x", b"--proxy", b"-b", b"--cookie"],
        joined: &[b"-u"],
    },
    Tool { name: b"mysql", next: &[], joined: &[b"-p"] },
    Tool { name: b"mysqldump", next: &[], joined: &[b"-p"] },
    Tool { name: b"mysqladmin", next: &[], joined: &[b"-p"] },
    Tool { name: b"plink", next: &[b"-pw"], joined: &[] },
    Tool { name: b"pscp", next: &[b"-pw"], joined: &[] },
    Tool { name: b"psexec", next: &[b"-p"], joined: &[] },
    Tool { name: b"smbclient", next: &[b"-U"], joined: &[b"-U"] },
];

/// Reads the rest of the line as a command, once: options belong to the last program that was named.
pub(crate) fn command(line: &mut Line<'_>, word: Trigger) {
    if std::mem::replace(&mut line.commanded, true) {
        return;
    }
    let text = line.text.as_bytes();
    let mut tool: Option<Tool> = None;
    let mut at = word.at - text[..word.at].iter().rev().take(64).take_while(|b| !is_between(**b)).count();
    while let Some((from, to)) = next_word(text, at) {
        at = to;
        let word = &text[from..to];
        let base = word.rsplit(|b| matches!(b, b'/' | b'\\')).next().unwrap_or(word);
        let base = base.strip_suffix(b".exe").unwrap_or(base);
        if let Some(named) = TOOLS.iter().find(|tool| base.eq_ignore_ascii_case(tool.name)) {
            tool = Some(*named);
            continue;
        }
        let Some(tool) = tool.filter(|_| word.first() == Some(&b'-')) else { continue };
        if tool.next.contains(&word) {
            let (from, to) = value(text, to);
            if from < to && text[from] != b'-' && hide(line, &tool, word, from, to) {
                at = to;
            }
        } else if let Some(option) =
            tool.joined.iter().find(|option| word.starts_with(option) && word.len() > option.len())
        {
            hide(line, &tool, option, from + option.len(), to);
        }
    }
}

/// Hides the value of an option. False when it is none that a password is in.
fn hide(line: &mut Line<'_>, tool: &Tool, option: &[u8], from: usize, to: usize) -> bool {
    let value = &line.text.as_bytes()[from..to];
    let has = |signs: &[u8]| value.iter().any(|b| signs.contains(b));
    let has_password = match (tool.name, option) {
        // A proxy without a user, a file of cookies, and `curl -u user`, which asks for the password.
        (b"curl", b"-x" | b"--proxy") => has(b"@"),
        (b"curl", b"-b" | b"--cookie") => has(b"="),
        (b"curl" | b"smbclient", _) => has(b":%"),
        _ => true,
    };
    let is_new = has_password && !value.starts_with(START.as_bytes());
    if is_new {
        line.spans.push(crate::span::Span::secret(Rule::CommandLine, from, to));
    }
    is_new
}

fn is_between(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b',' | b'[' | b']' | b'(' | b')' | b'`' | b'=' | b'\\'
    )
}

fn next_word(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let from = at + text.get(at..)?.iter().position(|b| !is_between(*b))?;
    Some((
        from,
        from + text[from..].iter().position(|b| is_between(*b) && *b != b'=').unwrap_or(text.len() - from),
    ))
}

/// The value behind an option: up to the quote that was opened, else one word.
fn value(text: &[u8], at: usize) -> (usize, usize) {
    let between = text[at..]
        .iter()
        .take(16)
        .take_while(|b| matches!(b, b' ' | b'\t' | b'"' | b'\'' | b',' | b'=' | b'\\'))
        .count();
    let from = at + between;
    let length = match from.checked_sub(1).map(|before| text[before]) {
        Some(quote @ (b'"' | b'\'')) if between > 0 => text[from..].iter().position(|b| *b == quote),
        _ => text[from..].iter().position(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'')),
    };
    let value = &text[from..length.map_or(text.len(), |length| from + length)];
    // The backslashes of a quote that is escaped.
    (from, from + value.len() - value.iter().rev().take_while(|b| **b == b'\\').count())
}
