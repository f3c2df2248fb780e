//! `POST /auth/access_token`: the grants, and the tokens they give.
//!
//! Owns what a grant asks for and how a refresh token is spent. Who somebody is, is `auth`'s question. What a client sends here is
//! secret: it is neither kept nor shown.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::access::auth::Credentials;
use crate::access::secret::{random_text, token_hash};
use crate::fault::{Fault, Trouble};
use crate::rest::answer::{Refusal, document};
use crate::rest::bearer::{Claims, LIFE_S, REFRESH, User};
use crate::rest::call::{Call, bytes};
use crate::store::refresh_token::Grant;

/// Life of a refresh token that nobody spends. Real sites do not tell theirs.
const REFRESH_LIFE_S: i64 = 86_400;

const URLENCODED: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

type Form = BTreeMap<String, String>;

/// The operation.
pub(crate) async fn access_token(call: Call, body: Body) -> Result<Response, Refusal> {
    let form = form(&call, body).await?;
    let grant = match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {
            new_grant(&call, &form, &[("client_id", "script_name"), ("client_secret", "script_key")]).await?
        }
        Some("password") => {
            new_grant(&call, &form, &[("username", "user_login"), ("password", "user_password")]).await?
        }
        Some("session_token") => new_grant(&call, &form, &[("session_token", "session_token")]).await?,
        Some("refresh_token" | "refresh") => spent(&call, &form).await?,
        _ => return Err(Refusal::request("Unsupported grant_type")),
    };
    issue(&call, grant).await
}

/// What the client sent, in the body or in the query string.
async fn form(call: &Call, body: Body) -> Result<Form, Refusal> {
    match call.media_type().as_deref() {
        None | Some("application/x-www-form-urlencoded") => {}
        Some("application/json") => return Err(Refusal::request("Invalid JSON body")),
        Some(_) => {
            return Err(Refusal::media_type(
                "A token is asked for with Content-Type application/x-www-form-urlencoded",
            ));
        }
    }
    let mut form: Form = call.query.iter().cloned().collect();
    let mut request = Request::new(Body::from(bytes(body).await?));
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, URLENCODED);
    let sent = axum::Form::<Vec<(String, String)>>::from_request(request, &()).await;
    let axum::Form(sent) = sent.map_err(|_| Refusal::request("Invalid form body"))?;
    form.extend(sent);
    Ok(form)
}

/// Credentials by the names that `auth` knows them by.
async fn new_grant(call: &Call, form: &Form, names: &[(&str, &str)]) -> Result<Grant, Refusal> {
    let mut known = Form::new();
    for (sent, name) in names {
        if let Some(value) = form.get(*sent) {
            known.insert((*name).to_owned(), value.clone());
        }
    }
    let sudo_as_login = match form.get("scope").map(String::as_str).filter(|scope| !scope.is_empty()) {
        None => None,
        Some(scope) => match scope.strip_prefix("sudo_as_login:") {
            Some(login) => Some(login.to_owned()),
            None => return Err(Refusal::request("Unsupported scope")),
        },
    };
    if let Some(uuid) = form.get("session_uuid") {
        known.insert("session_uuid".to_owned(), uuid.clone());
    }
    if let Some(login) = &sudo_as_login {
        known.insert("sudo_as_login".to_owned(), login.clone());
    }
    let credentials = Credentials::from_form(&known)?;
    let actor = call.site.authenticate(credentials).await?;
    Ok(Grant {
        user: actor.link,
        auth_type: form.get("grant_type").cloned().unwrap_or_default(),
        sudo_as_login,
        session_uuid: actor.session_uuid,
    })
}

/// The grant of a refresh token, which is worth nothing from now on.
async fn spent(call: &Call, form: &Form) -> Result<Grant, Refusal> {
    let Some(token) = form.get("refresh_token") else {
        return Err(Fault::credentials("Missing or invalid authentication arguments").into());
    };
    let (hash, now) = (token_hash(token), call.site.now());
    let grant = call
        .site
        .store
        .write(move |transaction| transaction.spend_refresh_token(&hash, now.as_second()))
        .await?;
    grant.ok_or_else(|| Refusal::unauthorized("Token invalid"))
}

async fn issue(call: &Call, grant: Grant) -> Result<Response, Refusal> {
    let now_s = call.site.now().as_second();
    let claims = Claims {
        iss: call.address.clone(),
        aud: call.address.clone(),
        exp: now_s + LIFE_S,
        iat: now_s,
        jti: random_text(),
        user: User { kind: grant.user.0.clone(), id: grant.user.1 },
        auth_type: grant.auth_type.clone(),
        sudo_as_login: grant.sudo_as_login.clone(),
        session_uuid: grant.session_uuid.clone(),
    };
    let access = call.site.bearer.sign(&claims);
    let refresh = call.site.bearer.sign(&Claims {
        exp: now_s + REFRESH_LIFE_S,
        jti: random_text(),
        aud: REFRESH.to_owned(),
        ..claims
    });
    let hash = token_hash(&refresh);
    let kept: Result<(), Trouble> = call
        .site
        .store
        .write(move |transaction| {
            transaction.keep_refresh_token(&hash, &grant, now_s, now_s + REFRESH_LIFE_S)
        })
        .await;
    kept?;
    Ok(document(
        StatusCode::OK,
        &json!({
            "token_type": "Bearer",
            "access_token": access,
            "expires_in": LIFE_S,
            "refresh_token": refresh,
        }),
    ))
}
