//! What Redshift can do, as data.

use quillback_plugin_api::capabilities::{
    Capabilities, CaseFolding, DdlCapabilities, GeneratedKeys,
};

use crate::options::MAX_NAME_BYTES;

/// Most parameters of one statement: they are counted in 16 bits, which programs of the age of Redshift's protocol take
/// to have a sign.
const MAX_PARAMS: u32 = 32_767;

/// What every cluster and workgroup can do.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        transactions: true,
        // A database may be set to snapshot isolation, which BEGIN does not change:
        // https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
        serializable: false,
        row_counts: true,
        // There are locks of tables only, and no FOR UPDATE:
        // https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html
        row_locks: false,
        // Declared keys are for the planner: https://docs.aws.amazon.com/redshift/latest/dg/t_Defining_constraints.html
        enforced_keys: false,
        foreign_keys: false,
        // No RETURNING: https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_30.html
        generated_keys: GeneratedKeys::No,
        last_key: false,
        streaming: true,
        cancel: true,
        schemas: true,
        // One connection writes to one database only.
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
            // Texts become longer; nothing else: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
            alter_column: true,
            create_index: false,
            // ALTER COLUMN refuses to be part of a transaction.
            transactional: false,
        },
        repository: false,
    }
}
