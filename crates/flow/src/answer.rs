//! What an HTTP status or an api3 fault means. Pure.

use jiff::fmt::rfc2822::DateTimeParser;

use crate::error::{FlowError, FlowErrorKind};
use crate::transport::Response;
use crate::url::root_of;

/// Longest wait a site can ask for: a day.
const RETRY_AFTER_MS: u64 = 86_400_000;

/// The error for an answer whose status is not 2xx. `said` is the quoted body.
pub(crate) fn refused(call: &str, answer: &Response, said: &str) -> FlowError {
    let (peer, status) = (&answer.peer, answer.status);
    let quoted = if said.is_empty() { String::new() } else { format!(" (it said: {said})") };
    let (kind, text) = match status {
        300..=399 => redirected(call, answer),
        401 | 403 => {
            let advice = "is API access switched off, or is something in front of the site in the way?";
            (FlowErrorKind::Forbidden, format!("{peer} forbids {call} with HTTP {status}{quoted}: {advice}"))
        }
        407 => {
            (FlowErrorKind::Proxy, "the proxy wants a user name and password: check site.proxy".to_owned())
        }
        404 | 405 => {
            let advice = "is this the address of the site?";
            (FlowErrorKind::BadAnswer, format!("{peer} does not know {call} (HTTP {status}): {advice}"))
        }
        429 | 503 => (
            FlowErrorKind::Throttled,
            format!("{peer} is busy (HTTP {status}): it will be asked again later"),
        ),
        500..=599 => {
            (FlowErrorKind::ServerTrouble, format!("{peer} failed at {call} with HTTP {status}{quoted}"))
        }
        _ => (FlowErrorKind::BadAnswer, format!("{peer} answered {call} with HTTP {status}{quoted}")),
    };
    FlowError::new(kind, call, text)
        .with_status(status)
        .with_retry_after_ms(
            answer.header("retry-after").and_then(|wait| retry_after_ms(wait, answer.header("date"))),
        )
        .perhaps_happened(answer.writes && status >= 500)
}

fn redirected(call: &str, answer: &Response) -> (FlowErrorKind, String) {
    let peer = &answer.peer;
    let location = answer.header("location").unwrap_or_default();
    let path = location.split(['?', '#']).next().unwrap_or_default();
    if path.ends_with("/saml/saml_login_request") {
        let text =
            format!("{peer} wants the SSO sign-in again: sign in in Toolkit; {call} is tried again later");
        return (FlowErrorKind::SsoRedirect, text);
    }
    let target =
        location.parse().ok().filter(|uri: &ureq::http::Uri| uri.host().is_some()).map(|uri| root_of(&uri));
    let target = target.unwrap_or_else(|| "another page".to_owned());
    let advice = "redirects are not followed; if that is the site's address, set site.url to it";
    (FlowErrorKind::BadAnswer, format!("{peer} sends {call} on to {target}: {advice}"))
}

/// The error for an api3 fault. `message` is quoted already.
pub(crate) fn fault(call: &str, peer: &str, code: Option<i64>, message: &str) -> FlowError {
    let said = if message.is_empty() { "no reason given" } else { message };
    let (kind, text) = match code {
        Some(102) => {
            let advice = "sign in again in Toolkit, or check script_name and script_key";
            (FlowErrorKind::SignedOut, format!("{peer} does not accept our sign-in ({said}): {advice}"))
        }
        Some(106 | 108 | 110) => {
            let advice = "use a script key or the session of a signed-in person";
            (
                FlowErrorKind::SignInRefused,
                format!("{peer} refuses this way of signing in ({said}): {advice}"),
            )
        }
        _ if message.contains("Entity type") && message.contains("does not exist") => {
            (FlowErrorKind::EntityMissing, format!("{peer} refused {call}: {said}"))
        }
        _ => (FlowErrorKind::Fault, format!("{peer} refused {call}: {said}")),
    };
    FlowError::new(kind, call, text).with_code(code)
}

/// Seconds, or a date. A date is one by the clock of whoever sent it, so it is compared with the answer's own; without one
/// there is nothing to compare it with that is surely right.
fn retry_after_ms(value: &str, sent: Option<&str>) -> Option<u64> {
    let wait_ms = match value.trim().parse::<u64>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        Err(_) => u64::try_from(moment_ms(value)?.saturating_sub(moment_ms(sent?)?)).unwrap_or(0),
    };
    Some(wait_ms.min(RETRY_AFTER_MS))
}

fn moment_ms(date: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(date.trim()).ok().map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_four_codes() {
        for (code, message, kind) in [
            (Some(102), "bad key", FlowErrorKind::SignedOut),
            (Some(106), "", FlowErrorKind::SignInRefused),
            (Some(108), "", FlowErrorKind::SignInRefused),
            (Some(110), "", FlowErrorKind::SignInRefused),
            (Some(103), "Entity type 'Ticket' does not exist.", FlowErrorKind::EntityMissing),
            (Some(103), "Entity of type [Ticket] with id=4 does not exist.", FlowErrorKind::Fault),
            (None, "", FlowErrorKind::Fault),
        ] {
            let error = fault("create Ticket", "site x", code, message);
            assert_eq!((*error.kind(), error.code(), error.may_have_happened()), (kind, code, false));
        }
    }

    #[test]
    fn waits_no_longer_than_a_day() {
        assert_eq!(retry_after_ms(" 7 ", None), Some(7000));
        assert_eq!(retry_after_ms("99999999999999999", None), Some(RETRY_AFTER_MS));
        assert_eq!(retry_after_ms("-1", None), None);
        assert_eq!(retry_after_ms("soon", Some("Wed, 21 Oct 2026 07:28:00 GMT")), None);
    }

    #[test]
    fn a_date_counts_from_the_answers_own() {
        let then = "Wed, 21 Oct 2026 07:28:00 GMT";
        let wait = |sent| retry_after_ms(then, sent);
        assert_eq!(wait(Some("Wed, 21 Oct 2026 07:27:15 GMT")), Some(45_000));
        assert_eq!(wait(Some("Wed, 21 Oct 2026 07:30:00 GMT")), Some(0), "over already");
        assert_eq!(wait(Some("Wed, 21 Oct 2020 07:30:00 GMT")), Some(RETRY_AFTER_MS));
        assert_eq!(wait(Some("yesterday")), None);
        assert_eq!(wait(None), None);
    }
}
