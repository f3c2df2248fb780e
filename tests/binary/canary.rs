//! A log with a secret planted for every way in which secrets really appear: none comes out anywhere.
//!
//! Each secret is made for its row and form, so that a leak tells where it was planted. What is looked for are pieces of
//! eight letters and digits, as they are and in base64; so half a secret counts as much as a whole one, and quoting and
//! percent code make no difference.

mod rows;

use crate::world::{Mortal, World, info, unzip, wait_for, words};
use flow::{Find, Site};
use rows::{FORMS, HOLE, ROWS, base64, percent};
use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

/// Bytes of a piece of a secret that count as a leak.
const PIECE_BYTES: usize = 8;

/// The planted secrets by their pieces.
#[derive(Default)]
struct Canary {
    pieces: HashMap<[u8; PIECE_BYTES], String>,
    made: u64,
}

impl Canary {
    /// Twenty letters and digits that are nowhere else; `planted` tells where they go.
    fn secret(&mut self, planted: &str) -> String {
        const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyzBCDGHKMR";
        self.made += 1;
        let mut state = self.made.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let secret: String = (0..20)
            .map(|at| {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
                let random = (state >> 40) as usize;
                // Digits throughout, as keys have them.
                char::from(if at % 3 == 1 { b"23456789"[random % 8] } else { LETTERS[random % 31] })
            })
            .collect();
        self.watch(&secret, planted);
        secret
    }

    /// Looks for this secret as well.
    fn watch(&mut self, secret: &str, planted: &str) {
        let mut note = |spelled: &str| {
            for piece in spelled.to_ascii_lowercase().as_bytes().windows(PIECE_BYTES) {
                self.pieces.insert(piece.try_into().unwrap(), planted.to_owned());
            }
        };
        note(secret);
        for shift in 0..3 {
            let padded = [&vec![0; shift][..], secret.as_bytes()].concat();
            // Without the digits that share bits with what stands beside.
            note(&base64(&padded)[2..]);
        }
    }

    /// A text with a secret in each of its holes.
    fn planted(&mut self, text: &str, place: &str) -> String {
        let mut parts = text.split(HOLE);
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            out.push_str(&self.secret(place));
            out.push_str(part);
        }
        out
    }

    /// What of the planted is in these bytes, with a few of the bytes around.
    fn leaks(&self, bytes: &[u8]) -> Vec<String> {
        let lower = bytes.to_ascii_lowercase();
        let mut leaks: Vec<String> = Vec::new();
        for (at, piece) in lower.windows(PIECE_BYTES).enumerate() {
            if let Some(planted) = self.pieces.get(piece)
                && !leaks.iter().any(|leak| leak.starts_with(planted.as_str()))
            {
                let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 30)];
                leaks.push(format!("{planted}: ...{}", String::from_utf8_lossy(around).escape_debug()));
            }
        }
        leaks
    }
}

/// What was looked through, and what was found there.
struct Search<'c> {
    canary: &'c Canary,
    leaks: Vec<String>,
}

impl Search<'_> {
    /// Looks for the planted in bytes that come from `place` and must hold `witness`, so that no search is in vain.
    fn through(&mut self, place: &str, witness: &str, bytes: &[u8]) {
        let seen =
            witness.is_empty() || bytes.windows(witness.len()).any(|found| found == witness.as_bytes());
        assert!(seen, "{witness} is not in {place}: {}", String::from_utf8_lossy(bytes));
        self.leaks.extend(self.canary.leaks(bytes).into_iter().map(|leak| format!("{place}: {leak}")));
    }

    /// Every file below a folder; of an archive, what is packed in it.
    fn through_folder(&mut self, folder: &Path) -> usize {
        let mut files = 0;
        for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                files += self.through_folder(&path);
                continue;
            }
            let Ok(bytes) = fs::read(&path) else { continue };
            files += 1;
            self.through(&path.display().to_string(), "", &bytes);
            if bytes.starts_with(b"PK") {
                for (name, text) in unzip(&bytes) {
                    self.through(&format!("{} in {}", name, path.display()), "", text.as_bytes());
                }
            }
        }
        files
    }

    fn end(self) {
        let mut leaks = self.leaks;
        leaks.sort();
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
    }
}

