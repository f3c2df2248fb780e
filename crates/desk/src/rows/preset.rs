//! `additional_filter_presets`: conditions that no filter can express.
//!
//! Those of the official client's documentation, for the types this desk has. `CUT_SHOT_VERSIONS` is about Cuts, which it has not.

use serde_json::Value;

use crate::fault::{Fault, clip};
use crate::rows::condition::Condition;
use crate::rows::path::Path;
use crate::rows::query::Context;
use crate::schema::EntityType;

/// Presets of one call.
const MAX_PRESETS: usize = 10;

/// What `LATEST` can go by on a type: the value of `latest_by`, and the fields that decide, the first one first. The rows compared are those
/// with the same `entity`.
const LATEST: [(&str, &str, &[&str]); 4] = [
    ("Version", "ENTITIES_CREATED_AT", &["created_at"]),
    (
        "Version",
        "BY_PIPELINE_STEP_NUMBER_AND_ENTITIES_CREATED_AT",
        &["sg_task.Task.step.Step.list_order", "created_at"],
    ),
    ("PublishedFile", "ENTITIES_CREATED_AT", &["created_at"]),
    ("PublishedFile", "VERSION_NUMBER", &["version_number"]),
];

/// The conditions that a call's presets add to its filters. `LATEST` chooses among the rows that pass the filters, as real sites do: the
/// official client's own tests find a row by its id and `LATEST` that is not the latest of all.
pub(crate) fn parse<'a>(
    context: Context<'a>,
    entity: &'a EntityType,
    presets: Option<&Value>,
    filters: &Condition<'a>,
) -> Result<Vec<Condition<'a>>, Fault> {
    let items = match presets {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MAX_PRESETS => items,
        Some(_) => {
            return Err(fault(context, &format!("is not a list of at most {MAX_PRESETS} presets")));
        }
    };
    items.iter().map(|item| preset(context, entity, item, filters)).collect()
}

fn preset<'a>(
    context: Context<'a>,
    entity: &'a EntityType,
    item: &Value,
    filters: &Condition<'a>,
) -> Result<Condition<'a>, Fault> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("preset_name");
    let known: Vec<_> = LATEST.iter().filter(|(kind, ..)| *kind == entity.name).collect();
    if name != "LATEST" || known.is_empty() {
        return Err(fault(
            context,
            &format!("'{}' is not supported on {} by this site", clip(name), entity.name),
        ));
    }
    let by = text("latest_by");
    let Some((.., paths)) = known.iter().find(|(_, known, _)| *known == by) else {
        let known: Vec<&str> = known.iter().map(|(_, name, _)| *name).collect();
        return Err(fault(
            context,
            &format!("'LATEST' on {} needs a 'latest_by' of: {}", entity.name, known.join(", ")),
        ));
    };
    let resolve = |path: &str| Path::resolve(context.schema, context.call, entity, path);
    Ok(Condition::Newest {
        link: resolve("entity")?.field,
        by: paths.iter().map(|path| resolve(path)).collect::<Result<_, _>>()?,
        within: Box::new(filters.clone()),
    })
}

fn fault(context: Context<'_>, reason: &str) -> Fault {
    Fault::request(format!("API {}() additional filter presets: {reason}", context.call))
}
