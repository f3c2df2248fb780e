//! Everything that can go wrong between the program and its site, cell by cell: a proxy that fails at every stage of every
//! call, and a desk that refuses, stumbles, loses answers and forgets.
//!
//! Each cell has a desk, an agent and a log of its own. Trouble lasts until `status` has said what is wrong; then it ends,
//! and what must hold is compared with what was written: one ticket per problem, the right count, each attachment once and
//! whole, and a bounded number of requests. A part of the cells is among the normal tests, all of them are run by
//! `cargo xtask soak faults` (`TK_INCIDENT_SOAK_FAULTS`: a word that names of cells must hold, or `all`).

use crate::faulty_proxy::{Cut, FaultyProxy, Stage, Weather};
use crate::world::{PATIENCE, World, error, info, unzip, words};
use desk::UploadForm;
use flow::{Direction, Find, Row, Site};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Cells that run at the same time: most of a cell is waiting.
const SIDE_BY_SIDE: usize = 8;
/// What a cell without any trouble asks of the site, and some more.
const FREE_REQUESTS: u64 = 60;
/// What a second of trouble may cost beyond that: a retry takes half a second at least, and looks before it writes.
const REQUESTS_PER_S: u64 = 12;

/// After this, having met the trouble once is enough.
const LONG: Duration = Duration::from_secs(8);

/// What names of cells with a long log begin with.
const LONG_LOG: &str = "long log: ";

/// The fields a site may have for us.
const OUR_FIELDS: [&str; 3] = ["sg_incident_key", "sg_incident_count", "sg_incident_last_seen"];

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    Way(Weather),
    /// Rules of the desk, which end when the trouble has been seen.
    Desk(Vec<String>),
    /// A session that the site does not know (any more), until another is handed over.
    Revoked,
    /// The clocks of site and workstation differ. Nothing goes wrong at all.
    Clock(i64),
}

#[derive(Clone, Debug)]
struct Cell {
    name: String,
    trouble: Trouble,
    uploads: UploadForm,
    /// Words of which `status` must say one meanwhile; none when there is nothing to say.
    says: Vec<&'static str>,
    /// How often the trouble is met before it ends, if that does not take too long.
    least_met: u64,
    /// Whether the trouble is with what is told of repeats: then the tickets stand before it begins to matter.
    repeats: bool,
    /// Whether the site is without our fields, so that counts are told in replies.
    replies: bool,
    /// Whether the log is so long that its upload does not fit into the system's buffers.
    long: bool,
}

/// The calls of a delivery, as the proxy and the desk's rules name them, and the upload form they are of.
const CALLS: [(&str, &str); 12] = [
    ("schema Ticket", "schema:Ticket"),
    ("read Ticket", "read:Ticket"),
    ("create Ticket", "create:Ticket"),
    ("update Ticket", "update:Ticket"),
    ("create Reply", "create:Reply"),
    ("read Reply", "read:Reply"),
    ("read Attachment", "read:Attachment"),
    ("info", "info"),
    ("upload", "upload"),
    ("link-info", "link-info"),
    ("put", "put"),
    ("link", "link"),
];

