//! All tickets in memory, a few dozen bytes each: what is filtered, counted and ordered for the list.
//!
//! Counting how many tickets each value of each filter would leave touches every ticket for every page. From rows of the database
//! that takes longer than a page may take; from here it is a millisecond for 100 000. Owns the filters' meaning. Holds no text
//! of a ticket: pages read the rows they show. Pure but for the reading of cards.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use crate::fault::Trouble;
use crate::store::Reading;
use crate::store::changes::{Changes, Waiting};
use crate::store::ticket_card::TicketCard;

/// The one board of a desk.
pub(crate) type SharedBoard = Arc<Mutex<Board>>;

/// What tickets can be filtered by, value for value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facet {
    Status,
    Engine,
    App,
    User,
    Project,
}

impl Facet {
    pub(crate) const ALL: [Facet; 5] =
        [Facet::Status, Facet::Engine, Facet::App, Facet::User, Facet::Project];

    /// The name in an address.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Facet::Status => "status",
            Facet::Engine => "engine",
            Facet::App => "app",
            Facet::User => "user",
            Facet::Project => "project",
        }
    }

    fn value(self, card: &TicketCard) -> Option<String> {
        match self {
            Facet::Status => card.status.clone(),
            Facet::Engine => card.engine.clone(),
            Facet::App => card.app.clone(),
            Facet::User => card.user.clone(),
            Facet::Project => card.project_id.map(|id| id.to_string()),
        }
    }
}

/// What the list is ordered by; the greatest first, but for the title's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    #[default]
    Activity,
    Times,
    Created,
}

/// Which tickets are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// The tickets that a search found, by id; none without a search.
    pub(crate) found: Option<Vec<i64>>,
    /// For each facet the values of which one has to hold; none means any. `""` stands for tickets without a value.
    pub(crate) values: [Vec<String>; 5],
    /// The projects whose tickets are there for the reader, and those without one; none: all.
    pub(crate) projects: Option<Vec<String>>,
    /// A signature or a bucket.
    pub(crate) signature: Option<String>,
    /// Of the last activity: from here on.
    pub(crate) from_s: Option<i64>,
    /// Of the last activity: before this.
    pub(crate) until_s: Option<i64>,
    pub(crate) order: Order,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The tickets of the page, in order.
    pub(crate) tickets: Vec<Entry>,
    /// Of all pages.
    pub(crate) total: usize,
    /// For each facet, how many tickets each value has under all *other* filters; the most frequent first.
    pub(crate) counts: [Vec<(String, usize)>; 5],
    /// When the tickets of all pages were last active.
    pub(crate) activity_s: Vec<i64>,
}

/// What a page shows of a ticket without reading its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) status: String,
    pub(crate) engine: String,
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) project: String,
    pub(crate) active_s: i64,
    pub(crate) created_s: i64,
    pub(crate) times: Option<i64>,
}

/// The tickets, by id.
#[derive(Default)]
pub(crate) struct Board {
    rows: Vec<BoardRow>,
    names: [Names; 5],
}

struct BoardRow {
    id: i64,
    active_s: i64,
    created_s: i64,
    times: Option<u32>,
    /// Of each facet, a number in its names.
    values: [u32; 5],
    /// Hashes; 0 is none.
    signature: u64,
    bucket: u64,
}

/// Values as small numbers. Those that nobody has any more stay: there are few.
#[derive(Default)]
struct Names {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, text: String) -> u32 {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", String::as_str)
    }
}

impl Board {
    /// Reads the cards of tickets that have changed since the last call.
    ///
    /// The first thing a page does in its snapshot: one that has been read from may be older than a change that is taken here, and
    /// the board would keep what was before it.
    pub(crate) fn catch_up(&mut self, reading: &dyn Reading, changes: &Changes) -> Result<(), Trouble> {
        let read = match changes.take() {
            Waiting::Everything => self.read_all(reading),
            Waiting::Tickets(ids) => self.read_some(reading, ids),
        };
        if read.is_err() {
            // What was taken and not read is known to nobody any more.
            changes.forget();
        }
        read
    }

