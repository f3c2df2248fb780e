//! The site's address: checked once, then the only source of request addresses. Pure.
//!
//! Rules of the official client: scheme and host are lower-cased, the port is kept, a path counts only when it ends
//! in `/` and then only for calls; uploads and files live at the root of the host. User and password in the address
//! (HTTP authentication in front of a site) are refused.

use std::net::IpAddr;

use ureq::http::Uri;

use crate::error::{FlowError, FlowErrorKind};

/// A checked site address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SiteUrl {
    root: String,
    path: String,
    rpc: Uri,
}

impl SiteUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, FlowError> {
        let text = text.trim();
        let bad = |reason: String| FlowError::new(FlowErrorKind::BadUrl, "connect", reason);
        if text.is_empty() {
            return Err(bad("no site address given: set site.url to https://<your site>".to_owned()));
        }
        let shown = without_userinfo(text);
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(bad(format!("site address {shown} has no scheme: write https://{shown}")));
        };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Err(bad(format!(
                "site address {shown} is neither http nor https: write https://<your site>"
            )));
        }
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(authority_end);
        if authority.contains('@') {
            let advice = "take the part before the @ out (the agent signs in with a script key or a session)";
            return Err(bad(format!("site address {shown} holds a user or password: {advice}")));
        }
        if tail.contains(['?', '#']) {
            return Err(bad(format!("site address {shown} holds a query: write only https://<your site>")));
        }
        let authority = authority.to_ascii_lowercase();
        if !is_authority(&authority) {
            return Err(bad(format!("site address {shown} holds no usable host name and port")));
        }
        let path = match tail.rfind('/') {
            Some(end) if end + 1 == tail.len() => tail.to_ascii_lowercase(),
            _ => "/".to_owned(),
        };
        let root = format!("{scheme}://{authority}");
        let rpc = format!("{root}{path}api3/json").parse::<Uri>();
        let rpc =
            rpc.map_err(|error| bad(format!("site address {shown} cannot be used")).caused_by(error))?;
        Ok(Self { root, path, rpc })
    }

    /// `https://host:port`, for people and for comparing.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The address calls go to.
    pub(crate) fn rpc(&self) -> &Uri {
        &self.rpc
    }

    /// An address at the root of the host; `path` is ours and starts with a slash.
    pub(crate) fn rooted(&self, path: &str) -> Result<Uri, FlowError> {
        let uri = format!("{}{path}", self.root).parse::<Uri>();
        uri.map_err(|error| {
            FlowError::new(
                FlowErrorKind::BadUrl,
                "connect",
                format!("site {} has no usable address", self.root),
            )
            .caused_by(error)
        })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.root.starts_with("https:")
    }
}

/// `scheme://host:port` of any address: what a person may see of it.
pub(crate) fn root_of(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or("http");
    match uri.port_u16() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// Whether this host is the machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The address with whatever stands before an `@` taken out.
pub(crate) fn without_userinfo(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}***@{}", &text[..scheme + 3], &text[at + 1..]),
        (None, Some(at)) => format!("***@{}", &text[at + 1..]),
        _ => text.to_owned(),
    }
}

/// `host`, `host:port` or `[v6]:port`, with nothing odd in it.
fn is_authority(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, after)) if host.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("v6", after.strip_prefix(':'))
            }
            _ => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let good_host = !host.is_empty()
        && host.len() <= 253
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    good_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_official_client() {
        let url = SiteUrl::parse("HTTPS://Studio.Example.COM:8443/").expect("url");
        assert_eq!(url.root(), "https://studio.example.com:8443");
        assert_eq!(url.rpc().to_string(), "https://studio.example.com:8443/api3/json");
        let url = SiteUrl::parse("http://host/Sub/").expect("url");
        assert_eq!(url.rpc().to_string(), "http://host/sub/api3/json");
        assert_eq!(url.rooted("/upload/x").expect("uri").to_string(), "http://host/upload/x");
        let url = SiteUrl::parse("http://[::1]:9/page/12").expect("url");
        assert_eq!(url.rpc().to_string(), "http://[::1]:9/api3/json");
        assert!(!url.is_https());
    }

    #[test]
    fn refuses_the_rest_and_says_why() {
        for (text, word) in [
            ("", "site.url"),
            ("studio.example.com", "write https://studio.example.com"),
            ("ftp://x", "neither"),
            ("https://alice:hunter2@x/", "***@x"),
            ("alice:hunter2@x", "***@x"),
            ("https://x/?a=1", "query"),
            ("https://", "no usable host"),
            ("https://a b", "no usable host"),
            ("https://x:0", "no usable host"),
            ("https://x:99999", "no usable host"),
            ("https://[::1", "no usable host"),
            ("https://\u{e4}.example", "no usable host"),
        ] {
            let error = SiteUrl::parse(text).expect_err(text);
            assert_eq!(*error.kind(), FlowErrorKind::BadUrl);
            assert!(error.to_string().contains(word), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn knows_this_machine() {
        for host in ["localhost", "LOCALHOST", "desk.localhost", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "128.0.0.1", "10.0.0.1", "[::2]", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
