//! Which proxy, and for which hosts not. Pure.
//!
//! Toolkit's spelling: `host:port` or `user:password@host:port`, no scheme, taken literally (no percent-decoding).
//! `NO_PROXY` is resolved here and not by the HTTP library, because that knows neither addresses with a mask nor that
//! this machine is never behind a proxy. Everything goes through CONNECT, plain http too.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};

use crate::error::{FlowError, FlowErrorKind};
use crate::url::is_loopback;

/// Port of a proxy that names none, as in the official client.
const DEFAULT_PORT: u16 = 8080;

/// A checked proxy.
#[derive(Debug, Clone)]
pub(crate) struct ProxySetting {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<SecretString>,
}

impl ProxySetting {
    pub(crate) fn parse(text: &SecretString) -> Result<Option<Self>, FlowError> {
        let text = text.expose_secret().trim();
        let bad = |reason: &str| {
            let advice = "write host:port or user:password@host:port";
            FlowError::new(FlowErrorKind::Proxy, "connect", format!("the proxy setting {reason}: {advice}"))
        };
        if text.is_empty() {
            return Ok(None);
        }
        let text = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
        if text.contains("://") {
            return Err(bad("names a scheme other than http, which is not supported"));
        }
        let (account, address) = match text.rsplit_once('@') {
            Some((account, address)) => (Some(account), address),
            None => (None, text),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !host.starts_with('[') || host.ends_with(']') => {
                let port = port.parse::<u16>().ok().filter(|port| *port > 0);
                (host, port.ok_or_else(|| bad("has no usable port"))?)
            }
            _ => (address, DEFAULT_PORT),
        };
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
        if host.is_empty() || !host.bytes().all(usable) {
            return Err(bad("has no usable host name"));
        }
        let (user, password) = match account.map(|account| account.split_once(':').unwrap_or((account, ""))) {
            Some((user, password)) => (Some(user.to_owned()), Some(SecretString::from(password))),
            None => (None, None),
        };
        let setting = Self { host: host.to_owned(), port, user, password };
        setting.for_ureq().map_err(|_| bad("cannot be used"))?;
        Ok(Some(setting))
    }

    /// `host:port`, for people.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(crate) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    pub(crate) fn password(&self) -> Option<&SecretString> {
        self.password.as_ref()
    }

    pub(crate) fn for_ureq(&self) -> Result<ureq::Proxy, ureq::Error> {
        let mut builder = ureq::Proxy::builder(ureq::ProxyProtocol::Http).host(&self.host).port(self.port);
        if let Some(user) = &self.user {
            builder = builder.username(user);
        }
        if let Some(password) = &self.password {
            builder = builder.password(password.expose_secret());
        }
        builder.build()
    }
}

/// Hosts that are reached without a proxy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bypass {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    All,
    /// A name and everything below it, perhaps on one port only.
    Name(String, Option<u16>),
    /// Addresses whose first bits equal these.
    Net(IpAddr, u8),
}

impl Bypass {
    /// Reads a `NO_PROXY` list: names (`.example.com`, `*.example.com` and `example.com` alike), names with a port,
    /// addresses, addresses with a mask (`10.0.0.0/8`), `*`. What makes no sense matches nothing.
    pub(crate) fn parse(list: &str) -> Self {
        let words = list.split(|c: char| c == ',' || c.is_whitespace()).map(str::trim);
        Self { entries: words.filter(|word| !word.is_empty()).filter_map(Entry::parse).collect() }
    }

    /// Whether this host is reached directly. The machine itself always is.
    pub(crate) fn covers(&self, host: &str, port: u16) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        is_loopback(&host)
            || self.entries.iter().any(|entry| match entry {
                Entry::All => true,
                Entry::Name(name, only) => only.is_none_or(|only| only == port) && is_below(&host, name),
                Entry::Net(net, bits) => address.is_some_and(|address| same_net(address, *net, *bits)),
            })
    }
}

impl Entry {
    fn parse(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = word.split_once('/') {
            return Some(Self::Net(address.parse().ok()?, bits.parse().ok()?));
        }
        if let Ok(address) = word.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Self::Net(address, 128));
        }
        let (name, port) = match word.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (word, None),
        };
        let name = name.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(Self::Name(name, port))
    }
}

fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn same_net(a: IpAddr, b: IpAddr, bits: u8) -> bool {
    fn top(bits: u8, width: u8) -> u128 {
        let bits = bits.min(width);
        if bits == 0 { 0 } else { u128::MAX << (width - bits) }
    }
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let mask = top(bits, 32);
            u128::from(u32::from(a)) & mask == u128::from(u32::from(b)) & mask
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => u128::from(a) & top(bits, 128) == u128::from(b) & top(bits, 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<ProxySetting>, FlowError> {
        ProxySetting::parse(&SecretString::from(text))
    }

    #[test]
    fn reads_toolkits_spelling_literally() {
        let proxy = parse("alice:p@ss:w%20rd@proxy.example:3128").expect("good").expect("some");
        assert_eq!(proxy.address(), "proxy.example:3128");
        let built = proxy.for_ureq().expect("built");
        assert_eq!((built.username(), built.password()), (Some("alice"), Some("p@ss:w%20rd")));
        assert!(!format!("{proxy:?}").contains("w%20rd"));
        assert_eq!(parse("proxy.example").expect("good").expect("some").address(), "proxy.example:8080");
        assert_eq!(parse("http://proxy:1/").expect("good").expect("some").address(), "proxy:1");
        assert!(parse("  ").expect("good").is_none());
    }

    #[test]
    fn refuses_nonsense_without_repeating_it() {
        for text in
            ["socks5://hunter2@x:1", "hunter2@:80", "u:hunter2@host:port", "a b:1", "hunter2@h:0", "/"]
        {
            let error = parse(text).expect_err(text);
            assert_eq!(*error.kind(), FlowErrorKind::Proxy);
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn resolves_no_proxy() {
        let bypass = Bypass::parse(
            "example.com, .corp *.studio:8443 10.0.0.0/8 192.168.1.7,[fe80::1] bad/x,,:,fd00::/8",
        );
        for (host, port) in [
            ("example.com", 443),
            ("a.EXAMPLE.com", 443),
            ("x.corp", 1),
            ("y.studio", 8443),
            ("10.200.3.4", 80),
            ("192.168.1.7", 80),
            ("[fe80::1]", 80),
            ("fd12::9", 80),
            ("localhost", 80),
            ("127.0.0.1", 80),
        ] {
            assert!(bypass.covers(host, port), "{host}");
        }
        for (host, port) in
            [("notexample.com", 443), ("y.studio", 443), ("11.0.0.1", 80), ("192.168.1.8", 80), ("", 80)]
        {
            assert!(!bypass.covers(host, port), "{host}");
        }
        assert!(Bypass::parse("*").covers("anything", 1));
        assert!(!Bypass::default().covers("example.com", 443));
    }
}
