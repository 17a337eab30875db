//! `SQLite`: <https://www.sqlite.org/lang.html>

use quillback_plugin_api::Category as C;
use quillback_plugin_api::capabilities::{Capabilities, DdlCapabilities, GeneratedKeys};

use super::{
    Around, BARE, Beyond, Form, Keys, Locking, Naming, Native, Paging, Place, Search, Spelling,
    Types, Values, usual,
};

pub(super) const SPELLING: Spelling = Spelling {
    // http://www.ch-werner.de/sqliteodbc/html/index.html: foreign keys are enforced, a lock is waited for five seconds.
    attributes: "FKSupport=1;Timeout=5000;BigInt=1;",
    session: &[],
    time_limit: ["", ""],
    // Transactions run one after the other.
    isolation: usual::ALWAYS_SERIAL,
    version: "SELECT sqlite_version()",
    capabilities: Capabilities {
        transactions: true,
        serializable: true,
        row_counts: true,
        // A transaction of this ODBC driver locks with its first write only.
        row_locks: false,
        enforced_keys: true,
        foreign_keys: true,
        generated_keys: GeneratedKeys::OneRow,
        last_key: true,
        // https://www.sqlite.org/limits.html#max_variable_number
        max_params: 32_766,
        ddl: DdlCapabilities {
            drop_column: true,
            rename_column: true,
            create_index: true,
            transactional: true,
            ..usual::CAPABILITIES.ddl
        },
        ..usual::CAPABILITIES
    },
    // A name in double quotes that no column has is taken for a text: https://www.sqlite.org/quirks.html#dblquote
    quotes: ('`', '`'),
    misread: &['"', '\'', '?'],
    constants: ["0", "1"],
    // A column that another program made may ignore case.
    exact: Some((("", " COLLATE BINARY"), BARE)),
    same: Some(" IS "),
    json: BARE,
    search: Search {
        function: "instr(",
        column_first: true,
        plain: BARE,
        // The engine's own knows ASCII only: https://www.sqlite.org/lang_corefunc.html#lower
        folded: ("lower(", ")"),
        needle: ("lower(", ")"),
        empty: None,
    },
    nulls: ["", ""],
    paging: Paging::Limit(Some("-1")),
    locking: Locking::No,
    keys: Keys::Ask("SELECT last_insert_rowid()", "last_insert_rowid()"),
    insert_rows: 1_000,
    values: Values {
        large: ("?", Form::Text),
        decimal: ("CAST(? AS REAL)", Form::Text),
        digits: (0, 0),
        infinity: true,
        // It becomes NULL.
        nan: false,
        // The plane beyond is mangled by the ODBC driver.
        last_character: '\u{fffff}',
        ..usual::VALUES
    },
    types: Types {
        unsigned: ["SMALLINT", "INT", "BIGINT", ""],
        // The engine makes floats of exact numbers.
        decimal: ("", 0, 0),
        float: ["", "DOUBLE"],
        text: (100_000_000, "VARCHAR({n})", "TEXT"),
        exact_text: " COLLATE BINARY",
        bytes: (0, "", "BLOB"),
        // Sessions know no zone: a moment is its civil time in UTC.
        instant: "TIMESTAMP({n})",
        // INTEGER as the only column of the key is the number of the row: https://www.sqlite.org/autoinc.html
        identity: Some(("INTEGER", "")),
        ..usual::TYPES
    },
    natives: &[
        ("boolean", Native::Bool),
        ("tinyint", Native::Int(8)),
        ("smallint", Native::Int(16)),
        ("int", Native::Int(32)),
        ("integer", Native::Int(64)),
        ("bigint", Native::Int(64)),
        ("decimal", Native::Float(64)),
        ("numeric", Native::Float(64)),
        ("real", Native::Float(64)),
        ("float", Native::Float(64)),
        ("double", Native::Float(64)),
        ("text", Native::LongText),
        ("clob", Native::LongText),
        ("blob", Native::LongBytes),
        ("time", Native::Time),
        ("timestamp", Native::Timestamp),
        ("datetime", Native::Timestamp),
    ],
    changes: usual::CHANGES,
    place: Place {
        around: Around::Nothing,
        current: "",
        names_catalog: false,
        own: &[],
        own_tables: "sqlite_",
    },
    beyond: Beyond {
        columns: "SELECT name, CASE WHEN hidden IN (2, 3) THEN 'computed' ELSE 'identity' END, type, cid \
                  FROM pragma_table_xinfo(?) WHERE hidden IN (2, 3) OR (pk = 1 AND upper(type) = 'INTEGER')",
        primary: "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk",
        keys: "SELECT l.name, i.name FROM pragma_index_list(?) AS l, pragma_index_info(l.name) AS i \
               WHERE l.\"unique\" = 1 AND l.origin <> 'pk' AND l.partial = 0 ORDER BY l.name, i.seqno",
        ..usual::BEYOND
    },
    // https://www.sqlite.org/rescode.html
    numbers: &[
        (3, C::Permission),
        (5, C::Conflict),
        (6, C::Conflict),
        (7, C::Resource),
        (8, C::Permission),
        (9, C::Cancelled),
        (11, C::Other),
        (13, C::Resource),
        (14, C::Connect),
        (18, C::InvalidData),
        (20, C::InvalidData),
        (26, C::Connect),
    ],
    words: &[
        ("UNIQUE constraint failed", C::Unique),
        ("PRIMARY KEY must be unique", C::Unique),
        ("NOT NULL constraint failed", C::NotNull),
        ("Cannot add a NOT NULL column", C::NotNull),
        ("FOREIGN KEY constraint failed", C::ForeignKey),
        ("CHECK constraint failed", C::Check),
        ("no such table", C::NotFound),
        ("no such column", C::NotFound),
        ("has no column named", C::NotFound),
        ("duplicate column name", C::AlreadyExists),
        ("already exists", C::AlreadyExists),
        ("database is locked", C::Conflict),
        ("syntax error", C::Syntax),
    ],
    naming: Naming {
        from_end: true,
        constraint: &[],
        table: &[],
        column: &[],
        path: " constraint failed: ",
    },
};
