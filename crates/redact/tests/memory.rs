//! What a text costs that was made to be expensive, counted in memory asked for: a machine-independent measure of how often
//! a text is gone over. Times are measured by `cargo xtask bench hostile`.
//!
//! One test, because the counter is one.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use redact::{IdentityPolicy, Redactor};

struct Counting;

static BYTES: AtomicUsize = AtomicUsize::new(0);
static TIMES: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator that counts cannot be written without")]
// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        TIMES.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are the system allocator's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above; every block came from the system allocator.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a hostile text is made of, over and over.
const PIECES: &[&str] = &[
    "Some ordinary words about a file that was not saved. ",
    "password=",
    "password= ",
    "password='",
    "password: hunter2hunter2\n",
    "token token ",
    "session token is ",
    "session_token='0123456789abcdef' ",
    "%22session_token%22%3A",
    "\\\"password\\\"\\\\",
    "proxy@",
    "proxy: x:y ",
    "http://a:b@",
    "https://h/a?sig=1& ",
    "https%3A%2F%2Fa%3Ab%40",
    "://",
    "@",
    "a.b@c.example ",
    "/home/joe/",
    "\\\\a\\home",
    "Cookie: a=b\\r\\n",
    "Authorization: ",
    "Authorization: Digest a=b\n",
    "curl -u ",
    "sshpass -p x ",
    "Shotgun('a', ",
    "auth=('a', ",
    "<password>",
    "<name>password</name><value>",
    "S'session_token'\\np2\\nS'x' ",
    "Vsession_token\np1\nVabc\n",
    "-----BEGIN PRIVATE KEY-----\n",
    "eyJhbGciOi.eyJh.",
    "[({<'\"",
    "\\",
    "\n",
];

/// Bytes and blocks asked for while a text of this length is redacted, and its lines.
fn cost(redactor: &Redactor, piece: &str, bytes: usize) -> (usize, usize, usize) {
    let text = piece.repeat(bytes / piece.len());
    let (bytes, times) = (BYTES.load(Ordering::Relaxed), TIMES.load(Ordering::Relaxed));
    let redacted = redactor.redact_named(&text);
    let cost = (BYTES.load(Ordering::Relaxed) - bytes, TIMES.load(Ordering::Relaxed) - times);
    drop(redacted);
    (cost.0, cost.1, text.lines().count())
}

#[test]
fn memory_grows_with_the_text_and_no_faster() {
    const SMALL: usize = 32 * 1024;
    let redactor = Redactor::new(vec!["a-known-secret-value".into()], IdentityPolicy::default());
    for piece in PIECES {
        // What is made once.
        redactor.redact_named(piece);
        let (small, ..) = cost(&redactor, piece, SMALL);
        let (large, times, lines) = cost(&redactor, piece, 7 * SMALL);
        // Seven times the length, and twice that where a list has just grown.
        assert!(large <= 14 * small.max(SMALL), "{piece:?}: {small} bytes, then {large}");
        // The words of a line, what is found in it, the line before and after, each growing by doubling.
        assert!(large <= 128 * 7 * SMALL, "{piece:?}: {large} bytes");
        assert!(times <= 200 + 2 * lines, "{piece:?}: {times} blocks for {lines} lines");
    }
}
