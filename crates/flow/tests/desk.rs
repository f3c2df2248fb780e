//! The client against the real desk: everything the agent does, in both upload forms and with both kinds of sign-in.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use desk::{Desk, DeskOptions};
use flow::{
    Api3, Credentials, Direction, Fields, Filter, Find, FlowErrorKind as Kind, Site, SiteOptions, Upload,
    UploadForm,
};
use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;

struct Bench {
    desk: Desk,
    folder: TempDir,
    site: Api3,
    project_id: u64,
}

fn start(uploads: desk::UploadForm, disabled_entities: &[&str]) -> Bench {
    let folder = tempfile::tempdir().expect("a folder");
    let disabled_entities = disabled_entities.iter().map(|name| (*name).to_owned()).collect();
    let data = folder.path().join("desk");
    let desk = Desk::start(DeskOptions { data, uploads, disabled_entities, ..DeskOptions::default() })
        .expect("a desk");
    let ready = desk.ready();
    let mut site = flow::connect(SiteOptions::new(&ready.url)).expect("a good address");
    let key = SecretString::from(ready.script_key.as_str());
    site.set_credentials(Some(Credentials::Script { name: ready.script_name.clone(), key }));
    let project_id = u64::try_from(ready.project_id).expect("an id");
    Bench { desk, folder, site, project_id }
}

fn ticket(project_id: u64) -> Fields {
    let fields = json!({
        "title": "alice - ValueError: 값이 없습니다 in publish [k7m2q9xd]",
        "description": "what < happened & when\nsignature: g1:k7m2q9xd",
        "project": {"type": "Project", "id": project_id},
        "sg_status_list": "opn",
    });
    fields.as_object().expect("an object").clone()
}

/// Create, find again by description and title, update, reply, attach, and read everything back.
fn one_incident(bench: &Bench) {
    let site: &dyn Site = &bench.site;
    site.check_login().expect("signed in");
    let fields = site.fields("Ticket").expect("fields");
    assert!(fields.has("title") && fields.has("attachments") && !fields.has("sg_nope"));
    assert!(fields.valid_values("sg_status_list").is_some_and(|values| values.contains(&"opn".to_owned())));
    assert_eq!(fields.link_types("project"), ["Project"]);

    let created = site.create("Ticket", &ticket(bench.project_id), &["id", "created_at"]).expect("created");
    assert!(created.text("created_at").is_some(), "{created:?}");
    let by_description = Find::new("Ticket")
        .only(Filter::links_to("project", "Project", bench.project_id))
        .only(Filter::contains("description", "g1:k7m2q9xd"))
        .fields(["title", "description", "sg_status_list", "project", "attachments"])
        .sorted_by("id", Direction::Ascending)
        .limit(2);
    let found = site.find(&by_description).expect("found");
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [created.id]);
    assert_eq!(found[0].text("title"), created.text("title"));
    assert_eq!(found[0].text("description"), Some("what < happened & when\nsignature: g1:k7m2q9xd"));
    assert_eq!(found[0].link_id("project"), Some(bench.project_id));
    let by_title = Find::new("Ticket").only(Filter::is("title", found[0].text("title").unwrap_or_default()));
    assert_eq!(site.find(&by_title).expect("found").len(), 1);
    assert_eq!(site.find(&by_title.clone().retired(true)).expect("nothing").len(), 0);

    let fields = Fields::from_iter([("sg_status_list".to_owned(), json!("res"))]);
    assert_eq!(
        site.update("Ticket", created.id, &fields).expect("updated").text("sg_status_list"),
        Some("res")
    );
    let reply = site.reply(created.id, "happened again, 51 times by now").expect("replied");
    let read = Find::new("Reply").only(Filter::is("id", reply.id)).fields(["content", "entity"]);
    let read = site.find(&read).expect("the reply");
    assert_eq!(read[0].text("content"), Some("happened again, 51 times by now"));
    assert_eq!(read[0].link_id("entity"), Some(created.id));

    let log = bench.folder.path().join("tk-maya.log");
    fs::write(&log, "2026-11-22 23:00:00 [ERROR] 오류\n".repeat(2_000)).expect("written");
    let log_id = attach(site, created.id, &log, "tk-maya 로그.log");
    let big = bench.folder.path().join("evidence.zip");
    let mut sparse = File::create(&big).expect("created");
    sparse.set_len(20_000_003).expect("sparse");
    for at in [0, 19_999_998, 20_000_001] {
        sparse.seek(SeekFrom::Start(at)).and_then(|_| sparse.write_all(b"!")).expect("marked");
    }
    let big_id = attach(site, created.id, &big, "evidence.zip");

    let row = &site.find(&by_description).expect("found")[0];
    let mut attached: Vec<u64> = row.links("attachments").iter().map(|link| link.id).collect();
    attached.sort_unstable();
    assert_eq!(attached, [log_id, big_id]);
    for (id, path) in [(log_id, &log), (big_id, &big)] {
        let mut bytes = Vec::new();
        assert_eq!(site.download(id, &mut bytes).expect("downloaded"), bytes.len() as u64);
        assert!(bytes == fs::read(path).expect("read"), "{} came back changed", path.display());
    }
}

