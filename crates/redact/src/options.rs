//! What a studio can choose.

/// Which identity rules run. Both by default.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct IdentityPolicy {
    /// Home folders become `~`.
    pub home: bool,
    /// E-mail addresses become `<email>`.
    pub email: bool,
}

impl Default for IdentityPolicy {
    fn default() -> Self {
        IdentityPolicy { home: true, email: true }
    }
}

/// Everything that can be chosen about redaction. The rules for secrets always run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RedactOptions {
    /// See there.
    pub identity: IdentityPolicy,
    /// Also take out words that look random. Off by default: it eats hashes and ids that support needs.
    pub entropy: bool,
    /// Names of shows and clients. Each becomes `<show-N>`, N being its place in the list from 1; an empty name keeps
    /// the place of one that was removed.
    pub shows: Vec<String>,
    /// Logins of people, who may have blanks in the names of their home folders.
    pub logins: Vec<String>,
}
