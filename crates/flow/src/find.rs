//! A question to the site: which rows, which fields, in which order, how many. Pure.

use serde_json::{Value, json};

use crate::filter::Filter;

/// Order of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// A question to the site.
///
/// ```
/// use flow::{Direction, Filter, Find};
/// let oldest = Find::new("Ticket").only(Filter::is("title", "x")).fields(["id", "title"]).sorted_by("id", Direction::Ascending).limit(2);
/// assert_eq!(oldest.limit, 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    /// Type of the rows.
    pub entity_type: String,
    /// Which rows; all of them by default.
    pub filters: Filter,
    /// Fields to return beside `type` and `id`; dotted paths allowed.
    pub fields: Vec<String>,
    /// First is most significant. Without it the order is not promised.
    pub sort: Vec<(String, Direction)>,
    /// At most this many rows (default 500; 0 is taken as 1). More than a page is read page by page.
    pub limit: u32,
    /// Look among retired (deleted) rows instead of the active ones.
    pub retired: bool,
}

impl Find {
    /// All rows of this type, ids only, at most 500.
    pub fn new(entity_type: impl Into<String>) -> Self {
        Self {
            entity_type: entity_type.into(),
            filters: Filter::All(Vec::new()),
            fields: vec!["id".to_owned()],
            sort: Vec::new(),
            limit: 500,
            retired: false,
        }
    }

    /// Only rows for which this holds too.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> Self {
        self.filters = match self.filters {
            Filter::All(mut filters) => {
                filters.push(filter);
                Filter::All(filters)
            }
            other => Filter::All(vec![other, filter]),
        };
        self
    }

    /// Fields to return.
    #[must_use]
    pub fn fields<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a sort, less significant than those before.
    #[must_use]
    pub fn sorted_by(mut self, field: impl Into<String>, direction: Direction) -> Self {
        self.sort.push((field.into(), direction));
        self
    }

    /// At most this many rows.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Look among retired rows instead of the active ones.
    #[must_use]
    pub fn retired(mut self, retired: bool) -> Self {
        self.retired = retired;
        self
    }

    /// Arguments of `read` for one page. Paging info is asked for only when there may be a next page.
    pub(crate) fn to_wire(&self, page_size: u32, page: u32, more_wanted: bool) -> Value {
        let mut arguments = json!({
            "type": self.entity_type,
            "return_fields": self.fields,
            "filters": self.filters.to_wire(),
            "return_only": if self.retired { "retired" } else { "active" },
            "paging": {"entities_per_page": page_size, "current_page": page},
            "return_paging_info_without_counts": more_wanted,
        });
        if !self.sort.is_empty() {
            let sorts = self.sort.iter().map(|(field, direction)| {
                let direction = match direction {
                    Direction::Ascending => "asc",
                    Direction::Descending => "desc",
                };
                json!({"field_name": field, "direction": direction})
            });
            arguments["sorts"] = sorts.collect();
        }
        arguments
    }
}
