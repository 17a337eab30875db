//! Declared keys that a database does not enforce: what every driver does that sees to them itself.
//!
//! A driver looks up the keys of the tables that are [`written`] to, has the keys of the rows compared with each other
//! ([`of_rows`]), and says in its own SQL what finds them among the rows that are there. How it keeps others from adding
//! the same at the same moment is its own too: a lock, a second look, or a statement that both looks and writes.

use std::collections::HashSet;

use crate::batch::{Batch, Step};
use crate::codec::put_value;
use crate::error::{Category, DriverError};
use crate::ident::{Ident, TableRef};
use crate::lately::Known;
use crate::sql::{Expr, Insert, Statement};
use crate::value::{Value, ValueRef};

/// The keys of the tables that a batch writes to, each a list of columns; a table without keys may be left out.
pub type KeysOfBatch = Known<Vec<Vec<Ident>>>;

/// When two names mean the same column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// When they are the same character by character.
    Exact,
    /// In upper and lower case too.
    AnyCase,
}

impl Names {
    /// Whether the names mean the same column.
    pub fn same(self, one: &Ident, other: &Ident) -> bool {
        match self {
            Self::Exact => one == other,
            Self::AnyCase => one.as_str().to_lowercase() == other.as_str().to_lowercase(),
        }
    }
}

