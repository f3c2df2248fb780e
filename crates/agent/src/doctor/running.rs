//! The agent that runs, as it answers itself: its version, and what it has to tell.

use super::Check;
use super::check::counted;
use crate::control::AskError;
use serde_json::Value;

const NAME: &str = "agent";
/// A step that was tried so often fails for more than a moment.
const OFTEN: u64 = 3;

/// Judges the answer to `status`, as this program's `version` sees it.
#[must_use]
pub fn check(answer: &Result<Value, AskError>, version: &str) -> Vec<Check> {
    let status = match answer {
        Ok(status) => status,
        Err(AskError::NobodyThere(_)) => {
            let advice = "the Toolkit app starts one with the first host; by hand, `tk-incident run` does";
            return vec![Check::warn(NAME, "none runs for this user and site", advice)];
        }
        Err(AskError::Stranger(_)) => {
            let found = "none runs for this user and site, and another user's program listens in its place";
            let advice = "an agent starts all the same, elsewhere; ask an admin whose program it is";
            return vec![Check::warn(NAME, found, advice)];
        }
        Err(error) => {
            let advice = "read agent.log in the state folder, end that process, and start it again";
            return vec![Check::fail(NAME, error.to_string(), advice)];
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let theirs = text(&status["version"]);
    let who = format!("{theirs} runs as process {}", status["pid"]);
    let mut checks = vec![if theirs == version {
        let logs = counted(status["sources"].as_array().map_or(0, Vec::len) as u64, "log");
        let seen = counted(status["seen"].as_u64().unwrap_or(0), "record");
        Check::pass(NAME, format!("{who}, follows {logs}, has seen {seen}"))
    } else {
        let advice = "`tk-incident stop`, and start it again";
        Check::warn(NAME, format!("{who}, and this program is {version}"), advice)
    }];
    if let Some(trouble) = status["site"]["trouble"].as_str() {
        let waiting = status["waiting_count"].as_u64().unwrap_or(0);
        let advice = format!("`tk-incident flush` tries again at once; {} waiting", counted(waiting, "step"));
        checks.push(Check::fail(NAME, format!("it cannot file: {trouble}"), advice));
    } else {
        checks.extend(refusals(status));
    }
    for warning in
        status["warnings"].as_array().into_iter().flatten().filter(|warning| warning["what"] != "site")
    {
        let found = format!("it says of {}: {}", text(&warning["what"]), text(&warning["message"]));
        checks.push(Check::warn(
            NAME,
            found,
            "see what it is about; `tk-incident status` shows whether it lasts",
        ));
    }
    checks
}

/// What single steps fail for while the site is well: a right that the login lacks, most likely. One line for each reason.
fn refusals(status: &Value) -> Vec<Check> {
    let mut reasons: Vec<(&str, u64, u64)> = Vec::new();
    for step in status["waiting"].as_array().into_iter().flatten() {
        let tries = step["attempts"].as_u64().unwrap_or(0);
        let Some(why) = step["why"].as_str().filter(|_| tries > 0) else { continue };
        match reasons.iter_mut().find(|(known, ..)| *known == why) {
            Some((_, count, most)) => (*count, *most) = (*count + 1, tries.max(*most)),
            None => reasons.push((why, 1, tries)),
        }
    }
    let check = |(why, count, most): (&str, u64, u64)| {
        let found = format!("{} failed, tried {}: {why}", counted(count, "step"), counted(most, "time"));
        let advice = "let an admin give the login the right, if that is what is missing; `tk-incident flush` tries again";
        if most < OFTEN { Check::warn(NAME, found, advice) } else { Check::fail(NAME, found, advice) }
    };
    reasons.into_iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use serde_json::json;

    #[test]
    fn an_agent_that_runs_tells_how_it_is() {
        let verdicts = |answer| check(&answer, "0.1.0").iter().map(|check| check.verdict).collect::<Vec<_>>();
        let gone = || std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(verdicts(Err(AskError::NobodyThere(gone()))), [Verdict::Warn]);
        assert_eq!(verdicts(Err(AskError::Stranger(gone()))), [Verdict::Warn]);
        assert_eq!(verdicts(Err(AskError::NoAnswer(gone()))), [Verdict::Fail]);
        let well = json!({ "version": "0.1.0", "pid": 7, "seen": 3, "sources": [], "site": { "trouble": null },
                           "warnings": [] });
        assert_eq!(verdicts(Ok(well.clone())), [Verdict::Pass]);
        let mut refused = well.clone();
        let step = |attempts| json!({ "attempts": attempts, "why": "no right to create" });
        refused["waiting"] = json!([step(1), { "attempts": 0, "why": "its ticket comes first" }]);
        assert_eq!(verdicts(Ok(refused.clone())), [Verdict::Pass, Verdict::Warn]);
        refused["waiting"] = json!([step(1), step(7)]);
        let checks = check(&Ok(refused), "0.1.0");
        assert!(checks.len() == 2 && checks[1].verdict == Verdict::Fail, "{checks:?}");
        assert_eq!(checks[1].found, "2 steps failed, tried 7 times: no right to create");
        let mut ill = well;
        ill["version"] = json!("0.0.9");
        ill["site"]["trouble"] = json!("refused");
        ill["warnings"] =
            json!([{ "what": "site", "message": "refused" }, { "what": "state", "message": "full" }]);
        assert_eq!(verdicts(Ok(ill)), [Verdict::Warn, Verdict::Fail, Verdict::Warn]);
    }
}
