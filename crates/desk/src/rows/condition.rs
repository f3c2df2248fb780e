//! What a filter means, with paths led through the schema and values checked: nothing in here can fail any more.
//!
//! Knows no SQL and no JSON. `filter` builds it, a store evaluates it.

use crate::rows::path::Path;
pub(crate) use crate::rows::scalar::Scalar;
use crate::rows::value::Link;
use crate::schema::Field;

/// What rows have to be like.
#[derive(Debug, Clone)]
pub(crate) enum Condition<'a> {
    /// Every one of these holds; none of them is no condition.
    All(Vec<Condition<'a>>),
    /// At least one of these holds; none of them is no condition either, as on real sites.
    Any(Vec<Condition<'a>>),
    Field(FieldTest<'a>),
    /// The row has this link, and of the rows with the same one that meet a condition it has the largest values: the first path
    /// decides, then the next, at last the younger row. A row is compared with live rows when it is live, with retired ones when it
    /// is retired.
    Newest {
        link: &'a Field,
        by: Vec<Path<'a>>,
        within: Box<Condition<'a>>,
    },
}

impl Condition<'_> {
    /// The condition that every row meets.
    pub(crate) fn none() -> Self {
        Condition::All(Vec::new())
    }
}

/// A test of one field's value. When the path leads over lists of links, one row at their ends is enough.
#[derive(Debug, Clone)]
pub(crate) struct FieldTest<'a> {
    pub(crate) path: Path<'a>,
    pub(crate) test: Test,
    /// The opposite is wanted: whatever does not pass, the empty value included.
    pub(crate) negated: bool,
}

/// Where in a text another one is looked for. All texts are folded, and compared with folded values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Anywhere,
    Start,
    End,
}

/// A test; no empty value passes, unless it is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// One of these values, or the empty one. `folded`: case does not matter, and the values are folded.
    OneOf {
        values: Vec<Scalar>,
        empty: bool,
        folded: bool,
    },
    /// Text in a text, or in one of the names of a tag list.
    Holds {
        part: Part,
        text: String,
    },
    Below(Scalar),
    Above(Scalar),
    /// Both ends included.
    Between(Scalar, Scalar),
    /// From the first on, and before the second.
    Within(Scalar, Scalar),
    /// A link to one of these rows (of a list: one of the links), or none at all.
    Linked {
        links: Vec<Link>,
        empty: bool,
    },
    /// A link to a row of the type; none: no link at all.
    LinkedType(Option<String>),
    /// A link to a row whose name is like this.
    LinkedName {
        part: Part,
        text: String,
    },
    /// Nothing passes.
    Never,
}
