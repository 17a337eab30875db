//! What the world holds and what its audit trail says: before and after each call of the matrix.

use serde_json::{Value as Json, json};

use super::{DATA, Row, Who, world::World};

/// Everything that the calls of the matrix are about, as an administrator sees it.
const THINGS: &str = "query($schema: ID!) {
    users(first: 100) { users { id username displayName email active hasPassword version roles groups { id } } }
    groups { id name version }
    schemas { id label revision }
    schema(id: $schema) {
        revision label
        permissions { groupId actions hiddenFields readOnlyFields ownOnly }
        policies { name rules { field operator } }
        conditions { editWhen { field } addWhen { field } }
    }
    connections { id name version options groupIds }
    entitlements(first: 100) { entitlements { assignableId property value } }
    rows(schemaId: $schema, first: 100) { nodes { key values } }
}";
const NEWEST: &str = "{ auditEvents(first: 1) { id } changes(first: 1) { changes { id state } } }";

/// What does something that is not there afterwards: looking, trying out, explaining.
const WITHOUT_TRACE: [&str; 6] = [
    "Mutation.explainWrite",
    "Mutation.previewBulkEdit",
    "Mutation.previewInterpolation",
    "Mutation.previewRestoreRow",
    "Mutation.previewRollBack",
    "Mutation.testConnection",
];

/// The state of a world.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Books {
    things: Json,
    /// The newest event of the audit trail, and the newest change of rows.
    newest: Json,
}

impl Books {
    pub(super) async fn of(world: &World) -> Self {
        let schema = json!({ "schema": world.id("schema") });
        Self {
            things: answer(world, THINGS, schema).await,
            newest: answer(world, NEWEST, json!({})).await,
        }
    }

    /// What a call did that it must not have done, or did not do that it must.
    pub(super) fn fault(&self, after: &Self, row: &Row, got: &str) -> Option<&'static str> {
        let field = row.field.split(':').next().unwrap_or_default();
        let leaves_no_trace = WITHOUT_TRACE.contains(&field);
        if got != DATA || leaves_no_trace {
            return (self.things != after.things).then_some("something changed");
        }
        (self.newest == after.newest).then_some("the audit trail does not tell of it")
    }
}

/// Asks as somebody who may see everything, whoever has just lost their session, role or token. What is gone is an
/// error in the answer, and a difference.
async fn answer(world: &World, document: &str, variables: Json) -> Json {
    let locked_out = ["UNAUTHENTICATED", "FORBIDDEN", "PASSWORD_CHANGE_REQUIRED"];
    for who in Who::ALL_ADMINS {
        let answer = world.ask(who, document, variables.clone()).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        if code.is_none_or(|code| !locked_out.contains(&code)) {
            return answer;
        }
    }
    // A difference in itself: this call has ended the sessions and tokens of the administrator.
    json!("locked out")
}
