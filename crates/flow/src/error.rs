//! The one error of this crate: what kind of trouble, in which call, what to do, and whether a write may have
//! happened all the same. Texts pass through `conceal` before they come here and hold no secrets.

use std::error::Error;
use std::fmt;

/// What went wrong, for callers that branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlowErrorKind {
    /// The site's address cannot be used.
    BadUrl,
    /// No connection: refused, unknown host, no route, connecting took too long.
    Unreachable,
    /// The proxy is wrong, away, or refuses us.
    Proxy,
    /// No trusted connection: certificate, protocol, root set.
    Tls,
    /// Connected, but sending or answering took longer than allowed.
    Timeout,
    /// Connected, but the connection broke while sending or receiving.
    Interrupted,
    /// The credential is missing, wrong or expired (api3 code 102).
    SignedOut,
    /// The site refuses this way of signing in (api3 codes 106, 108, 110).
    SignInRefused,
    /// The SSO claims behind the session have lapsed (302 to the SAML page): Toolkit has to renew the session.
    SsoRedirect,
    /// The site does not offer this entity type.
    EntityMissing,
    /// The site understood and said no.
    Fault,
    /// HTTP 401 or 403: the site or something in front of it blocks us.
    Forbidden,
    /// HTTP 429 or 503: slow down.
    Throttled,
    /// Any other HTTP 5xx.
    ServerTrouble,
    /// The site or its storage refused a file.
    UploadRefused,
    /// An answer that is no answer: not JSON, too big, of the wrong shape, an unexpected HTTP status.
    BadAnswer,
    /// A file or stream on our side could not be read or written.
    File,
}

impl fmt::Display for FlowErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadUrl => "bad site address",
            Self::Unreachable => "site unreachable",
            Self::Proxy => "proxy trouble",
            Self::Tls => "no trusted connection",
            Self::Timeout => "timeout",
            Self::Interrupted => "connection interrupted",
            Self::SignedOut => "signed out",
            Self::SignInRefused => "sign-in refused",
            Self::SsoRedirect => "SSO session lapsed",
            Self::EntityMissing => "entity type missing",
            Self::Fault => "refused by the site",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::ServerTrouble => "server trouble",
            Self::UploadRefused => "upload refused",
            Self::BadAnswer => "bad answer",
            Self::File => "local file trouble",
        })
    }
}

/// The cause one level down, for the error chain.
pub(crate) type Source = Box<dyn Error + Send + Sync + 'static>;

/// Why a call failed. `Display` is one sentence for a person, without secrets; the chain goes on in `source()`.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct FlowError {
    kind: FlowErrorKind,
    call: String,
    text: String,
    code: Option<i64>,
    status: Option<u16>,
    retry_after_ms: Option<u64>,
    may_have_happened: bool,
    #[source]
    source: Option<Source>,
}

impl FlowError {
    pub(crate) fn new(kind: FlowErrorKind, call: &str, text: impl Into<String>) -> Self {
        Self {
            kind,
            call: call.to_owned(),
            text: text.into(),
            code: None,
            status: None,
            retry_after_ms: None,
            may_have_happened: false,
            source: None,
        }
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn with_code(mut self, code: Option<i64>) -> Self {
        self.code = code;
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    pub(crate) fn with_retry_after_ms(mut self, retry_after_ms: Option<u64>) -> Self {
        self.retry_after_ms = retry_after_ms;
        self
    }

    pub(crate) fn perhaps_happened(mut self, perhaps: bool) -> Self {
        self.may_have_happened = perhaps;
        self
    }

    /// What went wrong, for callers that branch.
    pub fn kind(&self) -> &FlowErrorKind {
        &self.kind
    }

    /// The call that failed, as a person would name it: `create Ticket`, `info`, `upload to Ticket 12`.
    pub fn call(&self) -> &str {
        &self.call
    }

    /// The `error_code` of an api3 fault, when the site gave one.
    pub fn code(&self) -> Option<i64> {
        self.code
    }

    /// The HTTP status, when it was what made the call fail.
    pub fn http_status(&self) -> Option<u16> {
        self.status
    }

    /// How long the site asked us to wait (`Retry-After`, as seconds or as a date), in milliseconds.
    pub fn retry_after_ms(&self) -> Option<u64> {
        self.retry_after_ms
    }

    /// True when a write was sent in full and no usable answer came: it may stand on the site. Look before writing
    /// again. Always false for reads, and for writes the site provably did not get.
    pub fn may_have_happened(&self) -> bool {
        self.may_have_happened
    }
}
