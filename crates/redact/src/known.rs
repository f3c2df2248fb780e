//! Secrets the caller knows, wherever and however they appear.
//!
//! Each is looked for as it is, URL-encoded, JSON-escaped and in base64 (also in the middle of a longer base64 text, as
//! in `Authorization: Basic`).

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use secrecy::{ExposeSecret, SecretString};

use crate::counts::RuleCounts;
use crate::placeholder::{START, Style};
use crate::rule::Rule;

/// Shorter values would hit ordinary text.
const SHORTEST_CHARS: usize = 8;

pub(crate) struct Known {
    /// All forms, longest first. Holds the secrets, so it is never shown.
    pattern: Option<AhoCorasick>,
    longest_bytes: usize,
}

impl Known {
    pub(crate) fn new(values: Vec<SecretString>) -> Self {
        let mut forms: Vec<String> = Vec::new();
        for value in &values {
            let value = value.expose_secret().trim();
            if value.chars().count() >= SHORTEST_CHARS {
                push_forms(&mut forms, value);
                // A text is looked at line by line, so a value of several lines is found by each of them.
                for line in value.split(['\n', '\r']).map(str::trim).filter(|line| line.len() < value.len()) {
                    push_forms(&mut forms, line);
                }
            }
        }
        // A form that is part of a placeholder would be found in our own output.
        forms.retain(|form| {
            form.chars().count() >= SHORTEST_CHARS && !form.contains('\n') && !is_in_placeholder(form)
        });
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        // The kind that is small: an agent holds it for as long as it runs. Building fails only past four billion bytes.
        let pattern = (!forms.is_empty())
            .then(|| {
                AhoCorasick::builder()
                    .match_kind(MatchKind::LeftmostFirst)
                    .kind(Some(AhoCorasickKind::ContiguousNFA))
                    .build(&forms)
                    .ok()
            })
            .flatten();
        Known { pattern, longest_bytes: forms.first().map_or(0, String::len) }
    }

    /// Bytes of the longest form.
    pub(crate) fn longest_bytes(&self) -> usize {
        self.longest_bytes
    }

    pub(crate) fn hide(&self, text: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
        let mut found = self.pattern.as_ref()?.find_iter(text).peekable();
        found.peek()?;
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for found in found {
            out.push_str(&text[done..found.start()]);
            style.push_secret(Rule::Known, &mut out);
            counts.hit(Rule::Known);
            done = found.end();
        }
        out.push_str(&text[done..]);
        Some(out)
    }
}

fn is_in_placeholder(form: &str) -> bool {
    form.contains(START) || "<secret:serialised_user>".contains(form) || form.contains("<email>")
}

fn push_forms(forms: &mut Vec<String>, value: &str) {
    forms.push(value.to_owned());
    let encoded = |keep: &str, upper: bool| {
        let mut out = String::new();
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) {
                out.push(char::from(byte));
            } else if upper {
                out.push_str(&format!("%{byte:02X}"));
            } else {
                out.push_str(&format!("%{byte:02x}"));
            }
        }
        out
    };
    // Python's `quote` leaves `/`, `quote_plus` does not and writes blanks as `+`; browsers leave more.
    for keep in ["-_.~", "-_.~/", "-_.!~*'()"] {
        forms.push(encoded(keep, true));
        forms.push(encoded(keep, false));
        forms.push(encoded(keep, true).replace("%20", "+"));
        forms.push(encoded(keep, false).replace("%20", "+"));
    }
    let quoted = json_escaped(value, false);
    forms.push(quoted.replace('/', "\\/"));
    // JSON inside JSON.
    forms.push(quoted.replace('\\', "\\\\").replace('"', "\\\""));
    forms.push(quoted);
    forms.push(json_escaped(value, true));
    for shift in 0..3 {
        for url_safe in [false, true] {
            forms.push(base64_core(value.as_bytes(), shift, url_safe));
        }
    }
}

fn json_escaped(value: &str, ascii_only: bool) -> String {
    let mut out = String::new();
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || (ascii_only && !c.is_ascii()) => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// The base64 characters that depend on nothing but the value when `shift` bytes stand before it.
fn base64_core(value: &[u8], shift: usize, url_safe: bool) -> String {
    let last: &[u8; 2] = if url_safe { b"-_" } else { b"+/" };
    let digit = |six: u32| match six as u8 {
        n @ 0..=25 => char::from(b'A' + n),
        n @ 26..=51 => char::from(b'a' + n - 26),
        n @ 52..=61 => char::from(b'0' + n - 52),
        n => char::from(last[usize::from(n - 62)]),
    };
    let mut padded = vec![0; shift];
    padded.extend_from_slice(value);
    let bits = padded.len() * 8;
    let six_at = |index: usize| {
        let mut six = 0;
        for bit in index * 6..index * 6 + 6 {
            let byte = padded.get(bit / 8).copied().unwrap_or(0);
            six = six << 1 | u32::from(byte >> (7 - bit % 8) & 1);
        }
        six
    };
    // Whole digits that lie inside the value.
    let first = (shift * 8).div_ceil(6);
    (first..bits / 6).map(|index| digit(six_at(index))).collect()
}
