//! Cells of a result as values of the contract, without loss.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::{Column as WireColumn, Row, Value as Wire};
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::value::{is_decimal, uuid_text};
use quillback_plugin_api::{Column, RowBuffer, ValueRef};

use super::bind::parse_uuid;

/// Number of the pseudo character set of bytes: <https://dev.mysql.com/doc/refman/8.0/en/charset-binary-set.html>
const BINARY: u16 = 63;
/// [`ValueRef::Special`] of a DATETIME or TIMESTAMP whose date is not in the calendar, such as 0000-00-00.
pub(crate) const NO_SUCH_MOMENT: u8 = 1;

/// How the cells of one column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Bool,
    Bit,
    Whole,
    Unsigned,
    Float,
    Decimal,
    Text,
    Json,
    Uuid,
    Bytes,
    Date,
    Time,
    Timestamp { digits: u8 },
    Instant { digits: u8 },
}

/// How to read a column, by what the result says about it and, where that does not tell, by the `known` type of the
/// table's column.
pub(crate) fn cell(column: &WireColumn, known: Option<&LogicalType>) -> Cell {
    use ColumnType as T;
    let unsigned = column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    let is_text = column.character_set() != BINARY;
    let digits = column.decimals();
    match column.column_type() {
        T::MYSQL_TYPE_TINY if column.column_length() == 1 && !unsigned => Cell::Bool,
        T::MYSQL_TYPE_LONGLONG if unsigned => Cell::Unsigned,
        T::MYSQL_TYPE_TINY
        | T::MYSQL_TYPE_SHORT
        | T::MYSQL_TYPE_INT24
        | T::MYSQL_TYPE_LONG
        | T::MYSQL_TYPE_LONGLONG
        | T::MYSQL_TYPE_YEAR => Cell::Whole,
        T::MYSQL_TYPE_FLOAT | T::MYSQL_TYPE_DOUBLE => Cell::Float,
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => Cell::Decimal,
        T::MYSQL_TYPE_BIT if column.column_length() == 1 => Cell::Bit,
        T::MYSQL_TYPE_JSON => Cell::Json,
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => Cell::Date,
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => Cell::Time,
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => Cell::Instant { digits },
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => match known {
            Some(LogicalType::Instant { precision }) if *precision == digits => {
                Cell::Instant { digits }
            }
            _ => Cell::Timestamp { digits },
        },
        T::MYSQL_TYPE_NULL => Cell::Text,
        // What is known may be out of date: the result still has to look like it.
        T::MYSQL_TYPE_STRING if is_text && known == Some(&LogicalType::Uuid) => Cell::Uuid,
        T::MYSQL_TYPE_BLOB | T::MYSQL_TYPE_LONG_BLOB
            if is_text && known == Some(&LogicalType::Json) =>
        {
            Cell::Json
        }
        _ if is_text => Cell::Text,
        _ => Cell::Bytes,
    }
}

/// The heading of a column; `native` is the type of the table's column where it is known.
pub(crate) fn heading(column: &WireColumn, native: Option<&str>) -> Column {
    Column {
        name: column.name_str().into_owned(),
        native: native.map_or_else(|| type_name(column), str::to_owned),
    }
}

fn type_name(column: &WireColumn) -> String {
    use ColumnType as T;
    let is_text = column.character_set() != BINARY;
    let name = match column.column_type() {
        T::MYSQL_TYPE_TINY => "tinyint",
        T::MYSQL_TYPE_SHORT => "smallint",
        T::MYSQL_TYPE_INT24 => "mediumint",
        T::MYSQL_TYPE_LONG => "int",
        T::MYSQL_TYPE_LONGLONG => "bigint",
        T::MYSQL_TYPE_YEAR => "year",
        T::MYSQL_TYPE_FLOAT => "float",
        T::MYSQL_TYPE_DOUBLE => "double",
        T::MYSQL_TYPE_DECIMAL | T::MYSQL_TYPE_NEWDECIMAL => "decimal",
        T::MYSQL_TYPE_BIT => "bit",
        T::MYSQL_TYPE_JSON => "json",
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE => "date",
        T::MYSQL_TYPE_TIME | T::MYSQL_TYPE_TIME2 => "time",
        T::MYSQL_TYPE_TIMESTAMP | T::MYSQL_TYPE_TIMESTAMP2 => "timestamp",
        T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_DATETIME2 => "datetime",
        T::MYSQL_TYPE_GEOMETRY => "geometry",
        T::MYSQL_TYPE_VECTOR => "vector",
        T::MYSQL_TYPE_STRING if is_text => "char",
        T::MYSQL_TYPE_STRING => "binary",
        T::MYSQL_TYPE_VAR_STRING | T::MYSQL_TYPE_VARCHAR if is_text => "varchar",
        T::MYSQL_TYPE_VAR_STRING | T::MYSQL_TYPE_VARCHAR => "varbinary",
        T::MYSQL_TYPE_NULL => "",
        _ if is_text => "text",
        _ => "blob",
    };
    let unsigned = column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    let sign = if unsigned && column.column_type() != T::MYSQL_TYPE_YEAR {
        " unsigned"
    } else {
        ""
    };
    format!("{name}{sign}")
}

