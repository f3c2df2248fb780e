//! What stands in the place of a secret.

use std::borrow::Cow;

use crate::counts::RuleCounts;

/// Names of all rules, as they appear in counts and in named placeholders.
pub(crate) mod rule {
    pub(crate) const KNOWN: &str = "known";
    pub(crate) const PRIVATE_KEY: &str = "private_key";
    pub(crate) const KEY_VALUE: &str = "key_value";
    pub(crate) const PHRASE: &str = "phrase";
    pub(crate) const AUTHORIZATION: &str = "authorization";
    pub(crate) const URL_USERINFO: &str = "url_userinfo";
    pub(crate) const PROXY: &str = "proxy";
    pub(crate) const SIGNED_URL: &str = "signed_url";
    pub(crate) const OPAQUE_URL: &str = "opaque_url";
    pub(crate) const SERIALISED_USER: &str = "serialised_user";
    pub(crate) const COOKIE: &str = "cookie";
    pub(crate) const HOME: &str = "home";
    pub(crate) const EMAIL: &str = "email";
    pub(crate) const UNSETTLED: &str = "unsettled";
}

/// Every placeholder of a secret begins like this, and no rule takes such text for a value.
pub(crate) const START: &str = "<secret";

/// Which placeholder to write.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// `<secret>`: for titles and keys, which must not change when a rule is renamed.
    Plain,
    /// `<secret:rule>`: for people who read an attachment and wonder what was there.
    Named,
}

impl Style {
    pub(crate) fn secret(self, rule: &'static str) -> Cow<'static, str> {
        match self {
            Style::Plain => Cow::Borrowed("<secret>"),
            Style::Named => Cow::Owned(format!("<secret:{rule}>")),
        }
    }
}

/// A text being rewritten from left to right.
pub(crate) struct Rewrite<'t> {
    text: &'t str,
    out: String,
    done: usize,
}

impl<'t> Rewrite<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Rewrite { text, out: String::new(), done: 0 }
    }

    /// Where the next replacement may begin.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    /// Replaces a span that does not begin before the end of the last one.
    pub(crate) fn replace(&mut self, from: usize, to: usize, with: &str) {
        debug_assert!(self.done <= from && from <= to);
        self.out.push_str(&self.text[self.done..from]);
        self.out.push_str(with);
        self.done = to;
    }

    /// Replaces a span by the placeholder of a rule and counts it.
    pub(crate) fn hide(
        &mut self,
        from: usize,
        to: usize,
        rule: &'static str,
        style: Style,
        counts: &mut RuleCounts,
    ) {
        self.replace(from, to, &style.secret(rule));
        counts.hit(rule);
    }

    /// The new text; `None` when nothing was replaced.
    pub(crate) fn finish(mut self) -> Option<String> {
        if self.done == 0 && self.out.is_empty() {
            return None;
        }
        self.out.push_str(&self.text[self.done..]);
        Some(self.out)
    }
}
