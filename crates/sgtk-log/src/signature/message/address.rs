//! Paths, URLs, hosts and mail addresses in a message.

use super::Scan;
use super::noun::Noun;

/// Endings of scenes, images, caches and films: a name with one of them is a file of a production.
const MEDIA: [&str; 52] = [
    "ma", "mb", "nk", "nknc", "hrox", "hip", "hipnc", "hiplc", "hda", "otl", "bgeo", "vdb", "exr", "dpx",
    "cin", "tga", "hdr", "sgi", "mov", "mp4", "m4v", "avi", "mxf", "r3d", "webm", "abc", "jpg", "jpeg",
    "png", "gif", "tif", "tiff", "tx", "tex", "rat", "psd", "psb", "max", "fbx", "obj", "usd", "usda",
    "usdc", "usdz", "wire", "aep", "vpb", "blend", "3dm", "c4d", "wav", "tmp",
];

/// Endings of host names; others are too common as names of modules.
const DOMAINS: [&str; 11] =
    ["com", "net", "org", "edu", "example", "local", "lan", "internal", "corp", "intranet", "test"];

/// Endings of sources and settings, which a number of a line follows as a port follows a host.
const SOURCES: [&str; 12] = ["py", "pyc", "mel", "cpp", "c", "h", "js", "json", "yml", "yaml", "txt", "log"];

/// Words behind which no folder with a blank in its name goes on.
const CONNECTIVES: [&str; 16] = [
    "to", "and", "or", "for", "from", "in", "at", "with", "is", "on", "as", "of", "was", "not", "because",
    "into",
];

/// What may stand in a part of a path.
fn in_part(b: u8) -> bool {
    b > b' '
        && !matches!(
            b,
            b'"' | b'\''
                | b'<'
                | b'>'
                | b'|'
                | b','
                | b';'
                | b':'
                | b')'
                | b']'
                | b'}'
                | b'/'
                | b'\\'
                | b'*'
                | b'?'
        )
}

fn in_chunk(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')
}

impl Scan<'_, '_> {
    /// A path that begins with a sign: `/a/b`, `~/a`, `\\server\share`, `%TEMP%\a`, `$HOME/a`.
    pub(super) fn path(&mut self, first: u8) {
        let at = self.at;
        let opens = self.text[..at].chars().next_back().is_none_or(|before| {
            before.is_whitespace()
                || matches!(
                    before,
                    '(' | '[' | '{' | '=' | ':' | ',' | ';' | '"' | '\'' | '<' | '>' | '|' | '`'
                )
        });
        let end = match first {
            b'/' if opens => posix(self.text, at),
            b'~' if opens => (at + 1..self.text.len())
                .find(|end| !in_chunk(self.text.as_bytes()[*end]))
                .filter(|end| matches!(self.byte(*end), Some(b'/' | b'\\')))
                .map(|from| folders(self.text, from).0),
            b'\\' => unc(self.text, at),
            b'%' | b'$' => variable(self.text, at)
                .filter(|end| matches!(self.byte(*end), Some(b'/' | b'\\')))
                .map(|from| folders(self.text, from).0),
            _ => None,
        };
        if let Some(end) = end {
            // As behind a path that begins with a word (`C:\a`): what follows is not named by what stood before it.
            self.noun = Noun::None;
            return self.put_to(end, "path", "<path>");
        }
        let frames = frame_variable(self.rest(at));
        if frames > 0 {
            return self.put_to(at + frames, "frames", "<frames>");
        }
        self.literal_to(at + 1);
    }

    /// An address that begins with a word; `end` is the end of that word (letters, digits, `_`, `.`, `-`).
    pub(super) fn address(&mut self, end: usize) -> bool {
        let (text, at) = (self.text, self.at);
        let found = match self.byte(end) {
            Some(b':') => {
                scheme(text, at, end).or_else(|| drive(text, at, end).map(|end| (end, "path", "<path>")))
            }
            Some(b'@' | b'+' | b'%') => mail(text, at, end),
            Some(b'/' | b'\\') => relative(text, at, end).map(|end| (end, "path", "<path>")),
            _ => None,
        };
        let named = || {
            let may_be = memchr::memchr(b'.', &text.as_bytes()[at..end]).is_some()
                || matches!(self.byte(end), Some(b'#' | b'%' | b'$'));
            let media = || media(text, at, end).map(|end| (end, "path", "<path>"));
            // The host of this session may have a name with dots, too.
            let known = self.words.at(text, at).is_some();
            let host = || host(text, at, end).filter(|_| !known).map(|end| (end, "host", "<name>"));
            may_be.then(|| media().or_else(host)).flatten()
        };
        let found = found.or_else(named);
        match found {
            Some((end, rule, placeholder)) => {
                self.put_to(end, rule, placeholder);
                true
            }
            None => false,
        }
    }
}

