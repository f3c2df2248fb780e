//! Pieces of a line that are to be replaced, and replacing them.

use crate::counts::RuleCounts;
use crate::placeholder::Style;
use crate::rule::Rule;

/// Bytes `from..to` of a line, and what goes in their place.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) rule: Rule,
    /// Fixed words instead of the placeholder of a secret (`~`, `<user>`, `<email>`).
    pub(crate) with: Option<&'static str>,
}

impl Span {
    pub(crate) fn secret(rule: Rule, from: usize, to: usize) -> Span {
        Span { from, to, rule, with: None }
    }
}

/// Sorts spans and joins those that overlap: what any rule wants hidden is hidden, under the name of the first one that
/// hides a secret.
pub(crate) fn settle(spans: &mut Vec<Span>) {
    spans.retain(|span| span.from < span.to);
    if !spans.is_sorted_by_key(|span| span.from) {
        spans.sort_by_key(|span| span.from);
    }
    spans.dedup_by(|next, kept| {
        let overlap = next.from < kept.to;
        if overlap {
            if kept.rule.is_identity() && !next.rule.is_identity() {
                (kept.rule, kept.with) = (next.rule, next.with);
            }
            kept.to = kept.to.max(next.to);
        }
        overlap
    });
}

/// Appends a line with its settled spans replaced.
pub(crate) fn write(line: &str, spans: &[Span], style: Style, counts: &mut RuleCounts, out: &mut String) {
    let mut done = 0;
    for span in spans {
        out.push_str(&line[done..span.from]);
        match span.with {
            Some(words) => out.push_str(words),
            None => style.push_secret(span.rule, out),
        }
        counts.hit(span.rule);
        done = span.to;
    }
    out.push_str(&line[done..]);
}
