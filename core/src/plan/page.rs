//! Pages of rows: filter and row rules in WHERE, a total order, and keyset cursors that cost the same at any depth.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::sql::{Compare, Direction, Expr, Order, Select};
use quillback_plugin_api::{Ident, Value};

use crate::error::Result;
use crate::policy::{Action, Grant};
use crate::schema::Definition;

/// Keys in one statement: few enough for every database's limits on parameters and expression depth.
pub(super) const KEYS_PER_READ: usize = 400;

/// A read that a grant allows.
#[derive(Clone, Debug)]
pub struct ScopedPage {
    batch: Batch,
}

impl ScopedPage {
    pub(super) fn new(select: Select, deadline_ms: u32) -> Self {
        let mut batch = Batch {
            deadline_ms,
            ..Batch::default()
        };
        batch.read(select);
        Self { batch }
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }
}

/// One column of the sort.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// Column.
    pub column: Ident,
    /// Direction.
    pub direction: Direction,
    /// Whether it may be NULL.
    pub nullable: bool,
}

/// What to read: all names and values checked already.
#[derive(Clone, Debug)]
pub struct PagePlan {
    /// The caller's own filter.
    pub filter: Expr,
    /// Sort; the key follows to make it total.
    pub sort: Vec<SortKey>,
    /// Values of the sort and then of the key in the row after which the page starts.
    pub after: Option<Vec<Value>>,
    /// Most rows.
    pub limit: Option<u64>,
    /// Whether to count the rows of all pages as well.
    pub count: bool,
    /// Milliseconds that the read may take.
    pub deadline_ms: u32,
}

/// Makes the read of a page: key columns and every field that the grant shows, in the schema's order. With `count`, a
/// second result holds the number of rows.
///
/// # Errors
/// `Denied` without the right to see rows.
pub fn page(definition: &Definition, grant: &Grant, plan: PagePlan) -> Result<ScopedPage> {
    grant.require(Action::View)?;
    let scoped = plan.filter.and(grant.using().clone());
    let sort = total_sort(definition, plan.sort);
    let filter = match &plan.after {
        Some(values) => scoped.clone().and(after(&sort, values)),
        None => scoped.clone(),
    };
    let order = sort
        .into_iter()
        .map(|key| Order {
            column: key.column,
            direction: key.direction,
            nullable: key.nullable,
        })
        .collect();
    let select = Select {
        order,
        limit: plan.limit,
        ..Select::columns(definition.table.clone(), visible(definition, grant), filter)
    };
    let mut page = ScopedPage::new(select, plan.deadline_ms);
    if plan.count {
        page.batch
            .read(Select::count(definition.table.clone(), scoped));
    }
    Ok(page)
}

/// Reads rows by their keys, under the grant.
pub(crate) fn rows_by_key(
    definition: &Definition,
    grant: &Grant,
    keys: &[&[Value]],
    deadline_ms: u32,
) -> ScopedPage {
    let mut filters = key_filters(definition, keys);
    let all = if filters.len() == 1 {
        filters.pop().unwrap_or(Expr::False)
    } else {
        Expr::Or(filters.clone())
    };
    let read = |filter: Expr| {
        let filter = filter.and(grant.using().clone());
        Select::columns(definition.table.clone(), visible(definition, grant), filter)
    };
    let mut page = ScopedPage::new(read(all), deadline_ms);
    if !filters.is_empty() {
        page.batch.steps.clear();
        for filter in filters {
            page.batch.read(read(filter));
        }
    }
    page
}

fn visible(definition: &Definition, grant: &Grant) -> Vec<Ident> {
    let keys = definition.key.iter().map(|part| &part.column);
    let fields = definition
        .fields
        .iter()
        .enumerate()
        .filter(|(position, _)| grant.sees(*position));
    keys.chain(fields.map(|(_, field)| &field.column))
        .cloned()
        .collect()
}

/// The sort with the key behind it, each column once.
pub(crate) fn total_sort(definition: &Definition, sort: Vec<SortKey>) -> Vec<SortKey> {
    let mut total = sort;
    for part in &definition.key {
        if !total.iter().any(|key| key.column == part.column) {
            let direction = total.last().map_or(Direction::Asc, |key| key.direction);
            total.push(SortKey {
                column: part.column.clone(),
                direction,
                nullable: false,
            });
        }
    }
    total
}

/// Rows behind `values` in the order of `sort`: later in the first column, or the same there and later in the next.
pub(super) fn after(sort: &[SortKey], values: &[Value]) -> Expr {
    let mut same = Expr::True;
    let mut later = Vec::with_capacity(sort.len());
    for (key, value) in sort.iter().zip(values) {
        later.push(same.clone().and(beyond(key, value)));
        same = same.and(level(key, value));
    }
    match later.len() {
        1 => later.pop().unwrap_or(Expr::False),
        _ => start(sort, values).and(Expr::Or(later)),
    }
}

/// Follows from what comes after it, but lets the database start reading an index at the row and not at its begin.
fn start(sort: &[SortKey], values: &[Value]) -> Expr {
    let (Some(first), Some(value)) = (sort.first(), values.first()) else {
        return Expr::True;
    };
    match first.direction {
        _ if value.is_null() => Expr::True,
        Direction::Asc => Expr::compare(&first.column, Compare::Ge, value.clone()),
        Direction::Desc if !first.nullable => {
            Expr::compare(&first.column, Compare::Le, value.clone())
        }
        Direction::Desc => Expr::True,
    }
}

/// Neither before nor after the value in the order of the database, which may take texts for the same that differ.
fn level(key: &SortKey, value: &Value) -> Expr {
    let compared = |op| Expr::compare(&key.column, op, value.clone());
    match value {
        Value::Null => Expr::IsNull(key.column.clone()),
        Value::Text(_) => compared(Compare::Ge).and(compared(Compare::Le)),
        _ => compared(Compare::Eq),
    }
}

/// NULL comes first when ascending and last when descending.
fn beyond(key: &SortKey, value: &Value) -> Expr {
    let column = &key.column;
    match (key.direction, value.is_null()) {
        (Direction::Asc, true) => Expr::IsNull(column.clone()).negate(),
        (Direction::Desc, true) => Expr::False,
        (Direction::Asc, false) => Expr::compare(column, Compare::Gt, value.clone()),
        (Direction::Desc, false) if key.nullable => {
            let smaller = Expr::compare(column, Compare::Lt, value.clone());
            Expr::Or(vec![smaller, Expr::IsNull(column.clone())])
        }
        (Direction::Desc, false) => Expr::compare(column, Compare::Lt, value.clone()),
    }
}

/// The row with this key.
pub(crate) fn key_filter(definition: &Definition, key: &[Value]) -> Expr {
    Expr::all(
        definition
            .key
            .iter()
            .zip(key)
            .map(|(part, value)| Expr::eq(&part.column, value.clone())),
    )
}

/// The rows with these keys, as few conditions as the limits allow.
pub(super) fn key_filters(definition: &Definition, keys: &[&[Value]]) -> Vec<Expr> {
    keys.chunks(KEYS_PER_READ)
        .map(|chunk| match definition.key.as_slice() {
            [part] => {
                let values = chunk
                    .iter()
                    .filter_map(|key| key.first())
                    .cloned()
                    .collect();
                Expr::In {
                    column: part.column.clone(),
                    values,
                }
            }
            _ => Expr::Or(
                chunk
                    .iter()
                    .map(|key| key_filter(definition, key))
                    .collect(),
            ),
        })
        .collect()
}
