//! A site spoken to over api3. Composes requests and reads answers; everything about connections is in `transport`,
//! about files in `upload` and `download`.

use std::fmt;
use std::io::Write;
use std::sync::OnceLock;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::answer;
use crate::body::Outgoing;
use crate::conceal;
use crate::credentials::Credentials;
use crate::envelope::{self, Reply};
use crate::error::{FlowError, FlowErrorKind};
use crate::find::Find;
use crate::info::SiteInfo;
use crate::options::SiteOptions;
use crate::proxy::{Bypass, ProxySetting};
use crate::row::{Fields, Row};
use crate::schema::EntityFields;
use crate::site::Site;
use crate::transport::{Peer, Request, Response, Transport};
use crate::upload::Upload;
use crate::url::SiteUrl;

/// Largest JSON answer, in bytes.
const ANSWER_BYTES: u64 = 32 * 1024 * 1024;
/// Most of a refusal's page that is read, in bytes.
pub(crate) const REFUSAL_BYTES: u64 = 64 * 1024;
/// Rows per page of a site whose own figure is not known yet: every site takes these.
const SAFE_PAGE: u32 = 500;

/// A site spoken to over api3. One request at a time; `Debug` shows the address only.
pub struct Api3 {
    pub(crate) url: SiteUrl,
    pub(crate) transport: Transport,
    pub(crate) credentials: Option<Credentials>,
    info: OnceLock<SiteInfo>,
    date: OnceLock<String>,
}

/// Checks the options and gives a site without credentials. No traffic; of the machine it reads the certificate file
/// and the variable `NO_PROXY` (or `no_proxy`).
pub fn connect(options: SiteOptions) -> Result<Api3, FlowError> {
    let url = SiteUrl::parse(&options.url)?;
    let proxy = options.proxy.as_ref().map(ProxySetting::parse).transpose()?.flatten();
    let direct =
        ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let transport = Transport::new(proxy, Bypass::parse(&direct), options.ca_file, options.timeout_ms);
    if url.is_https() {
        transport.load_ca_file()?;
    }
    Ok(Api3 { url, transport, credentials: None, info: OnceLock::new(), date: OnceLock::new() })
}

impl fmt::Debug for Api3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api3").field("url", &self.url.root()).finish_non_exhaustive()
    }
}

impl Api3 {
    /// The proxy that requests to the site go through, as `host:port`, without the user; `None` when they go directly.
    pub fn proxy(&self) -> Option<String> {
        self.transport.proxy_for(self.url.rpc())
    }

    /// The site's own time in its first answer, as it came (`Date`, RFC 9110). Whatever is in between may have written it.
    pub fn first_date(&self) -> Option<&str> {
        self.date.get().map(String::as_str)
    }

    /// Quotes what the other side said, without our secrets.
    pub(crate) fn quote(&self, said: &[u8]) -> String {
        let ours = self.credentials.as_ref().map(Credentials::secret);
        let secrets: Vec<&str> = ours
            .into_iter()
            .chain(self.transport.proxy_password())
            .map(ExposeSecret::expose_secret)
            .collect();
        conceal::quote(said, &secrets)
    }

    /// Who we are, or the error that says that nobody is signed in.
    pub(crate) fn signed_in(&self, call: &str) -> Result<&Credentials, FlowError> {
        self.credentials.as_ref().ok_or_else(|| {
            let text = format!(
                "nobody is signed in at site {}: sign in in Toolkit, or give a script key",
                self.url.root()
            );
            FlowError::new(FlowErrorKind::SignedOut, call, text)
        })
    }

    /// Turns an answer that is not 2xx into its error.
    pub(crate) fn accept(&self, call: &str, mut answer: Response) -> Result<Response, FlowError> {
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let said = self.quote(&answer.read_some(REFUSAL_BYTES));
        Err(answer::refused(call, &answer, &said))
    }

    fn bad_answer(&self, call: &str, what: &str, writes: bool) -> FlowError {
        let text = format!("site {} answered {call} with {what}", self.url.root());
        FlowError::new(FlowErrorKind::BadAnswer, call, text).perhaps_happened(writes)
    }

