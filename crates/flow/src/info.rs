//! What a site says about itself, and the upload form that follows from it. Pure.

use serde_json::Value;

/// Page size of a site that names none.
const DEFAULT_PAGE_SIZE: u32 = 500;

/// How files get to the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadForm {
    /// One multipart form to the site itself.
    Classic,
    /// Bytes to a storage service, then a link on the site.
    Storage,
}

/// What a site says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteInfo {
    version: [u64; 3],
    page_size: u32,
    sign_in_method: String,
    storage_uploads: bool,
    storage_types: Value,
}

impl SiteInfo {
    /// Reads the answer to `info`. None without a usable version, as in the official client.
    pub(crate) fn from_wire(value: &Value) -> Option<Self> {
        let version = value["version"].as_array().filter(|parts| !parts.is_empty())?;
        let part = |index: usize| version.get(index).and_then(Value::as_u64).unwrap_or(0);
        let page_size = value["api_max_entities_per_page"].as_u64().and_then(|size| u32::try_from(size).ok());
        Some(Self {
            version: [version[0].as_u64()?, part(1), part(2)],
            page_size: page_size.filter(|size| *size > 0).unwrap_or(DEFAULT_PAGE_SIZE),
            sign_in_method: value["user_authentication_method"].as_str().unwrap_or("default").to_owned(),
            storage_uploads: value["s3_direct_uploads_enabled"].as_bool().unwrap_or(false),
            storage_types: value["s3_enabled_upload_types"].clone(),
        })
    }

    /// Server version: major, minor, revision.
    pub fn version(&self) -> (u64, u64, u64) {
        (self.version[0], self.version[1], self.version[2])
    }

    /// The same for people: `8.80.0`.
    pub fn version_text(&self) -> String {
        self.version.map(|part| part.to_string()).join(".")
    }

    /// Most rows the site returns at once.
    pub fn page_size(&self) -> u32 {
        self.page_size
    }

    /// How people sign in: `default`, `ldap`, `saml2`, `oxygen` (Autodesk Identity).
    pub fn sign_in_method(&self) -> &str {
        &self.sign_in_method
    }

    /// The form for a file of this type and field (rule of the official client: storage when it is switched on and
    /// the type, or `*`, lists the field or a star). A star given as plain text counts like a list holding it.
    pub fn upload_form(&self, entity_type: &str, field: Option<&str>) -> UploadForm {
        let listed = |types: &Value| match types {
            Value::String(star) => star == "*",
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).any(|name| name == "*" || Some(name) == field)
            }
            _ => false,
        };
        let by_type = [entity_type, "*"].iter().any(|key| self.storage_types.get(key).is_some_and(listed));
        let movie = entity_type == "Version" && field == Some("sg_uploaded_movie");
        if self.storage_uploads && (by_type || movie) { UploadForm::Storage } else { UploadForm::Classic }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn form(types: Value, entity_type: &str, field: Option<&str>) -> UploadForm {
        let info = json!({"version": [8, 89, 0], "s3_direct_uploads_enabled": true, "s3_enabled_upload_types": types});
        SiteInfo::from_wire(&info).expect("info").upload_form(entity_type, field)
    }

    #[test]
    fn chooses_the_form_as_the_official_client_does() {
        let attachments = Some("attachments");
        assert_eq!(form(json!({"*": ["*"]}), "Ticket", attachments), UploadForm::Storage);
        assert_eq!(form(json!({"*": "*"}), "Ticket", None), UploadForm::Storage);
        assert_eq!(form(json!({"Ticket": ["attachments"]}), "Ticket", attachments), UploadForm::Storage);
        assert_eq!(form(json!({"Ticket": ["attachments"]}), "Ticket", None), UploadForm::Classic);
        assert_eq!(form(json!({"*": ["this_file"]}), "Ticket", attachments), UploadForm::Classic);
        assert_eq!(form(json!({}), "Version", Some("sg_uploaded_movie")), UploadForm::Storage);
        assert_eq!(form(json!(null), "Ticket", attachments), UploadForm::Classic);
        let off = json!({"version": [8], "s3_enabled_upload_types": {"*": ["*"]}});
        let off = SiteInfo::from_wire(&off).expect("info");
        assert_eq!(off.upload_form("Ticket", None), UploadForm::Classic);
        assert_eq!((off.version(), off.page_size(), off.sign_in_method()), ((8, 0, 0), 500, "default"));
        assert_eq!(off.version_text(), "8.0.0");
    }

    #[test]
    fn no_version_is_no_site() {
        for value in [
            json!({}),
            json!({"version": []}),
            json!({"version": "8.1"}),
            json!({"version": [null]}),
            json!(7),
        ] {
            assert_eq!(SiteInfo::from_wire(&value), None);
        }
    }
}
