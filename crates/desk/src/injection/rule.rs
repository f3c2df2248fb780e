//! Trouble on demand: one rule, and how it is written: `CALLS=TROUBLE[,OPTION=VALUE...]`. Pure.
//!
//! `docs/faults.md` tells people what the words mean. Here they are only read and checked: everything that makes no sense
//! is refused with the words that would. What the words before the `=` cover is in `calls`, which call meets which rule in `plan`,
//! what then happens in `layer`.

use std::fmt;
use std::str::FromStr;

use crate::injection::calls::Calls;

/// Troubles that are words.
const TROUBLES: [&str; 14] = [
    "delay",
    "stall",
    "reset",
    "lost",
    "half",
    "page",
    "expired",
    "refused",
    "missing-field",
    "missing-entity",
    "swallow",
    "sso",
    "redirect",
    "a status such as 503",
];

/// A rule of trouble: some calls, what happens to them, and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// As it was written.
    pub(crate) text: String,
    pub(crate) calls: Calls,
    pub(crate) mishap: Mishap,
    /// So many of the calls are left alone first.
    pub(crate) after: u64,
    /// No more than so many calls are met.
    pub(crate) times: Option<u64>,
    /// The share of calls that is met.
    pub(crate) rate: f64,
    /// What the dice of `rate` begin with.
    pub(crate) seed: u64,
}

/// Before or after the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

/// What a status comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Html,
    Text,
    /// What the site itself would write: a fault of api3, an error document of REST.
    Fault,
    None,
}

/// `Retry-After` of a status, in seconds from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Seconds(u64),
    Date(u64),
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mishap {
    /// It takes longer, in milliseconds.
    Delay { ms: u64, when: When },
    /// No answer ever comes.
    Stall { when: When },
    /// The connection ends before anything is done.
    Reset,
    /// It is done, and the connection ends without an answer.
    Lost,
    /// It is done, and half of the answer comes.
    Half,
    /// An HTTP status.
    Status { code: u16, page: Page, retry: Option<Retry>, when: When },
    /// HTTP 200 with a page, as a hotel's sign-in page.
    Page,
    /// The session or key is not accepted.
    Expired,
    /// The caller may not.
    Refused,
    /// The site has no such fields.
    MissingField(Vec<String>),
    /// The site has no such entity type.
    MissingEntity,
    /// A file is accepted and thrown away.
    Swallow,
    /// The single sign-on wants a visit.
    Sso,
    /// Sent on to another address.
    Redirect(String),
}

/// Why a rule cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultRuleError(String);

impl FaultRuleError {
    pub(crate) fn new(text: String) -> FaultRuleError {
        FaultRuleError(text)
    }
}

impl FromStr for FaultRule {
    type Err = FaultRuleError;

    fn from_str(text: &str) -> Result<FaultRule, FaultRuleError> {
        let text = text.trim();
        if text.contains(char::is_control) {
            return Err(FaultRuleError::new("a rule is on one line".to_owned()));
        }
        let mut words = text.split(',').map(str::trim);
        let first = words.next().unwrap_or_default();
        let Some((calls, trouble)) = first.split_once('=') else {
            return Err(FaultRuleError::new(format!(
                "`{first}` is no rule: write CALLS=TROUBLE, such as create:Ticket=lost,times=1"
            )));
        };
        let mut options = Options::read(words)?;
        let calls = Calls::read(calls.trim())?;
        let mishap = Mishap::read(trouble.trim(), &mut options)?;
        calls.suits(&mishap)?;
        let rule = FaultRule {
            text: text.to_owned(),
            calls,
            mishap,
            after: options.number("after")?.unwrap_or(0),
            times: options.number("times")?,
            rate: options.rate()?,
            seed: options.number("seed")?.unwrap_or(1),
        };
        options.none_left(trouble.trim())?;
        Ok(rule)
    }
}

impl Mishap {
    fn read(word: &str, options: &mut Options) -> Result<Mishap, FaultRuleError> {
        if let Ok(code) = word.parse::<u16>() {
            if !(400..600).contains(&code) {
                let advice = "a status is from 400 to 599; there are also sso, redirect and page";
                return Err(FaultRuleError::new(format!("no trouble `{code}`: {advice}")));
            }
            return Ok(Mishap::Status {
                code,
                page: options.page()?,
                retry: options.retry()?,
                when: options.when()?,
            });
        }
        Ok(match word {
            "delay" => Mishap::Delay { ms: options.needed_number("delay", "ms")?, when: options.when()? },
            "stall" => Mishap::Stall { when: options.when()? },
            "reset" => Mishap::Reset,
            "lost" => Mishap::Lost,
            "half" => Mishap::Half,
            "page" => Mishap::Page,
            "expired" => Mishap::Expired,
            "refused" => Mishap::Refused,
            "missing-field" => {
                Mishap::MissingField(options.needed(word, "field")?.split('+').map(str::to_owned).collect())
            }
            "missing-entity" => Mishap::MissingEntity,
            "swallow" => Mishap::Swallow,
            "sso" => Mishap::Sso,
            "redirect" => Mishap::Redirect(options.needed(word, "to")?),
            other => {
                return Err(FaultRuleError::new(format!(
                    "no trouble `{other}`; there are {}",
                    list(TROUBLES)
                )));
            }
        })
    }
}

/// The options that nobody has asked for yet.
struct Options(Vec<(String, String)>);

