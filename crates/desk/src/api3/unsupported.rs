//! Methods of FPT that this desk does not have: each refused by its name and with the reason, so that nobody looks for a typing error.

use serde_json::Value;

use crate::fault::{Fault, clip};

/// The refusal of a method that is not served.
pub(crate) fn fault(method: &str, arguments: &Value) -> Fault {
    match method {
        "nav_expand" | "nav_search" => not_here(method, "it keeps no navigation trees of its pages"),
        "user_subscriptions_read" | "user_subscriptions_create" => {
            not_here(method, "it has no subscriptions")
        }
        "export_page" => export_page(arguments),
        other => Fault::request(format!("API method '{}' is not known to this site", clip(other))),
    }
}

/// A site answers the same for a page that holds no list: the desk's Page rows are all of that kind.
fn export_page(arguments: &Value) -> Fault {
    let missing = |name: &str| arguments.get(name).is_none_or(Value::is_null);
    for name in ["page_id", "format"] {
        if missing(name) {
            return Fault::request(format!("API export_page() '{name}' missing"));
        }
    }
    Fault::request(format!("Export for Page id={} not available", clip(&arguments["page_id"].to_string())))
}

fn not_here(method: &str, why: &str) -> Fault {
    Fault::request(format!("API {method}() is not supported by this site: {why}"))
}
