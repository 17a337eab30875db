//! What BigQuery can do. <https://cloud.google.com/bigquery/quotas#query_jobs> has the numbers.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

/// Most parameters of one script: <https://cloud.google.com/bigquery/quotas#query_jobs>.
pub(crate) const MAX_PARAMS: u32 = 10_000;
/// Most bytes of the text of one script, of the same table.
pub(crate) const MAX_TEXT: usize = 1_000_000;

/// Most bytes of the values of one script: a request has ten megabytes, names and types included.
pub(crate) const MAX_REQUEST: usize = 9_000_000;

/// What BigQuery can do.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        // https://cloud.google.com/bigquery/docs/transactions
        transactions: true,
        // Snapshot isolation, and of two transactions that change the same table one is refused.
        serializable: false,
        row_counts: true,
        // Nothing waits for anything: whoever comes second is refused.
        row_locks: false,
        // https://cloud.google.com/bigquery/docs/primary-foreign-keys: never enforced. The driver checks declared keys
        // when it adds rows; other programs need not.
        enforced_keys: false,
        foreign_keys: false,
        generated_keys: GeneratedKeys::No,
        last_key: false,
        streaming: true,
        cancel: true,
        // Data sets.
        schemas: true,
        catalogs: false,
        empty_text_is_null: false,
        case_folding: CaseFolding::Preserve,
        // https://cloud.google.com/bigquery/docs/schemas#column_names
        max_identifier: 300,
        identifier_bytes: false,
        max_params: MAX_PARAMS,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            create_index: false,
            // https://cloud.google.com/bigquery/docs/transactions#supported_statements: none on permanent tables.
            transactional: false,
        },
        repository: false,
    }
}
