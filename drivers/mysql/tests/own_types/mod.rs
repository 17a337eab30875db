//! Columns that only this database has, with a value of each: as the server takes it and as the driver reads it.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::value::Decimal;

/// One column and its value.
#[derive(Debug)]
pub(crate) struct Case {
    /// Type of the column.
    pub(crate) ty: &'static str,
    /// The value as the server takes it when it is not strict.
    pub(crate) sql: String,
    /// The value as the driver reads it.
    pub(crate) value: Value,
    /// Whether a condition on the value finds the row.
    pub(crate) is_found: bool,
    /// Whether the driver stores what it read.
    pub(crate) is_stored: bool,
}

fn case(ty: &'static str, sql: &str, value: Value) -> Case {
    Case {
        ty,
        sql: sql.to_owned(),
        value,
        is_found: true,
        is_stored: true,
    }
}

/// A value that is read and compared but never written.
fn read_only(ty: &'static str, sql: &str, value: Value) -> Case {
    Case {
        is_stored: false,
        ..case(ty, sql, value)
    }
}

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    numbers()
        .into_iter()
        .chain(moments())
        .chain(texts())
        .collect()
}

/// Cases of types that `MariaDB` alone has.
pub(crate) fn of_mariadb() -> Vec<Case> {
    let uuid = [
        0x01, 0x23, 0xab, 0xcd, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89,
        0xab,
    ];
    vec![
        case(
            "UUID",
            "'0123abcd-4567-89ab-cdef-0123456789ab'",
            Value::Uuid(uuid),
        ),
        case("INET6", "'::1'", Value::Text("::1".into())),
        case(
            "JSON",
            "'{\"a\": 1.50}'",
            Value::Json("{\"a\": 1.50}".into()),
        ),
    ]
}

fn numbers() -> Vec<Case> {
    let digits = format!("-{}.{}", "9".repeat(35), "9".repeat(30));
    let decimal = Value::Decimal(Decimal::new(digits.as_str()).unwrap());
    vec![
        case(
            "BIGINT UNSIGNED",
            "18446744073709551615",
            Value::U64(u64::MAX),
        ),
        case("INT UNSIGNED ZEROFILL", "7", Value::I64(7)),
        case("MEDIUMINT", "-8388608", Value::I64(-8_388_608)),
        case("TINYINT(1)", "1", Value::Bool(true)),
        case("TINYINT(1)", "7", Value::I64(7)),
        case("YEAR", "2155", Value::I64(2155)),
        case("BIT(1)", "b'1'", Value::Bool(true)),
        // The server compares bits as a number, and bytes are none.
        Case {
            is_found: false,
            ..case("BIT(12)", "b'100000000001'", Value::Bytes(vec![8, 1]))
        },
        case("DECIMAL(65,30)", &digits, decimal),
        case("FLOAT", "0.1", Value::F32(0.1)),
        case("DOUBLE", "0.1", Value::F64(0.1)),
    ]
}

fn date(year: i32, month: u8, day: u8) -> Date {
    Date { year, month, day }
}

fn special(text: &str) -> Value {
    Value::Special {
        kind: 1,
        text: text.into(),
    }
}

fn moments() -> Vec<Case> {
    let moon = Timestamp::from_parts(date(1999, 7, 20), 1_000);
    let moon_sql = "'1999-07-20 00:00:00.000001'";
    vec![
        read_only("DATE", "'0000-00-00'", Value::Date(date(0, 0, 0))),
        read_only("DATE", "'2024-02-00'", Value::Date(date(2024, 2, 0))),
        read_only("DATETIME", "'0000-00-00'", special("0000-00-00 00:00:00")),
        read_only(
            "DATETIME(3)",
            "'2024-00-00 10:11:12.5'",
            special("2024-00-00 10:11:12.500"),
        ),
        read_only(
            "TIMESTAMP(6) NULL",
            "'0000-00-00'",
            special("0000-00-00 00:00:00.000000"),
        ),
        case("TIMESTAMP(6) NULL", moon_sql, Value::Instant(moon)),
        case("DATETIME(6)", moon_sql, Value::Timestamp(moon)),
        case("DATETIME(6) COMMENT 'UTC'", moon_sql, Value::Instant(moon)),
        case(
            "TIME(6)",
            "'-838:59:59'",
            Value::Time(-3_020_399_000_000_000),
        ),
        case(
            "TIME(6)",
            "'-837:00:00.000001'",
            Value::Time(-3_013_200_000_001_000),
        ),
    ]
}

fn texts() -> Vec<Case> {
    let text = |text: &str| Value::Text(text.to_owned());
    vec![
        case("ENUM('red','blue')", "'blue'", text("blue")),
        case("SET('a','b','c')", "'a,c'", text("a,c")),
        case("CHAR(3) CHARACTER SET latin1", "'äöü'", text("äöü")),
        case(
            "BINARY(4)",
            "x'00ff1122'",
            Value::Bytes(vec![0, 255, 17, 34]),
        ),
        case("TINYBLOB", "x'ff00'", Value::Bytes(vec![255, 0])),
        case(
            "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin",
            "'0123abcd-4567-89ab-cdef-0123456789ab'",
            {
                Value::Uuid([
                    1, 0x23, 0xab, 0xcd, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67,
                    0x89, 0xab,
                ])
            },
        ),
        read_only(
            "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin",
            "'no uuid'",
            text("no uuid"),
        ),
    ]
}
