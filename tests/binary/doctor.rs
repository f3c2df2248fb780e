//! `doctor`: with and without an agent, for a site that is well and for each way it can be ill.

use crate::world::{World, error, json_lines, words};
use serde_json::{Value, json};

/// The checks, as (name, verdict, what was found), and the summary that must fit them.
fn examined(world: &World, config: &str) -> (Vec<(String, String, String)>, Option<i32>) {
    // What is in the home folder of whoever runs the tests is not looked at.
    let mut program = world.program();
    program.env("HOME", world.path("home")).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    let output = program.args(["--json", "doctor", "--config", config]).output().unwrap();
    let mut lines = json_lines(&output);
    let summary = lines.pop().unwrap();
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let checks: Vec<_> =
        lines.iter().map(|line| (text(line, "name"), text(line, "verdict"), text(line, "found"))).collect();
    let count = |verdict: &str| checks.iter().filter(|check| check.1 == verdict).count();
    let expected = json!({ "type": "summary", "v": 1, "pass": count("pass"), "warn": count("warn"), "fail": count("fail") });
    assert_eq!(summary, expected, "{}", words(&output));
    assert_eq!(output.status.code(), Some(i32::from(count("fail") > 0)), "{}", words(&output));
    for line in &lines {
        let name = line["name"].as_str().unwrap();
        assert!(agent::doctor::NAMES.contains(&name), "docs/doctor.md does not explain {name}");
        assert_eq!(
            line["advice"].is_null(),
            line["verdict"] == "pass",
            "what is not well has its advice: {line}"
        );
    }
    (checks, output.status.code())
}

/// The verdict and the words of one check.
fn of<'c>(checks: &'c [(String, String, String)], name: &str) -> (&'c str, &'c str) {
    let check = checks.iter().find(|check| check.0 == name);
    let check = check.unwrap_or_else(|| panic!("no check {name} in {checks:#?}"));
    (&check.1, &check.2)
}

#[test]
fn all_is_well_beside_a_running_agent_and_without_one() {
    let mut world = World::running();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the ticket", |status| status["tickets"] == 1);
    let config = world.config().display().to_string();
    let (checks, code) = examined(&world, &config);
    let verdicts: Vec<_> = checks.iter().map(|check| (check.0.as_str(), check.1.as_str())).collect();
    let expected = [
        "settings",
        "program",
        "state folder",
        "log folder",
        "agent",
        "autostart",
        "site",
        "clock",
        "login",
        "project",
        "ticket entity",
        "creating",
        "our fields",
        "attachments",
    ]
    .map(|name| (name, "pass"));
    assert_eq!(verdicts, expected);
    assert_eq!(code, Some(0));
    for (name, said) in [
        ("site", "directly, server 8.80.0"),
        ("login", "script user tk-incident"),
        ("project", "Incidents (1)"),
        ("creating", "1 ticket there"),
        ("agent", "follows 1 log, has seen 1 record"),
    ] {
        assert!(of(&checks, name).1.contains(said), "{checks:#?}");
    }
    world.stop_agent();
    let (checks, code) = examined(&world, &config);
    assert_eq!((of(&checks, "agent").0, of(&checks, "login").0, code), ("warn", "pass", Some(0)));
    let page = world.program().args(["doctor", "--config", &config]).env("COLUMNS", "80").output().unwrap();
    let said = String::from_utf8_lossy(&page.stdout);
    assert!(said.contains("13 passed, 1 warning, 0 failures"), "{}", words(&page));
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{}", words(&page));
}

#[test]
fn each_trouble_has_its_own_line() {
    let mut world = World::new();
    world.start_desk();
    let good = std::fs::read_to_string(world.config()).unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = world.url();
    let other_key = world.path("open_key.toml");
    std::fs::write(&other_key, "script_name = 'tk-incident'\nscript_key = 'wrong'\n").unwrap();
    for (from, to, name, verdict, said) in [
        (&*url, format!("http://{closed}"), "site", "fail", "(tried directly)"),
        (&url, "https://nobody..invalid".into(), "site", "fail", "`nobody..invalid` cannot be resolved"),
        (&url, format!("http://site.example'\nproxy = '{closed}"), "proxy", "fail", "refused the connection"),
        (&url, url.replace("http:", "https:"), "certificates", "fail", "no TLS connection"),
        ("[limits]", "proxy = 'proxy.example:x'\n[limits]".into(), "proxy", "fail", "no usable port"),
        (
            &url,
            format!("{}'\nca_file = 'nowhere.pem", url.replace("http:", "https:")),
            "certificates",
            "fail",
            "nowhere.pem",
        ),
        ("project_id = 1", "project_id = 77".into(), "project", "fail", "project 77 is not there"),
        ("project_id = 1", "project_id = 0".into(), "project", "pass", "of each session"),
        ("[limits]", "entity_type = 'Bug'\n[limits]".into(), "ticket entity", "fail", "does not offer"),
        (
            "[limits]",
            "[ticket]\nfields = { sg_nowhere = 'x' }\n[limits]".into(),
            "ticket.fields",
            "warn",
            "sg_nowhere",
        ),
        ("[limits]", "[watch]\nfolders = ['nowhere']\n[limits]".into(), "log folder", "warn", "`nowhere`"),
        ("gather_s = 0", "gater_s = 0".into(), "settings", "fail", "limits.gater_s"),
        // Who may read a file is told by its mode, on Unix.
        (
            "desk/script_key.toml",
            "open_key.toml".into(),
            "login",
            "fail",
            if cfg!(unix) { "can be read by others" } else { "" },
        ),
    ] {
        assert!(good.contains(from), "{from} in {good}");
        std::fs::write(world.path("ill.toml"), good.replace(from, &to)).unwrap();
        if name == "login" {
            set_mode(&other_key, 0o644);
        }
        let (checks, _) = examined(&world, "ill.toml");
        let found = of(&checks, name);
        assert!(found.0 == verdict && found.1.contains(said), "{to}: {checks:#?}");
    }
    // The same key, private by now, is still the wrong one.
    set_mode(&other_key, 0o600);
    let (checks, code) = examined(&world, "ill.toml");
    assert!(of(&checks, "login").1.to_lowercase().contains("authenticate"), "{checks:#?}");
    assert_eq!(code, Some(1));
    assert!(!format!("{checks:?}").contains("'wrong'"));
}

