//! A desk on the network: TLS or an explicit word, limits of requests, whose files are served.

use crate::{Browser, add_member, http, start};
use desk::{Desk, DeskError, DeskOptions, Ready, TlsFiles};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// A desk that speaks TLS, its files, and what trusts it.
fn start_tls(change: impl FnOnce(&mut DeskOptions)) -> (tempfile::TempDir, Desk, Arc<rustls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let tls = TlsFiles { certificate: files.path().join("desk.pem"), key: files.path().join("desk.key") };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let mut options =
        DeskOptions { data: files.path().join("data"), tls: Some(tls), ..DeskOptions::default() };
    change(&mut options);
    let desk = Desk::start(options).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (files, desk, Arc::new(client))
}

fn port(ready: &Ready) -> u16 {
    ready.url.rsplit(':').next().unwrap().parse().unwrap()
}

fn get_by_tls(ready: &Ready, client: &Arc<rustls::ClientConfig>, path: &str) -> std::io::Result<String> {
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let session = rustls::ClientConnection::new(Arc::clone(client), name).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", port(ready)))?;
    socket.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut stream = rustls::StreamOwned::new(session, socket);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", port(ready))?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

#[test]
fn with_a_certificate_everything_goes_by_tls() {
    let (_files, desk, client) = start_tls(|_| ());
    let ready = desk.ready();
    assert!(ready.url.starts_with("https://127.0.0.1:"), "{}", ready.url);
    assert!(ready.page.starts_with(&ready.url));
    let answer = get_by_tls(ready, &client, ready.page.strip_prefix(&ready.url).unwrap()).unwrap();
    let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{answer}");
    assert!(head.contains("strict-transport-security: max-age="), "{head}");
    let cookie = head.lines().find(|line| line.starts_with("set-cookie:")).unwrap();
    assert!(cookie.contains("__host-desk_") && cookie.contains("; secure"), "{cookie}");

    let in_clear = http::send(&format!("http://127.0.0.1:{}", port(ready)), "GET", "/tickets", &[], b"");
    assert!(in_clear.is_err(), "spoken to in clear, the desk answers");
    let stranger =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
    assert!(get_by_tls(ready, &Arc::new(stranger), "/tickets").is_err(), "nobody vouches for it");
}

#[test]
fn who_says_nothing_holds_up_nobody() {
    let (_files, desk, client) = start_tls(|_| ());
    let silent: Vec<TcpStream> =
        (0..300).map(|_| TcpStream::connect(("127.0.0.1", port(desk.ready()))).unwrap()).collect();
    let answer = get_by_tls(desk.ready(), &client, "/sign-in").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(silent);
}

#[test]
fn the_network_is_for_tls_or_for_an_explicit_word() {
    let any = "0.0.0.0:0".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = |insecure_network| DeskOptions {
        listen: any,
        insecure_network,
        data: folder.path().to_owned(),
        ..DeskOptions::default()
    };
    let Err(error) = Desk::start(options(false)) else { panic!("open to the network") };
    assert!(matches!(error, DeskError::NotLoopback { .. }), "{error}");

    let desk = Desk::start(options(true)).unwrap();
    let ready = desk.ready();
    assert!(ready.url.starts_with("http://127.0.0.1:"), "{}", ready.url);
    let get = |host: &str| http::send(&ready.url, "GET", "/tickets", &[("Host", host)], b"").unwrap().status;
    assert_eq!((get("10.1.2.3:80"), get("evil.example")), (401, 421));
    desk.stop();

    let (_files, desk, _) = start_tls(|options| {
        options.listen = any;
        options.names = vec!["desk.studio.example".to_owned()];
    });
    assert!(desk.ready().url.starts_with("https://desk.studio.example:"), "{}", desk.ready().url);
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (one, other) = (made("one.example"), made("other.example"));
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("one.pem"), one.cert.pem()).unwrap();
    std::fs::write(path("one.key"), one.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("other.key"), other.signing_key.serialize_pem()).unwrap();
    std::fs::write(path("text"), "no certificate").unwrap();
    for (certificate, key) in [
        ("one.pem", "other.key"),
        ("text", "one.key"),
        ("one.pem", "text"),
        ("none", "one.key"),
        ("one.pem", "none"),
    ] {
        let tls = Some(TlsFiles { certificate: path(certificate), key: path(key) });
        let Err(error) = Desk::start(DeskOptions { data: path("data"), tls, ..DeskOptions::default() })
        else {
            panic!("{certificate} with {key}")
        };
        assert!(matches!(error, DeskError::Certificate { .. }), "{error}");
    }
}

#[test]
fn heads_have_limits() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let long = "x".repeat(100_000);
    let response = http::send(&ready.url, "GET", "/sign-in", &[("X-Long", long.as_str())], b"").unwrap();
    assert_eq!(response.status, 431);
    let names: Vec<String> = (0..200).map(|number| format!("X-{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    assert_eq!(http::send(&ready.url, "GET", "/sign-in", &many, b"").unwrap().status, 431);
    let deep =
        format!("{{\"method_name\": \"read\", \"params\": {}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let answer = http::send(&ready.url, "POST", "/api3/json", &[], deep.as_bytes()).unwrap();
    assert!(answer.text().contains("not valid JSON"), "{}", answer.text());
}

#[test]
fn on_the_network_files_are_for_who_may_see_them() {
    let (_folder, desk) = start(|options| {
        options.listen = "0.0.0.0:0".parse().unwrap();
        options.insecure_network = true;
    });
    let ready = desk.ready();
    let ticket = http::create_ticket(ready, "with a file");
    let id = http::upload(ready, ticket, "x.log", b"the log").unwrap().trim().replace("1:", "");
    let path = format!("/file_serve/attachment/{id}");
    let mut stranger = Browser::new(ready);
    let shot = http::upload(ready, ticket, "shot.png", b"\x89PNG\r\n\x1a\n and more")
        .unwrap()
        .trim()
        .replace("1:", "");
    assert_eq!(stranger.get(&format!("/file_serve/thumbnail/{shot}")).status, 403, "pictures are files too");
    let refused = stranger.get(&path);
    assert_eq!((refused.status, refused.text().contains("the log")), (403, false));
    let mut owner = Browser::new(ready);
    owner.get(ready.page.strip_prefix(&ready.url).unwrap());
    assert_eq!(owner.get(&path).text(), "the log");
    // The guest of other projects has a session, and no such file.
    add_member(ready, "guest", "client");
    let mut guest = Browser::new(ready);
    assert_eq!(guest.sign_in("guest", "pa55+word", "/tickets").status, 303);
    assert_eq!(guest.get(&path).status, 403);
    // As the official client does it on a site with a port: it asks for a token and does not send it.
    let token = http::call(ready, "get_session_token", json!({}))["results"]["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(stranger.get(&path).text(), "the log");
    assert_eq!(guest.get(&path).status, 403, "a cookie says more than where one calls from");
    let with_token =
        http::send(&ready.url, "GET", &path, &[("Cookie", &format!("_session_id={token}"))], b"").unwrap();
    assert_eq!(with_token.text(), "the log");
    assert_eq!(with_token.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert!(with_token.header("content-disposition").unwrap().starts_with("attachment; "));
}
