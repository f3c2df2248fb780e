//! The desk's own storage service: signed addresses, `PUT`s of files and parts, and what has arrived.
//!
//! An address is its own credential, as with S3: it names one part of one upload and is valid for a while.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use crate::access::secret::{Signer, random_text};
use crate::api3::failed;
use crate::fault::{Fault, Trouble};
use crate::files::Stored;
use crate::files::upload::MAX_FILE_BYTES;
use crate::site::{Site, next_piece};
use crate::store::{Reading, Writing};

/// How long an address may be put to.
const ADDRESS_S: i64 = 3600;
/// An upload that was never linked is forgotten after this.
const FORGOTTEN_S: i64 = 7 * 86_400;
/// Parts of one upload, as with S3.
pub(crate) const MAX_PARTS: u32 = 10_000;

/// One part of one upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) upload: String,
    pub(crate) part: u32,
}

impl Slot {
    /// The signed address to PUT to.
    pub(crate) fn url(&self, signer: &Signer, site: &str, now: Timestamp) -> String {
        let expires = now.as_second() + ADDRESS_S;
        let signature = signer.sign(&self.signed_text(expires));
        format!("{site}/storage/{}/{}?expires={expires}&signature={signature}", self.upload, self.part)
    }

    /// The slot of an address this desk signed, expired or not.
    pub(crate) fn signed_by(signer: &Signer, url: &str) -> Option<Slot> {
        let (_, rest) = url.trim().split_once("/storage/")?;
        let (path, query) = rest.split_once('?')?;
        let (upload, part) = path.split_once('/')?;
        let (expires, signature) = query.split_once('&')?;
        let slot = Slot { upload: upload.to_owned(), part: part.parse().ok()? };
        let expires = expires.strip_prefix("expires=")?.parse().ok()?;
        let signature = signature.strip_prefix("signature=")?;
        signer.check(&slot.signed_text(expires), signature).then_some(slot)
    }

    fn signed_text(&self, expires: i64) -> String {
        format!("{}/{}/{expires}", self.upload, self.part)
    }
}

#[derive(Deserialize)]
pub(crate) struct Signed {
    expires: i64,
    signature: String,
}

/// `PUT /storage/<upload>/<part>`: the bytes, of exactly the announced length.
pub(crate) async fn put(
    State(site): State<Arc<Site>>,
    Path((upload, part)): Path<(String, u32)>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let slot = Slot { upload, part };
    let valid = site.signer.check(&slot.signed_text(signed.expires), &signed.signature);
    if !valid || signed.expires < site.now().as_second() {
        return (StatusCode::FORBIDDEN, "the upload address is not valid, or no longer\n").into_response();
    }
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let Some(length) = length else {
        return (StatusCode::LENGTH_REQUIRED, "an upload needs a Content-Length\n").into_response();
    };
    if length > MAX_FILE_BYTES {
        return (StatusCode::PAYLOAD_TOO_LARGE, format!("a file is at most {MAX_FILE_BYTES} bytes\n"))
            .into_response();
    }
    match receive(&site, slot, length, body).await {
        Ok(Some(stored)) => {
            let tag = format!("\"{}\"", stored.hash);
            (StatusCode::OK, [(header::ETAG, tag)]).into_response()
        }
        // What S3 answers; the name lets a client that waits for ever learn why.
        Ok(None) => {
            (StatusCode::BAD_REQUEST, "RequestTimeout: the body is shorter than announced\n").into_response()
        }
        Err(Trouble::Fault(fault)) => (StatusCode::NOT_FOUND, fault.message + "\n").into_response(),
        Err(trouble) => failed(&trouble),
    }
}

