//! What `SQLite` can do, as data.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// Most parameters of one statement: the default of `SQLITE_MAX_VARIABLE_NUMBER`
/// (<https://www.sqlite.org/limits.html#max_variable_number>).
const MAX_PARAMS: u32 = 32_766;

/// The same for every file: the engine is part of the driver.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        transactions: true,
        serializable: true,
        row_counts: true,
        row_locks: true,
        enforced_keys: true,
        foreign_keys: true,
        generated_keys: GeneratedKeys::AllRows,
        last_key: true,
        streaming: true,
        cancel: true,
        schemas: false,
        catalogs: false,
        empty_text_is_null: false,
        case_folding: CaseFolding::Preserve,
        max_identifier: 0,
        identifier_bytes: false,
        max_params: MAX_PARAMS,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            transactional: true,
        },
        repository: true,
    }
}
