//! Tables by name, and records read cell by cell in the order of the table's columns.

use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::sql::{
    Assignment, Delete, Direction, Expr, Insert, Order, Select, Statement, Update,
};
use quillback_plugin_api::{Ident, RowBuffer, TableRef, Value, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A table of the repository: its name, and the columns in the order in which records are read and written.
pub(crate) struct Table {
    /// Name.
    pub(crate) name: &'static str,
    /// Columns.
    pub(crate) columns: &'static [&'static str],
}

impl Table {
    /// The table as statements name it.
    pub(crate) fn table(&self) -> TableRef {
        TableRef::new(Ident::literal(self.name))
    }

    /// All columns of the records that hold `filter`.
    pub(crate) fn select(&self, filter: Expr) -> Select {
        Select::columns(
            self.table(),
            self.columns.iter().map(|column| Ident::literal(column)),
            filter,
        )
    }

    /// The same in ascending order of `column`.
    pub(crate) fn select_by(&self, filter: Expr, column: &'static str) -> Select {
        let order = Order {
            column: Ident::literal(column),
            direction: Direction::Asc,
            nullable: false,
        };
        Select {
            order: vec![order],
            ..self.select(filter)
        }
    }

    /// One column of the records that hold `filter`.
    pub(crate) fn column(&self, column: &'static str, filter: Expr) -> Select {
        Select::columns(self.table(), [Ident::literal(column)], filter)
    }

    /// Adds records with all columns.
    pub(crate) fn insert(&self, records: &[Vec<Value>]) -> Statement {
        let columns = self
            .columns
            .iter()
            .map(|column| Ident::literal(column))
            .collect();
        // Records are written down beside `columns` in this crate: a width that differs is refused by the driver.
        let rows = RowBuffer::from_rows(self.columns.len(), records).unwrap_or_default();
        Statement::Insert(Insert {
            table: self.table(),
            columns,
            rows,
            returning: Vec::new(),
        })
    }

    /// Changes records.
    pub(crate) fn update(&self, set: Vec<(&'static str, Value)>, filter: Expr) -> Statement {
        let set = set
            .into_iter()
            .map(|(column, value)| Assignment::set(&Ident::literal(column), value))
            .collect();
        Statement::Update(Update {
            table: self.table(),
            set,
            filter,
        })
    }

    /// Removes records.
    pub(crate) fn delete(&self, filter: Expr) -> Statement {
        Statement::Delete(Delete {
            table: self.table(),
            filter,
        })
    }
}

/// Equality of a column of the repository.
pub(crate) fn is(column: &'static str, value: impl Into<Value>) -> Expr {
    Expr::eq(&Ident::literal(column), value)
}

/// One record, read column by column.
pub(crate) struct Record<'a> {
    cells: Cells<'a>,
    position: usize,
}

impl<'a> Record<'a> {
    pub(crate) fn new(cells: Cells<'a>) -> Self {
        Self { cells, position: 0 }
    }

    fn next(&mut self) -> Result<ValueRef<'a>> {
        self.position += 1;
        self.cells
            .next()
            .and_then(std::result::Result::ok)
            .ok_or_else(|| self.unexpected("a value"))
    }

    fn unexpected(&self, wanted: &str) -> Error {
        Error::Internal(format!(
            "a record of the repository has no {wanted} in column {}",
            self.position
        ))
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<String> {
        self.optional_text()?.ok_or_else(|| self.unexpected("text"))
    }

    /// A text that may be missing.
    pub(crate) fn optional_text(&mut self) -> Result<Option<String>> {
        match self.next()? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => Ok(Some(text.to_owned())),
            _ => Err(self.unexpected("text")),
        }
    }

    /// A whole number.
    pub(crate) fn number(&mut self) -> Result<i64> {
        let value = self.next()?.to_owned();
        value.as_i64().ok_or_else(|| self.unexpected("number"))
    }

    /// A whole number that may be missing.
    pub(crate) fn optional_number(&mut self) -> Result<Option<i64>> {
        match self.next()?.to_owned() {
            Value::Null => Ok(None),
            value => Ok(Some(
                value.as_i64().ok_or_else(|| self.unexpected("number"))?,
            )),
        }
    }

    /// True or false.
    pub(crate) fn flag(&mut self) -> Result<bool> {
        match self.next()? {
            ValueRef::Bool(flag) => Ok(flag),
            ValueRef::I64(number) => Ok(number != 0),
            _ => Err(self.unexpected("flag")),
        }
    }

    /// A moment in time.
    pub(crate) fn moment(&mut self) -> Result<Timestamp> {
        self.optional_moment()?
            .ok_or_else(|| self.unexpected("moment"))
    }

    /// A moment in time that may be missing.
    pub(crate) fn optional_moment(&mut self) -> Result<Option<Timestamp>> {
        match self.next()? {
            ValueRef::Null => Ok(None),
            ValueRef::Instant(moment)
            | ValueRef::Timestamp(moment)
            | ValueRef::OffsetInstant(moment, _) => Ok(Some(moment)),
            _ => Err(self.unexpected("moment")),
        }
    }

    /// A JSON document stored as text.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        parse_json(&self.text()?)
    }
}

/// Reads a record of one text.
pub(crate) fn one_text(record: &mut Record<'_>) -> Result<String> {
    record.text()
}

/// Reads a record of one number.
pub(crate) fn one_number(record: &mut Record<'_>) -> Result<i64> {
    record.number()
}

/// Reads a JSON document of the repository.
pub(crate) fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::Internal(format!("a document of the repository: {error}")))
}

/// Writes a JSON document for the repository.
pub(crate) fn to_json<T: Serialize>(document: &T) -> Result<String> {
    serde_json::to_string(document)
        .map_err(|error| Error::Internal(format!("a document cannot be written: {error}")))
}
