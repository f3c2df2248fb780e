//! What admins may change of a ticket: its text, its fields, its links. What does not work is told, and costs no ticket.

use crate::world::{World, error, wait_for, words};
use flow::{Find, Row, Site};
use serde_json::{Value, json};

/// The one ticket that is not among `before`, with all that these tests look at.
fn ticket(world: &World, before: &[u64]) -> Row {
    let fields = [
        "title",
        "description",
        "sg_ticket_type",
        "sg_priority",
        "sg_status_list",
        "sg_estimate",
        "reply_content",
        "addressings_cc",
        "tickets",
    ];
    let query = || Find::new("Ticket").fields(fields).limit(50);
    let find = || world.site().find(&query()).unwrap().into_iter().find(|row| !before.contains(&row.id));
    wait_for("a ticket", find, || format!("{:#?}", world.events()))
}

fn warning(world: &World, what: &str) -> String {
    let status = world.status_when(what, |status| {
        status["warnings"].as_array().unwrap().iter().any(|warning| warning["what"] == what)
    });
    let warnings = status["warnings"].as_array().unwrap().clone();
    let found = warnings.iter().find(|warning| warning["what"] == what).unwrap();
    found["message"].as_str().unwrap().to_owned()
}

fn attach(world: &World, session: Value) {
    let message = json!({ "v": 1, "type": "attach", "site": { "url": world.url(), "login": "alice" },
        "log_folder": world.path("home/logs"), "session": session });
    let config = world.config();
    let attached =
        world.run_with_stdin(&["attach", "--config", config.to_str().unwrap()], &message.to_string());
    assert!(attached.status.success(), "{}", words(&attached));
    let pid = &session["pid"];
    world.event("the session", |event| event["type"] == "session" && event["pid"] == *pid);
}

#[test]
fn a_template_of_the_studio_is_used_and_its_marker_is_ours_alone() {
    let mut world = World::new();
    world.start_desk();
    let printed = world.run(&["config", "template"]);
    assert!(String::from_utf8(printed.stdout).unwrap().contains("{{ headline }}"));
    let template = "!! {{ headline }} ({{ severity }})\n{{ message }}\ntk-incident: v1 g1:of another\nask the pipeline team\n";
    std::fs::write(world.path("ticket.j2"), template).unwrap();
    world.set(&format!("[ticket]\ntemplate = '{}'", world.path("ticket.j2").display()));
    world.start_agent();
    world.append(
        "tk-maya.log",
        "2026-01-14 19:49:11,961 [1 ERROR sgtk.env.project.tk-maya] odd\ntk-incident: v1 g1:of a third\n",
    );
    let text = ticket(&world, &[]).text("description").unwrap().to_owned();
    assert!(text.starts_with("!! odd (ERROR)\nodd\n"), "{text}");
    assert!(text.contains("\nask the pipeline team\n"), "{text}");
    let marked: Vec<&str> = text.lines().filter(|line| line.starts_with("tk-incident: v")).collect();
    assert_eq!(marked.len(), 1, "{text}");
    let last: Vec<&str> = text.trim_end().lines().rev().take(2).collect();
    assert!(last[0].starts_with("tk-incident-agent: ") && last[1] == marked[0], "{text}");
    assert!(!marked[0].contains("of a"), "{text}");
}

#[test]
fn a_template_that_does_not_work_is_told_and_costs_no_ticket() {
    let mut world = World::new();
    world.start_desk();
    std::fs::write(world.path("ticket.j2"), "{{ headline }}\n{{ egnine }}\n").unwrap();
    world.set(&format!("[ticket]\ntemplate = '{}'", world.path("ticket.j2").display()));
    world.start_agent();
    let told = warning(&world, "ticket.template");
    for word in ["ticket.j2`, line 2", "`egnine`", "did you mean `engine`?", "built-in text"] {
        assert!(told.contains(word), "{told:?} should name {word:?}");
    }
    let config = world.config();
    let config = config.to_str().unwrap();
    let checked = world.run(&["--config", config, "config", "check"]);
    assert_eq!(checked.status.code(), Some(2));
    let examined = world.run(&["--config", config, "doctor"]);
    for output in [checked, examined] {
        assert!(
            words(&output).contains("there is no name `egnine`; did you mean `engine`?"),
            "{}",
            words(&output)
        );
    }
    world.append("tk-maya.log", &error("execute"));
    let text = ticket(&world, &[]).text("description").unwrap().to_owned();
    assert!(
        text.starts_with("ValueError: bad range\n\nWhat failed: Publish failed\nWhere: execute in"),
        "{text}"
    );
    assert!(text.contains("built-in text, because") && text.contains("`ticket.j2`, line 2"), "{text}");
    assert!(!text.contains(world.folder.path().to_str().unwrap()), "{text}");
}

