//! Rows of the matrix: the server itself and the audit trail of the console.

use serde_json::json;

use super::{Row, Who, check, row};

#[tokio::test]
async fn authz_console() {
    check(rows()).await;
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{ConnectionsIn, ConnectionsOut, SchemasIn, SchemasOut, UsersIn, UsersOut};
    vec![
        row("Query.server")
            .calls("{ server { version drivers { id } } }", |_, _| json!({}))
            .data(&[
                ConnectionsIn,
                ConnectionsOut,
                SchemasIn,
                SchemasOut,
                UsersIn,
                UsersOut,
            ])
            .data(&Who::ALL_ADMINS),
        row("Query.auditEvents")
            .calls("{ auditEvents { action } }", |_, _| json!({}))
            .data(&Who::ADMINS),
    ]
}
