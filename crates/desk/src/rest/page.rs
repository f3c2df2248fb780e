//! Pages of a listing: which one is asked for, and the links to its neighbours.

use serde_json::{Value, json};

use crate::percent::encoded;
use crate::rest::answer::Refusal;

/// Records of a page, when a call does not say.
const SIZE: i64 = 500;
/// Most records of a page.
const MAX_SIZE: i64 = 5000;

/// One page of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) size: i64,
    /// From 1.
    pub(crate) number: i64,
}

impl Page {
    /// From the texts or numbers a call brought.
    pub(crate) fn asked(size: Option<&Value>, number: Option<&Value>) -> Result<Page, Refusal> {
        let whole = |value: Option<&Value>, unless: i64| match value {
            None | Some(Value::Null) => Some(unless),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(other) => other.as_i64(),
        };
        let size = whole(size, SIZE).filter(|size| (1..=MAX_SIZE).contains(size));
        let number = whole(number, 1).filter(|number| (1..=i64::from(i32::MAX)).contains(number));
        match (size, number) {
            (Some(size), Some(number)) => Ok(Page { size, number }),
            (None, _) => Err(Refusal::request(format!("page[size] is a number from 1 to {MAX_SIZE}"))),
            _ => Err(Refusal::request("page[number] is a number from 1")),
        }
    }

    /// For the rows engine.
    pub(crate) fn to_json(self) -> Value {
        json!({"entities_per_page": self.size, "current_page": self.number})
    }

    /// Links of the page: `next` even past the end, `prev` from the second on.
    pub(crate) fn links(self, path: &str, query: &[(String, String)]) -> Value {
        let link = |number: i64| {
            let mut pairs: Vec<(&str, String)> = query
                .iter()
                .filter(|(name, _)| name != "page[number]" && name != "page[size]")
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect();
            pairs.push(("page[number]", number.to_string()));
            pairs.push(("page[size]", self.size.to_string()));
            let pairs: Vec<String> =
                pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
            format!("{path}?{}", pairs.join("&"))
        };
        let mut links = json!({"self": link(self.number), "next": link(self.number + 1)});
        if self.number > 1 {
            links["prev"] = Value::from(link(self.number - 1));
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_next_page_and_from_the_second_on_one_before() {
        let query = [("fields".to_owned(), "a,b c".to_owned()), ("page[number]".to_owned(), "1".to_owned())];
        let first = Page::asked(Some(&json!("2")), None).unwrap().links("/api/v1/entity/tickets", &query);
        assert_eq!(
            first["next"],
            "/api/v1/entity/tickets?fields=a%2Cb%20c&page%5Bnumber%5D=2&page%5Bsize%5D=2"
        );
        assert!(first.get("prev").is_none());
        let second = Page { size: 2, number: 2 }.links("/x", &[]);
        assert_eq!(second["prev"], "/x?page%5Bnumber%5D=1&page%5Bsize%5D=2");
    }

    #[test]
    fn sizes_have_limits() {
        assert_eq!(Page::asked(None, None).unwrap(), Page { size: 500, number: 1 });
        assert!(Page::asked(Some(&json!(5000)), None).is_ok());
        for (size, number) in [("0", "1"), ("5001", "1"), ("x", "1"), ("1", "0"), ("1", "x"), ("", "1")] {
            assert!(Page::asked(Some(&json!(size)), Some(&json!(number))).is_err(), "{size} {number}");
        }
    }
}
