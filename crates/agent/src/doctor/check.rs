//! The answer to one question of `doctor`.

use crate::delivery::chain;
use flow::{FlowError, FlowErrorKind};
use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is well.
    Pass,
    /// It works, but not as well as it could, or nobody can tell.
    Warn,
    /// Something does not work.
    Fail,
}

/// One line of `doctor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, in one or two words; the same from version to version.
    pub name: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; `None` when all is well.
    pub advice: Option<String>,
}

impl Check {
    /// All is well.
    pub fn pass(name: &'static str, found: impl Into<String>) -> Check {
        Check { name, verdict: Verdict::Pass, found: found.into(), advice: None }
    }

    /// Worth knowing.
    pub fn warn(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Check {
        Check { name, verdict: Verdict::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    /// Does not work.
    pub fn fail(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Check {
        Check { name, verdict: Verdict::Fail, found: found.into(), advice: Some(advice.into()) }
    }

    /// Does not work, as an error of the client says.
    pub fn flow(name: &'static str, error: &FlowError) -> Check {
        Check::fail(name, chain(error), advice(*error.kind()))
    }

    /// Does not work, as an error says, with what to do.
    pub fn error(name: &'static str, error: &dyn std::error::Error, advice: &str) -> Check {
        Check::fail(name, chain(error), advice)
    }
}

/// `1 log`, `2 logs`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The texts of the client say what is wrong in this one case; this says where to look.
fn advice(kind: FlowErrorKind) -> &'static str {
    match kind {
        FlowErrorKind::BadUrl => "mend site.url",
        FlowErrorKind::Unreachable => {
            "check site.url, the network, and whether only a proxy gets out (site.proxy)"
        }
        FlowErrorKind::Proxy => "check site.proxy and NO_PROXY; the log of the proxy tells more",
        FlowErrorKind::Tls => {
            "set site.ca_file to the certificate of whoever signs here, and check the clock"
        }
        FlowErrorKind::SignedOut => "give a valid script key, or sign in again in Toolkit",
        FlowErrorKind::SignInRefused => "let an admin allow this way of signing in",
        FlowErrorKind::SsoRedirect => "open Toolkit and sign in again",
        FlowErrorKind::EntityMissing => {
            "switch the entity on in the site's preferences, or set site.entity_type"
        }
        FlowErrorKind::Fault | FlowErrorKind::Forbidden | FlowErrorKind::UploadRefused => {
            "let an admin give this login the right to do it"
        }
        FlowErrorKind::BadAnswer => {
            "check that site.url is the address of the site, and what stands in between"
        }
        FlowErrorKind::File => "check site.ca_file",
        FlowErrorKind::Timeout
        | FlowErrorKind::Interrupted
        | FlowErrorKind::Throttled
        | FlowErrorKind::ServerTrouble => "try again later; if it stays, ask whoever runs the site",
    }
}
