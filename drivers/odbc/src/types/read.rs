//! Cells of a result as values of the contract, without loss.
//!
//! What the driver says of a result is too little: a truth value may be a text, a moment a civil time. So cells are read
//! by what the catalogue says of the column that they come from.

use odbc_api::sys::SqlDataType;
use odbc_api::{CursorRow, DataType, Nullable};
use quillback_plugin_api::types::LogicalType as T;
use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{Category, DriverError, RowBuffer, ValueRef};

use crate::errors::Translator;
use crate::types::moments;

/// How the cells of one column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Bool,
    Whole,
    Decimal,
    Float,
    Double,
    Text,
    Json,
    Bytes,
    Uuid,
    Date,
    Time,
    Timestamp,
    Instant,
}

/// How to read a column that the catalogue knows.
pub(crate) fn by_type(ty: &T) -> Option<Cell> {
    Some(match ty {
        T::Bool => Cell::Bool,
        T::Int { .. } => Cell::Whole,
        T::Decimal { .. } => Cell::Decimal,
        T::Float { bits: 32 } => Cell::Float,
        T::Float { .. } => Cell::Double,
        T::Text { .. } | T::Enum { .. } => Cell::Text,
        T::Json => Cell::Json,
        T::Bytes { .. } => Cell::Bytes,
        T::Uuid => Cell::Uuid,
        T::Date => Cell::Date,
        T::Time { .. } => Cell::Time,
        T::Timestamp { .. } => Cell::Timestamp,
        T::Instant { .. } => Cell::Instant,
        T::OffsetTime { .. }
        | T::OffsetInstant { .. }
        | T::Interval
        | T::List { .. }
        | T::Other => {
            return None;
        }
    })
}

/// How to read what the catalogue does not know, by what the driver says of the result.
pub(crate) fn by_result(ty: &DataType) -> Cell {
    match ty {
        DataType::Bit => Cell::Bool,
        DataType::TinyInt | DataType::SmallInt | DataType::Integer | DataType::BigInt => {
            Cell::Whole
        }
        DataType::Numeric { .. } | DataType::Decimal { .. } => Cell::Decimal,
        DataType::Real => Cell::Float,
        DataType::Float { .. } | DataType::Double => Cell::Double,
        DataType::Binary { .. } | DataType::Varbinary { .. } | DataType::LongVarbinary { .. } => {
            Cell::Bytes
        }
        DataType::Date => Cell::Date,
        DataType::Time { .. } => Cell::Time,
        DataType::Timestamp { .. } => Cell::Timestamp,
        DataType::Other { data_type, .. } if *data_type == SqlDataType::EXT_GUID => Cell::Uuid,
        _ => Cell::Text,
    }
}

/// Reads rows; its buffers serve again for every cell.
#[derive(Default)]
pub(crate) struct Cells {
    kinds: Vec<Cell>,
    wide: Vec<u16>,
    bytes: Vec<u8>,
}

impl Cells {
    /// Reads columns of these kinds.
    pub(crate) fn new(kinds: Vec<Cell>) -> Self {
        Self {
            kinds,
            wide: Vec::with_capacity(256),
            bytes: Vec::with_capacity(256),
        }
    }

    /// Appends one row.
    ///
    /// # Errors
    /// What the driver says; `InvalidData` for text that is not what its column holds.
    pub(crate) fn row(
        &mut self,
        row: &mut CursorRow<'_>,
        out: &mut RowBuffer,
        errors: Translator,
    ) -> Result<(), DriverError> {
        // All is converted before anything is appended: half a row would shift all that follow.
        let mut piece = RowBuffer::new(self.kinds.len());
        for (column, cell) in (1..).zip(self.kinds.clone()) {
            self.cell(column, cell, row, &mut piece, errors)?;
        }
        out.append(&piece);
        Ok(())
    }

    fn cell(
        &mut self,
        column: u16,
        cell: Cell,
        row: &mut CursorRow<'_>,
        out: &mut RowBuffer,
        errors: Translator,
    ) -> Result<(), DriverError> {
        let failed = |error| errors.translate(&error);
        match cell {
            Cell::Float => {
                let mut number = Nullable::<f32>::null();
                row.get_data(column, &mut number).map_err(failed)?;
                out.push(number.into_opt().map_or(ValueRef::Null, ValueRef::F32));
            }
            Cell::Double => {
                let mut number = Nullable::<f64>::null();
                row.get_data(column, &mut number).map_err(failed)?;
                out.push(number.into_opt().map_or(ValueRef::Null, ValueRef::F64));
            }
            Cell::Bytes => {
                let is_there = row.get_binary(column, &mut self.bytes).map_err(failed)?;
                out.push(if is_there {
                    ValueRef::Bytes(&self.bytes)
                } else {
                    ValueRef::Null
                });
            }
            // Some drivers leave out the zero before the point.
            Cell::Decimal => match text(column, row, &mut self.wide, errors)? {
                Some(text) if text.starts_with(['.', '-']) => {
                    let number = text.replacen("-.", "-0.", 1);
                    let zero = if number.starts_with('.') { "0" } else { "" };
                    out.push(parse(cell, &format!("{zero}{number}")));
                }
                Some(text) => out.push(parse(cell, &text)),
                None => out.push(ValueRef::Null),
            },
            cell => match text(column, row, &mut self.wide, errors)? {
                Some(text) => out.push(parse(cell, &text)),
                None => out.push(ValueRef::Null),
            },
        }
        Ok(())
    }
}