impl Options {
    fn read<'a>(words: impl Iterator<Item = &'a str>) -> Result<Options, FaultRuleError> {
        let mut options: Vec<(String, String)> = Vec::new();
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                return Err(FaultRuleError::new(format!("`{word}` is no option: write times=1")));
            };
            if options.iter().any(|(known, _)| known == name) {
                return Err(FaultRuleError::new(format!("`{name}` is given twice")));
            }
            options.push((name.to_owned(), value.to_owned()));
        }
        Ok(Options(options))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>, FaultRuleError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(FaultRuleError::new(format!("{name} is a whole number, not `{value}`"))),
        }
    }

    fn needed(&mut self, trouble: &str, name: &str) -> Result<String, FaultRuleError> {
        let value = self.take(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| FaultRuleError::new(format!("{trouble} needs {name}=...")))
    }

    fn needed_number(&mut self, trouble: &str, name: &str) -> Result<u64, FaultRuleError> {
        self.number(name)?.ok_or_else(|| FaultRuleError::new(format!("{trouble} needs {name}=...")))
    }

    fn rate(&mut self) -> Result<f64, FaultRuleError> {
        let Some(value) = self.take("rate") else { return Ok(1.0) };
        let rate = value.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
        rate.ok_or_else(|| FaultRuleError::new(format!("rate is from 0 to 1, such as 0.3, not `{value}`")))
    }

    fn when(&mut self) -> Result<When, FaultRuleError> {
        match self.take("when").as_deref() {
            None | Some("before") => Ok(When::Before),
            Some("after") => Ok(When::After),
            Some(other) => {
                Err(FaultRuleError::new(format!("when is before or after (the work), not `{other}`")))
            }
        }
    }

    fn page(&mut self) -> Result<Page, FaultRuleError> {
        match self.take("body").as_deref() {
            None | Some("html") => Ok(Page::Html),
            Some("text") => Ok(Page::Text),
            Some("fault") => Ok(Page::Fault),
            Some("none") => Ok(Page::None),
            Some(other) => {
                Err(FaultRuleError::new(format!("body is html, text, fault or none, not `{other}`")))
            }
        }
    }

    fn retry(&mut self) -> Result<Option<Retry>, FaultRuleError> {
        match (self.number("retry")?, self.number("retry-date")?) {
            (Some(_), Some(_)) => {
                Err(FaultRuleError::new("retry and retry-date exclude each other".to_owned()))
            }
            (seconds, date) => Ok(seconds.map(Retry::Seconds).or(date.map(Retry::Date))),
        }
    }

    fn none_left(&self, trouble: &str) -> Result<(), FaultRuleError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(FaultRuleError::new(format!("`{trouble}` has no option `{name}`"))),
        }
    }
}

/// Words, with commas between.
pub(crate) fn list<T: fmt::Display>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> FaultRule {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn rules_are_read() {
        let read = rule("create:Ticket=lost, times=1");
        assert_eq!((&read.mishap, read.after, read.times, read.seed), (&Mishap::Lost, 0, Some(1), 1));
        let read = rule("put=503,retry=2,body=none,rate=0.25,seed=7,after=3");
        let status = Mishap::Status {
            code: 503,
            page: Page::None,
            retry: Some(Retry::Seconds(2)),
            when: When::Before,
        };
        assert_eq!((&read.mishap, read.rate, read.seed, read.after), (&status, 0.25, 7, 3));
        assert_eq!(rule("any=delay,ms=20,when=after").mishap, Mishap::Delay { ms: 20, when: When::After });
        let missing = rule("any:Ticket=missing-field,field=sg_priority+sg_incident_key").mishap;
        assert_eq!(
            missing,
            Mishap::MissingField(vec!["sg_priority".to_owned(), "sg_incident_key".to_owned()])
        );
        let to = rule("api3=redirect,to=https://other.example/x").mishap;
        assert_eq!(to, Mishap::Redirect("https://other.example/x".to_owned()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_words_that_would() {
        for (text, words) in [
            ("", "write CALLS=TROUBLE"),
            ("create", "write CALLS=TROUBLE"),
            ("creat=lost", "no call `creat`; there are any, api3,"),
            ("create=loost", "no trouble `loost`; there are delay,"),
            ("create=200", "from 400 to 599"),
            ("create:=lost", "no entity type"),
            ("put:Ticket=lost", "cannot be told by entity type"),
            ("rest:creat=lost", "no call `creat`"),
            ("rest:create:Ticket:x=lost", "is no call: write rest:create:Ticket"),
            ("create:ticket=lost", "no entity type"),
            ("create=lost,once", "`once` is no option"),
            ("create=lost,times=x", "times is a whole number, not `x`"),
            ("create=lost,times=1,times=2", "given twice"),
            ("create=lost,ms=3", "`lost` has no option `ms`"),
            ("create=delay", "delay needs ms="),
            ("create=503,when=never", "before or after"),
            ("create=503,body=gif", "html, text, fault or none"),
            ("create=503,retry=1,retry-date=1", "exclude each other"),
            ("create=lost,rate=2", "from 0 to 1"),
            ("create=lost,rate=NaN", "from 0 to 1"),
            ("any=missing-entity", "any:Ticket"),
            ("any:Ticket=missing-field", "missing-field needs field="),
            ("create=swallow", "swallow is for upload, thumbnail, put and link"),
            ("create=lost\n,times=1", "is on one line"),
            ("info=redirect", "redirect needs to="),
        ] {
            let error = text.parse::<FaultRule>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn anything_is_read_or_refused() {
        let whole = "any:Ticket=missing-field,field=a+b,rate=0.5,seed=9,times=1";
        for end in 0..=whole.len() {
            for odd in ["", ",", "=", ":", "\u{e4}", "\0", "=="] {
                let text = format!("{}{odd}{}", &whole[..end], &whole[end..]);
                for text in [text.as_str(), &whole[..end], &format!("{}{odd}", &whole[..end])] {
                    if let Err(error) = text.parse::<FaultRule>() {
                        assert!(!error.to_string().is_empty());
                    }
                }
            }
        }
    }
}
