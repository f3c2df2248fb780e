//! Failures of a connection: which kind an error is of, and when many of them are one outage.
//!
//! A certificate that has expired or a storage that is gone makes every tool fail in its own place: many signatures,
//! one cause. The table knows names of exceptions and words that libraries and systems write, nothing of a studio.

/// So many different problems of one kind within this time are one outage.
pub const WITHIN_MS: i64 = 5 * 60_000;
/// An outage is over when nothing of its kind has happened for so long.
pub const OVER_AFTER_MS: i64 = 3_600_000;

/// A kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Certificates and encryption.
    Ssl,
    /// Host names that are not found.
    Dns,
    /// No answer: too late, refused, cut off.
    Timeout,
    /// An answer that says the server is in trouble.
    Server,
    /// Licence servers.
    Licence,
    /// Disks and shares.
    Storage,
}

/// What tells a kind: exceptions by name, and words of a message in lower case.
struct Signs {
    kind: Connection,
    errors: &'static [&'static str],
    words: &'static [&'static str],
}

/// The first kind that fits. The more special ones come first: a certificate that is refused is told in the words of a
/// connection that is refused.
const SIGNS: [Signs; 6] = [
    Signs {
        kind: Connection::Ssl,
        errors: &[
            "SSLError",
            "SSLCertVerificationError",
            "SSLEOFError",
            "CertificateError",
            "SSLHandshakeError",
        ],
        words: &["certificate verify failed", "certificate_verify_failed", "[ssl: ", "ssl handshake"],
    },
    Signs {
        kind: Connection::Dns,
        errors: &["gaierror", "ServerNotFoundError", "NameResolutionError"],
        words: &[
            "getaddrinfo failed",
            "name or service not known",
            "temporary failure in name resolution",
            "nodename nor servname provided",
            "unable to find the server at",
        ],
    },
    Signs {
        kind: Connection::Licence,
        errors: &["LicenseError", "LicenceError", "LicensingError"],
        words: &["license server", "licence server", "check out a license", "no license", "license checkout"],
    },
    Signs {
        kind: Connection::Storage,
        errors: &[],
        words: &[
            "no space left on device",
            "stale file handle",
            "stale nfs file handle",
            "host is down",
            "network path was not found",
            "network name is no longer available",
            "input/output error",
            "[errno 5]",
            "[errno 28]",
            "[errno 112]",
            "[errno 116]",
            "[winerror 53]",
            "[winerror 59]",
            "[winerror 64]",
            "[winerror 112]",
        ],
    },
    Signs {
        kind: Connection::Server,
        errors: &["BadGateway", "ServiceUnavailable", "GatewayTimeout", "InternalServerError"],
        words: &[
            "500 internal server error",
            "502 bad gateway",
            "503 service",
            "504 gateway",
            "http error 500",
            "http error 502",
            "http error 503",
            "http error 504",
            "http 502",
            "http 503",
            "http 504",
        ],
    },
    Signs {
        kind: Connection::Timeout,
        errors: &[
            "TimeoutError",
            "timeout",
            "ReadTimeout",
            "ConnectTimeout",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "ConnectionError",
            "ConnectionRefusedError",
            "ConnectionResetError",
            "ConnectionAbortedError",
            "RemoteDisconnected",
        ],
        words: &[
            "timed out",
            "connection refused",
            "connection reset by peer",
            "network is unreachable",
            "no route to host",
            "[winerror 10060]",
            "[winerror 10061]",
            "[winerror 10054]",
        ],
    },
];

impl Connection {
    const WORDS: [(Connection, &'static str, &'static str); 6] = [
        (Connection::Ssl, "ssl", "certificates or encryption"),
        (Connection::Dns, "dns", "host names that are not found"),
        (Connection::Timeout, "timeout", "servers that do not answer"),
        (Connection::Server, "server", "a server in trouble"),
        (Connection::Licence, "licence", "licences"),
        (Connection::Storage, "storage", "disks or shares"),
    ];

    /// The kind of an error, by its exceptions and its reason.
    #[must_use]
    pub fn of(errors: &[&str], reason: &str) -> Option<Connection> {
        let reason = reason.to_lowercase();
        SIGNS
            .iter()
            .find(|signs| {
                errors.iter().any(|error| signs.errors.contains(error))
                    || signs.words.iter().any(|word| reason.contains(word))
            })
            .map(|signs| signs.kind)
    }

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Connection::WORDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, word, _)| word)
    }

    /// What a state says.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Connection> {
        Connection::WORDS.iter().find(|(_, known, _)| *known == word).map(|(kind, ..)| *kind)
    }

    /// For people, after "problems with".
    #[must_use]
    pub fn in_words(self) -> &'static str {
        Connection::WORDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., words)| words)
    }

    /// Whether it can be what keeps the agent from the site, too.
    #[must_use]
    pub fn is_the_way_to_the_site(self) -> bool {
        matches!(self, Connection::Ssl | Connection::Dns | Connection::Timeout | Connection::Server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_of_the_kind_that_its_name_or_words_tell() {
        for (errors, reason, expected) in [
            (&["SSLCertVerificationError"][..], "x", Some(Connection::Ssl)),
            (
                &["URLError"],
                "<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] expired>",
                Some(Connection::Ssl),
            ),
            (&["URLError"], "<urlopen error [Errno -2] Name or service not known>", Some(Connection::Dns)),
            (&["ProtocolError"], "503 Service Unavailable", Some(Connection::Server)),
            (&["TankError", "timeout"], "The read operation failed", Some(Connection::Timeout)),
            (&["OSError"], "[Errno 28] No space left on device: '/mnt/x'", Some(Connection::Storage)),
            (&["RuntimeError"], "Could not check out a license", Some(Connection::Licence)),
            (&["ValueError"], "frame 503 is after 504", None),
            (&["KeyError"], "'license'", None),
            (&[], "", None),
        ] {
            assert_eq!(Connection::of(errors, reason), expected, "{errors:?} {reason}");
        }
    }

    #[test]
    fn every_kind_has_its_own_word() {
        for signs in &SIGNS {
            assert_eq!(Connection::from_word(signs.kind.as_str()), Some(signs.kind));
            assert!(!signs.kind.in_words().is_empty());
        }
        assert_eq!(Connection::from_word(""), None);
    }
}
