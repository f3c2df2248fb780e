//! How a page looks to its reader: language and colours, from the address, else from a cookie, else from the browser.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::page::words::{Lang, Words};
use crate::site::Site;

const LANG: &str = "lang";
const THEME: &str = "theme";
/// The cookies are kept for a year.
const KEPT: &str = "; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly";

/// Colours, as the reader chose them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system's.
    Auto,
    Light,
    Dark,
}

impl Theme {
    fn of(name: &str) -> Option<Theme> {
        match name {
            "auto" => Some(Theme::Auto),
            "light" => Some(Theme::Light),
            "dark" => Some(Theme::Dark),
            _ => None,
        }
    }

    /// The name in addresses, cookies and style sheets.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}

/// What every template is given.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) lang: Lang,
    /// The texts in that language.
    pub(crate) w: &'static Words,
    pub(crate) theme: Theme,
    /// The address of this page, without the switches.
    here: String,
}

impl Look {
    fn of(path: &str, query: &str, headers: &HeaderMap) -> Look {
        let lang = asked(query, LANG)
            .and_then(Lang::of)
            .or_else(|| cookie(headers, "desk_lang").and_then(Lang::of))
            .unwrap_or_else(|| {
                Lang::wished(header_text(headers, header::ACCEPT_LANGUAGE).unwrap_or_default())
            });
        let theme = asked(query, THEME)
            .and_then(Theme::of)
            .or_else(|| cookie(headers, "desk_theme").and_then(Theme::of))
            .unwrap_or(Theme::Auto);
        let rest: Vec<&str> = query
            .split('&')
            .filter(|pair| !pair.is_empty() && ![LANG, THEME].contains(&name_of(pair)))
            .collect();
        let here = if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) };
        Look { lang, w: lang.words(), theme, here }
    }

    /// As a page whose address says nothing of it.
    pub(crate) fn kept(headers: &HeaderMap) -> Look {
        Look::of("", "", headers)
    }

    /// The address of this page in another language or other colours.
    pub(crate) fn switch(&self, name: &str, value: &str) -> String {
        format!("{}{}{name}={value}", self.here, if self.here.contains('?') { '&' } else { '?' })
    }

    /// The colours that the switch offers next.
    pub(crate) fn next_theme(&self) -> Theme {
        match self.theme {
            Theme::Auto => Theme::Dark,
            Theme::Dark => Theme::Light,
            Theme::Light => Theme::Auto,
        }
    }
}

impl FromRequestParts<Arc<Site>> for Look {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _site: &Arc<Site>) -> Result<Look, Infallible> {
        Ok(Look::of(parts.uri.path(), parts.uri.query().unwrap_or_default(), &parts.headers))
    }
}

/// The cookies that keep what the address switched.
pub(crate) fn kept(query: &str) -> Vec<HeaderValue> {
    let lang = asked(query, LANG).and_then(Lang::of).map(|lang| format!("desk_lang={}{KEPT}", lang.code()));
    let theme =
        asked(query, THEME).and_then(Theme::of).map(|theme| format!("desk_theme={}{KEPT}", theme.name()));
    [lang, theme].into_iter().flatten().filter_map(|cookie| HeaderValue::from_str(&cookie).ok()).collect()
}

fn asked<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').filter(|pair| name_of(pair) == name).find_map(|pair| Some(pair.split_once('=')?.1))
}

fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or(pair)
}

fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(query: &str, sent: &[(header::HeaderName, &'static str)]) -> Look {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        Look::of("/tickets", query, &headers)
    }

    #[test]
    fn the_address_counts_more_than_the_cookie_and_that_more_than_the_browser() {
        let browser = (header::ACCEPT_LANGUAGE, "ko-KR,ko;q=0.9,en;q=0.8");
        let cookies = (header::COOKIE, "a=b; desk_lang=en; desk_theme=dark");
        assert_eq!(look("", &[]).lang, Lang::En);
        assert_eq!(look("", std::slice::from_ref(&browser)).lang, Lang::Ko);
        assert_eq!(look("", &[browser.clone(), cookies.clone()]).lang, Lang::En);
        let asked = look("q=x&lang=ko&theme=light", &[browser, cookies]);
        assert_eq!((asked.lang, asked.theme), (Lang::Ko, Theme::Light));
        assert_eq!(asked.switch("lang", "en"), "/tickets?q=x&lang=en");
        assert_eq!(look("lang=xx&theme=", &[]).switch("theme", "dark"), "/tickets?theme=dark");
        assert_eq!(kept("lang=ko&theme=evil;x").len(), 1);
    }
}
