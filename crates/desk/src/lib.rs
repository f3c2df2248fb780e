//! The desk: an FPT-compatible server with a ticket page, the embedded default of the agent and the test bench of its client.
//!
//! It speaks api3 (the protocol of Toolkit and of the official Python client) and REST, keeps rows in SQLite and files by their content
//! hash, and shows tickets on plain pages to people who are signed in. It knows nothing of the agent. On demand it makes trouble for
//! its clients (`injection`). What of FPT it is, and what not, is in `docs/desk.md`.

mod access;
mod api3;
mod backup;
mod fault;
mod files;
mod injection;
pub mod inside;
mod members;
mod page;
mod percent;
mod rest;
mod rows;
mod schema;
mod seed;
mod server;
mod site;
mod store;
mod ticket_text;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use jiff::SignedDuration;
use serde::Serialize;

use crate::access::Attempts;
use crate::access::fetching::Callers;
use crate::access::link::LinkKey;
pub use crate::access::link::page_link;
use crate::access::origin::Names;
use crate::access::page_session::Cookie;
use crate::access::secret::{Signer, Verified};
pub use crate::backup::{BackedUp, BackupError, backup};
use crate::files::Files;
use crate::injection::plan::FaultPlan;
pub use crate::injection::plan::FaultState;
pub use crate::injection::rule::{FaultRule, FaultRuleError};
pub use crate::members::{MemberError, NewPerson, SHORTEST_PASSWORD, add_person, add_script};
use crate::schema::Schema;
use crate::seed::ScriptKey;
use crate::server::Server;
use crate::site::{Known, Site};
use crate::store::sqlite::SqliteStore;

/// How and where a desk runs.
#[derive(Debug, Clone)]
pub struct DeskOptions {
    /// Address to listen on; port 0 takes a free one. Anything but loopback needs `tls`, or `insecure_network`.
    pub listen: SocketAddr,
    /// Speak TLS, and nothing else.
    pub tls: Option<TlsFiles>,
    /// Listen on the network without TLS: keys and passwords travel in clear.
    pub insecure_network: bool,
    /// Host names the pages answer to besides those of loopback.
    pub names: Vec<String>,
    /// Folder for the database, the files and the script key; created when missing.
    pub data: PathBuf,
    /// The upload form that `info` advertises.
    pub uploads: UploadForm,
    /// Entity types this site does without, as a site with Tickets switched off: absent from the schema, unknown to every call.
    pub disabled_entities: Vec<String>,
    /// Trouble on demand, for tests of clients: which calls go wrong, and how (`docs/faults.md`).
    pub faults: Vec<FaultRule>,
    /// How far the desk's clock is ahead of this machine's, in seconds.
    pub clock_ahead_s: i64,
    /// Fields this site begins without (`Ticket.sg_incident_key`), until a client creates them.
    pub missing_fields: Vec<String>,
}

impl Default for DeskOptions {
    fn default() -> Self {
        DeskOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            insecure_network: false,
            names: Vec::new(),
            data: PathBuf::from("desk"),
            uploads: UploadForm::Classic,
            disabled_entities: Vec::new(),
            faults: Vec::new(),
            clock_ahead_s: 0,
            missing_fields: Vec::new(),
        }
    }
}

/// Files of the desk's certificate, both PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, followed by those it was signed with.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The two ways files reach an FPT site. Both are always served; clients use the one that `info` advertises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadForm {
    /// One multipart form to the site.
    Classic,
    /// Signed PUTs to a storage service, then a link ("direct S3").
    Storage,
}

/// Why a desk could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// The network is for TLS, or for who has said that it is not.
    #[error(
        "the desk does not listen on {address} without TLS: keys and passwords would travel in clear; give it --certificate and --key, use 127.0.0.1, or say --insecure-network"
    )]
    NotLoopback {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The certificate or its key cannot be used.
    #[error("{} cannot be used for TLS; it must be PEM, and certificate and key must belong together", file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The address is taken or not ours.
    #[error("the desk cannot listen on {address}; choose another with --listen")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Another desk has the folder.
    #[error("the data folder {} is in use by another desk; stop it, or give this one a folder of its own with --data", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The data folder cannot be used.
    #[error("the data folder {} cannot be used; check that it can be written", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// The script key file cannot be used.
    #[error("the script key file {} cannot be used; mend it, or remove it to get a new key", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("the database {} cannot be used", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was written by a newer desk.
    #[error("the database {} was written by a newer version (layout {layout}); use that version", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its layout's number.
        layout: i64,
    },
    /// The compiled-in schema is broken: a fault of ours.
    #[error("the compiled-in entity schema is broken; please report this")]
    Schema {
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a client needs to know about a running desk; serialises to `{"type":"ready",…}`.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename = "ready")]
pub struct Ready {
    /// Address of the site, without a slash at its end.
    pub url: String,
    /// Address of the ticket page that opens it without a sign-in: a secret ([`page_link`]).
    pub page: String,
    /// Name of the script user.
    pub script_name: String,
    /// Key of the script user: a secret.
    pub script_key: String,
    /// The project incidents are filed in.
    pub project_id: i64,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ready")
            .field("url", &self.url)
            .field("page", &"[hidden]")
            .field("script_name", &self.script_name)
            .field("script_key", &"[hidden]")
            .field("project_id", &self.project_id)
            .finish()
    }
}

