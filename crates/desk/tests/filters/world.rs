//! A few Shots with a field of every data type, and the rows they link to.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::model::Linked;
use crate::site::Site;

/// Fields that a row's values are chosen for, with their data types. `sg_` ones are created.
pub(crate) const FIELDS: [(&str, &str); 22] = [
    ("code", "text"),
    ("description", "text"),
    ("sg_choice", "list"),
    ("sg_status_list", "status_list"),
    ("sg_number", "number"),
    ("sg_float", "float"),
    ("sg_percent", "percent"),
    ("sg_duration", "duration"),
    ("sg_timecode", "timecode"),
    ("sg_currency", "currency"),
    ("sg_date", "date"),
    ("sg_moment", "date_time"),
    ("sg_checkbox", "checkbox"),
    ("sg_one", "entity"),
    ("sg_many", "multi_entity"),
    ("parent_shots", "multi_entity"),
    ("tasks", "multi_entity"),
    ("sg_words", "tag_list"),
    ("sg_color", "color"),
    ("sg_kind", "entity_type"),
    ("sg_feet", "footage"),
    ("image", "image"),
];

/// What else can be asked for: fields the server fills, and paths over links. Of those with `true`, one link of many is enough.
pub(crate) const PATHS: [(&str, &str, bool); 11] = [
    ("cached_display_name", "text", false),
    ("project.Project.name", "text", false),
    ("sg_one.Sequence.code", "text", false),
    ("sg_one.Asset.description", "text", false),
    ("sg_one.Sequence.project.Project.name", "text", false),
    ("sg_one.Sequence.project.Project.archived", "checkbox", false),
    ("sg_one.Task.content", "text", false),
    ("sg_many.Asset.code", "text", true),
    ("sg_many.Sequence.project.Project.name", "text", true),
    ("parent_shots.Shot.description", "text", true),
    ("tasks.Task.content", "text", true),
];

/// A desk with the fields and the rows that all worlds share.
pub(crate) struct Stage {
    pub(crate) site: Site,
    pub(crate) linked: Vec<Linked>,
}

/// The Shots of one project.
pub(crate) struct World<'s> {
    pub(crate) site: &'s Site,
    pub(crate) project: Value,
    name: String,
    pub(crate) shots: Vec<Shot>,
    /// Every row that a Shot may link to.
    pub(crate) linked: Vec<Linked>,
}

pub(crate) struct Shot {
    pub(crate) id: i64,
    pub(crate) retired: bool,
    values: Map<String, Value>,
}

/// A row in the making: for each field a number that chooses a value, and whether it is retired.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    values: Vec<u8>,
    retired: bool,
}

pub(crate) fn choice() -> impl Strategy<Value = Choice> {
    let retired = prop::bool::weighted(0.2);
    (prop::collection::vec(any::<u8>(), FIELDS.len()), retired)
        .prop_map(|(values, retired)| Choice { values, retired })
}

impl Stage {
    pub(crate) fn set() -> Stage {
        let site = Site::start();
        let mut properties = json!({});
        for (kind, name, value) in [
            ("list", "valid_values", json!(["Big", "small", "Ärmel"])),
            ("entity", "valid_types", json!(["Sequence", "Asset"])),
            ("multi_entity", "valid_types", json!(["Sequence", "Asset"])),
        ] {
            properties[kind] = json!([{"property_name": name, "value": value}]);
        }
        for (name, kind) in FIELDS.into_iter().filter(|(name, _)| *name != "sg_status_list") {
            let Some(label) = name.strip_prefix("sg_") else { continue };
            let mut all = vec![json!({"property_name": "name", "value": label})];
            all.extend(properties[kind].as_array().into_iter().flatten().cloned());
            let made = site
                .call("schema_field_create", &json!({"type": "Shot", "data_type": kind, "properties": all}));
            assert_eq!(made, name);
        }
        let project = site.create("Project", json!({"name": "Cast"}));
        let mut linked = Vec::new();
        for (kind, name, description, retired) in [
            ("Sequence", "Opening", json!("the first"), false),
            ("Sequence", "opening two", Value::Null, false),
            ("Sequence", "ÉTOILE", Value::Null, false),
            ("Sequence", "gone", Value::Null, true),
            ("Asset", "Robot", json!("Metal"), false),
            ("Asset", "rôbot", Value::Null, false),
            ("Asset", "felled", Value::Null, true),
            ("Shot", "Up One", json!("high"), false),
            ("Shot", "lost", json!("high"), true),
        ] {
            let fields = json!({"code": name, "description": description, "project": project});
            let link = site.create(kind, fields);
            if retired {
                site.retire(kind, link["id"].as_i64().unwrap());
            }
            linked.push(Linked { link, name: name.to_owned(), description, retired });
        }
        Stage { site, linked }
    }
}

