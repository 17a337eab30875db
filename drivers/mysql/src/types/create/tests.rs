//! Tests of the types of new columns.

use super::*;
use crate::capabilities::Product;

const MARIADB: Flavor = Flavor {
    product: Product::MariaDb,
    version: (10, 11, 19),
};
const OLD: Flavor = Flavor {
    product: Product::MySql,
    version: (5, 6, 24),
};

fn made(ty: &LogicalType) -> String {
    to_create(MARIADB, ty).unwrap()
}

#[test]
fn texts_and_bytes_go_where_their_length_fits() {
    let text = |length| made(&LogicalType::Text { length });
    assert!(text(Some(255)).starts_with("VARCHAR(255) "));
    assert!(text(Some(1_024)).starts_with("VARCHAR(1024) "));
    assert!(text(Some(16_383)).starts_with("TEXT "));
    assert!(text(Some(16_384)).starts_with("MEDIUMTEXT "));
    assert!(text(Some(4_194_304)).starts_with("LONGTEXT "));
    assert!(text(None).starts_with("LONGTEXT "));
    let bytes = |length| made(&LogicalType::Bytes { length });
    assert_eq!(bytes(Some(16)), "VARBINARY(16)");
    assert_eq!(bytes(Some(65_535)), "BLOB");
    assert_eq!(bytes(None), "LONGBLOB");
}

#[test]
fn what_would_lose_something_is_not_created() {
    for ty in [
        LogicalType::Decimal {
            precision: None,
            scale: None,
        },
        LogicalType::decimal(66, 2),
        LogicalType::decimal(40, 31),
        LogicalType::decimal(2, 3),
        LogicalType::decimal(4, -1),
        LogicalType::Timestamp { precision: 9 },
        LogicalType::OffsetInstant { precision: 6 },
        LogicalType::Interval,
        LogicalType::Enum { labels: Vec::new() },
        LogicalType::List {
            element: Box::new(LogicalType::Bool),
        },
        LogicalType::Int {
            bits: 128,
            unsigned: false,
        },
    ] {
        assert!(to_create(MARIADB, &ty).is_err(), "{ty:?}");
    }
    assert_eq!(made(&LogicalType::decimal(65, 30)), "DECIMAL(65,30)");
    assert_eq!(made(&LogicalType::Json), "JSON");
    assert!(to_create(OLD, &LogicalType::Json).is_err());
}

#[test]
fn decimals_fit_up_to_65_digits() {
    assert!(fits_decimal("-12.50") && fits_decimal(&"9".repeat(65)));
    assert!(fits_decimal(&format!(
        "{}.{}",
        "9".repeat(35),
        "9".repeat(30)
    )));
    assert!(!fits_decimal(&"9".repeat(66)) && !fits_decimal("NaN") && !fits_decimal("-Infinity"));
    assert!(!fits_decimal(&format!("0.{}", "1".repeat(31))));
}
