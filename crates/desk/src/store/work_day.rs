//! Exceptions of the work schedule as a store keeps them.

/// One exception.
pub(crate) struct WorkDay {
    /// `YYYY-MM-DD`.
    pub(crate) date: String,
    pub(crate) project: Option<i64>,
    pub(crate) user: Option<i64>,
    pub(crate) working: bool,
    pub(crate) description: Option<String>,
}
