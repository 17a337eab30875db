//! Reads of the options of a field: under the reader's own grant on the schema that they come from, or of the column
//! that whoever manages the schema published, for those who see the field.

use quillback_plugin_api::sql::{Direction, Expr, Order, Select, TextMatch};
use quillback_plugin_api::{Ident, TableRef, Value};

use super::page::{ScopedPage, SortKey, after, key_filters};
use crate::field::OptionSource;
use crate::policy::{Action, Grant};
use crate::schema::Definition;

/// Combinations of values that one statement looks for.
const WANTED_PER_READ: usize = 200;

/// The columns that options are read from, and the condition under which.
#[derive(Clone, Debug)]
pub(crate) struct OptionColumns {
    table: TableRef,
    value: Ident,
    label: Ident,
    order: Ident,
    given: Vec<Ident>,
    using: Expr,
}

/// Which options to read.
pub(crate) struct OptionPlan<'a> {
    /// Values of the fields that restrict the options, in the order of the source.
    pub(crate) given: &'a [Value],
    /// Text that what people read contains.
    pub(crate) search: Option<&'a str>,
    /// Values of the columns of the option after which to start.
    pub(crate) after: Option<&'a [Value]>,
    /// Most options.
    pub(crate) limit: u64,
    /// Milliseconds that the read may take.
    pub(crate) deadline_ms: u32,
}

impl OptionColumns {
    /// Options out of rows of a schema that `grant` shows; `None` when it shows no such rows or fields.
    pub(crate) fn of_schema(
        definition: &Definition,
        grant: &Grant,
        source: &OptionSource,
    ) -> Option<Self> {
        let column = |name: &str| {
            let hidden = definition
                .field(name)
                .is_some_and(|(position, _)| !grant.sees(position));
            let (column, ..) = definition.column(name).filter(|_| !hidden)?;
            Some(column.clone())
        };
        if !grant.allows(Action::View) {
            return None;
        }
        Self::new(
            definition.table.clone(),
            source,
            column,
            grant.using().clone(),
        )
    }

    /// Options out of a published table, for those whose `grant` shows the field that has them.
    pub(crate) fn of_table(
        table: &TableRef,
        grant: &Grant,
        field: usize,
        source: &OptionSource,
    ) -> Option<Self> {
        if !grant.allows(Action::View) || !grant.sees(field) {
            return None;
        }
        let column = |name: &str| Ident::new(name).ok();
        Self::new(table.clone(), source, column, Expr::True)
    }

    fn new(
        table: TableRef,
        source: &OptionSource,
        column: impl Fn(&str) -> Option<Ident>,
        using: Expr,
    ) -> Option<Self> {
        let value = column(&source.value)?;
        let label = match &source.label {
            Some(label) => column(label)?,
            None => value.clone(),
        };
        let order = match &source.order {
            Some(order) => column(order)?,
            None => label.clone(),
        };
        let given = source.given.iter().map(|given| column(&given.column));
        Some(Self {
            table,
            value,
            label,
            order,
            given: given.collect::<Option<_>>()?,
            using,
        })
    }

    /// The columns of a page, each once: what it is sorted by, what people read, the value.
    fn columns(&self) -> Vec<&Ident> {
        let mut columns: Vec<&Ident> = Vec::with_capacity(3);
        for column in [&self.order, &self.label, &self.value] {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// Number of columns of a page, and the positions of value and label among them.
    pub(crate) fn shape(&self) -> (usize, usize, usize) {
        let columns = self.columns();
        let at = |wanted| {
            let position = columns.iter().position(|column| *column == wanted);
            position.unwrap_or_default()
        };
        (columns.len(), at(&self.value), at(&self.label))
    }

    /// A page of options, each combination of value and label once.
    pub(crate) fn page(&self, plan: &OptionPlan<'_>) -> ScopedPage {
        let sort: Vec<SortKey> = self
            .columns()
            .into_iter()
            .map(|column| SortKey {
                column: column.clone(),
                direction: Direction::Asc,
                nullable: *column != self.value,
            })
            .collect();
        let mut filter = self.using.clone().and(self.has_value());
        for (column, value) in self.given.iter().zip(plan.given) {
            filter = filter.and(Expr::eq(column, value.clone()));
        }
        if let Some(text) = plan.search {
            filter = filter.and(Expr::Match {
                column: self.label.clone(),
                how: TextMatch::Contains,
                ignore_case: true,
                text: text.into(),
            });
        }
        if let Some(values) = plan.after {
            filter = filter.and(after(&sort, values));
        }
        let order = sort.into_iter().map(|key| Order {
            column: key.column,
            direction: key.direction,
            nullable: key.nullable,
        });
        let select = Select {
            distinct: true,
            order: order.collect(),
            limit: Some(plan.limit),
            ..Select::columns(
                self.table.clone(),
                self.columns().into_iter().cloned(),
                filter,
            )
        };
        ScopedPage::new(select, plan.deadline_ms)
    }

    fn has_value(&self) -> Expr {
        Expr::IsNull(self.value.clone()).negate()
    }

    /// Looks values up, each with the values that restrict it: the answer holds those that are options, in the same
    /// columns. What the database takes for equal may be more than what is equal: compare them again.
    pub(crate) fn lookup(&self, wanted: &[Vec<Value>], deadline_ms: u32) -> Vec<ScopedPage> {
        let columns = || std::iter::once(&self.value).chain(&self.given);
        let matching = |chunk: &[Vec<Value>]| match self.given.as_slice() {
            [] => Expr::In {
                column: self.value.clone(),
                values: chunk.iter().flatten().cloned().collect(),
            },
            _ => Expr::Or(
                chunk
                    .iter()
                    .map(|values| {
                        let pairs = columns().zip(values);
                        Expr::all(pairs.map(|(column, value)| Expr::eq(column, value.clone())))
                    })
                    .collect(),
            ),
        };
        wanted
            .chunks(WANTED_PER_READ)
            .map(|chunk| {
                let filter = matching(chunk).and(self.using.clone());
                let select = Select {
                    distinct: true,
                    ..Select::columns(self.table.clone(), columns().cloned(), filter)
                };
                ScopedPage::new(select, deadline_ms)
            })
            .collect()
    }
}

/// Reads the keys and some fields of rows that a grant lets through, whether or not it shows these fields: the values
/// decide what may be written, and are shown to nobody.
pub(crate) fn cells_of_rows(
    definition: &Definition,
    grant: &Grant,
    keys: &[&[Value]],
    fields: &[usize],
    deadline_ms: u32,
) -> Vec<ScopedPage> {
    let columns = || {
        let key = definition.key.iter().map(|part| &part.column);
        let fields = fields
            .iter()
            .filter_map(|field| definition.fields.get(*field));
        key.chain(fields.map(|field| &field.column)).cloned()
    };
    key_filters(definition, keys)
        .into_iter()
        .map(|filter| {
            let filter = filter.and(grant.using().clone());
            let select = Select::columns(definition.table.clone(), columns(), filter);
            ScopedPage::new(select, deadline_ms)
        })
        .collect()
}
