//! The two form encodings of the upload endpoints: URL-encoded fields, and the head and tail of a multipart body.
//!
//! The multipart layout is the official client's, byte for byte: bare boundary, text parts without a content type, raw
//! UTF-8 names, a length on the file part, and a blank line after the end.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Fields as `application/x-www-form-urlencoded`.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode_component(name), encode_component(value)))
        .collect();
    pairs.join("&")
}

/// One name or value of a URL-encoded form: a space is `+`.
pub(crate) fn encode_component(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

/// What surrounds a file in a multipart body.
pub(crate) struct Multipart {
    pub(crate) content_type: String,
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
}

/// Text fields, then one file part called `file`.
pub(crate) fn multipart(
    boundary: &str,
    fields: &[(&str, &str)],
    file_name: &str,
    file_type: &str,
    file_bytes: u64,
) -> Multipart {
    let mut head = String::new();
    for (name, value) in fields {
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    head.push_str(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: {file_type}\r\nContent-Length: {file_bytes}\r\n\r\n"
    ));
    Multipart {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        head: head.into_bytes(),
        tail: format!("\r\n--{boundary}--\r\n\r\n").into_bytes(),
    }
}

/// A boundary that does not occur in the file: 128 bits from the process's hash keys, spelled like a UUID. No secret.
pub(crate) fn boundary() -> String {
    let number = || RandomState::new().build_hasher().finish();
    let (a, b) = (number(), number());
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xffff,
        b >> 48,
        b & 0xffff_ffff_ffff
    )
}

/// A name that fits between the quotes of a header: no folders, no quotes, no control characters.
pub(crate) fn file_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = base.chars().map(|c| if c.is_control() || c == '"' { '_' } else { c }).collect();
    if clean.trim().is_empty() { "file".to_owned() } else { clean }
}

/// Content type by extension, for the kinds of file we send.
pub(crate) fn file_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("log" | "txt") => "text/plain",
        Some("json") => "application/json",
        Some("zip") => "application/zip",
        Some("gz") => "application/gzip",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_forms_do() {
        assert_eq!(encode(&[("a b", "1&2=3\n"), ("k", "é~*")]), "a+b=1%262%3D3%0A&k=%C3%A9~%2A");
    }

    #[test]
    fn names_fit_into_a_header() {
        assert_eq!(file_name("C:\\logs\\a\"b\r\n.log"), "a_b__.log");
        assert_eq!(file_name("/x/한글.log"), "한글.log");
        assert_eq!(file_name("dir/"), "file");
        assert_eq!(
            (file_type("A.LOG"), file_type("x.tar.gz"), file_type("x")),
            ("text/plain", "application/gzip", "application/octet-stream")
        );
    }

    #[test]
    fn boundaries_differ() {
        let (a, b) = (boundary(), boundary());
        assert_ne!(a, b);
        assert_eq!(a.len(), 36);
    }
}
