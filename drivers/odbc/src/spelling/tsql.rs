//! Microsoft SQL Server: <https://learn.microsoft.com/sql/t-sql/language-reference>

use quillback_plugin_api::Category as C;
use quillback_plugin_api::capabilities::{Capabilities, DdlCapabilities, GeneratedKeys};

use super::{
    Alter, Around, BARE, Beyond, Changes, Form, Isolation, Keys, Locking, Naming, Native, Paging,
    Place, Search, Spelling, Types, Values, usual,
};

pub(super) const SPELLING: Spelling = Spelling {
    attributes: "",
    session: &["SET XACT_ABORT ON"],
    time_limit: ["", ""],
    // REPEATABLE READ locks what was read, which is as good as a snapshot for one batch.
    isolation: Isolation {
        usual: "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        ..usual::SET_ISOLATION
    },
    version: "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))",
    capabilities: Capabilities {
        transactions: true,
        serializable: true,
        row_counts: true,
        row_locks: true,
        enforced_keys: true,
        foreign_keys: true,
        generated_keys: GeneratedKeys::OneRow,
        schemas: true,
        // https://learn.microsoft.com/sql/sql-server/maximum-capacity-specifications-for-sql-server
        max_identifier: 128,
        max_params: 2_098,
        ddl: DdlCapabilities {
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            transactional: true,
            ..usual::CAPABILITIES.ddl
        },
        ..usual::CAPABILITIES
    },
    quotes: ('[', ']'),
    misread: &[],
    constants: ["1 = 0", "1 = 1"],
    // Collations may ignore case and accents, and all of them ignore spaces at the end.
    exact: Some((
        ("CAST(CAST(", " AS nvarchar(max)) AS varbinary(max))"),
        ("CAST(CAST(", " AS nvarchar(max)) AS varbinary(max))"),
    )),
    same: None,
    json: BARE,
    search: Search {
        function: "CHARINDEX(",
        column_first: false,
        plain: (
            "CAST(",
            " AS nvarchar(max)) COLLATE Latin1_General_100_BIN2",
        ),
        folded: (
            "LOWER(CAST(",
            " AS nvarchar(max)) COLLATE Latin1_General_100_BIN2)",
        ),
        needle: ("LOWER(", ")"),
        empty: Some(("DATALENGTH(", ") >= 0")),
    },
    nulls: ["", ""],
    paging: Paging::TopAndFetch,
    locking: Locking::Hint(" WITH (UPDLOCK, ROWLOCK)"),
    keys: Keys::Output,
    insert_rows: 1_000,
    values: Values {
        large: ("CAST(? AS decimal(20,0))", Form::Text),
        decimal: ("CAST(? AS decimal({p},{s}))", Form::Text),
        float: ("CAST(? AS real)", Form::Double),
        uuid: ("CAST(? AS uniqueidentifier)", Form::Text),
        date: ("CAST(? AS date)", Form::Text),
        time: ("CAST(? AS time(7))", Form::Text),
        timestamp: ("CAST(? AS datetime2(7))", Form::Text),
        instant: ("CAST(? AS datetimeoffset(7))", Form::ZonedText),
        ..usual::VALUES
    },
    types: Types {
        bool: "bit",
        signed: ["smallint", "smallint", "int", "bigint"],
        unsigned: ["tinyint", "int", "bigint", "decimal(20,0)"],
        decimal: ("decimal({p},{s})", 38, 38),
        float: ["real", "float(53)"],
        text: (4_000, "nvarchar({n})", "nvarchar(max)"),
        exact_text: " COLLATE Latin1_General_100_BIN2",
        json: "nvarchar(max)",
        bytes: (8_000, "varbinary({n})", "varbinary(max)"),
        uuid: "uniqueidentifier",
        date: "date",
        time: "time({n})",
        timestamp: "datetime2({n})",
        instant: "datetimeoffset({n})",
        fraction: 7,
        identity: Some(("bigint", "IDENTITY(1,1)")),
        literal_prefix: "N",
        ..usual::TYPES
    },
    natives: &[
        ("bit", Native::Bool),
        ("tinyint", Native::Unsigned(8)),
        ("bigint identity", Native::Int(64)),
        ("int identity", Native::Int(32)),
        ("datetimeoffset", Native::Instant),
        ("datetime2", Native::Timestamp),
        ("time", Native::Time),
        ("money", Native::Decimal),
        ("smallmoney", Native::Decimal),
        ("ntext", Native::LongText),
        ("text", Native::LongText),
        ("xml", Native::LongText),
        ("image", Native::LongBytes),
        ("uniqueidentifier", Native::Uuid),
        ("sql_variant", Native::Other),
        ("hierarchyid", Native::Other),
        ("geometry", Native::Other),
        ("geography", Native::Other),
    ],
    changes: Changes {
        if_not_exists: "",
        add: "",
        alter: Alter::Whole,
        renames_by_procedure: true,
        ..usual::CHANGES
    },
    place: Place {
        around: Around::Schema,
        current: "SELECT SCHEMA_NAME()",
        names_catalog: true,
        own: &["sys", "information_schema"],
        own_tables: "",
    },
    beyond: Beyond {
        columns: "SELECT c.name, CASE WHEN c.is_identity = 1 THEN 'always' ELSE 'computed' END FROM sys.columns AS c \
                  WHERE c.object_id = OBJECT_ID(QUOTENAME(?) + N'.' + QUOTENAME(?)) \
                  AND (c.is_identity = 1 OR c.is_computed = 1 OR c.system_type_id = 189)",
        keys: "SELECT i.name, c.name FROM sys.indexes AS i JOIN sys.index_columns AS k ON k.object_id = i.object_id \
               AND k.index_id = i.index_id JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id \
               WHERE i.object_id = OBJECT_ID(QUOTENAME(?) + N'.' + QUOTENAME(?)) AND i.is_unique = 1 \
               AND i.is_primary_key = 0 AND i.has_filter = 0 AND k.is_included_column = 0 ORDER BY i.name, k.key_ordinal",
        ..usual::BEYOND
    },
    // https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
    numbers: &[
        (207, C::NotFound),
        (208, C::NotFound),
        (229, C::Permission),
        (245, C::InvalidData),
        (515, C::NotNull),
        (547, C::ForeignKey),
        (1205, C::Conflict),
        (1222, C::Conflict),
        (1505, C::Unique),
        (2601, C::Unique),
        (2627, C::Unique),
        (2628, C::InvalidData),
        (2705, C::AlreadyExists),
        (2714, C::AlreadyExists),
        (3701, C::NotFound),
        (3960, C::Conflict),
        (4060, C::Config),
        (4924, C::NotFound),
        (8114, C::InvalidData),
        (8115, C::InvalidData),
        (8152, C::InvalidData),
        (18_456, C::Auth),
    ],
    words: &[],
    naming: Naming {
        from_end: false,
        constraint: &[" constraint '", " constraint \"", " unique index '"],
        table: &[" object '", " table '", " table \""],
        column: &[" column '"],
        path: "",
    },
};
