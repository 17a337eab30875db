//! A table in memory: its columns, its key and its rows, made of a file and its description and written back as both.

use std::collections::HashSet;

use quillback_plugin_api::sql::ColumnDef;
use quillback_plugin_api::{DriverError, Value};

use crate::csv::{self, Style};
use crate::errors;
use crate::sidecar::Sidecar;
use crate::types::{Kind, canonical};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Name.
    pub(crate) name: String,
    /// Type.
    pub(crate) kind: Kind,
    /// Whether every row has a value.
    pub(crate) required: bool,
    /// Text of the value that rows get when none is given.
    pub(crate) default: Option<String>,
}

/// A cell: the text in the file, kept as it was found, and the value it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: Option<String>,
    /// The value.
    pub(crate) value: Value,
}

/// The cells of a row in the order of the columns.
pub(crate) type Row = Vec<Cell>;

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Name.
    pub(crate) name: String,
    /// Columns.
    pub(crate) columns: Vec<Column>,
    /// Positions of the key's columns.
    pub(crate) key: Vec<usize>,
    /// Rows in the order of the file.
    pub(crate) rows: Vec<Row>,
    style: Style,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(name: &str, columns: Vec<Column>, key: Vec<usize>) -> Self {
        Self {
            name: name.to_owned(),
            columns,
            key,
            rows: Vec::new(),
            style: Style::default(),
        }
    }

    /// Makes a table of the text of a file and of its description.
    ///
    /// # Errors
    /// `InvalidData` that names the line.
    pub(crate) fn read(name: &str, text: &str, sidecar: Option<&str>) -> Result<Self, DriverError> {
        let file = format!("{name}.csv");
        let (records, style) = csv::read(text)
            .map_err(|(line, why)| errors::damaged(&file, &format!("line {line}: {why}")))?;
        let mut records = records.into_iter();
        let header = records.next().unwrap_or_default();
        let (columns, key) = described(name, &header, sidecar)?;
        let mut table = Self {
            style,
            ..Self::new(name, columns, key)
        };
        for (position, record) in records.enumerate() {
            // An empty line is a row of a table with one column, and nothing in any other.
            if record.len() == 1 && table.columns.len() > 1 && record.first() == Some(&None) {
                continue;
            }
            let row = table
                .parsed(record)
                .map_err(|why| errors::damaged(&file, &format!("row {}: {why}", position + 1)))?;
            table.rows.push(row);
        }
        Ok(table)
    }

    fn parsed(&self, record: Vec<csv::Cell>) -> Result<Row, String> {
        if record.len() != self.columns.len() {
            return Err(format!(
                "{} cells where the first line has {}",
                record.len(),
                self.columns.len()
            ));
        }
        let cells = record
            .into_iter()
            .zip(&self.columns)
            .map(|(text, column)| match &text {
                Some(found) => match column.kind.parse(found) {
                    Some(value) => Ok(Cell { text, value }),
                    None => Err(format!(
                        "the column {} holds what is no {}",
                        column.name,
                        column.kind.native()
                    )),
                },
                None => Ok(Cell {
                    text: None,
                    value: Value::Null,
                }),
            });
        cells.collect()
    }

    /// The texts of the file and of its description.
    pub(crate) fn print(&self) -> (String, String) {
        let mut text = csv::start(self.style);
        csv::write(
            &mut text,
            self.columns.iter().map(|column| Some(column.name.as_str())),
            self.style,
        );
        for row in &self.rows {
            csv::write(
                &mut text,
                row.iter().map(|cell| cell.text.as_deref()),
                self.style,
            );
        }
        (text, Sidecar::of(&self.columns, &self.key).print())
    }

    /// Position of a column.
    ///
    /// # Errors
    /// `NotFound`.
    pub(crate) fn position(&self, name: &str) -> Result<usize, DriverError> {
        let position = self.columns.iter().position(|column| column.name == name);
        position.ok_or_else(|| errors::no_column(&self.name, name))
    }

    /// The column at a position that [`Self::position`] answered.
    ///
    /// # Errors
    /// `NotFound` for any other position.
    pub(crate) fn column(&self, at: usize) -> Result<&Column, DriverError> {
        self.columns
            .get(at)
            .ok_or_else(|| errors::no_column(&self.name, ""))
    }

    /// The cell for a value in a column.
    ///
    /// # Errors
    /// `InvalidData` when it does not fit, `NotNull` when there must be one.
    pub(crate) fn cell(&self, at: usize, value: &Value) -> Result<Cell, DriverError> {
        let column = self.column(at)?;
        let text = column
            .kind
            .print(value)
            .map_err(|why| errors::misfit(&self.name, &column.name, why))?;
        if text.is_none() && column.required {
            return Err(errors::required(&self.name, &column.name));
        }
        let value = text
            .as_ref()
            .and_then(|text| column.kind.parse(text))
            .unwrap_or_default();
        Ok(Cell { text, value })
    }

    /// The cell of a column that is not given.
    ///
    /// # Errors
    /// `NotNull` when there must be a value and there is no default.
    pub(crate) fn absent(&self, at: usize) -> Result<Cell, DriverError> {
        let column = self.column(at)?;
        let value = column
            .default
            .as_ref()
            .and_then(|text| column.kind.parse(text))
            .unwrap_or_default();
        self.cell(at, &value)
    }

    /// Demands that no two rows have the same key.
    ///
    /// # Errors
    /// `Unique`.
    pub(crate) fn check_key(&self) -> Result<(), DriverError> {
        if self.key.is_empty() {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(self.rows.len());
        let key = |row: &Row| -> Vec<String> {
            self.key
                .iter()
                .filter_map(|at| row.get(*at))
                .map(|cell| canonical(&cell.value))
                .collect()
        };
        match self.rows.iter().all(|row| seen.insert(key(row))) {
            true => Ok(()),
            false => Err(errors::key_exists(&self.name)),
        }
    }
}

