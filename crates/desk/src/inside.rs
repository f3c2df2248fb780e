//! The desk's routes without a connection: for tests that ask more often than connections can be made.
//!
//! What a request meets is what it meets over a connection, from the layer of trouble to the store. Not here: HTTP itself, its framing and
//! its limits, and the address of the caller.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use tower_service::Service;

use crate::site::whole_body;
use crate::{Desk, DeskError, DeskOptions, Ready};

/// A desk that is asked from inside.
pub struct Inside {
    // Before the desk, so that nothing asks it once it stops.
    runtime: tokio::runtime::Runtime,
    routes: Router,
    desk: Desk,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Inside {
    /// Opens a desk; it has an address like every other, at which nobody need ask.
    ///
    /// # Errors
    /// As [`Desk::start`].
    pub fn open(options: DeskOptions) -> Result<Inside, DeskError> {
        let folder = options.data.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| DeskError::Folder { folder, source })?;
        let desk = Desk::start(options)?;
        Ok(Inside { runtime, routes: desk.server.routes(), desk })
    }

    /// How to get in.
    pub fn ready(&self) -> &Ready {
        self.desk.ready()
    }

    /// Asks one thing; none when that is no request at all, which a connection would not let through.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).ok()?;
        let mut routes = self.routes.clone();
        Some(self.runtime.block_on(async move {
            let Ok(response) = routes.call(request).await;
            let (parts, body) = response.into_parts();
            let body = whole_body(body, usize::MAX).await.unwrap_or_default();
            Answer { status: parts.status.as_u16(), headers: parts.headers, body }
        }))
    }
}