/// A running desk. Stops when dropped.
pub struct Desk {
    ready: Ready,
    server: Server,
    faults: Arc<FaultPlan>,
}

impl Desk {
    /// Binds the address and opens (at first: creates) the data before it returns; serves on a thread of its own.
    ///
    /// # Errors
    /// When the address is on the network without TLS or taken, when the folder cannot be used or is in use by another desk.
    pub fn start(options: DeskOptions) -> Result<Desk, DeskError> {
        let on_network = !options.listen.ip().is_loopback();
        let tls = options.tls.as_ref().map(server::tls::acceptor).transpose()?;
        if on_network && tls.is_none() && !options.insecure_network {
            return Err(DeskError::NotLoopback { address: options.listen });
        }
        let schema = Schema::load(&options.disabled_entities)
            .map_err(|error| DeskError::Schema { source: Box::new(error) })?;
        let mut visible = schema.clone();
        visible.hide(&options.missing_fields);
        let folder = options.data.as_path();
        let unusable = |source| DeskError::Folder { folder: folder.to_owned(), source };
        create_private(folder).map_err(unusable)?;
        let mut first = None;
        let store = SqliteStore::open(folder, &schema, |transaction| {
            // Under the folder's lock: two desks that start at once must not make two keys.
            let key = match ScriptKey::read_or_create(folder) {
                Ok(key) => key,
                Err(error) => {
                    first = Some(Err(error));
                    return Ok(());
                }
            };
            let project_id = seed::rows(transaction, &schema, &key)?;
            seed::statuses(transaction, &mut visible)?;
            let owner = seed::owner(transaction)?;
            seed::groups(transaction, &owner)?;
            schema::created_field::add_to(&mut visible, transaction)?;
            first = Some(Ok((key, project_id, owner, seed::signing_secret(transaction)?)));
            Ok(())
        })?;
        let (key, project_id, owner, secret) =
            first.unwrap_or_else(|| Err(unusable(std::io::Error::other("not prepared"))))?;
        let files = Files::open(folder.join(files::FOLDER)).map_err(unusable)?;
        let unbound = |source| DeskError::Bind { address: options.listen, source };
        let listener = std::net::TcpListener::bind(options.listen).map_err(unbound)?;
        let bound = listener.local_addr().map_err(unbound)?;
        let signer = Signer::new(&secret);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let site = Site {
            known: RwLock::new(Arc::new(Known { schema: visible, verified: Arc::new(Verified::new()) })),
            schema_change: tokio::sync::Mutex::new(()),
            store: Box::new(store),
            files,
            board: page::board::SharedBoard::default(),
            live: Arc::default(),
            cookie: Cookie::new(&signer, tls.is_some()),
            signer,
            bearer: rest::bearer::Key::new(&secret),
            uploads: options.uploads,
            bound,
            scheme,
            names: Names::new(&options.names, on_network),
            link_key: LinkKey::new(&key.script_key),
            owner,
            attempts: Attempts::new(),
            callers: Callers::default(),
            on_network,
            hashing: tokio::sync::Semaphore::new(2),
            clock_ahead: SignedDuration::from_secs(options.clock_ahead_s),
        };
        let faults = Arc::new(FaultPlan::new(options.faults));
        let server = Server::start(site, &faults, &key.script_name, listener, tls).map_err(unbound)?;
        let name = options.names.first().filter(|_| on_network || scheme == "https");
        let url = format!("{scheme}://{}", reachable(bound, name, scheme));
        let page = page_link(&format!("{url}/tickets"), &key.script_key);
        let ready = Ready { url, page, script_name: key.script_name, script_key: key.script_key, project_id };
        Ok(Desk { ready, server, faults })
    }

    /// Where the desk is and how to get in.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The fault rules, and how far each has come.
    pub fn faults(&self) -> Vec<FaultState> {
        self.faults.states()
    }

    /// How many calls each of the fault rules has met by now, in the order of the rules.
    pub fn faults_met(&self) -> Vec<u64> {
        self.faults.states().iter().map(|state| state.met).collect()
    }

    /// Puts fault rules behind those that are there.
    pub fn add_faults(&self, rules: Vec<FaultRule>) {
        self.faults.add(rules);
    }

    /// From now on the fault rule of this number meets no call; its counts stay.
    pub fn end_fault(&self, number: usize) {
        self.faults.end(number);
    }

    /// Answers what is being asked, closes the database and ends the thread.
    pub fn stop(self) {
        drop(self.server);
    }
}

/// The key of the script user of a desk, from its data folder.
///
/// # Errors
/// When there is no key file, or it cannot be read.
pub fn script_key(data: &Path) -> Result<String, DeskError> {
    let missing =
        || DeskError::KeyFile { file: data.to_owned(), source: std::io::ErrorKind::NotFound.into() };
    ScriptKey::read(data)?.map(|key| key.script_key).ok_or_else(missing)
}

/// Host and port under which the desk is reached: its first name, or its address.
fn reachable(bound: SocketAddr, name: Option<&String>, scheme: &str) -> String {
    let port = bound.port();
    match name {
        Some(name) if (scheme, port) == ("https", 443) || (scheme, port) == ("http", 80) => name.clone(),
        Some(name) => format!("{name}:{port}"),
        None if bound.ip().is_unspecified() => format!("127.0.0.1:{port}"),
        None => bound.to_string(),
    }
}

/// A folder only its owner can enter.
fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
