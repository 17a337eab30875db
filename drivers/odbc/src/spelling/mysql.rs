//! `MySQL` from 8.0.17 on: <https://dev.mysql.com/doc/refman/8.4/en/sql-statements.html>

use quillback_plugin_api::Category as C;
use quillback_plugin_api::capabilities::{Capabilities, DdlCapabilities, GeneratedKeys};

use super::{
    Alter, Around, BARE, Beyond, Changes, Form, Keys, Locking, Naming, Native, Paging, Place,
    Search, Spelling, Types, Values, usual,
};

/// What both products have is what `MySQL` has.
pub(super) const SPELLING: Spelling = Spelling {
    // Rows that are found are counted, whether or not a value differs:
    // https://dev.mysql.com/doc/connector-odbc/en/connector-odbc-configuration-connection-parameters.html
    attributes: "OPTION=2;",
    session: &[
        "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
        "SET SESSION time_zone = '+00:00'",
    ],
    time_limit: [
        "SET SESSION max_execution_time = {ms}, innodb_lock_wait_timeout = {s}",
        "SET SESSION max_execution_time = DEFAULT, innodb_lock_wait_timeout = DEFAULT",
    ],
    isolation: usual::SET_ISOLATION,
    version: "SELECT VERSION()",
    capabilities: Capabilities {
        transactions: true,
        serializable: true,
        row_counts: true,
        row_locks: true,
        enforced_keys: true,
        foreign_keys: true,
        generated_keys: GeneratedKeys::OneRow,
        last_key: true,
        // What others call a schema is a database here, and a catalog to ODBC.
        schemas: true,
        // https://dev.mysql.com/doc/refman/8.4/en/identifier-length.html
        max_identifier: 64,
        // The protocol counts parameters in 16 bits.
        max_params: 65_535,
        ddl: DdlCapabilities {
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            // Each change commits: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
            transactional: false,
            ..usual::CAPABILITIES.ddl
        },
        ..usual::CAPABILITIES
    },
    quotes: ('`', '`'),
    misread: &[],
    constants: ["FALSE", "TRUE"],
    // Most collations ignore case, accents or spaces at the end.
    exact: Some((
        ("CAST(CONVERT(", " USING utf8mb4) AS BINARY)"),
        ("CAST(CONVERT(", " USING utf8mb4) AS BINARY)"),
    )),
    same: Some(" <=> "),
    json: BARE,
    search: Search {
        function: "LOCATE(",
        column_first: false,
        plain: ("CONVERT(", " USING utf8mb4) COLLATE utf8mb4_bin"),
        folded: ("LOWER(CONVERT(", " USING utf8mb4) COLLATE utf8mb4_bin)"),
        needle: ("LOWER(", ")"),
        empty: None,
    },
    // NULL is the smallest value already.
    nulls: ["", ""],
    paging: Paging::Limit(Some("18446744073709551615")),
    locking: Locking::Clause(" FOR UPDATE"),
    keys: Keys::Ask("SELECT LAST_INSERT_ID()", "LAST_INSERT_ID()"),
    insert_rows: 1_000,
    values: Values {
        large: ("CAST(? AS UNSIGNED)", Form::Text),
        // A text beside a DECIMAL compares as a double.
        decimal: ("CAST(? AS DECIMAL(65,{s}))", Form::Text),
        json: ("CAST(? AS JSON)", Form::Text),
        digits: (65, 30),
        ..usual::VALUES
    },
    types: Types {
        // The comment makes a small number a truth value: ODBC drivers do not tell TINYINT(1) from TINYINT.
        bool: "TINYINT(1) COMMENT 'boolean'",
        unsigned: [
            "TINYINT UNSIGNED",
            "SMALLINT UNSIGNED",
            "INT UNSIGNED",
            "BIGINT UNSIGNED",
        ],
        decimal: ("DECIMAL({p},{s})", 65, 30),
        // A row holds 65,535 bytes; longer texts live outside it.
        text: (1_024, "VARCHAR({n})", "LONGTEXT"),
        exact_text: " CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
        json: "JSON",
        bytes: (4_096, "VARBINARY({n})", "LONGBLOB"),
        uuid: "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin",
        timestamp: "DATETIME({n})",
        // A TIMESTAMP ends in 2038; the comment makes a civil time a moment.
        instant: "DATETIME({n}) COMMENT 'UTC'",
        identity: Some(("BIGINT", "AUTO_INCREMENT")),
        options: " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin",
        plain_backslash: false,
        ..usual::TYPES
    },
    natives: &[
        ("tinyint", Native::Int(8)),
        ("mediumint", Native::Int(32)),
        ("tinyint unsigned", Native::Unsigned(8)),
        ("smallint unsigned", Native::Unsigned(16)),
        ("mediumint unsigned", Native::Unsigned(32)),
        ("int unsigned", Native::Unsigned(32)),
        ("bigint unsigned", Native::Unsigned(64)),
        ("json", Native::Json),
        ("year", Native::Int(16)),
        ("bit", Native::LongBytes),
        ("longtext", Native::LongText),
        ("longblob", Native::LongBytes),
        ("timestamp", Native::Instant),
        ("datetime", Native::Timestamp),
    ],
    changes: Changes {
        alter: Alter::Modify,
        ..usual::CHANGES
    },
    place: Place {
        around: Around::Catalog,
        current: "SELECT DATABASE()",
        names_catalog: false,
        own: &["information_schema", "mysql", "performance_schema", "sys"],
        own_tables: "",
    },
    beyond: Beyond {
        columns: "SELECT COLUMN_NAME, CASE WHEN EXTRA LIKE '%auto_increment%' THEN 'identity' ELSE 'computed' END \
                  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? \
                  AND (EXTRA LIKE '%auto_increment%' OR EXTRA LIKE '%GENERATED' OR EXTRA LIKE '%GENERATED ALWAYS')",
        primary: "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? \
                  AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX",
        keys: "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? \
               AND TABLE_NAME = ? AND NON_UNIQUE = 0 AND INDEX_NAME <> 'PRIMARY' AND INDEX_NAME NOT IN \
               (SELECT s.INDEX_NAME FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = ? \
               AND s.TABLE_NAME = ? AND (s.SUB_PART IS NOT NULL OR s.COLUMN_NAME IS NULL)) \
               ORDER BY INDEX_NAME, SEQ_IN_INDEX",
        fractions: true,
    },
    // https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-code-reference/
    numbers: &[
        (1005, C::Constraint),
        (1022, C::Unique),
        (1040, C::Unavailable),
        (1044, C::Permission),
        (1045, C::Auth),
        (1048, C::NotNull),
        (1049, C::Config),
        (1050, C::AlreadyExists),
        (1051, C::NotFound),
        (1054, C::NotFound),
        (1059, C::Unsupported),
        (1060, C::AlreadyExists),
        (1061, C::AlreadyExists),
        (1062, C::Unique),
        (1064, C::Syntax),
        (1091, C::NotFound),
        (1118, C::Unsupported),
        (1138, C::NotNull),
        (1142, C::Permission),
        (1146, C::NotFound),
        (1205, C::Conflict),
        (1213, C::Conflict),
        (1264, C::InvalidData),
        (1265, C::InvalidData),
        (1292, C::InvalidData),
        (1364, C::NotNull),
        (1366, C::InvalidData),
        (1406, C::InvalidData),
        (1451, C::ForeignKey),
        (1452, C::ForeignKey),
        (1832, C::Constraint),
        (1969, C::Timeout),
        (2002, C::Connect),
        (2003, C::Connect),
        (2006, C::Connect),
        (2013, C::Connect),
        (3024, C::Timeout),
        (3819, C::Check),
        (4025, C::Check),
    ],
    words: &[("Lost connection", C::Connect), ("gone away", C::Connect)],
    naming: Naming {
        from_end: true,
        constraint: &[" for key '", "CONSTRAINT `"],
        table: &["Table '"],
        column: &["Column '", "Field '"],
        path: "",
    },
};
