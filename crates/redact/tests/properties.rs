//! What holds for every text.

use proptest::prelude::*;
use redact::{IdentityPolicy, Redactor};

fn redactor() -> Redactor {
    Redactor::new(vec!["KnownValue42".into(), "p@ss w/rd".into()], IdentityPolicy::default())
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
            "é",
            "Traceback (most recent call last):",
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

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(3000), ..ProptestConfig::default() })]

    #[test]
    fn redacting_twice_changes_nothing(text in text()) {
        let redactor = redactor();
        let once = redactor.redact(&text).text.into_owned();
        let twice = redactor.redact(&once);
        prop_assert_eq!(&twice.text, &once);
        prop_assert!(twice.counts.is_empty(), "{:?} in {}", twice.counts, once);
        let named = redactor.redact_named(&text).text.into_owned();
        prop_assert_eq!(redactor.redact_named(&named).text, named.as_str());
    }

    #[test]
    fn lines_stay_lines(text in text()) {
        let redacted = redactor().redact(&text).text.into_owned();
        prop_assert_eq!(redacted.matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn known_values_never_survive(before in text(), after in text()) {
        let text = format!("{before} KnownValue42 {after}");
        let redacted = redactor().redact(&text).text.into_owned();
        prop_assert!(!redacted.contains("KnownValue42"));
    }
}
