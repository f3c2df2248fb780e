//! Names of things of a production, known by the noun before them: `shot 'hero'`, `node hero_geo`, `lgt, Asset Teapot`.
//!
//! What a shot, a node or a person is called is no part of a problem. Names with digits are known by their spelling
//! (`word`), names of the session by `words`; this is for all others. Without quotes a name can be a word of the
//! sentence, so it must look like a name, or stand where nothing else can.

use super::Scan;
use super::quoted::keeps_digits;

/// What is named, when the word before was such a noun.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Noun {
    /// It was another word.
    #[default]
    None,
    /// `instance`: a name in quotes may follow.
    Quoted,
    /// `named`, `node name`: and behind a colon one without quotes.
    Named,
    /// `name`: behind a colon only; the name of a variable stands in quotes, too.
    Field,
    /// `node`: one without quotes, too, that is spelled like an identifier.
    Thing,
    /// `for Shot`, `, Asset`: and one with a capital.
    Entity,
    /// A name in quotes was there, and more of them may follow.
    Listed,
}

/// What is a noun, in the singular and in lower case.
fn of_word(word: &[u8]) -> Noun {
    match word {
        b"shot" | b"asset" | b"sequence" | b"episode" | b"project" | b"user" | b"node" | b"object"
        | b"mesh" | b"camera" | b"layer" | b"clip" | b"track" | b"reel" => Noun::Thing,
        // Their name is quoted where it could be taken for another word.
        b"task" | b"step" | b"playlist" | b"publish" | b"artist" | b"segment" | b"reference"
        | b"namespace" | b"instance" | b"item" | b"product" | b"context" | b"workspace" | b"volume" => {
            Noun::Quoted
        }
        b"named" | b"called" => Noun::Named,
        b"name" => Noun::Field,
        _ => Noun::None,
    }
}

/// Length of the longest noun, in the plural.
const LONGEST: usize = 10;

/// Entity types as Toolkit prints them in a context: `lgt, Shot hero`.
const ENTITIES: [&str; 5] = ["Shot", "Asset", "Sequence", "Episode", "Project"];

/// Words between which and an entity type nothing else can be meant than one entity.
const BEFORE_ENTITY: [&str; 6] = ["for", "of", "on", "from", "to", "context"];

/// Whether an entity type behind this is followed by the entity's name.
fn is_before_entity(said: &[u8]) -> bool {
    let end = said.iter().rposition(|b| !matches!(b, b' ' | b':' | b'(')).map_or(0, |at| at + 1);
    let said = &said[..end];
    let last = said.rsplit(|b| *b == b' ').next().unwrap_or(said);
    said.ends_with(b",") || BEFORE_ENTITY.iter().any(|word| word.as_bytes() == last)
}

fn in_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

impl Scan<'_, '_> {
    /// Whether the quoted text here is a name.
    pub(super) fn is_named(&self) -> bool {
        match self.noun {
            Noun::None => false,
            Noun::Listed => self.text[..self.at].trim_end().ends_with(','),
            Noun::Field => self.is_behind_colon(),
            _ => true,
        }
    }

    /// What the word that was just kept says of the next one. It began at `at`; `before` is what was said of itself.
    pub(super) fn noun_at(&self, at: usize, before: Noun) -> Noun {
        let word = &self.text[at..self.at];
        if !(4..=LONGEST).contains(&word.len()) {
            // `Object's name 'hero'`
            let possessive = word == "s" && self.text[..at].ends_with(['\'', '\u{2019}']);
            return if possessive { before } else { Noun::None };
        }
        // There it is in lower case.
        let (said, lower) = self.out.text().as_bytes().split_at(self.out.text().len() - word.len());
        match of_word(lower.strip_suffix(b"s").unwrap_or(lower)) {
            Noun::Thing if ENTITIES.contains(&word) && is_before_entity(said) => Noun::Entity,
            Noun::Field if before != Noun::None => Noun::Named,
            noun => noun,
        }
    }

