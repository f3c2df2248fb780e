//! Files: where bytes are, and where to put them.

use crate::rest::operation::{JSON, Operation, Parameter, may, must};
use crate::rest::{neighbours, upload};

const FILE_NAME: Parameter = must("filename", "FileName", "The file's name");

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("readFile", "/entity/{entity}/{record_id}/{field_name}", |call, body| {
        Box::pin(neighbours::file(call, body))
    })
    .about("A picture or file field; with `alt`, the way to its bytes")
    .asks(&[may("alt", "Alt", "The file itself, or a small picture of it")])
    .gives(200, "FileField")
    .or_gives_nothing(302),
    Operation::get("beginUpload", "/entity/{entity}/{record_id}/_upload", |call, body| {
        Box::pin(upload::begin(call, body))
    })
    .about("Where to put a file's bytes")
    .asks(&[FILE_NAME, may("multipart_upload", "Flag", "Whether it comes in parts")])
    .gives(200, "UploadBegun"),
    Operation::post("completeUpload", "/entity/{entity}/{record_id}/_upload", |call, body| {
        Box::pin(upload::complete(call, body))
    })
    .about("Attaches a file whose bytes were put")
    .takes(JSON, "UploadCompleted")
    .gives_nothing(201),
    Operation::get("nextPart", "/entity/{entity}/{record_id}/_upload/multipart", |call, body| {
        Box::pin(upload::next_part(call, body))
    })
    .about("Where to put the bytes of a part")
    .asks(&[
        FILE_NAME,
        must("part_number", "PartNumber", "Which part, from 1"),
        must("upload_id", "Text", "The upload, as it was begun"),
        may("timestamp", "Text", "When it was begun"),
        may("upload_type", "UploadType", "What it is"),
    ])
    .gives(200, "UploadPart"),
    Operation::post("abortUpload", "/entity/{entity}/{record_id}/_upload/multipart_abort", |call, body| {
        Box::pin(upload::abort(call, body))
    })
    .about("Gives an upload in parts up")
    .takes(JSON, "UploadInfo")
    .gives_nothing(204),
    Operation::get(
        "beginUploadOfField",
        "/entity/{entity}/{record_id}/{field_name}/_upload",
        |call, body| Box::pin(upload::begin(call, body)),
    )
    .about("Where to put a file's bytes")
    .asks(&[FILE_NAME, may("multipart_upload", "Flag", "Whether it comes in parts")])
    .gives(200, "UploadBegun"),
    Operation::post(
        "completeUploadOfField",
        "/entity/{entity}/{record_id}/{field_name}/_upload",
        |call, body| Box::pin(upload::complete(call, body)),
    )
    .about("Attaches a file whose bytes were put")
    .takes(JSON, "UploadCompleted")
    .gives_nothing(201),
    Operation::get(
        "nextPartOfField",
        "/entity/{entity}/{record_id}/{field_name}/_upload/multipart",
        |call, body| Box::pin(upload::next_part(call, body)),
    )
    .about("Where to put the bytes of a part")
    .asks(&[
        FILE_NAME,
        must("part_number", "PartNumber", "Which part, from 1"),
        must("upload_id", "Text", "The upload, as it was begun"),
        may("timestamp", "Text", "When it was begun"),
        may("upload_type", "UploadType", "What it is"),
    ])
    .gives(200, "UploadPart"),
    Operation::post(
        "abortUploadOfField",
        "/entity/{entity}/{record_id}/{field_name}/_upload/multipart_abort",
        |call, body| Box::pin(upload::abort(call, body)),
    )
    .about("Gives an upload in parts up")
    .takes(JSON, "UploadInfo")
    .gives_nothing(204),
];
