//! What makes two incidents the same problem.
//!
//! A signature is a hash over components: the exception's type, its reason, the innermost frames of code that someone
//! here can change; without frames, the normalised message. No user, host, version, line number, process or time goes in.
//! Everything below this module is the algorithm `g1`: a change that moves any signature is a new name.

pub(crate) mod code;
pub(crate) mod components;
pub(crate) mod key_frames;
pub(crate) mod message;
pub(crate) mod place;
pub(crate) mod reason;
pub(crate) mod words;

use std::borrow::Cow;
use std::fmt;

/// Name of the algorithm; part of the hash and of the printed form.
pub const ALGORITHM: &str = "g1";

/// One part of what was hashed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Component {
    /// What it is: `type`, `reason`, `frame`, `leaf`, `native`, `message`, `bundle`, `file`; a studio's rules may bring
    /// others.
    pub kind: Cow<'static, str>,
    /// Its value. Holds no user, host, path of a machine or secret.
    pub value: String,
}

impl Component {
    /// A part of this kind.
    pub fn new(kind: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Component { kind: kind.into(), value: value.into() }
    }
}

/// Identity of a problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    hash: [u8; 16],
    components: Vec<Component>,
}

impl Signature {
    /// Hashes components: BLAKE3 over the algorithm name and every kind and value with its length, first 128 bits.
    pub fn of(components: Vec<Component>) -> Self {
        let mut text = Vec::with_capacity(512);
        let mut part = |value: &str| {
            text.extend_from_slice(&(value.len() as u64).to_le_bytes());
            text.extend_from_slice(value.as_bytes());
        };
        part(ALGORITHM);
        for component in &components {
            part(&component.kind);
            part(&component.value);
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&blake3::hash(&text).as_bytes()[..16]);
        Signature { hash, components }
    }

    /// What was hashed, in order.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The first 40 bits in eight lower-case base32 characters (Crockford's alphabet: no i, l, o, u).
    pub fn bucket(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let bits = self.hash[..5].iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut bucket = String::with_capacity(8);
        for index in 0..8 {
            bucket.push(char::from(ALPHABET[(bits >> (35 - 5 * index) & 31) as usize]));
        }
        bucket
    }

    pub(crate) fn first(&self, kind: &str) -> Option<&str> {
        self.components
            .iter()
            .find(|component| component.kind == kind)
            .map(|component| component.value.as_str())
    }
}

impl fmt::Display for Signature {
    /// `g1:` and 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One write of a finished text: it is printed for every record of a scan.
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        const MARK: usize = ALGORITHM.len() + 1;
        let mut text = [b':'; MARK + 32];
        text[..ALGORITHM.len()].copy_from_slice(ALGORITHM.as_bytes());
        for (pair, byte) in text[MARK..].chunks_exact_mut(2).zip(self.hash) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(std::str::from_utf8(&text).expect("all of it is ASCII"))
    }
}