fn attach(site: &dyn Site, ticket_id: u64, file: &Path, display_name: &str) -> u64 {
    let field = Some("attachments");
    site.upload(&Upload { entity_type: "Ticket", entity_id: ticket_id, field, file, display_name })
        .expect("attached")
}

#[test]
fn an_incident_with_the_classic_form() {
    let bench = start(desk::UploadForm::Classic, &[]);
    let form = bench.site.info().expect("info").upload_form("Ticket", Some("attachments"));
    assert_eq!(form, UploadForm::Classic);
    one_incident(&bench);
}

#[test]
fn an_incident_with_the_storage_form_and_a_session() {
    let mut bench = start(desk::UploadForm::Storage, &[]);
    let form = bench.site.info().expect("info").upload_form("Ticket", Some("attachments"));
    assert_eq!(form, UploadForm::Storage);
    let token = bench.site.session_token().expect("a token");
    bench.site.set_credentials(Some(Credentials::Session { token }));
    one_incident(&bench);
}

#[test]
fn many_rows_come_page_by_page() {
    let bench = start(desk::UploadForm::Classic, &[]);
    let page = bench.site.info().expect("info").page_size();
    assert!(page <= 500, "the desk's pages are small enough to fill: {page}");
    let ticket_id = bench.site.create("Ticket", &ticket(bench.project_id), &[]).expect("created").id;
    for number in 0..=page {
        bench.site.reply(ticket_id, &number.to_string()).expect("replied");
    }
    let all = Find::new("Reply").fields(["content"]).sorted_by("id", Direction::Ascending).limit(10_000);
    let rows = bench.site.find(&all).expect("rows");
    let numbers: Vec<_> = rows.iter().filter_map(|row| row.text("content")?.parse::<u32>().ok()).collect();
    assert_eq!(numbers, (0..=page).collect::<Vec<_>>());
}

#[test]
fn what_the_desk_refuses() {
    let mut bench = start(desk::UploadForm::Classic, &[]);
    let wrong = Fields::from_iter([("sg_nope".to_owned(), json!(1))]);
    let kind = |error: flow::FlowError| (*error.kind(), error.may_have_happened());
    let no_field = bench.site.create("Ticket", &wrong, &[]).expect_err("no such field");
    assert!(no_field.to_string().contains("sg_nope"), "{no_field}");
    assert_eq!(kind(no_field), (Kind::Fault, false));
    assert_eq!(
        kind(bench.site.update("Ticket", 999, &Fields::new()).expect_err("no such row")),
        (Kind::Fault, false)
    );
    assert_eq!(kind(bench.site.fields("Nonsense").expect_err("no such type")), (Kind::EntityMissing, false));
    assert_eq!(
        kind(bench.site.download(999, &mut Vec::new()).expect_err("no such file")),
        (Kind::Fault, false)
    );

    let log = bench.folder.path().join("x.log");
    fs::write(&log, "x").expect("written");
    let nowhere =
        Upload { entity_type: "Ticket", entity_id: 999, field: None, file: &log, display_name: "x.log" };
    assert_eq!(kind(bench.site.upload(&nowhere).expect_err("no such ticket")), (Kind::UploadRefused, false));

    let name = bench.desk.ready().script_name.clone();
    bench.site.set_credentials(Some(Credentials::Script { name, key: SecretString::from("wrong") }));
    assert_eq!(kind(bench.site.check_login().expect_err("wrong key")), (Kind::SignedOut, false));
    bench.site.set_credentials(Some(Credentials::Session { token: SecretString::from("expired") }));
    assert_eq!(kind(bench.site.check_login().expect_err("no session")), (Kind::SignedOut, false));
    assert_eq!(kind(bench.site.reply(1, "x").expect_err("no session")), (Kind::SignedOut, false));
}

#[test]
fn a_site_without_tickets() {
    let bench = start(desk::UploadForm::Classic, &["Ticket"]);
    let error = bench.site.fields("Ticket").expect_err("switched off");
    assert_eq!(*error.kind(), Kind::EntityMissing);
    assert!(error.to_string().contains("site preferences"), "{error}");
    let error = bench.site.create("Ticket", &ticket(bench.project_id), &[]).expect_err("switched off");
    assert_eq!((*error.kind(), error.may_have_happened()), (Kind::EntityMissing, false), "{error}");
    let error = bench.site.find(&Find::new("Ticket")).expect_err("switched off");
    assert_eq!(*error.kind(), Kind::EntityMissing, "{error}");
}

#[test]
fn a_desk_that_stops() {
    let bench = start(desk::UploadForm::Classic, &[]);
    bench.site.check_login().expect("signed in");
    drop(bench.desk);
    let error = bench.site.check_login().expect_err("gone");
    assert_eq!(*error.kind(), Kind::Unreachable);
}
