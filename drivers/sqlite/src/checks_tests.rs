//! Which values each check lets in, tried on the engine.

use quillback_plugin_api::dialect::Dialect as _;
use quillback_plugin_api::sql::ColumnDef;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident};
use rusqlite::Connection;

use super::*;
use crate::dialect::Sqlite;
use crate::errors::translate;
use crate::functions;

fn table(ty: LogicalType) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    functions::install(&connection).unwrap();
    let column = ColumnDef::optional(Ident::literal("a \"b\""), ty);
    let ty = Sqlite.column_type(&column).unwrap();
    connection
        .execute_batch(&format!("CREATE TABLE t (\"a \"\"b\"\"\" {ty})"))
        .unwrap();
    connection
}

fn takes(ty: &LogicalType, good: &[&str], bad: &[&str]) {
    let connection = table(ty.clone());
    let insert = |value: &str| connection.execute(&format!("INSERT INTO t VALUES ({value})"), []);
    for value in good.iter().chain(&["NULL"]) {
        insert(value).unwrap_or_else(|error| panic!("{ty:?} refused {value}: {error}"));
    }
    for value in bad {
        let error = insert(value).expect_err(&format!("{ty:?} took {value}"));
        let error = translate(&error, Some("t"));
        assert_eq!(error.category, Category::InvalidData, "{ty:?} {value}");
        assert_eq!(
            error.origin.column.as_deref(),
            Some("a \"b\""),
            "{ty:?} {value}"
        );
    }
}

#[test]
fn numbers_keep_their_range() {
    let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
    takes(
        &LogicalType::Bool,
        &["0", "1", "'1'"],
        &["2", "-1", "'true'", "0.5", "x'01'"],
    );
    takes(
        &int(8, false),
        &["-128", "127", "'5'", "5.0"],
        &["-129", "128", "5.5", "'x'", "x'00'"],
    );
    takes(&int(8, true), &["0", "255"], &["-1", "256"]);
    takes(&int(16, false), &["-32768", "32767"], &["-32769", "32768"]);
    takes(
        &int(32, false),
        &["-2147483648", "2147483647"],
        &["-2147483649", "2147483648"],
    );
    takes(&int(32, true), &["4294967295"], &["4294967296", "-1"]);
    takes(
        &LogicalType::INT64,
        &["-9223372036854775808", "9223372036854775807"],
        &[
            "9223372036854775808",
            "'9223372036854775808'",
            "1e30",
            "'abc'",
        ],
    );
    takes(
        &int(64, true),
        &["0", "7", "'18446744073709551615'", "'9223372036854775808'"],
        &[
            "'18446744073709551616'",
            "-1",
            "'007'",
            "''",
            "1.5",
            "'99999999999999999999'",
        ],
    );
    takes(
        &LogicalType::Float { bits: 64 },
        &["1", "1.5", "'2.5'", "9e999"],
        &["'x'", "x'00'"],
    );
    takes(
        &LogicalType::Float { bits: 32 },
        &["1", "-3.4028234663852886e38", "0.1", "-9e999"],
        &["1e39", "-1e300"],
    );
}

#[test]
fn decimals_keep_precision_and_scale() {
    takes(
        &LogicalType::decimal(6, 2),
        &[
            "'0'",
            "'-0'",
            "'1.1'",
            "'1.10'",
            "'1.1000'",
            "'-9999.99'",
            "'0009999.99'",
            "5",
            "1.5",
            "-3",
        ],
        &[
            "'10000'",
            "'-10000.00'",
            "'1.234'",
            "'abc'",
            "''",
            "'-'",
            "'.5'",
            "'5.'",
            "'--5'",
            "'1.2.3'",
            "'1-2'",
            "' 1'",
            "'1e2'",
            "1e300",
            "'NaN'",
            "x'31'",
            "'٣'",
        ],
    );
    let unlimited = LogicalType::Decimal {
        precision: None,
        scale: None,
    };
    takes(
        &unlimited,
        &["'123456789012345678901234567890.123456789012345678901234567890'"],
        &["'1e5'"],
    );
    takes(
        &LogicalType::decimal(2, 2),
        &["'0.99'", "'.99' + 0"],
        &["'1'", "'.99'"],
    );
    takes(
        &LogicalType::decimal(3, 0),
        &["'999'", "'999.0'"],
        &["'1000'", "'1.5'"],
    );
}

