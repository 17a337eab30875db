//! Cells of a result as values of the contract, without loss.

use oracledb::{
    DbType, Metadata, OracleIntervalDS, OracleIntervalYM, OracleNumber, OracleTimestamp, Row,
};
use quillback_plugin_api::civil::{Date, Interval, Timestamp};
use quillback_plugin_api::{Column, DriverError, RowBuffer, ValueRef};

use crate::errors::translate;

/// How the cells of one column are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Bool,
    NativeBool,
    Whole,
    Decimal,
    Float,
    Double,
    Text,
    Bytes,
    Uuid,
    Timestamp,
    Instant,
    Months,
    Seconds,
}

/// How to read a column, by what the result says about it.
///
/// # Errors
/// `Unsupported` for types whose values the client does not give in full.
pub(crate) fn cell(column: &Metadata) -> Result<Cell, DriverError> {
    let ty = column.db_type();
    let is = |one: &[&DbType]| one.iter().any(|one| **one == *ty);
    if is(&[oracledb::DB_TYPE_NUMBER]) {
        return Ok(match (column.precision(), column.scale()) {
            (1, 0) => Cell::Bool,
            (2..=20, 0) => Cell::Whole,
            _ => Cell::Decimal,
        });
    }
    let known = [
        (oracledb::DB_TYPE_BOOLEAN, Cell::NativeBool),
        (oracledb::DB_TYPE_BINARY_FLOAT, Cell::Float),
        (oracledb::DB_TYPE_BINARY_DOUBLE, Cell::Double),
        (oracledb::DB_TYPE_BLOB, Cell::Bytes),
        (oracledb::DB_TYPE_LONG_RAW, Cell::Bytes),
        (oracledb::DB_TYPE_DATE, Cell::Timestamp),
        (oracledb::DB_TYPE_TIMESTAMP, Cell::Timestamp),
        (oracledb::DB_TYPE_TIMESTAMP_TZ, Cell::Instant),
        (oracledb::DB_TYPE_INTERVAL_YM, Cell::Months),
        (oracledb::DB_TYPE_INTERVAL_DS, Cell::Seconds),
        (oracledb::DB_TYPE_ROWID, Cell::Text),
    ];
    if let Some((_, cell)) = known.iter().find(|(one, _)| is(&[one])) {
        return Ok(*cell);
    }
    if is(&[oracledb::DB_TYPE_RAW]) {
        return Ok(if column.max_size() == 16 {
            Cell::Uuid
        } else {
            Cell::Bytes
        });
    }
    let texts = [
        oracledb::DB_TYPE_VARCHAR,
        oracledb::DB_TYPE_NVARCHAR,
        oracledb::DB_TYPE_CHAR,
        oracledb::DB_TYPE_NCHAR,
        oracledb::DB_TYPE_CLOB,
        oracledb::DB_TYPE_NCLOB,
        oracledb::DB_TYPE_LONG,
    ];
    if is(&texts) {
        return Ok(Cell::Text);
    }
    Err(DriverError::unsupported(format!(
        "a column of type {} cannot be read",
        column.data_type()
    )))
}

/// The heading of a column.
pub(crate) fn heading(column: &Metadata) -> Column {
    Column {
        name: column.name().to_owned(),
        native: column.data_type(),
    }
}

/// Appends one row.
///
/// # Errors
/// `Unsupported` where the client gives another type than it announced.
pub(crate) fn row(cells: &[Cell], row: &Row, out: &mut RowBuffer) -> Result<(), DriverError> {
    // All is converted before anything is appended: half a row would shift all that follow.
    let mut piece = RowBuffer::new(cells.len());
    for (at, cell) in cells.iter().enumerate() {
        push(*cell, at, row, &mut piece).map_err(|error| translate(&error))?;
    }
    out.append(&piece);
    Ok(())
}

