//! Permission groups as a store gives them.

/// A group: its name and its rules as JSON, if it has any.
pub(crate) type Group = (String, Option<String>);

/// The group a user or script is in.
pub(crate) enum Membership {
    /// They were given none.
    None,
    In(Group),
    /// It was retired.
    Gone,
}
