//! Takes secrets out of text.
//!
//! A [`Redactor`] is made once with the secrets the caller knows and then applied to every text before it is hashed,
//! titled, kept or sent: to whole texts, or to a stream of bytes with the same outcome. It owns the rules, which
//! docs/redaction.md lists. The number of lines never changes, redacting twice changes nothing, every cost is linear
//! whatever the text, and ordinary text costs one search for rare words.
//!
//! Rules look at one line at a time; only private keys and pickles of several lines are remembered from line to line.
//!
//! Deliberately absent: files and encodings (the caller decodes), the environment of a process (capture that by an
//! allow-list instead).

mod authorization;
mod command_line;
mod constructor;
mod cookie;
mod counts;
mod cut;
mod entropy;
mod hit;
mod identity;
mod key_value;
mod known;
mod line;
mod long_line;
mod name;
mod options;
mod pass;
mod phrase;
mod pickle;
mod placeholder;
mod private_key;
mod proxy;
mod rule;
mod shows;
mod span;
mod spelling;
mod stream;
mod token;
mod trigger;
mod url;
mod value;

use std::borrow::Cow;
use std::fmt;

use secrecy::SecretString;

pub use counts::RuleCounts;
pub use hit::Hit;
pub use options::{IdentityPolicy, RedactOptions};
pub use stream::StreamRedactor;

use known::Known;
use pass::{Carry, Rules};
use placeholder::Style;
use private_key::InKey;
use shows::Shows;

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
    rules: Rules,
}

impl fmt::Debug for Redactor {
    /// Without the known values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor")
            .field("home", &self.rules.home)
            .field("email", &self.rules.email)
            .finish_non_exhaustive()
    }
}

impl Redactor {
    /// A redactor that also hides these values (of at least eight characters) in all their usual spellings.
    pub fn new(known: Vec<SecretString>, identity: IdentityPolicy) -> Self {
        Redactor::with_options(known, RedactOptions { identity, ..RedactOptions::default() })
    }

    /// The same, with everything that can be chosen.
    pub fn with_options(known: Vec<SecretString>, options: RedactOptions) -> Self {
        let mut logins = options.logins;
        logins.retain(|login| !login.is_empty());
        // Of two logins that begin alike the longer one is meant.
        logins.sort_by_key(|login| std::cmp::Reverse(login.len()));
        Redactor {
            rules: Rules {
                known: Known::new(known),
                shows: Shows::new(&options.shows),
                home: options.identity.home,
                email: options.identity.email,
                entropy: options.entropy,
                logins,
            },
        }
    }

    /// Replaces secrets by `<secret>`: for titles, keys and messages.
    pub fn redact<'t>(&self, text: &'t str) -> Redacted<'t> {
        self.whole(text, Style::Plain)
    }

    /// Replaces secrets by `<secret:rule>`: for attachments, whose readers want to know what was there.
    pub fn redact_named<'t>(&self, text: &'t str) -> Redacted<'t> {
        self.whole(text, Style::Named)
    }

    /// [`Redactor::redact`] for a text whose writer may be in the middle of a line: the last word goes as well when it may
    /// be the first half of a secret. What ends with its line is whole.
    pub fn redact_unfinished<'t>(&self, text: &'t str) -> Redacted<'t> {
        hide_half(self.redact(text), Style::Plain)
    }

    /// [`Redactor::redact_named`] for such a text.
    pub fn redact_named_unfinished<'t>(&self, text: &'t str) -> Redacted<'t> {
        hide_half(self.redact_named(text), Style::Named)
    }

    /// [`Redactor::redact_named`] for bytes that come in pieces. `decode` turns whole lines into text; it sees each line
    /// once, several at a time.
    pub fn stream_named<'r>(&'r self, decode: &'r dyn Fn(&[u8]) -> Cow<'_, str>) -> StreamRedactor<'r> {
        StreamRedactor::new(self, Style::Named, Carry::default(), decode)
    }

    /// The same for bytes that begin in the middle of a log: a private key may have begun before, so lines of key text at
    /// the beginning are taken for one.
    pub fn stream_named_from_middle<'r>(
        &'r self,
        decode: &'r dyn Fn(&[u8]) -> Cow<'_, str>,
    ) -> StreamRedactor<'r> {
        StreamRedactor::new(self, Style::Named, Carry { key: InKey::guessed(), pickle: 0 }, decode)
    }

    /// Every replacement that redacting this text makes, by line.
    pub fn explain(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut carry = Carry::default();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let mut counts = RuleCounts::default();
            let was_in_key = carry.key.is_inside();
            let changed = self.rules.pass(line, Style::Plain, &mut carry, &mut counts);
            // A key counts once, and is shown on each of its lines.
            if was_in_key && changed.is_some() && counts.is_empty() {
                counts.hit(rule::Rule::PrivateKey);
            }
            for (rule, times) in counts.iter() {
                hits.extend((0..times).map(|_| Hit { line: index + 1, rule }));
            }
        }
        hits
    }

    fn whole<'t>(&self, text: &'t str, style: Style) -> Redacted<'t> {
        let mut counts = RuleCounts::default();
        let changed = self.rules.pass(text, style, &mut Carry::default(), &mut counts);
        Redacted { text: changed.map_or(Cow::Borrowed(text), Cow::Owned), counts }
    }
}

fn hide_half(redacted: Redacted<'_>, style: Style) -> Redacted<'_> {
    if redacted.text.ends_with('\n') {
        return redacted;
    }
    let Some(from) = cut::half_secret(&redacted.text) else { return redacted };
    let Redacted { text, mut counts } = redacted;
    counts.hit(rule::Rule::Cut);
    let mut text = text.into_owned();
    text.truncate(from);
    style.push_secret(rule::Rule::Cut, &mut text);
    Redacted { text: text.into(), counts }
}
