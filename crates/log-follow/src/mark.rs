//! Marks: short hashes of bytes at known places, by which a file is recognised again.
//!
//! A file number and a size do not identify a file: on ext4 a log and its backup take turns between two
//! inodes, and a file truncated in place keeps its number. So a position is trusted only if the first bytes
//! of the file and the bytes just before the position are still the ones that were read. Hashes, not bytes,
//! leave this crate: a log line may hold something that must not be stored.

/// How many first bytes of a file are marked; a Toolkit header with time and PID fits in.
pub(crate) const HEAD_BYTES: usize = 256;
/// How many bytes before a position are marked.
pub(crate) const TAIL_BYTES: usize = 64;

/// A hash over the last or first `len` bytes of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How many bytes were hashed; 0 matches everything.
    pub len: u32,
    /// BLAKE3, first 16 bytes, lower-case hex; empty when `len` is 0.
    pub hash: String,
}

impl Mark {
    /// Marks these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Mark {
        if bytes.is_empty() {
            return Mark { len: 0, hash: String::new() };
        }
        let digest = blake3::hash(bytes);
        let hash = digest.as_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        Mark { len: u32::try_from(bytes.len()).unwrap_or(u32::MAX), hash }
    }

    /// Whether these bytes are the marked ones.
    #[must_use]
    pub fn fits(&self, bytes: &[u8]) -> bool {
        *self == Mark::of(bytes)
    }
}
