//! `schema.toml`: its spelling, and what must hold in it.
//!
//! Owns the check that types and fields fit together: links point at types of the file, reverse fields at link fields, display
//! fields are text. What comes out is never wrong in itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::schema::{
    Access, Computed, DataType, EntityType, Field, Fill, LinkSide, Schema, SchemaError, Through,
};

/// Stands for every type of the file among the types a link may point to.
const ANY: &str = "*";

/// Reads a schema file.
pub(crate) fn read(text: &str) -> Result<Schema, SchemaError> {
    let file: SchemaFile = toml::from_str(text)?;
    let mut types = BTreeMap::new();
    for (name, entity) in &file.entity {
        types.insert(name.clone(), entity.build(name, &file)?);
    }
    Ok(Schema { types, statuses: file.statuses, disabled: BTreeSet::new() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    statuses: BTreeMap<String, String>,
    entity: BTreeMap<String, EntitySource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntitySource {
    label: Option<String>,
    display: Vec<String>,
    #[serde(default)]
    project_scoped: bool,
    audit: Option<String>,
    fields: BTreeMap<String, FieldSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldSource {
    label: String,
    #[serde(rename = "type")]
    data_type: DataType,
    #[serde(default)]
    to: Vec<String>,
    reverse: Option<String>,
    through: Option<String>,
    #[serde(default)]
    access: Access,
    fill: Option<Fill>,
    #[serde(default)]
    values: Vec<String>,
    default: Option<serde_json::Value>,
    #[serde(default)]
    mandatory: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    index: bool,
    computed: Option<Computed>,
}

impl EntitySource {
    fn build(&self, name: &str, file: &SchemaFile) -> Result<EntityType, SchemaError> {
        if let Some(odd) = self.fields.keys().chain([&name.to_owned()]).find(|name| !is_plain(name)) {
            return Err(wrong(name, format!("{odd} is not a name of letters, digits and _")));
        }
        let tracks_updates = self.audit.as_deref() != Some("created");
        let mut fields = server_fields(tracks_updates);
        for (field_name, source) in &self.fields {
            let place = format!("{name}.{field_name}");
            fields.insert(field_name.clone(), source.build(&place, field_name, file)?);
        }
        for field in self.fields.iter().filter(|(_, field)| field.computed == Some(Computed::LinkId)) {
            let link = field.0.strip_suffix("_id").and_then(|name| fields.get(name));
            if link.is_none_or(|link| link.data_type != DataType::Entity) {
                return Err(wrong(name, format!("{} is not named after a link", field.0)));
            }
        }
        for display in &self.display {
            if fields.get(display).is_none_or(|field| field.data_type != DataType::Text) {
                return Err(wrong(name, format!("display field {display} is not a text field")));
            }
        }
        Ok(EntityType {
            name: name.to_owned(),
            label: self.label.clone().unwrap_or_else(|| name.to_owned()),
            display: self.display.clone(),
            project_scoped: self.project_scoped,
            tracks_updates,
            fields,
        })
    }
}

impl FieldSource {
    fn build(&self, place: &str, name: &str, file: &SchemaFile) -> Result<Field, SchemaError> {
        if self.data_type.links() == self.to.is_empty() {
            return Err(wrong(place, "`to` belongs to fields that link, and is not empty there"));
        }
        let to = if self.to == [ANY] { file.entity.keys().cloned().collect() } else { self.to.clone() };
        if let Some(unknown) = to.iter().find(|target| !file.entity.contains_key(*target)) {
            return Err(wrong(place, format!("links to {unknown}, which is not a type of the file")));
        }
        if self.data_type.listed() == self.values.is_empty() {
            return Err(wrong(
                place,
                "`values` belongs to list and status_list fields, and is not empty there",
            ));
        }
        if self.data_type == DataType::StatusList
            && let Some(unknown) = self.values.iter().find(|code| !file.statuses.contains_key(*code))
        {
            return Err(wrong(place, format!("{unknown} is not a status of the file")));
        }
        let side = match (&self.reverse, &self.through) {
            (None, None) => LinkSide::Own,
            (_, Some(path)) => through(path, file).ok_or_else(|| {
                wrong(place, format!("through {path} is not two links of a type of the file"))
            })?,
            (Some(path), None) => other_side(path, file)
                .ok_or_else(|| wrong(place, format!("reverse {path} is not a link field of the file")))?,
        };
        if self.computed.is_some() && self.default.is_some() {
            return Err(wrong(place, "a computed field has no value to begin with"));
        }
        // There is no value to hold.
        let served = self.data_type.read_only() || self.computed.is_some();
        Ok(Field {
            access: if served { Access::Read } else { self.access },
            fill: self.fill,
            to,
            side,
            values: self.values.clone(),
            default: self.default.clone(),
            mandatory: self.mandatory,
            unique: self.unique,
            index: self.index,
            computed: self.computed,
            ..Field::plain(name, &self.label, self.data_type)
        })
    }
}

/// Names end in SQL text as they are, and two underscores part them from what else is kept of a link.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains("__")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn other_side(path: &str, file: &SchemaFile) -> Option<LinkSide> {
    let (type_name, field) = path.split_once('.')?;
    let source = file.entity.get(type_name)?.fields.get(field)?;
    let (type_name, field) = (type_name.to_owned(), field.to_owned());
    match source.data_type {
        DataType::Entity => Some(LinkSide::OtherEntity { type_name, field }),
        DataType::Addressing | DataType::MultiEntity if source.reverse.is_none() => {
            Some(LinkSide::OtherMulti { type_name, field })
        }
        _ => None,
    }
}

/// `Type.here.there`: two entity fields of a type in between.
fn through(path: &str, file: &SchemaFile) -> Option<LinkSide> {
    let (type_name, fields) = path.split_once('.')?;
    let (here, there) = fields.split_once('.')?;
    let between = file.entity.get(type_name)?;
    let links =
        |name: &str| between.fields.get(name).is_some_and(|field| field.data_type == DataType::Entity);
    (links(here) && links(there)).then(|| {
        let [type_name, here, there] = [type_name, here, there].map(str::to_owned);
        LinkSide::Through(Through { type_name, here, there })
    })
}

fn wrong(place: &str, reason: impl Into<String>) -> SchemaError {
    SchemaError::Wrong { place: place.to_owned(), reason: reason.into() }
}

/// The fields every type has.
fn server_fields(tracks_updates: bool) -> BTreeMap<String, Field> {
    let field = |name: &str, label: &str, data_type, access| Field {
        access,
        to: if data_type == DataType::Entity {
            vec!["HumanUser".to_owned(), "ApiUser".to_owned()]
        } else {
            Vec::new()
        },
        computed: (name == "cached_display_name").then_some(Computed::DisplayName),
        ..Field::plain(name, label, data_type)
    };
    let mut fields = vec![
        field("id", "Id", DataType::Number, Access::Read),
        field("cached_display_name", "Cached Display Name", DataType::Text, Access::Read),
        field("created_at", "Date Created", DataType::DateTime, Access::Create),
        field("created_by", "Created by", DataType::Entity, Access::Create),
    ];
    if tracks_updates {
        fields.push(field("updated_at", "Date Updated", DataType::DateTime, Access::Create));
        fields.push(field("updated_by", "Updated by", DataType::Entity, Access::Create));
    }
    fields.into_iter().map(|field| (field.name.clone(), field)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::access::auth::Actor;
    use crate::fault::Trouble;
    use crate::rows::query::{self, Context};
    use crate::rows::write::Writer;
    use crate::schema::{FILE, view};
    use crate::store::Store;
    use crate::store::sqlite::SqliteStore;

    const LAUNCH: &str = r#"
[entity.Launch]
label = "Game Launch"
display = ["code"]
[entity.Launch.fields]
code = { label = "Launch Name", type = "text" }
tickets = { label = "Tickets", type = "multi_entity", to = ["Ticket"] }
owner = { label = "Owner", type = "entity", to = ["HumanUser"] }
sg_status_list = { label = "Status", type = "status_list", values = ["wtg", "fin"], default = "wtg" }
"#;

    /// A desk's store on a schema file of its own.
    struct World {
        schema: Arc<Schema>,
        store: Box<dyn Store>,
        runtime: tokio::runtime::Runtime,
    }

    impl World {
        fn open(folder: &std::path::Path, text: &str) -> World {
            let schema = Arc::new(read(text).unwrap());
            let store = Box::new(SqliteStore::open(folder, &schema, |_| Ok(())).unwrap());
            World { schema, store, runtime: tokio::runtime::Builder::new_current_thread().build().unwrap() }
        }

        fn create(&self, type_name: &str, fields: Value) -> Value {
            let schema = Arc::clone(&self.schema);
            let arguments = json!({"type": type_name, "fields": fields});
            let work = self.store.write(move |transaction| {
                let context = Context {
                    schema: &schema,
                    call: "create",
                    now: Timestamp::UNIX_EPOCH,
                    site: "",
                    sight: None,
                };
                let actor = Actor::unlimited(("ApiUser".to_owned(), 1));
                Writer { transaction, context, actor: &actor }.create(&arguments)
            });
            self.runtime.block_on(work).unwrap()
        }

        fn read(&self, type_name: &str, fields: &[&str], path: &str, value: Value) -> Result<Value, Trouble> {
            let schema = Arc::clone(&self.schema);
            let condition = json!({"path": path, "relation": "is", "values": [value]});
            let filters = json!({"logical_operator": "and", "conditions": [condition]});
            let arguments = json!({"type": type_name, "return_fields": fields, "filters": filters});
            self.runtime.block_on(self.store.read(move |reading| {
                let context = Context {
                    schema: &schema,
                    call: "read",
                    now: Timestamp::UNIX_EPOCH,
                    site: "",
                    sight: None,
                };
                query::read(reading, context, &arguments)
            }))
        }
    }

    #[test]
    fn a_type_and_a_field_are_added_by_the_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let without = World::open(folder.path(), FILE);
        assert!(without.read("Launch", &["code"], "code", json!("alpha")).is_err());
        drop(without);

        let with = World::open(folder.path(), &format!("{FILE}{LAUNCH}"));
        assert_eq!(view::entities(&with.schema)["Launch"]["name"]["value"], "Game Launch");
        let person = with.create("HumanUser", json!([{"field_name": "name", "value": "Alice"}]));
        let owner = json!({"type": "HumanUser", "id": person["id"]});
        let fields =
            json!([{"field_name": "code", "value": "alpha"}, {"field_name": "owner", "value": owner}]);
        with.create("Launch", fields);
        drop(with);

        let newer = format!("{FILE}{LAUNCH}notes = {{ label = \"Remark\", type = \"text\" }}\n");
        let newer = World::open(folder.path(), &newer);
        let wanted = ["cached_display_name", "sg_status_list", "owner.HumanUser.name", "tickets", "notes"];
        let found = newer.read("Launch", &wanted, "owner.HumanUser.name", json!("alice")).unwrap();
        assert_eq!(
            found["entities"],
            json!([{"type": "Launch", "id": 1, "cached_display_name": "alpha", "sg_status_list": "wtg",
                "owner.HumanUser.name": "Alice", "tickets": [], "notes": null}])
        );
    }

    #[test]
    fn a_file_that_does_not_fit_together_says_where() {
        for (line, says) in [
            ("a = { label = \"A\", type = \"entity\" }", "Launch.a: `to`"),
            ("a = { label = \"A\", type = \"text\", to = [\"Ticket\"] }", "Launch.a: `to`"),
            ("a = { label = \"A\", type = \"entity\", to = [\"Rocket\"] }", "links to Rocket"),
            ("a = { label = \"A\", type = \"list\" }", "`values`"),
            ("a = { label = \"A\", type = \"status_list\", values = [\"zz\"] }", "zz is not a status"),
            (
                "a = { label = \"A\", type = \"multi_entity\", to = [\"Ticket\"], reverse = \"Ticket.title\" }",
                "reverse Ticket.title",
            ),
            (
                "a = { label = \"A\", type = \"multi_entity\", to = [\"Ticket\"], through = \"Task.entity.content\" }",
                "through Task.entity.content",
            ),
            (
                "code_id = { label = \"A\", type = \"number\", computed = \"link_id\" }",
                "code_id is not named",
            ),
            ("\"a b\" = { label = \"A\", type = \"text\" }", "is not a name"),
            ("a = { label = \"A\", type = \"magic\" }", "cannot be read"),
            ("a = { label = \"A\", type = \"summary\", computed = \"open_notes\", default = 1 }", "computed"),
        ] {
            let error = read(&format!("{FILE}{LAUNCH}{line}\n")).unwrap_err().to_string();
            assert!(error.contains(says), "{line}: {error}");
        }
        let shown = format!("{FILE}{}", LAUNCH.replace("display = [\"code\"]", "display = [\"owner\"]"));
        assert!(read(&shown).unwrap_err().to_string().contains("display field owner"));
    }
}
