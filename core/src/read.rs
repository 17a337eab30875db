//! Reading rows: typed filters, sort, keyset cursors and counts, under the grant of whoever asks.

use std::sync::Arc;

use quillback_plugin_api::sql::{Compare, Direction, Expr, TextMatch};
use quillback_plugin_api::{Ident, RowBuffer, Value, ValueRef};
use serde::Serialize;
use serde_json::Value as Json;

use crate::app::App;
use crate::catalog::{self, Loaded};
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::field::FieldKind;
use crate::hex;
use crate::ids::SchemaId;
use crate::permit;
use crate::plan::{self, PagePlan, SortKey};
use crate::policy::{self, Grant};
use crate::row_json;
use crate::schema::Definition;
use crate::write::{self, shown};

/// How a filter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum FilterOp {
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
    /// One of several.
    In,
    /// None of several; rows without a value are not among them.
    NotIn,
    /// From the first of two values to the second, both included.
    Between,
    /// Contains a text, upper and lower case being the same.
    Contains,
    /// Starts with a text, upper and lower case being the same.
    StartsWith,
    /// Has no value (`true`) or has one (`false`).
    IsNull,
}

/// A filter as the caller writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// The opposite.
    Not(Box<Filter>),
    /// A field compared with a value.
    Field {
        /// Field or key part, by its name in the API.
        name: String,
        /// How.
        op: FilterOp,
        /// Value, or list of values for [`FilterOp::In`], [`FilterOp::NotIn`] and [`FilterOp::Between`].
        value: Json,
    },
}

impl Filter {
    /// Names of the fields and key parts that it compares.
    pub(crate) fn fields(&self) -> Vec<&str> {
        match self {
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().flat_map(Self::fields).collect()
            }
            Self::Not(filter) => filter.fields(),
            Self::Field { name, .. } => vec![name],
        }
    }
}

/// What to read.
#[derive(Clone, Debug)]
pub struct PageCommand {
    /// Schema.
    pub schema: SchemaId,
    /// Filter.
    pub filter: Option<Filter>,
    /// Fields to sort by, and their directions.
    pub sort: Vec<(String, Direction)>,
    /// Most rows.
    pub first: u32,
    /// Cursor of the row after which the page starts.
    pub after: Option<String>,
    /// Whether to count the rows of all pages.
    pub count: bool,
}

/// One row of a page. What is asked of it is worked out then.
#[derive(Clone, Debug)]
pub struct PageRow {
    sheet: Arc<Sheet>,
    /// Where the row begins in the sheet.
    start: usize,
}

/// The rows of a page as they came from the database, and what they are looked at with.
#[derive(Debug)]
struct Sheet {
    loaded: Arc<Loaded>,
    grant: Grant,
    sort: Vec<SortKey>,
    rows: RowBuffer,
}

impl PartialEq for PageRow {
    fn eq(&self, other: &Self) -> bool {
        self.image() == other.image()
    }
}

impl PageRow {
    fn definition(&self) -> &Definition {
        &self.sheet.loaded.whole.schema.definition
    }

    fn cells(&self) -> impl Iterator<Item = ValueRef<'_>> {
        let cells = self.sheet.rows.row_at(self.start);
        cells.map(|cell| cell.unwrap_or(ValueRef::Null))
    }

    fn image(&self) -> write::Image {
        let cells = self.cells().map(ValueRef::to_owned);
        shown(self.definition(), &self.sheet.grant, cells)
    }

    /// Key, as JSON object.
    pub fn key(&self) -> Json {
        tree_of(&self.key_text())
    }

    /// Fields that the user sees, by name, as JSON object.
    pub fn values(&self) -> Json {
        tree_of(&self.values_text())
    }

    /// [`Self::key`] as text.
    pub fn key_text(&self) -> Vec<u8> {
        let names = self.definition().key.iter().map(|part| part.name.as_str());
        text_of(names.zip(self.cells()))
    }

    /// [`Self::values`] as text.
    pub fn values_text(&self) -> Vec<u8> {
        let definition = self.definition();
        let fields = definition.fields.iter().enumerate();
        // Columns of fields that the user does not see were not read.
        let names = fields
            .filter(|(position, _)| self.sheet.grant.sees(*position))
            .map(|(_, field)| field.name.as_str());
        text_of(names.zip(self.cells().skip(definition.key.len())))
    }

    /// Version, to be named when the row is changed.
    pub fn version(&self) -> String {
        self.image().version(self.definition(), &self.sheet.grant)
    }

    /// Cursor: the place of the row among the others, for the row itself may be gone when it is used.
    pub fn cursor(&self) -> String {
        let values = place(self.definition(), &self.sheet.sort, &self.image());
        let json = serde_json::to_string(&values).unwrap_or_default();
        hex::encode(json.as_bytes())
    }
}

