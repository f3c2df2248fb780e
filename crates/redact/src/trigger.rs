//! Finds the words that make a rule worth trying, at a fraction of the cost of trying it.
//!
//! A search for many words at once that looks at every second to third byte (after Wu and Manber): a table tells for
//! two neighbouring bytes how far the next word can be. What every rule does with a word is its own.

use std::sync::LazyLock;

/// Which rule a word calls.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Home,
    Url,
    EncodedUrl,
    Email,
    EncodedEmail,
    Name,
    Authorization,
    Scheme,
    Proxy,
    Cookie,
    Token,
    Command,
    Constructor,
}

/// A word and where it begins.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Trigger {
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) kind: Kind,
}

/// In small letters; they are found in any case. At least four bytes each.
const WORDS: &[(&str, Kind)] = &[
    ("/home", Kind::Home),
    ("/users/", Kind::Home),
    ("/documents and settings/", Kind::Home),
    ("\\/home", Kind::Home),
    ("\\/users\\/", Kind::Home),
    ("\\users", Kind::Home),
    ("\\documents and settings", Kind::Home),
    ("\\profile", Kind::Home),
    ("\\home", Kind::Home),
    ("%2fhome", Kind::Home),
    ("%2fusers", Kind::Home),
    ("%5cusers", Kind::Home),
    ("%5cprofiles", Kind::Home),
    ("%3a%2f%2f", Kind::EncodedUrl),
    ("%253a%252f%252f", Kind::EncodedUrl),
    // `quote` of Python leaves slashes as they are.
    ("%3a//", Kind::EncodedUrl),
    ("%253a%2f%2f", Kind::EncodedUrl),
    ("%3a%5c%2f%5c%2f", Kind::EncodedUrl),
    (":\\/\\/", Kind::Url),
    (":\\\\/\\\\/", Kind::Url),
    (":\\\\\\\\/\\\\\\\\/", Kind::Url),
    ("token", Kind::Name),
    ("secret", Kind::Name),
    ("passw", Kind::Name),
    ("passphrase", Kind::Name),
    ("passcode", Kind::Name),
    ("_pass", Kind::Name),
    ("pwd=", Kind::Name),
    ("pwd:", Kind::Name),
    ("pwd\"", Kind::Name),
    ("pwd'", Kind::Name),
    ("session", Kind::Name),
    ("_key", Kind::Name),
    ("-key", Kind::Name),
    ("apikey", Kind::Name),
    ("api key", Kind::Name),
    ("api%20key", Kind::Name),
    ("scriptkey", Kind::Name),
    ("script key", Kind::Name),
    ("application key", Kind::Name),
    ("applicationkey", Kind::Name),
    ("secretkey", Kind::Name),
    ("accesskey", Kind::Name),
    ("accountkey", Kind::Name),
    ("auth_request", Kind::Name),
    ("auth-request", Kind::Name),
    ("authrequest", Kind::Name),
    ("auth request", Kind::Name),
    ("request_id", Kind::Name),
    ("samlre", Kind::Name),
    ("saml_re", Kind::Name),
    ("samlas", Kind::Name),
    ("signature", Kind::Name),
    ("sig=", Kind::Name),
    ("login", Kind::Name),
    ("current_user", Kind::Name),
    ("k_context", Kind::Name),
    ("rization", Kind::Authorization),
    ("bearer", Kind::Scheme),
    ("basic", Kind::Scheme),
    ("proxy", Kind::Proxy),
    ("cookie", Kind::Cookie),
    ("akia", Kind::Token),
    ("asia", Kind::Token),
    ("ghp_", Kind::Token),
    ("gho_", Kind::Token),
    ("ghu_", Kind::Token),
    ("ghs_", Kind::Token),
    ("ghr_", Kind::Token),
    ("github_pat_", Kind::Token),
    ("glpat-", Kind::Token),
    ("xoxb-", Kind::Token),
    ("xoxp-", Kind::Token),
    ("xoxa-", Kind::Token),
    ("xoxr-", Kind::Token),
    ("xoxs-", Kind::Token),
    ("xapp-", Kind::Token),
    ("aiza", Kind::Token),
    ("ya29.", Kind::Token),
    ("sk_live_", Kind::Token),
    ("rk_live_", Kind::Token),
    ("sk-ant-", Kind::Token),
    ("sk-proj-", Kind::Token),
    ("gocspx-", Kind::Token),
    ("npm_", Kind::Token),
    ("pypi-ag", Kind::Token),
    ("hooks.slack.com/services/", Kind::Token),
    ("hooks.slack.com%2fservices%2f", Kind::Token),
    ("sshpass", Kind::Command),
    ("curl", Kind::Command),
    ("mysql", Kind::Command),
    ("plink", Kind::Command),
    ("pscp", Kind::Command),
    ("psexec", Kind::Command),
    ("smbclient", Kind::Command),
    ("gun(", Kind::Constructor),
    ("auth=(", Kind::Constructor),
    ("auth': (", Kind::Constructor),
    ("auth\": (", Kind::Constructor),
    ("auth\\': (", Kind::Constructor),
    ("auth\\\": (", Kind::Constructor),
    ("basicauth(", Kind::Constructor),
    ("digestauth(", Kind::Constructor),
    ("proxyauth(", Kind::Constructor),
    ("gun%28", Kind::Constructor),
    ("auth%3d%28", Kind::Constructor),
    ("auth%28", Kind::Constructor),
];