fn cell(call: &str, name: String, trouble: Trouble, says: &[&'static str]) -> Cell {
    let storage = ["link-info", "put", "link"].iter().any(|step| call.starts_with(step));
    let replies = call.contains("Reply") || name.contains("field=sg_incident_count");
    Cell {
        uploads: if storage { UploadForm::Storage } else { UploadForm::Classic },
        says: says.to_vec(),
        least_met: match &trouble {
            Trouble::Way(Weather::Refuse) | Trouble::Revoked | Trouble::Clock(_) => 0,
            Trouble::Way(Weather::Storm { .. }) => 6,
            Trouble::Desk(rules) if rules.iter().any(|rule| rule.contains("rate=")) => 6,
            Trouble::Way(_) | Trouble::Desk(_) => 1,
        },
        trouble,
        repeats: call.starts_with("update") || replies,
        replies,
        long: name.starts_with(LONG_LOG),
        name,
    }
}

/// Every cell there is.
fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (cut, says) in [(Cut::Reset, "broke during"), (Cut::Stall, "went silent")] {
        for (call, _) in CALLS {
            // What storage answers to the bytes has no body that could be missed.
            let bodiless =
                |stage: &Stage| call == "put" && matches!(stage, Stage::AnswerHead | Stage::AnswerHalf);
            for stage in Stage::ALL.into_iter().skip(1).filter(|stage| !bodiless(stage)) {
                let name = format!("{cut:?} at {stage:?} of {call}");
                cells.push(cell(call, name, Trouble::Way(Weather::Call { call, stage, cut }), &[says]));
            }
        }
        let name = format!("{cut:?} at Connect");
        let weather = Weather::Call { call: "", stage: Stage::Connect, cut };
        cells.push(cell("", name, Trouble::Way(weather), &[says]));
    }
    cells.push(cell(
        "",
        "nobody listens".to_owned(),
        Trouble::Way(Weather::Refuse),
        &["refused the connection"],
    ));
    for seed in 1..=6 {
        let call = if seed % 2 == 0 { "put" } else { "" };
        let name = format!("storm {seed}");
        cells.push(cell(call, name, Trouble::Way(Weather::Storm { seed }), &["broke during", "went silent"]));
    }
    for (call, calls) in CALLS {
        for (status, says) in [
            ("400", "HTTP 400"),
            ("403", "HTTP 403"),
            ("404", "HTTP 404"),
            ("413", "HTTP 413"),
            ("429,retry=1", "HTTP 429"),
            ("429,retry-date=2", "HTTP 429"),
            ("500,body=text", "HTTP 500"),
            ("502", "HTTP 502"),
            ("503,retry=1,body=none", "HTTP 503"),
            ("504,when=after", "HTTP 504"),
            ("half", "broke during"),
            ("lost", "broke during"),
            ("page", "page"),
            ("sso", "SSO"),
            ("redirect,to=https://elsewhere.example/", "elsewhere.example"),
        ] {
            let rule = format!("{calls}={status}");
            // A page in place of storage's answer looks like success until the site misses the bytes.
            let says = [says, "neither yes nor no", "have not arrived"];
            cells.push(cell(call, rule.clone(), Trouble::Desk(vec![rule]), &says));
        }
    }
    for (rules, says) in [
        (&["any=expired"][..], &["sign-in"][..]),
        (&["read=expired"], &["sign-in"]),
        (&["create=expired"], &["sign-in"]),
        (&["upload=expired"], &["session token"]),
        (&["create:Ticket=refused"], &["cannot be created by this user"]),
        (&["update:Ticket=refused"], &["not editable"]),
        (&["upload=refused"], &["Permission denied"]),
        (&["link=refused"], &["Permission denied"]),
        (&["put=refused"], &["Request has expired"]),
        (&["any:Ticket=missing-entity"], &["does not offer the entity type Ticket"]),
        (&["create:Ticket=missing-entity"], &["Entity type 'Ticket' does not exist"]),
        (&["any:Ticket=missing-field,field=sg_incident_key"], &[]),
        (&["any:Ticket=missing-field,field=sg_incident_count+sg_incident_last_seen"], &[]),
        (&["upload=swallow,times=1"], &[]),
        (&["put=swallow"], &["have not arrived"]),
        (&["link=swallow,times=1"], &[]),
        (&["create:Ticket=delay,ms=1500,when=after"], &["went silent"]),
        (&["any=delay,ms=150"], &[]),
        (&["any=503,rate=0.3,seed=11"], &["HTTP 503"]),
        (&["write=lost,rate=0.5,seed=12"], &["broke during"]),
        (&["write=504,when=after,rate=0.5,seed=13"], &["HTTP 504"]),
        (&["files=500,rate=0.5,seed=14"], &["HTTP 500"]),
    ] {
        let name = rules.join(" ");
        let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
        let call = name.split(['=', ':']).next().unwrap().to_owned();
        let call = if name.starts_with("files") { "put".to_owned() } else { call };
        cells.push(cell(&call, name, Trouble::Desk(rules), says));
    }
    for call in ["upload", "put"] {
        for (stage, cut) in
            [(Stage::Head, Cut::Reset), (Stage::Half, Cut::Stall), (Stage::Answer, Cut::Reset)]
        {
            let name = format!("{LONG_LOG}{cut:?} at {stage:?} of {call}");
            let weather = Weather::Call { call, stage, cut };
            cells.push(cell(call, name, Trouble::Way(weather), &["broke during", "went silent"]));
        }
        for (status, says) in [("413", "HTTP 413"), ("reset", "broke during"), ("stall", "went silent")] {
            let name = format!("{LONG_LOG}{call}={status}");
            let rule = format!("{call}={status}");
            cells.push(cell(call, name, Trouble::Desk(vec![rule]), &[says]));
        }
    }
    cells.push(cell("", "revoked token".to_owned(), Trouble::Revoked, &["sign-in"]));
    for ahead_s in [-7 * 86_400, 7 * 86_400] {
        cells.push(cell("put", format!("clock {ahead_s} s ahead"), Trouble::Clock(ahead_s), &[]));
    }
    cells
}

