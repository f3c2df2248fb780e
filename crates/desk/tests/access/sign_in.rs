//! The pages' sign-in, its cookie, its forms; and what others try instead.

use crate::http::Response;
use crate::{Browser, add_person, http, start, token_of};
use serde_json::json;

#[test]
fn the_desk_s_link_opens_the_pages_and_others_see_the_form() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    http::create_ticket(ready, "a secret title");
    let link = ready.page.strip_prefix(&ready.url).unwrap();
    let key = link.rsplit_once('=').unwrap().1;

    let mut stranger = Browser::new(ready);
    for path in ["/tickets", "/tickets/1", "/tickets?token=guess", "/", "/attachments/1/view", "/nowhere"] {
        let form = stranger.get(path);
        assert_eq!(form.status, if path == "/nowhere" { 404 } else { 401 }, "{path}");
        assert!(!form.text().contains("a secret title"), "{path}");
    }
    assert_eq!(stranger.get("/assets/desk.css").status, 200, "the form has its style");

    let mut owner = Browser::new(ready);
    let page = owner.get(link);
    assert_eq!((page.status, page.text().contains("a secret title")), (200, true));
    assert!(!page.text().contains(key), "the key is in the page");
    assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let cookie = page.header("set-cookie").unwrap();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let again = owner.get("/tickets/1");
    assert_eq!((again.status, again.header("set-cookie")), (200, None));

    // A HEAD as browsers' previews send it is fine; a POST with the key alone is not.
    assert_eq!(stranger.post(&format!("/sign-out?token={key}"), "").status, 401);
}

#[test]
fn a_disabled_owner_ends_the_link() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let mut owner = Browser::new(ready);
    assert_eq!(owner.get(ready.page.strip_prefix(&ready.url).unwrap()).status, 200);
    let fields = json!([{"field_name": "sg_status_list", "value": "dis"}]);
    http::call(ready, "update", json!({"type": "HumanUser", "id": 1, "fields": fields}));
    assert_eq!(owner.get("/tickets").status, 401);
    assert_eq!(http::page(ready, "/tickets").unwrap().status, 401);
}

#[test]
fn a_person_signs_in_and_out() {
    let (folder, desk) = start(|_| ());
    let ready = desk.ready();
    add_person(ready, "alice", "pa55 word");
    let mut alice = Browser::new(ready);
    let asked = alice.get("/tickets?q=x");
    assert!(asked.text().contains("name=\"to\" value=\"/tickets?q=x\""), "{}", asked.text());
    let welcome = alice.sign_in("ALICE", "pa55+word", "/tickets%3Fq%3Dx");
    assert_eq!((welcome.status, welcome.header("location")), (303, Some("/tickets?q=x")));
    assert_eq!(alice.get("/tickets").status, 200);

    let (_, token) = alice.cookies.iter().find(|(name, _)| name != "desk_form").unwrap().clone();
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).filter(|e| e.path().is_file())
    {
        let kept = std::fs::read(entry.path()).unwrap();
        assert!(
            !kept.windows(token.len()).any(|window| window == token.as_bytes()),
            "{entry:?} holds a cookie"
        );
    }
    let auth = json!({"session_token": token, "reject_if_expired": true});
    let body = json!({"method_name": "read", "params": [auth, {"type": "Ticket"}]}).to_string();
    let answer = http::send(&ready.url, "POST", "/api3/json", &[], body.as_bytes()).unwrap();
    assert!(answer.text().contains("\"error_code\":102"), "a cookie is no session token: {}", answer.text());

    let kept = alice.cookies.clone();
    assert_eq!(alice.post("/sign-out", "").status, 403, "without the token of its form");
    assert_eq!(alice.get("/tickets").status, 200);
    let form = alice.get("/sign-in");
    assert!(form.text().contains("Signed in as alice"), "{}", form.text());
    let foreign = token_of(&Browser::new(ready).get("/sign-in"));
    assert_eq!(alice.post("/sign-out", &format!("csrf={foreign}")).status, 403, "the token of another form");
    let left = alice.post("/sign-out", &format!("csrf={}", token_of(&form)));
    assert_eq!((left.status, left.header("location")), (303, Some("/sign-in")));
    assert_eq!(alice.get("/tickets").status, 401);
    alice.cookies = kept;
    assert_eq!(alice.get("/tickets").status, 401, "the cookie of a session that has ended");
}

#[test]
fn a_password_is_guessed_in_vain() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    add_person(ready, "alice", "right");
    add_person(ready, "bob", "right");
    let mut guesser = Browser::new(ready);
    let known = guesser.sign_in("alice", "wrong", "/tickets");
    let unknown = guesser.sign_in("nobody", "wrong", "/tickets");
    assert_eq!((known.status, unknown.status), (403, 403));
    let said = |page: &Response| {
        page.text().split("role=\"alert\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(said(&known), said(&unknown));
    for _ in 0..9 {
        guesser.sign_in("alice", "wrong", "/tickets");
    }
    assert_eq!(guesser.sign_in("alice", "right", "/tickets").status, 429);
    assert_eq!(guesser.sign_in("bob", "right", "/tickets").status, 303);
    assert_eq!(guesser.get("/tickets").status, 200);
}

#[test]
fn nobody_is_sent_elsewhere_after_the_sign_in() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    add_person(ready, "alice", "right");
    for to in
        ["https://evil.example", "//evil.example", "/%5Cevil.example", "/%0D%0AX: y", "javascript:alert(1)"]
    {
        let mut alice = Browser::new(ready);
        let welcome = alice.sign_in("alice", "right", to);
        assert_eq!((welcome.status, welcome.header("location")), (303, Some("/tickets")), "{to}");
    }
}

#[test]
fn other_sites_and_names_are_turned_away() {
    let (_folder, desk) = start(|options| options.names = vec!["desk.studio.example".to_owned()]);
    let ready = desk.ready();
    let mut owner = Browser::new(ready);
    owner.get(ready.page.strip_prefix(&ready.url).unwrap());
    for more in [
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site")],
    ] {
        for path in ["/sign-in", "/sign-out", "/tickets"] {
            assert_eq!(owner.send("POST", path, &more, "").status, 403, "{path} {more:?}");
        }
    }
    for host in ["evil.example", "127.0.0.1.evil.example", "desk.studio.example.evil.example"] {
        for path in ["/tickets", "/sign-in", "/assets/desk.css", "/file_serve/attachment/1"] {
            assert_eq!(owner.send("GET", path, &[("Host", host)], "").status, 421, "{host} {path}");
        }
    }
    assert_eq!(owner.send("GET", "/tickets", &[("Host", "Desk.Studio.example:80")], "").status, 200);
}

#[test]
fn every_page_says_what_browsers_may_do_with_it() {
    let (_folder, desk) = start(|_| ());
    let ready = desk.ready();
    let mut owner = Browser::new(ready);
    let opened = owner.get(ready.page.strip_prefix(&ready.url).unwrap());
    let mut stranger = Browser::new(ready);
    for page in [opened, owner.get("/tickets"), stranger.get("/tickets"), stranger.get("/sign-in")] {
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let text = page.text();
        assert!(
            !text.contains(" style=") && !text.contains("<style") && !text.contains(" onclick"),
            "{text}"
        );
    }
}
