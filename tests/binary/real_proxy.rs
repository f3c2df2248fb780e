//! Through a real proxy, tinyproxy: without and with a password, right, wrong and missing; from settings, from Toolkit, from the
//! environment; and past it by NO_PROXY.
//!
//! This machine is never reached through a proxy under its own names, so the desk goes by an address that means it all the
//! same: 0.0.0.0.

use crate::certificates::{authority, certificate, https_before, written};
use crate::world::{Mortal, World, error, wait_for, words};
use desk::UploadForm;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const USER: &str = "alice";
const PASSWORD: &str = "pr0xy-pass";

struct Tinyproxy {
    address: SocketAddr,
    log: PathBuf,
    _process: Mortal,
}

impl Tinyproxy {
    /// A proxy in this world's folder; `more` are lines of its settings.
    fn start(world: &World, more: &str) -> Tinyproxy {
        let (settings, log) = (world.path("tinyproxy.conf"), world.path("tinyproxy.log"));
        for _ in 0..20 {
            // Taken and given back: somebody else may be quicker, then another is tried.
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let text = format!(
                "Port {}\nListen 127.0.0.1\nTimeout 30\nMaxClients 50\nLogLevel Connect\nLogFile \"{}\"\n{more}\n",
                address.port(),
                log.display()
            );
            fs::write(&settings, text).unwrap();
            let mut process = Command::new("tinyproxy");
            process.arg("-d").arg("-c").arg(&settings).stdout(Stdio::null()).stderr(Stdio::null());
            let started = process.spawn();
            let mut process = Mortal(started.expect("the program tinyproxy: `cargo xtask test` installs it"));
            let listens = || match (TcpStream::connect(address), process.0.try_wait().unwrap()) {
                (Ok(_), None) => Some(true),
                (_, Some(_)) => Some(false),
                (Err(_), None) => None,
            };
            if wait_for("the proxy", listens, String::new) {
                return Tinyproxy { address, log, _process: process };
            }
        }
        panic!("no port for a proxy");
    }

    /// What it was asked to connect to, or do itself.
    fn asked(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines()
            .filter_map(|line| {
                Some(line.split_once("Request (file descriptor ")?.1.split_once("): ")?.1.to_owned())
            })
            .collect()
    }
}

/// A desk that is reached by an address no client takes for this machine.
fn world() -> (World, u16) {
    let mut world = World::new();
    world.start_desk();
    let port = world.url().rsplit_once(':').unwrap().1.parse().unwrap();
    (world, port)
}

fn basic_auth() -> String {
    format!("BasicAuth {USER} {PASSWORD}")
}

/// Settings that file at `host:port`, with this proxy.
fn file_at(world: &mut World, host: impl std::fmt::Display, port: u16, proxy: &str) {
    world.set(&format!(
        "[site]\nurl = 'http://{host}:{port}'\nproject_id = 1\nproxy = '{proxy}'\ntimeout_s = 5\n\
         credentials = {{ script_key_file = '{}' }}",
        world.path("desk/script_key.toml").display()
    ));
}

fn trouble(world: &World) -> String {
    world.append("tk-maya.log", &error("waits"));
    let status = world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    assert!(!status.to_string().contains("pass-word"), "{status:#}");
    status["site"]["trouble"].as_str().unwrap().to_owned()
}

fn agent_with(world: &World, variables: &[(&str, &str)]) -> Command {
    let config = world.config();
    let mut command = world.program();
    command.args(["--json", "run", "--config"]).arg(config).envs(variables.iter().copied());
    command
}

#[test]
fn a_ticket_and_its_files_go_through_a_proxy_without_a_password() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}"));
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, &proxy.address.to_string());
    world.start_agent();
    world.append("tk-maya.log", &error("proxied"));
    world.expect_tickets(&[("", 1)]);
    let asked = proxy.asked();
    assert!(asked.len() >= 5, "{asked:#?}");
    assert!(asked.iter().all(|line| line.starts_with(&format!("CONNECT 0.0.0.0:{port} "))), "{asked:#?}");
}

#[test]
fn storage_is_reached_through_the_proxy_too() {
    let mut world = World::new();
    world.uploads = UploadForm::Storage;
    world.start_desk();
    let port = world.url().rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}\n{}", basic_auth()));
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, &format!("{USER}:{PASSWORD}@{}", proxy.address));
    world.start_agent();
    world.append("tk-maya.log", &error("proxied"));
    world.expect_tickets(&[("", 1)]);
    // Three requests to the site and storage for each of two files, besides those for the ticket.
    assert!(proxy.asked().len() >= 9, "{:#?}", proxy.asked());
}

