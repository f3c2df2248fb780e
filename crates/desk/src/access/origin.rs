//! Where a request comes from, as far as a browser tells: which name it was pointed at, and which page sent it.
//!
//! Pure. A page that answers to any name can be read by a web site that lets its own name point here (DNS rebinding), and a page
//! that takes any POST can be worked from another site (CSRF).

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// The names the pages answer to: this machine's loopback ones, and what the desk was told.
pub(crate) struct Names {
    own: Vec<String>,
    /// A desk on the network is also asked for by its address. A name that points here is none.
    any_address: bool,
}

impl Names {
    /// `own` are host names or addresses without a port.
    pub(crate) fn new(own: &[String], any_address: bool) -> Names {
        Names { own: own.iter().map(|name| name.to_ascii_lowercase()).collect(), any_address }
    }

    /// Whether the browser was pointed at this desk by one of its names.
    pub(crate) fn answer_to(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
        if let Ok(address) = host.parse::<SocketAddr>() {
            return self.is_ours(address.ip());
        }
        let name =
            host.split_once(':').filter(|(name, _)| !name.starts_with('[')).map_or(host, |(name, _)| name);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || bare.parse().or_else(|_| name.parse()).is_ok_and(|address| self.is_ours(address))
            || self.has(name)
    }

    fn is_ours(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.any_address || self.has(&address.to_string())
    }

    fn has(&self, name: &str) -> bool {
        self.own.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Whether a request that changes something was sent by a page of ours. Programs that are no browsers tell nothing and are let
/// through: the token of the form decides.
pub(crate) fn is_own_page(headers: &HeaderMap, scheme: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    text(HOST.as_str()).is_some_and(|host| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_own_names_are_answered() {
        let names = Names::new(&["Desk.Studio.example".to_owned(), "10.0.0.1".to_owned()], false);
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "localhost",
            "LocalHost:9",
            "[::1]:80",
            "[::1]",
            "127.9.9.9:1",
            "desk.studio.example:8443",
            "DESK.studio.example",
            "10.0.0.1:80",
        ] {
            assert!(names.answer_to(&headers(&[("host", host)])), "{host}");
        }
        for host in [
            "evil.example:8080",
            "10.0.0.2:80",
            "localhost.evil.example",
            "",
            "127.0.0.1.evil.example:80",
            "desk.studio.example.evil.example",
        ] {
            assert!(!names.answer_to(&headers(&[("host", host)])), "{host}");
        }
        assert!(!names.answer_to(&HeaderMap::new()));
        let on_network = Names::new(&[], true);
        assert!(on_network.answer_to(&headers(&[("host", "10.0.0.2:80")])));
        assert!(on_network.answer_to(&headers(&[("host", "[fe80::1]:80")])));
        assert!(!on_network.answer_to(&headers(&[("host", "evil.example")])));
    }

    #[test]
    fn only_own_pages_may_post() {
        let host = ("host", "127.0.0.1:8080");
        for (more, own) in [
            (vec![], true),
            (vec![("origin", "http://127.0.0.1:8080")], true),
            (vec![("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")], true),
            (vec![("origin", "http://127.0.0.1:8081")], false),
            (vec![("origin", "https://127.0.0.1:8080")], false),
            (vec![("origin", "http://evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "none")], false),
        ] {
            let mut all = vec![host];
            all.extend(more.clone());
            assert_eq!(is_own_page(&headers(&all), "http"), own, "{more:?}");
        }
    }
}
