//! Tests of reading values.

use quillback_plugin_api::Value;
use quillback_plugin_api::value::Decimal;

use super::*;

fn read(cell: Cell, value: &Wire) -> Value {
    let mut out = RowBuffer::new(1);
    push(cell, value, &mut out);
    out.first().unwrap().to_owned()
}

fn bytes(text: &str) -> Wire {
    Wire::Bytes(text.as_bytes().to_vec())
}

const TIMESTAMP: Cell = Cell::Timestamp { digits: 6 };

#[test]
fn numbers_keep_their_kind() {
    assert_eq!(read(Cell::Bool, &Wire::Int(1)), Value::Bool(true));
    assert_eq!(read(Cell::Bool, &Wire::Int(2)), Value::I64(2));
    assert_eq!(read(Cell::Whole, &Wire::Int(-1)), Value::I64(-1));
    assert_eq!(read(Cell::Unsigned, &Wire::Int(1)), Value::U64(1));
    assert_eq!(
        read(Cell::Unsigned, &Wire::UInt(u64::MAX)),
        Value::U64(u64::MAX)
    );
    assert_eq!(read(Cell::Float, &Wire::Float(0.1)), Value::F32(0.1));
    let digits = "-12345678901234567890123456789012345.123456789012345678901234567890";
    assert_eq!(
        read(Cell::Decimal, &bytes(digits)),
        Value::Decimal(Decimal::new(digits).unwrap())
    );
    assert_eq!(read(Cell::Bit, &Wire::Bytes(vec![1])), Value::Bool(true));
}

#[test]
fn texts_that_are_no_utf8_come_as_bytes() {
    assert_eq!(read(Cell::Text, &bytes("é")), Value::Text("é".into()));
    assert_eq!(
        read(Cell::Text, &Wire::Bytes(vec![255])),
        Value::Bytes(vec![255])
    );
    assert_eq!(read(Cell::Bytes, &bytes("é")), Value::Bytes("é".into()));
}

#[test]
fn only_the_usual_spelling_is_a_uuid() {
    let text = "0123abcd-4567-89ab-cdef-0123456789ab";
    assert!(matches!(
        read(Cell::Uuid, &bytes(text)),
        Value::Uuid([1, 0x23, ..])
    ));
    let upper = text.to_uppercase();
    assert_eq!(read(Cell::Uuid, &bytes(&upper)), Value::Text(upper.clone()));
}

#[test]
fn dates_that_do_not_exist_are_not_lost() {
    let zero = Wire::Date(0, 0, 0, 0, 0, 0, 0);
    assert_eq!(
        read(Cell::Date, &zero),
        Value::Date(Date {
            year: 0,
            month: 0,
            day: 0
        })
    );
    let special = |text: &str| Value::Special {
        kind: NO_SUCH_MOMENT,
        text: text.into(),
    };
    assert_eq!(
        read(TIMESTAMP, &zero),
        special("0000-00-00 00:00:00.000000")
    );
    assert_eq!(
        read(Cell::Instant { digits: 0 }, &zero),
        special("0000-00-00 00:00:00")
    );
    let half = Wire::Date(2024, 2, 0, 10, 5, 7, 1_000);
    assert_eq!(
        read(Cell::Timestamp { digits: 3 }, &half),
        special("2024-02-00 10:05:07.001")
    );
}

#[test]
fn moments_and_times_are_exact_to_the_microsecond() {
    let last = Wire::Date(9999, 12, 31, 23, 59, 59, 999_999);
    let stamp = Timestamp {
        seconds: 253_402_300_799,
        nanos: 999_999_000,
    };
    assert_eq!(read(TIMESTAMP, &last), Value::Timestamp(stamp));
    assert_eq!(
        read(Cell::Instant { digits: 6 }, &last),
        Value::Instant(stamp)
    );
    let time = Wire::Time(true, 34, 22, 59, 59, 0);
    assert_eq!(read(Cell::Time, &time), Value::Time(-3_020_399_000_000_000));
}
