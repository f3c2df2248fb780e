//! https with certificates of a studio's own: trusted through `site.ca_file`, `SHOTGUN_API_CACERTS` or the system's roots; and
//! what is said when a certificate is of a wrong authority, has expired or is for another name.

use crate::faulty_proxy::{ask, content_length};
use crate::world::{World, error};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A site's certificate and key.
pub(crate) fn certificate(
    authority: &Authority,
    host: &str,
    expired: bool,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(if expired { 2021 } else { 2100 }, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
}

/// An https address in front of the desk.
pub(crate) fn https_before(
    desk: SocketAddr,
    (certificate, key): (CertificateDer<'static>, PrivateKeyDer<'static>),
) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Ends with the tests' process.
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            std::thread::spawn(move || answer(StreamOwned::new(connection, client), desk));
        }
    });
    address
}

/// One request, one answer. A client that does not trust us hangs up before it has asked anything.
fn answer(mut client: StreamOwned<ServerConnection, std::net::TcpStream>, desk: SocketAddr) {
    let (mut request, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let head = request.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if head.is_some_and(|head| request.len() >= head + content_length(&request[..head]).unwrap_or(0)) {
            break;
        }
        match client.read(&mut piece) {
            Ok(count @ 1..) => request.extend_from_slice(&piece[..count]),
            _ => return,
        }
    }
    if let Some((answer, _)) = ask(desk, &request) {
        let _ = client.write_all(&answer);
        client.conn.send_close_notify();
        let _ = client.flush();
    }
}

/// A desk behind https, and the agent's settings for it.
fn world(site: (CertificateDer<'static>, PrivateKeyDer<'static>), more: &str) -> World {
    let mut world = World::new();
    world.start_desk();
    let desk = world.url().strip_prefix("http://").unwrap().parse().unwrap();
    let https = https_before(desk, site);
    world.set(&format!(
        "[site]\nurl = 'https://{https}'\nproject_id = 1\ncredentials = {{ script_key_file = '{}' }}\n{more}",
        world.path("desk/script_key.toml").display()
    ));
    world
}

pub(crate) fn written(world: &World, name: &str, authority: &Authority) -> PathBuf {
    let path = world.path(name);
    fs::write(&path, authority.pem()).unwrap();
    path
}

fn start(world: &mut World, variables: &[(&str, PathBuf)]) {
    let config = world.config();
    let mut command = world.program();
    command.args(["--json", "run", "--config"]).arg(config);
    command.envs(variables.iter().map(|(name, path)| (name, path)));
    world.start_agent_with(command);
    world.append("tk-maya.log", &error("private"));
}

fn said(world: &World) -> String {
    let status = world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    status["site"]["trouble"].as_str().unwrap().to_owned()
}

#[test]
fn an_authority_of_the_studios_own_is_trusted_where_it_is_named() {
    let studio = authority("studio");
    let good = || certificate(&studio, "127.0.0.1", false);

    let mut named = world(good(), "ca_file = 'ca.pem'");
    written(&named, "ca.pem", &studio);
    start(&mut named, &[]);
    named.expect_tickets(&[("", 1)]);

    let mut toolkits = world(good(), "");
    let file = written(&toolkits, "toolkit.pem", &studio);
    start(&mut toolkits, &[("SHOTGUN_API_CACERTS", file)]);
    toolkits.expect_tickets(&[("", 1)]);
}

/// Where the system's roots are a file that a variable can name.
#[cfg(target_os = "linux")]
#[test]
fn an_authority_of_the_system_is_trusted_beside_a_file_of_the_studio() {
    let (studio, other) = (authority("studio"), authority("other"));
    for more in ["", "ca_file = 'other.pem'"] {
        let mut world = world(certificate(&studio, "127.0.0.1", false), more);
        written(&world, "other.pem", &other);
        let system = written(&world, "system.pem", &studio);
        start(&mut world, &[("SSL_CERT_FILE", system)]);
        world.expect_tickets(&[("", 1)]);
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_said_with_what_to_do() {
    let (studio, other) = (authority("studio"), authority("other"));
    let mut nowhere = world(certificate(&studio, "127.0.0.1", false), "");
    start(&mut nowhere, &[]);
    let text = said(&nowhere);
    assert!(
        text.contains("is not trusted") && text.contains("set site.ca_file to its root certificate"),
        "{text}"
    );

    let mut wrong = world(certificate(&studio, "127.0.0.1", false), "ca_file = 'other.pem'");
    written(&wrong, "other.pem", &other);
    start(&mut wrong, &[]);
    let text = said(&wrong);
    assert!(text.contains("is not trusted") && text.contains("neither site.ca_file"), "{text}");

    let mut missing = world(certificate(&studio, "127.0.0.1", false), "ca_file = 'gone.pem'");
    start(&mut missing, &[]);
    let text = said(&missing);
    assert!(text.contains("gone.pem cannot be read") && text.contains("check site.ca_file"), "{text}");
    // Mended while the agent runs.
    written(&missing, "gone.pem", &studio);
    missing.expect_tickets(&[("", 1)]);
}

#[test]
fn a_certificate_that_has_expired_or_is_for_another_name_is_said() {
    let studio = authority("studio");
    for (site, words) in [
        (certificate(&studio, "127.0.0.1", true), "has expired: is this machine's clock right?"),
        (certificate(&studio, "studio.example", false), "is for another name: is the address right"),
    ] {
        let mut world = world(site, "ca_file = 'ca.pem'");
        written(&world, "ca.pem", &studio);
        start(&mut world, &[]);
        let text = said(&world);
        assert!(text.contains(words) && text.contains("https://127.0.0.1"), "{text}");
    }
}
