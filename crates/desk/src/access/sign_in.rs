//! The form where people sign in with login and password, and the end of their session.
//!
//! The form carries a token that goes with a cookie of its own, so that no other site can sign a browser in as somebody else. What
//! is said of a failed sign-in never tells whether the login exists.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;

use crate::access::auth::{self, SignIn};
use crate::access::secret::random_text;
use crate::access::visitor::{CSRF_FIELD, Fields, Posted, Visitor, form};
use crate::access::{cookie, page_session};
use crate::api3::failed;
use crate::fault::Trouble;
use crate::page::look::Look;
use crate::page::words::Lang;
use crate::site::Site;

/// Where the form lies.
pub(crate) const PATH: &str = "/sign-in";
/// Where people go who wanted nothing else.
const HOME: &str = "/tickets";
/// The cookie that goes with the form's token.
const FORM_COOKIE: &str = "desk_form";
const STYLE: &str = include_str!("../../assets/sign-in.css");

/// The routes of signing in and out.
pub(crate) fn routes() -> Router<Arc<Site>> {
    let style =
        ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=300")], STYLE);
    Router::new()
        .route(PATH, get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/assets/sign-in.css", get(move || async move { style.into_response() }))
}

/// What the form says, in the language of its reader.
struct Words {
    lang: &'static str,
    title: &'static str,
    login: &'static str,
    password: &'static str,
    enter: &'static str,
    wrong: &'static str,
    too_often: &'static str,
    stale: &'static str,
    hint: &'static str,
    signed_in_as: &'static str,
    leave: &'static str,
    tickets: &'static str,
}

const ENGLISH: Words = Words {
    lang: "en",
    title: "Sign in",
    login: "Login",
    password: "Password",
    enter: "Sign in",
    wrong: "Login or password is wrong.",
    too_often: "Too many wrong passwords. Try again in ten minutes.",
    stale: "The form was too old. Try again.",
    hint: "On the machine where the desk runs, the address it printed when it started opens the tickets without a password.",
    signed_in_as: "Signed in as",
    leave: "Sign out",
    tickets: "Tickets",
};

const KOREAN: Words = Words {
    lang: "ko",
    title: "로그인",
    login: "아이디",
    password: "비밀번호",
    enter: "로그인",
    wrong: "아이디 또는 비밀번호가 올바르지 않습니다.",
    too_often: "비밀번호를 너무 많이 틀렸습니다. 10분 뒤에 다시 시도하세요.",
    stale: "오래된 양식입니다. 다시 시도하세요.",
    hint: "데스크가 실행 중인 컴퓨터에서는 시작할 때 표시된 주소로 비밀번호 없이 티켓을 볼 수 있습니다.",
    signed_in_as: "로그인한 사용자:",
    leave: "로그아웃",
    tickets: "티켓",
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Form<'a> {
    words: &'static Words,
    /// Of the colours.
    theme: &'static str,
    csrf: String,
    to: &'a str,
    login: &'a str,
    trouble: Option<&'static str>,
    /// Who is signed in already: they are shown how to sign out.
    name: Option<&'a str>,
}

/// Why the form is shown.
#[derive(Clone, Copy)]
enum Why {
    Asked,
    Wrong,
    TooOften,
    Stale,
}

#[derive(Deserialize)]
struct Asked {
    to: Option<String>,
}

/// The form in place of a page that is for people who are signed in; `to` is that page.
pub(super) fn please(site: &Site, headers: &HeaderMap, to: Option<&str>) -> Response {
    page(site, headers, StatusCode::UNAUTHORIZED, Why::Asked, own_path(to), "")
}

async fn show(
    State(site): State<Arc<Site>>,
    Query(asked): Query<Asked>,
    visitor: Option<Extension<Visitor>>,
    headers: HeaderMap,
) -> Response {
    if let Some(Extension(visitor)) = visitor {
        let ((words, theme), name) = (words(&headers), Some(visitor.name.as_str()));
        return rendered(
            StatusCode::OK,
            &Form { words, theme, csrf: visitor.csrf, to: HOME, login: "", trouble: None, name },
        );
    }
    page(&site, &headers, StatusCode::OK, Why::Asked, own_path(asked.to.as_deref()), "")
}

async fn sign_in(State(site): State<Arc<Site>>, headers: HeaderMap, body: Body) -> Response {
    let fields = match form(&headers, body).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal,
    };
    match try_sign_in(&site, &headers, &fields).await {
        Ok(response) => response,
        Err(trouble) => failed(&trouble),
    }
}

