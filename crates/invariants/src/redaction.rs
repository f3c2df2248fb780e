//! Text without secrets.

use crate::choices::{Dice, pieces};
use redact::{IdentityPolicy, Redactor};
use std::sync::LazyLock;

/// Has every kind of character that some encoding writes differently.
const SECRET: &str = "Zq7/canary+42=\"x\\y z";
/// As programs write it: raw, in JSON (twice), in URLs, in base64 behind 0, 1 and 2 other bytes.
const FORMS: [&str; 10] = [
    "Zq7/canary+42=\"x\\y z",
    "Zq7/canary+42=\\\"x\\\\y z",
    "Zq7\\/canary+42=\\\"x\\\\y z",
    "Zq7%2Fcanary%2B42%3D%22x%5Cy%20z",
    "Zq7%2fcanary%2b42%3d%22x%5cy%20z",
    "Zq7/canary%2B42%3D%22x%5Cy%20z",
    "Zq7%2Fcanary%2B42%3D%22x%5Cy+z",
    "WnE3L2NhbmFyeSs0Mj0ieFx5IHo=",
    "YVpxNy9jYW5hcnkrNDI9InhceSB6",
    "YWJacTcvY2FuYXJ5KzQyPSJ4XHkgeg==",
];
/// What of the forms must not be left. The ends of base64 depend on what stands beside.
const LEFT: [&str; 10] = [
    "Zq7/canary+42=\"x\\y z",
    "Zq7/canary+42=\\\"x\\\\y z",
    "Zq7\\/canary+42=\\\"x\\\\y z",
    "Zq7%2Fcanary%2B42%3D%22x%5Cy%20z",
    "Zq7%2fcanary%2b42%3d%22x%5cy%20z",
    "Zq7/canary%2B42%3D%22x%5Cy%20z",
    "Zq7%2Fcanary%2B42%3D%22x%5Cy+z",
    "WnE3L2NhbmFyeSs0Mj0ieFx5IH",
    "pxNy9jYW5hcnkrNDI9InhceSB6",
    "acTcvY2FuYXJ5KzQyPSJ4XHkge",
];

/// Redacting twice changes nothing, the number of lines never changes, and a secret the redactor knows survives nowhere
/// in any of its forms, whatever stands around it.
pub fn redaction(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let planted = planted(&text, input);
    for redactor in &*REDACTORS {
        check(redactor, &text);
        check(redactor, &planted);
    }
}

/// Making one costs much more than using it.
static REDACTORS: LazyLock<[Redactor; 2]> = LazyLock::new(|| {
    [true, false].map(|on| {
        let known = vec![SECRET.into(), "OtherSecret9".into()];
        Redactor::new(known, IdentityPolicy { home: on, email: on })
    })
});

fn check(redactor: &Redactor, text: &str) {
    let lines = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
    let once = redactor.redact(text);
    assert_eq!(lines(&once.text), lines(text), "the number of lines stays");
    let twice = redactor.redact(&once.text);
    assert_eq!(twice.text, once.text, "redacting twice changes nothing");
    assert!(twice.counts.is_empty(), "{:?}", twice.counts);
    let named = redactor.redact_named(text);
    assert_eq!(lines(&named.text), lines(text), "the number of lines stays");
    assert_eq!(redactor.redact_named(&named.text).text, named.text, "redacting twice changes nothing");
    for form in LEFT {
        assert!(!once.text.contains(form) && !named.text.contains(form), "left: {form}\nin {}", once.text);
    }
    assert_eq!(once.text == text, once.counts.is_empty(), "what is changed is counted");

    let mut out = String::new();
    let mut stream = redactor.stream_named(&String::from_utf8_lossy);
    for piece in pieces(text.as_bytes()) {
        stream.feed(piece, &mut out);
    }
    assert_eq!(stream.finish(&mut out), named.counts);
    assert_eq!(out, named.text, "a stream cut anywhere gives the same as the whole");

    for hit in redactor.explain(text) {
        assert!((1..=text.lines().count()).contains(&hit.line), "a hit in line {}", hit.line);
    }
}

/// The text with the secret at a few places in several forms.
fn planted(text: &str, input: &[u8]) -> String {
    let mut dice = Dice::of(input);
    let mut out = text.to_owned();
    for _ in 0..3 {
        let at = out.floor_char_boundary(dice.up_to(out.len()));
        out.insert_str(at, FORMS[dice.up_to(FORMS.len() - 1)]);
    }
    out
}
