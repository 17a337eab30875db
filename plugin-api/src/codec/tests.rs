//! Every kind of value survives, and malformed bytes are errors.

use super::*;
use crate::civil::{Date, Interval, Timestamp};
use crate::value::Value;

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::I64(1), |inner, _| {
        Value::List(vec![inner, Value::Null])
    })
}

#[test]
fn every_kind_of_value_survives() {
    let stamp = Timestamp {
        seconds: 253_402_300_799,
        nanos: 999_999_999,
    };
    let values = vec![
        Value::Null,
        Value::Bool(true),
        Value::Bool(false),
        Value::I64(i64::MIN),
        Value::U64(u64::MAX),
        Value::F64(f64::NEG_INFINITY),
        Value::F32(0.1),
        Value::Decimal(
            crate::value::Decimal::new("-123456789012345678901234567890.000100").unwrap(),
        ),
        Value::Text("naïve 🚀 \0".into()),
        Value::Json("{\"a\":1.0}".into()),
        Value::Bytes(vec![0, 255]),
        Value::Uuid([7; 16]),
        Value::Date(Date {
            year: -1,
            month: 0,
            day: 0,
        }),
        Value::Time(-1),
        Value::OffsetTime {
            nanos: 1,
            offset: -50_400,
        },
        Value::Timestamp(stamp),
        Value::Instant(stamp),
        Value::OffsetInstant {
            instant: stamp,
            offset: 50_400,
        },
        Value::ZonedInstant {
            instant: stamp,
            offset: 3_600,
            zone: "Europe/Paris".into(),
        },
        Value::Interval(Interval {
            months: i64::MAX,
            days: -1,
            seconds: 1,
            nanos: 2,
        }),
        nested(MAX_DEPTH),
        Value::Struct(vec![Value::Null, Value::Text("x".into())]),
        Value::Special {
            kind: 3,
            text: "infinity".into(),
        },
    ];
    let mut bytes = Vec::new();
    for value in &values {
        put_value(&mut bytes, value);
    }
    let mut reader = Reader::new(&bytes);
    for value in &values {
        let read = reader.value().unwrap();
        assert_eq!(&read.to_owned(), value);
        let mut again = Vec::new();
        put(&mut again, read);
        assert_eq!(Reader::new(&again).value().unwrap().to_owned(), *value);
    }
    assert!(reader.rest().is_empty());
}

#[test]
fn bytes_cut_anywhere_are_an_error_and_never_a_panic() {
    let mut bytes = Vec::new();
    put_value(
        &mut bytes,
        &Value::List(vec![Value::Text("abc".into()), nested(3)]),
    );
    for cut in 0..bytes.len() {
        assert!(Reader::new(&bytes[..cut]).value().is_err());
    }
    for (position, flip) in
        (0..bytes.len()).flat_map(|position| [(position, 0xff), (position, 0x01)])
    {
        let mut broken = bytes.clone();
        broken[position] ^= flip;
        let _ = Reader::new(&broken).value();
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let mut bytes = Vec::new();
    put_value(&mut bytes, &nested(MAX_DEPTH + 1));
    assert!(Reader::new(&bytes).value().is_err());
    assert!(
        Reader::new(&[tag::LIST, 255, 255, 255, 255])
            .value()
            .is_err()
    );
    assert!(Reader::new(&[200]).value().is_err());
}