async fn try_sign_in(site: &Arc<Site>, headers: &HeaderMap, fields: &Fields) -> Result<Response, Trouble> {
    let to = own_path(fields.one("to"));
    let login = fields.one("login").unwrap_or_default().trim();
    let refuse = |status, why| Ok(page(site, headers, status, why, to, login));
    let nonce = cookie::read(headers, FORM_COOKIE);
    let goes_with_cookie = nonce
        .zip(fields.one(CSRF_FIELD))
        .is_some_and(|(nonce, sent)| site.signer.check(&signed(nonce), sent));
    if !goes_with_cookie {
        return refuse(StatusCode::FORBIDDEN, Why::Stale);
    }
    let password = fields.one("password").unwrap_or_default().to_owned();
    let actor = match auth::sign_in(site, login, password).await? {
        SignIn::Welcome(actor) => actor,
        SignIn::Wrong => return refuse(StatusCode::FORBIDDEN, Why::Wrong),
        SignIn::TooOften => return refuse(StatusCode::TOO_MANY_REQUESTS, Why::TooOften),
    };
    let now = site.now();
    let old = site.cookie.read(headers).map(page_session::kept);
    let token = site
        .store
        .write(move |transaction| {
            if let Some(old) = &old {
                transaction.end_session(old)?;
            }
            page_session::start(transaction, &actor.link, now)
        })
        .await?;
    let mut response = Redirect::to(to).into_response();
    if let Some(cookie) = site.cookie.keep(&token) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn sign_out(State(site): State<Arc<Site>>, posted: Posted) -> Response {
    let session = posted.visitor.session;
    if let Err(trouble) = site.store.write(move |transaction| transaction.end_session(&session)).await {
        return failed(&trouble);
    }
    let mut response = Redirect::to(PATH).into_response();
    if let Some(cookie) = site.cookie.forget() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn page(site: &Site, headers: &HeaderMap, status: StatusCode, why: Why, to: &str, login: &str) -> Response {
    let (words, theme) = words(headers);
    let trouble = match why {
        Why::Asked => None,
        Why::Wrong => Some(words.wrong),
        Why::TooOften => Some(words.too_often),
        Why::Stale => Some(words.stale),
    };
    // One form a browser: a second tab must not make the first one's form too old.
    let known = cookie::read(headers, FORM_COOKIE)
        .filter(|nonce| nonce.len() == 64 && nonce.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let nonce = known.map_or_else(random_text, str::to_owned);
    let csrf = site.signer.sign(&signed(&nonce));
    let mut response = rendered(status, &Form { words, theme, csrf, to, login, trouble, name: None });
    let secure = if site.scheme == "https" { "; Secure" } else { "" };
    let kept = format!("{FORM_COOKIE}={nonce}; Path=/; HttpOnly; SameSite=Strict{secure}");
    if let Ok(kept) = HeaderValue::from_str(&kept) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    response
}

fn rendered(status: StatusCode, form: &Form<'_>) -> Response {
    match form.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => failed(&Trouble::Io(std::io::Error::other(error))),
    }
}

fn signed(nonce: &str) -> String {
    format!("sign-in form {nonce}")
}

/// The texts in the language that the other pages would have, and the colours.
fn words(headers: &HeaderMap) -> (&'static Words, &'static str) {
    let look = Look::kept(headers);
    let words = match look.lang {
        Lang::Ko => &KOREAN,
        Lang::En => &ENGLISH,
    };
    (words, look.theme.name())
}

/// A path of this desk, whatever was asked for: never another host, by however odd a spelling, and never the form itself.
fn own_path(asked: Option<&str>) -> &str {
    asked
        .filter(|path| {
            path.len() <= 2000
                && path.starts_with('/')
                && !path.starts_with("//")
                && !path.starts_with(PATH)
                && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        })
        .unwrap_or(HOME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_to_our_own_pages_only() {
        for path in ["/tickets", "/tickets?q=a&page=2", "/attachments/1/view"] {
            assert_eq!(own_path(Some(path)), path);
        }
        for path in [
            "",
            "tickets",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/sign-in",
            "/a\r\nSet-Cookie: x",
            "/\tevil",
            "/여기",
        ] {
            assert_eq!(own_path(Some(path)), HOME, "{path:?}");
        }
        assert_eq!(own_path(None), HOME);
    }
}
