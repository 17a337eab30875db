//! What the driver can do at best, over all dialects; a connection tells what its own can.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// Whatever at least one dialect claims. Limits are left open: each dialect has its own.
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
        // The client offers no way to stop a statement from another thread.
        cancel: false,
        schemas: true,
        catalogs: false,
        empty_text_is_null: false,
        case_folding: CaseFolding::Preserve,
        max_identifier: 0,
        identifier_bytes: false,
        max_params: 0,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            transactional: true,
        },
        repository: false,
    }
}
