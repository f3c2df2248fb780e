//! Who someone is: home folders and e-mail addresses.

use crate::line::Line;
use crate::rule::Rule;
use crate::span::Span;
use crate::trigger::Trigger;

/// Folders beside home folders that are nobody's.
const NOBODY: [&str; 8] =
    ["shared", "public", "default", "all", "all users", "default user", "guest", "local"];

/// How the separators of a path are spelled.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Separators {
    Slash,
    Backslash,
    Encoded,
}

/// Where a home folder's name begins, and where the path to it does.
struct Root {
    from: usize,
    name: usize,
    separators: Separators,
}

/// Replaces a home folder by `~`, or the name in it by `<user>` when something stands before the folder.
pub(crate) fn home(line: &mut Line<'_>, word: Trigger, logins: &[String]) {
    let text = line.text.as_bytes();
    let done = line.spans.last().map_or(0, |span| span.to);
    if word.at < done {
        return;
    }
    let Some(root) = root(text, word, done) else { return };
    let rest = &line.text[root.name..];
    let len = user_name(rest, root.separators, logins);
    let name = &rest[..len];
    if len == 0
        || name.starts_with(['~', '<', '$', '%', '{'])
        || NOBODY.iter().any(|nobody| name.eq_ignore_ascii_case(nobody))
        || word.at < line.url_end && line.url_is_web
    {
        return;
    }
    let continues = text[..root.from].last().is_some_and(|b| {
        b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'\\' | b'~')
    });
    let span = if continues || root.separators == Separators::Encoded {
        Span { from: root.name, to: root.name + len, rule: Rule::Home, with: Some("<user>") }
    } else {
        Span { from: root.from, to: root.name + len, rule: Rule::Home, with: Some("~") }
    };
    line.spans.push(span);
}

/// Reads the whole root around its word.
fn root(text: &[u8], word: Trigger, done: usize) -> Option<Root> {
    let rest = &text[word.at..];
    if rest.starts_with(b"/home/") || rest.starts_with(b"/Users/") {
        let len = if rest[1] == b'h' { b"/home/".len() } else { b"/Users/".len() };
        let drive = drive(text, word.at, done);
        return Some(Root {
            from: drive.unwrap_or(word.at),
            name: word.at + len,
            separators: if drive.is_some() { Separators::Backslash } else { Separators::Slash },
        });
    }
    if rest.starts_with(b"/homes/") {
        return Some(Root { from: word.at, name: word.at + b"/homes/".len(), separators: Separators::Slash });
    }
    if rest.starts_with(b"\\/home\\/") || rest.starts_with(b"\\/Users\\/") {
        let len = if rest[2] == b'h' { b"\\/home\\/".len() } else { b"\\/Users\\/".len() };
        return Some(Root { from: word.at, name: word.at + len, separators: Separators::Slash });
    }
    match rest[0] {
        // `/users/` in small letters is a folder of the web unless a drive stands before it.
        b'/' => {
            let from = drive(text, word.at, done)?;
            let end = word.at + word.len;
            (rest[word.len - 1] == b'/').then_some(Root {
                from,
                name: end,
                separators: Separators::Backslash,
            })
        }
        b'%' => {
            let mut end = word.at + word.len;
            if text[end..].starts_with(b"%24") {
                end += b"%24".len();
            }
            let closes: &[&[u8]] = if rest[1] == b'2' { &[b"%2F", b"%2f"] } else { &[b"%5C", b"%5c"] };
            let close = closes.iter().find(|close| text[end..].starts_with(close))?;
            Some(Root { from: word.at, name: end + close.len(), separators: Separators::Encoded })
        }
        _ => backslashes(text, word, done),
    }
}

/// `C:` before a path.
fn drive(text: &[u8], at: usize, done: usize) -> Option<usize> {
    let from = at.checked_sub(2).filter(|from| *from >= done)?;
    let before = from.checked_sub(1).map(|before| text[before]);
    let is_drive = text[from].is_ascii_alphabetic()
        && text[from + 1] == b':'
        && before.is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'_');
    is_drive.then_some(from)
}

/// `C:\Users\`, `C:\\Documents and Settings\\`, `\\server\profiles$\`.
fn backslashes(text: &[u8], word: Trigger, done: usize) -> Option<Root> {
    const MOST: usize = 8;
    let run_back = |at: usize| text[done..at].iter().rev().take(MOST).take_while(|b| **b == b'\\').count();
    let mut end = word.at + word.len;
    let first = text[word.at + 1].to_ascii_lowercase();
    if matches!(first, b'p' | b'h') {
        end += usize::from(matches!(text.get(end), Some(b's' | b'S')));
    }
    end += usize::from(text.get(end) == Some(&b'$'));
    let behind = match text.get(end)? {
        b'/' => 1,
        _ => text[end..].iter().take(MOST).take_while(|b| **b == b'\\').count(),
    };
    if behind == 0 {
        return None;
    }
    let name = end + behind;
    let slashes = word.at - run_back(word.at);
    if let Some(from) = drive(text, slashes, done).filter(|_| matches!(first, b'u' | b'd')) {
        return Some(Root { from, name, separators: Separators::Backslash });
    }
    let host = text[done..slashes]
        .iter()
        .rev()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        .count();
    let lead = run_back(slashes - host);
    if host > 0 && lead >= 2 && first != b'd' {
        return Some(Root { from: slashes - host - lead, name, separators: Separators::Backslash });
    }
    matches!(first, b'u' | b'd').then_some(Root { from: slashes, name, separators: Separators::Backslash })
}

