//! One HTTP request, one answer: routes, root sets, timeouts and sizes. What goes wrong is explained in `trouble`.
//!
//! Nothing is kept between requests but the parsed certificates: an idle agent holds no connection and no buffers, and
//! a reused connection that the other side has just closed would make every failed write ambiguous. Never follows a
//! redirect, never repeats a request, and never looks at proxy variables (see `proxy`).

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use secrecy::SecretString;
use ureq::config::Config;
use ureq::http::{HeaderMap, Method, Uri};
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport as Connection};
use ureq::{Agent, SendBody};

use crate::body::Outgoing;
use crate::error::{FlowError, FlowErrorKind};
use crate::proxy::{Bypass, ProxySetting};
use crate::trouble::{Distrust, Trouble};
use crate::trust;
use crate::url::root_of;

/// How we call ourselves.
const USER_AGENT: &str = concat!("tk-incident/", env!("CARGO_PKG_VERSION"));
/// Shortest wait for a connection: a revocation lookup on Windows may take 10 s of it.
const CONNECT_MS: u64 = 20_000;
/// Slowest line we put up with, in bytes per second: what a body may take beyond the usual wait.
const SLOWEST_BYTES_PER_S: u64 = 32 * 1024;
/// Longest download, in milliseconds.
const DOWNLOAD_MS: u64 = 3_600_000;
/// Each connection's buffers, in bytes.
const BUFFER_BYTES: usize = 16 * 1024;
/// Largest head of an answer, in bytes. Less than a buffer: a head that fills the buffer would look like a broken
/// connection.
const HEAD_BYTES: usize = 12 * 1024;

/// Makes requests.
pub(crate) struct Transport {
    proxy: Option<ProxySetting>,
    bypass: Bypass,
    ca_file: Option<PathBuf>,
    timeout_ms: u64,
    system: OnceLock<Roots>,
    private: OnceLock<Roots>,
}

/// A root set and the connector that keeps what was parsed from it.
struct Roots {
    tls: TlsConfig,
    connector: SharedConnector,
}

impl Roots {
    fn new(tls: TlsConfig) -> Self {
        Self { tls, connector: SharedConnector::default() }
    }
}

/// The library's connector, shared by the short-lived agents: each request has timeouts of its own, and an agent that
/// only differs in them would parse all certificates again.
#[derive(Debug, Clone, Default)]
struct SharedConnector(Arc<DefaultConnector>);

impl Connector for SharedConnector {
    type Out = Box<dyn Connection>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.0.connect(details, chained)
    }
}

/// Whom a request goes to, for texts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Peer {
    Site,
    Storage,
}

/// One request.
pub(crate) struct Request<'a> {
    /// The call, as a person would name it.
    pub(crate) call: &'a str,
    pub(crate) peer: Peer,
    pub(crate) method: Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Outgoing>,
    /// Whether it changes rows once the other side has all of it.
    pub(crate) writes: bool,
}

/// The head of an answer, with its body still to be read.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: String,
    pub(crate) writes: bool,
    call: String,
    timeout_ms: u64,
    body: ureq::Body,
}

impl Transport {
    pub(crate) fn new(
        proxy: Option<ProxySetting>,
        bypass: Bypass,
        ca_file: Option<PathBuf>,
        timeout_ms: u64,
    ) -> Self {
        let timeout_ms = if timeout_ms == 0 { 30_000 } else { timeout_ms };
        Self { proxy, bypass, ca_file, timeout_ms, system: OnceLock::new(), private: OnceLock::new() }
    }

    /// Reads the certificate file now, so that a wrong one is reported at once.
    pub(crate) fn load_ca_file(&self) -> Result<(), FlowError> {
        self.private_roots().map(|_| ())
    }

    pub(crate) fn proxy_password(&self) -> Option<&SecretString> {
        self.proxy.as_ref()?.password()
    }

    /// The proxy that requests to this address go through, as `host:port`; `None` when they go directly.
    pub(crate) fn proxy_for(&self, uri: &Uri) -> Option<String> {
        self.route(uri).map(ProxySetting::address)
    }

    fn route(&self, uri: &Uri) -> Option<&ProxySetting> {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        self.proxy.as_ref().filter(|_| !self.bypass.covers(uri.host().unwrap_or_default(), port))
    }

    /// Makes the request and reads the head of the answer.
    pub(crate) fn open(&self, mut request: Request<'_>) -> Result<Response, FlowError> {
        let https = request.uri.scheme_str() == Some("https");
        let system = || self.system.get_or_init(|| Roots::new(trust::system()));
        if !https {
            // Never used for TLS: the address says http, and redirects are not followed.
            let plain = Roots::new(TlsConfig::default());
            return self.attempt(&mut request, &plain).map_err(|(error, _)| error);
        }
        let Some(private) = self.private_roots()? else {
            return self.attempt(&mut request, system()).map_err(|(error, _)| error);
        };
        match self.attempt(&mut request, private) {
            Err((_, Distrust::Certificate)) if !request.body.as_ref().is_some_and(Outgoing::started) => {
                self.attempt(&mut request, system()).map_err(|(error, _)| error)
            }
            outcome => outcome.map_err(|(error, _)| error),
        }
    }

