//! The link that opens the pages for the desk's owner: `…/tickets?token=<link key>`.
//!
//! Whoever may read the script key may do everything anyway, so the link key is made from it and kept nowhere: a new script key is
//! a new link. The owner is a person of the desk's own, made at the first start (`seed`); to end the link for good, an admin
//! disables that person.

/// The parameter of an address that carries the link key.
pub(crate) const PARAMETER: &str = "token";

/// Knows the link key when it sees it.
pub(crate) struct LinkKey {
    hash: blake3::Hash,
}

impl LinkKey {
    /// The link key that goes with a script key.
    pub(crate) fn new(script_key: &str) -> LinkKey {
        LinkKey { hash: print(&text(script_key)) }
    }

    /// Whether an address carried the right one.
    pub(crate) fn is(&self, given: &str) -> bool {
        // blake3::Hash compares in constant time.
        self.hash == print(given)
    }
}

/// The address `page` of a desk, so that it opens without a sign-in: a secret from then on. `script_key` is that of the desk's own
/// script user, as in `script_key.toml` of its data folder.
#[must_use]
pub fn page_link(page: &str, script_key: &str) -> String {
    format!("{page}?{PARAMETER}={}", text(script_key))
}

fn text(script_key: &str) -> String {
    let key = blake3::derive_key("tk-incident desk link v1", script_key.as_bytes());
    blake3::Hash::from_bytes(key).to_hex().to_string()
}

fn print(key: &str) -> blake3::Hash {
    blake3::hash(key.as_bytes())
}

/// Takes the link key out of a query: the key, and the query without it.
pub(crate) fn take(query: &str) -> (Option<String>, String) {
    let mut key = None;
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.split_once('=') {
            Some((PARAMETER, value)) => {
                key = Some(value.to_owned());
                false
            }
            _ => true,
        })
        .collect();
    (key, rest.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_known_again_and_leaves_the_query() {
        let link = page_link("http://127.0.0.1:1/tickets", "script key");
        assert!(!link.contains("script key"));
        let (key, rest) = take(&format!("a=1&{}&b=2", link.split_once('?').unwrap().1));
        assert_eq!(rest, "a=1&b=2");
        let key = key.unwrap();
        assert!(LinkKey::new("script key").is(&key));
        assert!(!LinkKey::new("another").is(&key));
        assert!(!LinkKey::new("script key").is(""));
        assert_eq!(take("a=1"), (None, "a=1".to_owned()));
    }
}