fn text_of<'a>(members: impl Iterator<Item = (&'a str, ValueRef<'a>)>) -> Vec<u8> {
    let mut text = Vec::with_capacity(256);
    row_json::print_object(members, &mut text);
    text
}

fn tree_of(text: &[u8]) -> Json {
    let tree = serde_json::from_slice(text);
    debug_assert!(tree.is_ok(), "it was written as JSON");
    tree.unwrap_or_default()
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<PageRow>,
    /// Whether there are more behind them.
    pub more: bool,
    /// Rows of all pages, if they were counted.
    pub total: Option<u64>,
}

/// Reads a page.
///
/// # Errors
/// `Invalid` with the path of every fault, `NotFound` and `Denied` by the user's rights, `Target` when the database
/// could not do it.
pub async fn page(cx: &Cx, app: &App, command: PageCommand) -> Result<Page> {
    let principal = permit::signed_in(cx)?;
    let found = catalog::find(app, &command.schema, &principal).await?;
    let grant = policy::grant(&principal, &found)?;
    let definition = &found.loaded.whole.schema.definition;
    let reader = Reader {
        definition,
        grant: &grant,
    };
    let first = reader.first(command.first, app.options.max_page)?;
    let sort = reader.sort(&command.sort)?;
    let plan = PagePlan {
        filter: command
            .filter
            .as_ref()
            .map_or(Ok(Expr::True), |filter| reader.filter(filter, "filter"))?,
        after: command
            .after
            .as_deref()
            .map(|cursor| reader.after(cursor, &sort))
            .transpose()?,
        sort: sort.clone(),
        limit: Some(u64::from(first) + 1),
        count: command.count,
        deadline_ms: app.options.batch_deadline_ms,
    };
    let scoped = plan::page(definition, &grant, plan)?;
    let target = app
        .targets
        .get(&app.keyring, &found.loaded.connection)
        .await?;
    let mut results = target.page(&scoped).await?.into_iter();
    let rows = results.next().unwrap_or_default().rows;
    let count = results.next().and_then(|result| {
        let count = result.rows.first()?.to_owned().as_i64()?;
        u64::try_from(count).ok()
    });
    let sheet = Arc::new(Sheet {
        loaded: found.loaded,
        grant,
        sort,
        rows,
    });
    let starts = sheet.rows.starts().into_iter().take(first as usize);
    let row = |start| PageRow {
        sheet: Arc::clone(&sheet),
        start,
    };
    Ok(Page {
        rows: starts.map(row).collect(),
        more: sheet.rows.len() > first as usize,
        total: count,
    })
}

/// The values of the sort columns and of the key, behind which the next page starts.
pub(crate) fn place(definition: &Definition, sort: &[SortKey], image: &write::Image) -> Vec<Value> {
    let value = |column: &Ident| {
        let key = definition
            .key
            .iter()
            .position(|part| part.column == *column)
            .and_then(|at| image.key.get(at));
        let field = || {
            definition
                .fields
                .iter()
                .position(|field| field.column == *column)
        };
        key.or_else(|| field().and_then(|at| image.fields.get(at)))
    };
    plan::total_sort(definition, sort.to_vec())
        .iter()
        .map(|key| value(&key.column).cloned().unwrap_or_default())
        .collect()
}

/// Reads what callers write about rows, with the eyes of a grant.
pub(crate) struct Reader<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) grant: &'a Grant,
}

