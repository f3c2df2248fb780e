//! What an image field holds: which uploaded picture, and since when. It reads as an address.
//!
//! A real site works on a new thumbnail for a while, and clients wait for that by the address. So a new picture is a transient one
//! for a moment here too, though there is nothing to wait for. Whether a file is a picture is `files::thumbnail`'s question.

use jiff::Timestamp;
use serde_json::Value;

/// Path of the stand-in for a picture that is new; clients know it by its first three parts.
pub(crate) const PENDING: &str = "/images/status/transient/thumbnail_pending.png";
/// Path of pictures by the ids of their Attachment rows.
pub(crate) const PICTURES: &str = "/file_serve/thumbnail";
/// How long a picture is new.
const NEW_MS: i64 = 1000;

/// The picture of an image field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Id of its Attachment row.
    pub(crate) attachment: i64,
    /// When it came, in milliseconds since 1970 by the desk's clock.
    pub(crate) since_ms: i64,
}

impl Picture {
    /// As it is kept: `17@1764340000250`.
    pub(crate) fn to_text(self) -> String {
        format!("{}@{}", self.attachment, self.since_ms)
    }

    /// From what is kept; none when it is anything else.
    pub(crate) fn from_text(text: &str) -> Option<Picture> {
        let (attachment, since_ms) = text.split_once('@')?;
        Some(Picture { attachment: attachment.parse().ok()?, since_ms: since_ms.parse().ok()? })
    }

    fn address(self, site: &str, now: Timestamp) -> String {
        if now.as_millisecond() - self.since_ms < NEW_MS {
            format!("{site}{PENDING}")
        } else {
            format!("{site}{PICTURES}/{}", self.attachment)
        }
    }
}

/// What clients read of an image field.
pub(crate) fn shown(kept: &Value, site: &str, now: Timestamp) -> Value {
    let picture = kept.as_str().and_then(Picture::from_text);
    picture.map_or(Value::Null, |picture| Value::from(picture.address(site, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_transient_while_it_is_new() {
        let now = Timestamp::from_second(1_764_340_001).unwrap();
        let kept = |since_ms| Value::from(Picture { attachment: 17, since_ms }.to_text());
        assert_eq!(
            shown(&kept(1_764_340_000_250), "http://here", now),
            "http://here/images/status/transient/thumbnail_pending.png"
        );
        assert_eq!(
            shown(&kept(1_764_340_000_000), "http://here", now),
            "http://here/file_serve/thumbnail/17"
        );
        assert_eq!(shown(&Value::from("nonsense"), "http://here", now), Value::Null);
        assert_eq!(shown(&Value::Null, "http://here", now), Value::Null);
    }
}
