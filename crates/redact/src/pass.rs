//! One pass over whole lines: which lines are looked at, and how often.

use memchr::{memchr, memrchr};

use crate::counts::RuleCounts;
use crate::entropy;
use crate::known::Known;
use crate::line::{Identity, Line};
use crate::long_line;
use crate::pickle;
use crate::placeholder::Style;
use crate::private_key::{self, InKey};
use crate::rule::Rule;
use crate::shows::Shows;
use crate::span::{self, Span};
use crate::trigger::{Kind, TRIGGERS, Trigger};

/// A line that still changes after so many rounds is replaced as a whole.
const MOST_ROUNDS: usize = 6;

/// What the lines before tell about the next one.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Carry {
    pub(crate) key: InKey,
    /// So many lines may still bring the value of a pickled name.
    pub(crate) pickle: u8,
}

/// The rules as they are set up.
pub(crate) struct Rules {
    pub(crate) known: Known,
    pub(crate) shows: Shows,
    pub(crate) home: bool,
    pub(crate) email: bool,
    pub(crate) entropy: bool,
    pub(crate) logins: Vec<String>,
}

impl Rules {
    /// Redacts whole lines (the last may be without its end). `None` when nothing changes.
    pub(crate) fn pass(
        &self,
        text: &str,
        style: Style,
        carry: &mut Carry,
        counts: &mut RuleCounts,
    ) -> Option<String> {
        let mut shorten = |head: &str| self.long_line(head, style, counts);
        let mut current = match long_line::shorten(text, &mut shorten) {
            std::borrow::Cow::Borrowed(_) => None,
            std::borrow::Cow::Owned(changed) => Some(changed),
        };
        for step in 0..4 {
            let text = current.as_deref().unwrap_or(text);
            let changed = match step {
                0 => self.known.hide(text, style, counts),
                1 => self.shows.hide(text, counts),
                2 => private_key::hide(text, &mut carry.key, style, counts),
                _ => self.lines(text, style, carry, counts),
            };
            current = changed.or(current);
        }
        // Placeholders may be longer than what they replace.
        if let Some(changed) = &current
            && long_line::is_any(changed)
        {
            let mut shorten = |head: &str| self.long_line(head, style, counts);
            current = Some(long_line::shorten(changed, &mut shorten).into_owned());
        }
        current
    }

    /// What is kept of a line that is too long, given its beginning.
    pub(crate) fn long_line(&self, head: &str, style: Style, counts: &mut RuleCounts) -> String {
        counts.hit(Rule::LongLine);
        let known = self.known.hide(head, style, counts);
        let head = known.as_deref().unwrap_or(head);
        let shows = self.shows.hide(head, counts);
        let head = shows.as_deref().unwrap_or(head);
        let held_back = self.known.longest_bytes().max(self.shows.longest_bytes());
        let mut kept = long_line::whole_words(head, head.len().saturating_sub(held_back)).to_owned();
        kept.push(' ');
        style.push_secret(Rule::LongLine, &mut kept);
        kept
    }

