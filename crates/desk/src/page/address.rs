//! The address of the ticket list: everything that was asked for, readable, shareable, and bounded.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::page::board::{Facet, Order, Wanted};
use crate::percent::encoded;

/// Values of one filter.
const MAX_VALUES: usize = 30;
/// Characters of one value.
const MAX_CHARS: usize = 200;
const MAX_PAGE: usize = 100_000;
/// Rows of a page.
pub(crate) const PAGE_ROWS: usize = 50;

/// What a list address asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ListAddress {
    pub(crate) q: String,
    pub(crate) values: [Vec<String>; 5],
    pub(crate) signature: String,
    /// `24h`, `7d`, `30d` before now, or a day.
    pub(crate) since: String,
    /// A day, that day included.
    pub(crate) until: String,
    pub(crate) order: Order,
    /// From 1.
    pub(crate) page: usize,
}

impl ListAddress {
    /// Reads the pairs of a query string; what is not understood is left out.
    pub(crate) fn of(pairs: &[(String, String)]) -> ListAddress {
        let mut address = ListAddress { page: 1, ..ListAddress::default() };
        for (name, value) in pairs {
            let value: String = value.trim().chars().take(MAX_CHARS).collect();
            match name.as_str() {
                "q" => address.q = value,
                "signature" => address.signature = value,
                "since" if preset_s(&value).is_some() || value.parse::<Date>().is_ok() => {
                    address.since = value
                }
                "until" if value.parse::<Date>().is_ok() => address.until = value,
                "sort" => {
                    address.order = match value.as_str() {
                        "count" => Order::Times,
                        "created" => Order::Created,
                        _ => Order::Activity,
                    };
                }
                "page" => address.page = value.parse().unwrap_or(1).clamp(1, MAX_PAGE),
                _ => {
                    if let Some(at) = Facet::ALL.iter().position(|facet| facet.name() == name) {
                        let values = &mut address.values[at];
                        if values.len() < MAX_VALUES && !values.contains(&value) {
                            values.push(value);
                        }
                    }
                }
            }
        }
        address
    }

