//! Rows of a schema, a page at a time, as a Relay connection.

use async_graphql::{Context, Enum, ID, InputObject, InputType, Object, Pos, Result, SimpleObject};
use quillback_core::Error;
use quillback_core::ids::SchemaId;
use quillback_core::plugin_api::sql::Direction;
use quillback_core::read::{self, Filter, FilterOp, Page, PageCommand, PageRow};

use crate::context::Env;
use crate::error::Public;
use crate::scalars::{Json, JsonText};

#[derive(Default)]
pub(crate) struct RowQuery;

#[Object]
impl RowQuery {
    /// Rows of a schema that you may see, a page at a time. Any page costs the same, however deep it is.
    #[graphql(complexity = "5 + child_complexity")]
    async fn rows(
        &self,
        ctx: &Context<'_>,
        schema_id: ID,
        #[graphql(desc = "Which rows; all that you may see when it is left out.")] filter: Option<
            RowFilter,
        >,
        #[graphql(
            desc = "Fields to sort by, the most important first; the key decides what is left.",
            default
        )]
        sort: Vec<RowSort>,
        #[graphql(desc = "Most rows to answer, 1 to 500.", default = 50)] first: u32,
        #[graphql(desc = "Cursor of the row after which the page starts.")] after: Option<String>,
    ) -> Result<RowConnection> {
        let command = PageCommand {
            schema: SchemaId::parse(&schema_id).public()?,
            filter: filter
                .map(|filter| filter.parse("filter"))
                .transpose()
                .public()?,
            sort: sort
                .into_iter()
                .map(|sort| (sort.field, sort.direction.into()))
                .collect(),
            first,
            after,
            count: ctx.look_ahead().field("totalCount").exists(),
        };
        let page = read::page(ctx.cx()?, ctx.app()?, command).await.public()?;
        Ok(page.into())
    }
}

/// Direction of a sort.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Direction")]
enum SortDirection {
    /// Smallest first, rows without a value before all others.
    Asc,
    /// Largest first, rows without a value after all others.
    Desc,
}

/// A field to sort by.
#[derive(InputObject)]
struct RowSort {
    /// Field or key part.
    field: String,
    /// Direction.
    #[graphql(default_with = "SortDirection::Asc")]
    direction: SortDirection,
}

/// How a filter compares a field with a value.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "FilterOp")]
enum FilterOperator {
    /// Equal.
    Eq,
    /// Different.
    Ne,
    /// Less.
    Lt,
    /// At most.
    Le,
    /// Greater.
    Gt,
    /// At least.
    Ge,
    /// One of a list of values.
    In,
    /// None of a list of values; rows without a value are not among them.
    NotIn,
    /// From the first to the second of a list of two values, both included.
    Between,
    /// Contains a text, upper and lower case being the same.
    Contains,
    /// Starts with a text, upper and lower case being the same.
    StartsWith,
    /// Has no value; with the value false: has one.
    IsNull,
}

/// A filter. Give exactly one of and, or, not and field.
#[derive(InputObject)]
pub(super) struct RowFilter {
    /// All of these.
    and: Option<Vec<RowFilter>>,
    /// Any of these.
    or: Option<Vec<RowFilter>>,
    /// The opposite of this.
    not: Option<Box<RowFilter>>,
    /// Field or key part to compare.
    field: Option<String>,
    /// How to compare it.
    op: Option<FilterOperator>,
    /// Value to compare it with; a list for the operators that take several values.
    value: Option<Json>,
}

