//! A log with a secret planted for every way in which secrets really appear: none comes out anywhere.
//!
//! Each secret is made for its row and form, so that a leak tells where it was planted. What is looked for are pieces of
//! eight letters and digits, as they are and in base64; so half a secret counts as much as a whole one, and quoting and
//! percent code make no difference.

use crate::world::{Mortal, World, info, unzip, wait_for, words};
use flow::{Find, Site};
use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

/// Where the secret stands in a row.
const HOLE: &str = "§";
/// Bytes of a piece of a secret that count as a leak.
const PIECE_BYTES: usize = 8;

/// A name of a row, and the text. In letters, so that each is a problem of its own.
const ROWS: &[(&str, &str)] = &[
    // Session token in clear text.
    ("token_said", "Session token: §"),
    ("token_said_in_prose", "Found a cached session token is § for this host"),
    ("token_refused", "Invalid session token '§' for https://studio.example.com"),
    // Auth request id, whole replies.
    (
        "auth_request",
        "Got response: {\"sessionRequestId\": \"§\", \"url\": \"https://studio.example.com/app_session_request/\"}",
    ),
    ("auth_reply", "{'approved': True, 'sessionToken': '§', 'userLogin': 'joe'}"),
    ("auth_polling", "Polling https://studio.example.com/internal_api/app_session_request/§1234567890123456"),
    ("auth_id", "auth_request_id: §"),
    // Proxy with a password.
    ("proxy_setting", "http_proxy: joe:§@proxy.studio:8080"),
    ("proxy_url", "Using proxy http://joe:§@proxy.studio:3128 to connect"),
    (
        "proxy_refused",
        "Invalid http_proxy address 'joe:§@10.0.0.1:31x'. Valid format is '123.456.789.012' or '123.456.789.012:3456'",
    ),
    ("proxy_with_mark", "http_proxy joe:§@§@10.0.0.1:3128"),
    (
        "proxy_handler",
        "proxies={'http': 'http://joe:§@proxy.studio:8080', 'https': 'http://joe:§@proxy.studio:8080'}",
    ),
    ("proxy_environment", "HTTPS_PROXY=http://joe:§@proxy.studio:3128"),
    ("proxy_of_windows", "set HTTP_PROXY=joe:§@proxy.studio:3128"),
    ("proxy_header", "Proxy-Authorization: Basic §"),
    ("proxy_of_curl", "curl -x joe:§@proxy.studio:3128 https://studio.example.com"),
    // Signed storage.
    (
        "storage_opened",
        "Failed to open https://sg-media.s3.example.com/a/b.jpg?AWSAccessKeyId=AKIAI44QH8DHBEXAMPLE&Expires=1768&Signature=§%3D",
    ),
    (
        "storage_signed",
        "PUT https://sg-media.s3.example.com/a.mov?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=§&X-Amz-Signature=§",
    ),
    (
        "storage_of_pool",
        "HTTPSConnectionPool(host='sg-media.s3.example.com', port=443): Max retries exceeded with url: /a.jpg?Expires=17&Signature=§ (Caused by NewConnectionError('x'))",
    ),
    (
        "storage_escaped",
        "<Url>https://sg-media.example.com/a?Expires=1768&amp;Signature=§&amp;Key-Pair-Id=K1</Url>",
    ),
    ("storage_shared", "https://acct.blob.example.net/c/b.exr?sv=2022-11-02&se=2026-01-01&sig=§"),
    // Login, password, keys in the bodies of requests.
    (
        "body_of_script",
        "Request is {\"method_name\": \"read\", \"params\": [{\"script_name\": \"toolkit\", \"script_key\": \"§\"}, {\"type\": \"Shot\"}]}",
    ),
    (
        "body_of_user",
        "Request is {'params': [{'user_login': 'joe', 'user_password': '§', 'auth_token': '§'}]}",
    ),
    ("body_of_session", "POST /api3/json body: {\"session_token\": \"§\"}"),
    ("body_of_form", "grant_type=password&username=joe&password=§&auth_token=§"),
    (
        "body_of_client",
        "{\"grant_type\": \"client_credentials\", \"client_id\": \"toolkit\", \"client_secret\": \"§\"}",
    ),
    (
        "body_of_reply",
        "{\"token_type\":\"Bearer\",\"access_token\":\"§\",\"expires_in\":36000,\"refresh_token\":\"§\"}",
    ),
    ("body_of_pair", "[{\"name\": \"script_key\", \"value\": \"§\"}, {\"name\": \"x\", \"value\": \"y\"}]"),
    ("body_in_xml", "<member><name>session_token</name><value><string>§</string></value></member>"),
    ("body_in_tag", "<ScriptKey>§</ScriptKey>"),
    ("body_in_yaml", "  api_key: \"§\""),
    ("body_in_bytes", "{b'session_token': b'§'}"),
    ("key_of_constructor", "sg = shotgun_api3.Shotgun('https://studio.example.com', 'toolkit', '§')"),
    ("key_of_keyword", "Shotgun(base_url='https://studio.example.com', script_name='toolkit', api_key='§')"),
    ("key_of_environment", "environ({'HOME': '/x', 'TK_SCRIPT_KEY': '§', 'LANG': 'C'})"),
    ("key_in_columns", "SHOTGUN_API_KEY                §"),
    ("key_of_option", "tank --script-key § setup_project"),
    ("key_refused", "Can't authenticate script 'toolkit' with api key '§'"),
    // Serialised user and context.
    (
        "user_as_json",
        "SHOTGUN_DESKTOP_CURRENT_USER={\"type\": \"SessionUser\", \"data\": {\"http_proxy\": null, \"login\": \"§\", \"session_token\": \"§\"}}",
    ),
    ("user_as_pickle", "SHOTGUN_DESKTOP_CURRENT_USER=(dp0\\nS'session_token'\\np1\\nS'§'\\np2\\ns."),
    ("user_as_base", "SHOTGUN_DESKTOP_CURRENT_USER=gAJ9cQAoVQR0eXBl§§"),
    (
        "context_as_json",
        "SGTK_CONTEXT={\"project\": {\"type\": \"Project\", \"id\": 1}, \"_pc_user\": {\"login\": \"§\", \"session_token\": \"§\"}}",
    ),
    ("context_as_base", "'TANK_CONTEXT': 'KGRwMApTJ19wY19wYXRoJwpw§§'"),
    ("user_printed", "SessionUser(login='§', session_token='§', host='https://studio.example.com')"),
    // Arguments of calls.
    ("call", "Error calling sites::open(['joe', {'_session_id': '§'}], {'password': '§'})"),
    ("call_pair", "kwargs items: [('session_token', '§'), ('x', 1)]"),
    ("call_auth", "requests.post(url, auth=('joe', '§'), timeout=5)"),
    ("call_basic", "<HTTPBasicAuth> HTTPBasicAuth('joe', '§')"),
    // Git, Authorization.
    ("git_token", "git clone https://§@git.example.com/studio/tk-config.git failed"),
    (
        "git_user",
        "fatal: unable to access 'https://x-access-token:§@git.example.com/s/tk.git/': The requested URL returned error: 403",
    ),
    (
        "git_descriptor",
        "sgtk:descriptor:git?path=https%3A//joe%3A§%40git.example.com/s/tk.git&version=v1.0.0",
    ),
    (
        "git_fields",
        "{'type': 'git_branch', 'path': 'https://joe:§@git.example.com/s/tk.git', 'branch': 'main'}",
    ),
    ("git_header", "git -c http.extraHeader=\"AUTHORIZATION: basic §\" fetch"),
    ("git_environment", "SG_GITHUB_TOKEN_STUDIO=§"),
    ("header_bearer", "Authorization: Bearer §"),
    ("header_of_dict", "{'Authorization': 'Bearer §', 'Accept': 'application/json'}"),
    ("header_of_list", "{\"Authorization\": [\"Bearer §\"], \"Accept\": [\"*/*\"]}"),
    ("header_of_curl", "> Authorization: Basic §"),
    (
        "header_sent",
        "send: b'POST /api/v1/auth HTTP/1.1\\r\\nHost: studio.example.com\\r\\nAuthorization: Bearer §\\r\\nAccept: */*\\r\\n\\r\\n'",
    ),
    ("header_of_key", "curl -H \"X-Api-Key: §\" https://studio.example.com"),
    ("url_of_token", "GET /api/v1/schema?access_token=§ HTTP/1.1"),
    (
        "url_in_url",
        "https://studio.example.com/saml?return_to=https%3A%2F%2Fhost%2Fx%3Fsession_token%3D§%26y%3D1",
    ),
    ("url_with_password", "https://studio.example.com/login?user=joe&password=§#top"),
    // Payload of an action menu item.
    ("action_payload", "{'user_id': 5, 'user_login': 'joe', 'session_uuid': '§', 'ids': '1,2'}"),
    ("action_url", "shotgrid://process?user_login=joe&session_uuid=§&selected_ids=1"),
    // Cookies, single sign-on.
    ("cookie_sent", "Cookie: _session_id=§; csrf_token_u5=§"),
    ("cookie_set", "< set-cookie: shotgun_sso_session=§; path=/; HttpOnly"),
    ("cookie_of_dict", "{'Set-Cookie': 'sid=§; path=/', 'Date': 'x'}"),
    ("cookie_jar", "<RequestsCookieJar[<Cookie shotgun_current=§ for studio.example.com/>]>"),
    ("cookie_printed", "Cookie(version=0, name='shotgun_current', value='§', port=None)"),
    ("cookie_of_qt", "QNetworkCookie(\"shotgun_current=§; domain=studio.example.com; path=/\")"),
    ("cookie_of_debug", "header: Set-Cookie: sid=§; path=/"),
    ("sso_form", "SAMLResponse=§%3D%3D&RelayState=x"),
    ("sso_field", "<input type=\"hidden\" name=\"SAMLResponse\" value=\"§\"/>"),
    ("sso_claims", "csrf-token: §"),
    ("sso_metadata", "'session_metadata': '§'"),
    // Who someone is.
    ("home_linux", "/home/§/projects/x.ma"),
    ("home_mac", "/Users/§/Library/Caches/Shotgun"),
    ("home_windows", "C:\\Users\\§\\AppData\\Roaming\\Shotgun"),
    ("home_server", "\\\\filer\\profiles$\\§\\prefs"),
    ("home_in_url", "file:///home/§/x.ma"),
    ("mail", "mail from §@studio.example.com bounced"),
];

/// How a text is written into another one.
const FORMS: &[(&str, fn(&str) -> String)] = &[
    ("raw", str::to_owned),
    ("json", |text| format!("{{\"message\": \"{}\", \"level\": 10}}", json(text))),
    ("json_twice", |text| format!("{{\"body\": \"{{\\\"message\\\": \\\"{}\\\"}}\"}}", json(&json(text)))),
    ("encoded", |text| format!("body={}", percent(text, ""))),
    ("bytes", |text| format!("b'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))),
];

fn json(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn percent(text: &str, keep: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b) || keep.as_bytes().contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks_exact(6)
        .map(|six| char::from(DIGITS[six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit))]))
        .collect()
}

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
    let own_log = fs::read_dir(world.path("state")).unwrap().count();
    assert!(own_log > 0);
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
