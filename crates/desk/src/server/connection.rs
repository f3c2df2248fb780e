//! Connections: how many at once, from how few, how long each may keep us waiting, and TLS.
//!
//! Owns what happens below HTTP's requests. A client that opens connections and says nothing, sends its headers byte by byte, or never
//! reads what it asked for is let go; the accept loop waits for none of them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// Connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;
/// Connections at once from one address of the network; loopback is trusted to need more.
const MOST_FROM_ONE: usize = 256;
/// For the handshake of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// From a connection's beginning, or the end of an answer, to the end of the next request's headers.
const HEADERS: Duration = Duration::from_secs(60);
/// How long a client may leave its answer unread.
const UNREAD: Duration = Duration::from_secs(60);
/// Bytes of a request's line and headers, more or less.
const MOST_HEAD_BYTES: usize = 32 * 1024;
/// Headers of a request.
const MOST_HEADERS: usize = 100;
/// When no connection can be accepted (too many open files), the next try is after this.
const PAUSE: Duration = Duration::from_millis(100);

tokio::task_local! {
    static PEER: IpAddr;
}

/// Who sent the request that is being answered; none outside of one.
pub(crate) fn peer() -> Option<IpAddr> {
    PEER.try_with(|peer| *peer).ok()
}

/// Answers connections until told to stop, then those that are there for as long as `farewell`.
pub(crate) async fn serve(
    routes: Router,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
    farewell: Duration,
) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let guests = Arc::new(Guests::default());
    let (closing, closed) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // Closed never: it lives as long as this loop.
            let permit = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (stream, peer, permit) = tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            (accepted, permit) = accepted => match accepted {
                Ok((stream, peer)) => (stream, peer.ip(), permit),
                Err(_) => {
                    sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let Some(guest) = Guests::come(&guests, peer) else { continue };
        // A lost option costs some latency and nothing else.
        drop(stream.set_nodelay(true));
        let (routes, tls, closed) = (routes.clone(), tls.clone(), closed.clone());
        connections.spawn(async move {
            let _held = (permit, guest);
            secured(stream, peer, tls, routes, closed).await;
        });
    }
    // Without connections nobody listens.
    let _ = closing.send(true);
    let _ = timeout(farewell, async { while connections.join_next().await.is_some() {} }).await;
}

async fn secured(
    stream: TcpStream,
    peer: IpAddr,
    tls: Option<TlsAcceptor>,
    routes: Router,
    closed: watch::Receiver<bool>,
) {
    match tls {
        None => talk(stream, peer, routes, closed).await,
        Some(tls) => {
            // Whoever speaks no TLS here is not told why.
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                talk(stream, peer, routes, closed).await;
            }
        }
    }
}

async fn talk<S>(stream: S, peer: IpAddr, routes: Router, mut closed: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = routes.call(request);
        PEER.scope(
            peer,
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) },
        )
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_headers(MOST_HEADERS)
        .max_header_size(MOST_HEAD_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(Patient::new(stream)), service));
    let ended = tokio::select! {
        // How a connection ends is its client's business.
        _ = connection.as_mut() => true,
        _ = closed.wait_for(|closed| *closed) => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// How many connections each address has.
#[derive(Default)]
struct Guests {
    here: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address.
struct Guest {
    guests: Arc<Guests>,
    peer: IpAddr,
}

impl Guests {
    /// Counts one more, unless there are too many from there.
    fn come(guests: &Arc<Guests>, peer: IpAddr) -> Option<Guest> {
        let mut here = guests.here.lock().unwrap_or_else(PoisonError::into_inner);
        let count = here.entry(peer).or_default();
        if *count >= MOST_FROM_ONE && !peer.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Guest { guests: Arc::clone(guests), peer })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut here = self.guests.here.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = here.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                here.remove(&self.peer);
            }
        }
    }
}

/// A stream that fails when what is written to it is left unread for too long.
struct Patient<S> {
    stream: S,
    unread: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    fn new(stream: S) -> Patient<S> {
        Patient { stream, unread: None }
    }

    fn waited<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<std::io::Result<T>>,
    ) -> Poll<std::io::Result<T>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let unread = self.unread.get_or_insert_with(|| Box::pin(sleep(UNREAD)));
        match unread.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(std::io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.waited(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.waited(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.waited(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.waited(context, shut)
    }
}
