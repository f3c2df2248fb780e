//! What every request handler shares, and the outermost questions of each: who calls, from which address, how long may a body take.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{DATE, HOST};
use axum::http::{HeaderMap, HeaderValue};
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

use crate::UploadForm;
use crate::access::Attempts;
use crate::access::auth::{Actor, Credentials};
use crate::access::fetching::Callers;
use crate::access::link::LinkKey;
use crate::access::origin::Names;
use crate::access::page_session::Cookie;
use crate::access::secret::{Signer, Verified};
use crate::fault::Trouble;
use crate::files::Files;
use crate::page::board::SharedBoard;
use crate::page::live::Live;
use crate::rest::bearer::Key;
use crate::rows::query::Context;
use crate::rows::value::Link;
use crate::schema::Schema;
use crate::store::{Store, Writing};

/// How long a sender may stay silent in the middle of a body. The official client re-sends a failed PUT as an empty body and then
/// waits for ever; only this ends it.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// How long a body may take that is no file, however steadily its bytes drip.
const WHOLE: Duration = Duration::from_secs(120);

/// The running desk.
pub(crate) struct Site {
    pub(crate) known: RwLock<Arc<Known>>,
    /// Held while the schema is changed.
    pub(crate) schema_change: tokio::sync::Mutex<()>,
    pub(crate) store: Box<dyn Store>,
    pub(crate) files: Files,
    /// The tickets as the pages list them.
    pub(crate) board: SharedBoard,
    pub(crate) live: Arc<Live>,
    pub(crate) signer: Signer,
    pub(crate) bearer: Key,
    pub(crate) uploads: UploadForm,
    pub(crate) bound: SocketAddr,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// The names the pages answer to.
    pub(crate) names: Names,
    pub(crate) cookie: Cookie,
    pub(crate) link_key: LinkKey,
    /// The person whom the desk's own link lets in.
    pub(crate) owner: Link,
    pub(crate) attempts: Attempts,
    pub(crate) callers: Callers,
    /// Whether others than this machine can reach the desk.
    pub(crate) on_network: bool,
    /// Passwords that are looked at at a time: each takes a processor for milliseconds.
    pub(crate) hashing: tokio::sync::Semaphore,
    pub(crate) clock_ahead: SignedDuration,
}

/// What work inside the store needs of the desk: never the store itself, whose threads must not be its last owner.
pub(crate) struct Known {
    pub(crate) schema: Schema,
    pub(crate) verified: Arc<Verified>,
}

impl Known {
    /// What a call reads with, for the eyes of `actor`.
    pub(crate) fn reading<'a>(
        &'a self,
        call: &'a str,
        now: Timestamp,
        address: &'a str,
        actor: &'a Actor,
    ) -> Context<'a> {
        Context { sight: Some(actor), ..self.writing(call, now, address) }
    }

    /// What a call writes with. `Writer` asks by itself what its actor may do; rows it reads are all there.
    pub(crate) fn writing<'a>(&'a self, call: &'a str, now: Timestamp, address: &'a str) -> Context<'a> {
        Context { schema: &self.schema, call, now, site: address, sight: None }
    }
}

impl Site {
    /// Changes the schema; what runs already goes on with the old one.
    fn know(&self, schema: Schema) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::new(Known { schema, verified: Arc::clone(&known.verified) });
    }

    /// Runs a change of the schema in a transaction of its own; what it gives is known once it is committed.
    pub(crate) async fn change_schema<T, F>(&self, change: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Writing, &mut Schema) -> Result<T, Trouble> + Send + 'static,
    {
        let _one_at_a_time = self.schema_change.lock().await;
        let mut schema = self.known().schema.clone();
        let (result, schema) = self
            .store
            .write(move |transaction| {
                let result = change(transaction, &mut schema)?;
                Ok((result, schema))
            })
            .await?;
        self.know(schema);
        Ok(result)
    }

    /// What is known at this moment.
    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The clock of the desk.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.clock_ahead).unwrap_or(Timestamp::MAX)
    }

    /// Dates an answer by the desk's own clock, which may be ahead of this machine's.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.now());
        if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
            headers.insert(DATE, date);
        }
    }

    /// Scheme, host and port as the client reached us: what it can reach again.
    pub(crate) fn address(&self, headers: &HeaderMap) -> String {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| {
            !host.is_empty()
                && host.len() <= 255
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_[]".contains(&byte))
        });
        match host {
            Some(host) => format!("{}://{host}", self.scheme),
            None => format!("{}://{}", self.scheme, self.bound),
        }
    }

    /// Lets a caller in, and notes the use of a session.
    pub(crate) async fn authenticate(&self, credentials: Credentials) -> Result<Actor, Trouble> {
        let actor = credentials.verify(self).await?;
        self.used(&actor).await?;
        Ok(actor)
    }

    /// Writes down the use of a session, when it is time to.
    pub(crate) async fn used(&self, actor: &Actor) -> Result<(), Trouble> {
        let Some(hash) = actor.touch.clone() else { return Ok(()) };
        let now = self.now();
        self.store.write(move |transaction| transaction.touch_session(&hash, now)).await
    }
}

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge,
    /// The sender went silent, hung up or broke the framing.
    Cut,
}

/// The next piece of a body; none at its end.
pub(crate) async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    loop {
        let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
        match tokio::time::timeout(SILENCE, frame).await {
            Err(_) | Ok(Some(Err(_))) => return Err(BodyError::Cut),
            Ok(None) => return Ok(None),
            Ok(Some(Ok(frame))) => {
                // Trailers are not ours.
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// A whole body, of at most `limit_bytes`, in at most [`WHOLE`].
pub(crate) async fn whole_body(mut body: Body, limit_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let whole = async {
        let mut whole = Vec::new();
        while let Some(piece) = next_piece(&mut body).await? {
            if whole.len() + piece.len() > limit_bytes {
                return Err(BodyError::TooLarge);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    };
    tokio::time::timeout(WHOLE, whole).await.unwrap_or(Err(BodyError::Cut))
}
