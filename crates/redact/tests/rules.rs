//! Every rule through the front door: what must go, what must stay.

use redact::{IdentityPolicy, Redactor};

fn redactor() -> Redactor {
    Redactor::new(vec!["s3cr3t/Key \"q\"+ü".into(), "short".into()], IdentityPolicy::default())
}

/// (text, what becomes of it, rule that did it)
const GONE: &[(&str, &str, &str)] = &[
    // key=value
    ("session_token=0a1b2c3d4e5f", "session_token=<secret>", "key_value"),
    (
        "\"session_token\": \"abc def, ghi\", \"x\": 1",
        "\"session_token\": \"<secret>\", \"x\": 1",
        "key_value",
    ),
    (
        r#"{\"session_token\": \"abc\", \"x\": 1}"#,
        r#"{\"session_token\": \"<secret>\", \"x\": 1}"#,
        "key_value",
    ),
    (r#"{\\\"api_key\\\": \\\"abc\\\"}"#, r#"{\\\"api_key\\\": \\\"<secret>\\\"}"#, "key_value"),
    ("{u'script_key': u'abc123'}", "{u'script_key': u'<secret>'}", "key_value"),
    ("SHOTGUN_API_KEY=abc123 next", "SHOTGUN_API_KEY=<secret> next", "key_value"),
    ("user_password: hunter2, host: x", "user_password: <secret>, host: x", "key_value"),
    (
        "%22session_token%22%3A%20%22abc%22%2C%22x%22",
        "%22session_token%22%3A%20%22<secret>%22%2C%22x%22",
        "key_value",
    ),
    ("client_secret => abc", "client_secret => <secret>", "key_value"),
    ("csrf_token_u88: 12ab", "csrf_token_u88: <secret>", "key_value"),
    ("token=abcdefgh12345678", "token=<secret>", "key_value"),
    ("application-key: 'a b c'", "application-key: '<secret>'", "key_value"),
    // phrase
    ("Session token: 9f8e7d6c5b4a", "Session token: <secret>", "phrase"),
    ("the session token is 9f8e7d6c5b4a3f2e1d0c", "the session token is <secret>", "phrase"),
    // authorization
    ("Authorization: Bearer abc.def.ghi12", "Authorization: Bearer <secret>", "authorization"),
    ("'Authorization': 'Basic dXNlcjpwYXNz'", "'Authorization': 'Basic <secret>'", "authorization"),
    ("sent Bearer eyJhbGciOi.J9abc12 to it", "sent Bearer <secret> to it", "authorization"),
    // URLs
    ("https://u:p@ss@host/x", "https://<secret>@host/x", "url_userinfo"),
    (
        "clone https://ghp_abcdef@github.com/o/r.git failed",
        "clone https://<secret>@github.com/o/r.git failed",
        "url_userinfo",
    ),
    ("http_proxy=http://user:pass@proxy:8080", "http_proxy=http://<secret>@proxy:8080", "url_userinfo"),
    ("https://u:pa/ss@host/x", "https://<secret>@host/x", "url_userinfo"),
    (
        "Failed to open https://b.s3.amazonaws.com/a/b.jpg?AWSAccessKeyId=AKIA&Expires=1&Signature=x%3D",
        "Failed to open https://b.s3.amazonaws.com/a/b.jpg?<secret>",
        "signed_url",
    ),
    ("(https://h/a?x=1&X-Amz-Signature=00ff)", "(https://h/a?<secret>)", "signed_url"),
    ("https://h/x/0123456789abcdef0123456789abcdef/y", "https://h/x/<secret>/y", "opaque_url"),
    // proxy without scheme
    ("http_proxy: user:p@ss@proxy.studio:8080", "http_proxy: <secret>@proxy.studio:8080", "proxy"),
    (
        "Invalid http_proxy address 'joe:pw@10.0.0.1:99999'. Valid",
        "Invalid http_proxy address '<secret>@10.0.0.1:99999'. Valid",
        "proxy",
    ),
    // serialised user
    (
        "{\"login\": \"joe\", \"session_token\": \"abc\"}",
        "{\"login\": \"<secret>\", \"session_token\": \"<secret>\"}",
        "serialised_user",
    ),
    (
        r"(dp1\nS'session_token'\np2\nS'abcdef'\np3\ns.",
        r"(dp1\nS'session_token'\np2\nS'<secret>'\np3\ns.",
        "serialised_user",
    ),
    // cookies
    ("Cookie: a=b; c=d", "Cookie: <secret>", "cookie"),
    ("> set-cookie: _session=1; path=/", "> set-cookie: <secret>", "cookie"),
    // identity
    ("  File \"/home/joe/x.py\", line 1", "  File \"~/x.py\", line 1", "home"),
    ("/Users/joe.smith/Library/x", "~/Library/x", "home"),
    (r"C:\Users\First Last\AppData\x", r"~\AppData\x", "home"),
    (r"'C:\\Users\\joe\\x'", r"'~\\x'", "home"),
    (r"\\srv\profiles$\joe\x", r"~\x", "home"),
    ("C:/Users/joe/x", "~/x", "home"),
    ("in /home/joe", "in ~", "home"),
    ("/mnt/home/joe/x", "/mnt/home/<user>/x", "home"),
    ("file:///home/joe/x", "file:///home/<user>/x", "home"),
    ("mail joe.smith@studio.example.com now", "mail <email> now", "email"),
    // known values
    ("x s3cr3t/Key \"q\"+ü y", "x <secret> y", "known"),
    ("x s3cr3t%2FKey%20%22q%22%2B%C3%BC y", "x <secret> y", "known"),
    ("x s3cr3t%2fKey+%22q%22%2b%c3%bc y", "x <secret> y", "known"),
    (r#"x s3cr3t/Key \"q\"+ü y"#, "x <secret> y", "known"),
    (r#"x s3cr3t\/Key \"q\"+ü y"#, "x <secret> y", "known"),
    (r#"x s3cr3t/Key \"q\"+\u00fc y"#, "x <secret> y", "known"),
];

/// Text that no rule may touch.
const STAYS: &[&str] = &[
    "author: Joe, authenticated as administrator",
    "basic configuration of the publisher",
    "Using basic authentication for the proxy",
    "git@github.com:studio/tk-config.git",
    "ssh://git@github.com/studio/tk-config.git",
    "/tmp/0123456789abcdef0123456789abcdef/tk-core/x.py",
    "api_key=None, password=****, session_token: <missing>",
    "    session_token=session_token,",
    "    password=self._password)",
    "    api_key = self.get_api_key()",
    "https://studio.example/page/1234?page=2&sort=name",
    "https://studio.example/home/joe",
    "/users/guide/index",
    "/home/",
    "C:\\Users\\Public\\Documents",
    "sessions: 12, tokens left: 4",
    "KeyError: 'session'",
    "token=abc",
    "@property and name@0x7f00",
    "the cookie jar is empty",
    "Proxy: None",
    "proxy server: proxy.studio:8080",
    "2026-01-14 19:49:11,961 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] failed",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "secret service not running",
    "https://studio.example:443/@me/page",
];

#[test]
fn secrets_are_replaced_by_the_rule_meant_for_them() {
    let redactor = redactor();
    for (text, wanted, rule) in GONE {
        let redacted = redactor.redact(text);
        assert_eq!(redacted.text, *wanted, "of {text}");
        assert!(redacted.counts.get(rule) > 0, "{text}: {:?} instead of {rule}", redacted.counts);
    }
}

#[test]
fn ordinary_text_stays() {
    for text in STAYS {
        let redacted = redactor().redact(text);
        assert_eq!(redacted.text, *text);
        assert!(redacted.counts.is_empty(), "{text}: {:?}", redacted.counts);
        assert!(matches!(redacted.text, std::borrow::Cow::Borrowed(_)));
    }
}

#[test]
fn base64_of_a_known_value_is_found_wherever_it_begins() {
    let redactor = Redactor::new(vec!["correct horse battery".into()], IdentityPolicy::default());
    // base64 of "correct horse battery", ":correct…", "u:correct…"
    for text in [
        "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5",
        "OmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ==",
        "dTpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=",
    ] {
        let redacted = redactor.redact(text);
        assert!(redacted.text.contains("<secret>"), "{}", redacted.text);
        assert_eq!(redacted.counts.get("known"), 1);
    }
}

#[test]
fn private_keys_go_line_by_line() {
    let text = "key:\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nq1w2e3\n-----END RSA PRIVATE KEY-----\nafter\n";
    let redacted = redactor().redact(text);
    assert_eq!(redacted.text, "key:\n<secret>\n<secret>\n<secret>\n<secret>\nafter\n");
    let escaped = r"x -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- y";
    assert_eq!(redactor().redact(escaped).text, "x <secret> y");
    let cut = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA0123\nnext record\n";
    assert_eq!(redactor().redact(cut).text, "<secret>\n<secret>\nnext record\n");
}

#[test]
fn named_placeholders_tell_the_rule() {
    let redacted = redactor().redact_named("http_proxy: u:p@h, session_token=abc1 and s3cr3t/Key \"q\"+ü");
    assert_eq!(
        redacted.text,
        "http_proxy: <secret:proxy>@h, session_token=<secret:key_value> and <secret:known>"
    );
    let again = redactor().redact_named(&redacted.text);
    assert_eq!(again.text, redacted.text);
    assert!(again.counts.is_empty());
}

#[test]
fn hits_name_the_rule_and_the_line_and_hold_no_secret() {
    let text = "fine\npassword=hunter22 /home/joe/x password=hunter23\n-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END PRIVATE KEY-----\nu s3cr3t/Key \"q\"+ü\n";
    let hits = redactor().explain(text);
    let told: Vec<(usize, &str)> = hits.iter().map(|hit| (hit.line, hit.rule)).collect();
    assert_eq!(
        told,
        [
            (2, "key_value"),
            (2, "key_value"),
            (2, "home"),
            (3, "private_key"),
            (4, "private_key"),
            (5, "private_key"),
            (6, "known"),
        ]
    );
    assert!(redactor().explain("nothing to see").is_empty());
}

#[test]
fn counts_merge_and_debug_shows_no_secret() {
    let redactor = redactor();
    let mut counts = redactor.redact("password=abc1 password=def2").counts;
    counts.merge(&redactor.redact("/home/joe/x").counts);
    assert_eq!((counts.get("key_value"), counts.get("home"), counts.total()), (2, 1, 3));
    assert!(!format!("{redactor:?}").contains("s3cr3t"));
}

#[test]
fn identity_rules_follow_the_policy() {
    let redactor = Redactor::new(Vec::new(), IdentityPolicy { home: false, email: false });
    let text = "/home/joe/x joe@studio.example.com";
    assert_eq!(redactor.redact(text).text, text);
}
