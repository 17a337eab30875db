//! Cells as the client library hands them over, and what they become.

use quillback_plugin_api::Value;

use super::*;

fn read(ty: ColumnType, cell: &ColumnData<'static>) -> Value {
    let mut out = RowBuffer::new(1);
    push(ty, cell, &mut out).unwrap();
    out.first().unwrap().to_owned()
}

#[test]
fn exact_numbers_keep_every_digit() {
    assert_eq!(decimal(12_345, 2), "123.45");
    assert_eq!(decimal(-5, 3), "-0.005");
    assert_eq!(decimal(0, 0), "0");
    assert_eq!(
        decimal(99_999_999_999_999_999_999_999_999_999_999_999_999, 38),
        "0.99999999999999999999999999999999999999"
    );
}

#[test]
fn a_datetime_is_read_in_thirds() {
    let cell = ColumnData::DateTime(Some(tiberius::time::DateTime::new(0, 1)));
    let Value::Timestamp(stamp) = read(ColumnType::Datetime, &cell) else {
        panic!("a time stamp")
    };
    assert_eq!((stamp.seconds, stamp.nanos), (-2_208_988_800, 3_333_300));
}

#[test]
fn an_offset_stays_beside_its_moment() {
    let stamp = DateTime2::new(tiberius::time::Date::new(719_162), Time::new(1, 7));
    let cell = ColumnData::DateTimeOffset(Some(tiberius::time::DateTimeOffset::new(stamp, -90)));
    let instant = Timestamp {
        seconds: 0,
        nanos: 100,
    };
    assert_eq!(
        read(ColumnType::DatetimeOffsetn, &cell),
        Value::OffsetInstant {
            instant,
            offset: -5_400
        }
    );
}

#[test]
fn money_that_a_float_cannot_hold_is_refused() {
    assert_eq!(money(-1_234.5).unwrap(), "-1234.5000");
    assert_eq!(money(1e15).unwrap_err().category, Category::Unsupported);
}

#[test]
fn every_null_is_null() {
    for cell in [
        ColumnData::I32(None),
        ColumnData::String(None),
        ColumnData::Guid(None),
    ] {
        assert_eq!(read(ColumnType::Intn, &cell), Value::Null);
    }
}
