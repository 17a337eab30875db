//! Cells of a result as values of the contract, without loss.

use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::{Category, Column, DriverError, RowBuffer, ValueRef};
use tiberius::time::{DateTime2, Time};
use tiberius::{Column as WireColumn, ColumnData, ColumnType, Row};

use super::bind::EPOCH;

/// Days from 1900-01-01, where the old types begin, to 1970-01-01.
const OLD_EPOCH: i64 = 25_567;
/// Beyond this a float no longer tells ten thousandths apart.
const EXACT_MONEY: f64 = 900_000_000_000.0;

/// The heading of a column.
pub(crate) fn heading(column: &WireColumn) -> Column {
    Column {
        name: column.name().to_owned(),
        native: type_name(column.column_type()).to_owned(),
    }
}

fn type_name(ty: ColumnType) -> &'static str {
    use ColumnType as T;
    match ty {
        T::Null | T::Udt => "",
        T::Bit | T::Bitn => "bit",
        T::Int1 => "tinyint",
        T::Int2 => "smallint",
        T::Int4 => "int",
        T::Int8 | T::Intn => "bigint",
        T::Float4 => "real",
        T::Float8 | T::Floatn => "float",
        T::Money => "money",
        T::Money4 => "smallmoney",
        T::Decimaln | T::Numericn => "decimal",
        T::Guid => "uniqueidentifier",
        T::Datetime4 => "smalldatetime",
        T::Datetime | T::Datetimen => "datetime",
        T::Daten => "date",
        T::Timen => "time",
        T::Datetime2 => "datetime2",
        T::DatetimeOffsetn => "datetimeoffset",
        T::BigVarBin => "varbinary",
        T::BigBinary => "binary",
        T::BigVarChar => "varchar",
        T::BigChar => "char",
        T::NVarchar => "nvarchar",
        T::NChar => "nchar",
        T::Xml => "xml",
        T::Text => "text",
        T::NText => "ntext",
        T::Image => "image",
        T::SSVariant => "sql_variant",
    }
}

/// Appends one row.
///
/// # Errors
/// `Unsupported` for what the client library cannot read exactly.
pub(crate) fn row(row: &Row, out: &mut RowBuffer) -> Result<(), DriverError> {
    for (column, cell) in row.cells() {
        push(column.column_type(), cell, out)?;
    }
    Ok(())
}

fn push(
    ty: ColumnType,
    cell: &ColumnData<'static>,
    out: &mut RowBuffer,
) -> Result<(), DriverError> {
    match cell {
        ColumnData::U8(Some(number)) => out.push(ValueRef::I64(i64::from(*number))),
        ColumnData::I16(Some(number)) => out.push(ValueRef::I64(i64::from(*number))),
        ColumnData::I32(Some(number)) => out.push(ValueRef::I64(i64::from(*number))),
        ColumnData::I64(Some(number)) => out.push(ValueRef::I64(*number)),
        ColumnData::F64(Some(number)) if matches!(ty, ColumnType::Money | ColumnType::Money4) => {
            out.push(ValueRef::Decimal(&money(*number)?));
        }
        ColumnData::F32(Some(number)) => out.push(ValueRef::F32(*number)),
        ColumnData::F64(Some(number)) => out.push(ValueRef::F64(*number)),
        ColumnData::Bit(Some(flag)) => out.push(ValueRef::Bool(*flag)),
        ColumnData::String(Some(text)) => out.push(ValueRef::Text(text)),
        ColumnData::Guid(Some(uuid)) => out.push(ValueRef::Uuid(*uuid.as_bytes())),
        ColumnData::Binary(Some(bytes)) => out.push(ValueRef::Bytes(bytes)),
        ColumnData::Numeric(Some(number)) => {
            out.push(ValueRef::Decimal(&decimal(number.value(), number.scale())));
        }
        ColumnData::Xml(Some(xml)) => out.push(ValueRef::Text(xml.as_ref().as_ref())),
        ColumnData::DateTime(Some(old)) => {
            // In units of 100 nanoseconds, rounded as the server does when it compares with finer types.
            let units = (i64::from(old.seconds_fragments()) * 100_000 + 1) / 3;
            let days = i64::from(old.days()) - OLD_EPOCH;
            out.push(ValueRef::Timestamp(civil(days, units * 100)?));
        }
        ColumnData::SmallDateTime(Some(old)) => {
            let nanos = i64::from(old.seconds_fragments()) * 60_000_000_000;
            let days = i64::from(old.days()) - OLD_EPOCH;
            out.push(ValueRef::Timestamp(civil(days, nanos)?));
        }
        ColumnData::Time(Some(time)) => out.push(ValueRef::Time(nanos(*time))),
        ColumnData::Date(Some(date)) => {
            out.push(ValueRef::Date(calendar(i64::from(date.days()) - EPOCH)?));
        }
        ColumnData::DateTime2(Some(stamp)) => out.push(ValueRef::Timestamp(moment(*stamp)?)),
        ColumnData::DateTimeOffset(Some(stamp)) => out.push(ValueRef::OffsetInstant(
            moment(stamp.datetime2())?,
            i32::from(stamp.offset()) * 60,
        )),
        _ => out.push(ValueRef::Null),
    }
    Ok(())
}

/// The client library hands money over as a float: exact as long as the float tells ten thousandths apart.
fn money(number: f64) -> Result<String, DriverError> {
    if number.abs() < EXACT_MONEY {
        Ok(format!("{number:.4}"))
    } else {
        Err(DriverError::unsupported(
            "an amount of money this large cannot be read exactly: make the column a decimal(19,4)",
        ))
    }
}

/// A number of `scale` digits after the point.
fn decimal(value: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let mut text = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    if scale > 0 {
        text.insert(text.len() - scale, '.');
    }
    if value < 0 {
        text.insert(0, '-');
    }
    text
}

fn nanos(time: Time) -> i64 {
    let unit = 10_i64.pow(9 - u32::from(time.scale().min(9)));
    i64::try_from(time.increments()).unwrap_or(0) * unit
}

fn moment(stamp: DateTime2) -> Result<Timestamp, DriverError> {
    civil(i64::from(stamp.date().days()) - EPOCH, nanos(stamp.time()))
}

fn civil(days: i64, nanos: i64) -> Result<Timestamp, DriverError> {
    Ok(Timestamp::from_parts(calendar(days)?, nanos))
}

fn calendar(days: i64) -> Result<Date, DriverError> {
    Date::from_days(days).ok_or_else(|| {
        DriverError::new(
            Category::Protocol,
            "the server sent a date beyond its calendar",
        )
    })
}

#[cfg(test)]
mod tests;
