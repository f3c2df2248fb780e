//! What an answer looks like.

use super::VERSION;
use crate::version;
use serde_json::{Value, json};

/// The code of an answer to a request of a later version.
pub const NOT_UNDERSTOOD: &str = "not_understood";
/// The code of an answer to what is no request.
pub const MALFORMED: &str = "malformed";
/// The code of an answer of an agent that is ending; who hears it starts another, or asks the one that is started.
pub const STOPPING: &str = "stopping";

/// The code of an answer of an agent that has no room for more of this.
pub(crate) const BUSY: &str = "busy";

/// It is done, or will be.
pub(crate) fn accepted() -> Value {
    json!({ "ok": true, "pid": std::process::id() })
}

/// It is not done.
pub(crate) fn refused(why: &str) -> Value {
    json!({ "ok": false, "error": why })
}

/// It is not done, for a reason that programs act on.
pub(crate) fn refused_as(code: &str, why: &str) -> Value {
    json!({ "ok": false, "error": why, "code": code })
}

/// Every answer says of which version it and the agent are.
pub(super) fn signed(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("v".to_owned(), VERSION.into());
        fields.insert("version".to_owned(), version::this().into());
    }
    answer
}

/// An answer as it goes over the channel.
pub(super) fn line(answer: Value) -> String {
    format!("{}\n", signed(answer))
}