#[inline]
fn ends_name(c: char) -> bool {
    let is_sign = matches!(
        c,
        '/' | '\\'
            | '"'
            | '\''
            | '`'
            | '<'
            | '>'
            | '|'
            | ':'
            | ';'
            | ','
            | '('
            | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '*'
            | '?'
    );
    is_sign || c.is_whitespace() || c.is_control()
}

/// Length of the name at the beginning of a path behind a home root.
fn user_name(rest: &str, separators: Separators, logins: &[String]) -> usize {
    const LONGEST: usize = 128;
    // A known login first: it may hold blanks.
    for login in logins {
        let known = rest.get(..login.len()).is_some_and(|start| start.eq_ignore_ascii_case(login));
        if known && rest[login.len()..].chars().next().is_none_or(ends_name) {
            return login.len();
        }
    }
    let rest = &rest[..rest.floor_char_boundary(LONGEST)];
    let ends = |c: char| ends_name(c) || separators == Separators::Encoded && c == '%';
    let strict = rest.find(ends).unwrap_or(rest.len());
    if separators == Separators::Backslash && rest[strict..].starts_with(' ') {
        // Names with blanks: only when a separator follows, so that prose does not count.
        let end = rest.find(|c: char| c != ' ' && ends(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if rest[end..].starts_with(['\\', '/']) && !name.ends_with(' ') && name.chars().count() <= 40 {
            return end;
        }
    }
    strict
}

/// Replaces an e-mail address by `<email>`.
pub(crate) fn email(line: &mut Line<'_>, mark: Trigger) {
    let text = line.text.as_bytes();
    // Most marks are no address.
    if !text.get(mark.at + 1).is_some_and(u8::is_ascii_alphanumeric) {
        return;
    }
    // Credentials that go anyway end here: what follows is a host.
    const NEAR: usize = 4;
    if line.spans.iter().rev().take(NEAR).any(|span| span.to == mark.at) {
        return;
    }
    let local = local_part(text, mark.at);
    let from = mark.at - local;
    let Some(to) = domain(text, mark.at + 1) else { return };
    // `git@host:path` is a place, and so is `name@host:path` of scp.
    let remote = text.get(to) == Some(&b':')
        && text
            .get(to + 1)
            .is_some_and(|b| b.is_ascii_alphabetic() || !b.is_ascii() || *b == b'/' || *b == b'~');
    // `27000@server` is the port of a licence server.
    let port = local <= 5 && text[from..mark.at].iter().all(u8::is_ascii_digit);
    if local == 0 || &text[from..=mark.at] == b"git@" || remote || port {
        return;
    }
    line.spans.push(Span { from, to, rule: Rule::Email, with: Some("<email>") });
}

/// `joe%40studio.com`
pub(crate) fn encoded_email(line: &mut Line<'_>, mark: Trigger) {
    let text = line.text.as_bytes();
    let mut local = text[..mark.at]
        .iter()
        .rev()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || b"._+-".contains(b))
        .count();
    // The end of an encoded sign is no part of the name.
    if text[..mark.at - local].ends_with(b"%") {
        local = local.saturating_sub(2);
    }
    let Some(to) = domain(text, mark.at + 3) else { return };
    if local > 0 && &text[mark.at - local..mark.at] != b"git" {
        line.spans.push(Span { from: mark.at - local, to, rule: Rule::Email, with: Some("<email>") });
    }
}

fn local_part(text: &[u8], mark: usize) -> usize {
    text[..mark]
        .iter()
        .rev()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || b"._%+-".contains(b))
        .count()
}

/// The end of a domain: labels with dots, the last of letters only.
fn domain(text: &[u8], from: usize) -> Option<usize> {
    const LONGEST: usize = 253;
    let run = text[from..]
        .iter()
        .take(LONGEST)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
        .count();
    let (mut at, mut end, mut labels) = (from, None, 0);
    for label in text[from..from + run].split(|b| *b == b'.') {
        if label.is_empty() || label[0] == b'-' {
            break;
        }
        labels += 1;
        let letters = label.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let word_ends = label.get(letters).is_none_or(|b| !b.is_ascii_alphanumeric());
        if labels > 1 && (2..=24).contains(&letters) && word_ends && text.get(at + letters) != Some(&b'_') {
            end = Some(at + letters);
        }
        if label.ends_with(b"-") {
            break;
        }
        at += label.len() + 1;
    }
    end
}
