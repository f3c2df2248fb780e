//! What the desk answers when it refuses: an FPT fault with its code and text.
//!
//! Owns the split of codes (102 credentials, 103 a bad request, 104 an impossible write) and the shape on api3. A fault is an
//! answer, never a failure of ours: those are [`Trouble`].

use serde_json::{Value, json};

/// A refusal the client is told about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Fault {
    /// FPT's error code.
    pub(crate) code: u16,
    /// The text the client shows.
    pub(crate) message: String,
}

impl Fault {
    /// Wrong key or password, unknown or expired session.
    pub(crate) fn credentials(message: impl Into<String>) -> Fault {
        Fault { code: 102, message: message.into() }
    }

    /// A request that cannot be understood: unknown type, field, relation, value.
    pub(crate) fn request(message: impl Into<String>) -> Fault {
        Fault { code: 103, message: message.into() }
    }

    /// A write that is understood and refused.
    pub(crate) fn write(message: impl Into<String>) -> Fault {
        Fault { code: 104, message: message.into() }
    }

    /// An entity type the schema does not have (or that is disabled on this desk).
    pub(crate) fn unknown_type(name: &str) -> Fault {
        Fault::request(format!("Entity type '{}' does not exist.", clip(name)))
    }

    /// A row that never existed, or is retired where it must not be.
    pub(crate) fn unknown_row(type_name: &str, id: i64) -> Fault {
        Fault::write(format!("Entity of type [{type_name}] with id={id} does not exist."))
    }

    /// A field the type does not have; `call` is the method's name.
    pub(crate) fn unknown_field(call: &str, type_name: &str, field: &str) -> Fault {
        Fault::request(format!("API {call}() {type_name}.{} doesn't exist.", clip(field)))
    }

    /// The body of the api3 answer.
    pub(crate) fn to_json(&self) -> Value {
        json!({"exception": true, "error_code": self.code, "message": self.message})
    }
}

/// Cuts what a client sent to a length fit for an error text.
pub(crate) fn clip(text: &str) -> String {
    const LIMIT_CHARS: usize = 200;
    match text.char_indices().nth(LIMIT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Why a piece of work inside the store did not give a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The client's doing; told to it word for word.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// What the address of a REST call names is not there: the same answer with status 404.
    #[error("{0}")]
    Missing(Fault),
    /// The database's doing.
    #[error("the database failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The disk's doing.
    #[error("a file could not be read or written")]
    Io(#[from] std::io::Error),
    /// The store is shutting down.
    #[error("the desk is shutting down")]
    Closed,
}
