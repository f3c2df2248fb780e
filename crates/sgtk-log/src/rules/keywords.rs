//! Words that make a record an incident whatever its level.

use crate::rules::RuleFault;
use memchr::memmem::Finder;

/// Most words.
const MOST_WORDS: usize = 100;
/// Longest word.
const MOST_BYTES: usize = 200;

/// Plain words, looked for in the bytes of a record before anything else is done with it. The default holds none.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    words: Vec<Finder<'static>>,
}

impl Keywords {
    /// Takes the words. Case counts, and no character means anything but itself.
    ///
    /// # Errors
    /// An empty word, which would stand in every record, a very long one, or too many.
    pub fn new(words: &[String]) -> Result<Keywords, RuleFault> {
        if words.len() > MOST_WORDS {
            return Err(RuleFault::whole(format!(
                "holds {} words, at most {MOST_WORDS} are taken",
                words.len()
            )));
        }
        for (index, word) in words.iter().enumerate() {
            if word.trim().is_empty() {
                return Err(RuleFault::at(
                    format!("[{index}]"),
                    "is empty and would stand in every record; leave it out",
                ));
            }
            if word.len() > MOST_BYTES {
                return Err(RuleFault::at(
                    format!("[{index}]"),
                    format!("is longer than {MOST_BYTES} bytes; shorten it"),
                ));
            }
        }
        Ok(Keywords { words: words.iter().map(|word| Finder::new(word).into_owned()).collect() })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The first of the words that stands in a record as it is in the file. The words are UTF-8: a log in another code page
    /// holds only its ASCII ones.
    pub fn find(&self, record: &[u8]) -> Option<&str> {
        let found = self.words.iter().find(|word| word.find(record).is_some())?;
        std::str::from_utf8(found.needle()).ok()
    }
}