/// Appends one row.
pub(crate) fn row(cells: &[Cell], row: Row, out: &mut RowBuffer) {
    let mut values = row.unwrap_raw().into_iter();
    for cell in cells {
        match values.next().flatten() {
            Some(value) => push(*cell, &value, out),
            None => out.push(ValueRef::Null),
        }
    }
}

fn push(cell: Cell, value: &Wire, out: &mut RowBuffer) {
    match value {
        Wire::NULL => out.push(ValueRef::Null),
        Wire::Int(number) => out.push(whole(cell, *number)),
        Wire::UInt(number) => out.push(ValueRef::U64(*number)),
        Wire::Float(number) => out.push(ValueRef::F32(*number)),
        Wire::Double(number) => out.push(ValueRef::F64(*number)),
        Wire::Bytes(bytes) => push_bytes(cell, bytes, out),
        Wire::Date(year, month, day, hour, minute, second, micros) => {
            let date = Date {
                year: i32::from(*year),
                month: *month,
                day: *day,
            };
            let seconds = i64::from(*hour) * 3_600 + i64::from(*minute) * 60 + i64::from(*second);
            push_date(cell, date, seconds * 1_000_000 + i64::from(*micros), out);
        }
        Wire::Time(negative, days, hours, minutes, seconds, micros) => {
            let hours = i64::from(*days) * 24 + i64::from(*hours);
            let seconds = hours * 3_600 + i64::from(*minutes) * 60 + i64::from(*seconds);
            let nanos = seconds * 1_000_000_000 + i64::from(*micros) * 1_000;
            out.push(ValueRef::Time(if *negative { -nanos } else { nanos }));
        }
    }
}

/// A number in a column of booleans that is neither 0 nor 1 stays a number.
fn whole(cell: Cell, number: i64) -> ValueRef<'static> {
    match (cell, number) {
        (Cell::Bool, 0 | 1) => ValueRef::Bool(number == 1),
        (Cell::Unsigned, _) => u64::try_from(number).map_or(ValueRef::I64(number), ValueRef::U64),
        _ => ValueRef::I64(number),
    }
}

fn push_bytes(cell: Cell, bytes: &[u8], out: &mut RowBuffer) {
    // The server converts every text to UTF-8; bytes that are none come as they are.
    let text = match cell {
        Cell::Bytes => None,
        Cell::Bit => {
            return out.push(ValueRef::Bool(bytes.iter().any(|byte| *byte != 0)));
        }
        _ => std::str::from_utf8(bytes).ok(),
    };
    out.push(match (cell, text) {
        (Cell::Decimal, Some(text)) if is_decimal(text) => ValueRef::Decimal(text),
        (Cell::Json, Some(text)) => ValueRef::Json(text),
        (Cell::Uuid, Some(text)) => match parse_uuid(text) {
            // Only the usual spelling is a UUID and nothing else: others would come back changed.
            Some(uuid) if uuid_text(&uuid) == text => ValueRef::Uuid(uuid),
            _ => ValueRef::Text(text),
        },
        (_, Some(text)) => ValueRef::Text(text),
        (_, None) => ValueRef::Bytes(bytes),
    });
}

fn push_date(cell: Cell, date: Date, micros: i64, out: &mut RowBuffer) {
    let (Cell::Timestamp { digits } | Cell::Instant { digits }) = cell else {
        return out.push(ValueRef::Date(date));
    };
    if !date.is_valid() {
        return out.push(ValueRef::Special(
            NO_SUCH_MOMENT,
            &civil_text(date, micros, digits),
        ));
    }
    let stamp = Timestamp::from_parts(date, micros * 1_000);
    out.push(match cell {
        Cell::Instant { .. } => ValueRef::Instant(stamp),
        _ => ValueRef::Timestamp(stamp),
    });
}

/// The server's own text of a moment, with as many digits as the column keeps.
fn civil_text(date: Date, micros: i64, digits: u8) -> String {
    let seconds = micros / 1_000_000;
    let mut text = format!(
        "{date} {:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    if (1..=6).contains(&digits) {
        let fraction = format!("{:06}", micros % 1_000_000);
        text.push('.');
        text.extend(fraction.chars().take(digits.into()));
    }
    text
}

#[cfg(test)]
mod tests;
