//! Access tokens: JSON web tokens (RFC 7519) signed with HMAC-SHA-256, valid for ten minutes.
//!
//! Owns the text of a token and nothing else: whom one is given to is `token`'s question.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde::{Deserialize, Serialize};

/// Life of an access token.
pub(crate) const LIFE_S: i64 = 600;
/// `aud` of refresh tokens, which open nothing.
pub(crate) const REFRESH: &str = "refresh";
/// Longest token that is looked at, in bytes.
const MAX_BYTES: usize = 8192;
/// The only header this desk writes and reads: no token chooses how it is checked.
const HEADER: &[u8] = br#"{"alg":"HS256","typ":"JWT"}"#;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    /// Seconds since 1970.
    pub(crate) exp: i64,
    /// Seconds since 1970.
    pub(crate) iat: i64,
    pub(crate) jti: String,
    pub(crate) user: User,
    pub(crate) auth_type: String,
    pub(crate) sudo_as_login: Option<String>,
    pub(crate) session_uuid: Option<String>,
}

/// Whom a token speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: i64,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadToken {
    /// Not one of this desk.
    Invalid,
    Expired,
}

/// The key tokens are signed with.
pub(crate) struct Key {
    key: hmac::Key,
}

impl Key {
    /// `secret` is kept with the desk's data, so that a token outlives a restart.
    pub(crate) fn new(secret: &str) -> Key {
        let key = blake3::derive_key("tk-incident desk rest token v1", secret.as_bytes());
        Key { key: hmac::Key::new(hmac::HMAC_SHA256, &key) }
    }

    /// The token's text.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        // Claims are strings and numbers: there is nothing in them that JSON could not hold.
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What an access token of this desk says; `now_s` in seconds since 1970.
    pub(crate) fn check(&self, token: &str, now_s: i64) -> Result<Claims, BadToken> {
        if token.len() > MAX_BYTES {
            return Err(BadToken::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Invalid)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BadToken::Invalid)?;
        hmac::verify(&self.key, signed.as_bytes(), &signature).map_err(|_| BadToken::Invalid)?;
        let (_, claims) = signed.split_once('.').ok_or(BadToken::Invalid)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| BadToken::Invalid)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| BadToken::Invalid)?;
        if claims.aud == REFRESH {
            return Err(BadToken::Invalid);
        }
        if claims.exp <= now_s { Err(BadToken::Expired) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            iss: "desk".to_owned(),
            aud: "desk".to_owned(),
            exp: 700,
            iat: 100,
            jti: "1".to_owned(),
            user: User { kind: "HumanUser".to_owned(), id: 7 },
            auth_type: "password".to_owned(),
            sudo_as_login: None,
            session_uuid: None,
        }
    }

    #[test]
    fn a_token_is_known_until_it_expires_and_to_its_desk_alone() {
        let key = Key::new("secret");
        let token = key.sign(&claims());
        assert_eq!(key.check(&token, 699), Ok(claims()));
        assert_eq!(key.check(&token, 700), Err(BadToken::Expired));
        assert_eq!(Key::new("other").check(&token, 699), Err(BadToken::Invalid));
    }

    #[test]
    fn what_was_changed_is_not_believed() {
        let key = Key::new("secret");
        let token = key.sign(&claims());
        let parts: Vec<&str> = token.split('.').collect();
        let other = Claims { user: User { kind: "HumanUser".to_owned(), id: 8 }, ..claims() };
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&other).unwrap());
        let none = URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#);
        for forged in [
            format!("{}.{body}.{}", parts[0], parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            String::new(),
            "..".to_owned(),
            "a".repeat(MAX_BYTES + 1),
        ] {
            assert_eq!(key.check(&forged, 0), Err(BadToken::Invalid), "{forged}");
        }
    }

    #[test]
    fn the_text_is_that_of_the_standard() {
        // RFC 7515 leaves no choice in any of this but the key.
        let token = Key::new("secret").sign(&claims());
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0], "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
        let body: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert_eq!(body["user"], serde_json::json!({"type": "HumanUser", "id": 7}));
    }
}