/// The cells of the normal tests: each kind of trouble, and each call, at least once.
const SHORT: [&str; 16] = [
    "nobody listens",
    "Stall at Connect",
    "Reset at Half of put",
    "Reset at Answer of create Ticket",
    "Reset at Answer of upload",
    "Stall at AnswerHead of update Ticket",
    "Reset at AnswerHalf of link",
    "Reset at Answer of create Reply",
    "storm 2",
    "long log: Reset at Head of upload",
    "update:Ticket=429,retry-date=2",
    "create:Ticket=502",
    "schema:Ticket=sso",
    "upload=refused",
    "any:Ticket=missing-entity",
    "revoked token",
];

/// What a cell has cost.
struct Cost {
    trouble: Duration,
    requests: u64,
    met: u64,
}

/// A desk, the proxy before it, and an agent that files through both.
fn set_up(cell: &Cell) -> (World, FaultyProxy) {
    let mut world = World::new();
    world.uploads = cell.uploads;
    let mut weather = None;
    match &cell.trouble {
        Trouble::Way(way) => weather = Some(way.clone()),
        Trouble::Desk(rules) => world.faults.clone_from(rules),
        Trouble::Clock(ahead_s) => world.clock_ahead_s = *ahead_s,
        Trouble::Revoked => {}
    }
    if cell.replies {
        world.missing_fields = OUR_FIELDS.iter().map(|field| format!("Ticket.{field}")).collect();
    }
    world.start_desk();
    let desk = world.url().strip_prefix("http://").unwrap().parse().unwrap();
    let proxy = FaultyProxy::before(desk, weather);
    let credentials = match cell.trouble {
        Trouble::Revoked => "\"toolkit\"".to_owned(),
        _ => format!("{{ script_key_file = '{}' }}", world.path("desk/script_key.toml").display()),
    };
    world.set(&format!(
        "[site]\nurl = 'http://{}'\nproject_id = 1\ntimeout_s = 1\ncredentials = {credentials}\n\
         [limits]\ngather_s = 0\ncount_flush_s = 0\nretry_min_s = 1\nretry_max_s = 1",
        proxy.address
    ));
    world.start_agent();
    if let Trouble::Revoked = cell.trouble {
        attach(&world, &proxy, "a-token-that-was-revoked");
    }
    (world, proxy)
}

fn run(cell: &Cell) -> Cost {
    let (mut world, mut proxy) = set_up(cell);
    let began = Instant::now();
    if cell.long {
        world.append("tk-maya.log", &info(&"a long way to the end ".repeat(10)).repeat(3_000));
    }
    world.append("tk-maya.log", &format!("{}{}", error("alpha"), error("beta")));
    let again = if cell.replies { 9 } else { 2 };
    let repeat = |world: &World| world.append("tk-maya.log", &error("alpha").repeat(again));
    if cell.repeats {
        settled(&world, "the tickets", 2, 2);
        repeat(&world);
    }
    let spooled = seen_in_status(cell, &world, &proxy);
    if !cell.repeats {
        repeat(&world);
    }
    let met = trouble_met(&world, &proxy);
    end_trouble(cell, &world, &mut proxy);
    let trouble = began.elapsed();

    settled(&world, "everything", 2, 2 + again as u64);
    check(&world, cell, again as i64 + 1, &spooled);
    world.stop_agent();
    let calls = proxy.calls();
    let requests = calls.values().sum();
    let allowed = FREE_REQUESTS + REQUESTS_PER_S * began.elapsed().as_secs();
    assert!(requests <= allowed, "{requests} requests, more than {allowed}: {calls:#?}");
    Cost { trouble, requests, met }
}

