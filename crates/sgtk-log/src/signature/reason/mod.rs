//! The part of an exception's text that tells one cause from another, by exception type.
//!
//! Texts are localised, differ between Python versions and hold paths and shot names; names, codes and keys do not. Only
//! types that say nothing by themselves ("bag" types) bring their normalised text. Part of the signature algorithm.

pub(crate) mod fault;
mod python;
pub(crate) mod types;

use crate::signature::code::{bracketed, code};
use crate::signature::message::Normaliser;
use crate::signature::message::innermost::{cap, innermost_reason};
use crate::traceback::Raised;
use types::{canonical_type, implied_code, is_bag, is_of_python};

/// Text beyond this is not looked at for codes and names.
const MOST_BYTES: usize = 2048;

/// The reason by type; `None` when the type has none or the text does not show it.
pub(crate) fn reason(raised: Raised<'_>, to: &Normaliser<'_>) -> Option<String> {
    let (short_name, text) = (raised.short_name(), raised.said());
    let head = cap(text, MOST_BYTES);
    match canonical_type(short_name, cap(raised.text, MOST_BYTES)) {
        "AttributeError" => python::attribute(head).map(|name| told(name, to)),
        "NameError" | "UnboundLocalError" => python::name(head).map(|name| told(name, to)),
        "ImportError" => python::imported(head).map(|name| told(name, to)),
        "KeyError" => python::key(head, to),
        "TypeError" => python::type_mismatch(head),
        "CalledProcessError" => python::process(head),
        "RecursionError" => None,
        "Fault" | "ProtocolError" => fault::line(text, to).or_else(|| code(head)).or_else(|| bag(text, to)),
        "OSError" | "URLError" | "SSLError" | "HTTPError" | "ConnectionError" => {
            code(head).or_else(|| implied_code(short_name).map(str::to_owned)).or_else(|| bag(text, to))
        }
        "ValueError" => python::value(head).or_else(|| bag(text, to)),
        name if is_bag(name) => fault::line(text, to).or_else(|| bag(text, to)),
        // A code names the cause wherever it stands. What others than Python define is worded by them, the same in
        // every Python.
        name => memchr::memchr_iter(b'[', head.as_bytes())
            .find_map(|at| bracketed(&head[at..]))
            .or_else(|| if is_of_python(name) { None } else { bag(text, to) }),
    }
}

/// A name of the code; not one of the work at hand, such as a module per project.
fn told(name: String, to: &Normaliser<'_>) -> String {
    if to.words.touches(&name) { "<name>".to_owned() } else { name }
}

/// The normalised innermost reason of a text.
pub(crate) fn bag(text: &str, to: &Normaliser<'_>) -> Option<String> {
    // What Python prints for a text that cannot be made.
    if text.starts_with("<unprintable ") || text.starts_with("<exception str() failed>") {
        return None;
    }
    let reason = to.normalise(&innermost_reason(text));
    (!reason.is_empty()).then_some(reason)
}