    /// One authenticated call.
    fn call(
        &self,
        call: &str,
        method: &str,
        arguments: Option<Value>,
        writes: bool,
    ) -> Result<Value, FlowError> {
        let auth = self.signed_in(call)?.auth_object();
        self.exchange(call, method, Some(auth), arguments, writes)
    }

    fn exchange(
        &self,
        call: &str,
        method: &str,
        auth: Option<Value>,
        arguments: Option<Value>,
        writes: bool,
    ) -> Result<Value, FlowError> {
        let bare = auth.is_none();
        let answer = self.transport.open(Request {
            call,
            peer: Peer::Site,
            method: Method::POST,
            uri: self.url.rpc(),
            headers: vec![("content-type", "application/json; charset=utf-8".to_owned())],
            body: Some(Outgoing::bytes(envelope::request(method, auth, arguments))),
            writes,
        })?;
        if let Some(date) = answer.header("date") {
            self.date.get_or_init(|| date.to_owned());
        }
        let mut answer = self.accept(call, answer)?;
        let content_type = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_json =
            content_type.is_empty() || ["json", "javascript"].iter().any(|kind| content_type.contains(kind));
        if !is_json {
            let said = self.quote(&answer.read_some(REFUSAL_BYTES));
            let what =
                format!("a page instead of JSON: is a sign-in page or a proxy in between? (it says: {said})");
            return Err(self.bad_answer(call, &what, writes));
        }
        let body = answer.read(ANSWER_BYTES)?;
        match envelope::open(&body, bare) {
            Ok(Reply::Results(results)) => Ok(results),
            Ok(Reply::Fault { code, message }) => {
                Err(answer::fault(call, &answer.peer, code, &self.quote(message.as_bytes())))
            }
            Ok(Reply::Neither) => {
                Err(self.bad_answer(call, "JSON that is neither results nor a fault", writes))
            }
            Err(error) => {
                let what = "something that is not JSON: is this the address of the site?";
                Err(self.bad_answer(call, what, writes).caused_by(error))
            }
        }
    }

    fn row(&self, call: &str, value: Value, writes: bool) -> Result<Row, FlowError> {
        Row::from_wire(value).ok_or_else(|| self.bad_answer(call, "a row without type or id", writes))
    }

    /// One page of a find, and whether there is another.
    fn page(&self, call: &str, arguments: Value) -> Result<(Vec<Row>, bool), FlowError> {
        let mut results = self.call(call, "read", Some(arguments), false)?;
        let more = results["paging_info"]["has_next_page"].as_bool().unwrap_or(false);
        match results.get_mut("entities").map(Value::take) {
            Some(Value::Array(rows)) => {
                let rows: Result<Vec<Row>, FlowError> =
                    rows.into_iter().map(|row| self.row(call, row, false)).collect();
                Ok((rows?, more))
            }
            _ => Err(self.bad_answer(call, "no list of rows", false)),
        }
    }
}

impl Site for Api3 {
    fn set_credentials(&mut self, credentials: Option<Credentials>) {
        self.credentials = credentials;
    }

    fn info(&self) -> Result<SiteInfo, FlowError> {
        if let Some(info) = self.info.get() {
            return Ok(info.clone());
        }
        let value = self.exchange("info", "info", None, None, false)?;
        let info = SiteInfo::from_wire(&value)
            .ok_or_else(|| self.bad_answer("info", "no version: is this the address of the site?", false))?;
        Ok(self.info.get_or_init(|| info).clone())
    }

    fn check_login(&self) -> Result<(), FlowError> {
        let any = Find::new("Project").limit(1);
        self.page("check login", any.to_wire(1, 1, false)).map(|_| ())
    }