impl Reader<'_> {
    fn first(&self, first: u32, most: u32) -> Result<u32> {
        let _ = self;
        if (1..=most).contains(&first) {
            Ok(first)
        } else {
            Err(Error::invalid(
                "first",
                "COUNT",
                format!("Ask for 1 to {most} rows at once."),
            ))
        }
    }

    /// Column and type of a name that the user may see: a hidden field and one that does not exist answer the same.
    fn column(&self, name: &str, path: &str) -> Result<(&Ident, &FieldKind, bool)> {
        let hidden = self
            .definition
            .field(name)
            .is_some_and(|(position, _)| !self.grant.sees(position));
        let column = self.definition.column(name).filter(|_| !hidden);
        let message = || format!("There is no field called {name}, or you may not see it.");
        column.ok_or_else(|| Error::invalid(path, "UNKNOWN_FIELD", message()))
    }

    /// Columns to sort by.
    ///
    /// # Errors
    /// `Invalid` with the path of the fault.
    pub(crate) fn sort(&self, sort: &[(String, Direction)]) -> Result<Vec<SortKey>> {
        let mut keys: Vec<SortKey> = Vec::with_capacity(sort.len());
        for (position, (name, direction)) in sort.iter().enumerate() {
            let path = format!("sort.{position}.field");
            let (column, kind, nullable) = self.column(name, &path)?;
            if matches!(kind, FieldKind::Json | FieldKind::Other) {
                return Err(Error::invalid(
                    path,
                    "UNSUPPORTED",
                    "Rows cannot be sorted by a field of this type.",
                ));
            }
            if !keys.iter().any(|key| key.column == *column) {
                keys.push(SortKey {
                    column: column.clone(),
                    direction: *direction,
                    nullable,
                });
            }
        }
        Ok(keys)
    }

    fn after(&self, cursor: &str, sort: &[SortKey]) -> Result<Vec<Value>> {
        let wrong = || {
            Error::invalid(
                "after",
                "CURSOR",
                "This is not a cursor of a page with the same sort.",
            )
        };
        let bytes = hex::decode(cursor).ok_or_else(wrong)?;
        let values: Vec<Value> = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let wanted = plan::total_sort(self.definition, sort.to_vec()).len();
        if values.len() == wanted {
            Ok(values)
        } else {
            Err(wrong())
        }
    }

    /// A filter as a condition.
    ///
    /// # Errors
    /// `Invalid` with the path of the fault.
    pub(crate) fn filter(&self, filter: &Filter, path: &str) -> Result<Expr> {
        let each = |filters: &[Filter], name: &str| -> Result<Vec<Expr>> {
            let parts = filters.iter().enumerate();
            parts
                .map(|(position, filter)| self.filter(filter, &format!("{path}.{name}.{position}")))
                .collect()
        };
        match filter {
            Filter::And(filters) => Ok(Expr::all(each(filters, "and")?)),
            Filter::Or(filters) => Ok(Expr::Or(each(filters, "or")?)),
            Filter::Not(filter) => Ok(self.filter(filter, &format!("{path}.not"))?.negate()),
            Filter::Field { name, op, value } => self.compare(name, *op, value, path),
        }
    }

    fn compare(&self, name: &str, op: FilterOp, json: &Json, path: &str) -> Result<Expr> {
        let (column, kind, _) = self.column(name, &format!("{path}.field"))?;
        let read = |json: &Json| {
            let value = row_json::read(json, kind);
            value.map_err(|problem| {
                Error::Invalid(vec![Problem {
                    path: format!("{path}.value"),
                    ..problem
                }])
            })
        };
        let op = match op {
            FilterOp::In | FilterOp::NotIn | FilterOp::Between => {
                let wrong = |code, message| Error::invalid(format!("{path}.value"), code, message);
                let list = json
                    .as_array()
                    .ok_or_else(|| wrong("WRONG_TYPE", "A list of values is expected."))?;
                let mut values = list.iter().map(read).collect::<Result<Vec<_>>>()?;
                values.retain(|value| !value.is_null());
                if op == FilterOp::Between {
                    let [low, high] = values.as_slice() else {
                        let message = "Give the smallest and the largest value.";
                        return Err(wrong("TWO_VALUES", message));
                    };
                    let from = Expr::compare(column, Compare::Ge, low.clone());
                    return Ok(from.and(Expr::compare(column, Compare::Le, high.clone())));
                }
                let among = Expr::In {
                    column: column.clone(),
                    values,
                };
                return Ok(if op == FilterOp::In {
                    among
                } else {
                    among.negate()
                });
            }
            FilterOp::Contains | FilterOp::StartsWith => {
                return self.search(column, kind, op, json, path);
            }
            FilterOp::IsNull => {
                let is_null = Expr::IsNull(column.clone());
                return Ok(if json.as_bool() == Some(false) {
                    is_null.negate()
                } else {
                    is_null
                });
            }
            FilterOp::Eq => Compare::Eq,
            FilterOp::Ne => Compare::Ne,
            FilterOp::Lt => Compare::Lt,
            FilterOp::Le => Compare::Le,
            FilterOp::Gt => Compare::Gt,
            FilterOp::Ge => Compare::Ge,
        };
        let value = read(json)?;
        Ok(match (op, value.is_null()) {
            (Compare::Eq, true) => Expr::IsNull(column.clone()),
            (Compare::Ne, true) => Expr::IsNull(column.clone()).negate(),
            _ => Expr::compare(column, op, value),
        })
    }

    fn search(
        &self,
        column: &Ident,
        kind: &FieldKind,
        op: FilterOp,
        json: &Json,
        path: &str,
    ) -> Result<Expr> {
        let _ = self;
        let is_text = matches!(
            kind,
            FieldKind::Text { .. } | FieldKind::Paragraph | FieldKind::Dropdown { .. }
        );
        let (true, Some(text)) = (is_text, json.as_str()) else {
            let message = "Only texts can be searched, and only for a text.";
            return Err(Error::invalid(
                format!("{path}.value"),
                "WRONG_TYPE",
                message,
            ));
        };
        let how = if op == FilterOp::Contains {
            TextMatch::Contains
        } else {
            TextMatch::StartsWith
        };
        Ok(Expr::Match {
            column: column.clone(),
            how,
            ignore_case: true,
            text: text.into(),
        })
    }
}
