//! What the list of tickets shows of a ticket, as a store keeps it.

/// Seconds of the hours that occurrences are counted in.
pub(crate) const HOUR_S: i64 = 3600;

/// One ticket, as lists see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TicketCard {
    pub(crate) id: i64,
    /// Not retired.
    pub(crate) live: bool,
    pub(crate) status: Option<String>,
    pub(crate) project_id: Option<i64>,
    pub(crate) engine: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) user: Option<String>,
    /// `g1:…`, which is the same for everybody who meets the problem.
    pub(crate) signature: Option<String>,
    /// The short form of the signature at the end of a title.
    pub(crate) bucket: Option<String>,
    pub(crate) created_s: i64,
    /// The latest of filed, seen and replied to. A changed status is none of them.
    pub(crate) active_s: i64,
    /// How often the problem was seen, where somebody counts.
    pub(crate) times: Option<i64>,
}