fn header(level: &str) -> String {
    format!("2026-01-14 19:49:11,961 [2764 {level} sgtk.env.project.tk-maya.tk-canary] ")
}

/// A record of its own problem: the message, source text and the exception each hold the row in one of its forms.
fn incident(name: &str, message: &str, source: &str, exception: &str) -> String {
    format!(
        "{}Trouble of {name}: {message}\nTraceback (most recent call last):\n  File \"/studio/tools/{name}.py\", line 12, in {name}\n    raise ValueError(\"{source}\")\nValueError: {exception}\n",
        header("ERROR")
    )
}

/// Every row and form: as an ordinary record, and as an incident by message and by exception.
fn log_of_everything(canary: &mut Canary) -> String {
    let mut log = String::new();
    for (row, text) in ROWS {
        for (form, write) in FORMS {
            let place = format!("{row} {form}");
            let mut planted = |how: &str| write(&canary.planted(text, &format!("{place} {how}")));
            log.push_str(&format!("{}{}\n", header("DEBUG"), planted("ordinary")));
            log.push_str(&format!("{}{}\n", header("ERROR"), planted("message")));
            log.push_str(&incident(
                &format!("{row}_{form}"),
                &planted("in message"),
                &planted("in source"),
                &planted("in exception"),
            ));
        }
    }
    log
}

#[test]
fn what_scan_follow_and_explain_print_holds_no_secret() {
    let world = World::new();
    let mut canary = Canary::default();
    let log = log_of_everything(&mut canary);
    world.append("tk-maya.log", &log);
    let last = format!("{}_{}", ROWS[ROWS.len() - 1].0, FORMS[FORMS.len() - 1].0);
    let mut search = Search { canary: &canary, leaks: Vec::new() };
    for arguments in [
        &["scan", "home/logs"][..],
        &["--json", "scan", "home/logs"],
        &["--verbose", "scan", "home/logs"],
        &["scan", "--level", "DEBUG,ERROR", "home/logs"],
    ] {
        let output = world.run(arguments);
        assert!(output.status.success(), "{}", words(&output));
        search.through(&arguments.join(" "), &last, words(&output).as_bytes());
    }
    // One of each row; the forms took their turn above.
    let lines: Vec<&str> = log.lines().collect();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("_raw: ")) {
        for json in [&["--json"][..], &[]] {
            let place = format!("home/logs/tk-maya.log:{}", at + 1);
            let output = world.run(&[json, &["explain", &place]].concat());
            assert!(output.status.success(), "{}", words(&output));
            search.through("explain", "_raw", words(&output).as_bytes());
        }
    }
    // Without --json it prints records exactly as they are in the log that somebody has there.
    for arguments in [&["--json", "follow", "--text", "home/logs"][..], &["--json", "follow", "home/logs"]] {
        let printed = world.path("printed");
        let mut child = world
            .program()
            .args(arguments)
            .args(["--from", "start"])
            .stdout(fs::File::create(&printed).unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let child = Mortal(child);
        let all = || fs::read_to_string(&printed).ok().filter(|text| text.contains(&last));
        let text = wait_for("all records", all, || fs::read_to_string(&printed).unwrap_or_default());
        drop(child);
        search.through(&arguments.join(" "), &last, text.as_bytes());
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).unwrap();
        search.through("stderr of follow", "", &said);
    }
    search.end();
}

