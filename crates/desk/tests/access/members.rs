//! People and scripts that whoever has the folder adds.

use crate::{http, person, start};
use serde_json::{Value, json};

#[test]
fn whoever_has_the_folder_adds_people_and_scripts_while_the_desk_runs() {
    let (folder, desk) = start(|_| ());
    let ready = desk.ready();
    let new = |login: &str, group: Option<&str>, password: &str| desk::NewPerson {
        login: login.to_owned(),
        name: Some("Alice Kim".to_owned()),
        group: group.map(str::to_owned),
        password: password.to_owned(),
    };
    let add = |person: &desk::NewPerson| desk::add_person(folder.path(), person);
    assert!(add(&new("alice", Some("client"), "pa55 word")).unwrap());
    let allowed = |auth: &Value| {
        http::call_as(ready, auth, "create", http::ticket(ready, "x")).get("exception").is_none()
    };
    assert!(!allowed(&person("alice")));
    assert!(!add(&new("ALICE", Some("manager"), "pa55 word")).unwrap(), "the same person");
    assert!(allowed(&person("alice")));
    assert!(!add(&new("alice", None, "another word")).unwrap());
    assert!(!allowed(&person("alice")), "the old password");
    assert!(matches!(add(&new("bob", None, "short")), Err(desk::MemberError::ShortPassword)));
    let error = add(&new("bob", Some("nobody"), "long enough")).unwrap_err();
    assert!(error.to_string().contains("'nobody'") && error.to_string().contains("artist"), "{error}");

    let key = desk::add_script(folder.path(), "farm", Some("api_agent")).unwrap();
    let farm = |key: &str| json!({"script_name": "farm", "script_key": key});
    assert!(allowed(&farm(&key)));
    let schema = json!({"type": "Ticket", "data_type": "text", "properties": [{"property_name": "name", "value": "X"}]});
    assert_eq!(http::call_as(ready, &farm(&key), "schema_field_create", schema)["error_code"], 104);
    let sudo = json!({"script_name": "farm", "script_key": key, "sudo_as_login": "support"});
    assert!(!allowed(&sudo), "a lesser script acts as itself");
    let newer = desk::add_script(folder.path(), "farm", None).unwrap();
    assert!(!allowed(&farm(&key)) && allowed(&farm(&newer)));
    assert!(matches!(
        desk::add_script(folder.path(), "tk-incident", None),
        Err(desk::MemberError::OwnScript)
    ));
    let nowhere = tempfile::tempdir().unwrap();
    assert!(matches!(desk::add_script(nowhere.path(), "x", None), Err(desk::MemberError::NoDesk { .. })));
}
