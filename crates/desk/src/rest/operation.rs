//! The table of operations: what the router serves and what the OpenAPI document says, so that neither can do without the other.

mod file;
mod record;
mod schema;
mod site;

use std::pin::Pin;

use axum::body::Body;
use axum::response::Response;
use axum::routing::MethodFilter;

use crate::rest::answer::Refusal;
use crate::rest::call::Call;

/// What an operation does with a call and its body.
pub(crate) type Act = fn(Call, Body) -> Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// All of them.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    [site::OPERATIONS, record::OPERATIONS, file::OPERATIONS, schema::OPERATIONS].into_iter().flatten()
}

/// One method of one path.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    /// Its name in the document.
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    /// Below `/api/v1`; `{entity}`, `{record_id}` and `{field_name}` are open.
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// Parameters of the query string.
    pub(crate) query: &'static [Parameter],
    pub(crate) body: Option<Sent>,
    pub(crate) answer: Answer,
    /// Another status of success, with nothing said.
    pub(crate) or_status: Option<u16>,
    /// Asks for no token.
    pub(crate) open: bool,
    pub(crate) act: Act,
}

/// The methods of the protocol.
#[derive(Clone, Copy)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// A parameter of the query string.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// Its schema's name among the components.
    pub(crate) schema: &'static str,
    pub(crate) required: bool,
    pub(crate) about: &'static str,
}

/// What a body may be.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) media_types: &'static [&'static str],
    pub(crate) schema: &'static str,
    pub(crate) required: bool,
}

/// What success looks like.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    /// None when nothing is said.
    pub(crate) schema: Option<&'static str>,
}

const JSON: &[&str] = &["application/json"];
const FORM: &[&str] = &["application/x-www-form-urlencoded"];
const SEARCH: &[&str] =
    &["application/vnd+shotgun.api3_array+json", "application/vnd+shotgun.api3_hash+json"];

const fn may(name: &'static str, schema: &'static str, about: &'static str) -> Parameter {
    Parameter { name, schema, required: false, about }
}

const fn must(name: &'static str, schema: &'static str, about: &'static str) -> Parameter {
    Parameter { name, schema, required: true, about }
}

/// The words in which the tables are written.
impl Operation {
    const fn new(id: &'static str, method: Method, path: &'static str, act: Act) -> Operation {
        let answer = Answer { status: 204, media_type: "application/json", schema: None };
        Operation {
            id,
            method,
            path,
            summary: "",
            query: &[],
            body: None,
            answer,
            or_status: None,
            open: false,
            act,
        }
    }

    const fn get(id: &'static str, path: &'static str, act: Act) -> Operation {
        Operation::new(id, Method::Get, path, act)
    }

    const fn post(id: &'static str, path: &'static str, act: Act) -> Operation {
        Operation::new(id, Method::Post, path, act)
    }

    const fn put(id: &'static str, path: &'static str, act: Act) -> Operation {
        Operation::new(id, Method::Put, path, act)
    }

    const fn delete(id: &'static str, path: &'static str, act: Act) -> Operation {
        Operation::new(id, Method::Delete, path, act)
    }

    const fn about(self, summary: &'static str) -> Operation {
        Operation { summary, ..self }
    }

    const fn asks(self, query: &'static [Parameter]) -> Operation {
        Operation { query, ..self }
    }

    const fn takes(self, media_types: &'static [&'static str], schema: &'static str) -> Operation {
        Operation { body: Some(Sent { media_types, schema, required: true }), ..self }
    }

    const fn may_take(self, media_types: &'static [&'static str], schema: &'static str) -> Operation {
        Operation { body: Some(Sent { media_types, schema, required: false }), ..self }
    }

    const fn gives(self, status: u16, schema: &'static str) -> Operation {
        let answer = Answer { status, media_type: "application/json", schema: Some(schema) };
        Operation { answer, ..self }
    }

    const fn gives_nothing(self, status: u16) -> Operation {
        Operation { answer: Answer { status, media_type: "application/json", schema: None }, ..self }
    }

    const fn or_gives_nothing(self, status: u16) -> Operation {
        Operation { or_status: Some(status), ..self }
    }

    const fn as_type(self, media_type: &'static str) -> Operation {
        Operation { answer: Answer { media_type, ..self.answer }, ..self }
    }

    /// Asks for no token.
    const fn open(self) -> Operation {
        Operation { open: true, ..self }
    }
}

impl Method {
    /// As the document spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
            Method::Delete => "delete",
        }
    }

    /// As the router takes it.
    pub(crate) fn filter(self) -> MethodFilter {
        match self {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
        }
    }
}
