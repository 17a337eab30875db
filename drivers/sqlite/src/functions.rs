//! The functions and the collation that each connection gets, because the engine has none like them.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Error, Result, ffi};

use crate::decimal;
use crate::dialect::{FOLD, PLUS};

/// Adds them to a connection.
pub(crate) fn install(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_collation(decimal::COLLATION, decimal::compare)?;
    connection.create_scalar_function(FOLD, 1, flags, |context| Ok(fold(context.get_raw(0))))?;
    connection.create_scalar_function(PLUS, 2, flags, plus)
}

fn fold(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(text) => Value::Text(fold_text(&String::from_utf8_lossy(text))),
        other => other.try_into().unwrap_or(Value::Null),
    }
}

/// The text with upper and lower case made the same, character by character: what a text contains, its folded form
/// contains too.
pub(crate) fn fold_text(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|lower| if lower == 'ς' { 'σ' } else { lower })
        .collect()
}

fn plus(context: &Context<'_>) -> Result<ToSqlOutput<'static>> {
    let sum = match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Null, _) | (_, ValueRef::Null) => Some(Value::Null),
        (ValueRef::Integer(a), ValueRef::Integer(b)) => a.checked_add(b).map(Value::Integer),
        (ValueRef::Real(a), b) => number(b).map(|b| Value::Real(a + b)),
        (a, ValueRef::Real(b)) => number(a).map(|a| Value::Real(a + b)),
        (a, b) => exact(a)
            .zip(exact(b))
            .and_then(|(a, b)| decimal::add(&a, &b))
            .map(Value::Text),
    };
    sum.map(ToSqlOutput::Owned).ok_or_else(|| {
        // A text would make a failure without a code of its own of it.
        Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_MISMATCH), None)
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the other summand is a float already"
)]
fn number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

fn exact(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        install(&connection).unwrap();
        connection
    }

    #[test]
    fn folding_knows_more_than_ascii() {
        assert_eq!(
            fold_text("ÄÖÜ ΟΔΟΣ Straße ПРИВЕТ"),
            "äöü οδοσ straße привет"
        );
        let found: bool = connection()
            .query_row(
                "SELECT instr(quillback_fold('ΟΔΟΣ'), quillback_fold('οΣ')) > 0",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert!(found);
    }

    #[test]
    fn sums_keep_their_kind_and_are_exact() {
        let connection = connection();
        let sum = |sql: &str| -> Result<Value> {
            connection.query_row(&format!("SELECT quillback_plus({sql})"), [], |row| {
                row.get(0)
            })
        };
        assert_eq!(sum("1, 2").unwrap(), Value::Integer(3));
        assert_eq!(
            sum("'12345678901234.5678', 1").unwrap(),
            Value::Text("12345678901235.5678".into())
        );
        assert_eq!(sum("1.5, 2").unwrap(), Value::Real(3.5));
        assert_eq!(sum("NULL, 2").unwrap(), Value::Null);
        assert!(sum("9223372036854775807, 1").is_err());
        assert!(sum("'abc', 1").is_err());
    }

    #[test]
    fn the_collation_sorts_decimals_by_value() {
        let connection = connection();
        connection
            .execute_batch(
                "CREATE TABLE t (d DECIMAL_TEXT COLLATE quillback_decimal UNIQUE);
                 INSERT INTO t VALUES ('10'), ('9.5'), ('-3'), ('9.10');",
            )
            .unwrap();
        let sorted: String = connection
            .query_row(
                "SELECT group_concat(d, ' ') FROM (SELECT d FROM t ORDER BY d)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(sorted, "-3 9.10 9.5 10");
        assert!(
            connection
                .execute("INSERT INTO t VALUES ('9.50')", [])
                .is_err()
        );
        let kind: String = connection
            .query_row("SELECT typeof(d) FROM t WHERE d = 10", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kind, "text");
    }
}