    /// The name here, without quotes, that the noun before it announces: where it ends.
    pub(super) fn bare_name(&self, noun: Noun) -> Option<usize> {
        if matches!(noun, Noun::None | Noun::Listed) {
            return None;
        }
        if let Some(end) = self.capital_name() {
            return Some(end);
        }
        // In a scene, names are joined to paths.
        let length =
            self.rest(self.at).iter().take_while(|b| in_name(**b) || matches!(b, b':' | b'|')).count();
        let word = self.text[self.at..self.at + length].trim_end_matches(['.', '-', ':']);
        let end = self.at + word.len();
        let has = |joints: &[u8]| word.bytes().skip(1).any(|b| joints.contains(&b)) && !word.contains("::");
        let is_of_scene = || has(b":|");
        let is_identifier = || has(b"_:|") && !keeps_digits(word);
        let is_capital = || word.starts_with(|c: char| c.is_ascii_uppercase());
        let is_last = || self.is_behind_colon() && self.stands_alone(end);
        // `Shot: hero, Task: anim`; but `Could not open project: denied`.
        let is_field = || is_last() && (is_capital() || self.text[end..].starts_with([',', ';', ')', ']']));
        let found = match noun {
            Noun::None | Noun::Listed => false,
            Noun::Quoted => is_of_scene() || is_last() && is_identifier(),
            Noun::Field | Noun::Named => is_of_scene() || is_last(),
            Noun::Thing => is_identifier() || is_field(),
            Noun::Entity => is_identifier() || is_capital() || self.stands_alone(end),
        };
        found.then_some(end)
    }

    /// A name with a capital behind a noun without: `the node Kelp`, not `Project Settings` or `user ID`.
    fn capital_name(&self) -> Option<usize> {
        let bytes = self.rest(self.at);
        let noun = self.text[..self.at].strip_suffix(' ').filter(|_| bytes[0].is_ascii_uppercase())?;
        let noun = noun.rsplit(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let length = bytes.iter().take_while(|b| in_name(**b) && **b != b'.').count();
        let word = &self.text[self.at..self.at + length];
        let is_short = length < 4 && word.bytes().all(|b| b.is_ascii_uppercase());
        let is_name = !is_short && !ENTITIES.contains(&word);
        (is_name && noun.starts_with(|c: char| c.is_ascii_lowercase())).then_some(self.at + length)
    }

    /// Whether the number of an entity follows its name, which ends at `end`: `Kelp (id 12)`.
    pub(super) fn is_numbered(&self, end: usize) -> bool {
        let behind = self.text[end..].strip_prefix(" (id");
        let number = behind.map(|behind| behind.trim_start_matches([' ', ':', '=', '#']));
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn is_behind_colon(&self) -> bool {
        self.text[..self.at].trim_end().ends_with([':', '='])
    }

    /// Where the path of an object in a scene ends that begins here: `group|char:rig`, `|group|rig`.
    pub(super) fn scene_path(&self) -> Option<usize> {
        let in_path = |b: &&u8| in_name(**b) || matches!(b, b':' | b'|');
        let length = self.rest(self.at).iter().take_while(in_path).count();
        let path = self.text[self.at..self.at + length].trim_end_matches(['.', ':', '|']);
        let inner = path.trim_start_matches('|');
        let joined = inner.contains('|') || inner.len() < path.len();
        (joined && inner.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(self.at + path.len())
    }

    /// Whether nothing of a sentence follows.
    fn stands_alone(&self, end: usize) -> bool {
        let rest = self.text[end..].trim_start_matches(['.', '!']);
        rest.is_empty() || rest.starts_with([',', ';', ')', ']', '\'', '"', '\n', ':'])
    }

    /// A context as Toolkit prints it, `lgt, Shot hero`, when one begins with the word that ends at `end`: where it ends.
    pub(super) fn context(&self, end: usize) -> Option<usize> {
        let rest = self.text[end..].strip_prefix(", ")?;
        let kind = ENTITIES.iter().find(|kind| rest.starts_with(**kind))?;
        let at = end + 2 + kind.len() + 1;
        if self.byte(at - 1) != Some(b' ') {
            return None;
        }
        let length = self.rest(at).iter().take_while(|b| in_name(**b)).count();
        let name = self.text[at..at + length].trim_end_matches(['.', '-']);
        let named = name.bytes().any(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let end = at + name.len();
        (!name.is_empty() && (named || self.stands_alone(end))).then_some(end)
    }
}
