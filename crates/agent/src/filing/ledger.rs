//! How several agents count on one ticket without losing a count: pure, what the site shows in, what to write out.
//!
//! The site has no way to add to a number, and of two who write a field the later one wins. A reply, though, is a
//! row of its own, and has one writer: each agent keeps its own share in one reply on the ticket, and the ticket's count
//! is the sum of all shares, written by whoever changed one and looked at again after that. As long as the agent
//! that made the ticket is alone on it, there are no such replies: the field is its share. The first other one who comes
//! keeps that number as the share of the `first` agent before it writes the field. The whole argument is in
//! docs/decisions/0011-one-ticket.md.

/// What a line that tells a share begins with; the agent's name and the number follow.
const COUNT_LINE: &str = "tk-incident-count: ";
/// The agent that has made the ticket.
pub(super) const FIRST: &str = "first";

/// A share, as a reply tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The reply.
    pub(super) reply_id: u64,
    /// Whose.
    pub(super) agent: String,
    /// How often seen there.
    pub(super) count: u64,
}

impl Share {
    /// Reads the share out of a reply; `None` for any other reply.
    pub(super) fn of_reply(reply_id: u64, content: &str) -> Option<Share> {
        let line = content.lines().rev().find_map(|line| line.trim().strip_prefix(COUNT_LINE))?;
        let (agent, count) = line.split_once(' ')?;
        let count = count.trim().parse().ok()?;
        Some(Share { reply_id, agent: agent.to_owned(), count })
    }

    /// The line a reply tells it by.
    pub(super) fn line(agent: &str, count: u64) -> String {
        format!("{COUNT_LINE}{agent} {count}")
    }
}

/// What a ticket shows of its counts. The field must have been read before the shares, or with them.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    /// The count field.
    pub(super) field: Option<u64>,
    /// All shares.
    pub(super) shares: Vec<Share>,
}

/// Who counts, and how much.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mine<'a> {
    /// This agent's name.
    pub(super) agent: &'a str,
    /// It has made the ticket.
    pub(super) made_here: bool,
    /// How often this agent has seen the problem.
    pub(super) count: u64,
}

/// What to write next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// Nothing: the ticket tells the truth.
    Nothing,
    /// A reply with a new share.
    NewShare { agent: String, count: u64 },
    /// The share in this reply.
    Share { reply_id: u64, agent: String, count: u64 },
    /// The count field.
    Field(u64),
}

/// What to write next, for as long as it is not [`Write::Nothing`].
pub(super) fn next_write(mine: Mine<'_>, shown: &Shown) -> Write {
    let name = if mine.made_here { FIRST } else { mine.agent };
    let field = |total: u64| if shown.field == Some(total) { Write::Nothing } else { Write::Field(total) };
    if mine.made_here && shown.shares.is_empty() {
        return field(mine.count);
    }
    let mut ours = shown.shares.iter().filter(|share| share.agent == name).peekable();
    if ours.peek().is_none() {
        return Write::NewShare { agent: name.to_owned(), count: mine.count };
    }
    // An answer that was lost may have left two; both must tell the same, because the larger one counts.
    if let Some(wrong) = ours.find(|share| share.count != mine.count) {
        return Write::Share { reply_id: wrong.reply_id, agent: name.to_owned(), count: mine.count };
    }
    if !mine.made_here && shown.shares.iter().all(|share| share.agent != FIRST) {
        // Nobody but the agent that made the ticket has written the field yet: whoever else does has this share first.
        return Write::NewShare { agent: FIRST.to_owned(), count: shown.field.unwrap_or(0) };
    }
    field(total(&shown.shares))
}

/// All agents together; of two shares of one agent the larger one counts.
pub(super) fn total(shares: &[Share]) -> u64 {
    let counts = |share: &&Share| {
        let same = |other: &Share| other.agent == share.agent;
        let rival =
            |other: &Share| same(other) && (other.count, share.reply_id) > (share.count, other.reply_id);
        !shares.iter().any(rival)
    };
    shares.iter().filter(counts).map(|share| share.count).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::Jitter;

    #[test]
    fn a_share_is_read_from_its_line_whatever_people_wrote_around_it() {
        let text = format!("edited\n\n  {} \nthanks!", Share::line("1f00", 12));
        assert_eq!(Share::of_reply(7, &text), Some(Share { reply_id: 7, agent: "1f00".into(), count: 12 }));
        for text in ["", "tk-incident-count: 1f00", "tk-incident-count: 1f00 x", "see tk-incident-count: a 1"]
        {
            assert_eq!(Share::of_reply(7, text), None, "{text}");
        }
    }

    #[test]
    fn of_two_shares_of_one_agent_the_larger_counts_once() {
        let share = |reply_id, agent: &str, count| Share { reply_id, agent: agent.into(), count };
        assert_eq!(total(&[share(1, "a", 3), share(2, "b", 4), share(3, "a", 3), share(4, "a", 2)]), 7);
        assert_eq!(total(&[]), 0);
    }

    /// An agent that counts, one call to the site at a time.
    struct Agent {
        name: String,
        made_here: bool,
        count: u64,
        /// What it has read and not acted on; the field is read first, the shares by a call of their own.
        field: Option<Option<u64>>,
        shown: Option<Shown>,
        done: bool,
    }

    #[derive(Default)]
    struct Ticket {
        field: Option<u64>,
        shares: Vec<Share>,
    }

    impl Agent {
        fn call(&mut self, ticket: &mut Ticket) {
            let Some(shown) = self.shown.take() else {
                match self.field.take() {
                    None => self.field = Some(ticket.field),
                    Some(field) => self.shown = Some(Shown { field, shares: ticket.shares.clone() }),
                }
                return;
            };
            let mine = Mine { agent: &self.name, made_here: self.made_here, count: self.count };
            match next_write(mine, &shown) {
                Write::Nothing => self.done = true,
                Write::Field(total) => ticket.field = Some(total),
                Write::NewShare { agent, count } => {
                    let reply_id = ticket.shares.len() as u64 + 1;
                    ticket.shares.push(Share { reply_id, agent, count });
                }
                Write::Share { reply_id, agent, count } => {
                    let share = ticket.shares.iter_mut().find(|share| share.reply_id == reply_id).unwrap();
                    assert_eq!(share.agent, agent);
                    share.count = count;
                }
            }
        }
    }

    #[test]
    fn whatever_the_order_of_their_calls_no_count_is_lost() {
        for seed in 1..4_000 {
            let mut dice = Jitter::new(seed);
            let agents = 2 + dice.below(3);
            let mut ticket = Ticket { field: Some(1), shares: Vec::new() };
            let mut agents: Vec<Agent> = (0..agents)
                .map(|number| Agent {
                    name: format!("agent{number}"),
                    made_here: number == 0,
                    count: 1,
                    field: None,
                    shown: None,
                    done: false,
                })
                .collect();
            for round in 0..3 {
                for agent in &mut agents {
                    agent.count += dice.below(3);
                    agent.done = false;
                }
                // The one who made it may have nothing to tell when the others come.
                agents[0].done = round == 0 && ticket.field == Some(agents[0].count);
                for _ in 0..2_000 {
                    let chosen = usize::try_from(dice.below(agents.len() as u64)).unwrap();
                    if !agents[chosen].done {
                        agents[chosen].call(&mut ticket);
                    }
                }
                assert!(agents.iter().all(|agent| agent.done), "seed {seed}: somebody writes for ever");
                let expected = agents.iter().map(|agent| agent.count).sum();
                assert_eq!(ticket.field, Some(expected), "seed {seed}, round {round}: {:?}", ticket.shares);
            }
        }
    }
}
