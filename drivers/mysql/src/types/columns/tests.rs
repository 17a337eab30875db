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
    assert!(
        to_create(OLD, &LogicalType::Json)
            .unwrap()
            .starts_with("LONGTEXT")
    );
}

fn read(data_type: &str, column_type: &str) -> LogicalType {
    from_catalog(&Described {
        data_type,
        column_type,
        ..Described::default()
    })
}

#[test]
fn columns_of_the_catalog_are_recognised() {
    let int = |bits, unsigned| LogicalType::Int { bits, unsigned };
    assert_eq!(read("tinyint", "tinyint(1)"), LogicalType::Bool);
    assert_eq!(read("tinyint", "tinyint(4)"), int(8, false));
    assert_eq!(read("tinyint", "tinyint(1) unsigned"), int(8, true));
    assert_eq!(read("bigint", "bigint(20) unsigned"), int(64, true));
    assert_eq!(read("year", "year(4)"), int(16, true));
    assert_eq!(read("geometry", "geometry"), LogicalType::Other);
    let id = Described {
        data_type: "char",
        column_type: "char(36)",
        length: Some(36),
        collation: Some("ascii_bin"),
        ..Described::default()
    };
    assert_eq!(from_catalog(&id), LogicalType::Uuid);
    let code = Described {
        collation: Some("utf8mb4_bin"),
        ..id
    };
    assert_eq!(from_catalog(&code), LogicalType::text(36));
    let large = Described {
        data_type: "longtext",
        length: Some(4_294_967_295),
        ..Described::default()
    };
    assert_eq!(from_catalog(&large), LogicalType::Text { length: None });
    assert_eq!(
        from_catalog(&Described {
            is_json: true,
            ..large
        }),
        LogicalType::Json
    );
}

#[test]
fn a_date_and_time_is_a_moment_when_its_comment_says_so() {
    let civil = Described {
        data_type: "datetime",
        fraction: Some(6),
        ..Described::default()
    };
    assert_eq!(
        from_catalog(&civil),
        LogicalType::Timestamp { precision: 6 }
    );
    let moment = Described {
        comment: "utc",
        ..civil
    };
    assert_eq!(from_catalog(&moment), LogicalType::INSTANT);
    let stamp = Described {
        data_type: "timestamp",
        ..Described::default()
    };
    assert_eq!(from_catalog(&stamp), LogicalType::Instant { precision: 0 });
}

#[test]
fn labels_keep_quotes_and_commas() {
    let ty = read("enum", "enum('red','it''s','a,b','','grün 🚀')");
    let labels = ["red", "it's", "a,b", "", "grün 🚀"]
        .map(str::to_owned)
        .into();
    assert_eq!(ty, LogicalType::Enum { labels });
    assert_eq!(
        read("enum", "enum("),
        LogicalType::Enum { labels: Vec::new() }
    );
}

#[test]
fn bits_are_a_truth_value_or_bytes() {
    let bit = |count| {
        from_catalog(&Described {
            data_type: "bit",
            precision: Some(count),
            ..Described::default()
        })
    };
    assert_eq!(bit(1), LogicalType::Bool);
    assert_eq!(bit(12), LogicalType::Bytes { length: Some(2) });
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
