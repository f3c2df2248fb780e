//! A program that dies while the site is making its ticket: the next one must not ask for a second.

use crate::world::{World, error, wait_for};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

/// Stands between the program and its desk, and holds the first request for a ticket back.
struct Slow {
    address: SocketAddr,
    holding: Arc<AtomicBool>,
    go_on: mpsc::Sender<()>,
}

impl Slow {
    fn before(desk: SocketAddr) -> Slow {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let holding = Arc::new(AtomicBool::new(false));
        let (go_on, gate) = mpsc::channel();
        let mut gate = Some(gate);
        let told = Arc::clone(&holding);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Some(request) = whole_request(&client) else { continue };
                let says = |words: &str| String::from_utf8_lossy(&request).replace(' ', "").contains(words);
                let is_create = says(r#""method_name":"create""#) && says(r#""type":"Ticket""#);
                let held = if is_create { gate.take() } else { None };
                let holding = Arc::clone(&told);
                std::thread::spawn(move || {
                    if let Some(gate) = held {
                        holding.store(true, Ordering::SeqCst);
                        let _ = gate.recv();
                    }
                    pass_on(&request, desk, client);
                });
            }
        });
        Slow { address, holding, go_on }
    }
}

fn whole_request(mut client: &TcpStream) -> Option<Vec<u8>> {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let len = head
                .split("content-length:")
                .nth(1)
                .and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if request.len() >= head.len() + 4 + len.unwrap_or(0) {
                return Some(request);
            }
        }
        match client.read(&mut piece) {
            Ok(count) if count > 0 => request.extend_from_slice(&piece[..count]),
            _ => return None,
        }
    }
}

fn pass_on(request: &[u8], desk: SocketAddr, mut client: TcpStream) {
    let mut server = TcpStream::connect(desk).unwrap();
    server.write_all(request).unwrap();
    let mut piece = [0; 4096];
    // The client may be dead; the desk does what it was asked all the same.
    while let Ok(count @ 1..) = server.read(&mut piece) {
        if client.write_all(&piece[..count]).is_err() {
            let _ = std::io::copy(&mut server, &mut std::io::sink());
            return;
        }
    }
}

#[test]
fn a_ticket_that_was_being_made_when_the_program_died_is_found_and_not_made_again() {
    let mut world = World::new();
    world.start_desk();
    let desk: SocketAddr = world.url().strip_prefix("http://").unwrap().parse().unwrap();
    let slow = Slow::before(desk);
    world.set(&format!(
        "[site]\nurl = 'http://{}'\nproject_id = 1\ncredentials = {{ script_key_file = '{}' }}",
        slow.address,
        world.path("desk/script_key.toml").display()
    ));
    world.start_agent();
    world.append("tk-maya.log", &error("in_flight"));
    wait_for("the request", || slow.holding.load(Ordering::SeqCst).then_some(()), String::new);
    world.kill_agent();
    world.start_agent();
    // The same error again: what becomes due by it must not make the new program ask any sooner.
    world.append("tk-maya.log", &error("in_flight"));
    world.status_when("both records", |status| status["seen"] == 2);
    assert_eq!(world.tickets().len(), 0);
    slow.go_on.send(()).unwrap();
    let status = world.status_when("the ticket", |status| status["waiting_count"] == 0);
    assert_eq!(status["outcomes"], serde_json::json!({ "filed": 1, "duplicate": 1 }));
    let tickets = world.tickets();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert_eq!(tickets[0].number("sg_incident_count"), Some(2));
}
