//! Who may call and what they may do: credentials, sessions, the sign-in of people, secrets.
//!
//! api3 and uploads bring their credentials with every call (`auth`). Pages know their visitor by a cookie (`gate`, `visitor`), which
//! `sign_in` or the desk's own link (`link`) hands out.

mod attempts;
pub(crate) mod auth;
pub(crate) mod cookie;
pub(crate) mod fetching;
pub(crate) mod gate;
pub(crate) mod link;
pub(crate) mod origin;
pub(crate) mod page_session;
pub(crate) mod permission;
pub(crate) mod secret;
pub(crate) mod sign_in;
pub(crate) mod visitor;

pub(crate) use attempts::Attempts;
