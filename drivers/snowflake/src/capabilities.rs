//! What Snowflake can do.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// Most values of one statement. A list may have 16,384 expressions (error 001795: "maximum number of expressions in a list
/// exceeded"); each of them is compiled, so that fewer are quicker.
pub(crate) const MAX_PARAMS: u32 = 4_096;
/// Most bytes of the text of one statement:
/// <https://docs.snowflake.com/en/user-guide/query-size-limits>.
pub(crate) const MAX_TEXT: usize = 1_000_000;
/// Most bytes of the values of one statement, by the same page's limit of one text (16 MB before the larger one came).
pub(crate) const MAX_VALUES: usize = 16_000_000;

/// Most characters of a name: <https://docs.snowflake.com/en/sql-reference/identifiers-syntax>.
pub(crate) const MAX_NAME: u32 = 255;

/// What Snowflake can do.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        // https://docs.snowflake.com/en/sql-reference/transactions
        transactions: true,
        // The same page: READ COMMITTED is the only level.
        serializable: false,
        row_counts: true,
        // https://docs.snowflake.com/en/sql-reference/constructs/for-update: hybrid tables only.
        row_locks: false,
        // https://docs.snowflake.com/en/sql-reference/constraints-overview: never enforced on standard tables. The driver
        // checks declared keys when it adds rows; other programs need not.
        enforced_keys: false,
        foreign_keys: false,
        generated_keys: GeneratedKeys::No,
        last_key: false,
        streaming: true,
        cancel: true,
        schemas: true,
        catalogs: false,
        empty_text_is_null: false,
        // https://docs.snowflake.com/en/sql-reference/identifiers-syntax
        case_folding: CaseFolding::Upper,
        max_identifier: MAX_NAME,
        identifier_bytes: false,
        max_params: MAX_PARAMS,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: false,
            // Each change commits by itself: https://docs.snowflake.com/en/sql-reference/transactions#ddl
            transactional: false,
        },
        repository: false,
    }
}
