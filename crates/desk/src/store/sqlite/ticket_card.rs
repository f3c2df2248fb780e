//! What lists of tickets need of each one, in short rows beside the long ones: engine, app, user and signature from its
//! description, its words for the search, and how often it was seen in which hour.
//!
//! Owns those three tables. They follow from the rows of Ticket and Reply and are brought up to date in the transaction that
//! changes those, whoever writes. What is done with them is `page::board`'s.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::rows::value::parse_time;
use crate::store::sqlite::table::RETIRED;
use crate::store::ticket_card::{HOUR_S, TicketCard};
use crate::ticket_text;

/// Words of one search that are heard.
const MAX_WORDS: usize = 12;
/// Neighbours of a ticket that are counted.
const MAX_NEIGHBOURS: i64 = 1000;

/// Makes the cards of tickets that were written before there were any.
pub(crate) fn prepare(transaction: &Connection) -> rusqlite::Result<()> {
    let bare: Vec<i64> = transaction
        .prepare("SELECT id FROM Ticket WHERE id NOT IN (SELECT ticket_id FROM desk_ticket_card)")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in bare {
        refresh(transaction, id)?;
    }
    Ok(())
}

/// Brings everything kept about one ticket up to date with its rows.
pub(crate) fn refresh(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    let Some(ticket) = TicketRow::load(connection, id)? else {
        connection.execute("DELETE FROM desk_ticket_card WHERE ticket_id = ?1", [id])?;
        connection.execute("DELETE FROM desk_ticket_text WHERE rowid = ?1", [id])?;
        connection.execute("DELETE FROM desk_occurrence WHERE ticket_id = ?1", [id])?;
        return Ok(());
    };
    let text_hash = ticket.text_hash();
    let known: Option<Vec<u8>> = connection
        .prepare_cached("SELECT text_hash FROM desk_ticket_card WHERE ticket_id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    if known.as_deref() != Some(&text_hash[..]) {
        if known.is_some() {
            connection.prepare_cached("DELETE FROM desk_ticket_text WHERE rowid = ?1")?.execute([id])?;
        }
        connection
            .prepare_cached("INSERT INTO desk_ticket_text (rowid, words) VALUES (?1, ?2)")?
            .execute(params![id, format!("{}\n{}", ticket.title, ticket.description)])?;
    }
    let facts = ticket_text::facts(&ticket.description);
    let signature = facts.signature.or_else(|| ticket_text::signature(ticket.key.as_deref()?));
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO desk_ticket_card (ticket_id, live, status, project_id, engine, app, user, signature, bucket, \
             created_s, active_s, times, text_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            id,
            ticket.live,
            ticket.status,
            ticket.project_id,
            facts.engine,
            facts.app,
            facts.user,
            signature,
            ticket_text::split_title(&ticket.title).1,
            ticket.created_s,
            ticket.active_s(),
            ticket.times,
            &text_hash[..],
        ])?;
    ticket.count_occurrences(connection, id)
}

/// The ticket that a reply belongs to, if it is one's.
pub(crate) fn ticket_of_reply(connection: &Connection, reply: i64) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT entity__id FROM Reply WHERE id = ?1 AND entity__type = 'Ticket'")?
        .query_row([reply], |row| row.get(0))
        .optional()
}

/// The tickets that an attachment hangs on.
pub(crate) fn tickets_of_attachment(connection: &Connection, attachment: i64) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(
            "SELECT target_id FROM desk_link WHERE owner_type = 'Attachment' AND owner_id = ?1 \
             AND field = 'attachment_links' AND target_type = 'Ticket'",
        )?
        .query_map([attachment], |row| row.get(0))?
        .collect()
}

const CARD: &str = "SELECT ticket_id, live, status, project_id, engine, app, user, signature, bucket, created_s, active_s, times \
     FROM desk_ticket_card";

/// Every card, by ticket.
pub(crate) fn each(connection: &Connection, mut take: impl FnMut(TicketCard)) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("{CARD} ORDER BY ticket_id"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(card(row)?);
    }
    Ok(())
}

/// The card of one ticket.
pub(crate) fn one(connection: &Connection, id: i64) -> rusqlite::Result<Option<TicketCard>> {
    connection.prepare_cached(&format!("{CARD} WHERE ticket_id = ?1"))?.query_row([id], card).optional()
}

