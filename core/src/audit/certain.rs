//! Whether a row as it once was certainly holds a condition, decided without a database.
//!
//! Databases disagree about texts: case, accents, spaces at the end and punctuation count in one and not in another.
//! So the answer is yes only where every database says yes, no only where every database says no, and else it is left
//! open; whoever asks takes an open answer for a no.

use std::cmp::Ordering;

use quillback_plugin_api::sql::{Compare, Expr, TextMatch};
use quillback_plugin_api::{Ident, Value};
use serde_json::Value as Json;

use crate::field::{FieldKind, compare};
use crate::row_json;
use crate::schema::Definition;

/// An answer that every database agrees with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// They may disagree, or it is unknown because there is no value.
    Open,
}

/// A row as it was: key and fields as the audit trail keeps them.
pub struct Was<'a> {
    /// The schema as it is now.
    pub definition: &'a Definition,
    /// Key, as JSON object.
    pub key: &'a Json,
    /// All fields, as JSON object.
    pub values: &'a Json,
}

/// Whether the row certainly held the condition.
pub fn certainly(condition: &Expr, row: &Was<'_>) -> bool {
    row.answer(condition) == Answer::Yes
}

impl Was<'_> {
    fn answer(&self, condition: &Expr) -> Answer {
        match condition {
            Expr::True => Answer::Yes,
            Expr::False => Answer::No,
            Expr::And(all) => all_of(all.iter().map(|one| self.answer(one))),
            Expr::Or(any) => opposite(all_of(any.iter().map(|one| opposite(self.answer(one))))),
            Expr::Not(inner) => opposite(self.answer(inner)),
            Expr::Compare { column, op, value } => self.with(column, |is| compared(is, *op, value)),
            Expr::Same { column, value } => match self.value(column) {
                Some(is) if is.is_null() && value.is_null() => Answer::Yes,
                Some(is) if !is.is_null() && !value.is_null() => equal(&is, value),
                _ => Answer::Open,
            },
            Expr::IsNull(column) => match self.value(column) {
                Some(Value::Null) => Answer::Yes,
                // There are databases for which an empty text is none.
                Some(Value::Text(text)) if text.is_empty() => Answer::Open,
                Some(_) => Answer::No,
                None => Answer::Open,
            },
            Expr::In { column, values } => self.with(column, |is| {
                let none = values.iter().map(|value| opposite(equal(is, value)));
                opposite(all_of(none))
            }),
            Expr::Match {
                column, how, text, ..
            } => self.with(column, |is| found(is, *how, text)),
            Expr::InSelect { .. } | Expr::LastKey { .. } => Answer::Open,
        }
    }

    /// What a comparison with the column's value answers; open without a value.
    fn with(&self, column: &Ident, compare: impl Fn(&Value) -> Answer) -> Answer {
        match self.value(column) {
            Some(value) if !value.is_null() => compare(&value),
            _ => Answer::Open,
        }
    }

    /// The column's value; `None` where the row had no such column, or one of another type.
    fn value(&self, column: &Ident) -> Option<Value> {
        let keys = self.definition.key.iter();
        let mut keys = keys.map(|part| (&part.column, &part.name, &part.kind, self.key));
        let fields = self.definition.fields.iter();
        let mut fields = fields.map(|field| (&field.column, &field.name, &field.kind, self.values));
        let is_it = |(known, ..): &(&Ident, &String, &FieldKind, &Json)| *known == column;
        let (_, name, kind, values) = keys.find(is_it).or_else(|| fields.find(is_it))?;
        row_json::read(values.get(name)?, kind).ok()
    }
}

fn opposite(answer: Answer) -> Answer {
    match answer {
        Answer::Yes => Answer::No,
        Answer::No => Answer::Yes,
        Answer::Open => Answer::Open,
    }
}

/// One no is enough; without any answer it is yes.
fn all_of(answers: impl Iterator<Item = Answer>) -> Answer {
    let mut all = Answer::Yes;
    for answer in answers {
        match answer {
            Answer::No => return Answer::No,
            Answer::Open => all = Answer::Open,
            Answer::Yes => {}
        }
    }
    all
}

fn when(is: bool) -> Answer {
    if is { Answer::Yes } else { Answer::No }
}

fn compared(is: &Value, op: Compare, value: &Value) -> Answer {
    if value.is_null() {
        return Answer::Open;
    }
    match op {
        Compare::Eq => equal(is, value),
        Compare::Ne => opposite(equal(is, value)),
        _ => match order(is, value) {
            None => Answer::Open,
            Some(order) => when(match op {
                Compare::Lt => order.is_lt(),
                Compare::Le => order.is_le(),
                Compare::Gt => order.is_gt(),
                _ => order.is_ge(),
            }),
        },
    }
}

fn equal(is: &Value, value: &Value) -> Answer {
    match (is, value) {
        (Value::Null, _) | (_, Value::Null) => Answer::Open,
        (Value::Text(is), Value::Text(value)) if is == value => Answer::Yes,
        (Value::Text(is), Value::Text(value)) => match (bare(is), bare(value)) {
            (Some(is), Some(value)) if is != value => Answer::No,
            _ => Answer::Open,
        },
        (Value::Bool(is), Value::Bool(value)) => when(is == value),
        (Value::Uuid(is), Value::Uuid(value)) => when(is == value),
        _ => order(is, value).map_or(Answer::Open, |order| when(order.is_eq())),
    }
}

/// The order of two values where all databases have the same; texts are only the same or of no certain order.
fn order(is: &Value, value: &Value) -> Option<Ordering> {
    match (is, value) {
        (Value::Text(is), Value::Text(value)) => (is == value).then_some(Ordering::Equal),
        (Value::Decimal(is), Value::Decimal(value)) => {
            let is_finite = |number: &str| number.bytes().any(|byte| byte.is_ascii_digit());
            (is_finite(is.as_str()) && is_finite(value.as_str()))
                .then(|| compare(&Value::Decimal(is.clone()), &Value::Decimal(value.clone())))?
        }
        // A database may keep fewer digits of a second than it was sent.
        (Value::Timestamp(is), Value::Timestamp(value))
        | (Value::Instant(is), Value::Instant(value)) => {
            let is_apart = is.seconds.abs_diff(value.seconds) > 1;
            (is == value || is_apart).then(|| is.cmp(value))
        }
        (Value::Time(is), Value::Time(value)) => {
            let is_apart = is.abs_diff(*value) > 2_000_000_000;
            (is == value || is_apart).then(|| is.cmp(value))
        }
        (Value::I64(_), Value::I64(_)) | (Value::Date(_), Value::Date(_)) => compare(is, value),
        _ => None,
    }
}

fn found(is: &Value, how: TextMatch, text: &Value) -> Answer {
    let (Value::Text(is), Value::Text(text)) = (is, text) else {
        return Answer::Open;
    };
    let has = |is: &str, text: &str| match how {
        TextMatch::Contains => is.contains(text),
        TextMatch::StartsWith => is.starts_with(text),
    };
    if has(is, text) {
        return Answer::Yes;
    }
    match (bare(is), bare(text)) {
        (Some(is), Some(text)) if !has(&is, &text) => Answer::No,
        _ => Answer::Open,
    }
}

/// What no database takes for the same: letters and digits in lower case. `None` where languages come in.
fn bare(text: &str) -> Option<String> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    text.bytes().all(is_plain).then(|| {
        let counts = text.chars().filter(char::is_ascii_alphanumeric);
        counts.map(|letter| letter.to_ascii_lowercase()).collect()
    })
}