/// The tables in which a batch adds or changes rows, each once.
pub fn written(batch: &Batch) -> Vec<&TableRef> {
    let mut tables = Vec::new();
    for step in &batch.steps {
        let table = match step {
            Step::Write {
                statement: Statement::Insert(insert),
                ..
            } => &insert.table,
            Step::Write {
                statement: Statement::Update(update),
                ..
            } => &update.table,
            _ => continue,
        };
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

/// Where the columns of a key are among those that an insert gives; `None` where one is not, and for a key of no columns.
pub fn places(insert: &Insert, key: &[Ident], names: Names) -> Option<Vec<usize>> {
    let place = |column: &Ident| {
        let mut given = insert.columns.iter();
        given.position(|name| names.same(name, column))
    };
    let places: Option<Vec<_>> = key.iter().map(place).collect();
    places.filter(|places| !places.is_empty())
}

/// The keys of the rows to add, without those that have a NULL in them, which equal no other.
///
/// # Errors
/// `Unique` where two rows have the same key: no statement that adds both would find either. `Protocol` for rows that
/// cannot be read.
pub fn of_rows(insert: &Insert, places: &[usize]) -> Result<Vec<Vec<Value>>, DriverError> {
    let mut seen = HashSet::with_capacity(insert.rows.len());
    let mut keys = Vec::with_capacity(insert.rows.len());
    for row in &insert.rows {
        let cells = row.collect::<Result<Vec<_>, _>>()?;
        let given = places.iter().map(|place| {
            let cell = cells.get(*place).copied();
            cell.filter(|cell| !cell.is_null()).map(ValueRef::to_owned)
        });
        let Some(key) = given.collect::<Option<Vec<_>>>() else {
            continue;
        };
        if !seen.insert(spelled(&key)) {
            return Err(duplicate());
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The condition that finds the rows with one of these keys.
pub fn any_of(key: &[Ident], rows: &[Vec<Value>]) -> Expr {
    if let [column] = key {
        return Expr::In {
            column: column.clone(),
            values: rows.iter().flatten().cloned().collect(),
        };
    }
    let each = |row: &Vec<Value>| {
        let parts = key.iter().zip(row);
        Expr::all(parts.map(|(column, value)| Expr::eq(column, value.clone())))
    };
    Expr::Or(rows.iter().map(each).collect())
}

/// What adding a row whose key is there already comes to.
pub fn duplicate() -> DriverError {
    DriverError::new(
        Category::Unique,
        "a row with the same key exists already; the driver looks before it writes, as this database enforces no keys",
    )
}

/// Values as bytes that are the same where the values are; a number is the same in whatever kind it comes.
fn spelled(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        let number = match value {
            Value::I64(number) => number.to_string(),
            Value::U64(number) => number.to_string(),
            Value::Decimal(number) if number.as_str().contains('.') => {
                let digits = number.as_str().trim_end_matches('0');
                digits.trim_end_matches('.').to_owned()
            }
            Value::Decimal(number) => number.as_str().to_owned(),
            other => {
                put_value(&mut bytes, other);
                continue;
            }
        };
        put_value(&mut bytes, &Value::Text(number));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Expect;
    use crate::rows::RowBuffer;
    use crate::sql::{Assignment, Delete, Select, Update};
    use crate::value::Decimal;

    fn name(text: &'static str) -> Ident {
        Ident::literal(text)
    }

    fn table(text: &'static str) -> TableRef {
        TableRef::new(name(text))
    }

    fn insert(columns: &[&'static str], rows: &[Vec<Value>]) -> Insert {
        Insert {
            table: table("t"),
            columns: columns.iter().map(|column| name(column)).collect(),
            rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
            returning: Vec::new(),
        }
    }

    #[test]
    fn tables_that_get_rows_or_values_are_named_once() {
        let update = Update {
            table: table("u"),
            set: vec![Assignment::set(&name("a"), 1)],
            filter: Expr::True,
        };
        let delete = Delete {
            table: table("d"),
            filter: Expr::True,
        };
        let mut batch = Batch::default();
        batch
            .read(Select::count(table("r"), Expr::True))
            .write(Statement::Update(update.clone()), Expect::Any)
            .write(Statement::Insert(insert(&["a"], &[])), Expect::Any)
            .write(Statement::Delete(delete), Expect::Any)
            .write(Statement::Update(update), Expect::Any);
        assert_eq!(written(&batch), [&table("u"), &table("t")]);
    }

    #[test]
    fn a_key_is_given_when_all_of_its_columns_are() {
        let insert = insert(&["a", "B"], &[]);
        let key = [name("b"), name("a")];
        assert_eq!(places(&insert, &key, Names::Exact), None);
        assert_eq!(places(&insert, &key, Names::AnyCase), Some(vec![1, 0]));
        assert_eq!(places(&insert, &[], Names::AnyCase), None);
    }

    #[test]
    fn keys_are_the_same_in_whatever_kind_their_numbers_come() {
        let decimal = |text: &str| Value::Decimal(Decimal::new(text).unwrap());
        let keys = |rows: &[Vec<Value>]| of_rows(&insert(&["a", "b"], rows), &[0, 1]);
        for (one, other) in [
            (decimal("1.50"), decimal("1.5")),
            (decimal("7.0"), Value::I64(7)),
            (Value::U64(7), Value::I64(7)),
            (decimal("100"), Value::I64(100)),
        ] {
            let rows = [vec![one, "x".into()], vec![other, "x".into()]];
            let error = keys(&rows).unwrap_err();
            assert_eq!(error.category, Category::Unique, "{rows:?}");
        }
        let rows = [
            vec![decimal("10"), "x".into()],
            vec![1.into(), "x".into()],
            vec![1.into(), "y".into()],
            // Equals no other.
            vec![1.into(), Value::Null],
            vec![1.into(), Value::Null],
        ];
        assert_eq!(keys(&rows).unwrap(), rows[..3].to_vec());
    }

    #[test]
    fn rows_are_found_by_all_columns_of_their_keys() {
        let (a, b) = (name("a"), name("b"));
        assert_eq!(
            any_of(std::slice::from_ref(&a), &[vec![1.into()], vec![2.into()]]),
            Expr::In {
                column: a.clone(),
                values: vec![1.into(), 2.into()],
            }
        );
        assert_eq!(
            any_of(&[a.clone(), b.clone()], &[vec![1.into(), "x".into()]]),
            Expr::Or(vec![Expr::And(vec![Expr::eq(&a, 1), Expr::eq(&b, "x")])])
        );
    }
}
