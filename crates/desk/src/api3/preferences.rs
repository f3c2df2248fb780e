//! `preferences_read`: the site preferences clients ask for, as a site has them that nobody has changed.
//!
//! Nothing of the desk depends on them.

use serde_json::{Map, Value, json};

/// The preferences named in `prefs`, or all of them when none is. Names that are none are left out.
pub(crate) fn read(arguments: &Value) -> Value {
    let all = json!({
        "creative_review_settings": "{}",
        "date_component_order": "month_day",
        "duration_units": "days",
        "enable_rv_integration": true,
        "enable_shotgun_review_for_rv": false,
        "format_currency_fields_decimal_options": "$1,000.99",
        "format_currency_fields_display_dollar_sign": false,
        "format_currency_fields_negative_options": "- $1,000",
        "format_date_fields": "08/04/22 OR 04/08/22 (depending on the Month order preference)",
        "format_float_fields": "9,999.99",
        "format_float_fields_rounding": "9.999999",
        "format_footage_fields": "10-05",
        "format_number_fields": "1,000",
        "format_time_hour_fields": "12 hour",
        "hours_per_day": 8.0,
        "support_local_storage": true,
        "view_master_settings": "{}",
    });
    let asked: Vec<&str> = match arguments.get("prefs").and_then(Value::as_array) {
        Some(names) if !names.is_empty() => names.iter().filter_map(Value::as_str).collect(),
        _ => return all,
    };
    let chosen: Map<String, Value> = asked
        .into_iter()
        .filter_map(|name| all.get(name).map(|value| (name.to_owned(), value.clone())))
        .collect();
    Value::Object(chosen)
}
