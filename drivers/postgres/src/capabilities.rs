//! What the database can do, as data.

use quillback_family_postgres::MAX_PARAMS;
use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

use crate::options::MAX_NAME_BYTES;

/// The capabilities of every version that is supported.
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
        schemas: true,
        // One connection reaches one database only.
        catalogs: false,
        empty_text_is_null: false,
        case_folding: CaseFolding::Lower,
        max_identifier: u32::try_from(MAX_NAME_BYTES).unwrap_or(0),
        identifier_bytes: true,
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
