//! https with a certificate of the studio's own: trusted through `ca_file`, refused without it, before anything is sent.

mod fake;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};

use fake::{failure, http, session};
use flow::{Fields, FlowErrorKind as Kind, Site, SiteOptions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// An https site that takes this many connections, answers each request, and returns what arrived in clear.
fn https_site(connections: usize) -> (u16, JoinHandle<Vec<String>>) {
    let chain = CertificateDer::pem_file_iter(fixture("site.pem"))
        .expect("a chain")
        .map(|c| c.expect("a certificate"));
    let key = PrivateKeyDer::from_pem_file(fixture("site.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(chain.collect(), key))
        .expect("a server");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let thread = spawn(move || {
        let mut arrived = Vec::new();
        for _ in 0..connections {
            let (socket, _) = listener.accept().expect("a connection");
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a TLS connection");
            let mut stream = StreamOwned::new(connection, socket);
            let mut text = Vec::new();
            let mut block = [0; 4096];
            // A client that does not trust us hangs up here.
            while let Ok(count @ 1..) = stream.read(&mut block) {
                text.extend_from_slice(&block[..count]);
                if text.ends_with(b"}") {
                    let body = br#"{"version":[8,89,0],"results":{"type":"Ticket","id":7}}"#;
                    stream
                        .write_all(&http("200 OK", "Content-Type: application/json\r\n", body))
                        .expect("answered");
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                    break;
                }
            }
            arrived.push(String::from_utf8_lossy(&text).into_owned());
        }
        arrived
    });
    (port, thread)
}

fn client(host: &str, port: u16, ca_file: Option<&str>) -> flow::Api3 {
    let ca_file = ca_file.map(fixture);
    let options = SiteOptions { ca_file, ..SiteOptions::new(format!("https://{host}:{port}")) };
    let mut site = flow::connect(options).expect("good options");
    site.set_credentials(session());
    site
}

#[test]
fn a_studio_certificate_is_trusted_through_ca_file() {
    let (port, thread) = https_site(3);
    let site = client("127.0.0.1", port, Some("authority.pem"));
    assert_eq!(site.create("Ticket", &Fields::new(), &[]).expect("a row").id, 7);
    assert_eq!(site.create("Ticket", &Fields::new(), &[]).expect("the roots are kept").id, 7);
    assert_eq!(
        client("localhost", port, Some("authority.pem"))
            .create("Ticket", &Fields::new(), &[])
            .expect("a row")
            .id,
        7
    );
    assert!(
        thread.join().expect("served").iter().all(|text| text.starts_with("POST /api3/json HTTP/1.1\r\n"))
    );
}

#[test]
fn an_unknown_certificate_is_refused_before_anything_is_sent() {
    // Without a file the system is asked once; with a file that does not help, the file and then the system.
    for (ca_file, connections) in [(None, 1), (Some("other.pem"), 2)] {
        let (port, thread) = https_site(connections);
        let error = failure(client("127.0.0.1", port, ca_file).create("Ticket", &Fields::new(), &[]));
        assert_eq!((*error.kind(), error.may_have_happened()), (Kind::Tls, false), "{error}");
        assert!(
            error.to_string().contains("is not trusted") && error.to_string().contains("site.ca_file"),
            "{error}"
        );
        assert_eq!(thread.join().expect("served"), vec![String::new(); connections]);
    }
}
