//! What SQL Server can do.

use quillback_family_tds::MAX_PARAMS;
use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// What every version that still gets fixes can do.
pub(crate) fn all() -> Capabilities {
    Capabilities {
        transactions: true,
        serializable: true,
        row_counts: true,
        row_locks: true,
        enforced_keys: true,
        foreign_keys: true,
        // SCOPE_IDENTITY: triggers neither forbid nor change it, unlike OUTPUT and @@IDENTITY.
        generated_keys: GeneratedKeys::OneRow,
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
            transactional: true,
        },
        repository: true,
    }
}
