//! Conditions evaluated in plain Rust, to compare databases with, and random conditions to evaluate.

use std::cmp::Ordering;

use anyhow::{Result, bail};
use quillback_plugin_api::sql::{Compare, Expr, Select, SelectItem, TextMatch};
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::random::Random;
use crate::samples::decimal;
use crate::tables::{id, n};

/// One row: its columns and values.
pub(crate) type Row = Vec<(Ident, Value)>;

/// The rows of the table that conditions look into.
pub(crate) type Others<'a> = &'a [Row];

/// Whether `row` holds the condition; `None` is unknown.
pub(crate) fn holds(condition: &Expr, row: &Row, others: Others<'_>) -> Result<Option<bool>> {
    Ok(match condition {
        Expr::True => Some(true),
        Expr::False => Some(false),
        Expr::And(all) => {
            let mut result = Some(true);
            for one in all {
                result = match (result, holds(one, row, others)?) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), other) => other,
                    (None, _) => None,
                };
            }
            result
        }
        Expr::Or(any) => {
            let mut result = Some(false);
            for one in any {
                result = match (result, holds(one, row, others)?) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), other) => other,
                    (None, _) => None,
                };
            }
            result
        }
        Expr::Not(inner) => holds(inner, row, others)?.map(|holds| !holds),
        Expr::Compare { column, op, value } => {
            order(cell(row, column)?, value)?.map(|order| compares(*op, order))
        }
        Expr::Same { column, value } => {
            let cell = cell(row, column)?;
            Some(match order(cell, value)? {
                Some(order) => order == Ordering::Equal,
                None => cell.is_null() && value.is_null(),
            })
        }
        Expr::IsNull(column) => Some(cell(row, column)?.is_null()),
        Expr::In { column, values } => is_in(cell(row, column)?, values)?,
        Expr::InSelect { column, select } => is_in(cell(row, column)?, &selected(select, others)?)?,
        Expr::LastKey { .. } => bail!("the oracle inserts nothing"),
        Expr::Match {
            column,
            how,
            ignore_case,
            text,
        } => matches(cell(row, column)?, *how, *ignore_case, text),
    })
}

fn cell<'a>(row: &'a Row, column: &Ident) -> Result<&'a Value> {
    match row.iter().find(|(name, _)| name == column) {
        Some((_, value)) => Ok(value),
        None => bail!("the oracle knows no column {column}"),
    }
}

/// How two values compare; `None` when one is NULL. Texts compare byte by byte.
fn order(one: &Value, other: &Value) -> Result<Option<Ordering>> {
    Ok(match (one, other) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::I64(one), Value::I64(other)) => Some(one.cmp(other)),
        (Value::Text(one), Value::Text(other)) => Some(one.as_bytes().cmp(other.as_bytes())),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        (Value::Decimal(one), Value::Decimal(other)) => {
            // Two digits after the point everywhere, so that the digits compare as a whole number.
            let cents = |text: &str| text.replace('.', "").parse::<i64>();
            Some(cents(one.as_str())?.cmp(&cents(other.as_str())?))
        }
        _ => bail!("the oracle does not compare {one:?} with {other:?}"),
    })
}

fn compares(op: Compare, order: Ordering) -> bool {
    match op {
        Compare::Eq => order.is_eq(),
        Compare::Ne => order.is_ne(),
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
    }
}

fn is_in(cell: &Value, values: &[Value]) -> Result<Option<bool>> {
    let mut result = Some(false);
    for value in values {
        match order(cell, value)? {
            Some(Ordering::Equal) => return Ok(Some(true)),
            Some(_) => {}
            None => result = None,
        }
    }
    Ok(result)
}

fn selected(select: &Select, others: Others<'_>) -> Result<Vec<Value>> {
    let Some(SelectItem::Column(column)) = select.items.first() else {
        bail!("the oracle selects columns only");
    };
    let mut values = Vec::new();
    for row in others {
        if holds(&select.filter, row, &[])? == Some(true) {
            values.push(cell(row, column)?.clone());
        }
    }
    Ok(values)
}

/// Whether a text has the needle; only ASCII letters have another case here.
pub(crate) fn matches(
    cell: &Value,
    how: TextMatch,
    ignore_case: bool,
    needle: &Value,
) -> Option<bool> {
    let (Value::Text(text), Value::Text(needle)) = (cell, needle) else {
        return None;
    };
    let fold = |text: &str| {
        if ignore_case {
            text.to_ascii_lowercase()
        } else {
            text.to_owned()
        }
    };
    let (text, needle) = (fold(text), fold(needle));
    Some(match how {
        TextMatch::Contains => text.contains(&needle),
        TextMatch::StartsWith => text.starts_with(&needle),
    })
}