    /// Applies the rules to every line that holds a word for one of them.
    fn lines(&self, text: &str, style: Style, carry: &mut Carry, counts: &mut RuleCounts) -> Option<String> {
        let bytes = text.as_bytes();
        let mut search = Search::new(bytes);
        let mut work = Work::default();
        let mut out = String::new();
        let (mut copied, mut at) = (0, 0);
        loop {
            // Behind a pickled name, and when guessing, every line counts; else the one with the next word.
            let every = self.entropy || carry.pickle > 0;
            let word = if every { Some(at).filter(|at| *at < bytes.len()) } else { search.next() };
            let Some(word) = word else { break };
            let from = at + memrchr(b'\n', &bytes[at..word]).map_or(0, |end| end + 1);
            let to = memchr(b'\n', &bytes[word..]).map_or(bytes.len(), |end| word + end);
            work.triggers.clear();
            search.take_until(to, from, &mut work.triggers);
            let line = &text[from..to];
            let (changed, done) = self.round(line, &work.triggers, carry, &mut work.spans);
            if changed {
                if copied == 0 {
                    out.reserve(bytes.len());
                }
                out.push_str(&text[copied..from]);
                copied = to;
                if done {
                    span::write(line, &work.spans, style, counts, &mut out);
                } else {
                    carry.pickle = carry.pickle.max(self.settle(line, &mut work, style, counts, &mut out));
                }
            }
            if to == bytes.len() {
                break;
            }
            at = to + 1;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }

    /// What the rules find in a line. Whether that is anything, and whether they can find nothing more in what is left.
    fn round(
        &self,
        line: &str,
        triggers: &[Trigger],
        carry: &mut Carry,
        spans: &mut Vec<Span>,
    ) -> (bool, bool) {
        let identity = Identity { home: self.home, email: self.email, logins: &self.logins };
        spans.clear();
        let mut state = Line::new(line, std::mem::take(spans));
        if carry.pickle > 0 {
            pickle::value(&mut state, carry);
        }
        for trigger in triggers {
            let before = state.spans.len();
            state.visit(*trigger, &identity);
            state.is_settled &= is_settled(*trigger, &state.spans, before);
        }
        if self.entropy {
            entropy::words(&mut state);
        }
        if state.pickled_value_follows {
            carry.pickle = pickle::MOST_LINES;
        }
        let settled = state.is_settled && !self.entropy;
        *spans = state.spans;
        span::settle(spans);
        (!spans.is_empty(), settled)
    }

    /// Repeats until no rule changes the line any more: what one rule leaves may be what another one looks for.
    /// Returns how many lines may bring the value of a pickled name.
    fn settle(
        &self,
        line: &str,
        work: &mut Work,
        style: Style,
        counts: &mut RuleCounts,
        out: &mut String,
    ) -> u8 {
        let begin = out.len();
        let Work { triggers, spans, before } = work;
        span::write(line, spans, style, counts, out);
        let mut pickle = 0;
        for _ in 1..MOST_ROUNDS {
            let mut search = Search::new(&out.as_bytes()[begin..]);
            triggers.clear();
            search.take_until(usize::MAX, 0, triggers);
            let mut carry = Carry::default();
            let (changed, done) = self.round(&out[begin..], triggers, &mut carry, spans);
            pickle = pickle.max(carry.pickle);
            if !changed {
                return pickle;
            }
            before.clear();
            before.push_str(&out[begin..]);
            out.truncate(begin);
            span::write(before, spans, style, counts, out);
            if done {
                return pickle;
            }
        }
        counts.hit(Rule::Unsettled);
        out.truncate(begin);
        style.push_secret(Rule::Unsettled, out);
        pickle
    }
}

/// Whether nothing more can be found at a word once the spans are replaced: it is inside one, or its rule has taken the one
/// thing it looks for. Placeholders make no new words: none has an angle bracket.
fn is_settled(trigger: Trigger, spans: &[Span], before: usize) -> bool {
    let Some(last) = spans.last() else { return false };
    let is_inside = last.from <= trigger.at && trigger.at < last.to;
    let has_taken = spans.len() == before + 1
        && match trigger.kind {
            Kind::Home => true,
            Kind::Name => last.rule == Rule::KeyValue,
            Kind::Email => last.rule == Rule::Email,
            _ => false,
        };
    is_inside || has_taken
}

/// What is used again from line to line.
#[derive(Default)]
struct Work {
    triggers: Vec<Trigger>,
    spans: Vec<Span>,
    /// A line as the round before left it.
    before: String,
}

/// All words of a text in order.
struct Search<'t> {
    bytes: &'t [u8],
    word: Option<Trigger>,
    mark: Option<usize>,
}

impl<'t> Search<'t> {
    fn new(bytes: &'t [u8]) -> Search<'t> {
        Search { bytes, word: TRIGGERS.find(bytes, 0), mark: memchr(b'@', bytes) }
    }

    /// Where the next word is.
    fn next(&self) -> Option<usize> {
        let word = self.word.map(|word| word.at);
        match (word, self.mark) {
            (Some(word), Some(mark)) => Some(word.min(mark)),
            (word, mark) => word.or(mark),
        }
    }

    /// Moves the words before `to` into the list, with places counted from `from`.
    fn take_until(&mut self, to: usize, from: usize, list: &mut Vec<Trigger>) {
        while let Some(next) = self.next().filter(|next| *next < to) {
            match self.word {
                Some(word) if word.at == next => {
                    list.push(Trigger { at: word.at - from, ..word });
                    self.word = TRIGGERS.find(self.bytes, word.at + 1);
                }
                _ => {
                    list.push(Trigger { at: next - from, len: 1, kind: Kind::Email });
                    self.mark = memchr(b'@', &self.bytes[next + 1..]).map(|at| next + 1 + at);
                }
            }
        }
    }
}
