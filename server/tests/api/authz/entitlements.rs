//! Rows of the matrix: entitlements, and looking at the rights of others.

use serde_json::{Value as Json, json};

use super::{Row, Who, check, row, world::World};

#[tokio::test]
async fn authz_entitlements() {
    check(rows()).await;
}

fn of_sales(world: &World) -> Json {
    json!({ "type": "GROUP", "assignable": world.id("sales"), "property": "region" })
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{SchemasIn, SchemasOut, UsersIn, UsersOut};
    let set = |w: &World, _| {
        let mut input = of_sales(w);
        input["values"] = json!(["north"]);
        json!({ "input": input })
    };
    vec![
        row("Query.entitlements")
            .calls("{ entitlements { entitlements { value } } }", |_, _| json!({}))
            .looks("/entitlements/entitlements")
            .data(&[SchemasIn])
            .data(&Who::ALL_ADMINS)
            .nothing(&[SchemasOut]),
        row("Mutation.setEntitlements")
            .calls(
                "mutation($input: SetEntitlementsInput!) { setEntitlements(input: $input) { __typename } }",
                set,
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.removeEntitlements")
            .calls(
                "mutation($input: RemoveEntitlementsInput!) { removeEntitlements(input: $input) { __typename } }",
                |w, _| json!({ "input": { "filter": of_sales(w) } }),
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.importEntitlements")
            .calls(
                "mutation($input: ImportEntitlementsInput!) { importEntitlements(input: $input) { __typename } }",
                |w, _| {
                    let mut one = of_sales(w);
                    one["value"] = json!("south");
                    json!({ "input": { "mode": "ADD", "rows": [one] } })
                },
            )
            .data(&[SchemasIn])
            .code("INVALID_INPUT", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Query.effectiveAccess")
            .calls("query($id: ID!) { effectiveAccess(userId: $id) { __typename } }", |w, _| {
                json!({ "id": w.id("subject") })
            })
            .data(&[UsersIn])
            .code("NOT_FOUND", &[UsersOut])
            .data(&Who::ALL_ADMINS),
        row("Query.previewAsUser")
            .calls(
                "query($input: PreviewAsUserInput!) { previewAsUser(input: $input) { __typename } }",
                |w, _| json!({ "input": { "schemaId": w.id("schema"), "userId": w.id("subject") } }),
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
    ]
}
