//! What Oracle Database from 12.2 on can do.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// What the driver claims of every server that it takes.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        transactions: true,
        // Oracle's level of that name is a snapshot: two transactions may each write what the other has read.
        serializable: false,
        row_counts: true,
        row_locks: true,
        enforced_keys: true,
        foreign_keys: true,
        generated_keys: GeneratedKeys::OneRow,
        last_key: false,
        streaming: true,
        // The client can only be stopped by its time-out, not from another thread.
        cancel: false,
        schemas: true,
        catalogs: false,
        empty_text_is_null: true,
        case_folding: CaseFolding::Upper,
        // https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Database-Object-Names-and-Qualifiers.html
        max_identifier: 128,
        identifier_bytes: true,
        // https://docs.oracle.com/error-help/db/ora-01745/
        max_params: 65_535,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            // Each change commits what is open, and itself.
            transactional: false,
        },
        repository: false,
    }
}
