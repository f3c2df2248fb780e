//! Files on a ticket: each once, and whole.
//!
//! The name carries the hash of the archive, so a file of our name on the ticket is one of an earlier attempt: its answer
//! was lost, or it broke off. It is read back and compared; one that is not whole is taken away and sent again. An answer
//! that said yes is checked by what the site knows of the file.

use super::{Filing, FilingError};
use crate::evidence;
use flow::{Filter, Find, FlowError, FlowErrorKind, Link, Upload};
use std::io::{self, Read, Write};
use std::path::Path;

/// A file is given up after so many refusals: some hours with the usual back-off, in which an admin may give the right that
/// was missing.
const MOST_REFUSALS: u32 = 24;
/// "Content too large."
const TOO_LARGE: u16 = 413;

impl Filing<'_> {
    /// Attaches the log as text. `None` when there is nothing to attach, or no longer: an archive that someone
    /// took out of the spool is given up, not waited for.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses, or the spool cannot be read.
    pub fn log(&self, ticket_id: u64, hash: &str) -> Result<Option<(u64, String)>, FilingError> {
        if !evidence::archive_path(self.spool, hash).exists() {
            return Ok(None);
        }
        let Some((name, path)) = evidence::unpack_log(self.spool, hash)? else { return Ok(None) };
        let name = evidence::log_name(&name, hash);
        let attached = self.attach(ticket_id, &path, &name);
        // A copy of what the archive holds; one that stays is swept at the next start.
        let _ = std::fs::remove_file(&path);
        Ok(Some((attached?, name)))
    }

    /// Attaches the archive. `None` as for [`Filing::log`].
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn archive(&self, ticket_id: u64, hash: &str) -> Result<Option<(u64, String)>, FilingError> {
        let path = evidence::archive_path(self.spool, hash);
        if !path.exists() {
            return Ok(None);
        }
        let name = evidence::archive_name(hash);
        let attached = self.attach(ticket_id, &path, &name)?;
        Ok(Some((attached, name)))
    }

    fn attach(&self, ticket_id: u64, file: &Path, name: &str) -> Result<u64, FilingError> {
        let there = self.attachments(ticket_id)?.unwrap_or_default();
        let mut whole = None;
        for link in there.iter().filter(|link| link.name.as_deref() == Some(name)) {
            // A second whole one came of an answer that was lost and a site that was slow.
            if whole.is_none() && self.is_whole(link.id, file)? {
                whole = Some(link.id);
            } else {
                self.take_away(link.id)?;
            }
        }
        if let Some(id) = whole {
            return Ok(id);
        }
        let id = self.site.upload(&Upload {
            entity_type: self.entity_type,
            entity_id: ticket_id,
            field: Some("attachments"),
            file,
            display_name: name,
        })?;
        // Yes is not enough: it may have been said of bytes that never came, and of a file that hangs on nothing.
        let arrived = self.attachments(ticket_id)?.is_none_or(|there| there.iter().any(|link| link.id == id));
        if !arrived || self.has_size(id, file)? == Some(false) {
            self.take_away(id)?;
            return Err(FilingError::Incomplete(name.to_owned()));
        }
        Ok(id)
    }

    /// The files on a ticket; `None` when we may not read it.
    fn attachments(&self, ticket_id: u64) -> Result<Option<Vec<Link>>, FlowError> {
        let query =
            Find::new(self.entity_type).only(Filter::is("id", ticket_id)).fields(["attachments"]).limit(1);
        Ok(self.site.find(&query)?.pop().map(|row| row.links("attachments")))
    }

    /// Whether the site's figure for a file's size is the right one; `None` when it tells none, as for recent uploads.
    fn has_size(&self, attachment_id: u64, file: &Path) -> Result<Option<bool>, FilingError> {
        let query = Find::new("Attachment")
            .only(Filter::is("id", attachment_id))
            .fields(["file_size", "this_file"])
            .limit(1);
        let Some(row) = self.site.find(&query)?.pop() else { return Ok(None) };
        let bytes = std::fs::metadata(file)?.len();
        if row.fields.get("this_file").is_some_and(serde_json::Value::is_null) {
            return Ok(Some(false));
        }
        Ok(row.number("file_size").map(|told| u64::try_from(told) == Ok(bytes)))
    }

    /// Whether the bytes on the site are those of the file.
    fn is_whole(&self, attachment_id: u64, file: &Path) -> Result<bool, FilingError> {
        if self.has_size(attachment_id, file)? == Some(false) {
            return Ok(false);
        }
        let mut same = Same { file: std::fs::File::open(file)?, differs: false };
        match self.site.download(attachment_id, &mut same) {
            Ok(_) => Ok(!same.differs && same.file.read(&mut [0])? == 0),
            Err(_) if same.differs => Ok(false),
            // Being scanned, or found to be dangerous: it is there, and sending it again would not help.
            Err(error) if matches!(error.http_status(), Some(409 | 410)) => Ok(true),
            Err(error) if matches!(error.kind(), FlowErrorKind::Fault | FlowErrorKind::BadAnswer) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Retires a file of ours that is not whole. A site that does not let us is left with it.
    fn take_away(&self, attachment_id: u64) -> Result<(), FilingError> {
        match self.site.delete("Attachment", attachment_id) {
            Err(error) if !matches!(error.kind(), FlowErrorKind::Fault | FlowErrorKind::Forbidden) => {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }

    /// Says once on the ticket that a file could not be attached.
    ///
    /// # Errors
    /// When the site cannot be asked or refuses.
    pub fn say_not_attached(&self, ticket_id: u64, what: &str, why: &FilingError) -> Result<(), FilingError> {
        let line = format!("tk-incident-not-attached: {what}");
        if self.has_reply(ticket_id, &line)? {
            return Ok(());
        }
        let why = crate::delivery::chain(why);
        self.reply(
            ticket_id,
            &format!("The {what} could not be attached: {why}. It is not tried again.\n\n{line}"),
        )
    }
}

impl FilingError {
    /// Whether a file is refused for good, and not by a site or a way to it that may be better tomorrow.
    #[must_use]
    pub fn refuses_file(&self, attempts: u32) -> bool {
        let refused = |error: &FlowError| {
            let for_good = matches!(
                error.kind(),
                FlowErrorKind::UploadRefused | FlowErrorKind::Fault | FlowErrorKind::File
            );
            // Of the questions around an upload, none is too large for good.
            let too_large = error.http_status() == Some(TOO_LARGE) && error.call().starts_with("upload");
            too_large || (for_good && attempts + 1 >= MOST_REFUSALS)
        };
        matches!(self, FilingError::Flow(error) if refused(error))
    }
}

/// Compares what is written to it with a file, and takes no more once they differ.
struct Same {
    file: std::fs::File,
    differs: bool,
}

impl Write for Same {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut expected = vec![0; bytes.len()];
        self.differs = self.file.read_exact(&mut expected).is_err() || expected != bytes;
        if self.differs { Err(io::Error::other("not the same file")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