#[test]
fn texts_and_bytes_keep_their_length() {
    takes(
        &LogicalType::text(3),
        &["''", "'abc'", "'äöü'", "'🚀🚀🚀'", "123"],
        &[
            "'abcd'",
            "'🚀🚀🚀🚀'",
            "x'61'",
            "char(97, 0, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108)",
        ],
    );
    takes(
        &LogicalType::Text { length: None },
        &["''", "1"],
        &["x'00'"],
    );
    takes(
        &LogicalType::Bytes { length: Some(2) },
        &["x''", "x'0001'"],
        &["x'000102'", "'ab'", "1"],
    );
    takes(
        &LogicalType::Json,
        &["'{}'", "'null'", "'1.10'", "'\"x\"'"],
        &["'{'", "''", "x'7b7d'", "'{a:1}'"],
    );
}

#[test]
fn uuids_have_hyphens_and_any_case() {
    takes(
        &LogicalType::Uuid,
        &[
            "'00112233-4455-6677-8899-aabbccddeeff'",
            "'00112233-4455-6677-8899-AABBCCDDEEFF'",
        ],
        &[
            "'00112233445566778899aabbccddeeff'",
            "'00112233-4455-6677-8899-aabbccddee'",
            "'0011223--4455-6677-8899-aabbccddeeff'",
            "'00112233-4455-6677-8899-aabbccddeefg'",
            "x'00112233445566778899aabbccddeeff'",
            "5",
        ],
    );
}

#[test]
fn dates_and_times_exist_and_have_one_form() {
    takes(
        &LogicalType::Date,
        &[
            "'2026-01-31'",
            "'0000-01-01'",
            "'9999-12-31'",
            "'2024-02-29'",
        ],
        &[
            "'2026-02-29'",
            "'2026-13-01'",
            "'2026-1-1'",
            "'+012345-01-01'",
            "'2026-01-31 00:00:00'",
            "2026",
            "''",
        ],
    );
    takes(
        &LogicalType::Time { precision: 3 },
        &["'00:00:00'", "'23:59:59.999'", "'12:00:00.5'"],
        &[
            "'24:00:00'",
            "'12:00'",
            "'12:00:00.'",
            "'12:00:00.50'",
            "'12:00:00.1234'",
            "'-01:00:00'",
            "'12:00:00Z'",
        ],
    );
    takes(
        &LogicalType::Time { precision: 0 },
        &["'12:00:00'"],
        &["'12:00:00.5'"],
    );
    takes(
        &LogicalType::INSTANT,
        &[
            "'2026-01-31 23:59:59'",
            "'2026-01-31 23:59:59.999999'",
            "'9999-12-31 23:59:59.9'",
        ],
        &[
            "'2026-01-31T23:59:59'",
            "'2026-01-31 23:59:59Z'",
            "'2026-01-31 23:59:59.9999999'",
            "'2026-01-31'",
            "'2026-02-30 00:00:00'",
            "'2026-01-31 24:00:00'",
            "'2026-01-31 23:59:59.1x'",
            "'2026-01-31 23:59:5'",
        ],
    );
}

#[test]
fn the_word_now_is_no_date() {
    let connection = table(LogicalType::Date);
    let error = connection
        .execute("INSERT INTO t VALUES ('now')", [])
        .unwrap_err();
    assert_eq!(translate(&error, Some("t")).category, Category::InvalidData);
}

#[test]
fn required_columns_have_shorter_checks() {
    assert_eq!(
        check("\"c\"", &LogicalType::text(5), false).as_deref(),
        Some("typeof(\"c\") = 'text' AND length(\"c\") <= 5 AND length(CAST(\"c\" AS BLOB)) <= 20")
    );
    assert_eq!(
        check("\"c\"", &LogicalType::Float { bits: 64 }, true).as_deref(),
        Some("typeof(\"c\") IN ('real', 'null')")
    );
    assert_eq!(check("\"c\"", &LogicalType::Other, true), None);
}

#[test]
fn only_checks_of_this_kind_name_a_column() {
    assert_eq!(
        column_of("typeof(\"a\"\"b\") = 'text'"),
        Some("a\"b".into())
    );
    assert_eq!(column_of("typeof(\"a\" || 'x') = 'text'"), None);
    assert_eq!(column_of("a > 0"), None);
    assert_eq!(column_of("typeof(\"open"), None);
}

#[test]
fn a_renamed_column_is_named_as_it_is_called_now() {
    let connection = table(LogicalType::INT64);
    connection
        .execute_batch("ALTER TABLE t RENAME COLUMN \"a \"\"b\"\"\" TO later")
        .unwrap();
    let error = connection
        .execute("INSERT INTO t VALUES ('x')", [])
        .unwrap_err();
    assert_eq!(
        translate(&error, Some("t")).origin.column.as_deref(),
        Some("later")
    );
}
