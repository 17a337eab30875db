//! Conditions on rows, evaluated with the three values of SQL: true, false and unknown.

use std::cmp::Ordering;

use quillback_plugin_api::sql::{Compare, Expr, TextMatch};
use quillback_plugin_api::{DriverError, Value};

use crate::errors;
use crate::select;
use crate::table::{Row, Table};
use crate::types::compare;
use crate::work::Work;

/// A condition whose columns were found and whose other tables were read.
#[derive(Debug)]
pub(crate) enum Condition {
    Constant(bool),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        at: usize,
        op: Compare,
        value: Value,
    },
    Same {
        at: usize,
        value: Value,
    },
    IsNull(usize),
    In {
        at: usize,
        values: Vec<Value>,
    },
    Match {
        at: usize,
        how: TextMatch,
        ignore_case: bool,
        needle: Option<String>,
    },
}

/// Reads the tables that a condition looks into, and puts their values in its place.
///
/// # Errors
/// `NotFound` for a table or column that is none; what reading answers.
pub(crate) fn resolve(work: &mut Work<'_>, expr: &Expr) -> Result<Expr, DriverError> {
    let mut each = |all: &[Expr]| {
        all.iter()
            .map(|one| resolve(work, one))
            .collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        Expr::And(all) => Expr::And(each(all)?),
        Expr::Or(any) => Expr::Or(each(any)?),
        Expr::Not(inner) => resolve(work, inner)?.negate(),
        Expr::InSelect { column, select } => {
            let (_, rows) = select::select(work, select)?;
            let values = rows
                .into_iter()
                .filter_map(|row| row.into_iter().next())
                .collect();
            Expr::In {
                column: column.clone(),
                values,
            }
        }
        other => other.clone(),
    })
}

impl Condition {
    /// Finds the columns of a resolved condition.
    ///
    /// # Errors
    /// `NotFound` for a column that is none.
    pub(crate) fn new(table: &Table, expr: Expr) -> Result<Self, DriverError> {
        let each = |all: Vec<Expr>| {
            all.into_iter()
                .map(|one| Self::new(table, one))
                .collect::<Result<Vec<_>, _>>()
        };
        let at = |column: &quillback_plugin_api::Ident| table.position(column.as_str());
        Ok(match expr {
            Expr::True => Self::Constant(true),
            Expr::False => Self::Constant(false),
            Expr::And(all) => Self::And(each(all)?),
            Expr::Or(any) => Self::Or(each(any)?),
            Expr::Not(inner) => Self::Not(Box::new(Self::new(table, *inner)?)),
            Expr::Compare { column, op, value } => Self::Compare {
                at: at(&column)?,
                op,
                value,
            },
            Expr::Same { column, value } => Self::Same {
                at: at(&column)?,
                value,
            },
            Expr::IsNull(column) => Self::IsNull(at(&column)?),
            Expr::In { column, values } => Self::In {
                at: at(&column)?,
                values,
            },
            Expr::InSelect { .. } | Expr::LastKey { .. } => {
                return Err(DriverError::unsupported(
                    "a condition that looks elsewhere",
                ));
            }
            Expr::Match {
                column,
                how,
                ignore_case,
                text,
            } => {
                let needle = text.as_text().map(|text| folded(text, ignore_case));
                Self::Match {
                    at: at(&column)?,
                    how,
                    ignore_case,
                    needle,
                }
            }
        })
    }

    /// Whether a row holds the condition; `None` is unknown.
    ///
    /// # Errors
    /// `InvalidData` for a value that does not compare with its column.
    pub(crate) fn holds(&self, table: &Table, row: &Row) -> Result<Option<bool>, DriverError> {
        let cell = |at: &usize| row.get(*at).map_or(&Value::Null, |cell| &cell.value);
        let order = |at: &usize, value: &Value| {
            compare(cell(at), value).map_err(|()| incomparable(table, *at))
        };
        Ok(match self {
            Self::Constant(holds) => Some(*holds),
            // One that is false decides; else one that is unknown.
            Self::And(all) => fold(all, false, |one| one.holds(table, row))?,
            Self::Or(any) => fold(any, true, |one| one.holds(table, row))?,
            Self::Not(inner) => inner.holds(table, row)?.map(|holds| !holds),
            Self::Compare { at, op, value } => order(at, value)?.map(|order| means(*op, order)),
            Self::Same { at, value } => Some(match order(at, value)? {
                Some(order) => order.is_eq(),
                None => cell(at).is_null() && value.is_null(),
            }),
            Self::IsNull(at) => Some(cell(at).is_null()),
            Self::In { at, values } => fold(values, true, |value| {
                Ok(order(at, value)?.map(Ordering::is_eq))
            })?,
            Self::Match {
                at,
                how,
                ignore_case,
                needle,
            } => match (cell(at), needle) {
                (Value::Text(text), Some(needle)) => {
                    let text = folded(text, *ignore_case);
                    Some(match how {
                        TextMatch::Contains => text.contains(needle.as_str()),
                        TextMatch::StartsWith => text.starts_with(needle.as_str()),
                    })
                }
                _ => None,
            },
        })
    }
}

/// The answer that `decides`, as soon as there is one; else unknown, if there was an unknown; else the opposite.
fn fold<T>(
    all: &[T],
    decides: bool,
    mut holds: impl FnMut(&T) -> Result<Option<bool>, DriverError>,
) -> Result<Option<bool>, DriverError> {
    let mut result = Some(!decides);
    for one in all {
        match holds(one)? {
            Some(answer) if answer == decides => return Ok(Some(decides)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

fn folded(text: &str, ignore_case: bool) -> String {
    if ignore_case {
        text.to_lowercase()
    } else {
        text.to_owned()
    }
}

fn means(op: Compare, order: Ordering) -> bool {
    match op {
        Compare::Eq => order.is_eq(),
        Compare::Ne => order.is_ne(),
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
    }
}

fn incomparable(table: &Table, at: usize) -> DriverError {
    match table.column(at) {
        Ok(column) => errors::misfit(
            &table.name,
            &column.name,
            "it is compared with a value of another type",
        ),
        Err(error) => error,
    }
}
