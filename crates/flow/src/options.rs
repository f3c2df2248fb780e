//! What a connection is made of. Values only; checking is in `url`, `proxy` and `trust`.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::url::without_userinfo;

/// Where the site is and how to get there. `Debug` shows neither proxy passwords nor anything before an `@`.
#[derive(Clone)]
pub struct SiteOptions {
    /// Address of the site: `https://studio.shotgrid.autodesk.com`, `http://127.0.0.1:8000`.
    pub url: String,
    /// `host:port` or `user:password@host:port`, no scheme (Toolkit's spelling). None: connect directly.
    pub proxy: Option<SecretString>,
    /// PEM file with root certificates that are trusted beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// Longest wait for one step of a request (default 30 000; 0 means the default). Connecting gets at least 20 s:
    /// on Windows a revocation lookup may take 10 s on first contact. Uploads get more, by size.
    pub timeout_ms: u64,
}

impl SiteOptions {
    /// Options for this address, everything else at its default.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self { url: String::new(), proxy: None, ca_file: None, timeout_ms: 30_000 }
    }
}

impl fmt::Debug for SiteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteOptions")
            .field("url", &without_userinfo(&self.url))
            .field("proxy", &self.proxy)
            .field("ca_file", &self.ca_file)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}
