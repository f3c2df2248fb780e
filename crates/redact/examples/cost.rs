//! One redaction of a text of a given kind, for counting instructions:
//! `valgrind --tool=callgrind target/release/examples/cost KIND BYTES`. Without arguments it lists the kinds.

#![expect(clippy::print_stdout, reason = "a measurement is for people to read")]

use redact::{IdentityPolicy, Redactor};

/// What the text is made of, over and over.
const KINDS: &[(&str, &str)] = &[
    ("ordinary", ORDINARY),
    ("passwords", "password="),
    ("passwords-spaced", "password= "),
    ("tokens", "token="),
    ("tokens-quoted", "token='"),
    ("names", "session_token"),
    ("proxies", "proxy"),
    ("proxies-colon", "proxy:"),
    ("proxies-cut", "proxy:x:y "),
    ("schemes", "://"),
    ("urls", "a://"),
    ("urls-at", "a://b:c@"),
    ("marks", "@"),
    ("mails", "a.a@a."),
    ("mails-near", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bbbbbbbbbbbbbbbbbbbbbbbbb-@"),
    ("backslashes", "\\"),
    ("escaped", "\\\"password\\\"\\\\"),
    ("pem", "-----BEGIN "),
    ("pem-keys", "-----BEGIN PRIVATE KEY-----"),
    ("cookies", "cookie:"),
    ("cookies-set", "Cookie: a\\r\\n"),
    ("homes", "/home/"),
    ("homes-named", "/home/a"),
    ("homes-windows", "\\Users\\"),
    ("homes-unc", "\\\\a\\home"),
    ("bearer", "bearer "),
    ("basic", "basic a1"),
    ("authorization", "authorization: "),
    ("jwt", "eyJh"),
    ("jwt-dots", "eyJhbGciOi.eyJh."),
    ("keys", "AKIA"),
    ("curl", "curl -u "),
    ("constructor", "Shotgun('a', "),
    ("percent", "%25"),
    ("encoded-urls", "https%3A%2F%2F"),
    ("quotes", "'\"password'\""),
    ("logins", "'login': 'x' "),
    ("sessions", "session token "),
    ("signed", "https://h/a?sig=1&"),
    ("mixed-secrets", "password=hunter2, https://u:p@h/x?sig=1 Bearer abcdefgh12345678 \n"),
];

const ORDINARY: &str = "2026-01-14 19:49:11,990 [2764 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] Could not publish the scene\n\
Traceback (most recent call last):\n\
\x20 File \"/home/joe/.shotgun/bundle_cache/app_store/tk-multi-publish2/v2.10.8/python/tk_multi_publish2/api/item.py\", line 120, in publish\n\
\x20   self._publish(item, settings)\n\
\x20 File \"/home/joe/.shotgun/bundle_cache/app_store/tk-framework-shotgunutils/v5.9.1/python/utils.py\", line 88, in check\n\
\x20   return hook.execute(item)\n\
\x20 File \"/studio/config/hooks/tk-multi-publish2/basic/collector.py\", line 31, in execute\n\
\x20   raise ValueError(\"no frames in %s\" % item.path)\n\
ValueError: no frames in /mnt/projects/alpha/shots/sh010/render/v003/beauty.%04d.exr\n";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(kind) = arguments.next() else {
        for (kind, _) in KINDS {
            println!("{kind}");
        }
        return;
    };
    let bytes: usize = arguments.next().and_then(|bytes| bytes.parse().ok()).unwrap_or(256 * 1024);
    let piece = KINDS.iter().find(|(name, _)| *name == kind).map_or("", |(_, piece)| piece);
    let text = piece.repeat(bytes / piece.len().max(1));
    let redactor = Redactor::new(vec!["a-known-secret-value".into()], IdentityPolicy::default());
    let redacted = redactor.redact(&text);
    println!("{kind}: {} bytes, {:?}", redacted.text.len(), redacted.counts);
}
