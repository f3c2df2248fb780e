//! Sessions: used while the site takes them, renewed from the app or from Toolkit's cache, and nobody is asked.

use crate::tap::{Act, Hand, When, tapped};
use crate::world::{Host, Place};
use agent::shared::lock;
use flow::Site;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn write_cache(root: &Path, url: &str, token: &str) {
    std::fs::write(
        root.join("authentication.yml"),
        format!("current_host: {url}\nrecent_hosts: ['{url}']\n"),
    )
    .unwrap();
    let folder = root.join("127.0.0.1");
    let _ = std::fs::create_dir(&folder);
    let text = format!("current_user: alice\nusers:\n- login: alice\n  session_token: {token}\n");
    std::fs::write(folder.join("authentication.yml"), text).unwrap();
}

fn sign_in(host: &Host, url: &str, token: &str) {
    let mut login = lock(&host.shared.login);
    login.url = Some(url.to_owned());
    login.login = Some("alice".to_owned());
    login.token = Some(SecretString::from(token));
    login.refused.clear();
    login.generation += 1;
}

#[test]
fn a_session_that_is_over_is_renewed_from_toolkits_cache_or_waited_for() {
    let place = Place::new();
    let url = place.desk.ready().url.clone();
    let host = Host::of_site(&url, "");
    let root = tempfile::tempdir().unwrap();
    write_cache(root.path(), &url, "over-as-well");
    sign_in(&host, &url, "over");
    host.happens("boom", 1);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let hand: Hand = Arc::new(move |when, _| {
        counted.fetch_add(usize::from(when == When::Before), Ordering::SeqCst);
        Act::GoOn
    });
    let mut worker = host.worker_through(tapped(hand)).sessions_in(root.path().to_owned());
    // Each of the two is shown once; then nothing is asked however often it is looked at.
    for _ in 0..3 {
        worker.step();
        host.clock.forward(15_000);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let trouble = lock(&host.shared.contact).trouble.clone().unwrap();
    assert!(trouble.contains("the session is over"), "{trouble}");
    // Somebody signs in in Toolkit; the app has not said so yet.
    let fresh = place.site().session_token().unwrap();
    write_cache(root.path(), &url, fresh.expose_secret());
    host.clock.forward(30_000);
    worker.step();
    assert_eq!(place.tickets().len(), 1);
    assert!(host.waiting().is_empty(), "{:?}", host.waiting());
}

#[test]
fn an_app_that_hands_over_a_new_session_ends_the_waiting_at_once() {
    let place = Place::new();
    let url = place.desk.ready().url.clone();
    let host = Host::of_site(&url, "");
    let nowhere = tempfile::tempdir().unwrap();
    sign_in(&host, &url, "over");
    host.happens("boom", 1);
    let mut worker = host.worker().sessions_in(nowhere.path().to_owned());
    worker.step();
    assert_eq!(place.tickets().len(), 0);
    sign_in(&host, &url, place.site().session_token().unwrap().expose_secret());
    worker.step();
    assert_eq!(place.tickets().len(), 1);
}
