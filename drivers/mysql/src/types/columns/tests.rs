//! Tests of column types.

use super::*;

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
    let ty = read("enum", "enum('red','it''s','a,b','','a\\\\b\\n','grün')");
    let labels = ["red", "it's", "a,b", "", "a\\b\n", "grün"]
        .map(str::to_owned)
        .into();
    assert_eq!(ty, LogicalType::Enum { labels });
    assert_eq!(
        read("enum", "enum("),
        LogicalType::Enum { labels: Vec::new() }
    );
    let damaged = read("enum", "enum('gr\u{fc}n ?')");
    assert_eq!(damaged, LogicalType::Text { length: None });
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
