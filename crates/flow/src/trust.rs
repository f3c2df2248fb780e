//! Which certificates we believe. Two root sets: the system's, and a file a studio names (inspecting proxies sign with
//! a certificate of their own). The HTTP library takes one set per connection, so a connection the file's set refuses
//! is made again with the system's: nothing was sent yet. Nothing here runs before the first https request.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider};

use crate::error::{FlowError, FlowErrorKind};

/// Largest certificate file we read, in bytes. The bundle of a whole browser is 300 KB.
const CA_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The system's own trust.
pub(crate) fn system() -> TlsConfig {
    with_roots(RootCerts::PlatformVerifier)
}

/// Exactly the certificates of this file. What is wrong with it concerns every call, as a certificate nobody trusts does.
pub(crate) fn of_file(path: &Path) -> Result<TlsConfig, FlowError> {
    let shown = path.display();
    let bad = |reason: String| FlowError::new(FlowErrorKind::Tls, "connect", reason);
    let advice = "check site.ca_file, or SHOTGUN_API_CACERTS if that names it";
    let mut pem = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(CA_FILE_BYTES + 1).read_to_end(&mut pem));
    read.map_err(|error| bad(format!("certificate file {shown} cannot be read: {advice}")).caused_by(error))?;
    if pem.len() as u64 > CA_FILE_BYTES {
        return Err(bad(format!("certificate file {shown} is larger than {CA_FILE_BYTES} bytes: {advice}")));
    }
    let mut roots: Vec<Certificate<'static>> = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => roots.push(certificate),
            Ok(_) => {}
            Err(error) => {
                return Err(
                    bad(format!("certificate file {shown} is no PEM file: {advice}")).caused_by(error)
                );
            }
        }
    }
    if roots.is_empty() {
        return Err(bad(format!("certificate file {shown} holds no certificate: {advice}")));
    }
    Ok(with_roots(RootCerts::from(roots)))
}

/// The provider is handed over, never installed for the process: two parts that each install one make rustls panic.
fn with_roots(roots: RootCerts) -> TlsConfig {
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(roots)
        .build()
}
