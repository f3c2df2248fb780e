//! Every kind of trouble, made by a site that misbehaves: the kind, the text, whether a write may have happened, and
//! that no text gives a secret away (`failure` looks).

mod fake;

use std::io::Write;
use std::net::TcpListener;

use fake::{Step, TOKEN, client, failure, http, json, patient_client, session, status};
use flow::{Credentials, Fields, Find, FlowError, FlowErrorKind as Kind, Site, SiteOptions};
use secrecy::SecretString;

fn one_field() -> Fields {
    Fields::from_iter([("title".to_owned(), "x".into())])
}

/// A create against a site that does this.
fn create_against(step: Step) -> FlowError {
    let running = fake::run(vec![step]);
    let site = patient_client(&running.url, 400);
    let error = failure(site.create("Ticket", &one_field(), &["id"]));
    assert_eq!(error.call(), "create Ticket");
    running.asked();
    error
}

/// A find against a site that does this.
fn find_against(step: Step) -> FlowError {
    let running = fake::run(vec![step]);
    let error = failure(patient_client(&running.url, 400).find(&Find::new("Ticket").limit(1)));
    assert!(!error.may_have_happened(), "a read changes nothing: {error}");
    running.asked();
    error
}

#[track_caller]
fn expect(error: &FlowError, kind: Kind, may_have_happened: bool, word: &str) {
    assert_eq!((*error.kind(), error.may_have_happened()), (kind, may_have_happened), "{error}");
    assert!(error.to_string().contains(word), "{word:?} is missing in: {error}");
}

#[test]
fn nobody_listens() {
    let url = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let error = failure(client(&url).create("Ticket", &one_field(), &[]));
    expect(&error, Kind::Unreachable, false, "refused the connection");
    assert!(error.to_string().contains(&url));
}

#[test]
fn the_host_does_not_exist() {
    let error = failure(patient_client("http://no-such-host.invalid", 2_000).info());
    expect(&error, Kind::Unreachable, false, "http://no-such-host.invalid cannot be reached");
}

#[test]
fn silence_is_a_timeout() {
    expect(&create_against(Step::Stall), Kind::Timeout, true, "went silent");
    expect(&find_against(Step::Stall), Kind::Timeout, false, "went silent");
    let half =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"resu".to_vec();
    expect(&create_against(Step::SayAndStall(half)), Kind::Timeout, true, "went silent");
    expect(&create_against(Step::SayAndStall(b"HTTP/1.1 200".to_vec())), Kind::Timeout, true, "went silent");
}

#[test]
fn a_broken_connection_is_an_interruption() {
    // A small request fits into the kernel's buffers whole, so a site that resets it may have read it.
    expect(&create_against(Step::ResetAtOnce), Kind::Interrupted, true, "broke during create Ticket");
    expect(&create_against(Step::ResetAfterHead), Kind::Interrupted, true, "broke");
    expect(&create_against(Step::HangUp), Kind::Interrupted, true, "broke");
    expect(&find_against(Step::HangUp), Kind::Interrupted, false, "broke during find Ticket");
    let half =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"resu".to_vec();
    expect(&create_against(Step::Say(half)), Kind::Interrupted, true, "broke");
}

#[test]
fn a_request_that_was_not_sent_whole_did_not_happen() {
    let running = fake::run(vec![Step::ResetAfterHead]);
    let site = patient_client(&running.url, 2_000);
    let mut fields = one_field();
    // More than the kernel takes while nobody reads.
    fields.insert("description".to_owned(), "x".repeat(32 * 1024 * 1024).into());
    let error = failure(site.create("Ticket", &fields, &[]));
    expect(&error, Kind::Interrupted, false, "broke");
    running.asked();

    let running = fake::run(vec![Step::Deaf]);
    let error = failure(patient_client(&running.url, 400).create("Ticket", &fields, &[]));
    expect(&error, Kind::Timeout, false, "went silent");
    running.asked();
}

#[test]
fn redirects_are_refused() {
    let saml = "Location: https://sso.example/saml/saml_login_request?x=SECRET\r\n";
    expect(&create_against(status("302 Found", saml, "")), Kind::SsoRedirect, false, "SSO sign-in");
    let moved = "Location: https://new.example/api3/json?token=SECRET\r\n";
    let error = create_against(status("301 Moved Permanently", moved, ""));
    expect(&error, Kind::BadAnswer, false, "on to https://new.example:");
    assert_eq!(error.http_status(), Some(301));
    expect(&create_against(status("302 Found", "", "")), Kind::BadAnswer, false, "another page");
}

#[test]
fn statuses_mean_what_they_say() {
    let page = format!("<html><body><h1>API access is off</h1> for {TOKEN}</body></html>");
    let error = create_against(status("403 Forbidden", "Content-Type: text/html\r\n", &page));
    expect(&error, Kind::Forbidden, false, "it said: API access is off for ***");
    assert_eq!(error.http_status(), Some(403));
    expect(&create_against(status("401 Unauthorized", "", "")), Kind::Forbidden, false, "401");
    expect(&create_against(status("404 Not Found", "", "")), Kind::BadAnswer, false, "address");

    let error = create_against(status("429 Too Many Requests", "Retry-After: 7\r\n", ""));
    expect(&error, Kind::Throttled, false, "busy");
    assert_eq!(error.retry_after_ms(), Some(7_000));
    let date = "Date: Wed, 21 Oct 2026 07:27:15 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n";
    assert_eq!(create_against(status("429 Too Many Requests", date, "")).retry_after_ms(), Some(45_000));
    let error = create_against(status("503 Service Unavailable", "Retry-After: soon\r\n", ""));
    expect(&error, Kind::Throttled, true, "busy");
    assert_eq!(error.retry_after_ms(), None);

    for line in ["500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout"] {
        expect(&create_against(status(line, "", "oops")), Kind::ServerTrouble, true, "oops");
        expect(&find_against(status(line, "", "oops")), Kind::ServerTrouble, false, "oops");
    }
}

