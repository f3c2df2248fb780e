//! Text that came from the other side, made fit for an error message: without our secrets, without signed URLs,
//! without markup and control characters, and short. Pure.

use crate::form::encode_component;

/// Longest text quoted from an answer, in characters.
const QUOTED_CHARS: usize = 300;
/// More than this is not even looked at, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// Quotes what a server said. `secrets` are replaced wherever they stand, also in their form-encoded spelling.
pub(crate) fn quote(raw: &[u8], secrets: &[&str]) -> String {
    let raw = &raw[..raw.len().min(READ_BYTES)];
    let mut text = String::from_utf8_lossy(raw).into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
        let encoded = encode_component(secret);
        if encoded != **secret {
            text = text.replace(&encoded, "***");
        }
    }
    let start = text.trim_start();
    let text = if start.starts_with('<') { without_markup(start) } else { text.replace("&lt;", "<") };
    shorten(&without_queries(&one_line(&text)))
}

/// Cuts everything from the `?` on in every word that looks like a URL: signed links carry their secret there.
fn without_queries(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        match (word.contains("://"), word.find('?')) {
            (true, Some(cut)) => {
                out.push_str(&word[..cut]);
                out.push_str("?…");
            }
            _ => out.push_str(word),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(READ_BYTES));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The text between tags; the content of `style` and `script` is no text.
fn without_markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        out.push(' ');
        let tag = &rest[open..];
        let Some(close) = tag.find('>') else { return out };
        let name = tag[1..close].to_ascii_lowercase();
        rest = &tag[close + 1..];
        for silent in ["style", "script"] {
            if name.starts_with(silent) {
                let end = rest.to_ascii_lowercase().find(&format!("</{silent}"));
                rest = end.map_or("", |end| &rest[end..]);
            }
        }
    }
    out.push_str(rest);
    out
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        // Our sentences go on after what is quoted, or end without a full stop.
        None => text.trim_end_matches(['.', ' ']).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn takes_out_secrets_in_both_spellings() {
        let said = quote(b"no such key a&b=c (form: a%26b%3Dc)", &["a&b=c", ""]);
        assert_eq!(said, "no such key *** (form: ***)");
    }

    #[test]
    fn cuts_queries_of_links_only() {
        let said = quote(b"is it? see https://s3.example/x?Signature=abc now", &[]);
        assert_eq!(said, "is it? see https://s3.example/x?… now");
    }

    #[test]
    fn reads_the_words_of_a_page() {
        let page = b"<html><style>p{}</style><body><h1>API access\n is off</h1><script>x</script></body>";
        assert_eq!(quote(page, &[]), "API access is off");
    }

    #[test]
    fn survives_anything_and_stays_short() {
        for raw in [&b"\xff\xfe<"[..], b"<", b"<style>", b"\0\x1b[31m", "\u{1F600}".repeat(500).as_bytes()] {
            assert!(quote(raw, &["x"]).chars().count() <= 301);
        }
    }
}
