//! The rules by name, as people meet them in placeholders, counts and `explain`.

/// What took something out. The name is part of the placeholder in attachments and is documented in docs/redaction.md.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Rule {
    Known,
    PrivateKey,
    KeyValue,
    Phrase,
    Authorization,
    UrlUserinfo,
    Proxy,
    SignedUrl,
    OpaqueUrl,
    SerialisedUser,
    Cookie,
    Token,
    CommandLine,
    Constructor,
    Entropy,
    Show,
    Home,
    Email,
    LongLine,
    Unsettled,
    Cut,
}

impl Rule {
    pub(crate) const ALL: [Rule; 21] = [
        Rule::Known,
        Rule::PrivateKey,
        Rule::KeyValue,
        Rule::Phrase,
        Rule::Authorization,
        Rule::UrlUserinfo,
        Rule::Proxy,
        Rule::SignedUrl,
        Rule::OpaqueUrl,
        Rule::SerialisedUser,
        Rule::Cookie,
        Rule::Token,
        Rule::CommandLine,
        Rule::Constructor,
        Rule::Entropy,
        Rule::Show,
        Rule::Home,
        Rule::Email,
        Rule::LongLine,
        Rule::Unsettled,
        Rule::Cut,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Rule::Known => "known",
            Rule::PrivateKey => "private_key",
            Rule::KeyValue => "key_value",
            Rule::Phrase => "phrase",
            Rule::Authorization => "authorization",
            Rule::UrlUserinfo => "url_userinfo",
            Rule::Proxy => "proxy",
            Rule::SignedUrl => "signed_url",
            Rule::OpaqueUrl => "opaque_url",
            Rule::SerialisedUser => "serialised_user",
            Rule::Cookie => "cookie",
            Rule::Token => "token",
            Rule::CommandLine => "command_line",
            Rule::Constructor => "constructor",
            Rule::Entropy => "entropy",
            Rule::Show => "show",
            Rule::Home => "home",
            Rule::Email => "email",
            Rule::LongLine => "long_line",
            Rule::Unsettled => "unsettled",
            Rule::Cut => "cut",
        }
    }

    /// Whether it hides who someone is rather than a secret.
    pub(crate) fn is_identity(self) -> bool {
        matches!(self, Rule::Home | Rule::Email | Rule::Show)
    }
}