/// Columns and key, put together from the first line and the description.
fn described(
    name: &str,
    header: &[csv::Cell],
    sidecar: Option<&str>,
) -> Result<(Vec<Column>, Vec<usize>), DriverError> {
    let file = format!("{name}.schema.json");
    let wrong = |why: String| errors::damaged(&file, &why);
    let mut sidecar = sidecar
        .map_or_else(|| Ok(Sidecar::default()), Sidecar::parse)
        .map_err(wrong)?;
    let mut columns: Vec<Column> = Vec::with_capacity(header.len());
    for (position, column) in header.iter().enumerate() {
        let Some(column) = column.as_deref().filter(|column| !column.is_empty()) else {
            let why = format!("column {} has no name in the first line", position + 1);
            return Err(errors::damaged(&format!("{name}.csv"), &why));
        };
        if columns.iter().any(|known| known.name == column) {
            let why = format!("the first line names the column {column} twice");
            return Err(errors::damaged(&format!("{name}.csv"), &why));
        }
        columns.push(sidecar.take(column).map_err(wrong)?);
    }
    if let Some(left) = sidecar.left() {
        return Err(wrong(format!(
            "it describes a column {left} that the file does not have"
        )));
    }
    let position = |part: &String| columns.iter().position(|column| column.name == *part);
    let key: Option<Vec<usize>> = sidecar.key.iter().map(position).collect();
    let key =
        key.ok_or_else(|| wrong("the key names a column that the file does not have".to_owned()))?;
    for at in &key {
        if let Some(column) = columns.get_mut(*at) {
            column.required = true;
        }
    }
    Ok((columns, key))
}

/// The column for a definition.
///
/// # Errors
/// `Unsupported` for a type that files lack, `InvalidData` for a default that does not fit.
pub(crate) fn column_of(table: &str, def: &ColumnDef) -> Result<Column, DriverError> {
    let name = def.name.as_str();
    if def.identity {
        return Err(DriverError::unsupported(
            "nothing numbers the rows of a CSV file",
        ));
    }
    let kind = Kind::of(&def.ty)?;
    let default = def
        .default
        .as_ref()
        .map(|value| kind.print(value))
        .transpose();
    let default = default
        .map_err(|why| errors::misfit(table, name, why))?
        .flatten();
    Ok(Column {
        name: name.to_owned(),
        kind,
        required: !def.nullable,
        default,
    })
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::Category;

    use super::*;

    const SIDECAR: &str = r#"{"columns": {"id": {"type": "whole"}, "price": {"type": "decimal", "digits": 6, "scale": 2}}, "key": ["id"]}"#;

    #[test]
    fn what_nobody_changes_stays_as_it_was() {
        let text = "\u{feff}id,price,note\r\n007,5,\r\n8,5.5,\"\"\r\n";
        let mut table = Table::read("goods", text, Some(SIDECAR)).unwrap();
        assert_eq!(table.print().0, text);
        table.rows[0][1] = table.cell(1, &Value::I64(6)).unwrap();
        assert_eq!(table.print().0, text.replace("007,5,", "007,6.00,"));
    }

    #[test]
    fn damage_is_told_with_its_place_and_without_values() {
        for (text, sidecar, part) in [
            ("id,price\n1,1\n2,secret\n", SIDECAR, "row 2"),
            ("id,price\n1\n", SIDECAR, "row 1"),
            ("id,id\n", "{}", "twice"),
            ("id,\n", "{}", "column 2"),
            ("id\n1\n", SIDECAR, "price"),
            ("id,price\n", r#"{"key": ["other"]}"#, "key"),
        ] {
            let error = Table::read("goods", text, Some(sidecar)).unwrap_err();
            assert_eq!(error.category, Category::InvalidData);
            assert!(error.message.contains(part), "{error}");
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    #[test]
    fn keys_that_are_spelled_differently_and_equal_are_one() {
        let table = Table::read("goods", "id,price\n7,1\n007,2\n", Some(SIDECAR)).unwrap();
        assert_eq!(table.check_key().unwrap_err().category, Category::Unique);
    }
}