/// Waits until `status` has said what is wrong; gives the archives that were in the spool meanwhile.
fn seen_in_status(cell: &Cell, world: &World, proxy: &FaultyProxy) -> BTreeSet<Vec<u8>> {
    let (mut said_so, mut spooled) = (cell.says.is_empty(), BTreeSet::new());
    let began = Instant::now();
    polled(world, "words on the trouble", |status| {
        let said = format!("{} {} {}", status["site"]["trouble"], status["waiting"], status["warnings"]);
        said_so |= cell.says.iter().any(|word| said.contains(word));
        spooled.extend(spool(status));
        let wanted = if began.elapsed() < LONG { cell.least_met } else { cell.least_met.min(1) };
        said_so && status["seen"].as_u64() >= Some(2) && trouble_met(world, proxy) >= wanted
    });
    spooled
}

fn end_trouble(cell: &Cell, world: &World, proxy: &mut FaultyProxy) {
    match &cell.trouble {
        // A site without a field stays so.
        Trouble::Desk(rules) if !cell.name.contains("missing-field") => {
            (0..rules.len()).for_each(|rule| world.desk().end_fault(rule));
        }
        Trouble::Revoked => {
            let token = world.site().session_token().unwrap();
            attach(world, proxy, secrecy::ExposeSecret::expose_secret(&token));
        }
        Trouble::Way(_) | Trouble::Desk(_) | Trouble::Clock(_) => {}
    }
    proxy.calm_down();
}

/// Trouble of the way, or of the cell's own rules.
fn trouble_met(world: &World, proxy: &FaultyProxy) -> u64 {
    proxy.met() + world.desk().faults_met().first().copied().unwrap_or(0)
}

fn attach(world: &World, proxy: &FaultyProxy, token: &str) {
    let config = world.config();
    let site = format!("http://{}", proxy.address);
    let session = json!({ "v": 1, "type": "attach", "site": { "url": site, "login": "alice", "session_token": token } });
    let attached =
        world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &session.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
}

/// Asks for the status until it is as wanted, but seldom: each time is a program of its own.
fn polled(world: &World, what: &str, mut fits: impl FnMut(&Value) -> bool) {
    let began = Instant::now();
    loop {
        let status = world.status();
        if fits(&status) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "waited for {what} in vain; {status:#}");
        std::thread::sleep(Duration::from_millis(150));
    }
}

/// Waits until all is on the site and no trouble is left.
fn settled(world: &World, what: &str, tickets: u64, seen: u64) {
    polled(world, what, |status| {
        status["tickets"] == tickets
            && status["waiting_count"] == 0
            && status["seen"] == seen
            && status["site"]["trouble"].is_null()
    });
}

/// Copies of the archives that are on their way.
fn spool(status: &Value) -> Vec<Vec<u8>> {
    let state = status["state"].as_str().unwrap();
    let archives =
        fs::read_dir(std::path::Path::new(&state).join("evidence")).into_iter().flatten().flatten();
    let archives =
        archives.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "zip"));
    archives.filter_map(|path| fs::read(path).ok()).collect()
}

/// One ticket per problem, the right count, each attachment once and whole.
fn check(world: &World, cell: &Cell, alphas: i64, spooled: &BTreeSet<Vec<u8>>) {
    let fields = ["title", "description", "attachments", "sg_incident_count"];
    let query = Find::new("Ticket")
        .fields(fields.into_iter().filter(|field| !cell.replies || !field.starts_with("sg")));
    let tickets = world.site().find(&query.sorted_by("id", Direction::Ascending).limit(500)).unwrap();
    assert_eq!(tickets.len(), 2, "one ticket per problem: {tickets:#?}");
    for (name, count) in [("alpha", alphas), ("beta", 1)] {
        let named = |ticket: &&Row| ticket.text("title").is_some_and(|title| title.contains(name));
        let ticket =
            tickets.iter().find(named).unwrap_or_else(|| panic!("no ticket of {name}: {tickets:#?}"));
        if cell.replies {
            check_replies(world, ticket, count);
        } else {
            assert_eq!(ticket.number("sg_incident_count"), Some(count), "{ticket:#?}");
        }
        check_attachments(world, cell, ticket, spooled);
    }
}

fn check_replies(world: &World, ticket: &Row, count: i64) {
    let texts = replies(world, ticket);
    let told = texts.iter().filter(|text| text.contains(&format!("seen {count} times"))).count();
    assert_eq!(told, usize::from(count > 1), "each count is told once: {texts:#?}");
}

