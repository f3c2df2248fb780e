//! The way to the site, step by step: address, name, proxy, certificates, server, clock, login, project.
//!
//! Each step that fails hides those behind it, so they are not asked. The calls are the client's own, each of them once.

use super::Check;
use flow::{Api3, Credentials, Filter, Find, FlowError, FlowErrorKind, Site};
use jiff::Timestamp;
use std::net::ToSocketAddrs;
use std::path::Path;

const SITE: &str = "site";
const CLOCK: &str = "clock";
const LOGIN: &str = "login";
const PROJECT: &str = "project";
/// A clock that differs by less is right: the answer took its time, too.
const SKEW_S: i64 = 60;

/// Whether the site can be reached, by which way, and which clock it has. `ca_file` is what the client trusts beside the
/// system; `now` tells the time of this machine.
#[must_use]
pub fn check_reach(
    site: &Api3,
    url: &str,
    ca_file: Option<&Path>,
    now: &dyn Fn() -> Timestamp,
) -> (Vec<Check>, bool) {
    let way = site.proxy().map_or("directly".to_owned(), |proxy| format!("through proxy {proxy}"));
    if site.proxy().is_none()
        && let Some(host) = unknown_host(url)
    {
        let found = format!("the name `{host}` cannot be resolved");
        return (
            vec![Check::fail(
                SITE,
                found,
                "check site.url and DNS; if only a proxy gets out, set site.proxy",
            )],
            false,
        );
    }
    let before = now();
    let info = match site.info() {
        Ok(info) => info,
        Err(error) => return (vec![unreachable(&error, Some(&way))], false),
    };
    let trust = match ca_file.filter(|_| url.starts_with("https:")) {
        Some(file) => format!(", trusted by `{}` or the system", file.display()),
        None if url.starts_with("https:") => ", trusted by the system".to_owned(),
        None => String::new(),
    };
    let found = format!("{url} answers {way}{trust}, server {}", info.version_text());
    let mut checks = vec![Check::pass(SITE, found)];
    checks.extend(site.first_date().and_then(|date| clock(date, before, now())));
    (checks, true)
}

/// A host name that nobody knows. Addresses, and what cannot be taken apart, are left to the client.
fn unknown_host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.starts_with('[') {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 }),
    };
    (host, port).to_socket_addrs().is_err().then(|| host.to_owned())
}

/// What keeps the site from being reached, by whose fault it is.
#[must_use]
pub fn unreachable(error: &FlowError, way: Option<&str>) -> Check {
    let what = match error.kind() {
        FlowErrorKind::Proxy => "proxy",
        FlowErrorKind::Tls | FlowErrorKind::File => "certificates",
        _ => SITE,
    };
    let check = Check::flow(what, error);
    match way {
        Some(way) => Check { found: format!("{} (tried {way})", check.found), ..check },
        None => check,
    }
}

/// How this machine's clock compares with the site's `Date`, which has whole seconds; `None` for no date.
fn clock(date: &str, before: Timestamp, after: Timestamp) -> Option<Check> {
    let theirs = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    let (early, late) = (before.as_second() - theirs.as_second(), after.as_second() - theirs.as_second());
    let off = if early > 0 { early } else { late.min(0) };
    if off.abs() <= SKEW_S {
        return Some(Check::pass(CLOCK, "this machine and the site agree"));
    }
    let how = if off > 0 { "ahead of" } else { "behind" };
    let found = format!("this machine is {} s {how} the site", off.abs());
    Some(Check::warn(CLOCK, found, "synchronise the clock: times on tickets are this machine's"))
}

/// Whether the credentials are taken. `who` says whose they are.
#[must_use]
pub fn check_login(site: &mut dyn Site, credentials: Credentials, who: &str) -> Check {
    site.set_credentials(Some(credentials));
    match site.check_login() {
        Ok(()) => Check::pass(LOGIN, format!("signed in as {who}")),
        Err(error) => Check::flow(LOGIN, &error),
    }
}

/// Whether the project that tickets are filed in can be seen; 0 for that of each session.
#[must_use]
pub fn check_project(site: &dyn Site, project_id: u64) -> Check {
    if project_id == 0 {
        return Check::pass(PROJECT, "that of each session (site.project_id is 0)");
    }
    let query = Find::new("Project").only(Filter::is("id", project_id)).fields(["name"]).limit(1);
    match site.find(&query) {
        Err(error) => Check::flow(PROJECT, &error),
        Ok(rows) => match rows.first() {
            Some(row) => {
                Check::pass(PROJECT, format!("{} ({project_id})", row.text("name").unwrap_or("no name")))
            }
            None => Check::fail(
                PROJECT,
                format!("project {project_id} is not there, or not for this login"),
                "set site.project_id, or let the login see that project",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn clocks_are_compared_with_the_time_the_answer_took() {
        let at = |second: i64| Timestamp::from_second(1_768_387_751 + second).unwrap();
        let date = "Wed, 14 Jan 2026 10:49:11 GMT";
        for (before, after, verdict, words) in [
            (0, 0, Verdict::Pass, "agree"),
            (-300, 300, Verdict::Pass, "agree"),
            (61, 62, Verdict::Warn, "61 s ahead of"),
            (-400, -90, Verdict::Warn, "90 s behind"),
        ] {
            let check = clock(date, at(before), at(after)).unwrap();
            assert!(check.verdict == verdict && check.found.contains(words), "{before} {after}: {check:?}");
        }
        assert_eq!(clock("yesterday", at(0), at(0)), None);
    }

    #[test]
    fn a_name_that_nobody_knows_is_told_apart() {
        // No name at all, so that nobody has to be asked.
        assert_eq!(unknown_host("https://nobody..invalid/"), Some("nobody..invalid".to_owned()));
        for known in ["http://127.0.0.1:9", "http://[::1]:80", "nonsense"] {
            assert_eq!(unknown_host(known), None, "{known}");
        }
    }
}