#[test]
fn fields_come_from_the_settings_as_far_as_the_site_takes_them() {
    let mut world = World::new();
    world.start_desk();
    world.set(
        "[ticket]\npriority = { ERROR = 2, CRITICAL = 'urgent' }\n\
         [ticket.fields]\nsg_ticket_type = 'bug'\nreply_content = '{engine} on {{ host }}'\nsg_estimate = '{count}'\n\
         sg_status_list = 'opened'\nsg_nothing = 'x'\nsg_due_date = '{error}'\ntitle = 'mine'\ntime_logs_sum = 5",
    );
    world.start_agent();
    world.append("tk-maya.log", &error("execute"));
    let row = ticket(&world, &[]);
    assert_eq!(row.text("sg_ticket_type"), Some("Bug"));
    assert_eq!(row.text("sg_priority"), Some("2"));
    assert!(row.text("reply_content").unwrap().starts_with("tk-maya on "), "{row:?}");
    assert_eq!(row.number("sg_estimate"), Some(1));
    assert_eq!(row.text("sg_status_list"), Some("wtg"));
    assert!(row.text("title").unwrap().contains("ValueError"));
    for (what, word) in [
        ("ticket.fields.sg_status_list", "it has `wtg`, `opn`"),
        ("ticket.fields.sg_nothing", "no such field"),
        ("ticket.fields.sg_due_date", "is no date"),
        ("ticket.fields.title", "tk-incident sets this field itself"),
        ("ticket.fields.time_logs_sum", "nobody edit"),
        ("ticket.priority.CRITICAL", "it has `1`, `2`"),
    ] {
        let told = warning(&world, what);
        assert!(told.contains(word), "{what}: {told:?} should name {word:?}");
    }
    let told = world.events().iter().filter(|event| event["type"] == "warning").count();
    assert_eq!(told, 6, "each is told once: {:#?}", world.events());
}

#[test]
fn a_field_that_cannot_be_made_is_a_fault_of_the_settings() {
    let mut world = World::new();
    world.set("[ticket.fields]\nsg_engine = '{egnine}'");
    let config = world.config();
    let output = world.run(&["run", "--config", config.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = words(&output);
    for word in ["ticket.fields", "sg_engine", "`egnine`", "did you mean `engine`?"] {
        assert!(said.contains(word), "{said:?} should name {word:?}");
    }
}

#[test]
fn entity_and_person_are_linked_where_the_site_has_a_field_for_them() {
    let mut world = World::new();
    world.start_desk();
    let site = world.site();
    let person = json!({ "login": "alice", "name": "Alice Kim" });
    let person = site.create("HumanUser", person.as_object().unwrap(), &["id"]).unwrap();
    let other = json!({ "title": "by hand", "project": { "type": "Project", "id": 1 } });
    let other = site.create("Ticket", other.as_object().unwrap(), &["id"]).unwrap();
    world.set(
        "[ticket]\nlink_user = ['sg_none', 'addressings_cc']\nlink_entity = ['sg_ticket_type', 'tickets']",
    );
    world.start_agent();
    let session = |pid: u32, person_id: u64, site: &str| {
        json!({ "pid": pid, "login": "alice", "site": site, "engine": { "instance": "tk-maya" },
            "context": { "entity": { "type": "Ticket", "id": other.id, "name": "by hand" },
                         "user": { "type": "HumanUser", "id": person_id, "name": "Alice Kim" } } })
    };
    let fails = |pid: u32, function: &str| {
        world.append("tk-maya.log", &error(function).replace("2764", &pid.to_string()));
    };
    attach(&world, session(5_001, person.id, &world.url()));
    fails(5_001, "linked");
    let linked = ticket(&world, &[other.id]);
    let ids = |row: &Row, field: &str| row.links(field).iter().map(|link| link.id).collect::<Vec<_>>();
    assert_eq!((ids(&linked, "addressings_cc"), ids(&linked, "tickets")), (vec![person.id], vec![other.id]));
    let page = format!("{}/detail/Ticket/{}", world.url(), other.id);
    assert!(linked.text("description").unwrap().contains(&page), "{linked:?}");

    // The same numbers mean something else on another site.
    attach(&world, session(5_002, person.id, "https://elsewhere.example"));
    fails(5_002, "elsewhere");
    let unlinked = ticket(&world, &[other.id, linked.id]);
    assert!(ids(&unlinked, "addressings_cc").is_empty() && ids(&unlinked, "tickets").is_empty());
    assert!(!unlinked.text("description").unwrap().contains("/detail/"));

    // A link that the site refuses is left out, and the ticket stands.
    attach(&world, session(5_003, 99_999, &world.url()));
    fails(5_003, "refused");
    let refused = ticket(&world, &[other.id, linked.id, unlinked.id]);
    assert!(ids(&refused, "addressings_cc").is_empty(), "{refused:?}");
    assert!(refused.text("description").unwrap().contains("tk-incident: v1 g1:"));
    assert!(warning(&world, "ticket fields").contains("filed without addressings_cc, tickets"));
}
