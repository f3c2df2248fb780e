//! The storage form: ask the site for a signed address, put the bytes there (in parts when the file is large), then
//! tell the site to link them. Only the last step makes anything visible, so only it can have happened unseen.

use std::io::{Seek, SeekFrom};

use ureq::http::{Method, Uri};

use crate::answer;
use crate::api3::{Api3, REFUSAL_BYTES};
use crate::body::Outgoing;
use crate::error::{FlowError, FlowErrorKind};
use crate::form;
use crate::transport::{Peer, Request};

use super::Checked;

/// Size of a part, and the size up to which a file goes in one piece, in bytes (the official client's figure).
const PART_BYTES: u64 = 20_000_000;
const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// What the site told us about the place for the bytes.
struct Place {
    /// The whole answer: the site recognises the upload by it.
    whole: String,
    url: String,
    timestamp: String,
    upload_type: String,
    upload_id: String,
}

impl Api3 {
    pub(super) fn send_storage(&self, checked: &Checked<'_>) -> Result<u64, FlowError> {
        let in_parts = checked.bytes > PART_BYTES;
        let place = self.ask_for_place(checked, in_parts)?;
        if in_parts {
            self.put_in_parts(checked, &place)?;
        } else {
            self.put(checked, &place.url, 0, checked.bytes)?;
        }
        self.link(checked, &place)
    }

    fn ask_for_place(&self, checked: &Checked<'_>, in_parts: bool) -> Result<Place, FlowError> {
        let in_parts = if in_parts { "True" } else { "False" };
        let fields =
            [("upload_type", "Attachment"), ("filename", &checked.file_name), ("multipart_upload", in_parts)];
        let whole = self.post_form(checked, "/upload/api_get_upload_link_info", &fields, false)?;
        let mut lines = whole.split('\n').skip(1).map(|line| line.trim_end_matches('\r').to_owned());
        let mut line = || lines.next().unwrap_or_default();
        let (url, timestamp, upload_type, upload_id) = (line(), line(), line(), line());
        Ok(Place { url, timestamp, upload_type, upload_id, whole })
    }

    fn put_in_parts(&self, checked: &Checked<'_>, place: &Place) -> Result<(), FlowError> {
        let same: [(&str, &str); 4] = [
            ("upload_type", &place.upload_type),
            ("filename", &checked.file_name),
            ("timestamp", &place.timestamp),
            ("upload_id", &place.upload_id),
        ];
        let mut tags = Vec::new();
        let mut start = 0;
        while start < checked.bytes {
            let number = (tags.len() + 1).to_string();
            let fields: Vec<_> = same.iter().copied().chain([("part_number", number.as_str())]).collect();
            let text = self.post_form(checked, "/upload/api_get_upload_link_for_part", &fields, false)?;
            let url = text.split('\n').nth(1).unwrap_or_default().trim();
            let bytes = PART_BYTES.min(checked.bytes - start);
            let tag = self.put(checked, url, start, bytes)?;
            tags.push(tag.ok_or_else(|| {
                let text = format!("the storage of site {} gave part {number} no ETag", self.url.root());
                FlowError::new(FlowErrorKind::BadAnswer, &checked.call, text)
            })?);
            start += bytes;
        }
        let tags = tags.join(",");
        let fields: Vec<_> = same.iter().copied().chain([("etags", tags.as_str())]).collect();
        self.post_form(checked, "/upload/api_complete_multipart_upload", &fields, false).map(|_| ())
    }

    /// Puts a stretch of the file and returns the ETag it got. The address is signed: it never appears in an error,
    /// and our credentials never go there.
    fn put(
        &self,
        checked: &Checked<'_>,
        url: &str,
        start: u64,
        bytes: u64,
    ) -> Result<Option<String>, FlowError> {
        let call = checked.call.as_str();
        let uri = self.storage_address(call, url)?;
        let file =
            checked.file.try_clone().and_then(|mut file| file.seek(SeekFrom::Start(start)).map(|_| file));
        let file = file.map_err(|error| {
            let text = format!("file {} cannot be read", checked.upload.file.display());
            FlowError::new(FlowErrorKind::File, call, text).caused_by(error)
        })?;
        let mut answer = self.transport.open(Request {
            call,
            peer: Peer::Storage,
            method: Method::PUT,
            uri: &uri,
            headers: vec![("content-type", checked.file_type.to_owned())],
            body: Some(Outgoing::file(Vec::new(), file, bytes, Vec::new())),
            writes: false,
        })?;
        match answer.status {
            200..=299 => Ok(answer.header("etag").map(str::to_owned)),
            400..=428 | 430..=499 => {
                let said = self.quote(&answer.read_some(REFUSAL_BYTES));
                let text = format!("{} refused the file with HTTP {}: {said}", answer.peer, answer.status);
                Err(FlowError::new(FlowErrorKind::UploadRefused, call, text).with_status(answer.status))
            }
            _ => {
                let said = self.quote(&answer.read_some(REFUSAL_BYTES));
                Err(answer::refused(call, &answer, &said))
            }
        }
    }

    /// Storage may be another host than the site, but never a less protected one.
    fn storage_address(&self, call: &str, url: &str) -> Result<Uri, FlowError> {
        let usable = url.trim().parse::<Uri>().ok().filter(|uri| {
            let scheme = uri.scheme_str();
            uri.host().is_some()
                && (scheme == Some("https") || (scheme == Some("http") && !self.url.is_https()))
        });
        usable.ok_or_else(|| {
            let text = format!("site {} named no usable address for the file", self.url.root());
            FlowError::new(FlowErrorKind::BadAnswer, call, text)
        })
    }

    fn link(&self, checked: &Checked<'_>, place: &Place) -> Result<u64, FlowError> {
        let entity_id = checked.upload.entity_id.to_string();
        let mut fields = vec![
            ("entity_type", checked.upload.entity_type),
            ("entity_id", entity_id.as_str()),
            ("upload_link_info", &place.whole),
            ("display_name", &checked.display_name),
        ];
        fields.extend(checked.upload.field.map(|field| ("field_name", field)));
        let text = self.post_form(checked, "/upload/api_link_file", &fields, true)?;
        self.attachment_id(&checked.call, &text)
    }

    fn post_form(
        &self,
        checked: &Checked<'_>,
        path: &str,
        fields: &[(&str, &str)],
        writes: bool,
    ) -> Result<String, FlowError> {
        let auth = self.signed_in(&checked.call)?.form_fields();
        let auth = auth.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: Vec<_> = fields.iter().copied().chain(auth).collect();
        let body = Outgoing::bytes(form::encode(&fields).into_bytes());
        self.post_text(&checked.call, path, FORM_TYPE.to_owned(), body, writes)
    }
}