/// Everything the agent and the desk keep and tell.
fn through_everything(world: &mut World, search: &mut Search<'_>, witness: &str) {
    for ticket in world.tickets() {
        for text in world.texts_of(&ticket) {
            search.through(&format!("ticket {}", ticket.id), "", text.as_bytes());
        }
        search.through("a page", "Trouble", world.page(&format!("/tickets/{}", ticket.id)).as_bytes());
    }
    let replies = world.site().find(&Find::new("Reply").fields(["content"]).limit(500)).unwrap();
    search.through("replies", "", format!("{replies:?}").as_bytes());
    search.through("titles", witness, format!("{:?}", world.tickets()).as_bytes());
    search.through("events", "", format!("{:?}", world.events()).as_bytes());
    for arguments in [&["status"][..], &["--json", "status"]] {
        search.through("status", "", words(&world.run(arguments)).as_bytes());
    }
    world.stop_agent();
    search.through("what the agent said", "", &world.agent_stderr());
    let mut files = search.through_folder(&world.path("state"));
    world.stop_desk();
    files += search.through_folder(&world.path("desk"));
    assert!(files > 5, "{files} files of the agent and the desk");
}

#[test]
fn what_the_agent_files_and_keeps_holds_no_secret() {
    let mut world = World::running();
    let mut canary = Canary::default();
    for (row, text) in ROWS {
        let mut record = String::new();
        for (form, write) in FORMS {
            record.push_str(&format!(
                "{}{}\n",
                header("DEBUG"),
                write(&canary.planted(text, &format!("{row} {form} ordinary")))
            ));
        }
        // The forms of the message, the source text and the exception change from row to row.
        let mut planted = |turn: usize| {
            let (form, write) = FORMS[(row.len() + turn) % FORMS.len()];
            write(&canary.planted(text, &format!("{row} {form} {turn}")))
        };
        record.push_str(&incident(row, &planted(0), &planted(1), &planted(2)));
        world.append("tk-maya.log", &record);
    }
    let all = i64::try_from(ROWS.len()).unwrap();
    world.status_when("all tickets", |status| status["tickets"] == all && status["waiting_count"] == 0);
    wait_for(
        "all attachments",
        || world.tickets().iter().all(|ticket| ticket.links("attachments").len() == 2).then_some(()),
        || format!("{:#?}", world.tickets()),
    );
    let mut search = Search { canary: &canary, leaks: Vec::new() };
    through_everything(&mut world, &mut search, ROWS[0].0);
    search.end();
}