fn set_mode(path: &std::path::Path, mode: u32) {
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}

#[test]
fn an_artists_session_is_looked_for_and_never_used() {
    let mut world = World::new();
    world.start_desk();
    world.set(&format!("[site]\nurl = '{}'\nproject_id = 1", world.url()));
    let config = world.config().display().to_string();
    let (checks, code) = examined(&world, &config);
    assert_eq!((of(&checks, "toolkit session").0, of(&checks, "login").0, code), ("warn", "warn", Some(0)));
    std::fs::create_dir_all(world.path("home/127.0.0.1")).unwrap();
    let cache = world.path("home/127.0.0.1/authentication.yml");
    std::fs::write(
        &cache,
        "current_user: alice\nusers:\n- login: alice\n  session_token: Zx81kfjw0qmv7Ld3\n",
    )
    .unwrap();
    set_mode(&cache, 0o600);
    let (checks, _) = examined(&world, &config);
    let session = of(&checks, "toolkit session");
    assert!(session.0 == "pass" && session.1.starts_with("alice is signed in"), "{checks:#?}");
    assert!(of(&checks, "ticket entity").1.contains("not looked at"), "{checks:#?}");
    assert!(!format!("{checks:?}").contains("Zx81kfjw0qmv7Ld3"));
}

#[test]
fn a_clock_that_differs_from_the_sites_is_told() {
    for (ahead_s, verdict, said) in
        [(0, "pass", "agree"), (600, "warn", "behind the site"), (-600, "warn", "ahead of the site")]
    {
        let mut world = World::new();
        world.clock_ahead_s = ahead_s;
        world.start_desk();
        let config = world.config().display().to_string();
        let (checks, _) = examined(&world, &config);
        let clock = of(&checks, "clock");
        assert!(clock.0 == verdict && clock.1.contains(said), "{ahead_s}: {checks:#?}");
    }
}

#[test]
fn a_site_without_tickets_and_an_agent_in_trouble_are_told() {
    let mut world = World::new();
    world.without = vec!["Ticket".to_owned()];
    world.start_desk();
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.status_when("the trouble", |status| !status["site"]["trouble"].is_null());
    let config = world.config().display().to_string();
    let (checks, _) = examined(&world, &config);
    assert_eq!(of(&checks, "ticket entity").0, "fail");
    assert!(
        checks.iter().any(|check| check.0 == "agent" && check.2.contains("it cannot file")),
        "{checks:#?}"
    );
}

#[test]
fn setup_site_shows_what_it_would_create_and_creates_it_when_asked_to() {
    let mut world = World::new();
    world.missing_fields =
        ["key", "count", "last_seen"].map(|field| format!("Ticket.sg_incident_{field}")).to_vec();
    world.start_desk();
    let config = world.config().display().to_string();
    let (checks, code) = examined(&world, &config);
    assert!(
        of(&checks, "our fields").1.contains("no sg_incident_key, sg_incident_count, sg_incident_last_seen")
    );
    assert_eq!((of(&checks, "our fields").0, code), ("warn", Some(0)));

    let setup =
        |extra: &[&str]| world.run(&[&["doctor", "--config", &config, "--setup-site"], extra].concat());
    let shown = setup(&[]);
    assert_eq!(shown.status.code(), Some(1), "{}", words(&shown));
    let said = words(&shown);
    assert!(said.contains("create  sg_incident_count, number, shown as “Incident Count”"), "{said}");
    assert!(said.contains("nothing was created"), "{said}");
    assert_eq!(of(&examined(&world, &config).0, "our fields").0, "warn", "showing creates nothing");

    let made = setup(&["--yes"]);
    assert_eq!(made.status.code(), Some(0), "{}", words(&made));
    assert!(words(&made).contains("created sg_incident_last_seen"), "{}", words(&made));
    assert_eq!(of(&examined(&world, &config).0, "our fields").0, "pass");
    let again = setup(&["--yes", "--json"]);
    let object: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((again.status.code(), &object["created"]), (Some(0), &json!([])), "{object:#}");

    // And they are of use.
    world.start_agent();
    world.append("tk-maya.log", &error("one"));
    world.append("tk-maya.log", &error("one"));
    world.expect_tickets(&[("", 2)]);
}

#[test]
fn logs_that_are_not_cleaned_are_a_warning() {
    let mut world = World::new();
    world.start_desk();
    world.set("[evidence]\nraw_log = \"yes, attach logs without redaction\"");
    let config = world.config().display().to_string();
    let (checks, _) = examined(&world, &config);
    let (verdict, words) = of(&checks, "evidence");
    assert!(verdict == "warn" && words.contains("every secret"), "{words}");
}