#[test]
fn https_goes_through_the_tunnel_and_the_studios_certificate_is_trusted() {
    let (mut world, port) = world();
    let studio = authority("studio");
    let desk = SocketAddr::from(([127, 0, 0, 1], port));
    let https = https_before(desk, certificate(&studio, "0.0.0.0", false));
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {}", https.port()));
    written(&world, "ca.pem", &studio);
    world.set(&format!(
        "[site]\nurl = 'https://0.0.0.0:{}'\nproject_id = 1\nproxy = '{}'\nca_file = 'ca.pem'\n\
         credentials = {{ script_key_file = '{}' }}",
        https.port(),
        proxy.address,
        world.path("desk/script_key.toml").display()
    ));
    world.start_agent();
    world.append("tk-maya.log", &error("tunnelled"));
    world.expect_tickets(&[("", 1)]);
    assert!(proxy.asked().len() >= 5, "{:#?}", proxy.asked());
}

#[test]
fn a_password_is_given_and_a_wrong_or_missing_one_is_said() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}\n{}", basic_auth()));
    let address = proxy.address;
    let told = |settings: &str| {
        let mut other = World::new();
        other.start_desk();
        file_at(&mut other, Ipv4Addr::UNSPECIFIED, port, settings);
        other.start_agent();
        trouble(&other)
    };
    assert_eq!(
        told(&format!("{USER}:not-the-pass-word@{address}")),
        format!("proxy {address} does not accept the user name and password given in site.proxy")
    );
    assert_eq!(
        told(&address.to_string()),
        format!(
            "proxy {address} wants a user name and password: write user:password@host:port in site.proxy"
        )
    );
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, &format!("{USER}:{PASSWORD}@{address}"));
    world.start_agent();
    world.append("tk-maya.log", &error("proxied"));
    world.expect_tickets(&[("", 1)]);
    let texts = world.state_texts();
    assert!(texts.iter().all(|text| !text.contains(PASSWORD)), "the password is in our files");
}

#[test]
fn a_proxy_that_does_not_let_us_through_is_said() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, "ConnectPort 443");
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, &proxy.address.to_string());
    world.start_agent();
    let said = trouble(&world);
    let expected = format!("proxy {} does not let us through to site http://0.0.0.0:{port}", proxy.address);
    assert!(said.starts_with(&expected) && said.contains("403"), "{said}");
}

#[test]
fn a_site_that_is_away_behind_a_proxy_is_said() {
    let (mut world, port) = world();
    world.stop_desk();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}"));
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, &proxy.address.to_string());
    world.start_agent();
    let said = trouble(&world);
    assert!(
        said.contains(&format!("proxy {}", proxy.address)) && said.contains("site http://0.0.0.0"),
        "{said}"
    );
    world.start_desk();
    world.expect_tickets(&[("", 1)]);
}

#[test]
fn what_no_proxy_names_is_reached_without() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, "ConnectPort 443");
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, &proxy.address.to_string());
    world.start_agent_with(agent_with(&world, &[("NO_PROXY", "studio.example, 0.0.0.0/8")]));
    world.append("tk-maya.log", &error("direct"));
    world.expect_tickets(&[("", 1)]);
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn an_agent_without_a_session_goes_by_the_environments_proxy() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}\n{}", basic_auth()));
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, "");
    let address = format!("http://{USER}:{}@{}/", PASSWORD.replace('-', "%2D"), proxy.address);
    world.start_agent_with(agent_with(&world, &[("http_proxy", &address)]));
    world.append("tk-maya.log", &error("proxied"));
    world.expect_tickets(&[("", 1)]);
    assert!(proxy.asked().len() >= 5, "{:#?}", proxy.asked());
}

#[test]
fn toolkits_own_proxy_is_gone_through() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}\n{}", basic_auth()));
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, "");
    // The environment's is not asked when Toolkit has spoken.
    world.start_agent_with(agent_with(&world, &[("http_proxy", "127.0.0.1:1")]));
    let session: Value = json!({ "v": 1, "type": "attach", "site": {
        "url": format!("http://0.0.0.0:{port}"), "login": "alice",
        "http_proxy": format!("{USER}:{PASSWORD}@{}", proxy.address) } });
    let config = world.config();
    let attached =
        world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &session.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
    world.append("tk-maya.log", &error("proxied"));
    world.expect_tickets(&[("", 1)]);
    assert!(proxy.asked().len() >= 5, "{:#?}", proxy.asked());
}

#[test]
fn doctor_goes_the_way_the_agent_goes() {
    let (mut world, port) = world();
    let proxy = Tinyproxy::start(&world, &format!("ConnectPort {port}\n{}", basic_auth()));
    file_at(&mut world, Ipv4Addr::UNSPECIFIED, port, "");
    let config = world.config();
    let examined = |account: &str| {
        let mut command = world.program();
        command.args(["--json", "doctor", "--config"]).arg(&config);
        let output =
            command.env("http_proxy", format!("http://{account}@{}", proxy.address)).output().unwrap();
        words(&output)
    };
    let well = examined(&format!("{USER}:{PASSWORD}"));
    assert!(well.contains(&format!("through proxy {}", proxy.address)), "{well}");
    let ill = examined(&format!("{USER}:not-the-pass-word"));
    assert!(
        ill.contains("does not accept the user name and password") && !ill.contains("pass-word"),
        "{ill}"
    );
}
