//! One line and what the rules found in it so far.

use crate::rule::Rule;
use crate::span::Span;
use crate::trigger::{Kind, Trigger};
use crate::{authorization, command_line, constructor, cookie, identity, key_value, proxy, token, url};

/// A line being searched from left to right.
///
/// Every rule is called at its words, in the order of the line. What it looks at before it declines is bounded; what it
/// looks at before it accepts is passed over afterwards (`covered`). So the whole stays linear, whatever the line.
pub(crate) struct Line<'t> {
    pub(crate) text: &'t str,
    pub(crate) spans: Vec<Span>,
    /// Words before this are inside a value that goes anyway.
    pub(crate) covered: usize,
    /// End of the last name that was judged.
    pub(crate) named: usize,
    /// The last URL: where it ends, and whether it is one of the web.
    pub(crate) url_end: usize,
    pub(crate) url_is_web: bool,
    /// The end of the last run of percent code a URL was found in, and up to where there is nothing more to find in it.
    pub(crate) encoded_end: usize,
    pub(crate) encoded_done: usize,
    /// The rest of the line was read as a command already.
    pub(crate) commanded: bool,
    /// Up to here there is no `name=value` that a cookie would have.
    pub(crate) cookieless: usize,
    /// Whether the line holds the token of a user; asked for once.
    pub(crate) has_user: Option<bool>,
    /// No placeholder leads to something else that is to go. Behind tags it reads as one more of them.
    pub(crate) is_settled: bool,
    /// A name of a pickle ended the line: its value is in one of the next lines.
    pub(crate) pickled_value_follows: bool,
}

/// A name and the quotes behind it.
const LONGEST_NAME: usize = 72;

/// Which identity rules run.
pub(crate) struct Identity<'r> {
    pub(crate) home: bool,
    pub(crate) email: bool,
    pub(crate) logins: &'r [String],
}

impl<'t> Line<'t> {
    pub(crate) fn new(text: &'t str, spans: Vec<Span>) -> Line<'t> {
        Line {
            text,
            spans,
            covered: 0,
            named: 0,
            url_end: 0,
            url_is_web: false,
            encoded_end: 0,
            encoded_done: 0,
            commanded: false,
            cookieless: 0,
            has_user: None,
            is_settled: true,
            pickled_value_follows: false,
        }
    }

    /// Calls the rule of a word.
    pub(crate) fn visit(&mut self, trigger: Trigger, identity: &Identity<'_>) {
        // A name at the end of a value that goes may name the next one: `--password 'script_key': 'abc'`.
        let names_next = trigger.kind == Kind::Name && trigger.at + LONGEST_NAME >= self.covered;
        // A program's name may go for a secret, its password is behind it: `Session token: sshpass -p abc`.
        let is_command = trigger.kind == Kind::Command;
        if trigger.at < self.covered && !names_next && !is_command || self.is_placeholder(trigger) {
            return;
        }
        match trigger.kind {
            Kind::Home if identity.home => identity::home(self, trigger, identity.logins),
            Kind::Email => {
                if !proxy::bare(self, trigger.at) && identity.email {
                    identity::email(self, trigger);
                }
            }
            Kind::EncodedEmail if identity.email => identity::encoded_email(self, trigger),
            Kind::Home | Kind::EncodedEmail => {}
            Kind::Url => url::plain(self, trigger),
            Kind::EncodedUrl => url::encoded(self, trigger),
            Kind::Name => key_value::name(self, trigger),
            Kind::Authorization => authorization::header(self, trigger),
            Kind::Scheme => authorization::scheme(self, trigger),
            Kind::Proxy => proxy::proxy(self, trigger),
            Kind::Cookie => cookie::cookie(self, trigger),
            Kind::Token => token::token(self, trigger),
            Kind::Command => command_line::command(self, trigger),
            Kind::Constructor => constructor::constructor(self, trigger),
        }
    }

    /// Whether a word is part of a placeholder, which looks like the tag of a document.
    fn is_placeholder(&self, trigger: Trigger) -> bool {
        let (before, word) = self.text.as_bytes().split_at(trigger.at);
        before.ends_with(b"<secret:")
            || before.ends_with(b"<") && (word.starts_with(b"secret>") || word.starts_with(b"secret:"))
    }

    /// Takes out a secret that begins at or behind the word that was visited; words inside it are passed over.
    pub(crate) fn hide(&mut self, rule: Rule, from: usize, to: usize) {
        self.spans.push(Span::secret(rule, from, to));
        self.covered = self.covered.max(to);
    }

    /// Whether the text before `at` ends inside a word.
    pub(crate) fn is_inside_word(&self, at: usize) -> bool {
        let before = &self.text.as_bytes()[..at];
        let encoded =
            matches!(before, [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        let escaped = matches!(before, [.., b'\\', b'n' | b't' | b'r']);
        before.last().is_some_and(|b| b.is_ascii_alphanumeric()) && !encoded && !escaped
    }
}