/// Columns, values and tables that random conditions are made of.
pub(crate) struct Vocabulary {
    /// Columns with values to compare them with.
    pub(crate) columns: Vec<(Ident, Vec<Value>)>,
    /// Columns of texts, with needles.
    pub(crate) texts: Vec<(Ident, Vec<Value>)>,
    /// A table with a whole number column `n` for [`Expr::InSelect`].
    pub(crate) others: TableRef,
}

impl Vocabulary {
    /// A random condition, at most `depth` levels deep.
    pub(crate) fn condition(&self, random: &mut Random, depth: usize) -> Expr {
        if depth > 0 && random.below(3) > 0 {
            let count = random.below(4);
            return match random.below(5) {
                0 | 1 => Expr::And(self.conditions(random, depth - 1, count)),
                2 | 3 => Expr::Or(self.conditions(random, depth - 1, count)),
                _ => self.condition(random, depth - 1).negate(),
            };
        }
        self.leaf(random)
    }

    fn conditions(&self, random: &mut Random, depth: usize, count: usize) -> Vec<Expr> {
        (0..count).map(|_| self.condition(random, depth)).collect()
    }

    fn leaf(&self, random: &mut Random) -> Expr {
        let (column, values) = random.pick(&self.columns).clone();
        match random.below(14) {
            0 => Expr::True,
            1 => Expr::False,
            2..=5 => {
                let all = [
                    Compare::Eq,
                    Compare::Ne,
                    Compare::Lt,
                    Compare::Le,
                    Compare::Gt,
                    Compare::Ge,
                ];
                let value = random.pick(&values).clone();
                // Booleans have no order on some databases.
                let most = if matches!(value, Value::Bool(_)) {
                    2
                } else {
                    all.len()
                };
                let op = *random.pick(all.get(..most).unwrap_or(&all));
                Expr::Compare { column, op, value }
            }
            6 | 7 => Expr::Same {
                column,
                value: random.pick(&values).clone(),
            },
            8 => Expr::IsNull(column),
            9 | 10 => {
                let count = random.below(4);
                let values = (0..count).map(|_| random.pick(&values).clone()).collect();
                Expr::In { column, values }
            }
            11 => {
                let (column, needles) = random.pick(&self.texts).clone();
                Expr::Match {
                    column,
                    how: *random.pick(&[TextMatch::Contains, TextMatch::StartsWith]),
                    ignore_case: random.below(2) == 0,
                    text: random.pick(&needles).clone(),
                }
            }
            _ => self.in_select(random),
        }
    }

    fn in_select(&self, random: &mut Random) -> Expr {
        let filter = match random.below(4) {
            0 => Expr::True,
            1 => Expr::IsNull(n()).negate(),
            2 => Expr::compare(&n(), Compare::Gt, 1),
            _ => Expr::compare(&id(), Compare::Le, 2),
        };
        let whole = self
            .columns
            .iter()
            .find(|(_, values)| matches!(values.first(), Some(Value::I64(_))));
        let column = whole.map_or_else(id, |(column, _)| column.clone());
        let select = Select::columns(self.others.clone(), [n()], filter);
        Expr::InSelect {
            column,
            select: Box::new(select),
        }
    }
}

/// Values that random rows and conditions share, so that conditions hold now and then.
pub(crate) fn cents() -> Vec<Value> {
    ["-1.50", "0.00", "0.01", "99999999.99"].map(decimal).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Value) -> Row {
        vec![(n(), value)]
    }

    #[test]
    fn unknown_stays_unknown_until_something_decides() {
        let unknown = Expr::eq(&n(), Value::Null);
        let holds = |condition: Expr| holds(&condition, &row(1.into()), &[]).unwrap();
        assert_eq!(holds(unknown.clone()), None);
        assert_eq!(holds(unknown.clone().negate()), None);
        assert_eq!(
            holds(Expr::And(vec![unknown.clone(), Expr::False])),
            Some(false)
        );
        assert_eq!(
            holds(Expr::Or(vec![unknown.clone(), Expr::True])),
            Some(true)
        );
        assert_eq!(holds(Expr::And(vec![unknown.clone(), Expr::True])), None);
        assert_eq!(holds(Expr::Or(vec![Expr::False, unknown])), None);
        assert_eq!(holds(Expr::And(vec![])), Some(true));
        assert_eq!(holds(Expr::Or(vec![])), Some(false));
    }

    #[test]
    fn a_null_among_values_makes_a_miss_unknown() {
        let among = |values: Vec<Value>, cell: Value| {
            holds(
                &Expr::In {
                    column: n(),
                    values,
                },
                &row(cell),
                &[],
            )
            .unwrap()
        };
        assert_eq!(among(vec![1.into(), Value::Null], 1.into()), Some(true));
        assert_eq!(among(vec![2.into(), Value::Null], 1.into()), None);
        assert_eq!(among(vec![], Value::Null), Some(false));
    }
}
