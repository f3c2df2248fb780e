//! What holds for every text.

use proptest::prelude::*;
use redact::{RedactOptions, Redactor};

/// Planted whole; none may ever come out.
const SECRETS: [&str; 8] = [
    "KnownValue42",
    "session_token=9f8e7d6c5b4a",
    "https://joe:hunter2@host",
    "AKIAIOSFODNN7EXAMPLE",
    "Authorization: Bearer q1w2e3r4t5y6u7",
    "Cookie: _session_id=0a9b8c7d",
    "'script_key': 'zz99yy88'",
    "sshpass -p s3same123 ssh",
];
/// What of each must be gone.
const HIDDEN: [&str; 8] =
    ["KnownValue42", "9f8e7d6c5b4a", "hunter2", "IOSFODNN7", "q1w2e3r4", "0a9b8c7d", "zz99yy88", "s3same123"];

fn redactor() -> Redactor {
    Redactor::new(vec!["KnownValue42".into(), "p@ss w/rd".into()], redact::IdentityPolicy::default())
}

/// Everything that can be switched on.
fn everything() -> Redactor {
    let options = RedactOptions {
        entropy: true,
        shows: vec!["bigmovie".into(), "acme films".into()],
        logins: vec!["joe smith".into()],
        ..RedactOptions::default()
    };
    Redactor::with_options(vec!["KnownValue42".into()], options)
}

/// Pieces that rules look for, so that random texts run into them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "session_token",
            "api_key",
            "password",
            "login",
            "token",
            "secret",
            "=",
            ":",
            ": ",
            "\"",
            "'",
            "\\\"",
            "\\",
            "%22",
            "%3A",
            "u'",
            "https://",
            "http://",
            "file://",
            "ssh://",
            "@",
            "/",
            "?",
            "&",
            "sig=x",
            "X-Amz-A=1",
            "#",
            "<secret>",
            "<secret:home>",
            "<email>",
            "<user>",
            "~",
            "/home/",
            "/Users/",
            "C:\\Users\\",
            "\\\\srv\\home\\",
            "joe",
            "joe.smith",
            "studio.com",
            "proxy",
            "http_proxy: ",
            "u:p",
            "Bearer ",
            "Basic ",
            "Authorization: ",
            "dXNlcjpwYXNz1234",
            "0123456789abcdef0123456789abcdef",
            "Cookie: ",
            "a=b",
            "KnownValue42",
            "p@ss w/rd",
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "MIIEowIBAAKCAQEA0123",
            "\n",
            "\r\n",
            " ",
            ",",
            ";",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "Session token: ",
            "session token is ",
            "S'session_token'\\np2\\nS'x",
            "None",
            "*",
            "git@",
            "비밀",
            "AKIA",
            "eyJhbGciOi",
            ".",
            "ghp_",
            "xoxb-",
            "sshpass -p ",
            "curl -u ",
            "--password ",
            "<password>",
            "Shotgun('",
            "', '",
            "%40",
            "%2F",
            "https%3A%2F%2F",
            "&quot;",
            "\\n",
            "\\u0022",
            "Vsession_token",
            "\\np1\\nV",
            "\nVapi_key\np1\nV",
            "p3",
            "SAMLResponse",
            "signature",
            "hooks.slack.com/services/",
            "bigmovie",
            "Acme_Films",
            "%5cusers%5c",
            "\\/home\\/",
            "/homes/",
            "pwd=",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "Proc-Type: 4,ENCRYPTED",
            "é",
            "Traceback (most recent call last):",
            "auth=(",
            "basicauth(",
            "<name>",
            "</name><value>",
            "value=",
            "\"value\": ",
            "Cookie(",
            "<Cookie ",
            "10.0.0.1",
            ":3128",
            "\u{1b}[0m",
            "SG_GITHUB_TOKEN_X",
            "TANK_CONTEXT",
            "%3A//",
            "api key",
            " is ",
            "  File \"",
            "%2Fhome%2F",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z0-9]{1,40}",
        any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// How many cases: `PROPTEST_CASES` when it is set.
