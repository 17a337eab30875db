//! What __NAME__ can do, as data; what is absent is not supported.

use quillback_plugin_api::capabilities::Capabilities;

/// What the newest server can do. Claim a capability when the conformance suite shows that it holds, and link the
/// vendor's documentation beside it.
pub(crate) fn best() -> Capabilities {
    Capabilities {
        transactions: false,
        row_counts: false,
        enforced_keys: false,
        ..Capabilities::default()
    }
}