    fn read_all(&mut self, reading: &dyn Reading) -> Result<(), Trouble> {
        *self = Board::default();
        reading.each_ticket_card(&mut |card: TicketCard| {
            if card.live {
                let row = self.row(&card);
                self.rows.push(row);
            }
        })
    }

    fn read_some(&mut self, reading: &dyn Reading, ids: BTreeSet<i64>) -> Result<(), Trouble> {
        for id in ids {
            let card = reading.ticket_card(id)?;
            self.put(id, card.as_ref());
        }
        Ok(())
    }

    /// Replaces what is known of a ticket.
    fn put(&mut self, id: i64, card: Option<&TicketCard>) {
        let at = self.rows.binary_search_by_key(&id, |row| row.id);
        match (at, card.filter(|card| card.live)) {
            (Ok(at), Some(card)) => self.rows[at] = self.row(card),
            (Err(at), Some(card)) => {
                let row = self.row(card);
                self.rows.insert(at, row);
            }
            (Ok(at), None) => drop(self.rows.remove(at)),
            (Err(_), None) => {}
        }
    }

    fn row(&mut self, card: &TicketCard) -> BoardRow {
        let mut values = [0; 5];
        for (at, facet) in Facet::ALL.into_iter().enumerate() {
            values[at] = self.names[at].number(facet.value(card).unwrap_or_default());
        }
        BoardRow {
            id: card.id,
            active_s: card.active_s,
            created_s: card.created_s,
            times: card.times.and_then(|times| u32::try_from(times).ok()),
            values,
            signature: card.signature.as_deref().map_or(0, short_hash),
            bucket: card.bucket.as_deref().map_or(0, short_hash),
        }
    }

    /// Whether there is such a ticket.
    pub(crate) fn has(&self, id: i64) -> bool {
        self.rows.binary_search_by_key(&id, |row| row.id).is_ok()
    }

    /// Whether a ticket, as far as it is known here, is in one of the projects or in none.
    pub(crate) fn in_projects(&self, id: i64, projects: &[String]) -> bool {
        let at = Facet::Project as usize;
        self.rows.binary_search_by_key(&id, |row| row.id).is_ok_and(|row| {
            let name = self.names[at].text(self.rows[row].values[at]);
            name.is_empty() || projects.iter().any(|project| project == name)
        })
    }

    /// The tickets wanted, and the numbers around them.
    pub(crate) fn find(&self, wanted: &Wanted) -> Found {
        let chosen = self.choose(wanted);
        let mut found = Found { total: chosen.rows.len(), ..Found::default() };
        for (at, counts) in chosen.counts.into_iter().enumerate() {
            let mut named: Vec<(String, usize)> = counts
                .into_iter()
                .enumerate()
                .filter(|(_, count)| *count > 0)
                .map(|(number, count)| (self.names[at].texts[number].clone(), count))
                .collect();
            named.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            found.counts[at] = named;
        }
        found.activity_s = chosen.rows.iter().map(|row| row.active_s).collect();
        let mut rows = chosen.rows;
        let end = wanted.offset.saturating_add(wanted.limit).min(rows.len());
        let key = |row: &&BoardRow| std::cmp::Reverse(order_key(wanted.order, row));
        // Only what is shown needs an order.
        if end > 0 && end < rows.len() {
            rows.select_nth_unstable_by_key(end - 1, key);
        }
        rows.truncate(end);
        rows.sort_unstable_by_key(key);
        found.tickets = rows.into_iter().skip(wanted.offset).map(|row| self.entry(row)).collect();
        found
    }

