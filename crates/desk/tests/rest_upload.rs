//! Uploads over REST: to a record, to a field, in one piece, in parts; and the ways to the bytes.

// What is not a #[test] function here is test code all the same.
#![allow(clippy::unwrap_used)]

mod http;

use http::rest::{JSON, World, error};
use serde_json::{Value, json};

/// Puts bytes to an address that needs no token; gives the tag.
fn put(world: &World, address: &Value, bytes: &[u8]) -> String {
    let address = address.as_str().unwrap();
    let path = address.strip_prefix(&world.ready().url).unwrap_or_else(|| panic!("{address}"));
    let response = http::send(&world.ready().url, "PUT", path, &[], bytes).unwrap();
    assert_eq!((response.status, response.body.len()), (200, 0));
    response.header("etag").unwrap().to_owned()
}

fn begin(world: &World, place: &str, more: &str) -> Value {
    let (status, begun) = world.get(&format!("{place}/_upload?filename=C:%5Clogs%5Ctk-maya.log{more}"));
    assert_eq!(status, 200, "{begun}");
    begun
}

/// Sends the data of the first answer back; gives the status and the body's bytes.
fn complete(world: &World, begun: &Value, etags: Option<&[String]>, data: &Value) -> (u16, Vec<u8>) {
    let mut info = begun["data"].clone();
    if let Some(etags) = etags {
        info["etags"] = json!(etags);
    }
    let body = json!({"upload_info": info, "upload_data": data}).to_string();
    let path = begun["links"]["complete_upload"].as_str().unwrap();
    let response = world.call("POST", path, JSON, &body);
    (response.status, response.body)
}

fn attachments(world: &World, ticket: i64) -> Vec<String> {
    let (_, read) = world.get(&format!("/api/v1/entity/tickets/{ticket}?fields=attachments"));
    let files = read["data"]["relationships"]["attachments"]["data"].as_array().unwrap().clone();
    files.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect()
}

/// The bytes behind a field that holds a file.
fn bytes(world: &World, field: &str) -> Vec<u8> {
    let moved = world.call("GET", field, JSON, "");
    assert_eq!(moved.status, 302, "{}", moved.text());
    let address = moved.header("location").unwrap();
    let path = address.strip_prefix(&world.ready().url).unwrap();
    let file = http::send(&world.ready().url, "GET", path, &[], b"").unwrap();
    assert_eq!(file.status, 200);
    file.body
}

#[test]
fn a_file_goes_to_a_record_or_to_its_field() {
    let world = World::start();
    let ticket = world.ticket("files");
    let record = format!("/api/v1/entity/tickets/{ticket}");
    for (place, data, name) in [
        (record.clone(), json!({}), "tk-maya.log"),
        (format!("{record}/attachments"), json!({"display_name": "the log", "tags": ["farm"]}), "the log"),
    ] {
        let begun = begin(&world, &place, "");
        assert_eq!(begun["data"]["original_filename"], "tk-maya.log", "the path is cut: {begun}");
        assert_eq!(
            (&begun["data"]["storage_service"], &begun["data"]["upload_type"]),
            (&json!("s3"), &json!("Attachment"))
        );
        assert_eq!(begun["links"]["complete_upload"], format!("{place}/_upload"));
        put(&world, &begun["links"]["upload"], b"the bytes of the log");
        assert_eq!(complete(&world, &begun, None, &data), (201, b" ".to_vec()));
        assert_eq!(attachments(&world, ticket).last().unwrap(), name);
    }
    assert_eq!(attachments(&world, ticket).len(), 2);
    let (_, second) = world.get("/api/v1/entity/attachments/2");
    assert_eq!(second["data"]["relationships"]["tags"]["data"][0]["name"], "farm");
    assert_eq!(second["data"]["attributes"]["this_file"]["link_type"], "upload");
    assert_eq!(bytes(&world, "/api/v1/entity/attachments/2/this_file?alt=original"), b"the bytes of the log");
}

#[test]
fn what_never_came_is_no_attachment() {
    let world = World::start();
    let ticket = world.ticket("files");
    let begun = begin(&world, &format!("/api/v1/entity/tickets/{ticket}"), "");
    assert_eq!(complete(&world, &begun, None, &json!({})).0, 201, "as on real sites");
    assert!(attachments(&world, ticket).is_empty());
}