async fn receive(
    site: &Arc<Site>,
    slot: Slot,
    length: u64,
    mut body: Body,
) -> Result<Option<Stored>, Trouble> {
    let incoming = site.files.receive();
    let mut size_bytes = 0;
    loop {
        match next_piece(&mut body).await {
            Ok(Some(piece)) => {
                size_bytes += piece.len() as u64;
                incoming.push(piece).await;
            }
            Ok(None) if size_bytes == length => break,
            Ok(None) | Err(_) => return Ok(None),
        }
    }
    let stored = incoming.keep().await?;
    let kept = stored.clone();
    site.store
        .write(move |transaction| {
            let begun = transaction.upload(&slot.upload)?;
            let begun = begun.ok_or_else(|| Fault::request("the upload is not known"))?;
            if begun.multipart {
                transaction.add_upload_part(&slot.upload, slot.part, &kept)
            } else {
                arrived(transaction, &slot.upload, &kept)
            }
        })
        .await?;
    Ok(Some(stored))
}

/// Starts an upload; gives its id. Old ones that were never linked are forgotten.
pub(crate) fn begin(
    transaction: &dyn Writing,
    file_name: &str,
    multipart: bool,
    now: Timestamp,
) -> Result<String, Trouble> {
    transaction.forget_older_uploads(now.as_second() - FORGOTTEN_S)?;
    let id = random_text();
    transaction.begin_upload(&id, file_name, multipart, now)?;
    Ok(id)
}

/// Notes that all of an upload is here.
pub(crate) fn arrived(transaction: &dyn Writing, upload: &str, stored: &Stored) -> Result<(), Trouble> {
    match transaction.upload_arrived(upload, stored)? {
        true => Ok(()),
        false => Err(Fault::request("the upload is not known").into()),
    }
}

/// The content hashes of an upload's parts, which must be those of `tags` and in their order.
pub(crate) fn parts(reading: &dyn Reading, upload: &str, tags: &[String]) -> Result<Vec<String>, Trouble> {
    let parts = reading.upload_parts(upload)?;
    let total: u64 = parts.iter().map(|part| part.size_bytes).sum();
    let hashes: Vec<String> = parts.into_iter().map(|part| part.hash).collect();
    if hashes.is_empty() || hashes != tags {
        return Err(Fault::request(
            "Error completing multipart upload: the etags are not those of the parts that arrived",
        )
        .into());
    }
    if total > MAX_FILE_BYTES {
        return Err(Fault::request(format!("a file is at most {MAX_FILE_BYTES} bytes")).into());
    }
    Ok(hashes)
}

/// An upload whose bytes are here.
pub(crate) struct Arrived {
    pub(crate) file_name: String,
    pub(crate) stored: Stored,
}

/// How far an upload is.
pub(crate) enum Standing {
    Unknown,
    /// Begun; its bytes are not all here.
    Waiting,
    Here(Arrived),
}

/// Finds an upload, whether its bytes came or not.
pub(crate) fn standing(reading: &dyn Reading, upload: &str) -> Result<Standing, Trouble> {
    Ok(match reading.upload(upload)? {
        None => Standing::Unknown,
        Some(begun) => match begun.stored {
            Some(stored) => Standing::Here(Arrived { file_name: begun.file_name, stored }),
            None => Standing::Waiting,
        },
    })
}

/// Finds an upload; a fault when it is unknown or its bytes never came.
pub(crate) fn find(reading: &dyn Reading, upload: &str) -> Result<Arrived, Trouble> {
    match standing(reading, upload)? {
        Standing::Here(arrived) => Ok(arrived),
        Standing::Waiting => Err(Fault::request("the file's bytes have not arrived").into()),
        Standing::Unknown => Err(Fault::request("the upload is not known").into()),
    }
}

/// A fault unless the upload is one in parts.
pub(crate) fn must_be_multipart(reading: &dyn Reading, upload: &str) -> Result<(), Trouble> {
    match reading.upload(upload)?.map(|begun| begun.multipart) {
        Some(true) => Ok(()),
        Some(false) => Err(Fault::request("the upload is not one in parts").into()),
        None => Err(Fault::request("the upload is not known").into()),
    }
}
