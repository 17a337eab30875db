//! What a folder of CSV files can do, as data; what is absent is not supported.

use quillback_plugin_api::capabilities::{Capabilities, DdlCapabilities};

/// Each claim is one that the conformance suite checks.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities {
        // All files of a batch are replaced together (see `journal`), one writer at a time (see `folder`).
        transactions: true,
        serializable: true,
        row_locks: true,
        row_counts: true,
        // The key of the description beside the file.
        enforced_keys: true,
        // A call that is dropped ends before its files are replaced.
        cancel: true,
        // In bytes: a name of only special characters takes three times as many in a file name, which ends at 255.
        max_identifier: 64,
        identifier_bytes: true,
        ddl: DdlCapabilities {
            create_table: true,
            add_column: true,
            drop_column: true,
            rename_column: true,
            alter_column: true,
            // A file has no index.
            create_index: false,
            transactional: true,
        },
        // Files are read whole, nothing numbers rows, and nobody should keep Quillback's own data in CSV files.
        ..Capabilities::default()
    }
}
