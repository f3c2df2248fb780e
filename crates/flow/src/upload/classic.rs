//! The classic form: one multipart body to the site.

use crate::api3::Api3;
use crate::body::Outgoing;
use crate::error::FlowError;
use crate::form;

use super::Checked;

impl Api3 {
    pub(super) fn send_classic(&self, checked: Checked<'_>) -> Result<u64, FlowError> {
        let entity_id = checked.upload.entity_id.to_string();
        let auth = self.signed_in(&checked.call)?.form_fields();
        let mut fields = vec![("entity_type", checked.upload.entity_type), ("entity_id", entity_id.as_str())];
        fields.extend(auth.iter().map(|(name, value)| (*name, value.as_str())));
        fields.extend(checked.upload.field.map(|field| ("field_name", field)));
        fields.push(("display_name", &checked.display_name));
        let around =
            form::multipart(&form::boundary(), &fields, &checked.file_name, checked.file_type, checked.bytes);
        let body = Outgoing::file(around.head, checked.file, checked.bytes, around.tail);
        let text = self.post_text(&checked.call, "/upload/upload_file", around.content_type, body, true)?;
        self.attachment_id(&checked.call, &text)
    }
}