/// What a quoted text is as a whole: a path, a URL, a mail address.
pub(super) fn whole(inner: &str) -> Option<&'static str> {
    let bytes = inner.as_bytes();
    let separated = memchr::memchr2(b'/', b'\\', bytes).is_some();
    if !separated {
        let end = bytes.iter().position(|b| !in_chunk(*b)).unwrap_or(bytes.len());
        if mail(inner, 0, end).is_some_and(|(end, ..)| end == bytes.len()) {
            return Some("<email>");
        }
        let ending = inner.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending);
        return ending.filter(|ending| is_media(ending)).map(|_| "<path>");
    }
    let word = bytes.iter().position(|b| !in_chunk(*b)).unwrap_or(bytes.len());
    if let Some((_, _, placeholder)) = scheme(inner, 0, word) {
        return Some(placeholder);
    }
    let rooted = match bytes {
        [b'/' | b'\\' | b'~', ..] => true,
        [letter, b':', b'/' | b'\\', ..] => letter.is_ascii_alphabetic(),
        _ => variable(inner, 0).is_some_and(|end| matches!(bytes.get(end), Some(b'/' | b'\\'))),
    };
    // Without a root, a command line or a sentence may hold a path as well.
    (rooted || !bytes.iter().any(|b| b.is_ascii_whitespace())).then_some("<path>")
}

/// `scheme://rest`: a URL, or a path when the scheme is `file`.
fn scheme(text: &str, at: usize, end: usize) -> Option<(usize, &'static str, &'static str)> {
    let bytes = text.as_bytes();
    if !bytes[end..].starts_with(b"://") || !bytes[at].is_ascii_alphabetic() {
        return None;
    }
    let mut stop = end + 3;
    while let Some(b) = bytes.get(stop) {
        match b {
            b'<' => match placeholder(&bytes[stop..]) {
                0 => break,
                length => stop += length,
            },
            b'"' | b'\'' | b'>' | 0..=b' ' => break,
            _ => stop += 1,
        }
    }
    let file = text[at..end].eq_ignore_ascii_case("file");
    Some(if file { (stop, "path", "<path>") } else { (stop, "url", "<url>") })
}

/// `<secret>` and the like inside an address.
fn placeholder(bytes: &[u8]) -> usize {
    let inner = bytes
        .iter()
        .skip(1)
        .take(32)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-'))
        .count();
    if inner > 0 && bytes.first() == Some(&b'<') && bytes.get(inner + 1) == Some(&b'>') {
        inner + 2
    } else {
        0
    }
}

/// `C:\folder\file`, also with doubled backslashes.
fn drive(text: &str, at: usize, end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let letter = end == at + 1 && bytes[at].is_ascii_alphabetic();
    (letter && matches!(bytes.get(end + 1), Some(b'/' | b'\\'))).then(|| folders(text, end + 1).0)
}

fn posix(text: &str, at: usize) -> Option<usize> {
    let (end, parts, separators) = folders(text, at);
    (separators >= 2 && parts >= 1).then_some(end)
}

/// `\\server\share`, also with doubled backslashes.
fn unc(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let slashes = bytes[at..].iter().take_while(|b| **b == b'\\').count();
    if slashes < 2 || !bytes.get(at + slashes).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (end, parts, _) = folders(text, at);
    (parts >= 2).then_some(end)
}

/// `%NAME%`, `$NAME`, `${NAME}`.
fn variable(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let open = bytes.get(at..)?;
    let name = |from: usize| {
        bytes[from..].iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
    };
    match open {
        [b'%', ..] => {
            let length = name(at + 1);
            (length > 0 && bytes.get(at + 1 + length) == Some(&b'%')).then(|| at + length + 2)
        }
        [b'$', b'{', ..] => {
            let length = name(at + 2);
            (length > 0 && bytes.get(at + 2 + length) == Some(&b'}')).then(|| at + length + 3)
        }
        [b'$', ..] => Some(at + 1 + name(at + 1)).filter(|end| *end > at + 1),
        _ => None,
    }
}

/// Length of `%04d` or `$F4`, the frame of a sequence.
fn frame_variable(bytes: &[u8]) -> usize {
    let digits = |from: usize| bytes[from..].iter().take(3).take_while(|b| b.is_ascii_digit()).count();
    match bytes {
        [b'%', b'0', ..] => match digits(1) {
            count if bytes.get(1 + count) == Some(&b'd') => count + 2,
            _ => 0,
        },
        [b'$', b'F', ..] if !bytes.get(2 + digits(2)).is_some_and(u8::is_ascii_alphabetic) => 2 + digits(2),
        _ => 0,
    }
}

/// Goes along a path from a separator; gives its end, the number of its parts and of its separators.
///
/// A blank belongs to a folder when a separator follows within a few words.
fn folders(text: &str, from: usize) -> (usize, usize, usize) {
    let bytes = text.as_bytes();
    let (mut at, mut parts, mut separators) = (from, 0, 0);
    while let Some(b'/' | b'\\') = bytes.get(at) {
        while let Some(b'/' | b'\\') = bytes.get(at) {
            at += 1;
        }
        separators += 1;
        let part = at;
        loop {
            match bytes.get(at) {
                Some(b) if in_part(*b) => at += 1,
                Some(b'<') if placeholder(&bytes[at..]) > 0 => at += placeholder(&bytes[at..]),
                Some(b' ') => match blank_in_folder(&text[at..]) {
                    Some(length) => at += length,
                    None => break,
                },
                _ => break,
            }
        }
        parts += usize::from(at > part);
    }
    (at, parts, separators)
}

