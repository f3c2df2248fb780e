//! What a refresh token of REST stands for.

use crate::rows::value::Link;

/// Whom a token was given to, and how they had come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) user: Link,
    /// The grant type of the first token.
    pub(crate) auth_type: String,
    pub(crate) sudo_as_login: Option<String>,
    pub(crate) session_uuid: Option<String>,
}
