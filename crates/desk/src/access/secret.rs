//! Secrets: keys, passwords, session tokens, signed addresses.
//!
//! Owns how a secret is made, kept (never in clear) and compared. Nothing here has a `Debug` that could show one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Rounds of PBKDF2; about ten milliseconds in a release build.
const ROUNDS: u32 = 100_000;

/// Sixteen unguessable bytes (the operating system's, by way of `uuid`; six bits are fixed).
pub(crate) fn random_16() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// An unguessable text of 64 hexadecimal digits.
pub(crate) fn random_text() -> String {
    [random_16(), random_16()].iter().flatten().map(|byte| format!("{byte:02x}")).collect()
}

/// What is kept of a key or password: `pbkdf2-blake3$rounds$salt$hash`.
pub(crate) fn hash(secret: &str, salt: [u8; 16]) -> String {
    let salt_text: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("pbkdf2-blake3${ROUNDS}${salt_text}${}", derive(secret, salt_text.as_bytes(), ROUNDS))
}

/// Stands for what is kept of somebody who is not there: no secret fits, and finding out takes as long as with a wrong one.
pub(crate) fn nobody() -> String {
    format!("pbkdf2-blake3${ROUNDS}$00000000000000000000000000000000${}", random_text())
}

/// Whether `secret` is the one whose [`hash`] was `kept`.
fn matches(kept: &str, secret: &str) -> bool {
    let parts: Vec<&str> = kept.split('$').collect();
    let [_, rounds, salt, hash] = parts[..] else { return false };
    let (Ok(rounds), Ok(hash)) = (rounds.parse(), blake3::Hash::from_hex(hash)) else { return false };
    // blake3::Hash compares in constant time.
    derive(secret, salt.as_bytes(), rounds) == hash
}

/// PBKDF2 (RFC 8018) with keyed BLAKE3 as its pseudo-random function and one block of output.
fn derive(secret: &str, salt: &[u8], rounds: u32) -> blake3::Hash {
    let key = blake3::derive_key("tk-incident desk secret v1", secret.as_bytes());
    let mut block = blake3::Hasher::new_keyed(&key).update(salt).update(&1_u32.to_be_bytes()).finalize();
    let mut total = *block.as_bytes();
    for _ in 1..rounds {
        block = blake3::keyed_hash(&key, block.as_bytes());
        for (sum, byte) in total.iter_mut().zip(block.as_bytes()) {
            *sum ^= byte;
        }
    }
    blake3::Hash::from_bytes(total)
}

/// What is kept of a session token, which is unguessable already.
pub(crate) fn token_hash(token: &str) -> String {
    blake3::derive_key("tk-incident desk session v1", token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Secrets that have passed [`matches`] in this process, so that a script's every call need not wait for it.
pub(crate) struct Verified {
    key: [u8; 32],
    known: Mutex<HashMap<String, blake3::Hash>>,
}

impl Verified {
    /// Nothing verified yet.
    pub(crate) fn new() -> Verified {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&random_16());
        key[16..].copy_from_slice(&random_16());
        Verified { key, known: Mutex::new(HashMap::new()) }
    }

    /// Whether this secret has passed before: found out at once.
    pub(crate) fn knows(&self, kept: &str, secret: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(kept).copied();
        known == Some(self.print(secret))
    }

    /// Whether `secret` is the one whose [`hash`] was `kept`; takes milliseconds the first time.
    pub(crate) fn check(&self, kept: &str, secret: &str) -> bool {
        if self.knows(kept, secret) {
            return true;
        }
        if !matches(kept, secret) {
            return false;
        }
        let print = self.print(secret);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > 1000 {
            known.clear();
        }
        known.insert(kept.to_owned(), print);
        true
    }

    fn print(&self, secret: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.key, secret.as_bytes())
    }
}

/// Signs addresses that need no credentials.
pub(crate) struct Signer {
    key: [u8; 32],
}

impl Signer {
    /// `secret` is kept with the desk's data, so that an address outlives a restart.
    pub(crate) fn new(secret: &str) -> Signer {
        Signer { key: blake3::derive_key("tk-incident desk address v1", secret.as_bytes()) }
    }

    /// The signature of a text.
    pub(crate) fn sign(&self, text: &str) -> String {
        blake3::keyed_hash(&self.key, text.as_bytes()).to_hex().to_string()
    }

    /// Whether `signature` is that of `text`.
    pub(crate) fn check(&self, text: &str, signature: &str) -> bool {
        blake3::Hash::from_hex(signature)
            .is_ok_and(|hash| hash == blake3::keyed_hash(&self.key, text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_hash_knows_its_secret_and_no_other() {
        let kept = hash("open sesame", [7; 16]);
        assert!(!kept.contains("sesame"));
        let verified = Verified::new();
        assert!(!verified.check(&kept, "open Sesame"));
        assert!(verified.check(&kept, "open sesame"));
        assert!(verified.check(&kept, "open sesame"), "from memory");
        assert!(!verified.check(&kept, "open Sesame"), "after the right one is known");
        assert_ne!(kept, hash("open sesame", [8; 16]), "salted");
        assert!(!matches("nonsense", "open sesame"));
    }
}
