//! Values that are sent, and values that are refused before the server would change them.

use quillback_plugin_api::value::Decimal;

use super::*;

fn column(ty: LogicalType, native: &str, code_page: Option<i32>) -> Known {
    Known {
        code_page,
        ..Known::plain("c", ty, native)
    }
}

fn number(text: &str) -> Value {
    Value::Decimal(Decimal::new(text).unwrap())
}

#[test]
fn digits_that_the_column_would_round_are_refused() {
    let money = column(LogicalType::decimal(10, 2), "decimal(10,2)", None);
    assert!(stored(&money, &number("1.25")).is_ok());
    assert!(stored(&money, &number("1.2500")).is_ok());
    assert!(stored(&money, &number("1.255")).is_err());
    assert!(stored(&money, &Value::F64(0.1)).is_err());
    let whole = column(LogicalType::INT64, "bigint", None);
    assert!(stored(&whole, &number("7")).is_ok());
    assert!(stored(&whole, &number("7.5")).is_err());
    assert!(value(&number(&"9".repeat(39))).is_err());
}

#[test]
fn characters_that_the_column_would_replace_are_refused() {
    let text = |page| column(LogicalType::text(10), "varchar(10)", page);
    let store = |page, given: &str| stored(&text(page), &Value::Text(given.into())).is_ok();
    assert!(store(Some(1_252), "Größe €") && !store(Some(1_252), "Ł"));
    assert!(store(Some(1_250), "plain") && !store(Some(1_250), "é"));
    assert!(store(Some(65_001), "🚀") && store(None, "🚀"));
}

#[test]
fn fractions_of_a_second_that_the_column_would_round_are_refused() {
    let stamp = |nanos| Value::Timestamp(Timestamp { seconds: 0, nanos });
    let fine = |native: &str, precision, nanos| {
        let column = column(LogicalType::Timestamp { precision }, native, None);
        stored(&column, &stamp(nanos)).is_ok()
    };
    assert!(fine("datetime2(3)", 3, 1_000_000) && !fine("datetime2(3)", 3, 1_000));
    assert!(fine("datetime2(7)", 7, 100) && !fine("datetime2(7)", 7, 1));
    assert!(fine("datetime", 3, 3_333_300) && fine("datetime", 3, 7_000_000));
    assert!(!fine("datetime", 3, 1_000_000) && !fine("smalldatetime", 0, 1_000_000));
}

#[test]
fn what_no_column_holds_is_refused() {
    let date = |year| {
        Value::Date(Date {
            year,
            month: 1,
            day: 1,
        })
    };
    assert!(value(&date(1)).is_ok() && value(&date(9999)).is_ok());
    assert!(value(&date(0)).is_err() && value(&date(10_000)).is_err());
    assert!(value(&Value::Time(-1)).is_err() && value(&Value::Time(DAY)).is_err());
    assert!(value(&Value::F64(f64::NAN)).is_err());
    let odd = Value::OffsetInstant {
        instant: Timestamp {
            seconds: 0,
            nanos: 0,
        },
        offset: 61,
    };
    assert!(value(&odd).is_err());
}

#[test]
fn values_of_another_kind_are_refused_unless_they_say_the_same() {
    let whole = column(LogicalType::INT64, "bigint", None);
    for given in [
        Value::Bytes(vec![1]),
        Value::Text("1".into()),
        Value::Uuid([1; 16]),
        Value::Json("{}".into()),
    ] {
        assert!(stored(&whole, &given).is_err(), "{given:?}");
    }
    let uuid = column(LogicalType::Uuid, "uniqueidentifier", None);
    let text = |text: &str| Value::Text(text.into());
    assert!(stored(&uuid, &text("00102030-4050-6070-8090-A0B0C0D0E0F0")).is_ok());
    assert!(stored(&uuid, &text("no uuid at all")).is_err());
    let short = column(LogicalType::text(2), "nvarchar(2)", None);
    assert!(stored(&short, &Value::I64(12)).is_ok());
    assert!(stored(&short, &Value::I64(123)).is_err());
    assert!(stored(&short, &text("ab ")).is_err());
    let json = column(LogicalType::Text { length: None }, "nvarchar(max)", None);
    assert!(stored(&json, &Value::Json("[1]".into())).is_ok());
    assert!(stored(&json, &Value::Json("{".into())).is_err());
    let money = column(LogicalType::decimal(4, 2), "decimal(4,2)", None);
    assert!(stored(&money, &number("-99.50")).is_ok() && stored(&money, &number("100")).is_err());
}
