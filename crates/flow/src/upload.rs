//! Files to the site: checks, the choice of the form, and what both forms share. The forms are in `upload/`.
//!
//! Files are streamed from disk with the length they had when opened. An empty file is refused before any traffic,
//! because the site would refuse it after.

mod classic;
mod storage;

use std::fs::File;
use std::path::Path;

use ureq::http::Method;

use crate::api3::{Api3, REFUSAL_BYTES};
use crate::body::Outgoing;
use crate::error::{FlowError, FlowErrorKind};
use crate::form;
use crate::info::UploadForm;
use crate::site::Site;
use crate::transport::{Peer, Request};

/// A file on its way to a row.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// Type of the row it goes to.
    pub entity_type: &'a str,
    /// Id of the row it goes to.
    pub entity_id: u64,
    /// A url or attachments field of the row; None attaches it to the row as a whole.
    pub field: Option<&'a str>,
    /// The file on disk.
    pub file: &'a Path,
    /// Name people see on the site, also the file name downloads get. Empty: the file's own name.
    pub display_name: &'a str,
}

/// An upload that passed its checks.
struct Checked<'a> {
    call: String,
    upload: &'a Upload<'a>,
    file: File,
    bytes: u64,
    display_name: String,
    file_name: String,
    file_type: &'static str,
}

impl Api3 {
    pub(crate) fn send_file(&self, upload: &Upload<'_>) -> Result<u64, FlowError> {
        let checked = Checked::new(upload)?;
        self.signed_in(&checked.call)?;
        match self.info()?.upload_form(upload.entity_type, upload.field) {
            UploadForm::Classic => self.send_classic(checked),
            UploadForm::Storage => self.send_storage(&checked),
        }
    }

    /// Posts to one of the plain-text endpoints. Success begins with `1`; `0` is followed by the reason.
    fn post_text(
        &self,
        call: &str,
        path: &str,
        content_type: String,
        body: Outgoing,
        writes: bool,
    ) -> Result<String, FlowError> {
        let uri = self.url.rooted(path)?;
        let answer = self.transport.open(Request {
            call,
            peer: Peer::Site,
            method: Method::POST,
            uri: &uri,
            headers: vec![("content-type", content_type)],
            body: Some(body),
            writes,
        })?;
        let mut answer = self.accept(call, answer)?;
        let text = String::from_utf8_lossy(&answer.read(REFUSAL_BYTES)?).into_owned();
        if text.starts_with('1') {
            return Ok(text);
        }
        let said = self.quote(text.trim_start_matches('0').as_bytes());
        let said = if said.is_empty() { "no reason given".to_owned() } else { said };
        Err(if text.starts_with('0') {
            FlowError::new(
                FlowErrorKind::UploadRefused,
                call,
                format!("{} refused {call}: {said}", answer.peer),
            )
        } else {
            let text = format!("{} answered {call} with neither yes nor no: {said}", answer.peer);
            FlowError::new(FlowErrorKind::BadAnswer, call, text).perhaps_happened(writes)
        })
    }

    /// The Attachment id in `1:<id>`.
    fn attachment_id(&self, call: &str, text: &str) -> Result<u64, FlowError> {
        let line = text.lines().next().unwrap_or_default();
        line.strip_prefix("1:").and_then(|id| id.trim().parse().ok()).ok_or_else(|| {
            let text =
                format!("site {} took the file but named no attachment: look at the row", self.url.root());
            FlowError::new(FlowErrorKind::BadAnswer, call, text).perhaps_happened(true)
        })
    }
}

impl<'a> Checked<'a> {
    fn new(upload: &'a Upload<'a>) -> Result<Self, FlowError> {
        let call = format!("upload to {} {}", upload.entity_type, upload.entity_id);
        let shown = upload.file.display();
        let bad = |reason: &str| FlowError::new(FlowErrorKind::File, &call, format!("file {shown} {reason}"));
        let file = File::open(upload.file).map_err(|error| bad("cannot be opened").caused_by(error))?;
        let metadata = file.metadata().map_err(|error| bad("cannot be read").caused_by(error))?;
        if !metadata.is_file() {
            return Err(bad("is no regular file"));
        }
        if metadata.len() == 0 {
            return Err(bad("is empty: there is nothing to send"));
        }
        let own_name =
            upload.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let named = if upload.display_name.trim().is_empty() { &own_name } else { upload.display_name };
        let display_name: String = named.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let file_name = form::file_name(&display_name);
        let file_type = form::file_type(&file_name);
        Ok(Self { call, upload, file, bytes: metadata.len(), display_name, file_name, file_type })
    }
}
