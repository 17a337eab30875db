//! Rows of the matrix: schemas, the rights on them and the rules for their rows.

use serde_json::{Value as Json, json};

use super::{
    Row, Who, check, row,
    world::{World, fields},
};

#[tokio::test]
async fn authz_schemas() {
    check(rows()).await;
}

/// A schema as it is to become: with one field more.
fn draft(world: &World, table: Json) -> Json {
    let mut fields = fields();
    let more = json!({ "name": "more", "type": { "name": "INTEGER" } });
    fields.as_array_mut().unwrap().push(more);
    json!({
        "label": World::fresh(), "module": "ADD_DATA", "connectionId": world.id("connection"),
        "table": table, "fields": fields,
    })
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{
        AdminReads, Claimed, ConnectionsIn, ConnectionsOut, Editor, Elsewhere, SchemasIn,
        SchemasOut, Stranger, UsersIn, UsersOut, Viewer,
    };
    let members = [ConnectionsIn, UsersIn, Viewer, Editor];
    let outsiders = [Claimed, Stranger, Elsewhere, ConnectionsOut, UsersOut];
    let designers = [SchemasIn, SchemasOut];
    vec![
        row("Query.schemas")
            .calls("{ schemas { label } }", |_, _| json!({}))
            .data(&members)
            .data(&designers)
            .data(&[Elsewhere, ConnectionsOut, UsersOut])
            .data(&Who::ALL_ADMINS)
            .nothing(&[Claimed, Stranger]),
        row("Query.schema")
            .calls("query($id: ID!) { schema(id: $id) { label fields { name } } }", |w, _| {
                json!({ "id": w.id("schema") })
            })
            .looks("/schema/fields")
            .data(&members)
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ALL_ADMINS)
            .code("NOT_FOUND", &outsiders),
        row("Schema.actions")
            .calls("query($id: ID!) { schema(id: $id) { actions } }", |w, _| json!({ "id": w.id("schema") }))
            .looks("/schema/actions")
            .data(&members)
            .data(&[SchemasIn])
            .data(&Who::ALL_ADMINS)
            .code("NOT_FOUND", &[SchemasOut])
            .code("NOT_FOUND", &outsiders),
        row("Schema.permissions")
            .calls("query($id: ID!) { schema(id: $id) { permissions { groupId } } }", |w, _| {
                json!({ "id": w.id("schema") })
            })
            .looks("/schema/permissions")
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ALL_ADMINS)
            .nothing(&members)
            .code("NOT_FOUND", &outsiders),
        row("Schema.policies")
            .calls("query($id: ID!) { schema(id: $id) { policies { name } } }", |w, _| {
                json!({ "id": w.id("schema") })
            })
            .looks("/schema/policies")
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ALL_ADMINS)
            .nothing(&members)
            .code("NOT_FOUND", &outsiders),
        row("Query.planSchema")
            .calls(
                "query($id: ID!, $input: SchemaInput!) { planSchema(id: $id, input: $input) { statements } }",
                |w, _| json!({ "id": w.id("schema"), "input": draft(w, w.id("table")) }),
            )
            .looks("/planSchema/statements")
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.createSchema")
            .calls(
                "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }",
                |w, _| json!({ "input": draft(w, json!(format!("t_{}", World::fresh().replace('-', "_")))) }),
            )
            .data(&[SchemasIn])
            // There is no connection on which to make one.
            .code("INVALID_INPUT", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.updateSchema")
            .calls(
                "mutation($input: UpdateSchemaInput!) { updateSchema(input: $input) { schema { id } } }",
                |w, _| {
                    let schema = draft(w, w.id("table"));
                    json!({ "input": { "id": w.id("schema"), "revision": w.id("revision"), "schema": schema } })
                },
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.deleteSchema")
            .calls(
                "mutation($input: DeleteSchemaInput!) { deleteSchema(input: $input) { id } }",
                |w, _| json!({ "input": { "id": w.id("schema"), "revision": w.id("revision"), "dropTable": true } }),
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.setSchemaPermissions")
            .calls(
                "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }",
                |w, _| {
                    let permission = json!({ "groupId": w.id("sales"), "actions": ["VIEW", "ADD"] });
                    json!({ "input": { "schemaId": w.id("schema"), "permissions": [permission] } })
                },
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.setSchemaPolicies")
            .calls(
                "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }",
                |w, _| json!({ "input": { "schemaId": w.id("schema"), "policies": [] } }),
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.setSchemaConditions")
            .calls(
                "mutation($input: SetConditionsInput!) { setSchemaConditions(input: $input) { schema { id } } }",
                |w, _| {
                    let rule = json!({ "field": "name", "operator": "CONTAINS", "values": ["row"] });
                    json!({ "input": { "schemaId": w.id("schema"), "addWhen": [rule] } })
                },
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Query.exportSchema")
            .calls("query($id: ID!) { exportSchema(id: $id) }", |w, _| json!({ "id": w.id("schema") }))
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Query.schemaHealth")
            .calls("query($id: ID!) { schemaHealth(id: $id) { __typename } }", |w, _| {
                json!({ "id": w.id("schema") })
            })
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.importSchema")
            .calls(
                "mutation($input: ImportSchemaInput!) { importSchema(input: $input) { __typename } }",
                |w, _| {
                    let document = w.id("document");
                    json!({ "input": {
                        "document": document, "connectionId": w.id("connection"), "idPolicy": "NEW",
                        "label": World::fresh(), "table": format!("t_{}", World::fresh().replace('-', "_")),
                        "mode": "STRUCTURE_ONLY",
                    } })
                },
            )
            .data(&[SchemasIn])
            .code("INVALID_INPUT", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.explainWrite")
            .calls(
                "mutation($input: WriteRowsInput!) { explainWrite(input: $input) { sql } }",
                |w, _| super::rows::edit(w),
            )
            .data(&Who::ADMINS)
            .code("NOT_FOUND", &[SchemasOut])
            .code("FORBIDDEN", &[AdminReads, SchemasIn]),
    ]
}