    fn fields(&self, entity_type: &str) -> Result<EntityFields, FlowError> {
        let call = format!("read fields of {entity_type}");
        let missing = |said: &str| {
            let root = self.url.root();
            let advice = "switch it on in the site preferences under entities, or set site.entity_type";
            let text = format!("site {root} does not offer the entity type {entity_type} ({said}): {advice}");
            FlowError::new(FlowErrorKind::EntityMissing, &call, text)
        };
        // A fault here means that the type is switched off; its wording differs between servers.
        let value = match self.call(&call, "schema_field_read", Some(json!({"type": entity_type})), false) {
            Err(error) if matches!(error.kind(), FlowErrorKind::Fault | FlowErrorKind::EntityMissing) => {
                return Err(missing("its fields cannot be read").with_code(error.code()).caused_by(error));
            }
            other => other?,
        };
        EntityFields::from_wire(&value).ok_or_else(|| missing("it has no fields"))
    }

    fn create_field(&self, entity_type: &str, data_type: &str, label: &str) -> Result<String, FlowError> {
        let call = format!("create field {label} of {entity_type}");
        let properties = json!([{"property_name": "name", "value": label}]);
        let arguments = json!({"type": entity_type, "data_type": data_type, "properties": properties});
        let results = self.call(&call, "schema_field_create", Some(arguments), true)?;
        let name = results.as_str().map(str::to_owned);
        name.ok_or_else(|| self.bad_answer(&call, "no field name", true))
    }

    fn find(&self, query: &Find) -> Result<Vec<Row>, FlowError> {
        let call = format!("find {}", query.entity_type);
        let wanted = query.limit.max(1);
        let known = self.info.get().map(SiteInfo::page_size);
        let page_size = match known {
            Some(size) => size,
            None if wanted <= SAFE_PAGE => SAFE_PAGE,
            None => self.info()?.page_size(),
        };
        let mut rows = Vec::new();
        if wanted <= page_size {
            (rows, _) = self.page(&call, query.to_wire(wanted, 1, false))?;
        } else {
            for page in 1.. {
                let (found, more) = self.page(&call, query.to_wire(page_size, page, true))?;
                let empty = found.is_empty();
                rows.extend(found);
                if empty || !more || rows.len() as u64 >= u64::from(wanted) {
                    break;
                }
            }
        }
        rows.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        Ok(rows)
    }

    fn create(&self, entity_type: &str, fields: &Fields, return_fields: &[&str]) -> Result<Row, FlowError> {
        let call = format!("create {entity_type}");
        let arguments = json!({"type": entity_type, "fields": named(fields), "return_fields": return_fields});
        let results = self.call(&call, "create", Some(arguments), true)?;
        self.row(&call, results, true)
    }

    fn update(&self, entity_type: &str, id: u64, fields: &Fields) -> Result<Row, FlowError> {
        let call = format!("update {entity_type} {id}");
        let arguments = json!({"type": entity_type, "id": id, "fields": named(fields)});
        let results = self.call(&call, "update", Some(arguments), true)?;
        self.row(&call, results, true)
    }

    fn delete(&self, entity_type: &str, id: u64) -> Result<bool, FlowError> {
        let call = format!("delete {entity_type} {id}");
        let results = self.call(&call, "delete", Some(json!({"type": entity_type, "id": id})), true)?;
        results.as_bool().ok_or_else(|| self.bad_answer(&call, "neither yes nor no", true))
    }

    fn reply(&self, ticket_id: u64, content: &str) -> Result<Row, FlowError> {
        let mut fields = Fields::new();
        fields.insert("content".to_owned(), json!(content));
        fields.insert("entity".to_owned(), json!({"type": "Ticket", "id": ticket_id}));
        self.create("Reply", &fields, &["id"])
    }

    fn upload(&self, upload: &Upload<'_>) -> Result<u64, FlowError> {
        self.send_file(upload)
    }

    fn download(&self, attachment_id: u64, to: &mut dyn Write) -> Result<u64, FlowError> {
        self.fetch_file(attachment_id, to)
    }

    fn session_token(&self) -> Result<SecretString, FlowError> {
        let call = "get session token";
        let results = self.call(call, "get_session_token", None, false)?;
        let token = results["session_id"].as_str().filter(|token| !token.is_empty());
        token.map(SecretString::from).ok_or_else(|| self.bad_answer(call, "no token", false))
    }
}

/// Fields in the spelling of writes.
fn named(fields: &Fields) -> Vec<Value> {
    fields.iter().map(|(name, value)| json!({"field_name": name, "value": value})).collect()
}