fn cases(usual: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

/// Bytes in pieces, cut at these places (taken modulo the length).
fn streamed(redactor: &Redactor, bytes: &[u8], cuts: &[usize]) -> (String, redact::RuleCounts) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    let mut stream = redactor.stream_named(&String::from_utf8_lossy);
    let (mut out, mut from) = (String::new(), 0);
    for cut in cuts {
        stream.feed(&bytes[from..cut], &mut out);
        from = cut;
    }
    stream.feed(&bytes[from..], &mut out);
    let counts = stream.finish(&mut out);
    (out, counts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1000), ..ProptestConfig::default() })]

    #[test]
    fn redacting_twice_changes_nothing(text in text()) {
        for redactor in [redactor(), everything()] {
            let once = redactor.redact(&text).text.into_owned();
            let twice = redactor.redact(&once);
            prop_assert_eq!(&twice.text, &once);
            prop_assert!(twice.counts.is_empty(), "{:?} in {}", twice.counts, once);
            let named = redactor.redact_named(&text).text.into_owned();
            prop_assert_eq!(redactor.redact_named(&named).text, named.as_str());
        }
    }

    #[test]
    fn lines_stay_lines(text in text()) {
        for redactor in [redactor(), everything()] {
            let redacted = redactor.redact(&text).text.into_owned();
            prop_assert_eq!(redacted.matches('\n').count(), text.matches('\n').count());
            let named = redactor.redact_named(&text).text.into_owned();
            prop_assert_eq!(named.matches('\n').count(), text.matches('\n').count());
        }
    }

    #[test]
    fn hits_are_the_counts_by_line(text in text()) {
        let redactor = redactor();
        let hits = redactor.explain(&text);
        let lines = text.split_inclusive('\n').count();
        prop_assert!(hits.iter().all(|hit| (1..=lines).contains(&hit.line)));
        for (rule, times) in redactor.redact(&text).counts.iter() {
            let told = hits.iter().filter(|hit| hit.rule == rule).count() as u64;
            // A key is one hit and shown on each of its lines.
            prop_assert!(told == times || rule == "private_key" && told >= times, "{rule}: {told} for {times}");
        }
    }

    #[test]
    fn planted_secrets_never_survive(before in text(), after in text(), which in 0..SECRETS.len()) {
        let text = format!("{before}\nx {} y\n{after}", SECRETS[which]);
        let redacted = redactor().redact(&text).text.into_owned();
        prop_assert!(!redacted.contains(HIDDEN[which]), "{redacted}");
    }

    #[test]
    fn a_stream_gives_the_same_wherever_it_is_cut(
        parts in prop::collection::vec((text(), 0..SECRETS.len()), 0..4),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let text: String = parts.iter().map(|(text, which)| format!("{text}\r\nx {} y\n", SECRETS[*which])).collect();
        let redactor = redactor();
        let whole = redactor.redact_named(&text);
        let (streamed, counts) = streamed(&redactor, text.as_bytes(), &cuts);
        prop_assert_eq!(&streamed, &whole.text);
        prop_assert_eq!(counts, whole.counts);
        for (_, which) in &parts {
            prop_assert!(!streamed.contains(HIDDEN[*which]), "{}", streamed);
        }
    }

    #[test]
    fn bytes_that_are_no_text_stream_the_same(bytes in prop::collection::vec(any::<u8>(), 0..400), cuts in prop::collection::vec(any::<usize>(), 0..8)) {
        let redactor = redactor();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        prop_assert_eq!(streamed(&redactor, &bytes, &cuts).0, redactor.redact_named(&text).text);
    }
}

proptest! {
    // Lines of a quarter of a megabyte take their time.
    #![proptest_config(ProptestConfig { cases: cases(12), ..ProptestConfig::default() })]

    #[test]
    fn lines_that_are_too_long_stream_the_same(
        parts in prop::collection::vec((text(), 250_000..280_000_usize, prop::bool::ANY), 1..3),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
    ) {
        let mut text = String::new();
        for (piece, len, closed) in &parts {
            let line = format!("{piece} {} ", SECRETS[len % SECRETS.len()]);
            text.push_str(&line.repeat(len / line.len()));
            text.push_str(if *closed { "\n" } else { "" });
        }
        let redactor = redactor();
        let whole = redactor.redact_named(&text);
        let (streamed, counts) = streamed(&redactor, text.as_bytes(), &cuts);
        prop_assert_eq!(&streamed, &whole.text);
        prop_assert_eq!(counts, whole.counts);
        prop_assert_eq!(redactor.redact_named(&streamed).text, streamed.as_str());
        prop_assert!(!HIDDEN.iter().any(|hidden| streamed.contains(hidden)));
    }
}