/// Length from a blank to the separator of the same folder name.
fn blank_in_folder(rest: &str) -> Option<usize> {
    const MOST: usize = 48;
    let bytes = rest.as_bytes();
    let mut blanks = 0;
    let end = bytes.iter().take(MOST).enumerate().find_map(|(at, b)| match b {
        b' ' => {
            blanks += 1;
            (blanks > 3 || bytes.get(at + 1) == Some(&b' ')).then_some(0)
        }
        b'/' | b'\\' => Some(if bytes[at - 1] == b' ' { 0 } else { at }),
        b if in_part(*b) => None,
        _ => Some(0),
    })?;
    let mut words = rest[..end].split(' ');
    (end > 0 && !words.any(|word| CONNECTIVES.contains(&word))).then_some(end)
}

/// `folder/file.ending`, `a/b/c`, `a\b\c`: no root, but more than `and/or`.
fn relative(text: &str, at: usize, end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut stop = end;
    let mut separators = 0;
    let mut last = at;
    while let Some(b'/' | b'\\') = bytes.get(stop) {
        let slashes = if bytes[stop..].starts_with(b"\\\\") { 2 } else { 1 };
        let part =
            bytes[stop + slashes..].iter().take_while(|b| in_chunk(**b) || matches!(b, b'#' | b'%')).count();
        if part == 0 {
            break;
        }
        separators += 1;
        last = stop + slashes;
        stop = last + part;
    }
    let named = bytes[at..stop].iter().any(u8::is_ascii_alphabetic);
    let ending = text[last..stop].trim_end_matches('.').rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ending.len() <= 5 && ending.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    (named && (separators >= 2 || separators == 1 && ending)).then_some(stop)
}

/// `user@host`, `user@host.domain`; with a path behind it (`git@host:a/b`), a URL.
fn mail(text: &str, at: usize, end: usize) -> Option<(usize, &'static str, &'static str)> {
    let bytes = text.as_bytes();
    let local =
        bytes[end..].iter().take(64).take_while(|b| in_chunk(**b) || matches!(b, b'+' | b'%')).count();
    let sign = end + local;
    let after = bytes.get(sign + 1..).filter(|_| bytes.get(sign) == Some(&b'@') && sign > at)?;
    let host = after.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')).count();
    if host == 0 || after.starts_with(b"0x") || after.starts_with(b".") {
        return None;
    }
    let host = text[sign + 1..sign + 1 + host].trim_end_matches(['.', '-']).len();
    let stop = sign + 1 + host;
    let rest = &bytes[stop..];
    if rest.first() == Some(&b':') && rest.get(1).is_some_and(|b| in_chunk(*b)) {
        let path = rest.iter().skip(1).take_while(|b| in_part(**b) || **b == b'/').count();
        return Some((stop + 1 + path, "url", "<url>"));
    }
    Some((stop, "email", "<email>"))
}

fn is_media(ending: &str) -> bool {
    ending.len() <= 5 && MEDIA.iter().any(|media| media.eq_ignore_ascii_case(ending))
}

/// `name.exr`, `name.####.exr`, `name.%04d.exr`.
fn media(text: &str, at: usize, end: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut stop = end;
    if matches!(bytes.get(end), Some(b'#' | b'%' | b'$')) {
        stop += bytes[end..]
            .iter()
            .take(64)
            .take_while(|b| in_chunk(**b) || matches!(b, b'#' | b'%' | b'$'))
            .count();
    }
    let name = text[at..stop].trim_end_matches(['.', '-']);
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty() && is_media(ending)).then(|| at + name.len())
}

/// `server.domain`, `server.domain:80`, `10.0.0.1:80`.
fn host(text: &str, at: usize, end: usize) -> Option<usize> {
    let name = text[at..end].trim_end_matches(['.', '-']);
    let (_, last) = name.rsplit_once('.')?;
    let bytes = text.as_bytes();
    let port = match bytes.get(at + name.len()) {
        Some(b':') => bytes[at + name.len() + 1..].iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    // `file.py:12` is a place in a source file.
    if SOURCES.contains(&last) {
        return None;
    }
    let domain = DOMAINS.iter().any(|domain| domain.eq_ignore_ascii_case(last));
    let numbers =
        name.split('.').all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let address = numbers && name.split('.').count() == 4;
    let lettered = name.bytes().any(|b| b.is_ascii_alphabetic());
    (domain || address || lettered && (2..=5).contains(&port))
        .then(|| at + name.len() + if port > 0 { port + 1 } else { 0 })
}
