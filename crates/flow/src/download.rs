//! An Attachment's bytes. The site may send us on to its storage; those redirects, and no others, are followed here,
//! by hand: our session goes to the site only, and never from https to http.

use std::io::{Read, Write};

use secrecy::{ExposeSecret, SecretString};
use ureq::http::{Method, Uri};

use crate::answer;
use crate::api3::{Api3, REFUSAL_BYTES};
use crate::credentials::Credentials;
use crate::error::{FlowError, FlowErrorKind};
use crate::site::Site;
use crate::transport::{Peer, Request, Response};
use crate::url::root_of;

/// Most redirects in a row.
const REDIRECTS: usize = 4;

impl Api3 {
    pub(crate) fn fetch_file(&self, attachment_id: u64, to: &mut dyn Write) -> Result<u64, FlowError> {
        let call = format!("download attachment {attachment_id}");
        let session = match self.signed_in(&call)? {
            Credentials::Session { token } => token.clone(),
            Credentials::Script { .. } => self.session_token()?,
        };
        let mut uri = self.url.rooted(&format!("/file_serve/attachment/{attachment_id}"))?;
        for _ in 0..=REDIRECTS {
            let mut answer = self.ask(&call, &uri, &session)?;
            match answer.status {
                200..=299 => return copy(&call, &mut answer, to),
                301 | 302 | 303 | 307 | 308 => uri = self.next_address(&call, &uri, &answer)?,
                status => {
                    let said = self.quote(&answer.read_some(REFUSAL_BYTES));
                    let said = said.replace(session.expose_secret(), "***");
                    let reason = match status {
                        400 | 404 => "does not exist or is a local file",
                        409 => "waits for its malware scan",
                        410 => "is in quarantine",
                        _ => return Err(answer::refused(&call, &answer, &said)),
                    };
                    let text = format!("attachment {attachment_id} at {} {reason}", answer.peer);
                    return Err(FlowError::new(FlowErrorKind::Fault, &call, text).with_status(status));
                }
            }
        }
        let text = format!("site {} sends {call} in circles", self.url.root());
        Err(FlowError::new(FlowErrorKind::BadAnswer, &call, text))
    }

    fn ask(&self, call: &str, uri: &Uri, session: &SecretString) -> Result<Response, FlowError> {
        let ours = root_of(uri) == self.url.root();
        let peer = if ours { Peer::Site } else { Peer::Storage };
        let headers =
            if ours { vec![("cookie", format!("_session_id={}", session.expose_secret()))] } else { vec![] };
        self.transport.open(Request {
            call,
            peer,
            method: Method::GET,
            uri,
            headers,
            body: None,
            writes: false,
        })
    }

    fn next_address(&self, call: &str, from: &Uri, answer: &Response) -> Result<Uri, FlowError> {
        let location = answer.header("location").unwrap_or_default();
        let next = if location.starts_with('/') && !location.starts_with("//") {
            format!("{}{location}", root_of(from)).parse::<Uri>()
        } else {
            location.parse::<Uri>()
        };
        let refusal = answer::refused(call, answer, "");
        if *refusal.kind() == FlowErrorKind::SsoRedirect {
            return Err(refusal);
        }
        next.ok()
            .filter(|next| {
                let scheme = next.scheme_str();
                let protected =
                    scheme == Some("https") || (scheme == Some("http") && from.scheme_str() == Some("http"));
                next.host().is_some() && protected
            })
            .ok_or(refusal)
    }
}

fn copy(call: &str, answer: &mut Response, to: &mut dyn Write) -> Result<u64, FlowError> {
    let mut buffer = vec![0_u8; 16 * 1024];
    let mut total = 0;
    loop {
        let read = answer.stream().read(&mut buffer);
        let count = read.map_err(|error| answer.broken_stream(error))?;
        if count == 0 {
            return Ok(total);
        }
        to.write_all(&buffer[..count]).map_err(|error| {
            FlowError::new(FlowErrorKind::File, call, format!("{call}: the bytes could not be written"))
                .caused_by(error)
        })?;
        total += count as u64;
    }
}
