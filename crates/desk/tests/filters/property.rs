//! Random rows, and every relation of every data type on them; then groups of conditions, orders and pages.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::model::{order, passes, relations};
use crate::site::{all, condition};
use crate::world::{self, Choice, FIELDS, PATHS, Shot, Stage, World};

/// Whether a row meets a condition.
type Passes<'w> = Box<dyn Fn(&Shot) -> bool + 'w>;

/// A condition in the making: numbers that choose path, relation and values.
#[derive(Debug, Clone)]
enum Tree {
    Leaf { path: u8, relation: u8, operands: [u8; 4] },
    Group { all: bool, parts: Vec<Tree> },
}

/// A `read` in the making.
#[derive(Debug, Clone)]
struct Query {
    tree: Tree,
    /// Path and whether descending.
    sorts: Vec<(u8, bool)>,
    size: usize,
    page: usize,
    retired: bool,
    counts: bool,
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = any::<(u8, u8, [u8; 4])>().prop_map(|(path, relation, operands)| Tree::Leaf {
        path,
        relation,
        operands,
    });
    leaf.prop_recursive(3, 12, 4, |part| {
        (any::<bool>(), prop::collection::vec(part, 0..4)).prop_map(|(all, parts)| Tree::Group { all, parts })
    })
}

fn query() -> impl Strategy<Value = Query> {
    let page = (1..8usize, 1..4usize);
    let sorts = prop::collection::vec(any::<(u8, bool)>(), 0..4);
    (tree(), sorts, page, prop::bool::weighted(0.2), any::<bool>()).prop_map(
        |(tree, sorts, (size, page), retired, counts)| Query { tree, sorts, size, page, retired, counts },
    )
}

/// Every path with its type.
fn paths() -> Vec<(&'static str, &'static str)> {
    let over_links = PATHS.into_iter().map(|(path, kind, _)| (path, kind));
    FIELDS.into_iter().chain(over_links).chain([("id", "number")]).collect()
}

/// Paths with one value that has an order.
fn sortable() -> Vec<(&'static str, &'static str)> {
    let mut paths = paths();
    paths.retain(|(path, kind)| {
        let many = PATHS.iter().any(|(many, _, over_many)| many == path && *over_many);
        // A filter may follow a link to a type that it cannot have; an order may not.
        let impossible = path.contains(".Task.");
        !many && !impossible && !matches!(*kind, "multi_entity" | "tag_list" | "image")
    });
    paths
}

impl Tree {
    /// The filter on the wire, and who passes it.
    fn filter<'w>(&self, world: &'w World<'_>) -> (Value, Passes<'w>) {
        match self {
            Tree::Leaf { path, relation, operands } => {
                let paths = paths();
                let (path, kind) = paths[usize::from(*path) % paths.len()];
                let known = relations(kind);
                let relation = known[usize::from(*relation) % known.len()];
                leaf(world, path, kind, relation, operands)
            }
            Tree::Group { all, parts } => {
                let (filters, tests): (Vec<Value>, Vec<_>) =
                    parts.iter().map(|part| part.filter(world)).unzip();
                let (all, operator) = (*all, if *all { "and" } else { "or" });
                let filter = json!({"logical_operator": operator, "conditions": filters});
                let passes = move |shot: &Shot| {
                    if all || tests.is_empty() {
                        tests.iter().all(|test| test(shot))
                    } else {
                        tests.iter().any(|test| test(shot))
                    }
                };
                (filter, Box::new(passes))
            }
        }
    }
}

fn leaf<'w>(
    world: &'w World<'_>,
    path: &'static str,
    kind: &'static str,
    relation: &'static str,
    operands: &[u8],
) -> (Value, Passes<'w>) {
    let operands = world.operands(path, kind, relation, operands);
    let filter = condition(path, relation, Value::from(operands.clone()));
    let test = move |shot: &Shot| {
        let values = world.values(shot, path);
        values.iter().any(|value| passes(kind, value, relation, &operands, &world.linked))
    };
    (filter, Box::new(test))
}