/// Live tickets with the same signature, or the same bucket, the one with the newest activity first.
pub(crate) fn neighbours(connection: &Connection, of: &TicketCard) -> rusqlite::Result<Vec<TicketCard>> {
    // Two look-ups in two indexes: an OR over both columns would read every card.
    let sql = format!(
        "{CARD} WHERE ticket_id IN (SELECT ticket_id FROM desk_ticket_card WHERE signature = ?1 AND signature IS NOT NULL \
         UNION SELECT ticket_id FROM desk_ticket_card WHERE bucket = ?2 AND bucket IS NOT NULL) \
         AND ticket_id <> ?3 AND live ORDER BY active_s DESC LIMIT {MAX_NEIGHBOURS}"
    );
    connection.prepare_cached(&sql)?.query_map(params![of.signature, of.bucket, of.id], card)?.collect()
}

/// When a ticket's problem was seen: hours since 1970 and how often in each, the oldest first.
pub(crate) fn occurrences(connection: &Connection, id: i64) -> rusqlite::Result<Vec<(i64, u64)>> {
    connection
        .prepare_cached("SELECT hour, times FROM desk_occurrence WHERE ticket_id = ?1 ORDER BY hour")?
        .query_map([id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?
        .collect()
}

/// The tickets in whose title and description every word of `text` begins a word, by id; none when `text` has no word at all.
pub(crate) fn search(connection: &Connection, text: &str) -> rusqlite::Result<Option<Vec<i64>>> {
    let Some(pattern) = pattern(text) else { return Ok(None) };
    connection
        .prepare_cached("SELECT rowid FROM desk_ticket_text WHERE desk_ticket_text MATCH ?1 ORDER BY rowid")?
        .query_map([pattern], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()
        .map(Some)
}

/// What people type as FTS5 wants it: words cut as its tokenizer cuts, quoted, all of them wanted, the last piece of each a beginning.
fn pattern(text: &str) -> Option<String> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let mut parts = word.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty());
        let mut part = parts.next();
        while let Some(piece) = part {
            part = parts.next();
            // One letter begins half of all words; alone it has to be one.
            let open = part.is_none() && piece.chars().nth(1).is_some();
            pieces.push(format!("\"{piece}\"{}", if open { "*" } else { "" }));
        }
    }
    pieces.truncate(MAX_WORDS);
    (!pieces.is_empty()).then(|| pieces.join(" "))
}

fn card(row: &Row<'_>) -> rusqlite::Result<TicketCard> {
    Ok(TicketCard {
        id: row.get(0)?,
        live: row.get(1)?,
        status: row.get(2)?,
        project_id: row.get(3)?,
        engine: row.get(4)?,
        app: row.get(5)?,
        user: row.get(6)?,
        signature: row.get(7)?,
        bucket: row.get(8)?,
        created_s: row.get(9)?,
        active_s: row.get(10)?,
        times: row.get(11)?,
    })
}

/// The columns of a Ticket that a card is made of.
struct TicketRow {
    live: bool,
    title: String,
    description: String,
    status: Option<String>,
    project_id: Option<i64>,
    created_s: i64,
    seen_s: Option<i64>,
    replied_s: Option<i64>,
    times: Option<i64>,
    key: Option<String>,
}

impl TicketRow {
    fn load(connection: &Connection, id: i64) -> rusqlite::Result<Option<TicketRow>> {
        let sql = format!(
            "SELECT {RETIRED} = 0, title, description, sg_status_list, project__id, created_at, sg_incident_last_seen, \
             (SELECT MAX(reply.created_at) FROM Reply reply WHERE reply.entity__type = 'Ticket' AND reply.entity__id = Ticket.id \
             AND reply.{RETIRED} = 0), sg_incident_count, sg_incident_key FROM Ticket WHERE id = ?1"
        );
        connection
            .prepare_cached(&sql)?
            .query_row([id], |row| {
                let text = |at: usize| row.get::<_, Option<String>>(at);
                let seconds = |at: usize| {
                    Ok::<_, rusqlite::Error>(
                        text(at)?.as_deref().and_then(parse_time).map(|time| time.as_second()),
                    )
                };
                Ok(TicketRow {
                    live: row.get(0)?,
                    title: text(1)?.unwrap_or_default(),
                    description: text(2)?.unwrap_or_default(),
                    status: text(3)?,
                    project_id: row.get(4)?,
                    created_s: seconds(5)?.unwrap_or(0),
                    seen_s: seconds(6)?,
                    replied_s: seconds(7)?,
                    times: row.get(8)?,
                    key: text(9)?,
                })
            })
            .optional()
    }

    fn active_s(&self) -> i64 {
        [self.seen_s, self.replied_s].into_iter().flatten().fold(self.created_s, i64::max)
    }

