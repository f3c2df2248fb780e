//! Who may call: credentials, sessions, secrets.

pub(crate) mod auth;
pub(crate) mod secret;
