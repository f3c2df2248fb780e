//! Takes secrets out of text.
//!
//! A `Redactor` is made once with the secrets the caller knows and then applied to every text before it is hashed,
//! titled, kept or sent. It owns the rules: known values, private keys, named values, URLs, authorization, proxies,
//! cookies, serialised users, home folders, e-mail addresses. The number of lines never changes, redacting twice changes
//! nothing, and ordinary text costs one search for rare words.
//!
//! Deliberately absent: files, streams and their edges (give it whole records or whole lines), entropy guessing, names
//! of shows, the environment of a process (capture that by an allow-list instead).

mod counts;
mod hit;
mod identity;
mod known;
mod placeholder;
mod private_key;
mod urls;
mod values;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use regex::{Match, Regex};
use secrecy::SecretString;

pub use counts::RuleCounts;
pub use hit::Hit;
pub use identity::IdentityPolicy;

use known::Known;
use placeholder::{Style, rule};

/// The text without secrets, and what was taken out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redacted<'t> {
    /// Borrowed when nothing was found.
    pub text: Cow<'t, str>,
    /// Hits by rule.
    pub counts: RuleCounts,
}

/// Finds and replaces secrets. See the crate text.
pub struct Redactor {
    known: Known,
    identity: IdentityPolicy,
}

impl fmt::Debug for Redactor {
    /// Without the known values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// A line that still changes after so many rounds is replaced as a whole.
const MOST_ROUNDS: usize = 6;

/// Words that a line must hold for any rule to apply. Home folders first: in a log they are by far the most frequent.
static TRIGGER: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r"(?i-u:/home/|/users/|\\users|\\documents and settings|\\profile|\\home|%2fhome|%2fusers|",
        r"token|secret|passw|passphrase|session|_key|-key|apikey|scriptkey|applicationkey|secretkey|auth_?-?request|",
        r"authorization|bearer|basic[ \t]|proxy|://|cookie|@|login)"
    ))
});

impl Redactor {
    /// A redactor that also hides these values (of at least eight characters) in all their usual spellings.
    pub fn new(known: Vec<SecretString>, identity: IdentityPolicy) -> Self {
        Redactor { known: Known::new(known), identity }
    }

