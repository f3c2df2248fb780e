//! The table of operations: what the router serves and what the OpenAPI document says, so that neither can do without the other.

use std::pin::Pin;

use axum::body::Body;
use axum::http::Method;
use axum::response::Response;

use crate::rest::answer::Refusal;
use crate::rest::call::Call;
use crate::rest::{document, neighbours, read, root, schema_field, token, upload, write};

/// What an operation does with a call and its body.
pub(crate) type Act = fn(Call, Body) -> Pin<Box<dyn Future<Output = Result<Response, Refusal>> + Send>>;

/// One method of one path.
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
    /// Status of success, and the schema of its document if it has one.
    pub(crate) answer: (u16, Option<&'static str>),
    /// Asks for no token.
    pub(crate) open: bool,
    pub(crate) act: Act,
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
pub(crate) struct Sent {
    pub(crate) media_types: &'static [&'static str],
    pub(crate) schema: &'static str,
    pub(crate) required: bool,
}

const fn may(name: &'static str, schema: &'static str, about: &'static str) -> Parameter {
    Parameter { name, schema, required: false, about }
}

const fn must(name: &'static str, schema: &'static str, about: &'static str) -> Parameter {
    Parameter { name, schema, required: true, about }
}

const fn json(schema: &'static str) -> Option<Sent> {
    Some(Sent { media_types: &["application/json"], schema, required: true })
}

const fn search(schema: &'static str) -> Option<Sent> {
    let media_types = &["application/vnd+shotgun.api3_array+json", "application/vnd+shotgun.api3_hash+json"];
    Some(Sent { media_types, schema, required: true })
}

const FIELDS: Parameter = may("fields", "Text", "Fields to return, comma-separated; `*` is all of them");
const RETURN_ONLY: Parameter = may("options[return_only]", "ReturnOnly", "Live rows, or retired ones");
const ARCHIVED: Parameter =
    may("options[include_archived_projects]", "Flag", "Whether rows of archived projects count; they do");
const SORT: Parameter =
    may("sort", "Text", "Fields to sort by, comma-separated; `-` before those that descend");
const PAGE_SIZE: Parameter = may("page[size]", "PageSize", "Records of a page");
const PAGE_NUMBER: Parameter = may("page[number]", "PageNumber", "Which page, from 1");

const PROJECT: Parameter = may("project_id", "Id", "The project that fields can be hidden in");
const FILE_NAME: Parameter = must("filename", "FileName", "The file's name");

