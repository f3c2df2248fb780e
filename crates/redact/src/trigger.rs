//! Finds the words that make a rule worth trying, at a fraction of the cost of trying it.
//!
//! A search for many words at once: at every second byte a bit tells whether three letters there begin a word, or stand
//! behind the first letter of one. No step waits for what the last one found, which is what makes it quick: a search that
//! skips as far as the text allows waits for each of its loads. What every rule does with a word is its own.

use std::cmp::Reverse;
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
const BUCKET_BITS: u32 = 10;
const BUCKETS: usize = 1 << BUCKET_BITS;
/// Bits of the number three letters are made into.
const LETTERS_BITS: u32 = 14;
/// Bits of the number a window is made into.
const WINDOW_BITS: u32 = 13;

/// All words, ready for searching.
pub(crate) struct Triggers {
    /// Whether three letters are the first to third, or the second to fourth, of a word. Bytes are quicker than bits where
    /// every place of a text is asked.
    letters: Box<[bool; 1 << LETTERS_BITS]>,
    /// A bit for the window of a word: nearly all places where the letters call stop here.
    windows: Box<[u64; 1 << (WINDOW_BITS - 6)]>,
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
        let mut words: Vec<Word> = words
            .into_iter()
            .filter_map(|(letters, kind)| {
                Some(Word { window: window(letters.first_chunk()?), letters, kind })
            })
            .collect();
        words.sort_by_key(|word| (bucket(word.window), Reverse(word.letters.len())));
        let mut buckets = [0; BUCKETS + 1];
        let mut letters = Box::new([false; 1 << LETTERS_BITS]);
        let mut windows = Box::new([0; 1 << (WINDOW_BITS - 6)]);
        for word in &words {
            buckets[bucket(word.window) + 1] += 1;
            letters[letters_number(word.window)] = true;
            letters[letters_number(word.window >> 8)] = true;
            set_bit(&mut windows[..], window_number(word.window));
        }
        for index in 0..BUCKETS {
            buckets[index + 1] += buckets[index];
        }
        Triggers { letters, windows, buckets, words }
    }

    /// The first word that begins at `from` or later.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<Trigger> {
        let mut at = from;
        // Eight bytes hold the letters of three places. Mostly none of them calls, and one branch tells.
        while let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk) {
            let eight = u64::from_le_bytes(*eight) | 0x2020_2020_2020_2020;
            let calls = [eight, eight >> 16, eight >> 32].map(|window| self.calls(window as u32));
            if calls[0] | calls[1] | calls[2] {
                let mut places = (at..).step_by(2).zip(calls).filter(|(_, calls)| *calls);
                if let Some(found) = places.find_map(|(place, _)| self.word_near(text, place, from)) {
                    return Some(found);
                }
            }
            at += 6;
        }
        while let Some(bytes) = text.get(at..).and_then(<[u8]>::first_chunk) {
            if self.calls(window(bytes))
                && let Some(found) = self.word_near(text, at, from)
            {
                return Some(found);
            }
            at += 2;
        }
        // One letter too few for a window may still end a word that began before.
        let begin = at.checked_sub(1).filter(|begin| *begin >= from)?;
        self.word_at(text, begin)
    }

    /// Whether a word may begin here or one before: its letters are in the first four there.
    #[inline]
    fn calls(&self, window: u32) -> bool {
        self.letters[letters_number(window)]
    }

    /// The word that begins one before a place or at it, but not before `from`.
    #[inline(always)]
    fn word_near(&self, text: &[u8], place: usize, from: usize) -> Option<Trigger> {
        let before = if place > from { self.word_at(text, place - 1) } else { None };
        before.or_else(|| self.word_at(text, place))
    }

    #[inline]
    fn word_at(&self, text: &[u8], begin: usize) -> Option<Trigger> {
        let window = window(text.get(begin..)?.first_chunk()?);
        if !is_set(&self.windows[..], window_number(window)) {
            return None;
        }
        self.word_of(window, text, begin)
    }

    /// The word with this window. Apart from the question whether there may be one, which is to stay short.
    #[inline(never)]
    fn word_of(&self, window: u32, text: &[u8], begin: usize) -> Option<Trigger> {
        let rest = &text[begin..];
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
fn window(word: &[u8; WINDOW]) -> u32 {
    u32::from_le_bytes(*word) | 0x2020_2020
}

/// What a window's first three letters are made into.
#[inline]
fn letters_number(window: u32) -> usize {
    mixed(window << 8, LETTERS_BITS)
}

/// What a window is made into, to tell that it is no word's.
#[inline]
fn window_number(window: u32) -> usize {
    mixed(window, WINDOW_BITS)
}

/// Where the words with a window are.
#[inline]
fn bucket(window: u32) -> usize {
    mixed(window, BUCKET_BITS)
}

/// A number of so many bits that every bit of `letters` has a part in.
#[inline]
fn mixed(letters: u32, bits: u32) -> usize {
    (letters.wrapping_mul(0x9E37_79B1) >> (32 - bits)) as usize
}

#[inline]
fn is_set(set: &[u64], number: usize) -> bool {
    set[number >> 6] >> (number & 63) & 1 == 1
}

fn set_bit(set: &mut [u64], number: usize) {
    set[number >> 6] |= 1 << (number & 63);
}
