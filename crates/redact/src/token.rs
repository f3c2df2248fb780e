//! Secrets that tell by their beginning what they are: keys of cloud services, JSON web tokens.

use crate::line::Line;
use crate::rule::Rule;
use crate::trigger::Trigger;

/// Beginning, least bytes behind it, and what may be in it besides letters and digits. Their makers document them.
const KINDS: [(&str, usize, &[u8]); 24] = [
    ("AKIA", 16, b""),
    ("ASIA", 16, b""),
    ("ghp_", 16, b""),
    ("gho_", 16, b""),
    ("ghu_", 16, b""),
    ("ghs_", 16, b"_"),
    ("ghr_", 16, b""),
    ("github_pat_", 20, b"_"),
    ("glpat-", 16, b"_-."),
    ("xoxb-", 10, b"-"),
    ("xoxp-", 10, b"-"),
    ("xoxa-", 10, b"-"),
    ("xoxr-", 10, b"-"),
    ("xoxs-", 10, b"-"),
    ("xapp-", 10, b"-"),
    ("AIza", 30, b"_-"),
    ("ya29.", 20, b"_-."),
    ("sk_live_", 16, b"_"),
    ("rk_live_", 16, b"_"),
    ("sk-ant-", 20, b"_-"),
    ("sk-proj-", 20, b"_-"),
    ("GOCSPX-", 20, b"_-"),
    ("npm_", 30, b""),
    ("pypi-Ag", 30, b"_-"),
];

/// A token of a known kind.
pub(crate) fn token(line: &mut Line<'_>, word: Trigger) {
    let text = line.text.as_bytes();
    let rest = &text[word.at..];
    if word.len >= b"hooks.slack.com/services/".len() {
        let from = word.at + word.len;
        let end = from + run(&text[from..], b"/%");
        return line.hide(Rule::Token, from, end);
    }
    if line.is_inside_word(word.at) || text[..word.at].ends_with(b"_") {
        return;
    }
    if rest.starts_with(b"eyJ") {
        return web_token(line, word.at);
    }
    let Some((start, least, more)) = KINDS.iter().find(|(start, ..)| rest.starts_with(start.as_bytes()))
    else {
        return;
    };
    let body = &rest[start.len()..];
    let len = run(body, more);
    // The key of AWS is in capitals; a word in capitals is no key.
    let is_key = len >= *least
        && (body[..len].iter().any(u8::is_ascii_digit) || len >= 2 * least)
        && (!start.ends_with("IA")
            || body[..len].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
    if is_key {
        line.hide(Rule::Token, word.at, word.at + start.len() + len);
    } else {
        // Inside this run no other one begins at a boundary.
        line.covered = line.covered.max(word.at + start.len());
    }
}

/// `header.payload.signature`, also cut off behind the payload.
fn web_token(line: &mut Line<'_>, from: usize) {
    const SHORTEST: usize = 8;
    let text = &line.text.as_bytes()[from..];
    let head = run(text, b"_-");
    if head < SHORTEST || text.get(head) != Some(&b'.') {
        return;
    }
    let whole = run(text, b"_-.");
    if whole - head > SHORTEST {
        let end = whole - text[..whole].iter().rev().take_while(|b| **b == b'.').count();
        line.hide(Rule::Token, from, from + end);
    }
}

fn run(text: &[u8], more: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_alphanumeric() || more.contains(b)).count()
}
