//! The JSON object of one incident record, as `scan --json`, `follow --json` and `run --json` print it.
//!
//! Documented in `docs/json.md` and fixed by snapshot tests: outside scripts read it. What is unknown is null.

use serde::Serialize;
use sgtk_log::Incident;
use std::mem;

/// Fields in the order they are printed. The caller adds `type`.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "docs/json.md documents each field, once")]
pub struct IncidentLine {
    /// The path as reached from the argument.
    pub file: String,
    /// 1-based and inclusive; null when the beginning of the file was not read.
    pub lines: Option<(u64, u64)>,
    /// Half-open.
    pub bytes: (u64, u64),
    pub time: Option<String>,
    pub pid: Option<u32>,
    pub level: Option<String>,
    pub logger: Option<String>,
    pub environment: Option<String>,
    pub engine: Option<String>,
    pub app: Option<String>,
    pub bundle_version: Option<String>,
    pub error_name: Option<String>,
    pub root_error_name: Option<String>,
    pub message: String,
    pub title: String,
    pub signature: String,
    /// The record was longer than the limit: head and tail were kept.
    pub truncated: bool,
    /// The record's text, redacted, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Where a record stands.
#[derive(Clone, Debug)]
pub struct Place {
    /// The path as reached from the argument.
    pub file: String,
    /// 1-based and inclusive.
    pub lines: Option<(u64, u64)>,
    /// Half-open.
    pub bytes: (u64, u64),
    /// Longer than the limit.
    pub truncated: bool,
}

impl IncidentLine {
    /// Puts together what was recognised and where. The texts it prints are taken out of the incident: a storm is a
    /// line for each record, and copies would cost more than the rest of the line.
    #[must_use]
    pub fn new(place: Place, incident: &mut Incident, title: String) -> IncidentLine {
        let record = &mut incident.record;
        let origin = &mut record.origin;
        IncidentLine {
            file: place.file,
            lines: place.lines,
            bytes: place.bytes,
            time: record.time.as_ref().map(ToString::to_string),
            pid: record.pid,
            level: record.level.map(|level| level.as_str().to_owned()),
            logger: record.logger.take(),
            environment: origin.environment.take(),
            engine: origin.engine.take(),
            app: origin.app.take(),
            bundle_version: origin.bundle_version.take(),
            error_name: incident.error_name.take(),
            root_error_name: incident.root_error_name.take(),
            message: mem::take(&mut record.message),
            title,
            signature: incident.signature.to_string(),
            truncated: place.truncated,
            text: None,
        }
    }

    /// Adds the object with its type to lines of JSON: byte for byte what serialising it gives, for a third of
    /// the cost. `scan` prints one for every record.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(br#"{"type":"incident","file":"#);
        string(out, &self.file);
        out.extend_from_slice(br#","lines":"#);
        match self.lines {
            Some(lines) => pair(out, lines),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(br#","bytes":"#);
        pair(out, self.bytes);
        optional(out, br#","time":"#, self.time.as_deref());
        out.extend_from_slice(br#","pid":"#);
        match self.pid {
            Some(pid) => number(out, pid.into()),
            None => out.extend_from_slice(b"null"),
        }
        optional(out, br#","level":"#, self.level.as_deref());
        optional(out, br#","logger":"#, self.logger.as_deref());
        optional(out, br#","environment":"#, self.environment.as_deref());
        optional(out, br#","engine":"#, self.engine.as_deref());
        optional(out, br#","app":"#, self.app.as_deref());
        optional(out, br#","bundle_version":"#, self.bundle_version.as_deref());
        optional(out, br#","error_name":"#, self.error_name.as_deref());
        optional(out, br#","root_error_name":"#, self.root_error_name.as_deref());
        optional(out, br#","message":"#, Some(&self.message));
        optional(out, br#","title":"#, Some(&self.title));
        optional(out, br#","signature":"#, Some(&self.signature));
        out.extend_from_slice(if self.truncated {
            br#","truncated":true"#
        } else {
            br#","truncated":false"#
        });
        if let Some(text) = &self.text {
            optional(out, br#","text":"#, Some(text));
        }
        out.extend_from_slice(b"}\n");
    }
}

fn optional(out: &mut Vec<u8>, key: &[u8], value: Option<&str>) {
    out.extend_from_slice(key);
    match value {
        Some(value) => string(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// Whether a byte stands in a JSON string as it is.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 32 {
        plain[byte] = false;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

/// Where the first byte stands that has to be escaped. Nearly all are plain, so they are looked at by the dozen, without
/// branches: the compiler turns that into vector instructions.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let any = |block: &[u8; BLOCK]| {
        block.iter().fold(false, |any, byte| any | (*byte < b' ') | (*byte == b'"') | (*byte == b'\\'))
    };
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let from = blocks.iter().position(any).unwrap_or(blocks.len()) * BLOCK;
    bytes[from..].iter().position(|byte| !PLAIN[usize::from(*byte)]).map(|at| from + at)
}

fn string(out: &mut Vec<u8>, value: &str) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut rest = value.as_bytes();
    while let Some(at) = first_escaped(rest) {
        out.extend_from_slice(&rest[..at]);
        let byte = rest[at];
        let letter = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0C => b'f',
            _ => b'u',
        };
        out.extend_from_slice(&[b'\\', letter]);
        if letter == b'u' {
            out.extend_from_slice(&[
                b'0',
                b'0',
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]);
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn pair(out: &mut Vec<u8>, (first, second): (u64, u64)) {
    out.push(b'[');
    number(out, first);
    out.push(b',');
    number(out, second);
    out.push(b']');
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return out.extend_from_slice(&digits[at..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(word: &str, number: u64, known: bool) -> IncidentLine {
        let text = || known.then(|| word.to_owned());
        IncidentLine {
            file: word.to_owned(),
            lines: known.then_some((number, u64::MAX)),
            bytes: (0, number),
            time: text(),
            pid: known.then_some(u32::MAX),
            level: text(),
            logger: text(),
            environment: text(),
            engine: text(),
            app: text(),
            bundle_version: text(),
            error_name: text(),
            root_error_name: text(),
            message: word.to_owned(),
            title: word.to_owned(),
            signature: word.to_owned(),
            truncated: known,
            text: text(),
        }
    }

    #[test]
    fn the_written_line_is_the_serialised_object() {
        #[derive(Serialize)]
        struct Typed<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            #[serde(flatten)]
            line: &'a IncidentLine,
        }
        let every_byte: String = (0..=0xFF_u8).map(char::from).collect();
        for word in ["", "plain", "a \"quoted\\ path\"\r\n", "도구 \u{1F600}", &every_byte] {
            for (number, known) in [(0, false), (10, true), (u64::MAX, true)] {
                let line = line(word, number, known);
                let mut written = Vec::new();
                line.write_json(&mut written);
                let serialised = serde_json::to_string(&Typed { kind: "incident", line: &line }).unwrap();
                assert_eq!(String::from_utf8(written).unwrap(), serialised + "\n");
            }
        }
    }
}
