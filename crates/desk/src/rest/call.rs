//! One call of REST: what its address says, who makes it, and the way into the store.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use crate::access::auth::{self, Actor};
use crate::access::permission::Deed;
use crate::api3::LIMIT_BYTES;
use crate::fault::{Fault, Trouble, clip};
use crate::rest::answer::Refusal;
use crate::rest::bearer::BadToken;
use crate::rest::type_name;
use crate::rows::query::Context;
use crate::rows::write::Writer;
use crate::schema::EntityType;
use crate::site::{BodyError, Known, Site, whole_body};
use crate::store::Reading;

/// A call on its way to its operation.
pub(crate) struct Call {
    pub(crate) site: Arc<Site>,
    /// What is known of the schema while this call runs.
    pub(crate) known: Arc<Known>,
    /// `/api/v1` or `/api/v1.1`: links echo it.
    pub(crate) prefix: &'static str,
    /// Scheme, host and port as the client reached us.
    pub(crate) address: String,
    pub(crate) headers: HeaderMap,
    /// The parts of the path that the operation leaves open.
    pub(crate) named: Vec<(String, String)>,
    /// The query string's pairs, in their order.
    pub(crate) query: Vec<(String, String)>,
    actor: Option<Actor>,
}

impl Call {
    /// A call nobody has vouched for yet.
    pub(crate) fn new(
        site: Arc<Site>,
        prefix: &'static str,
        headers: HeaderMap,
        named: Vec<(String, String)>,
        query: Vec<(String, String)>,
    ) -> Call {
        let (known, address) = (site.known(), site.address(&headers));
        Call { site, known, prefix, address, headers, named, query, actor: None }
    }

    /// Lets the bearer of a good token in.
    pub(crate) async fn authenticate(&mut self) -> Result<(), Refusal> {
        let token = self
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, token)| token.trim());
        let token = token.ok_or_else(|| Refusal::unauthorized("Missing Authorization header"))?;
        let claims = match self.site.bearer.check(token, self.site.now().as_second()) {
            Ok(claims) => claims,
            Err(BadToken::Expired) => return Err(Refusal::unauthorized("Token Expired")),
            Err(BadToken::Invalid) => return Err(Refusal::unauthorized("Token invalid")),
        };
        let (user, session) = ((claims.user.kind, claims.user.id), claims.session_uuid);
        let actor = self.site.store.read(move |reading| auth::bearer(reading, user, session)).await;
        self.actor = Some(match actor {
            Err(Trouble::Fault(fault)) => return Err(Refusal::new(StatusCode::UNAUTHORIZED, fault)),
            other => other?,
        });
        Ok(())
    }

    /// Who makes the call.
    pub(crate) fn actor(&self) -> Result<&Actor, Refusal> {
        self.actor.as_ref().ok_or_else(|| Refusal::unauthorized("Missing Authorization header"))
    }

    /// Refuses callers who are no admins.
    pub(crate) fn must_be_admin(&self) -> Result<(), Refusal> {
        Ok(self.actor()?.check(Deed::Administer)?)
    }

    /// A part of the path.
    pub(crate) fn part(&self, name: &str) -> &str {
        find(&self.named, name).unwrap_or_default()
    }

    /// A parameter of the query string.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The type the address names.
    pub(crate) fn entity(&self) -> Result<&EntityType, Refusal> {
        let spelling = self.part("entity");
        type_name::find(&self.known.schema, spelling)
            .ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, Fault::unknown_type(spelling)))
    }

    /// The row's id in the address.
    pub(crate) fn id(&self, entity: &EntityType) -> Result<i64, Refusal> {
        let text = self.part("record_id");
        text.parse().map_err(|_| {
            let fault = Fault::write(format!("{}: {} not found", entity.name, clip(text)));
            Refusal::new(StatusCode::NOT_FOUND, fault)
        })
    }

    /// The address of a type or row, from the site's root.
    pub(crate) fn link(&self, type_name: &str, id: Option<i64>) -> String {
        let plural = type_name::plural(type_name);
        match id {
            None => format!("{}/entity/{plural}", self.prefix),
            Some(id) => format!("{}/entity/{plural}/{id}", self.prefix),
        }
    }

    /// The body's type, without its parameters.
    pub(crate) fn media_type(&self) -> Option<String> {
        let value = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.is_empty() { None } else { Some(kind) }
    }

    /// The body, which must be a JSON object.
    pub(crate) async fn json(&self, body: Body) -> Result<Map<String, Value>, Refusal> {
        self.is_json()?;
        object(&bytes(body).await?)
    }

    /// The body, which is a JSON object if there is one.
    pub(crate) async fn perhaps_json(&self, body: Body) -> Result<Map<String, Value>, Refusal> {
        self.is_json()?;
        let bytes = bytes(body).await?;
        if bytes.is_empty() { Ok(Map::new()) } else { object(&bytes) }
    }

    fn is_json(&self) -> Result<(), Refusal> {
        match self.media_type().as_deref() {
            None | Some("application/json") => Ok(()),
            Some(other) => Err(Refusal::media_type(format!(
                "Content-Type '{}' is not supported here: send application/json",
                clip(other)
            ))),
        }
    }

    /// Runs `work` on one snapshot; `method` is what api3 would call it, for fault texts.
    pub(crate) async fn read<T, F>(&self, method: &'static str, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Reading, Context<'_>) -> Result<T, Trouble> + Send + 'static,
    {
        let (known, now, address) = (Arc::clone(&self.known), self.site.now(), self.address.clone());
        let actor = self.actor()?.clone();
        let result =
            self.site.store.read(move |reading| work(reading, known.reading(method, now, &address, &actor)));
        Ok(result.await?)
    }

    /// Runs `work` in one transaction; `method` is what api3 would call it, for fault texts.
    pub(crate) async fn write<T, F>(&self, method: &'static str, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&Writer<'_>) -> Result<T, Trouble> + Send + 'static,
    {
        let (known, now, address) = (Arc::clone(&self.known), self.site.now(), self.address.clone());
        let actor = self.actor()?.clone();
        let result = self.site.store.write(move |transaction| {
            let context = known.writing(method, now, &address);
            work(&Writer { transaction, context, actor: &actor })
        });
        Ok(result.await?)
    }
}

/// The bytes of a body of reasonable size.
pub(crate) async fn bytes(body: Body) -> Result<Vec<u8>, Refusal> {
    match whole_body(body, LIMIT_BYTES).await {
        Ok(bytes) => Ok(bytes),
        Err(BodyError::TooLarge) => Err(Refusal::too_large(LIMIT_BYTES)),
        Err(BodyError::Cut) => Err(Refusal::request("the request body is incomplete")),
    }
}

/// A JSON object.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Refusal::request("Invalid JSON body")),
    }
}

fn find<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