impl RowFilter {
    pub(super) fn parse(self, path: &str) -> quillback_core::Result<Filter> {
        let each = |filters: Vec<Self>, name: &str| -> quillback_core::Result<Vec<Filter>> {
            let filters = filters.into_iter().enumerate();
            filters
                .map(|(at, filter)| filter.parse(&format!("{path}.{name}.{at}")))
                .collect()
        };
        match (self.and, self.or, self.not, self.field) {
            (Some(all), None, None, None) => Ok(Filter::And(each(all, "and")?)),
            (None, Some(any), None, None) => Ok(Filter::Or(each(any, "or")?)),
            (None, None, Some(not), None) => {
                Ok(Filter::Not(Box::new(not.parse(&format!("{path}.not"))?)))
            }
            (None, None, None, Some(name)) => Ok(Filter::Field {
                name,
                op: self.op.map_or(FilterOp::Eq, Into::into),
                value: self.value.map_or(serde_json::Value::Null, |json| json.0),
            }),
            _ => {
                let message = "Give exactly one of and, or, not and field.";
                Err(Error::invalid(path, "FILTER", message))
            }
        }
    }
}

/// A filter and a sort, as core takes them.
pub type Selection = (Option<Filter>, Vec<(String, Direction)>);

/// Reads a filter and a sort that came outside a GraphQL document, in the form that variables of one have.
///
/// # Errors
/// `Invalid` with the path of the fault.
pub fn selection(
    filter: serde_json::Value,
    sort: serde_json::Value,
) -> quillback_core::Result<Selection> {
    let filter: Option<RowFilter> = input(filter, "filter")?;
    let sort: Option<Vec<RowSort>> = input(sort, "sort")?;
    let sort = sort.unwrap_or_default().into_iter();
    Ok((
        filter.map(|filter| filter.parse("filter")).transpose()?,
        sort.map(|sort| (sort.field, sort.direction.into()))
            .collect(),
    ))
}

fn input<T: InputType>(json: serde_json::Value, path: &str) -> quillback_core::Result<T> {
    let wrong = |message: String| Error::invalid(path, "WRONG_TYPE", message);
    let value = async_graphql::Value::from_json(json).map_err(|error| wrong(error.to_string()))?;
    T::parse(Some(value)).map_err(|error| wrong(error.into_server_error(Pos::default()).message))
}

/// A page of rows.
struct RowConnection {
    rows: Vec<PageRow>,
    more: bool,
    total: Option<u64>,
}

impl From<Page> for RowConnection {
    fn from(page: Page) -> Self {
        Self {
            rows: page.rows,
            more: page.more,
            total: page.total,
        }
    }
}

#[Object]
impl RowConnection {
    /// Rows with their cursors.
    async fn edges(&self) -> Vec<RowEdge> {
        let rows = self.rows.iter().cloned();
        rows.map(RowEdge).collect()
    }

    /// Rows.
    async fn nodes(&self) -> Vec<Row> {
        self.rows.iter().cloned().map(Row).collect()
    }

    /// Where this page is among all.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.more,
            end_cursor: self.rows.last().map(PageRow::cursor),
        }
    }

    /// Rows of all pages. Counting them takes the database time: ask for it only where it is shown.
    async fn total_count(&self) -> Option<u64> {
        self.total
    }
}

struct RowEdge(PageRow);

/// A row with its cursor.
#[Object]
impl RowEdge {
    /// Cursor: give it as `after` to go on behind this row.
    async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// The row.
    async fn node(&self) -> Row {
        Row(self.0.clone())
    }
}

/// A row.
struct Row(PageRow);

#[Object]
impl Row {
    /// Key, by the names of its parts.
    async fn key(&self) -> JsonText {
        self.0.key_text().into()
    }

    /// Values of the fields that you see, by name.
    async fn values(&self) -> JsonText {
        self.0.values_text().into()
    }

    /// Version: name it when you change the row, and a change that someone else made meanwhile is noticed.
    async fn version(&self) -> String {
        self.0.version()
    }
}

/// Where a page is among all.
#[derive(SimpleObject)]
pub(super) struct PageInfo {
    /// Whether there is more behind this page.
    pub(super) has_next_page: bool,
    /// Cursor of the last entry of this page.
    pub(super) end_cursor: Option<String>,
}
