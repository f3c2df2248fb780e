//! Why a problem may not have a ticket now.
//!
//! Kept with the problem, so that what is not held costs no question while a storm is read.

/// See the module's own words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// It may: its ticket stands, or is on its way.
    #[default]
    Not,
    /// Somebody does not want to hear of it.
    Muted,
    /// The workstation has opened as many tickets as it may for now.
    Storm,
    /// It is part of an outage that has a ticket.
    Inhibited,
}

impl Held {
    const WORDS: [(Held, &'static str); 4] = [
        (Held::Not, ""),
        (Held::Muted, "muted"),
        (Held::Storm, "storm_host"),
        (Held::Inhibited, "inhibited"),
    ];

    /// As it is stored; the outcome of the occurrences that are held for it, or nothing.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Held::WORDS.iter().find(|(held, _)| *held == self).map_or("", |(_, word)| word)
    }

    /// What a state says; what a newer version may have written holds nothing.
    #[must_use]
    pub fn of(word: &str) -> Held {
        Held::WORDS.iter().find(|(_, known)| *known == word).map_or(Held::Not, |(held, _)| *held)
    }
}
