//! What an error of the HTTP library means for a person and for a caller. Pure.
//!
//! The library's own texts are not repeated where they could hold an address: signed links are secrets.

use std::io;

use ureq::Timeout;

use crate::error::{FlowError, FlowErrorKind};

/// Whether another root set may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distrust {
    No,
    Certificate,
}

/// What is known about a request when it fails.
pub(crate) struct Trouble<'a> {
    pub(crate) call: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) proxy: Option<String>,
    /// Whether the proxy was given a user name.
    pub(crate) proxy_user: bool,
    /// Whether a certificate file of the studio's own was tried, and not only the system's certificates.
    pub(crate) own_roots: bool,
    pub(crate) timeout_ms: u64,
    /// Whether any of the body was sent: then there was a connection.
    pub(crate) started: bool,
    /// Whether there surely was no connection.
    pub(crate) unconnected: bool,
    pub(crate) perhaps_happened: bool,
}

impl Trouble<'_> {
    /// What an error of the HTTP library means. Its own texts are not repeated where they could hold an address.
    pub(crate) fn of(&self, error: ureq::Error) -> (FlowError, Distrust) {
        let (peer, call) = (self.peer, self.call);
        let error = match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => self.no_connection("in time", None),
            ureq::Error::Timeout(_) if self.unconnected && self.proxy.is_some() => {
                let proxy = self.proxy.as_deref().unwrap_or_default();
                self.error(FlowErrorKind::Proxy, format!("proxy {proxy} went silent: check site.proxy"))
            }
            ureq::Error::Timeout(_) => {
                let seconds = self.timeout_ms.div_ceil(1000);
                let text = format!(
                    "{peer} went silent for {seconds} s during {call}: is it overloaded, is the line slow?"
                );
                self.error(FlowErrorKind::Timeout, text)
            }
            ureq::Error::HostNotFound => self.no_connection("under that name", None),
            ureq::Error::ConnectionFailed => self.no_connection("at all", None),
            ureq::Error::ConnectProxyFailed(reason) => {
                let proxy = self.proxy.as_deref().unwrap_or_default();
                // Some proxies answer a wrong password with 401.
                let unknown = ["401", "407"].iter().any(|status| reason.contains(status));
                let text = if unknown && self.proxy_user {
                    format!("proxy {proxy} does not accept the user name and password given in site.proxy")
                } else if unknown {
                    format!(
                        "proxy {proxy} wants a user name and password: write user:password@host:port in site.proxy"
                    )
                } else {
                    format!("proxy {proxy} does not let us through to {peer}: {reason}")
                };
                self.error(FlowErrorKind::Proxy, text)
            }
            ureq::Error::Rustls(error) => return self.tls(error),
            ureq::Error::Tls(text) => {
                self.error(FlowErrorKind::Tls, format!("no TLS connection with {peer}: {text}"))
            }
            ureq::Error::Io(error) => match tls_error(&error) {
                Some(error) => return self.tls(error),
                None => self.io(error),
            },
            ureq::Error::BodyExceedsLimit(limit) => {
                let text =
                    format!("{peer} answered {call} with more than {limit} bytes: is something else there?");
                self.error(FlowErrorKind::BadAnswer, text)
            }
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                let text =
                    format!("{peer} answered {call} with something that is not HTTP: is the address right?");
                self.error(FlowErrorKind::BadAnswer, text)
            }
            _ => self
                .error(FlowErrorKind::BadAnswer, format!("{call} with {peer} failed inside the HTTP client")),
        };
        (error, Distrust::No)
    }

    fn error(&self, kind: FlowErrorKind, text: String) -> FlowError {
        FlowError::new(kind, self.call, text).perhaps_happened(self.perhaps_happened)
    }

    fn io(&self, error: io::Error) -> FlowError {
        use io::ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof,
        };
        let broken = matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof);
        if self.started || (broken && self.proxy.is_none()) {
            let text = format!("the connection to {} broke during {}", self.peer, self.call);
            return self.error(FlowErrorKind::Interrupted, text).caused_by(error);
        }
        let how = if error.kind() == ConnectionRefused { "" } else { "at all" };
        self.no_connection(how, Some(error))
    }

    /// No connection came about. Behind a proxy the proxy is the one that was not reached.
    fn no_connection(&self, how: &str, source: Option<io::Error>) -> FlowError {
        let (kind, text) = match (&self.proxy, how) {
            (Some(proxy), "") => {
                (FlowErrorKind::Proxy, format!("proxy {proxy} refused the connection: check site.proxy"))
            }
            (Some(proxy), _) => {
                (FlowErrorKind::Proxy, format!("proxy {proxy} cannot be reached: check site.proxy"))
            }
            (None, "") => {
                let text = format!("{} refused the connection: is it running, is a proxy needed?", self.peer);
                (FlowErrorKind::Unreachable, text)
            }
            (None, how) => {
                let advice = "is the address right, is the network up, is a proxy needed?";
                (FlowErrorKind::Unreachable, format!("{} cannot be reached {how}: {advice}", self.peer))
            }
        };
        let error = self.error(kind, text);
        match source {
            Some(source) => error.caused_by(source),
            None => error,
        }
    }

    fn tls(&self, error: rustls::Error) -> (FlowError, Distrust) {
        use rustls::CertificateError as Bad;
        let peer = self.peer;
        let mut distrust = Distrust::No;
        let text = match &error {
            rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
                let advice = "is this machine's clock right? if so, the certificate has to be renewed";
                format!("the certificate of {peer} has expired: {advice}")
            }
            rustls::Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => {
                format!("the certificate of {peer} is not valid yet: is this machine's clock right?")
            }
            rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
                let advice = "is the address right, or is something else answering in its place?";
                format!("the certificate of {peer} is for another name: {advice}")
            }
            rustls::Error::InvalidCertificate(Bad::Revoked) => {
                format!("the certificate of {peer} was revoked: it has to be renewed")
            }
            rustls::Error::InvalidCertificate(_) => {
                // Another root set may know who signed it.
                distrust = Distrust::Certificate;
                let advice = if self.own_roots {
                    "neither site.ca_file (or SHOTGUN_API_CACERTS) nor the system holds the root it was signed with"
                } else {
                    "if your studio inspects connections, set site.ca_file to its root certificate (PEM)"
                };
                format!("the certificate of {peer} is not trusted: {advice}")
            }
            rustls::Error::General(reason) if reason.contains("CA certificates") => {
                let advice = "install the system's (the package ca-certificates), or set site.ca_file";
                format!("no TLS connection with {peer}: this machine trusts no certificates at all: {advice}")
            }
            _ => format!("no TLS connection with {peer}: does it speak https on this port?"),
        };
        (self.error(FlowErrorKind::Tls, text).caused_by(error), distrust)
    }
}

fn tls_error(error: &io::Error) -> Option<rustls::Error> {
    error.get_ref()?.downcast_ref::<rustls::Error>().cloned()
}
