//! The site itself: what it is, tokens, the document, preferences.

use crate::rest::operation::{FORM, Operation, may};
use crate::rest::{document, neighbours, root, token};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("info", "", |call, body| Box::pin(root::info(call, body)))
        .about("What the site is")
        .gives(200, "Info")
        .open(),
    Operation::get("document", "/spec.json", |call, body| Box::pin(document::json(call, body)))
        .about("This document")
        .gives(200, "Document")
        .open(),
    Operation::get("documentAsYaml", "/spec.yaml", |call, body| Box::pin(document::yaml(call, body)))
        .about("This document, for readers of YAML")
        .gives(200, "Document")
        .as_type("application/yaml")
        .open(),
    Operation::post("accessToken", "/auth/access_token", |call, body| {
        Box::pin(token::access_token(call, body))
    })
    .about("A token, for a script's key, a person's password, a session token or a refresh token")
    .may_take(FORM, "Grant")
    .gives(200, "Token")
    .open(),
    Operation::get("readPreferences", "/preferences", |call, body| {
        Box::pin(neighbours::site_preferences(call, body))
    })
    .about("The site's preferences")
    .asks(&[may("prefs", "Text", "Names of preferences, comma-separated; all when it is absent")])
    .gives(200, "Preferences"),
];
