//! Trouble on demand: what is asked of the desk, as far as rules tell calls apart, and the words of rules for it. Pure.
//!
//! One word means the same thing in both protocols (`create`, `read`, `link`), so that a rule holds for a client whichever it speaks.
//! Which request is which call is in `route`.

use crate::injection::rule::{FaultRuleError, Mishap, list};

/// Calls of api3, of REST or of both.
const NAMES: [&str; 40] = [
    "info",
    "read",
    "create",
    "update",
    "delete",
    "revive",
    "batch",
    "summarize",
    "schema_read",
    "schema_entity_read",
    "schema_field_read",
    "schema_field_create",
    "schema_field_update",
    "schema_field_delete",
    "schema_field_revive",
    "get_session_token",
    "note_thread_contents",
    "activity_stream",
    "query_display_name_cache",
    "follow",
    "unfollow",
    "followers",
    "following",
    "update_project_last_accessed_by_current_user",
    "preferences_read",
    "work_schedule_read",
    "work_schedule_update",
    "export_page",
    "nav_expand",
    "nav_search",
    "user_subscriptions_read",
    "user_subscriptions_create",
    "token",
    "one",
    "list",
    "search",
    "relationship",
    "spec",
    "abort",
    "other",
];
/// Words for several calls, and for those outside the protocols.
const WORDS: [&str; 15] = [
    "any",
    "api3",
    "rest",
    "page",
    "schema",
    "write",
    "files",
    "upload",
    "thumbnail",
    "link-info",
    "put",
    "link-part",
    "complete",
    "link",
    "download",
];
/// Words for calls that are about a file and never tell a type.
const WITHOUT_TYPE: [&str; 12] = [
    "page",
    "files",
    "upload",
    "thumbnail",
    "put",
    "link-part",
    "complete",
    "download",
    "info",
    "token",
    "spec",
    "get_session_token",
];

/// Where a call comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/api3/json`
    Api3,
    /// `/api/v1` and `/api/v1.1`
    Rest,
    /// Uploads, the storage service and downloads.
    Files,
    /// What people look at.
    Page,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) door: Door,
    /// The method of api3, the operation of REST, the step of an upload.
    pub(crate) name: String,
    /// The entity type it is about, when it tells.
    pub(crate) entity: Option<String>,
}

impl Call {
    /// A call that tells no entity type.
    pub(crate) fn new(door: Door, name: &str) -> Call {
        Call { door, name: name.to_owned(), entity: None }
    }

    /// The entity type it is about, or a likely one.
    pub(crate) fn entity(&self) -> &str {
        self.entity.as_deref().unwrap_or("Attachment")
    }
}

/// Which calls a rule is about: `[api3:|rest:]WORD[:Type]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calls {
    door: Option<Door>,
    word: String,
    entity: Option<String>,
}

impl Calls {
    /// Reads what stands before a rule's `=`.
    pub(crate) fn read(text: &str) -> Result<Calls, FaultRuleError> {
        let mut parts: Vec<&str> = text.split(':').collect();
        let door = match parts[0] {
            "api3" => Some(Door::Api3),
            "rest" => Some(Door::Rest),
            _ => None,
        };
        let is_word = |part: &str| NAMES.contains(&part) || WORDS.contains(&part);
        // `rest:create:Ticket` has a word of its own, `rest:Ticket` does not.
        if door.is_some() {
            let owns = parts.get(1).is_some_and(|part| is_word(part) || !is_type(part));
            let word = if owns { parts.remove(1) } else { "any" };
            parts[0] = word;
        }
        let (word, entity) = match parts[..] {
            [word] => (word, None),
            [word, entity] => (word, Some(entity)),
            _ => return Err(FaultRuleError::new(format!("`{text}` is no call: write rest:create:Ticket"))),
        };
        if !is_word(word) {
            let words = list(WORDS.iter().chain(&NAMES));
            return Err(FaultRuleError::new(format!("no call `{word}`; there are {words}")));
        }
        if let Some(entity) = entity {
            if !is_type(entity) {
                let advice = format!("write {word}:Ticket");
                return Err(FaultRuleError::new(format!("`{entity}` is no entity type: {advice}")));
            }
            if WITHOUT_TYPE.contains(&word) {
                let advice = format!("calls such as create:{entity} can");
                return Err(FaultRuleError::new(format!("`{word}` cannot be told by entity type; {advice}")));
            }
        }
        Ok(Calls { door, word: word.to_owned(), entity: entity.map(str::to_owned) })
    }

