//! One line of a client of the control channel, and a stand-in for the agent that answers.

use agent::control::{MALFORMED, NOT_UNDERSTOOD, Request, respond};
use serde_json::{Value, json};
use std::cell::RefCell;

/// Any bytes have one answer: a JSON object on one line, of this version, done or not done. What is refused is refused for
/// one of two reasons and never quoted. A field that nobody knows and blanks around the request change nothing; a larger
/// version is never understood. What a request holds that is secret does not show when the request is printed.
pub fn channel(input: &[u8]) {
    let (answer, printed) = answered(input);
    let line = answer.to_string();
    assert!(!line.contains('\n'));
    assert_eq!(answer["v"], 1);
    assert!(answer["version"].as_str().is_some_and(|version| !version.is_empty()));
    let Some(ok) = answer["ok"].as_bool() else { panic!("{answer}") };
    assert_eq!(ok, printed.is_some(), "what is refused does not reach the agent");
    if !ok {
        let code = answer["code"].as_str().unwrap_or_default();
        assert!([MALFORMED, NOT_UNDERSTOOD].contains(&code), "{answer}");
        // Its words are ours, so their number is small.
        let said = answer["error"].as_str().unwrap_or_default();
        assert!(said.len() < 80 && said.is_ascii(), "{said:?}");
    }

    let blanks = [b" \t".as_slice(), input, b" \r\n"].concat();
    let again = answered(&blanks).0;
    // Of what breaks off the error is another one when blanks follow.
    assert_eq!((&again["ok"], &again["code"]), (&answer["ok"], &answer["code"]), "blanks around it");

    let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(input) else { return };
    // Once more as it was understood: of a name that is there twice, one is left.
    let plain = Value::Object(fields.clone());
    let mut more = fields.clone();
    more.insert("of_a_later_version".to_owned(), json!({ "a": [1] }));
    let verdict = |value: &Value| answered(value.to_string().as_bytes()).0["ok"].clone();
    assert_eq!(verdict(&Value::Object(more)), verdict(&plain), "an unknown field");
    let mut later = fields;
    later.insert("v".to_owned(), json!(2));
    assert_eq!(answered(Value::Object(later).to_string().as_bytes()).0["code"], NOT_UNDERSTOOD);

    let token = plain["site"]["session_token"].as_str().filter(|token| token.len() >= 8);
    if let (Some(token), Some(printed)) = (token, printed)
        && plain.to_string().matches(token).count() == 1
    {
        assert!(!printed.contains(token), "{printed}");
    }
}

/// The answer, and the request as it is printed if the stand-in was asked.
fn answered(line: &[u8]) -> (Value, Option<String>) {
    let printed = RefCell::new(None);
    let answer = respond(line, |request| {
        *printed.borrow_mut() = Some(format!("{request:?}"));
        match request {
            Request::Report(report) => drop(report.check()),
            Request::Unknown => panic!("an unknown request reaches nobody"),
            _ => {}
        }
        json!({ "ok": true })
    });
    (answer, printed.into_inner())
}