    /// The tickets before and after one in the list.
    pub(crate) fn beside(&self, wanted: &Wanted, id: i64) -> (Option<i64>, Option<i64>) {
        let Ok(at) = self.rows.binary_search_by_key(&id, |row| row.id) else { return (None, None) };
        let here = order_key(wanted.order, &self.rows[at]);
        let mut before: Option<(i64, i64)> = None;
        let mut after: Option<(i64, i64)> = None;
        for row in self.choose(wanted).rows {
            let key = order_key(wanted.order, row);
            if key > here && before.is_none_or(|before| key < before) {
                before = Some(key);
            } else if key < here && after.is_none_or(|after| key > after) {
                after = Some(key);
            }
        }
        (before.map(|key| key.1), after.map(|key| key.1))
    }

    fn choose(&self, wanted: &Wanted) -> Chosen<'_> {
        let mut chosen = Chosen { rows: Vec::new(), counts: Default::default() };
        let mut allowed: [Option<Vec<bool>>; 5] = Default::default();
        for (at, names) in self.names.iter().enumerate() {
            chosen.counts[at] = vec![0; names.texts.len()];
            if !wanted.values[at].is_empty() {
                let mut flags = vec![false; names.texts.len()];
                for value in &wanted.values[at] {
                    if let Some(number) = names.numbers.get(value) {
                        flags[*number as usize] = true;
                    }
                }
                allowed[at] = Some(flags);
            }
        }
        let names = &self.names[Facet::Project as usize];
        let seen: Option<Vec<bool>> = wanted.projects.as_ref().map(|projects| {
            names.texts.iter().map(|name| name.is_empty() || projects.contains(name)).collect()
        });
        let signature = wanted.signature.as_deref().map(short_hash);
        let (from_s, until_s) = (wanted.from_s.unwrap_or(i64::MIN), wanted.until_s.unwrap_or(i64::MAX));
        let mut found = wanted.found.as_deref().map(|ids| ids.iter().copied().peekable());
        for row in &self.rows {
            if let Some(found) = &mut found {
                // Both are by id.
                while found.next_if(|id| *id < row.id).is_some() {}
                if found.peek() != Some(&row.id) {
                    continue;
                }
            }
            let project = row.values[Facet::Project as usize] as usize;
            if seen.as_ref().is_some_and(|seen| !seen[project]) {
                continue;
            }
            if signature.is_some_and(|wanted| row.signature != wanted && row.bucket != wanted)
                || row.active_s < from_s
                || row.active_s >= until_s
            {
                continue;
            }
            let mut refused = None;
            let mut refusals = 0;
            for (at, flags) in allowed.iter().enumerate() {
                if flags.as_ref().is_some_and(|flags| !flags[row.values[at] as usize]) {
                    refused = Some(at);
                    refusals += 1;
                }
            }
            match (refusals, refused) {
                (0, _) => {
                    for (at, counts) in chosen.counts.iter_mut().enumerate() {
                        counts[row.values[at] as usize] += 1;
                    }
                    chosen.rows.push(row);
                }
                (1, Some(at)) => chosen.counts[at][row.values[at] as usize] += 1,
                _ => {}
            }
        }
        chosen
    }

    fn entry(&self, row: &BoardRow) -> Entry {
        let text = |at: usize| self.names[at].text(row.values[at]).to_owned();
        Entry {
            id: row.id,
            status: text(0),
            engine: text(1),
            app: text(2),
            user: text(3),
            project: text(4),
            active_s: row.active_s,
            created_s: row.created_s,
            times: row.times.map(i64::from),
        }
    }
}

struct Chosen<'b> {
    rows: Vec<&'b BoardRow>,
    counts: [Vec<usize>; 5],
}

fn order_key(order: Order, row: &BoardRow) -> (i64, i64) {
    match order {
        Order::Activity => (row.active_s, row.id),
        Order::Times => (row.times.map_or(-1, i64::from), row.id),
        Order::Created => (row.created_s, row.id),
    }
}

