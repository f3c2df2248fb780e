//! Names of entity types in addresses: `Ticket`, `ticket` and `tickets` are one; links say `tickets`.

use crate::schema::{EntityType, Schema};

/// The type an address names, however it is spelt.
pub(crate) fn find<'s>(schema: &'s Schema, spelling: &str) -> Option<&'s EntityType> {
    let wanted = folded(spelling);
    schema.entities().find(|entity| wanted == folded(&entity.name) || wanted == folded(&plural(&entity.name)))
}

/// The spelling of links: `EventLogEntry` is `event_log_entries`.
pub(crate) fn plural(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    let vowel_before_y = snake.len() > 1 && snake.ends_with(['y']) && {
        snake[..snake.len() - 1].ends_with(['a', 'e', 'i', 'o', 'u'])
    };
    if snake.ends_with('y') && !vowel_before_y {
        snake.truncate(snake.len() - 1);
        snake + "ies"
    } else if snake.ends_with(['s', 'x', 'z']) || snake.ends_with("ch") || snake.ends_with("sh") {
        snake + "es"
    } else {
        snake + "s"
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_say_the_plural() {
        for (name, plural_name) in [
            ("Ticket", "tickets"),
            ("Reply", "replies"),
            ("HumanUser", "human_users"),
            ("EventLogEntry", "event_log_entries"),
            ("Status", "statuses"),
            ("LocalStorage", "local_storages"),
        ] {
            assert_eq!(plural(name), plural_name);
        }
    }

    #[test]
    fn every_type_is_found_by_each_of_its_spellings_and_by_no_other() {
        let schema = Schema::load(&[]).unwrap();
        for entity in schema.entities() {
            let plural = plural(&entity.name);
            for spelling in [&entity.name, &entity.name.to_lowercase(), &plural, &plural.to_uppercase()] {
                assert_eq!(
                    find(&schema, spelling).map(|found| &found.name),
                    Some(&entity.name),
                    "{spelling}"
                );
            }
        }
        assert!(find(&schema, "ticketses").is_none());
        assert!(find(&schema, "").is_none());
    }
}