/// Bytes of a word that decide whether it is looked at closer.
const WINDOW: usize = 4;
const BUCKETS: usize = 1024;

/// All words, ready for searching.
pub(crate) struct Triggers {
    /// For two neighbouring bytes: how far the window can move before a word can begin there.
    shift: Box<[u8; 1 << 16]>,
    /// Where the words of a bucket begin in `words`.
    buckets: [u16; BUCKETS + 1],
    words: Vec<Word>,
}

/// A word, and its beginning as one number, which is compared first.
struct Word {
    window: u32,
    letters: Vec<u8>,
    kind: Kind,
}

/// The one table.
pub(crate) static TRIGGERS: LazyLock<Triggers> = LazyLock::new(Triggers::new);

impl Triggers {
    fn new() -> Triggers {
        let mut words: Vec<(Vec<u8>, Kind)> =
            WORDS.iter().map(|(word, kind)| (word.as_bytes().to_vec(), *kind)).collect();
        // `p://` for every letter that may end a scheme, `%40x` for every one that may begin a host, and the beginnings
        // that the head of a JWT can have (`{"` and a small letter in base64).
        for byte in (b'a'..=b'z').chain(b'0'..=b'9') {
            words.push((vec![byte, b':', b'/', b'/'], Kind::Url));
            words.push((vec![b'%', b'4', b'0', byte], Kind::EncodedEmail));
            words.push((vec![b'e', b'y', b'j', byte], Kind::Token));
        }
        words.sort_by(|a, b| bucket(window(&a.0)).cmp(&bucket(window(&b.0))).then(b.0.len().cmp(&a.0.len())));
        let mut buckets = [0; BUCKETS + 1];
        for (word, _) in &words {
            buckets[bucket(window(word)) + 1] += 1;
        }
        for index in 0..BUCKETS {
            buckets[index + 1] += buckets[index];
        }
        let mut shift = Box::new([(WINDOW - 1) as u8; 1 << 16]);
        for (word, _) in &words {
            for (at, pair) in word[..WINDOW].windows(2).enumerate() {
                for first in [pair[0], pair[0].to_ascii_uppercase()] {
                    for second in [pair[1], pair[1].to_ascii_uppercase()] {
                        let entry = &mut shift[usize::from(u16::from_le_bytes([first, second]))];
                        *entry = (*entry).min((WINDOW - 2 - at) as u8);
                    }
                }
            }
        }
        let words = words
            .into_iter()
            .map(|(word, kind)| Word { window: window(&word), letters: word, kind })
            .collect();
        Triggers { shift, buckets, words }
    }

    /// The first word that begins at `from` or later.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<Trigger> {
        let mut at = from + WINDOW - 2;
        while at + 1 < text.len() {
            let shift = self.shift[usize::from(u16::from_le_bytes([text[at], text[at + 1]]))];
            if shift > 0 {
                at += usize::from(shift);
                continue;
            }
            let begin = at + 2 - WINDOW;
            if let Some(found) = self.word_at(text, begin) {
                return Some(found);
            }
            at += 1;
        }
        None
    }

    fn word_at(&self, text: &[u8], begin: usize) -> Option<Trigger> {
        let rest = &text[begin..];
        let window = window(rest);
        let bucket = bucket(window);
        let words = &self.words[usize::from(self.buckets[bucket])..usize::from(self.buckets[bucket + 1])];
        words
            .iter()
            .find(|word| {
                word.window == window
                    && rest
                        .get(..word.letters.len())
                        .is_some_and(|found| found.eq_ignore_ascii_case(&word.letters))
            })
            .map(|word| Trigger { at: begin, len: word.letters.len(), kind: word.kind })
    }
}

/// The first bytes of a word. The bit that tells capitals from small letters is set, in other signs as well: what is equal
/// here may still differ.
#[inline]
fn window(word: &[u8]) -> u32 {
    u32::from_le_bytes([word[0], word[1], word[2], word[3]]) | 0x2020_2020
}

fn bucket(window: u32) -> usize {
    (window.wrapping_mul(0x9E37_79B1) >> 22) as usize
}