    fn text_hash(&self) -> [u8; 8] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.title.as_bytes()).update(b"\0").update(self.description.as_bytes());
        let mut short = [0; 8];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        short
    }

    /// What the count has grown by since it was last looked at was seen in the hour of the last sighting; the first in the hour of filing.
    fn count_occurrences(&self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        let counted: Option<i64> = connection
            .prepare_cached("SELECT SUM(times) FROM desk_occurrence WHERE ticket_id = ?1")?
            .query_row([id], |row| row.get(0))?;
        let mut add = connection.prepare_cached(
            "INSERT INTO desk_occurrence (ticket_id, hour, times) VALUES (?1, ?2, ?3) \
             ON CONFLICT (ticket_id, hour) DO UPDATE SET times = times + excluded.times",
        )?;
        if counted.is_none() {
            add.execute(params![id, self.created_s.div_euclid(HOUR_S), 1])?;
        }
        let more = self.times.unwrap_or(1) - counted.unwrap_or(1);
        if more > 0 {
            add.execute(params![id, self.seen_s.unwrap_or(self.created_s).div_euclid(HOUR_S), more])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use crate::store::sqlite::{connect::connect, layout, table};

    const TEXT: &str = "ValueError: 잘못된 범위\n\nFor whom: alice on ws\n\nTraceback (most recent call last):\n  \
        File \"/studio/hook.py\", line 2, in check_range\nValueError: 잘못된 범위\n\n\
        Session\nEngine: tk-maya v1\nApp: tk-multi-publish2\n\ntk-incident: v1 g1:0123456789abcdef alice\n";

    #[test]
    fn cards_are_made_of_rows_that_were_there_before_them_and_follow_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = connect(&folder.path().join("desk.db")).unwrap();
        layout::bring_up(&mut connection).unwrap();
        table::prepare(&connection, &Schema::load(&[]).unwrap()).unwrap();
        let insert = "INSERT INTO Ticket (id, title, description, sg_status_list, created_at, sg_incident_last_seen, sg_incident_count) \
             VALUES (?1, ?2, ?3, 'opn', '2026-01-14T10:00:00Z', ?4, ?5)";
        connection
            .execute(insert, params![1, "alice - ValueError [k7m2q9xd]", TEXT, "2026-01-14T12:30:00Z", 5])
            .unwrap();
        connection
            .execute(
                insert,
                params![2, "bob - ValueError [k7m2q9xd]", "by hand", None::<String>, None::<i64>],
            )
            .unwrap();
        prepare(&connection).unwrap();

        let card = one(&connection, 1).unwrap().unwrap();
        let said =
            [&card.engine, &card.app, &card.user, &card.signature, &card.bucket].map(|text| text.as_deref());
        assert_eq!(
            said.map(Option::unwrap),
            ["tk-maya", "tk-multi-publish2", "alice", "g1:0123456789abcdef", "k7m2q9xd"]
        );
        assert_eq!(card.active_s - card.created_s, 2 * HOUR_S + 1800);
        let hour = card.created_s / HOUR_S;
        assert_eq!(occurrences(&connection, 1).unwrap(), [(hour, 1), (hour + 2, 4)]);
        let ids = |text: &str| search(&connection, text).unwrap();
        assert_eq!(ids("CHECK_range"), Some(vec![1]));
        assert_eq!(ids("잘못"), Some(vec![1]), "a word is found by its beginning");
        assert_eq!(ids("못된"), Some(vec![]));
        assert_eq!(ids("valueerror k7m2"), Some(vec![1, 2]));
        assert_eq!(
            neighbours(&connection, &card).unwrap().iter().map(|card| card.id).collect::<Vec<_>>(),
            [2]
        );

        let change = "UPDATE Ticket SET description = 'mended', sg_incident_count = 9, \
             sg_incident_last_seen = '2026-01-14T15:00:00Z', \"__retired\" = 1 WHERE id = 1";
        connection.execute(change, []).unwrap();
        refresh(&connection, 1).unwrap();
        assert_eq!(search(&connection, "check_range").unwrap(), Some(vec![]), "what it said is forgotten");
        assert_eq!(search(&connection, "mended").unwrap(), Some(vec![1]));
        assert!(!one(&connection, 1).unwrap().unwrap().live);
        assert_eq!(occurrences(&connection, 1).unwrap().last(), Some(&(hour + 5, 4)));
        connection.execute("DELETE FROM Ticket WHERE id = 1", []).unwrap();
        refresh(&connection, 1).unwrap();
        assert_eq!(
            (one(&connection, 1).unwrap(), search(&connection, "mended").unwrap()),
            (None, Some(vec![]))
        );
    }

    #[test]
    fn what_people_type_becomes_words_and_nothing_else() {
        assert_eq!(pattern("check_range  Maya").as_deref(), Some("\"check\" \"range\"* \"Maya\"*"));
        assert_eq!(pattern("\"*) OR (a:b 파일").as_deref(), Some("\"OR\"* \"a\" \"b\" \"파일\"*"));
        assert_eq!(pattern(" -\"' "), None);
    }
}