/// One cell as text; `None` is NULL.
///
/// # Errors
/// What the driver says; `InvalidData` for text that is not Unicode.
pub(crate) fn text(
    column: u16,
    row: &mut CursorRow<'_>,
    wide: &mut Vec<u16>,
    errors: Translator,
) -> Result<Option<String>, DriverError> {
    let is_there = row
        .get_wide_text(column, wide)
        .map_err(|error| errors.translate(&error))?;
    if !is_there {
        return Ok(None);
    }
    let text = String::from_utf16(wide);
    text.map(Some).map_err(|_| {
        DriverError::new(
            Category::InvalidData,
            "a text of the database is no Unicode; the ODBC driver may need another character set",
        )
    })
}

fn parse(cell: Cell, text: &str) -> ValueRef<'_> {
    let trimmed = text.trim();
    let value = match cell {
        Cell::Bool => match trimmed {
            "1" | "true" | "TRUE" | "t" | "-1" => Some(ValueRef::Bool(true)),
            "0" | "false" | "FALSE" | "f" => Some(ValueRef::Bool(false)),
            other => whole(other),
        },
        Cell::Whole => whole(trimmed),
        Cell::Decimal => decimal(trimmed),
        Cell::Uuid => uuid(trimmed).map(ValueRef::Uuid),
        Cell::Date => moments::date(trimmed)
            .or_else(|| midnight(trimmed))
            .map(ValueRef::Date),
        Cell::Time => moments::time(trimmed).map(ValueRef::Time),
        Cell::Timestamp => moments::timestamp(trimmed).map(|(stamp, _)| ValueRef::Timestamp(stamp)),
        Cell::Instant => moments::instant(trimmed).map(ValueRef::Instant),
        Cell::Json => Some(ValueRef::Json(text)),
        Cell::Text | Cell::Bytes | Cell::Float | Cell::Double => Some(ValueRef::Text(text)),
    };
    // A database that does not enforce types keeps texts in any column.
    value.unwrap_or(ValueRef::Text(text))
}

/// Some drivers write the time of day behind a date.
fn midnight(text: &str) -> Option<quillback_plugin_api::civil::Date> {
    let (stamp, _) = moments::timestamp(text)?;
    let (date, nanos) = stamp.to_parts()?;
    (nanos == 0).then_some(date)
}

fn whole(text: &str) -> Option<ValueRef<'_>> {
    if let Ok(number) = text.parse() {
        return Some(ValueRef::I64(number));
    }
    if let Ok(number) = text.parse() {
        return Some(ValueRef::U64(number));
    }
    decimal(text)
}

fn decimal(text: &str) -> Option<ValueRef<'_>> {
    is_decimal(text).then_some(ValueRef::Decimal(text))
}

/// The digits of a UUID, however they are grouped.
pub(crate) fn uuid(text: &str) -> Option<[u8; 16]> {
    let mut digits = text
        .bytes()
        .filter(|byte| !matches!(byte, b'-' | b'{' | b'}'));
    let mut uuid = [0; 16];
    for byte in &mut uuid {
        let mut digit = || char::from(digits.next()?).to_digit(16);
        *byte = u8::try_from(digit()? * 16 + digit()?).ok()?;
    }
    digits.next().is_none().then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_what_its_column_holds() {
        let is = |cell, text, value| assert_eq!(parse(cell, text), value, "{text}");
        is(Cell::Bool, "1", ValueRef::Bool(true));
        is(Cell::Bool, "7", ValueRef::I64(7));
        is(Cell::Whole, "18446744073709551615", ValueRef::U64(u64::MAX));
        is(Cell::Whole, "-5", ValueRef::I64(-5));
        is(Cell::Decimal, "-0.10", ValueRef::Decimal("-0.10"));
        is(Cell::Text, " a ", ValueRef::Text(" a "));
        let all = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF";
        is(Cell::Uuid, all, ValueRef::Uuid([255; 16]));
    }

    #[test]
    fn what_is_not_of_its_type_stays_text() {
        for cell in [
            Cell::Whole,
            Cell::Decimal,
            Cell::Uuid,
            Cell::Date,
            Cell::Time,
            Cell::Timestamp,
        ] {
            assert_eq!(parse(cell, "soon"), ValueRef::Text("soon"));
        }
    }
}