#[test]
fn faults_are_told_apart() {
    let fault = |code: i64, message: &str| {
        json(&format!(r#"{{"exception":true,"error_code":{code},"message":"{message}"}}"#))
    };
    let error = create_against(fault(102, "Can't authenticate session"));
    expect_kind_only(&error, Kind::SignedOut);
    for code in [106, 108, 110] {
        let error = create_against(fault(code, "no"));
        expect(&error, Kind::SignInRefused, false, "script key");
        assert_eq!(error.code(), Some(code));
    }
    let error = create_against(fault(104, &format!("API create() Ticket.nope doesn't exist: {TOKEN}")));
    expect(&error, Kind::Fault, false, "API create() Ticket.nope doesn't exist: ***");
    expect(
        &create_against(fault(103, "Entity type 'Ticket' does not exist.")),
        Kind::EntityMissing,
        false,
        "Ticket",
    );
}

fn expect_kind_only(error: &FlowError, kind: Kind) {
    assert_eq!((*error.kind(), error.may_have_happened(), error.code()), (kind, false, Some(102)));
}

#[test]
fn answers_that_are_no_answers() {
    let page = "<html><title>Guest Wi-Fi</title></html>";
    let html = Step::Say(http("200 OK", "Content-Type: text/html\r\n", page.as_bytes()));
    expect(&create_against(html), Kind::BadAnswer, true, "it says: Guest Wi-Fi");
    expect(&create_against(json("{\"results\":")), Kind::BadAnswer, true, "not JSON");
    expect(&create_against(json("")), Kind::BadAnswer, true, "not JSON");
    expect(&create_against(json("[1]")), Kind::BadAnswer, true, "neither results nor a fault");
    expect(&create_against(json(r#"{"results":{"id":1}}"#)), Kind::BadAnswer, true, "without type or id");
    expect(&find_against(json(r#"{"results":{"entities":{}}}"#)), Kind::BadAnswer, false, "no list of rows");
    expect(
        &create_against(Step::Say(b"SSH-2.0-OpenSSH_9\r\n\r\n".to_vec())),
        Kind::BadAnswer,
        true,
        "not HTTP",
    );
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(200_000));
    expect(&create_against(Step::Say(long.into_bytes())), Kind::BadAnswer, true, "not HTTP");
    let running = fake::run(vec![json(r#"{"results":{"site":"no version"}}"#)]);
    expect(&failure(client(&running.url).info()), Kind::BadAnswer, false, "no version");
}

#[test]
fn an_answer_without_end_is_cut() {
    let endless = Step::Do(Box::new(|reader| {
        let stream = reader.get_mut();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[");
        let block = vec![b' '; 1 << 20];
        // Goes on until the client has had enough.
        while stream.write_all(&block).is_ok() {}
    }));
    expect(&create_against(endless), Kind::BadAnswer, true, "more than 33554432 bytes");
}

#[test]
fn an_answer_that_only_trickles_is_given_up() {
    let trickle = Step::Do(Box::new(|reader| {
        let stream = reader.get_mut();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
        // Never silent for long, never done.
        while stream.write_all(b" ").and_then(|()| stream.flush()).is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }));
    expect(&create_against(trickle), Kind::Timeout, true, "during create Ticket");
}

#[test]
fn https_needs_https() {
    let plain = Step::SayAtOnce(http("400 Bad Request", "", b""));
    let running = fake::run(vec![plain]);
    let site = patient_client(&running.url.replace("http://", "https://"), 2_000);
    expect(&failure(site.create("Ticket", &one_field(), &[])), Kind::Tls, false, "https on this port");
}

#[test]
fn nobody_is_signed_in() {
    let mut site = client("http://127.0.0.1:1");
    site.set_credentials(None);
    let error = failure(site.check_login());
    expect(&error, Kind::SignedOut, false, "nobody is signed in");
    assert_eq!(error.call(), "check login");
}

#[test]
fn a_wrong_certificate_file_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    let connect = || {
        flow::connect(SiteOptions { ca_file: Some(path.clone()), ..SiteOptions::new("https://x.example") })
    };
    expect(&failure(connect()), Kind::Tls, false, "ca.pem cannot be read");
    std::fs::write(&path, "no certificate here\n").expect("written");
    expect(&failure(connect()), Kind::Tls, false, "holds no certificate");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").expect("written");
    expect(&failure(connect()), Kind::Tls, false, "no PEM file");
}

#[test]
fn debug_output_keeps_secrets() {
    let options = SiteOptions {
        proxy: Some(SecretString::from("alice:pw-SECRET-1@proxy.example:3128")),
        ..SiteOptions::new("https://alice:pw-SECRET-2@x.example/")
    };
    let script = Credentials::Script { name: "tk".to_owned(), key: SecretString::from(fake::KEY) };
    let mut site = client("http://127.0.0.1:1");
    site.set_credentials(Some(script.clone()));
    let shown = format!("{options:?} {script:?} {:?} {site:?}", session());
    assert!(!shown.contains(fake::MARK), "{shown}");
    assert!(shown.contains("x.example") && shown.contains("127.0.0.1"), "{shown}");
    expect(&failure(flow::connect(options)), Kind::BadUrl, false, "***@x.example");
}
