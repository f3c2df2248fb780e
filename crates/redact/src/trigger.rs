//! Finds the words that make a rule worth trying, at a fraction of the cost of trying it.
//!
//! A search for many words at once: at every second byte a bit tells whether three letters there begin a word, or stand
//! behind the first letter of one. No step waits for what the last one found, which is what makes it quick: a search that
//! skips as far as the text allows waits for each of its loads. What every rule does with a word is its own.

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
/// Bits of the number three letters are made into.
const LETTERS_BITS: u32 = 15;

/// All words, ready for searching.
pub(crate) struct Triggers {
    /// A bit for three letters that are the first to third, or the second to fourth, of a word.
    letters: Box<[u64; 1 << (LETTERS_BITS - 6)]>,
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
        let mut letters = Box::new([0; 1 << (LETTERS_BITS - 6)]);
        for (word, _) in &words {
            for of_word in [window(word), window(word) >> 8] {
                let letters_of = letters_number(of_word);
                letters[letters_of >> 6] |= 1_u64 << (letters_of & 63);
            }
        }
        let words = words
            .into_iter()
            .map(|(word, kind)| Word { window: window(&word), letters: word, kind })
            .collect();
        Triggers { letters, buckets, words }
    }

    /// The first word that begins at `from` or later.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<Trigger> {
        // A word that begins at `at` or one before has three letters in its first four there.
        let mut at = from;
        while let Some(bytes) = text.get(at..at + WINDOW) {
            let letters = letters_number(window(bytes));
            if self.letters[letters >> 6] >> (letters & 63) & 1 == 1 {
                let before = if at > from { self.word_at(text, at - 1) } else { None };
                if let Some(found) = before.or_else(|| self.word_at(text, at)) {
                    return Some(found);
                }
            }
            at += 2;
        }
        // One letter too few for a window may still end a word that began before.
        let begin = at.checked_sub(1).filter(|begin| *begin >= from && begin + WINDOW <= text.len())?;
        self.word_at(text, begin)
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

/// What a window's first three letters are made into.
#[inline]
fn letters_number(window: u32) -> usize {
    ((window << 8).wrapping_mul(0x9E37_79B1) >> (32 - LETTERS_BITS)) as usize
}

fn bucket(window: u32) -> usize {
    (window.wrapping_mul(0x9E37_79B1) >> 22) as usize
}