fn read(world: &World<'_>, filter: Value) -> Value {
    json!({"type": "Shot", "filters": all(&[condition("project", "is", world.project.clone()), filter])})
}

fn single_conditions(world: &World<'_>, numbers: &[[u8; 4]]) {
    let mut numbers = numbers.iter().copied().cycle();
    for (path, kind) in paths() {
        for relation in relations(kind) {
            // The last, this and the next one of each calendar unit: where they meet is where mistakes are.
            let rounds = if relation.starts_with("in_calendar") { 1..4 } else { 1..2 };
            for round in rounds.clone() {
                let mut numbers = numbers.next().unwrap();
                if rounds.len() > 1 {
                    numbers[0] = round;
                }
                let (filter, passes) = leaf(world, path, kind, relation, &numbers);
                let expected: Vec<i64> = (world.shots.iter())
                    .filter(|shot| !shot.retired && passes(shot))
                    .map(|shot| shot.id)
                    .collect();
                assert_eq!(world.site.ids(&read(world, filter.clone())), expected, "{filter}");
            }
        }
    }
}

fn whole_query(world: &World<'_>, query: &Query) {
    let (filter, passes) = query.tree.filter(world);
    let sortable = sortable();
    let sorts: Vec<_> =
        query.sorts.iter().map(|(at, down)| (sortable[usize::from(*at) % sortable.len()], *down)).collect();
    let mut expected: Vec<&Shot> =
        world.shots.iter().filter(|shot| shot.retired == query.retired && passes(shot)).collect();
    // Stable: what the sorts leave open stays in the order of the ids.
    for ((path, kind), down) in sorts.iter().rev() {
        expected.sort_by(|one, other| {
            let (one, other) = (&world.values(one, path)[0], &world.values(other, path)[0]);
            let ordering = order(kind, one, other, &world.linked);
            if *down { ordering.reverse() } else { ordering }
        });
    }
    let count = expected.len();
    let (start, end) = ((query.page - 1) * query.size, query.page * query.size);
    let page: Vec<i64> = expected.iter().skip(start).take(query.size).map(|shot| shot.id).collect();

    let mut arguments = read(world, filter);
    arguments["return_only"] = json!(if query.retired { "retired" } else { "active" });
    arguments["sorts"] = sorts
        .iter()
        .map(|((path, _), down)| json!({"field_name": path, "direction": if *down { "desc" } else { "asc" }}))
        .collect();
    arguments["paging"] = json!({"entities_per_page": query.size, "current_page": query.page});
    let flag = if query.counts { "return_paging_info" } else { "return_paging_info_without_counts" };
    arguments[flag] = json!(true);
    assert_eq!(world.site.ids(&arguments), page, "{arguments}");
    let info = &world.site.call("read", &arguments)["paging_info"];
    assert_eq!(info["has_next_page"], count > end, "{arguments}");
    if query.counts {
        assert_eq!(info["entity_count"], count, "{arguments}");
        assert_eq!(info["page_count"], count.div_ceil(query.size), "{arguments}");
    }
}

#[test]
fn reading_is_as_in_a_plain_evaluation() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(6);
    let stage = Stage::set();
    let strategy = (
        prop::collection::vec(world::choice(), 0..24),
        prop::collection::vec(any::<[u8; 4]>(), 1..300),
        prop::collection::vec(query(), 0..60),
    );
    // Where it fails is printed whole; a file of seeds would be of no use to rows that are made anew.
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome =
        TestRunner::new(config).run(&strategy, |(choices, operands, queries): (Vec<Choice>, _, _)| {
            let world = World::make(&stage, &choices);
            single_conditions(&world, &operands);
            for query in &queries {
                whole_query(&world, query);
            }
            Ok(())
        });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