/// The values that a field of the type may have; of a list, the items.
fn pool(name: &str, kind: &str, linked: &[Linked]) -> Vec<Value> {
    let of = |values: Value| values.as_array().unwrap().clone();
    let links = |kinds: &[&str]| -> Vec<Value> {
        let links = linked.iter().map(|linked| linked.link.clone());
        links.filter(|link| kinds.contains(&link["type"].as_str().unwrap())).collect()
    };
    match kind {
        "text" => of(json!([
            null,
            "alpha",
            "Alpha",
            "ALPHA beta",
            "beta",
            "ärger",
            "ÄRGER",
            "여기",
            "a%b_c",
            "it's",
            "x"
        ])),
        "list" => of(json!([null, "Big", "small", "Ärmel"])),
        "status_list" => of(json!([null, "wtg", "ip", "fin"])),
        "number" | "percent" | "duration" | "timecode" => {
            of(json!([null, 0, 1, -1, 10, 11, 99, 2_147_483_647, -2_147_483_648]))
        }
        "float" | "currency" => of(json!([null, 0.0, -0.5, 0.1, 1.0, 1_000_000.25, 999_999_999.99])),
        // Around today, with the ends of weeks, months and years.
        "date" => of(json!([
            null,
            "2030-03-13",
            "2030-03-12",
            "2030-03-14",
            "2030-03-11",
            "2030-03-10",
            "2030-03-17",
            "2030-03-18",
            "2030-03-01",
            "2030-02-28",
            "2030-04-01",
            "2029-12-31",
            "2030-12-31",
            "2031-01-01"
        ])),
        // No hour before or after now: the clock runs while the test does.
        "date_time" => of(json!([
            null,
            "2030-03-13T09:30:00Z",
            "2030-03-13T08:30:00Z",
            "2030-03-13T10:30:00Z",
            "2030-03-13T00:00:00Z",
            "2030-03-12T23:59:59Z",
            "2030-03-14T00:00:00Z",
            "2030-03-11T00:00:00Z",
            "2030-03-10T23:59:59Z",
            "2030-03-18T00:00:00Z",
            "2030-02-28T23:59:59Z",
            "2030-03-01T00:00:00Z",
            "2029-12-31T23:59:59Z",
            "2031-01-01T00:00:00Z"
        ])),
        "checkbox" => of(json!([false, true])),
        "entity" => [vec![Value::Null], links(&["Sequence", "Asset"])].concat(),
        "multi_entity" => links(match name {
            "parent_shots" => &["Shot"],
            "tasks" => &["Task"],
            _ => &["Sequence", "Asset"],
        }),
        "tag_list" => of(json!(["red", "Red hot", "ärger", "it's"])),
        "color" => of(json!([null, "255,0,0", "0,0,1", "blue"])),
        "entity_type" => of(json!([null, "Shot", "Asset", "Task"])),
        "footage" => of(json!([null, "1-02", "10-15", "-3-00"])),
        "image" => of(json!([null, "picture"])),
        other => panic!("no values of {other}"),
    }
}

