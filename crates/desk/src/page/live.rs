//! `GET /events`: tells a page which tickets are new or changed, as server-sent events.
//!
//! Owns the streams: how many there may be, what keeps them alive, and their end. A stream is told of tickets by number and of
//! nothing else; what is in them the page asks for as always. Without a stream nothing runs here.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::Frame;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, watch};

use crate::access::permission::Deed;
use crate::access::visitor::Visitor;
use crate::page::board::SharedBoard;
use crate::site::Site;

/// Streams at once.
const MAX_STREAMS: usize = 200;
/// A silent connection is kept open, and a dead one found, by a line so often.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// A stream ends by then and the browser comes back, so that it is asked again who listens.
const LIFE: Duration = Duration::from_secs(900);
/// Commits in quick succession are told together.
const GATHER: Duration = Duration::from_secs(1);
/// Tickets named in one event; more than are on any page are not worth it.
const MAX_NAMED: usize = 500;

/// The streams of a desk.
pub(crate) struct Live {
    room: Arc<Semaphore>,
    stop: watch::Sender<bool>,
}

impl Default for Live {
    fn default() -> Live {
        Live { room: Arc::new(Semaphore::new(MAX_STREAMS)), stop: watch::Sender::new(false) }
    }
}

impl Live {
    /// Ends all streams: a server that stops waits for its connections.
    pub(crate) fn end(&self) {
        self.stop.send_replace(true);
    }
}

/// The route's handler.
pub(crate) async fn events(State(site): State<Arc<Site>>, visitor: Visitor) -> Response {
    if !visitor.actor.may(Deed::Read("Ticket")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Ok(room) = Arc::clone(&site.live.room).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages listen for changes\n").into_response();
    };
    let (pieces, queue) = mpsc::channel(4);
    let projects = visitor.actor.projects().map(|ids| ids.iter().map(i64::to_string).collect());
    let listener = Listener {
        changes: site.store.changes().listen(),
        stopped: site.live.stop.subscribe(),
        // A reader of some projects hears of those alone.
        sight: projects.map(|projects| (Arc::clone(&site.board), projects)),
        pieces,
        _room: room,
    };
    tokio::spawn(listener.run());
    let mut response = Response::new(Body::new(Stream { queue }));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

struct Listener {
    changes: broadcast::Receiver<Arc<[i64]>>,
    stopped: watch::Receiver<bool>,
    sight: Option<(SharedBoard, Vec<String>)>,
    pieces: mpsc::Sender<Bytes>,
    _room: OwnedSemaphorePermit,
}

impl Listener {
    async fn run(mut self) {
        // How long a browser waits before it comes back when the desk was restarted.
        let mut next = Bytes::from_static(b"retry: 3000\n\n");
        let end = tokio::time::Instant::now() + LIFE;
        loop {
            if self.pieces.send(next).await.is_err() {
                return;
            }
            let changed = tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return,
                () = self.pieces.closed() => return,
                () = tokio::time::sleep_until(end) => return,
                () = tokio::time::sleep(HEARTBEAT) => None,
                changed = self.changes.recv() => match changed {
                    Err(RecvError::Closed) => return,
                    // What was missed is not known by number any more; what follows is.
                    Err(RecvError::Lagged(_)) => None,
                    Ok(changed) => Some(changed),
                },
            };
            next = match changed {
                Some(changed) => self.event(&changed).await,
                None => Bytes::from_static(b":\n\n"),
            };
        }
    }

    /// An event for these tickets and for those that follow at once.
    async fn event(&mut self, changed: &[i64]) -> Bytes {
        tokio::time::sleep(GATHER).await;
        let mut ids: BTreeSet<i64> = changed.iter().copied().collect();
        while let Ok(more) = self.changes.try_recv() {
            ids.extend(more.iter());
        }
        if let Some((board, projects)) = &self.sight {
            let board = board.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            ids.retain(|id| board.in_projects(*id, projects));
        }
        if ids.is_empty() {
            return Bytes::from_static(b":\n\n");
        }
        let ids: Vec<String> = ids.iter().rev().take(MAX_NAMED).map(i64::to_string).collect();
        Bytes::from(format!("event: tickets\ndata: [{}]\n\n", ids.join(",")))
    }
}

struct Stream {
    queue: mpsc::Receiver<Bytes>,
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        self.queue.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
