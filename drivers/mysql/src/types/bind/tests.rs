//! Tests of binding values.

use quillback_plugin_api::civil::Interval;
use quillback_plugin_api::value::Decimal;

use super::*;

fn bytes(text: &str) -> Wire {
    Wire::Bytes(text.as_bytes().to_vec())
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Decimal::new(text).unwrap())
}

#[test]
fn moments_are_bound_as_utc_whatever_their_offset() {
    let stamp = Timestamp::from_parts(
        Date {
            year: 2024,
            month: 2,
            day: 29,
        },
        3_723_000_001_000,
    );
    let wire = Wire::Date(2024, 2, 29, 1, 2, 3, 1);
    for kind in [
        Value::Timestamp(stamp),
        Value::Instant(stamp),
        Value::OffsetInstant {
            instant: stamp,
            offset: 7_200,
        },
    ] {
        assert_eq!(value(&kind).unwrap(), wire);
    }
    let time = Value::OffsetTime {
        nanos: 3_600 * SECOND,
        offset: 7_200,
    };
    assert_eq!(value(&time).unwrap(), Wire::Time(false, 0, 23, 0, 0, 0));
}

#[test]
fn times_run_beyond_a_day_and_below_zero() {
    let longest = BEYOND_TIME - 1_000;
    assert_eq!(
        value(&Value::Time(-longest)).unwrap(),
        Wire::Time(true, 34, 22, 59, 59, 999_999)
    );
    assert!(value(&Value::Time(BEYOND_TIME)).is_err());
    assert!(value(&Value::Time(i64::MIN)).is_err());
    assert!(value(&Value::Time(1)).is_err());
}

#[test]
fn what_the_database_cannot_hold_is_refused_before_it_is_sent() {
    let beyond = Timestamp {
        seconds: i64::MAX,
        nanos: 0,
    };
    let year_10000 = Timestamp {
        seconds: 253_402_300_800,
        nanos: 0,
    };
    let interval = Interval {
        months: 1,
        days: 0,
        seconds: 0,
        nanos: 0,
    };
    for bad in [
        Value::F64(f64::NAN),
        Value::F32(f32::INFINITY),
        decimal("NaN"),
        decimal(&"9".repeat(66)),
        Value::Instant(beyond),
        Value::Timestamp(year_10000),
        Value::Timestamp(Timestamp {
            seconds: 0,
            nanos: 1,
        }),
        Value::Date(Date {
            year: 10_000,
            month: 1,
            day: 1,
        }),
        Value::Interval(interval),
        Value::List(Vec::new()),
    ] {
        assert_eq!(
            value(&bad).unwrap_err().category,
            Category::InvalidData,
            "{bad:?}"
        );
    }
}

#[test]
fn a_column_of_whole_numbers_takes_no_fraction() {
    let int = LogicalType::INT64;
    assert!(stored(&int, &decimal("12.00")).is_err());
    assert_eq!(converted(&int, &decimal("12.00")).unwrap(), bytes("12"));
    for bad in [decimal("1.5"), "1.5".into(), "1e3".into(), Value::F64(0.5)] {
        assert!(stored(&int, &bad).is_err(), "{bad:?}");
        assert!(converted(&int, &bad).is_err(), "{bad:?}");
    }
    assert_eq!(stored(&int, &Value::I64(5)).unwrap(), Wire::Int(5));
}

#[test]
fn a_column_of_uuids_takes_nothing_else() {
    let text = "0123abcd-4567-89ab-cdef-0123456789ab";
    let uuid = parse_uuid(text).unwrap();
    assert_eq!(uuid_text(&uuid), text);
    let upper = Value::Text(text.to_uppercase());
    for good in [Value::Uuid(uuid), upper, Value::Bytes(uuid.to_vec())] {
        assert_eq!(converted(&LogicalType::Uuid, &good).unwrap(), bytes(text));
    }
    for bad in [
        "no uuid at all".into(),
        Value::Bytes(vec![1; 15]),
        Value::I64(1),
    ] {
        assert!(converted(&LogicalType::Uuid, &bad).is_err(), "{bad:?}");
    }
    assert_eq!(parse_uuid("0123abcd-4567-89ab-cdef-0123456789a"), None);
    assert_eq!(parse_uuid("0123abcd+4567-89ab-cdef-0123456789ab"), None);
}

#[test]
fn a_column_of_documents_takes_only_json() {
    assert!(stored(&LogicalType::Json, &Value::Json("{\"a\":[1,2.50]}".into())).is_ok());
    for bad in ["", "{", "[1,]", "{\"a\":}"] {
        assert!(
            stored(&LogicalType::Json, &Value::Json(bad.into())).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn a_coarse_column_takes_no_fine_fraction() {
    let seconds = LogicalType::Timestamp { precision: 0 };
    let micros = LogicalType::Instant { precision: 6 };
    let stamp = Timestamp {
        seconds: 1,
        nanos: 1_000,
    };
    assert!(stored(&seconds, &Value::Timestamp(stamp)).is_err());
    assert!(stored(&micros, &Value::Instant(stamp)).is_ok());
    assert!(stored(&LogicalType::Time { precision: 3 }, &Value::Time(1_000_000)).is_ok());
    assert!(stored(&LogicalType::Time { precision: 3 }, &Value::Time(1_000)).is_err());
}
