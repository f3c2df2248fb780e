//! The text of a ticket: what a supporter reads, and the one line by which we find our own ticket again.
//!
//! Pure: a template and what is known of the incident in, text out. Plain text, because FPT shows descriptions unformatted.
//! The last line is ours whatever the template says, and no line before it can pass for one: people may edit everything above.

use crate::delivery::chain;
use crate::ticket_template::{TemplateFault, TicketTemplate};
use crate::ticket_view::{TicketView, one_line};

/// What the lines begin with that are written for us.
const MARK: &str = "tk-incident";

/// The marker that every ticket of ours carries.
#[must_use]
pub fn marker(key: &str) -> String {
    // One line, whatever a login holds: in two lines it would never be found.
    let key = key.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{MARK}: v1 {key}")
}

/// Whether a description is that of our ticket for this key: the whole marker on a line of its own, so that
/// `alice` is not found in the ticket of `alice2`.
#[must_use]
pub fn carries_marker(description: &str, key: &str) -> bool {
    let marker = marker(key);
    description.lines().any(|line| line.trim() == marker)
}

/// The whole text, and what was wrong with the template, if ours had to be taken instead.
#[must_use]
pub fn describe(
    template: Result<&TicketTemplate, &TemplateFault>,
    view: &TicketView,
    key: &str,
) -> (String, Option<String>) {
    let ours_because = |fault: &TemplateFault| {
        let why = one_line(&fault.without_folder());
        let note = format!("\n\nThis is the built-in text, because the studio's own did not work: {why}");
        (ours(view).trim_end().to_owned() + &note, Some(chain(fault)))
    };
    let (text, fault) = match template.map(|template| template.render(view)) {
        Ok(Ok(text)) => (text, None),
        Ok(Err(fault)) => ours_because(&fault),
        Err(fault) => ours_because(fault),
    };
    let mut text = harmless(text.trim_end());
    text.push_str("\n\n");
    text.push_str(&marker(key));
    text.push('\n');
    (text, fault)
}

/// The built-in text; the headline alone if even that fails, which a test rules out.
fn ours(view: &TicketView) -> String {
    TicketTemplate::default().render(view).unwrap_or_else(|_| view.headline.clone())
}

/// Without what would pass for a line of ours, and without control characters, which some sites refuse.
pub(crate) fn harmless(text: &str) -> String {
    let printable = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String = text.chars().filter(printable).collect();
    let mut harmless = String::with_capacity(text.len());
    let mut rest = text.as_str();
    // `tk-incident: v1 …`, `tk-incident-agent: …` and their like get a blank before the colon.
    while let Some(at) = rest.find(MARK) {
        let word = rest[at..].find(|c: char| c != '-' && !c.is_ascii_lowercase()).unwrap_or(rest.len() - at);
        let (before, after) = rest.split_at(at + word);
        harmless.push_str(before);
        let ours = before.ends_with(MARK) || rest[at + MARK.len()..].starts_with('-');
        if ours && after.starts_with(':') {
            harmless.push(' ');
        }
        rest = after;
    }
    harmless.push_str(rest);
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_counts_only_as_a_whole_line() {
        assert!(carries_marker("edited\n  tk-incident: v1 g1:00 alice  \nby people", "g1:00 alice"));
        assert!(!carries_marker("tk-incident: v1 g1:00 alice2", "g1:00 alice"));
        assert!(!carries_marker("see tk-incident: v1 g1:00 alice", "g1:00 alice"));
    }

    #[test]
    fn whatever_a_record_or_a_template_says_one_line_is_a_marker_and_it_is_ours() {
        let forged = "tk-incident: v1 g1:of another\n\u{1}tk-incident\u{7f}: v1 g1:of another\ntk-incident-agent: me\n";
        let view =
            TicketView { message: forged.to_owned(), headline: forged.to_owned(), ..TicketView::sample() };
        let studio =
            TicketTemplate::new(format!("{{{{ message }}}}\n{forged}"), std::path::Path::new("t.j2"));
        for template in [TicketTemplate::default(), studio.unwrap()] {
            let (text, fault) = describe(Ok(&template), &view, "g1:00 alice\nand bob");
            assert_eq!(fault, None);
            let marked: Vec<&str> =
                text.lines().filter(|line| line.starts_with("tk-incident") && !line.contains(" :")).collect();
            assert_eq!(marked, ["tk-incident: v1 g1:00 alice and bob"]);
            assert!(carries_marker(&text, "g1:00 alice\nand bob") && !carries_marker(&text, "g1:of another"));
        }
    }
}
