//! A client of the desk with a hand on it: each call is told before and after it is made, and may be the last one, or
//! have its answer lost.

use agent::delivery::Connect;
use flow::{
    Api3, Credentials, EntityFields, Fields, Find, FlowError, Row, Site, SiteInfo, SiteOptions, Upload,
};
use std::io::Write;
use std::sync::Arc;

/// When the hand is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    GoOn,
    /// The program dies in this moment.
    Die,
    /// The answer does not arrive.
    Lose,
    /// Only half of the file is sent.
    Half,
    /// The file is sent where the site takes none.
    Misplace,
}

/// Asked with a word for each call: `find Ticket`, `create Reply`, `upload`.
pub(crate) type Hand = Arc<dyn Fn(When, &str) -> Act + Send + Sync>;

pub(crate) struct Tap {
    site: Api3,
    hand: Hand,
    /// The type whose fields are told for those of a ticket.
    pub(crate) fields_of: Option<&'static str>,
}

/// For [`DeliveryWorker::through`](agent::delivery::DeliveryWorker::through).
pub(crate) fn tapped(hand: Hand) -> Connect {
    tapped_without_fields(hand, None)
}

pub(crate) fn tapped_without_fields(hand: Hand, fields_of: Option<&'static str>) -> Connect {
    Box::new(move |options| {
        Ok(Box::new(Tap { site: flow::connect(options)?, hand: Arc::clone(&hand), fields_of }))
    })
}

impl Tap {
    fn call<T>(&self, what: &str, call: impl FnOnce(Act) -> Result<T, FlowError>) -> Result<T, FlowError> {
        let act = (self.hand)(When::Before, what);
        die_if(act);
        if act == Act::Lose {
            return Err(unreachable_site());
        }
        let answer = call(act)?;
        let act = (self.hand)(When::After, what);
        die_if(act);
        if act == Act::Lose { Err(unreachable_site()) } else { Ok(answer) }
    }
}

/// As a kill would: nothing is printed and nothing more is done.
fn die_if(act: Act) {
    if act == Act::Die {
        std::panic::resume_unwind(Box::new("killed"));
    }
}

fn unreachable_site() -> FlowError {
    let site = flow::connect(SiteOptions::new("http://127.0.0.1:1")).unwrap();
    site.info().unwrap_err()
}

impl Site for Tap {
    fn set_credentials(&mut self, credentials: Option<Credentials>) {
        self.site.set_credentials(credentials);
    }
    fn info(&self) -> Result<SiteInfo, FlowError> {
        self.call("info", |_| self.site.info())
    }
    fn check_login(&self) -> Result<(), FlowError> {
        self.call("check login", |_| self.site.check_login())
    }
    fn fields(&self, entity_type: &str) -> Result<EntityFields, FlowError> {
        self.call("fields", |_| self.site.fields(self.fields_of.unwrap_or(entity_type)))
    }
    fn create_field(&self, entity_type: &str, data_type: &str, label: &str) -> Result<String, FlowError> {
        self.site.create_field(entity_type, data_type, label)
    }
    fn find(&self, query: &Find) -> Result<Vec<Row>, FlowError> {
        self.call(&format!("find {}", query.entity_type), |_| self.site.find(query))
    }
    fn create(&self, entity_type: &str, fields: &Fields, returned: &[&str]) -> Result<Row, FlowError> {
        self.call(&format!("create {entity_type}"), |_| self.site.create(entity_type, fields, returned))
    }
    fn update(&self, entity_type: &str, id: u64, fields: &Fields) -> Result<Row, FlowError> {
        self.call(&format!("update {entity_type}"), |_| self.site.update(entity_type, id, fields))
    }
    fn delete(&self, entity_type: &str, id: u64) -> Result<bool, FlowError> {
        self.call(&format!("delete {entity_type}"), |_| self.site.delete(entity_type, id))
    }
    fn reply(&self, ticket_id: u64, content: &str) -> Result<Row, FlowError> {
        self.call("create Reply", |_| self.site.reply(ticket_id, content))
    }
    fn upload(&self, upload: &Upload<'_>) -> Result<u64, FlowError> {
        self.call("upload", |act| match act {
            Act::Half => {
                let bytes = std::fs::read(upload.file).unwrap();
                let half = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(half.path(), &bytes[..bytes.len() / 2]).unwrap();
                self.site.upload(&Upload { file: half.path(), ..*upload })
            }
            Act::Misplace => self.site.upload(&Upload { field: Some("title"), ..*upload }),
            _ => self.site.upload(upload),
        })
    }
    fn download(&self, attachment_id: u64, to: &mut dyn Write) -> Result<u64, FlowError> {
        self.call("download", |_| self.site.download(attachment_id, to))
    }
    fn session_token(&self) -> Result<secrecy::SecretString, FlowError> {
        self.call("session token", |_| self.site.session_token())
    }
}