/// What goes into evidence from elsewhere than the incident's own log.
#[test]
fn other_logs_backups_environments_session_facts_and_reports_hold_no_secret() {
    let mut world = World::new();
    world.start_desk();
    let mut canary = Canary::default();
    let at = |time: &str| format!("2026-01-14 19:{time},961 [2764 DEBUG sgtk.env.project.tk-canary] ");
    let everything = |canary: &mut Canary, place: &str| -> String {
        let rows = ROWS.iter().map(|(row, text)| canary.planted(text, &format!("{row} in {place}")));
        rows.map(|text| format!("{}{text}\n", at("45:00"))).collect()
    };
    // Backups of the incident's log and of another one, the other log itself, and a log that only a report names.
    for (name, place) in
        [("tk-maya.log", "its backup"), ("tk-nuke.log", "a backup"), ("tk-nuke.log", "another log")]
    {
        world.append(name, &everything(&mut canary, place));
        if place.ends_with("backup") {
            world.roll_over(name);
        }
    }
    let named = world.path("named.log");
    fs::write(&named, everything(&mut canary, "a log with a report")).unwrap();
    let mut command = world.program();
    let config = world.config();
    command.args(["--json", "run", "--config"]).arg(&config);
    // Variables by the list and others, whole pickles and rows in both.
    for (index, name) in
        ["OCIO", "PYTHONPATH", "TK_DEBUG", "TANK_CONTEXT", "HTTPS_PROXY", "MY_TOKEN"].iter().enumerate()
    {
        let values = ROWS.iter().skip(index).step_by(6).filter(|(_, text)| !text.contains('\n'));
        let values: Vec<String> =
            values.map(|(row, text)| canary.planted(text, &format!("{row} in {name}"))).collect();
        command.env(name, values.join(" ; "));
    }
    world.start_agent_with(command);
    let fact = |canary: &mut Canary, name: &str| canary.secret(&format!("the fact {name}"));
    let rows: Vec<String> =
        ROWS.iter().map(|(row, text)| canary.planted(text, &format!("{row} in a fact"))).collect();
    let session = serde_json::json!({
        "v": 1, "type": "attach",
        "site": { "url": world.url(), "login": "alice" },
        "session": { "pid": 2764, "started": "2026-01-14T10:00:00Z", "login": "alice",
            "configuration": { "uri": rows, "session_token": fact(&mut canary, "session_token") },
            "engine": { "version": "v1", "api_key": fact(&mut canary, "api_key") },
            "password": fact(&mut canary, "password"),
            "variables": { "OCIO": rows[0], "TANK_CONTEXT": fact(&mut canary, "TANK_CONTEXT"),
                "SECRET": fact(&mut canary, "a variable") } },
    });
    let config = config.to_str().unwrap();
    let attached = world.run_with_stdin(&["attach", "--config", config], &session.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
    world.event("the session", |event| event["type"] == "session");
    world.append("tk-maya.log", &incident("elsewhere", "nothing secret", "x", "bad range"));
    world.status_when("the ticket", |status| status["tickets"] == 1 && status["waiting_count"] == 0);
    let comment: String =
        ROWS.iter().map(|(row, text)| canary.planted(text, &format!("{row} in a comment")) + "\n").collect();
    let comment: String = format!("Trouble by hand\n{comment}").chars().take(9_000).collect();
    let report = world.run(&["--config", config, "report", "-m", &comment, named.to_str().unwrap()]);
    assert!(report.status.success(), "{}", words(&report));
    world.status_when("the report", |status| status["tickets"] == 2 && status["waiting_count"] == 0);
    let mut search = Search { canary: &canary, leaks: Vec::new() };
    search.through("what report printed", "", words(&report).as_bytes());
    let texts: Vec<String> = world.tickets().iter().flat_map(|ticket| world.texts_of(ticket)).collect();
    for witness in
        ["\"reason\": \"asked\"", "tk-nuke.log.1", "tk-maya.log.1", "\"OCIO\"", "\"configuration\""]
    {
        assert!(
            texts.iter().any(|text| text.contains(witness)),
            "{witness} is nowhere: the search would be in vain"
        );
    }
    through_everything(&mut world, &mut search, "elsewhere");
    search.end();
}

/// A text cut inside its first secret.
fn halves(text: &str, secret: &str) -> (String, String) {
    let cut = text.find(secret).unwrap() + secret.len() / 2;
    (text[..cut].to_owned(), text[cut..].to_owned())
}

#[test]
fn secrets_that_arrive_in_two_writes_stay_whole_secrets() {
    let mut world = World::running();
    let mut canary = Canary::default();
    let mut rest = Vec::new();
    // Some are written to their end; some programs die in the middle of a write.
    for (row, text) in ROWS {
        for finished in [true, false] {
            let name = format!("tk-{row}-{finished}.log");
            let secret = canary.secret(&format!("{row} in two writes, finished: {finished}"));
            let text = text.replacen(HOLE, &secret, 1).replace(HOLE, "x");
            let record = incident(&format!("{row}_{finished}"), "in two writes", "x", &text);
            let (first, second) = halves(&record, &secret);
            world.append(&name, &info("before"));
            world.append(&name, &first);
            if finished {
                rest.push((name, second));
            }
        }
    }
    // What was written later in another log is known: all of this has been read.
    world.append("tk-probe.log", &incident("probe", "a probe", "x", "y"));
    world.event("the probe", |event| event.to_string().contains("probe"));
    for (name, second) in rest {
        world.append(&name, &second);
    }
    let all = i64::try_from(2 * ROWS.len() + 1).unwrap();
    world.status_when("all tickets", |status| status["tickets"] == all && status["waiting_count"] == 0);
    let mut search = Search { canary: &canary, leaks: Vec::new() };
    through_everything(&mut world, &mut search, ROWS[0].0);
    search.end();
}

#[test]
fn what_is_cut_inside_a_secret_leaks_neither_half() {
    let mut world = World::new();
    world.start_desk();
    world.set("[evidence]\nlog_bytes = 4096");
    world.start_agent();
    let mut canary = Canary::default();
    // Records longer than what is kept of one: some of the holes begin and end inside a password.
    for shift in 0..6 {
        let name = format!("hole_{}", ["a", "b", "c", "d", "e", "f"][shift]);
        let secret = canary.secret(&name);
        let address = format!("http://joe:{secret}@proxy/ ");
        let long = format!("{}{}", "x".repeat(5 * shift), address.repeat(280 * 1024 / address.len()));
        world.append(&format!("tk-{name}.log"), &incident(&name, &long, "x", "bad range"));
    }
    // A log of which the part that goes with a ticket begins inside a key.
    let key: String = (0..100)
        .map(|_| format!("{}{}{}\n", canary.secret("key"), canary.secret("key"), canary.secret("key")))
        .collect();
    world.append(
        "tk-key.log",
        &format!("{}-----BEGIN RSA PRIVATE KEY-----\n{key}-----END RSA PRIVATE KEY-----\n", header("DEBUG")),
    );
    world.append("tk-key.log", &incident("key", "behind a key", "x", "bad range"));
    world.status_when("all tickets", |status| status["tickets"] == 7 && status["waiting_count"] == 0);
    let mut search = Search { canary: &canary, leaks: Vec::new() };
    through_everything(&mut world, &mut search, "hole_a");
    search.end();
}

/// What the agent is given to hold is nowhere either, whatever fails with it and however a log shows it.
#[test]
fn the_secrets_of_our_own_are_in_no_message() {
    let mut world = World::new();
    world.start_desk();
    let mut canary = Canary::default();
    let password = canary.secret("our own proxy");
    let key_file = world.path("desk/script_key.toml");
    let key = fs::read_to_string(&key_file).unwrap();
    let key =
        key.lines().find_map(|line| line.strip_prefix("script_key = ")).unwrap().trim_matches('"').to_owned();
    canary.watch(&key, "our own key");
    world.set(&format!(
        "[site]\nurl = 'https://studio.invalid'\nproject_id = 1\nproxy = 'joe:{password}@127.0.0.1:9'\ncredentials = {{ script_key_file = '{}' }}",
        key_file.display()
    ));
    world.start_agent();
    for (name, secret) in [("password", &password), ("key", &key)] {
        world.append(
            "tk-maya.log",
            &incident(&format!("first_{name}"), "before the trouble", "x", "bad range"),
        );
        world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
        for (form, text) in [
            ("raw", secret.clone()),
            ("encoded", percent(secret, "")),
            ("base", base64(format!("joe:{secret}  ").as_bytes())),
        ] {
            world.append(
                "tk-maya.log",
                &incident(&format!("{name}_{form}"), &format!("it said {text} there"), "x", &text),
            );
        }
    }
    world.status_when("all records", |status| status["seen"] == 8);
    let mut search = Search { canary: &canary, leaks: Vec::new() };
    search.through("events", "warning", format!("{:?}", world.events()).as_bytes());
    search.through("status", "", words(&world.run(&["status"])).as_bytes());
    search.through("status", "", words(&world.run(&["--json", "status"])).as_bytes());
    world.stop_agent();
    search.through("stderr", "", &world.agent_stderr());
    assert!(search.through_folder(&world.path("state")) > 2);
    search.end();
}