    fn private_roots(&self) -> Result<Option<&Roots>, FlowError> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        if self.private.get().is_none() {
            // A second thread may have been quicker; both have read the same file.
            let _ = self.private.set(Roots::new(trust::of_file(path)?));
        }
        Ok(self.private.get())
    }

    fn attempt(&self, request: &mut Request<'_>, roots: &Roots) -> Result<Response, (FlowError, Distrust)> {
        let uri = request.uri;
        let proxy = self.route(uri);
        let root = root_of(uri);
        let peer = match request.peer {
            Peer::Site => format!("site {root}"),
            Peer::Storage => format!("storage {root}"),
        };
        let body_bytes = request.body.as_ref().map(Outgoing::length);
        let mut trouble = Trouble {
            call: request.call,
            peer: &peer,
            proxy: proxy.map(ProxySetting::address),
            proxy_user: proxy.is_some_and(ProxySetting::has_user),
            own_roots: self.ca_file.is_some(),
            timeout_ms: self.timeout_ms,
            started: false,
            unconnected: body_bytes.is_some(),
            perhaps_happened: false,
        };
        let config = match self.config(roots, proxy, body_bytes) {
            Ok(config) => config,
            Err(error) => return Err(trouble.of(error)),
        };
        let agent = Agent::with_parts(config, roots.connector.clone(), DefaultResolver::default());
        let mut builder = ureq::http::Request::builder().method(request.method.clone()).uri(uri.clone());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value.as_str());
        }
        let outcome = match &mut request.body {
            Some(body) => builder
                .header("content-length", body.length())
                .body(SendBody::from_reader(body))
                .map_err(ureq::Error::from)
                .and_then(|request| agent.run(request)),
            None => builder.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request)),
        };
        match outcome {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok(Response {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    peer,
                    writes: request.writes,
                    call: request.call.to_owned(),
                    timeout_ms: self.timeout_ms,
                    body,
                })
            }
            Err(error) => {
                if let Some(body) = &mut request.body {
                    if let Some(cause) = body.take_file_trouble() {
                        let text =
                            format!("{}: the file could not be read to its end: {cause}", request.call);
                        let error = FlowError::new(FlowErrorKind::File, request.call, text).caused_by(cause);
                        return Err((error, Distrust::No));
                    }
                    trouble.started = body.started();
                    trouble.unconnected = !body.started();
                    trouble.perhaps_happened = request.writes && body.finished();
                }
                Err(trouble.of(error))
            }
        }
    }

    fn config(
        &self,
        roots: &Roots,
        proxy: Option<&ProxySetting>,
        body_bytes: Option<u64>,
    ) -> Result<Config, ureq::Error> {
        let proxy = proxy.map(ProxySetting::for_ureq).transpose()?;
        let wait = self.timeout_ms;
        let connect = wait.max(CONNECT_MS);
        let send = wait.saturating_add(body_bytes.unwrap_or(0).saturating_mul(1000) / SLOWEST_BYTES_PER_S);
        // A request without a body is a download, which may be long; a stall is still noticed at once.
        let receive = if body_bytes.is_some() { wait.saturating_mul(2) } else { DOWNLOAD_MS };
        let all =
            [wait, connect, wait, send, wait, receive].iter().fold(0_u64, |sum, ms| sum.saturating_add(*ms));
        let ms = |ms: u64| Some(Duration::from_millis(ms));
        Ok(Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(roots.tls.clone())
            .proxy(proxy)
            .user_agent(USER_AGENT)
            .accept_encoding("identity")
            .input_buffer_size(BUFFER_BYTES)
            .output_buffer_size(BUFFER_BYTES)
            .max_response_header_size(HEAD_BYTES)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .timeout_resolve(ms(wait))
            .timeout_connect(ms(connect))
            .timeout_send_request(ms(wait))
            .timeout_send_body(ms(send))
            .timeout_recv_response(ms(wait))
            .timeout_recv_body(ms(receive))
            .timeout_per_read(ms(wait))
            .timeout_per_write(ms(wait))
            .timeout_global(ms(all))
            .build())
    }
}

impl Response {
    /// Reads the whole body; more than `limit` bytes are a bad answer.
    pub(crate) fn read(&mut self, limit: u64) -> Result<Vec<u8>, FlowError> {
        let outcome = self.body.with_config().limit(limit).read_to_vec();
        outcome.map_err(|error| self.broken(error))
    }

    /// Reads what there is of the body, for a text that only explains a refusal.
    pub(crate) fn read_some(&mut self, limit: u64) -> Vec<u8> {
        let mut some = Vec::new();
        // A refusal stays a refusal when its explanation breaks off.
        let _ = self.body.as_reader().take(limit).read_to_end(&mut some);
        some
    }

    /// The body as a stream. Its errors are understood by `broken_stream`.
    pub(crate) fn stream(&mut self) -> impl Read + '_ {
        self.body.as_reader()
    }

    pub(crate) fn broken_stream(&self, error: io::Error) -> FlowError {
        self.broken(ureq::Error::from(error))
    }

    fn broken(&self, error: ureq::Error) -> FlowError {
        let trouble = Trouble {
            call: &self.call,
            peer: &self.peer,
            proxy: None,
            proxy_user: false,
            own_roots: false,
            timeout_ms: self.timeout_ms,
            started: true,
            unconnected: false,
            perhaps_happened: self.writes,
        };
        trouble.of(error).0
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