    /// Refuses a trouble that these calls cannot have.
    pub(crate) fn suits(&self, mishap: &Mishap) -> Result<(), FaultRuleError> {
        let word = self.word.as_str();
        let wanted = match mishap {
            Mishap::Swallow if !["upload", "thumbnail", "put", "link"].contains(&word) => {
                "swallow is for upload, thumbnail, put and link"
            }
            Mishap::MissingEntity if self.entity.is_none() => "missing-entity needs a type: any:Ticket",
            Mishap::MissingField(_) if self.entity.is_none() => "missing-field needs a type: any:Ticket",
            _ => return Ok(()),
        };
        Err(FaultRuleError::new(format!("`{word}` does not go with that: {wanted}")))
    }

    /// Whether a call is one of these.
    pub(crate) fn cover(&self, call: &Call) -> bool {
        let name = call.name.as_str();
        let named = match self.word.as_str() {
            "any" => call.door != Door::Page,
            "page" => call.door == Door::Page,
            "schema" => name.starts_with("schema_"),
            "write" => ["create", "update", "delete", "revive", "batch", "upload", "thumbnail", "link"]
                .contains(&name),
            "files" => {
                call.door == Door::Files && name != "download"
                    || ["link-info", "link-part", "link", "abort"].contains(&name)
            }
            "read" => name == "read" || call.door == Door::Rest && ["one", "list", "search"].contains(&name),
            word => name == word,
        };
        named
            && self.door.is_none_or(|door| door == call.door)
            && (self.entity.is_none() || self.entity == call.entity)
    }
}

/// Whether a word is written as an entity type is.
fn is_type(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(door: Door, name: &str, entity: Option<&str>) -> Call {
        Call { door, name: name.to_owned(), entity: entity.map(str::to_owned) }
    }

    fn covered(calls: &str, call: &Call) -> bool {
        Calls::read(calls).unwrap_or_else(|error| panic!("{calls}: {error}")).cover(call)
    }

    #[test]
    fn a_word_means_the_same_in_both_protocols() {
        for (door, own, other) in [(Door::Api3, "api3", "rest"), (Door::Rest, "rest", "api3")] {
            let create = call(door, "create", Some("Ticket"));
            for calls in ["any", "create", "write", "create:Ticket", "any:Ticket"] {
                assert!(covered(calls, &create), "{calls}");
            }
            for calls in ["read", "create:Reply", "files", "upload", "schema", "page", other] {
                assert!(!covered(calls, &create), "{calls}");
            }
            for calls in ["", ":create", ":Ticket", ":create:Ticket", ":any:Ticket", ":write"] {
                assert!(covered(&format!("{own}{calls}"), &create), "{own}{calls}");
                assert!(!covered(&format!("{other}{calls}"), &create), "{other}{calls}");
            }
            assert!(covered("schema:Ticket", &call(door, "schema_field_read", Some("Ticket"))));
        }
    }

    #[test]
    fn reading_rows_over_rest_has_three_operations() {
        for name in ["one", "list", "search"] {
            let read = call(Door::Rest, name, Some("Ticket"));
            assert!(
                covered("read:Ticket", &read) && covered(name, &read) && covered("rest:read", &read),
                "{name}"
            );
        }
        assert!(!covered("list", &call(Door::Rest, "search", None)));
        assert!(!covered("token", &call(Door::Rest, "info", None)));
    }

    #[test]
    fn steps_of_uploads_are_calls_of_their_own() {
        assert!(
            covered("any", &call(Door::Files, "download", None))
                && !covered("files", &call(Door::Files, "download", None))
        );
        for name in ["upload", "thumbnail", "link-info", "link-part", "put", "complete", "link"] {
            let step = call(Door::Files, name, None);
            assert!(covered("any", &step) && covered("files", &step) && covered(name, &step), "{name}");
            assert!(!covered("api3", &step) && !covered("any:Ticket", &step), "{name}");
        }
        for name in ["link-info", "link-part", "link"] {
            let step = call(Door::Rest, name, Some("Ticket"));
            assert!(
                covered("files", &step)
                    && covered(name, &step)
                    && covered("rest:link:Ticket", &step) == (name == "link")
            );
        }
        assert!(
            covered("write", &call(Door::Rest, "link", None))
                && !covered("write", &call(Door::Files, "put", None))
        );
    }

    #[test]
    fn pages_are_met_only_by_name() {
        let page = call(Door::Page, "page", None);
        assert!(covered("page", &page) && !covered("any", &page));
    }
}
