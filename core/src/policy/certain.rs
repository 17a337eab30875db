//! Whether a row that is not in the database any more would certainly satisfy a condition. Fails closed.
//!
//! Only what every database agrees on counts as certain: equality of the same value, order of numbers and dates, a text
//! that holds another letter for letter. What depends on a collation, on NULL or on another table does not.

use std::cmp::Ordering;

use quillback_plugin_api::sql::{Compare, Expr, TextMatch};
use quillback_plugin_api::{Ident, Value};

/// Whether a row with these values certainly satisfies the condition. `value` answers a column's value, if it is known.
pub(crate) fn is_certain(expr: &Expr, value: &dyn Fn(&Ident) -> Option<Value>) -> bool {
    match expr {
        Expr::True => true,
        Expr::And(all) => all.iter().all(|one| is_certain(one, value)),
        Expr::Or(any) => any.iter().any(|one| is_certain(one, value)),
        Expr::Compare {
            column,
            op,
            value: wanted,
        } => value(column).is_some_and(|found| compares(&found, *op, wanted)),
        Expr::Same {
            column,
            value: wanted,
        } => value(column).is_some_and(|found| found == *wanted),
        Expr::IsNull(column) => value(column).is_some_and(|found| found.is_null()),
        Expr::In { column, values } => value(column).is_some_and(|found| {
            let mut wanted = values.iter();
            wanted.any(|wanted| compares(&found, Compare::Eq, wanted))
        }),
        Expr::Match {
            column, how, text, ..
        } => value(column).is_some_and(|found| holds(&found, *how, text)),
        Expr::False | Expr::Not(_) | Expr::InSelect { .. } => false,
    }
}

fn compares(found: &Value, op: Compare, wanted: &Value) -> bool {
    if found.is_null() || wanted.is_null() {
        return false;
    }
    if op == Compare::Eq {
        return found == wanted;
    }
    let Some(order) = order(found, wanted) else {
        return false;
    };
    match op {
        Compare::Eq => order == Ordering::Equal,
        Compare::Ne => order != Ordering::Equal,
        Compare::Lt => order == Ordering::Less,
        Compare::Le => order != Ordering::Greater,
        Compare::Gt => order == Ordering::Greater,
        Compare::Ge => order != Ordering::Less,
    }
}

/// The order of two values of the same type that has one order everywhere; texts have as many as there are collations.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::I64(left), Value::I64(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right))
        | (Value::Instant(left), Value::Instant(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn holds(found: &Value, how: TextMatch, text: &Value) -> bool {
    let (Some(found), Some(text)) = (found.as_text(), text.as_text()) else {
        return false;
    };
    match how {
        TextMatch::Contains => found.contains(text),
        TextMatch::StartsWith => found.starts_with(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_every_database_agrees_on_is_certain() {
        let column = Ident::literal("c");
        let with = |found: Value, expr: &Expr| is_certain(expr, &|_| Some(found.clone()));
        let text = |text: &str| Value::from(text);
        let compare = |op, value: Value| Expr::compare(&column, op, value);
        let is = |value: Value| Expr::eq(&column, value);
        let cases = [
            (text("north"), is(text("north")), true),
            (text("North"), is(text("north")), false),
            (text("north "), is(text("north")), false),
            (text("b"), compare(Compare::Gt, text("a")), false),
            (text("south"), compare(Compare::Ne, text("north")), false),
            (Value::Null, is(Value::Null), false),
            (Value::Null, Expr::IsNull(column.clone()), true),
            (Value::Null, compare(Compare::Ne, Value::I64(1)), false),
            (Value::I64(2), compare(Compare::Gt, Value::I64(1)), true),
            (Value::I64(2), compare(Compare::Le, Value::I64(1)), false),
            (Value::I64(2), is(text("2")), false),
            (Value::I64(1), is(Value::I64(2)).negate(), false),
            (Value::I64(1), Expr::And(Vec::new()), true),
            (Value::I64(1), Expr::Or(Vec::new()), false),
        ];
        for (found, expr, expected) in cases {
            assert_eq!(with(found.clone(), &expr), expected, "{found:?} {expr:?}");
        }
        assert!(
            !is_certain(&Expr::IsNull(column), &|_| None),
            "an unknown value is not NULL"
        );
    }
}