    /// Replaces secrets by `<secret>`: for titles, keys and messages.
    pub fn redact<'t>(&self, text: &'t str) -> Redacted<'t> {
        self.run(text, Style::Plain)
    }

    /// Replaces secrets by `<secret:rule>`: for attachments, whose readers want to know what was there.
    pub fn redact_named<'t>(&self, text: &'t str) -> Redacted<'t> {
        self.run(text, Style::Named)
    }

    /// Every replacement that redacting this text makes, by line and then by rule.
    pub fn explain(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut counts = RuleCounts::default();
        // Keys are the only secrets of several lines; the rest is a matter of one line.
        let without_keys =
            private_key::hide(text, Style::Plain, &mut counts).unwrap_or_else(|| text.to_owned());
        for (index, (line, original)) in without_keys.lines().zip(text.lines()).enumerate() {
            let line_hits = |rule, times| (0..times).map(move |_| Hit { line: index + 1, rule });
            if line != original {
                hits.extend(line_hits(rule::PRIVATE_KEY, 1));
            }
            for (rule, times) in self.run(line, Style::Plain).counts.iter() {
                hits.extend(line_hits(rule, times));
            }
        }
        hits
    }

    fn run<'t>(&self, text: &'t str, style: Style) -> Redacted<'t> {
        let mut counts = RuleCounts::default();
        let mut out = Cow::Borrowed(text);
        if let Some(changed) = self.known.hide(&out, style, &mut counts) {
            out = Cow::Owned(changed);
        }
        if let Some(changed) = private_key::hide(&out, style, &mut counts) {
            out = Cow::Owned(changed);
        }
        if let Some(changed) = self.lines(&out, style, &mut counts) {
            out = Cow::Owned(changed);
        }
        Redacted { text: out, counts }
    }

    /// Applies the rules to every line that holds a trigger.
    fn lines(&self, text: &str, style: Style, counts: &mut RuleCounts) -> Option<String> {
        let mut out = String::new();
        let mut copied = 0;
        let mut from = 0;
        while let Some(hit) = TRIGGER.find_at(text, from) {
            let start = text[..hit.start()].rfind('\n').map_or(0, |at| at + 1);
            let end = text[hit.end()..].find('\n').map_or(text.len(), |at| hit.end() + at);
            let hints = TRIGGER
                .find_iter(&text[hit.end()..end])
                .fold(Hints::of(hit), |all, next| all.with(Hints::of(next)));
            if let Some(changed) = self.line(&text[start..end], hints, style, counts) {
                out.push_str(&text[copied..start]);
                out.push_str(&changed);
                copied = end;
            }
            from = end;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }

    /// One line, until no rule changes it any more: what one rule leaves may be what another one looks for.
    fn line(&self, line: &str, hints: Hints, style: Style, counts: &mut RuleCounts) -> Option<String> {
        let mut current = self.round(line, hints, style, counts)?;
        for _ in 1..MOST_ROUNDS {
            if !TRIGGER.is_match(&current) {
                return Some(current);
            }
            match self.round(&current, hints, style, counts) {
                Some(changed) if changed != current => current = changed,
                _ => return Some(current),
            }
        }
        counts.hit(rule::UNSETTLED);
        Some(style.secret(rule::UNSETTLED).into_owned())
    }

    fn round(&self, line: &str, hints: Hints, style: Style, counts: &mut RuleCounts) -> Option<String> {
        let mut current: Option<String> = None;
        let mut apply = |needs: Hints, rule: &dyn Fn(&str, &mut RuleCounts) -> Option<String>| {
            if hints.meets(needs)
                && let Some(changed) = rule(current.as_deref().unwrap_or(line), counts)
            {
                current = Some(changed);
            }
        };
        apply(Hints::URL, &|text, counts| urls::hide(text, style, counts));
        apply(Hints::NAME, &|text, counts| values::serialised_users(text, style, counts));
        apply(Hints::NAME, &|text, counts| values::key_values(text, style, counts));
        apply(Hints::NAME, &|text, counts| values::phrases(text, style, counts));
        apply(Hints::AUTHORIZATION, &|text, counts| values::authorization(text, style, counts));
        apply(Hints::PROXY, &|text, counts| values::proxies(text, style, counts));
        apply(Hints::COOKIE, &|text, counts| values::cookies(text, style, counts));
        if self.identity.home {
            apply(Hints::HOME, &|text, counts| identity::homes(text, counts));
        }
        if self.identity.email {
            apply(Hints::EMAIL, &|text, counts| identity::emails(text, counts));
        }
        current
    }
}

/// Which rules a line is worth trying with.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Hints(u8);

impl Hints {
    const HOME: Hints = Hints(1);
    const URL: Hints = Hints(2);
    const EMAIL: Hints = Hints(4);
    const NAME: Hints = Hints(8);
    const AUTHORIZATION: Hints = Hints(16);
    const PROXY: Hints = Hints(32);
    const COOKIE: Hints = Hints(64);

    /// What one trigger hints at. No trigger begins inside another one, so none hides another.
    fn of(trigger: Match<'_>) -> Hints {
        let word = trigger.as_str().as_bytes();
        match word[0].to_ascii_lowercase() {
            b'/' | b'\\' | b'%' => Hints::HOME,
            b':' => Hints::URL,
            b'@' => Hints::EMAIL,
            b'c' => Hints::COOKIE,
            b'b' => Hints::AUTHORIZATION,
            b'a' => Hints::AUTHORIZATION.with(Hints::NAME),
            b'p' if word.len() == b"proxy".len() => Hints::PROXY.with(Hints::NAME),
            _ => Hints::NAME,
        }
    }

    fn with(self, other: Hints) -> Hints {
        Hints(self.0 | other.0)
    }

    fn meets(self, needs: Hints) -> bool {
        self.0 & needs.0 != 0
    }
}

/// Compiles a constant pattern. The regex crate is built without Unicode tables: sets are written out.
fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("patterns are constants and every one is compiled by a test")
}
