//! The JSON around every api3 call. Pure.

use serde_json::{Value, json};

/// Body of a call: method, auth object (absent for `info` only), arguments (left out when there are none).
pub(crate) fn request(method: &str, auth: Option<Value>, arguments: Option<Value>) -> Vec<u8> {
    let params: Vec<Value> = auth.into_iter().chain(arguments).collect();
    json!({"method_name": method, "params": params}).to_string().into_bytes()
}

/// What came back.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// The results, without their wrapping.
    Results(Value),
    /// The site said no. Faults come with HTTP 200.
    Fault { code: Option<i64>, message: String },
    /// JSON, but neither of both.
    Neither,
}

/// Opens an answer. `bare` accepts one without the `results` wrapping, as `info` gives it.
pub(crate) fn open(body: &[u8], bare: bool) -> Result<Reply, serde_json::Error> {
    let mut value: Value = serde_json::from_slice(body)?;
    let Some(map) = value.as_object_mut() else { return Ok(Reply::Neither) };
    if map.get("exception").is_some_and(|flag| flag != &Value::Bool(false) && !flag.is_null()) {
        let message = map.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
        return Ok(Reply::Fault { code: map.get("error_code").and_then(Value::as_i64), message });
    }
    Ok(match map.remove("results") {
        Some(results) => Reply::Results(results),
        None if bare => Reply::Results(value),
        None => Reply::Neither,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_what_is_not_there() {
        assert_eq!(request("info", None, None), br#"{"method_name":"info","params":[]}"#);
        let body = request("get_session_token", Some(json!({"a": 1})), None);
        assert_eq!(body, br#"{"method_name":"get_session_token","params":[{"a":1}]}"#);
    }

    #[test]
    fn tells_results_from_faults() {
        let opened = |text: &str, bare| open(text.as_bytes(), bare).expect("json");
        assert_eq!(opened(r#"{"results":[1]}"#, false), Reply::Results(json!([1])));
        assert_eq!(opened(r#"{"version":[8]}"#, true), Reply::Results(json!({"version": [8]})));
        assert_eq!(opened(r#"{"version":[8]}"#, false), Reply::Neither);
        assert_eq!(opened("[]", true), Reply::Neither);
        assert_eq!(
            opened(r#"{"exception":true,"error_code":102,"message":"no"}"#, false),
            Reply::Fault { code: Some(102), message: "no".to_owned() }
        );
        assert_eq!(
            opened(r#"{"exception":true}"#, true),
            Reply::Fault { code: None, message: String::new() }
        );
        assert!(open(b"<html>", false).is_err());
        assert!(open("[".repeat(100_000).as_bytes(), false).is_err());
    }
}