/// All of them. Paths that begin alike stand together.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        id: "info",
        method: Method::GET,
        path: "",
        summary: "What the site is",
        query: &[],
        body: None,
        answer: (200, Some("Info")),
        open: true,
        act: |call, body| Box::pin(root::info(call, body)),
    },
    Operation {
        id: "document",
        method: Method::GET,
        path: "/spec.json",
        summary: "This document",
        query: &[],
        body: None,
        answer: (200, Some("Document")),
        open: true,
        act: |call, body| Box::pin(document::json(call, body)),
    },
    Operation {
        id: "documentAsYaml",
        method: Method::GET,
        path: "/spec.yaml",
        summary: "This document, for readers of YAML",
        query: &[],
        body: None,
        answer: (200, Some("Document")),
        open: true,
        act: |call, body| Box::pin(document::yaml(call, body)),
    },
    Operation {
        id: "accessToken",
        method: Method::POST,
        path: "/auth/access_token",
        summary: "A token, for a script's key, a person's password, a session token or a refresh token",
        query: &[],
        body: Some(Sent {
            media_types: &["application/x-www-form-urlencoded"],
            schema: "Grant",
            required: false,
        }),
        answer: (200, Some("Token")),
        open: true,
        act: |call, body| Box::pin(token::access_token(call, body)),
    },
    Operation {
        id: "readRecords",
        method: Method::GET,
        path: "/entity/{entity}",
        summary: "Records, by equality of fields",
        query: &[FIELDS, SORT, PAGE_SIZE, PAGE_NUMBER, RETURN_ONLY, ARCHIVED],
        body: None,
        answer: (200, Some("Records")),
        open: false,
        act: |call, body| Box::pin(read::many(call, body)),
    },
    Operation {
        id: "createRecord",
        method: Method::POST,
        path: "/entity/{entity}",
        summary: "A new record",
        query: &[],
        body: json("Fields"),
        answer: (201, Some("OneRecord")),
        open: false,
        act: |call, body| Box::pin(write::create(call, body)),
    },
    Operation {
        id: "batch",
        method: Method::POST,
        path: "/entity/_batch",
        summary: "Several writes, all of them or none",
        query: &[],
        body: json("Batch"),
        answer: (200, Some("BatchResults")),
        open: false,
        act: |call, body| Box::pin(write::batch(call, body)),
    },
    Operation {
        id: "searchRecords",
        method: Method::POST,
        path: "/entity/{entity}/_search",
        summary: "Records that pass filters",
        query: &[FIELDS, SORT, PAGE_SIZE, PAGE_NUMBER, RETURN_ONLY, ARCHIVED],
        body: search("Search"),
        answer: (200, Some("Records")),
        open: false,
        act: |call, body| Box::pin(read::search(call, body)),
    },
    Operation {
        id: "summarizeRecords",
        method: Method::POST,
        path: "/entity/{entity}/_summarize",
        summary: "Counts, sums and extremes of records that pass filters",
        query: &[ARCHIVED],
        body: search("Summarize"),
        answer: (200, Some("Summary")),
        open: false,
        act: |call, body| Box::pin(read::summary(call, body)),
    },
    Operation {
        id: "readRecord",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}",
        summary: "One record",
        query: &[FIELDS, RETURN_ONLY],
        body: None,
        answer: (200, Some("OneRecord")),
        open: false,
        act: |call, body| Box::pin(read::one(call, body)),
    },
    Operation {
        id: "updateRecord",
        method: Method::PUT,
        path: "/entity/{entity}/{record_id}",
        summary: "Changes fields of a record",
        query: &[],
        body: json("Fields"),
        answer: (200, Some("UpdatedRecord")),
        open: false,
        act: |call, body| Box::pin(write::update(call, body)),
    },
    Operation {
        id: "deleteRecord",
        method: Method::DELETE,
        path: "/entity/{entity}/{record_id}",
        summary: "Retires a record",
        query: &[],
        body: None,
        answer: (204, None),
        open: false,
        act: |call, body| Box::pin(write::delete(call, body)),
    },
    Operation {
        id: "reviveRecord",
        method: Method::POST,
        path: "/entity/{entity}/{record_id}",
        summary: "Brings a retired record back",
        query: &[must("revive", "Revive", "Must be `true`")],
        body: None,
        answer: (200, Some("Revived")),
        open: false,
        act: |call, body| Box::pin(write::revive(call, body)),
    },
    Operation {
        id: "readRelationship",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/relationships/{field_name}",
        summary: "What a link field holds",
        query: &[RETURN_ONLY],
        body: None,
        answer: (200, Some("Relationship")),
        open: false,
        act: |call, body| Box::pin(read::related(call, body)),
    },
    Operation {
        id: "readThread",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/thread_contents",
        summary: "A note with its replies and files",
        query: &[
            may("entity_fields[Note]", "Text", "More fields of the note"),
            may("entity_fields[Reply]", "Text", "More fields of replies"),
            may("entity_fields[Attachment]", "Text", "More fields of files"),
        ],
        body: None,
        answer: (200, Some("Thread")),
        open: false,
        act: |call, body| Box::pin(neighbours::thread(call, body)),
    },
    Operation {
        id: "readFile",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/{field_name}",
        summary: "Where the bytes of a picture or file are",
        query: &[may("alt", "Alt", "The file itself, or a small picture of it")],
        body: None,
        answer: (302, None),
        open: false,
        act: |call, body| Box::pin(neighbours::file(call, body)),
    },
    Operation {
        id: "beginUpload",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/_upload",
        summary: "Where to put a file's bytes",
        query: &[FILE_NAME, may("multipart_upload", "Flag", "Whether it comes in parts")],
        body: None,
        answer: (200, Some("UploadBegun")),
        open: false,
        act: |call, body| Box::pin(upload::begin(call, body)),
    },
    Operation {
        id: "completeUpload",
        method: Method::POST,
        path: "/entity/{entity}/{record_id}/_upload",
        summary: "Attaches a file whose bytes were put",
        query: &[],
        body: json("UploadCompleted"),
        answer: (201, None),
        open: false,
        act: |call, body| Box::pin(upload::complete(call, body)),
    },
    Operation {
        id: "nextPart",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/_upload/multipart",
        summary: "Where to put the bytes of a part",
        query: &[
            FILE_NAME,
            must("part_number", "PartNumber", "Which part, from 1"),
            must("upload_id", "Text", "The upload, as it was begun"),
            may("timestamp", "Text", "When it was begun"),
            may("upload_type", "UploadType", "What it is"),
        ],
        body: None,
        answer: (200, Some("UploadPart")),
        open: false,
        act: |call, body| Box::pin(upload::next_part(call, body)),
    },
    Operation {
        id: "abortUpload",
        method: Method::POST,
        path: "/entity/{entity}/{record_id}/_upload/multipart_abort",
        summary: "Gives an upload in parts up",
        query: &[],
        body: json("UploadInfo"),
        answer: (204, None),
        open: false,
        act: |call, body| Box::pin(upload::abort(call, body)),
    },
    Operation {
        id: "beginUploadOfField",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/{field_name}/_upload",
        summary: "Where to put a file's bytes",
        query: &[FILE_NAME, may("multipart_upload", "Flag", "Whether it comes in parts")],
        body: None,
        answer: (200, Some("UploadBegun")),
        open: false,
        act: |call, body| Box::pin(upload::begin(call, body)),
    },
    Operation {
        id: "completeUploadOfField",
        method: Method::POST,
        path: "/entity/{entity}/{record_id}/{field_name}/_upload",
        summary: "Attaches a file whose bytes were put",
        query: &[],
        body: json("UploadCompleted"),
        answer: (201, None),
        open: false,
        act: |call, body| Box::pin(upload::complete(call, body)),
    },
    Operation {
        id: "nextPartOfField",
        method: Method::GET,
        path: "/entity/{entity}/{record_id}/{field_name}/_upload/multipart",
        summary: "Where to put the bytes of a part",
        query: &[
            FILE_NAME,
            must("part_number", "PartNumber", "Which part, from 1"),
            must("upload_id", "Text", "The upload, as it was begun"),
            may("timestamp", "Text", "When it was begun"),
            may("upload_type", "UploadType", "What it is"),
        ],
        body: None,
        answer: (200, Some("UploadPart")),
        open: false,
        act: |call, body| Box::pin(upload::next_part(call, body)),
    },
    Operation {
        id: "abortUploadOfField",
        method: Method::POST,
        path: "/entity/{entity}/{record_id}/{field_name}/_upload/multipart_abort",
        summary: "Gives an upload in parts up",
        query: &[],
        body: json("UploadInfo"),
        answer: (204, None),
        open: false,
        act: |call, body| Box::pin(upload::abort(call, body)),
    },
    Operation {
        id: "readTypes",
        method: Method::GET,
        path: "/schema",
        summary: "The entity types",
        query: &[PROJECT],
        body: None,
        answer: (200, Some("SchemaTypes")),
        open: false,
        act: |call, body| Box::pin(schema_field::types(call, body)),
    },
    Operation {
        id: "readType",
        method: Method::GET,
        path: "/schema/{entity}",
        summary: "One entity type",
        query: &[PROJECT],
        body: None,
        answer: (200, Some("SchemaType")),
        open: false,
        act: |call, body| Box::pin(schema_field::one_type(call, body)),
    },
    Operation {
        id: "readFields",
        method: Method::GET,
        path: "/schema/{entity}/fields",
        summary: "The fields of a type",
        query: &[PROJECT],
        body: None,
        answer: (200, Some("SchemaFields")),
        open: false,
        act: |call, body| Box::pin(schema_field::fields(call, body)),
    },
    Operation {
        id: "createField",
        method: Method::POST,
        path: "/schema/{entity}/fields",
        summary: "A new field",
        query: &[],
        body: json("NewField"),
        answer: (201, Some("SchemaField")),
        open: false,
        act: |call, body| Box::pin(schema_field::create(call, body)),
    },
    Operation {
        id: "readField",
        method: Method::GET,
        path: "/schema/{entity}/fields/{field_name}",
        summary: "One field",
        query: &[PROJECT],
        body: None,
        answer: (200, Some("SchemaField")),
        open: false,
        act: |call, body| Box::pin(schema_field::one_field(call, body)),
    },
    Operation {
        id: "updateField",
        method: Method::PUT,
        path: "/schema/{entity}/fields/{field_name}",
        summary: "Changes properties of a field",
        query: &[],
        body: json("ChangedField"),
        answer: (200, Some("SchemaField")),
        open: false,
        act: |call, body| Box::pin(schema_field::update(call, body)),
    },
    Operation {
        id: "deleteField",
        method: Method::DELETE,
        path: "/schema/{entity}/fields/{field_name}",
        summary: "Deletes a field",
        query: &[],
        body: None,
        answer: (204, None),
        open: false,
        act: |call, body| Box::pin(schema_field::delete(call, body)),
    },
    Operation {
        id: "reviveField",
        method: Method::POST,
        path: "/schema/{entity}/fields/{field_name}",
        summary: "Brings a deleted field back",
        query: &[must("revive", "Revive", "Must be `true`")],
        body: None,
        answer: (200, Some("SchemaField")),
        open: false,
        act: |call, body| Box::pin(schema_field::revive(call, body)),
    },
    Operation {
        id: "readPreferences",
        method: Method::GET,
        path: "/preferences",
        summary: "The site's preferences",
        query: &[may("prefs", "Text", "Names of preferences, comma-separated; all when it is absent")],
        body: None,
        answer: (200, Some("Preferences")),
        open: false,
        act: |call, body| Box::pin(neighbours::site_preferences(call, body)),
    },
];