#[test]
fn a_file_may_come_in_parts() {
    let world = World::start();
    let ticket = world.ticket("files");
    let record = format!("/api/v1/entity/tickets/{ticket}");
    let large = vec![b'a'; 5 * 1024 * 1024];
    for (first, status, found) in [(&large[..], 201, 1), (&large[1..], 400, 1)] {
        let begun = begin(&world, &record, "&multipart_upload=true");
        let mut tags = vec![put(&world, &begun["links"]["upload"], first)];
        let (_, next) = world.get(begun["links"]["get_next_part"].as_str().unwrap());
        tags.push(put(&world, &next["links"]["upload"], b"the end"));
        assert!(next["links"]["get_next_part"].as_str().unwrap().contains("part_number=3"));
        let (answered, body) = complete(&world, &begun, Some(&tags), &json!({}));
        assert_eq!(answered, status, "{}", String::from_utf8_lossy(&body));
        assert_eq!(attachments(&world, ticket).len(), found);
    }
    let whole = bytes(&world, "/api/v1/entity/attachments/1/this_file?alt=original");
    assert_eq!((whole.len(), &whole[whole.len() - 7..]), (large.len() + 7, &b"the end"[..]));

    let begun = begin(&world, &record, "&multipart_upload=true");
    let abort = format!("{record}/_upload/multipart_abort");
    assert_eq!(world.send("POST", &abort, &begun["data"]).0, 204);
    assert_eq!(world.send("POST", &abort, &begun["data"]).0, 400, "it is gone");
    assert_eq!(complete(&world, &begun, Some(&[]), &json!({})).0, 400);
}

#[test]
fn a_picture_becomes_the_rows_thumbnail() {
    let world = World::start();
    let field = format!("/api/v1/entity/projects/{}/image", world.ready().project_id);
    // As small as a PNG can be: what makes it one is at its beginning.
    let picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and so on";
    let begun = begin(&world, &field, "");
    assert_eq!(begun["data"]["upload_type"], "Thumbnail");
    put(&world, &begun["links"]["upload"], picture);
    assert_eq!(complete(&world, &begun, None, &json!({})).0, 201);
    // A new one is a stand-in for a moment, as on real sites.
    let address = loop {
        let shown = world.get(&field).1["data"].as_str().unwrap().to_owned();
        if !shown.contains("/images/status/transient/") {
            break shown;
        }
    };
    assert!(address.starts_with(&world.ready().url), "{address}");
    for alt in ["thumbnail", "original"] {
        assert_eq!(bytes(&world, &format!("{field}?alt={alt}")), picture);
    }

    let begun = begin(&world, &field, "");
    put(&world, &begun["links"]["upload"], b"<svg onload='alert(1)'/>");
    let (status, _) = complete(&world, &begun, None, &json!({}));
    assert_eq!(status, 400, "no picture");
    assert_eq!(bytes(&world, &format!("{field}?alt=original")), picture);
}

#[test]
fn an_upload_to_nowhere_is_refused() {
    let world = World::start();
    let ticket = world.ticket("files");
    let record = format!("/api/v1/entity/tickets/{ticket}");
    let (status, code, text) = error(world.get(&format!("{record}/nope/_upload?filename=a")));
    assert_eq!((status, code, text.as_str()), (404, 103, "Field 'Ticket.nope' does not exist."));
    assert_eq!(error(world.get("/api/v1/entity/tickets/99/_upload?filename=a")).0, 404);
    assert_eq!(error(world.get(&format!("{record}/_upload"))).0, 400);
    let begun = begin(&world, &record, "");
    let path = format!("{record}/_upload");
    for body in [
        json!({"upload_info": begun["data"]}),
        json!({"upload_data": {}}),
        json!({"upload_info": {"upload_id": "made up"}, "upload_data": {}}),
        json!({"upload_info": {"upload_id": null}, "upload_data": {}}),
    ] {
        assert_eq!(error(world.send("POST", &path, &body)).0, 400, "{body}");
    }
    // A text field takes no file.
    let begun = begin(&world, &format!("{record}/title"), "");
    put(&world, &begun["links"]["upload"], b"bytes");
    assert_eq!(complete(&world, &begun, None, &json!({})).0, 400);
    for (path, status) in [("title", 400), ("project", 400), ("nope", 404)] {
        assert_eq!(error(world.get(&format!("{record}/{path}"))).0, status, "{path}");
    }
    assert_eq!(world.get("/api/v1/entity/human_users/1/image").1["data"], Value::Null);
    assert_eq!(error(world.get("/api/v1/entity/human_users/1/image?alt=thumbnail")).0, 404);
    assert_eq!(error(world.get("/api/v1/entity/human_users/1/image?alt=small")).0, 400);
}
