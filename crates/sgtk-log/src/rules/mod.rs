//! A studio's own rules, and what is known to be no incident: pure matching on recognised records.
//!
//! Owns the patterns, the matchers and actions of one rule, the templates of signature parts and titles, and the texts of
//! everything that can be wrong with them. Deliberately absent: the order in which rules, noise and levels decide (the
//! agent's gate), the file they are written in (the agent's settings), and counting.
//!
//! Everything is matched on the redacted and parsed record, and variables stand for what the signature made of it: a rule
//! can bring neither a secret nor a path into a signature or a title.

mod fault;
mod glob;
mod keywords;
mod matchers;
mod noise;
mod rule;
mod subject;
mod template;

pub use fault::RuleFault;
pub use glob::MOST_GLOB_CHARS;
pub use keywords::Keywords;
pub use noise::Noise;
pub use rule::{Rule, RuleAction, RuleSpec};
pub use subject::Subject;
