//! What a dedicated SQL pool can do.

use quillback_family_tds::MAX_PARAMS;
use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// What every pool can do. The limit on parameters is that of
/// <https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-service-capacity-limits>.
pub(crate) fn all() -> Capabilities {
    Capabilities {
        transactions: true,
        // READ UNCOMMITTED or READ_COMMITTED_SNAPSHOT, nothing stricter.
        serializable: false,
        row_counts: true,
        // "All locks are table level or higher", and no statement is documented to take one for a read.
        row_locks: false,
        // NOT ENFORCED is the only kind of key. The driver checks declared keys when it writes; other programs need not.
        enforced_keys: false,
        foreign_keys: false,
        // Neither OUTPUT nor SCOPE_IDENTITY nor @@IDENTITY.
        generated_keys: GeneratedKeys::No,
        last_key: false,
        streaming: true,
        cancel: true,
        schemas: true,
        catalogs: false,
        empty_text_is_null: false,
        case_folding: CaseFolding::Preserve,
        max_identifier: 128,
        identifier_bytes: false,
        max_params: MAX_PARAMS,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: true,
            // CREATE TABLE and its like may not stand in a transaction.
            transactional: false,
        },
        repository: false,
    }
}