/// What was replied to a ticket.
fn replies(world: &World, ticket: &Row) -> Vec<String> {
    let query = Find::new("Reply").fields(["content", "entity"]).limit(500);
    let replies = world.site().find(&query).unwrap();
    let of_it = replies.iter().filter(|reply| reply.link_id("entity") == Some(ticket.id));
    of_it.filter_map(|reply| reply.text("content").map(str::to_owned)).collect()
}

fn check_attachments(world: &World, cell: &Cell, ticket: &Row, spooled: &BTreeSet<Vec<u8>>) {
    let links = ticket.links("attachments");
    let names: Vec<_> = links.iter().filter_map(|link| link.name.clone()).collect();
    // A file that is too large for the site is given up, and the ticket says so; those after it are tried all the same.
    let texts = replies(world, ticket);
    let given_up = texts.iter().filter(|text| text.contains("could not be attached")).count();
    assert!(given_up == 0 || cell.name.contains("413"), "{texts:#?}");
    assert_eq!(
        links.len() + given_up,
        2,
        "each attachment once: {names:?}; {texts:#?}; {:#?}",
        world.events()
    );
    let bytes_of = |end: &str| {
        let link = links.iter().find(|link| link.name.as_deref().is_some_and(|name| name.ends_with(end)));
        assert!(link.is_some() || given_up > 0, "no {end} among {names:?}");
        link.map(|link| world.download(link.id))
    };
    let (archive, log) = (bytes_of(".zip"), bytes_of(".log"));
    if let Some(archive) = &archive
        && spooled.len() == 2
        && !spooled.contains(archive)
    {
        let told = |bytes: &[u8]| format!("{:#?}", unzip(bytes));
        let were: Vec<_> = spooled.iter().map(|bytes| told(bytes)).collect();
        panic!(
            "the archive is not one of those in the spool: {}\n\nthey were {}",
            told(archive),
            were.join("\n")
        );
    }
    let log = log.map(|log| String::from_utf8(log).unwrap());
    assert!(log.as_ref().is_none_or(|log| log.contains("ValueError: bad range")), "{log:?}");
    // Unpacking checks the sums; the log beside it is the one within.
    if let (Some(archive), Some(log)) = (archive, log) {
        let within: BTreeMap<String, String> = unzip(&archive).into_iter().collect();
        assert!(within.values().any(|text| *text == log), "the log is not the archive's: {log}");
    }
}

/// Runs cells side by side; gives the failures, and prints each cell as it ends.
#[expect(clippy::print_stderr, reason = "the table is what one wants to see")]
fn run_all(cells: Vec<Cell>) -> Vec<String> {
    let queue = Mutex::new(VecDeque::from(cells));
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(cell) = { queue.lock().unwrap().pop_front() } {
                    match catch_unwind(AssertUnwindSafe(|| run(&cell))) {
                        Ok(Cost { trouble, requests, met }) => eprintln!(
                            "passed  {:<50} {:>5.1} s of trouble, met {met} times, {requests} requests",
                            cell.name,
                            trouble.as_secs_f64()
                        ),
                        Err(panic) => {
                            let text = panic.downcast_ref::<String>().cloned();
                            let text =
                                text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                            eprintln!("FAILED  {}", cell.name);
                            failures.lock().unwrap().push(format!(
                                "{}: {}",
                                cell.name,
                                text.unwrap_or_default()
                            ));
                        }
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

#[test]
fn whatever_goes_wrong_each_problem_is_one_ticket_and_nothing_is_lost_or_doubled() {
    let wanted = std::env::var("TK_INCIDENT_SOAK_FAULTS").ok();
    let all = cells();
    for name in SHORT {
        assert!(all.iter().any(|cell| cell.name == name), "no cell {name}");
    }
    let chosen: Vec<Cell> = all
        .into_iter()
        .filter(|cell| match wanted.as_deref() {
            None => SHORT.contains(&cell.name.as_str()),
            Some("all") => true,
            Some(word) => cell.name.contains(word),
        })
        .collect();
    let count = chosen.len();
    assert!(count > 0, "no cell is called so");
    let failures = run_all(chosen);
    assert!(failures.is_empty(), "{} of {count} cells failed:\n\n{}", failures.len(), failures.join("\n\n"));
}