    /// The pairs that say the same, without what is as usual.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        let mut say = |name, value: &str| {
            if !value.is_empty() {
                pairs.push((name, value.to_owned()));
            }
        };
        say("q", &self.q);
        say("signature", &self.signature);
        say("since", &self.since);
        say("until", &self.until);
        say("sort", self.sort_name());
        for (at, facet) in Facet::ALL.into_iter().enumerate() {
            pairs.extend(self.values[at].iter().map(|value| (facet.name(), value.clone())));
        }
        if self.page > 1 {
            pairs.push(("page", self.page.to_string()));
        }
        pairs
    }

    /// The order's name; nothing for the usual one.
    pub(crate) fn sort_name(&self) -> &'static str {
        match self.order {
            Order::Activity => "",
            Order::Times => "count",
            Order::Created => "created",
        }
    }

    /// The query string, with its question mark; empty when nothing is asked for.
    pub(crate) fn query(&self) -> String {
        let pairs: Vec<String> =
            self.pairs().into_iter().map(|(name, value)| format!("{name}={}", encoded(&value))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// The whole address.
    pub(crate) fn href(&self) -> String {
        format!("/tickets{}", self.query())
    }

    /// The address with one change, from its first page.
    pub(crate) fn with(&self, change: impl FnOnce(&mut ListAddress)) -> String {
        let mut address = ListAddress { page: 1, ..self.clone() };
        change(&mut address);
        address.href()
    }

    /// With a filter's value when it is without, and without when it is with.
    pub(crate) fn toggled(&self, facet: Facet, value: &str) -> String {
        self.with(|address| {
            let values = &mut address.values[facet as usize];
            match values.iter().position(|chosen| chosen == value) {
                Some(at) => drop(values.remove(at)),
                None => values.push(value.to_owned()),
            }
        })
    }

    /// Whether anything narrows the list.
    pub(crate) fn narrows(&self) -> bool {
        !self.q.is_empty()
            || !self.signature.is_empty()
            || !self.since.is_empty()
            || !self.until.is_empty()
            || self.values.iter().any(|values| !values.is_empty())
    }

    /// The ticket that the search names by its number, `#12` or `12`.
    pub(crate) fn number(&self) -> Option<i64> {
        self.q.strip_prefix('#').unwrap_or(&self.q).parse().ok().filter(|number| *number > 0)
    }

    /// The tickets wanted, without what a search finds.
    pub(crate) fn wanted(&self, now: Timestamp) -> Wanted {
        let start_of =
            |day: Date| day.to_zoned(TimeZone::UTC).map_or(i64::MAX, |start| start.timestamp().as_second());
        let day = |text: &str| text.parse::<Date>().ok();
        let from_s = match preset_s(&self.since) {
            Some(seconds) => Some(now.as_second() - seconds),
            None => day(&self.since).map(start_of),
        };
        Wanted {
            found: None,
            projects: None,
            values: self.values.clone(),
            signature: (!self.signature.is_empty()).then(|| self.signature.clone()),
            from_s,
            until_s: day(&self.until).map(|day| day.tomorrow().map_or(i64::MAX, start_of)),
            order: self.order,
            offset: (self.page - 1) * PAGE_ROWS,
            limit: PAGE_ROWS,
        }
    }
}

/// The times before now that have a name.
pub(crate) const PRESETS: [&str; 3] = ["24h", "7d", "30d"];

fn preset_s(name: &str) -> Option<i64> {
    match name {
        "24h" => Some(86_400),
        "7d" => Some(7 * 86_400),
        "30d" => Some(30 * 86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_address_says_again_what_was_asked() {
        let address = ListAddress::of(&pairs(&[
            ("q", " 파일 a&b "),
            ("status", "opn"),
            ("status", "ip"),
            ("status", "opn"),
            ("engine", ""),
            ("since", "7d"),
            ("until", "2026-01-14"),
            ("sort", "count"),
            ("page", "3"),
            ("evil", "<script>"),
        ]));
        assert_eq!(
            address.query(),
            "?q=%ED%8C%8C%EC%9D%BC%20a%26b&since=7d&until=2026-01-14&sort=count&status=opn&status=ip&engine=&page=3"
        );
        assert_eq!(
            address.toggled(Facet::Status, "opn"),
            "/tickets?q=%ED%8C%8C%EC%9D%BC%20a%26b&since=7d&until=2026-01-14&sort=count&status=ip&engine="
        );
        assert_eq!(ListAddress::of(&[]).href(), "/tickets");
        assert!(!ListAddress::of(&pairs(&[("sort", "created"), ("page", "2")])).narrows());
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let address =
            ListAddress::of(&pairs(&[("since", "yesterday"), ("until", "9999-99-99"), ("page", "-1")]));
        assert_eq!(address.query(), "");
        let long = "x".repeat(5000);
        assert_eq!(ListAddress::of(&pairs(&[("q", &long)])).q.len(), MAX_CHARS);
        let many: Vec<(String, String)> =
            (0..100).map(|user| ("user".to_owned(), user.to_string())).collect();
        assert_eq!(ListAddress::of(&many).values[Facet::User as usize].len(), MAX_VALUES);
    }

    #[test]
    fn days_are_whole() {
        let now = "2026-01-14T12:00:00Z".parse().unwrap();
        let wanted = ListAddress::of(&pairs(&[("since", "2026-01-01"), ("until", "2026-01-01")])).wanted(now);
        assert_eq!(wanted.until_s.unwrap() - wanted.from_s.unwrap(), 86_400);
        let wanted = ListAddress::of(&pairs(&[("since", "24h")])).wanted(now);
        assert_eq!(wanted.from_s, Some(now.as_second() - 86_400));
        assert_eq!(ListAddress::of(&pairs(&[("q", "#12")])).number(), Some(12));
        assert_eq!(ListAddress::of(&pairs(&[("q", "12 x")])).number(), None);
    }
}
