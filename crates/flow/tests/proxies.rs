//! Proxies: a tunnel by CONNECT, its refusals, and that this machine is never behind one.

mod fake;

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{JoinHandle, spawn};

use fake::{MARK, failure, info};
use flow::{Api3, FlowErrorKind as Kind, Site, SiteOptions};
use secrecy::SecretString;

fn through(proxy: &str, url: &str) -> Api3 {
    let proxy = Some(SecretString::from(proxy));
    flow::connect(SiteOptions { proxy, timeout_ms: 2_000, ..SiteOptions::new(url) }).expect("good options")
}

/// Takes one connection, answers its CONNECT with this, and on 200 tunnels to `target` whatever was asked for.
fn proxy(answer: &'static str, target: Option<String>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let thread = spawn(move || {
        let (mut client, _) = listener.accept().expect("a connection");
        let head = fake::read_head(&client);
        client.write_all(answer.as_bytes()).expect("answered");
        if let Some(target) = target {
            let mut site = TcpStream::connect(target).expect("the site");
            let (mut from_site, mut to_client) =
                (site.try_clone().expect("a clone"), client.try_clone().expect("a clone"));
            let back = spawn(move || {
                let _ = copy(&mut from_site, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Write);
            });
            let _ = copy(&mut client, &mut site);
            back.join().expect("copied");
        } else {
            let _ = client.shutdown(Shutdown::Write);
            let _ = client.read_to_end(&mut Vec::new());
        }
        head
    });
    (address, thread)
}

#[test]
fn a_tunnel_with_a_password() {
    let running = fake::run(vec![info(true)]);
    let target = running.url.trim_start_matches("http://").to_owned();
    let (address, thread) = proxy("HTTP/1.1 200 OK\r\n\r\n", Some(target));
    let site = through(&format!("alice:p@ss:SECRET@{address}"), "http://site.example:8000");
    assert_eq!(site.info().expect("info").page_size(), 2);
    let head = thread.join().expect("a head");
    assert!(head.starts_with("CONNECT site.example:8000 HTTP/1.1\r\n"), "{head}");
    // alice:p@ss:SECRET
    assert!(head.contains("Proxy-Authorization: Basic YWxpY2U6cEBzczpTRUNSRVQ="), "{head}");
    let asked = running.asked();
    assert_eq!(asked[0].header("host"), Some("site.example:8000"));
    assert!(!asked[0].head.contains("Proxy-"), "the site learns nothing of the proxy: {}", asked[0].head);
}

#[test]
fn proxies_that_refuse() {
    for (answer, word) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "does not accept the user name and password"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "does not let us through to site http://site.example"),
        ("", "proxy 127.0.0.1:"),
    ] {
        let (address, thread) = proxy(answer, None);
        let error = failure(through(&format!("bob:pw-SECRET@{address}"), "http://site.example").info());
        assert_eq!((*error.kind(), error.may_have_happened()), (Kind::Proxy, false), "{error}");
        assert!(error.to_string().contains(word) && error.to_string().contains(&address), "{error}");
        thread.join().expect("played");
    }
}

#[test]
fn a_proxy_that_is_away() {
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let error = failure(through(&format!("bob:pw-SECRET@{address}"), "http://site.example").info());
    assert_eq!(*error.kind(), Kind::Proxy);
    assert_eq!(error.to_string(), format!("proxy {address} refused the connection: check site.proxy"));
}

#[test]
fn this_machine_is_never_behind_a_proxy() {
    let running = fake::run(vec![info(true)]);
    through("bob:pw-SECRET@127.0.0.1:1", &running.url).info().expect("reached directly");
}

#[test]
fn a_proxy_nobody_understands() {
    let options = SiteOptions {
        proxy: Some(SecretString::from(format!("socks5://u:{MARK}@x:1"))),
        ..SiteOptions::new("https://x.example")
    };
    let error = failure(flow::connect(options));
    assert_eq!(*error.kind(), Kind::Proxy);
    assert!(error.to_string().contains("host:port"), "{error}");
}

#[test]
fn a_proxy_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let options = SiteOptions {
        proxy: Some(SecretString::from(address.as_str())),
        timeout_ms: 300,
        ..SiteOptions::new("http://site.example")
    };
    let error = failure(flow::connect(options).expect("good options").info());
    assert_eq!(
        (*error.kind(), error.to_string()),
        (Kind::Proxy, format!("proxy {address} went silent: check site.proxy"))
    );
}
