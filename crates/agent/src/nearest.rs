//! The known word most like a mistyped one, for error messages.

/// The candidate with the smallest edit distance, if it is near enough to be meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .map(|candidate| (distance(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= 3.max(candidate.len() / 3))
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, one row at a time.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        let known = ["site.url", "limits.gather_s", "agent.state_dir"];
        assert_eq!(nearest("site.ulr", known.into_iter()), Some("site.url"));
        assert_eq!(nearest("agent.statedir", known.into_iter()), Some("agent.state_dir"));
        assert_eq!(nearest("completely.different", known.into_iter()), None);
    }
}
