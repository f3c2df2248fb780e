//! A desk, and rows on it, by api3 alone.

use desk::{Desk, DeskOptions, Ready};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http;

/// When it is on the desk: far from the ends of hours, days and weeks, so that a test may take its time.
pub(crate) const NOW: &str = "2030-03-13T10:00:00Z";

pub(crate) struct Site {
    desk: Desk,
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn start() -> Site {
        let folder = tempfile::tempdir().unwrap();
        let there: Timestamp = NOW.parse().unwrap();
        let options = DeskOptions {
            data: folder.path().to_owned(),
            clock_ahead_s: there.as_second() - Timestamp::now().as_second(),
            ..DeskOptions::default()
        };
        Site { desk: Desk::start(options).unwrap(), folder }
    }

    pub(crate) fn ready(&self) -> &Ready {
        self.desk.ready()
    }

    /// A direct look at the database: for what no client may write.
    pub(crate) fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("desk.db")).unwrap()
    }

    /// The results of a call that has to succeed.
    pub(crate) fn call(&self, method: &str, arguments: &Value) -> Value {
        let mut answer = http::call(self.ready(), method, arguments.clone());
        assert!(answer.get("results").is_some(), "{method} {arguments} -> {answer}");
        answer["results"].take()
    }

    /// The text of a call that has to be refused.
    pub(crate) fn refusal(&self, method: &str, arguments: &Value) -> String {
        let answer = http::call(self.ready(), method, arguments.clone());
        assert_eq!(answer["exception"], true, "{method} {arguments} -> {answer}");
        answer["message"].as_str().unwrap().to_owned()
    }

    /// Creates a row; gives its link.
    pub(crate) fn create(&self, kind: &str, fields: Value) -> Value {
        let row = self.call("create", &json!({"type": kind, "fields": pairs(&fields)}));
        json!({"type": kind, "id": row["id"]})
    }

    /// Creates many rows at once; gives their ids.
    pub(crate) fn create_all(&self, kind: &str, rows: &[Value]) -> Vec<i64> {
        let requests: Vec<Value> = rows
            .iter()
            .map(|fields| json!({"request_type": "create", "type": kind, "fields": pairs(fields), "return_fields": ["id"]}))
            .collect();
        let made = if requests.is_empty() { json!([]) } else { self.call("batch", &Value::from(requests)) };
        made.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    pub(crate) fn retire(&self, kind: &str, id: i64) {
        assert_eq!(self.call("delete", &json!({"type": kind, "id": id})), true);
    }

    /// The ids of the rows that a `read` finds, in its order.
    pub(crate) fn ids(&self, arguments: &Value) -> Vec<i64> {
        let found = self.call("read", arguments);
        found["entities"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }
}

fn pairs(fields: &Value) -> Value {
    let fields = fields.as_object().unwrap();
    fields.iter().map(|(name, value)| json!({"field_name": name, "value": value})).collect()
}

/// One condition of a filter.
pub(crate) fn condition(path: &str, relation: &str, values: Value) -> Value {
    let values = if values.is_array() { values } else { json!([values]) };
    json!({"path": path, "relation": relation, "values": values})
}

pub(crate) fn all(conditions: &[Value]) -> Value {
    json!({"logical_operator": "and", "conditions": conditions})
}
