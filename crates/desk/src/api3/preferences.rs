//! `preferences_read`: the site preferences clients ask for, fixed here.

use serde_json::{Map, Value, json};

/// The preferences named in `prefs`, or all of them when none is.
pub(crate) fn read(arguments: &Value) -> Value {
    let all = json!({
        "date_component_order": "month_day",
        "duration_units": "days",
        "enable_rv_integration": false,
        "format_currency_fields_decimal_options": "$1,000.99",
        "format_currency_fields_display_dollar_sign": false,
        "format_currency_fields_negative_options": "- $1,000",
        "format_date_fields": "08/04/22 OR 04/08/22 (depending on the Month order preference)",
        "format_footage_fields": "10-05",
        "format_number_fields": "1,000",
        "format_time_hour_fields": "24 hour",
        "hours_per_day": 8.0,
        "last_day_work_week": Value::Null,
        "support_local_storage": false,
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
