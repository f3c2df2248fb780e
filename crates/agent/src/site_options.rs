//! How the site is reached: proxy, certificates, patience. Pure: the environment is passed in.
//!
//! The proxy is the first of: `site.proxy`; what Toolkit goes through itself, when a session has told (it knows its
//! configuration, its own settings file and the system's); the environment's `https_proxy` and `http_proxy`, for an agent that
//! no session has started. For which hosts it is not meant (`NO_PROXY`) is for `flow` to know. The certificates are those of
//! `site.ca_file`, else of `SHOTGUN_API_CACERTS`, which Toolkit uses, beside the system's.

use crate::login::Login;
use crate::settings::SiteSettings;
use flow::SiteOptions;
use secrecy::{ExposeSecret, SecretString};
use std::ffi::OsString;
use std::path::PathBuf;

/// The variable that names Toolkit's certificates.
const TOOLKIT_CERTIFICATES: &str = "SHOTGUN_API_CACERTS";

/// What a client of the site at `url` is made of.
#[must_use]
pub fn site_options(
    url: &str,
    settings: &SiteSettings,
    login: &Login,
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> SiteOptions {
    let told = login.proxy.clone().filter(|proxy| !proxy.expose_secret().is_empty());
    let proxy = if !settings.proxy.is_empty() {
        Some(SecretString::from(settings.proxy.clone()))
    } else if login.url.is_some() {
        // Toolkit has looked at the environment too; if it goes directly, so do we.
        told
    } else {
        told.or_else(|| environment_proxy(url, environment))
    };
    let ca_file = match settings.ca_file.as_os_str().is_empty() {
        false => Some(settings.ca_file.clone()),
        true => environment(TOOLKIT_CERTIFICATES).filter(|path| !path.is_empty()).map(PathBuf::from),
    };
    SiteOptions {
        proxy,
        ca_file,
        timeout_ms: settings.timeout_s.saturating_mul(1_000),
        ..SiteOptions::new(url)
    }
}

/// The proxy of the environment, in Toolkit's spelling. The small letters win, and an empty value means none, as everywhere.
fn environment_proxy(url: &str, environment: &dyn Fn(&str) -> Option<OsString>) -> Option<SecretString> {
    let https = url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
    let names: &[&str] = if https {
        &["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]
    } else {
        &["http_proxy", "HTTP_PROXY"]
    };
    let value = names.iter().find_map(|name| environment(name))?.into_string().ok()?;
    let address = value.trim().strip_prefix("http://").unwrap_or(value.trim()).trim_end_matches('/');
    // Variables hold addresses, where special characters of a password are percent-encoded; settings are taken literally.
    let spelled = match address.rsplit_once('@') {
        Some((account, host)) => format!("{}@{host}", percent_decoded(account)),
        None => address.to_owned(),
    };
    (!spelled.is_empty()).then(|| SecretString::from(spelled))
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits =
            (byte == b'%').then(|| after.get(..2).and_then(|two| std::str::from_utf8(two).ok())).flatten();
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;

    fn options(
        url: &str,
        set: &[(&str, &str)],
        told: Option<&str>,
        variables: &[(&str, &str)],
    ) -> SiteOptions {
        let mut settings = Layers::new().resolve().unwrap().site;
        for (name, value) in set {
            match *name {
                "proxy" => settings.proxy = (*value).to_owned(),
                "ca_file" => settings.ca_file = PathBuf::from(value),
                _ => settings.timeout_s = value.parse().unwrap(),
            }
        }
        let mut login = Login::default();
        if let Some(proxy) = told {
            login.url = Some(url.to_owned());
            login.proxy = Some(SecretString::from(proxy));
        }
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        site_options(url, &settings, &login, &variable)
    }

    fn proxy(url: &str, set: &str, told: Option<&str>, variables: &[(&str, &str)]) -> String {
        let proxy = options(url, &[("proxy", set)], told, variables).proxy;
        proxy.map_or_else(String::new, |proxy| proxy.expose_secret().to_owned())
    }

    #[test]
    fn the_proxy_is_the_settings_else_toolkits_else_the_environments() {
        let both = [("https_proxy", "http://env:3128/"), ("http_proxy", "plain:1")];
        let site = "https://studio.example";
        assert_eq!(proxy(site, "set:1", Some("told:2"), &both), "set:1");
        assert_eq!(proxy(site, "", Some("told:2"), &both), "told:2");
        assert_eq!(
            proxy(site, "", Some(""), &both),
            "",
            "Toolkit goes directly, and has seen the environment"
        );
        assert_eq!(proxy(site, "", None, &both), "env:3128");
        assert_eq!(proxy("http://studio.example", "", None, &both), "plain:1");
        assert_eq!(proxy(site, "", None, &both[1..]), "plain:1");
        assert_eq!(proxy(site, "", None, &[("https_proxy", ""), ("HTTPS_PROXY", "loud:1")]), "");
        assert_eq!(proxy(site, "", None, &[("HTTPS_PROXY", "loud:1")]), "loud:1");
        assert_eq!(proxy(site, "", None, &[]), "");
        let escaped = [("https_proxy", "http://al%40ice:p%3Aw%zz%e4@env:1")];
        assert_eq!(proxy(site, "", None, &escaped), "al%40ice:p%3Aw%zz%e4@env:1", "not UTF-8: as it is");
        assert_eq!(proxy(site, "", None, &[("https_proxy", "al%40ice:p%3Aw%@env:1")]), "al@ice:p:w%@env:1");
    }

    #[test]
    fn certificates_are_the_settings_else_toolkits() {
        let toolkit = [("SHOTGUN_API_CACERTS", "/studio/toolkit.pem")];
        let file = |set: &str, variables| options("https://a", &[("ca_file", set)], None, variables).ca_file;
        assert_eq!(file("/studio/ca.pem", &toolkit), Some(PathBuf::from("/studio/ca.pem")));
        assert_eq!(file("", &toolkit), Some(PathBuf::from("/studio/toolkit.pem")));
        assert_eq!(file("", &[("SHOTGUN_API_CACERTS", "")]), None);
        assert_eq!(options("https://a", &[("timeout_s", "7")], None, &[]).timeout_ms, 7_000);
    }
}