fn short_hash(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*first).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        let mut board = Board::default();
        let some = |text: &str| Some(text.to_owned());
        for (id, status, engine, user, active_s, times) in [
            (1, "opn", "tk-maya", "alice", 100, Some(5)),
            (2, "opn", "tk-nuke", "bob", 300, None),
            (3, "res", "tk-maya", "alice", 200, Some(9)),
            (4, "res", "tk-nuke", "alice", 400, Some(1)),
        ] {
            let card = TicketCard {
                id,
                live: true,
                status: some(status),
                engine: some(engine),
                user: some(user),
                signature: some(if id < 3 { "g1:aa" } else { "g1:bb" }),
                active_s,
                created_s: id,
                times,
                ..TicketCard::default()
            };
            board.put(id, Some(&card));
        }
        board
    }

    fn ids(found: &Found) -> Vec<i64> {
        found.tickets.iter().map(|entry| entry.id).collect()
    }

    fn all() -> Wanted {
        Wanted { limit: 10, ..Wanted::default() }
    }

    #[test]
    fn each_filter_counts_what_the_others_leave() {
        let mut wanted = all();
        wanted.values[Facet::Status as usize] = vec!["opn".to_owned()];
        let found = board().find(&wanted);
        assert_eq!((ids(&found), found.total), (vec![2, 1], 2));
        let counts = |facet: Facet| -> Vec<(&str, usize)> {
            found.counts[facet as usize].iter().map(|(name, count)| (name.as_str(), *count)).collect()
        };
        assert_eq!(counts(Facet::Status), [("opn", 2), ("res", 2)], "its own choice does not narrow it");
        assert_eq!(counts(Facet::Engine), [("tk-maya", 1), ("tk-nuke", 1)]);
        wanted.values[Facet::User as usize] = vec!["alice".to_owned()];
        let found = board().find(&wanted);
        assert_eq!(ids(&found), [1]);
        assert_eq!(found.counts[Facet::Status as usize], [("res".to_owned(), 2), ("opn".to_owned(), 1)]);
        wanted.values[Facet::User as usize] = vec!["nobody".to_owned()];
        assert_eq!(board().find(&wanted).total, 0);
    }

    #[test]
    fn orders_pages_times_and_signatures() {
        let by =
            |order, offset, limit| ids(&board().find(&Wanted { order, offset, limit, ..Wanted::default() }));
        assert_eq!(by(Order::Activity, 0, 10), [4, 2, 3, 1]);
        assert_eq!(by(Order::Times, 0, 10), [3, 1, 4, 2], "who does not count comes last");
        assert_eq!(by(Order::Created, 0, 3), [4, 3, 2]);
        assert_eq!(by(Order::Activity, 2, 1), [3]);
        assert_eq!(by(Order::Activity, 9, 10), [0; 0]);
        let found = board().find(&Wanted { from_s: Some(200), until_s: Some(400), ..all() });
        assert_eq!(ids(&found), [2, 3]);
        assert_eq!(ids(&board().find(&Wanted { signature: Some("g1:bb".to_owned()), ..all() })), [4, 3]);
        assert_eq!(ids(&board().find(&Wanted { found: Some(vec![0, 1, 3, 7]), ..all() })), [3, 1]);
        assert_eq!(board().beside(&all(), 2), (Some(4), Some(3)));
        assert_eq!(board().beside(&all(), 4), (None, Some(2)));
        assert_eq!(board().beside(&all(), 77), (None, None));
    }

    #[test]
    fn a_ticket_changes_its_place_and_goes() {
        let mut board = board();
        let mut card = TicketCard {
            id: 1,
            live: true,
            status: Some("ip".into()),
            active_s: 900,
            ..TicketCard::default()
        };
        board.put(1, Some(&card));
        assert_eq!(ids(&board.find(&all())), [1, 4, 2, 3]);
        card.live = false;
        board.put(1, Some(&card));
        board.put(2, None);
        board.put(77, None);
        let found = board.find(&all());
        assert_eq!(ids(&found), [4, 3]);
        assert!(found.counts[0].iter().all(|(status, _)| status != "ip"), "what nobody has is not offered");
    }
}