/// The value that a number chooses: of a list, its bits choose the items.
fn chosen(name: &str, kind: &str, number: u8, linked: &[Linked]) -> Value {
    let pool = if name == "tasks" {
        ["paint", "Paint over", "wiped"].map(Value::from).into()
    } else {
        pool(name, kind, linked)
    };
    match kind {
        "multi_entity" | "tag_list" => {
            let items = pool.into_iter().enumerate().filter(|(at, _)| number >> at & 1 == 1);
            items.map(|(_, item)| item).collect()
        }
        _ => match pool[usize::from(number) % pool.len()].clone() {
            Value::Null if name == "code" => json!("x"),
            value => value,
        },
    }
}

impl<'s> World<'s> {
    /// Makes the rows that were chosen, in a project of their own.
    pub(crate) fn make(stage: &'s Stage, choices: &[Choice]) -> World<'s> {
        let site = &stage.site;
        let name = format!("World {}", uuid::Uuid::new_v4());
        let project = site.create("Project", json!({"name": name}));
        let mut linked = stage.linked.clone();
        let mut shots = Vec::new();
        for choice in choices {
            let values = FIELDS
                .into_iter()
                .zip(&choice.values)
                .map(|((name, kind), at)| (name.to_owned(), chosen(name, kind, *at, &linked)))
                .collect();
            shots.push(Shot { id: 0, retired: choice.retired, values });
        }
        let ids =
            site.create_all("Shot", &shots.iter().map(|shot| shot.written(&project)).collect::<Vec<_>>());
        let database = site.database();
        for (shot, id) in shots.iter_mut().zip(ids) {
            shot.id = id;
            if shot.values["image"].is_string() {
                let set = "UPDATE Shot SET image = 'picture' WHERE id = ?1";
                database.execute(set, [id]).unwrap();
            }
        }
        link_tasks(site, &project, &mut shots, &mut linked);
        for shot in shots.iter().filter(|shot| shot.retired) {
            site.retire("Shot", shot.id);
        }
        World { site, project, name, shots, linked }
    }

    /// What a path leads to on a row.
    pub(crate) fn values(&self, shot: &Shot, path: &str) -> Vec<Value> {
        let linked = |link: &Value| self.linked.iter().find(|linked| linked.link == *link).unwrap();
        let one = |kind: &str, of: &dyn Fn(&Linked) -> Value| {
            let link = &shot.values["sg_one"];
            vec![if link["type"] == kind { of(linked(link)) } else { Value::Null }]
        };
        let many = |name: &str, kind: &str, of: &dyn Fn(&Linked) -> Value| {
            let links = shot.values[name].as_array().unwrap().iter().filter(|link| link["type"] == kind);
            links.map(linked).filter(|linked| !linked.retired).map(of).collect()
        };
        match path {
            "id" => vec![json!(shot.id)],
            "cached_display_name" => vec![shot.values["code"].clone()],
            "project.Project.name" => vec![json!(self.name)],
            "sg_one.Sequence.code" => one("Sequence", &|linked| json!(linked.name)),
            "sg_one.Asset.description" => one("Asset", &|linked| linked.description.clone()),
            "sg_one.Sequence.project.Project.name" => one("Sequence", &|_| json!("Cast")),
            "sg_one.Sequence.project.Project.archived" => one("Sequence", &|_| json!(false)),
            "sg_one.Task.content" => vec![Value::Null],
            "sg_many.Asset.code" => many("sg_many", "Asset", &|linked| json!(linked.name)),
            "sg_many.Sequence.project.Project.name" => many("sg_many", "Sequence", &|_| json!("Cast")),
            "parent_shots.Shot.description" => {
                many("parent_shots", "Shot", &|linked| linked.description.clone())
            }
            "tasks.Task.content" => many("tasks", "Task", &|linked| json!(linked.name)),
            name => vec![shot.values[name].clone()],
        }
    }

    /// Values for a relation to compare with, chosen by numbers.
    pub(crate) fn operands(&self, path: &str, kind: &str, relation: &str, numbers: &[u8]) -> Vec<Value> {
        let pick = |from: &[Value], at: usize| from[usize::from(numbers[at]) % from.len()].clone();
        let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
        let (number, count) = (i64::from(numbers[0]), 1 + usize::from(numbers[3]) % 3);
        match relation {
            "contains" | "not_contains" | "starts_with" | "ends_with" => {
                let parts = [
                    "a", "ALPH", "b", "Ä", "er", "%", "_", "'", "기", "여", "x", "alpha", "the", "Cast", "o",
                ];
                vec![pick(&texts(&parts), 0)]
            }
            "name_is" | "name_contains" | "name_not_contains" => {
                let mut names =
                    texts(&["o", "OPENING", "É", "ô", "bot", "p", "paint", "red", "it's", "t", "nobody"]);
                names.extend(self.linked.iter().map(|linked| json!(linked.name)));
                vec![pick(&names, 0)]
            }
            "type_is" | "type_is_not" => {
                vec![pick(&json!(["Sequence", "Asset", "Shot", "Task", null]).as_array().unwrap()[..], 0)]
            }
            "in_last" | "not_in_last" | "in_next" | "not_in_next" => {
                let counts = [json!(1), json!(2), json!(24), json!(200)];
                let units = texts(&["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]);
                vec![pick(&counts, 0), pick(&units, 1)]
            }
            _ if relation.starts_with("in_calendar") => vec![json!(number % 5 - 2)],
            _ => {
                let mut pool = if path == "id" {
                    self.shots.iter().map(|shot| json!(shot.id)).chain([json!(0)]).collect()
                } else {
                    pool(path, kind, &self.linked)
                };
                match kind {
                    "image" => return vec![Value::Null],
                    "checkbox" => {}
                    _ => pool.push(Value::Null),
                }
                if matches!(kind, "text" | "list" | "status_list" | "tag_list") {
                    pool.extend(texts(&[
                        "ALPHA", "ärmel", "BIG", "Cast", "RED HOT", "paint", "unknown", "high",
                    ]));
                    pool.extend(self.linked.iter().map(|linked| json!(linked.name.to_uppercase())));
                }
                let count = match relation {
                    "in" | "not_in" => count,
                    "between" | "not_between" => 2,
                    _ => 1,
                };
                (0..count).map(|at| pick(&pool, at)).collect()
            }
        }
    }
}

impl Shot {
    /// The fields of a create. A box that is not checked is not touched.
    fn written(&self, project: &Value) -> Value {
        let mut fields = self.values.clone();
        fields.retain(|name, value| name != "tasks" && name != "image" && *value != json!(false));
        fields.insert("project".into(), project.clone());
        Value::Object(fields)
    }
}

/// Makes the tasks whose names the rows hold, and puts links to them in their place.
fn link_tasks(site: &Site, project: &Value, shots: &mut [Shot], linked: &mut Vec<Linked>) {
    let mut tasks = Vec::new();
    for shot in &*shots {
        for content in shot.values["tasks"].as_array().unwrap() {
            tasks.push(
                json!({"content": content, "project": project, "entity": {"type": "Shot", "id": shot.id}}),
            );
        }
    }
    let mut ids = site.create_all("Task", &tasks).into_iter();
    for shot in shots {
        for task in shot.values["tasks"].as_array_mut().unwrap() {
            let name = task.as_str().unwrap().to_owned();
            let id = ids.next().unwrap();
            *task = json!({"type": "Task", "id": id});
            let retired = name == "wiped";
            if retired {
                site.retire("Task", id);
            }
            linked.push(Linked { link: task.clone(), name, description: Value::Null, retired });
        }
    }
}