fn push(cell: Cell, at: usize, row: &Row, out: &mut RowBuffer) -> Result<(), oracledb::Error> {
    macro_rules! push {
        ($ty:ty, $value:ident => $to:expr) => {
            match row.get::<Option<$ty>>(at)? {
                Some($value) => out.push($to),
                None => out.push(ValueRef::Null),
            }
        };
    }
    match cell {
        Cell::Bool | Cell::Whole | Cell::Decimal => {
            push!(OracleNumber, number => numeric(cell, &number.to_string()));
        }
        Cell::NativeBool => push!(bool, flag => ValueRef::Bool(flag)),
        Cell::Float => push!(f32, number => ValueRef::F32(number)),
        Cell::Double => push!(f64, number => ValueRef::F64(number)),
        Cell::Text => push!(String, text => ValueRef::Text(&text)),
        Cell::Bytes => push!(&[u8], bytes => ValueRef::Bytes(bytes)),
        Cell::Uuid => push!(&[u8], bytes => match bytes.try_into() {
            Ok(uuid) => ValueRef::Uuid(uuid),
            Err(_) => ValueRef::Bytes(bytes),
        }),
        Cell::Timestamp => push!(OracleTimestamp, stamp => ValueRef::Timestamp(moment(&stamp))),
        Cell::Instant => push!(OracleTimestamp, stamp => ValueRef::Instant(moment(&stamp))),
        Cell::Months => push!(OracleIntervalYM, span => ValueRef::Interval(Interval {
            months: i64::from(span.years()) * 12 + i64::from(span.months()),
            days: 0,
            seconds: 0,
            nanos: 0,
        })),
        Cell::Seconds => push!(OracleIntervalDS, span => ValueRef::Interval(Interval {
            months: 0,
            days: span.days().into(),
            seconds: i64::from(span.hours()) * 3_600
                + i64::from(span.minutes()) * 60
                + i64::from(span.seconds()),
            nanos: span.nanoseconds(),
        })),
    }
    Ok(())
}

/// A number in a column of booleans that is neither 0 nor 1 stays a number.
fn numeric(cell: Cell, text: &str) -> ValueRef<'_> {
    match (cell, text) {
        (Cell::Bool, "0") => ValueRef::Bool(false),
        (Cell::Bool, "1") => ValueRef::Bool(true),
        (Cell::Decimal, _) => ValueRef::Decimal(text),
        _ => match (text.parse(), text.parse()) {
            (Ok(number), _) => ValueRef::I64(number),
            (Err(_), Ok(number)) => ValueRef::U64(number),
            _ => ValueRef::Decimal(text),
        },
    }
}

fn moment(stamp: &OracleTimestamp) -> Timestamp {
    let date = Date {
        year: stamp.year().into(),
        month: stamp.month(),
        day: stamp.day(),
    };
    let seconds = i64::from(stamp.hour()) * 3_600
        + i64::from(stamp.minute()) * 60
        + i64::from(stamp.second());
    Timestamp::from_parts(
        date,
        seconds * 1_000_000_000 + i64::from(stamp.nanoseconds()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_their_column_says_and_lose_nothing() {
        assert_eq!(numeric(Cell::Bool, "1"), ValueRef::Bool(true));
        assert_eq!(numeric(Cell::Bool, "7"), ValueRef::I64(7));
        assert_eq!(numeric(Cell::Whole, "-9"), ValueRef::I64(-9));
        assert_eq!(
            numeric(Cell::Whole, "18446744073709551615"),
            ValueRef::U64(u64::MAX)
        );
        let beyond = "99999999999999999999";
        assert_eq!(numeric(Cell::Whole, beyond), ValueRef::Decimal(beyond));
        assert_eq!(numeric(Cell::Decimal, "0.1"), ValueRef::Decimal("0.1"));
    }

    #[test]
    fn moments_come_back_to_the_nanosecond() {
        let stamp = OracleTimestamp::new_timestamp(1969, 12, 31, 23, 59, 59, 999_999_999);
        let moment = moment(&stamp);
        assert_eq!((moment.seconds, moment.nanos), (-1, 999_999_999));
    }
}
