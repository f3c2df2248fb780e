//! Records: reading, searching and writing them, and what belongs to them.

use crate::rest::operation::{JSON, Operation, Parameter, SEARCH, may, must};
use crate::rest::{follow, neighbours, read, text_search, write};

const FIELDS: Parameter = may("fields", "Text", "Fields to return, comma-separated; `*` is all of them");
const RETURN_ONLY: Parameter = may("options[return_only]", "ReturnOnly", "Live rows, or retired ones");
const ARCHIVED: Parameter =
    may("options[include_archived_projects]", "Flag", "Whether rows of archived projects count; they do");
const SORT: Parameter =
    may("sort", "Text", "Fields to sort by, comma-separated; `-` before those that descend");
const PAGE_SIZE: Parameter = may("page[size]", "PageSize", "Records of a page");
const PAGE_NUMBER: Parameter = may("page[number]", "PageNumber", "Which page, from 1");

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("readRecords", "/entity/{entity}", |call, body| Box::pin(read::many(call, body)))
        .about("Records, by equality of fields")
        .asks(&[FIELDS, SORT, PAGE_SIZE, PAGE_NUMBER, RETURN_ONLY, ARCHIVED])
        .gives(200, "Records"),
    Operation::post("createRecord", "/entity/{entity}", |call, body| Box::pin(write::create(call, body)))
        .about("A new record")
        .takes(JSON, "Fields")
        .gives(201, "OneRecord"),
    Operation::post("batch", "/entity/_batch", |call, body| Box::pin(write::batch(call, body)))
        .about("Several writes, all of them or none")
        .takes(JSON, "Batch")
        .gives(200, "BatchResults"),
    Operation::post("searchRecords", "/entity/{entity}/_search", |call, body| {
        Box::pin(read::search(call, body))
    })
    .about("Records that pass filters")
    .asks(&[FIELDS, SORT, PAGE_SIZE, PAGE_NUMBER, RETURN_ONLY, ARCHIVED])
    .takes(SEARCH, "Search")
    .gives(200, "Records"),
    Operation::post("summarizeRecords", "/entity/{entity}/_summarize", |call, body| {
        Box::pin(read::summary(call, body))
    })
    .about("Counts, sums and extremes of records that pass filters")
    .asks(&[ARCHIVED])
    .takes(SEARCH, "Summarize")
    .gives(200, "Summary"),
    Operation::get("readRecord", "/entity/{entity}/{record_id}", |call, body| {
        Box::pin(read::one(call, body))
    })
    .about("One record")
    .asks(&[FIELDS, RETURN_ONLY])
    .gives(200, "OneRecord"),
    Operation::put("updateRecord", "/entity/{entity}/{record_id}", |call, body| {
        Box::pin(write::update(call, body))
    })
    .about("Changes fields of a record")
    .takes(JSON, "Fields")
    .gives(200, "UpdatedRecord"),
    Operation::delete("deleteRecord", "/entity/{entity}/{record_id}", |call, body| {
        Box::pin(write::delete(call, body))
    })
    .about("Retires a record")
    .gives_nothing(204),
    Operation::post("reviveRecord", "/entity/{entity}/{record_id}", |call, body| {
        Box::pin(write::revive(call, body))
    })
    .about("Brings a retired record back")
    .asks(&[must("revive", "Revive", "Must be `true`")])
    .gives(200, "Revived"),
    Operation::get(
        "readRelationship",
        "/entity/{entity}/{record_id}/relationships/{field_name}",
        |call, body| Box::pin(read::related(call, body)),
    )
    .about("What a link field holds")
    .asks(&[RETURN_ONLY])
    .gives(200, "Relationship"),
    Operation::get("readThread", "/entity/{entity}/{record_id}/thread_contents", |call, body| {
        Box::pin(neighbours::thread(call, body))
    })
    .about("A note with its replies and files")
    .asks(&[
        may("entity_fields[Note]", "Text", "More fields of the note"),
        may("entity_fields[Reply]", "Text", "More fields of replies"),
        may("entity_fields[Attachment]", "Text", "More fields of files"),
    ])
    .gives(200, "Thread"),
    Operation::get("readStream", "/entity/{entity}/{record_id}/activity_stream", |call, body| {
        Box::pin(neighbours::stream(call, body))
    })
    .about("What happened to a record and around it, newest first")
    .asks(&[
        may("limit", "Limit", "Updates of an answer"),
        may("min_id", "Number", "Only updates after this one"),
        may("max_id", "Number", "Only updates before this one"),
    ])
    .gives(200, "Stream"),
    Operation::post("textSearch", "/entity/_text_search", |call, body| {
        Box::pin(text_search::search(call, body))
    })
    .about("Records of several types by what they are called")
    .takes(SEARCH, "TextSearch")
    .gives(200, "Named"),
    Operation::get("readFollowers", "/entity/{entity}/{record_id}/followers", |call, body| {
        Box::pin(follow::followers(call, body))
    })
    .about("The people who follow a record")
    .gives(200, "Named"),
    Operation::put("unfollow", "/entity/{entity}/{record_id}/unfollow", |call, body| {
        Box::pin(follow::unfollow(call, body))
    })
    .about("Has a person follow a record no more")
    .takes(JSON, "Unfollow")
    .gives_nothing(204),
    Operation::get("readFollowing", "/entity/{entity}/{record_id}/following", |call, body| {
        Box::pin(follow::followed(call, body))
    })
    .about("The records a person follows")
    .asks(&[may("entity", "Text", "Only of this type"), may("project_id", "Id", "Only of this project")])
    .gives(200, "Followed"),
    Operation::post("follow", "/entity/{entity}/{record_id}/follow", |call, body| {
        Box::pin(follow::follow(call, body))
    })
    .about("Has a person follow records")
    .takes(JSON, "Follow")
    .gives_nothing(204),
];
