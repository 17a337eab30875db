//! Rows of the matrix: connections, and a look into their databases.

use serde_json::{Value as Json, json};

use super::{Row, Who, check, row, world::World};

#[tokio::test]
async fn authz_connections() {
    check(rows()).await;
}

fn draft(world: &World) -> Json {
    json!({ "name": World::fresh(), "driver": "sqlite", "options": { "path": world.file() } })
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{ConnectionsIn, ConnectionsOut, SchemasIn, SchemasOut};
    vec![
        row("Query.connections")
            .calls("{ connections { name options } }", |_, _| json!({}))
            .data(&[ConnectionsIn, SchemasIn])
            .nothing(&[ConnectionsOut, SchemasOut])
            .data(&Who::ALL_ADMINS),
        row("Query.connection")
            .calls("query($id: ID!) { connection(id: $id) { name options } }", |w, _| {
                json!({ "id": w.id("connection") })
            })
            .data(&[ConnectionsIn, SchemasIn])
            .code("NOT_FOUND", &[ConnectionsOut, SchemasOut])
            .data(&Who::ALL_ADMINS),
        row("Query.databaseSchemas")
            .calls("query($id: ID!) { databaseSchemas(connectionId: $id) }", |w, _| {
                json!({ "id": w.id("connection") })
            })
            .looks("")
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Query.databaseTables")
            .calls(
                "query($id: ID!) { databaseTables(connectionId: $id) { tables { name } } }",
                |w, _| json!({ "id": w.id("connection") }),
            )
            .looks("/databaseTables/tables")
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Query.databaseTable")
            .calls(
                "query($id: ID!, $name: String!) { databaseTable(connectionId: $id, name: $name) { name } }",
                |w, _| json!({ "id": w.id("connection"), "name": w.id("table") }),
            )
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[SchemasOut])
            .data(&Who::ADMINS),
        row("Mutation.createConnection")
            .calls(
                "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id } } }",
                |w, _| json!({ "input": draft(w) }),
            )
            .data(&[ConnectionsIn, ConnectionsOut])
            .data(&Who::ADMINS),
        row("Mutation.updateConnection")
            .calls(
                "mutation($input: UpdateConnectionInput!) { updateConnection(input: $input) { connection { id } } }",
                |w, _| json!({ "input": { "id": w.id("connection"), "version": w.id("connection version"), "connection": draft(w) } }),
            )
            .data(&[ConnectionsIn])
            .code("NOT_FOUND", &[ConnectionsOut])
            .data(&Who::ADMINS),
        row("Mutation.deleteConnection")
            .calls(
                "mutation($id: ID!, $version: Int!) { deleteConnection(input: { id: $id, version: $version }) { id } }",
                |w, _| json!({ "id": w.id("spare connection"), "version": w.id("connection version") }),
            )
            .data(&[ConnectionsIn])
            .code("NOT_FOUND", &[ConnectionsOut])
            .data(&Who::ADMINS),
        row("Mutation.testConnection")
            .calls("mutation($id: ID!) { testConnection(input: { id: $id }) { ok } }", |w, _| {
                json!({ "id": w.id("connection") })
            })
            .data(&[ConnectionsIn])
            .code("NOT_FOUND", &[ConnectionsOut])
            .data(&Who::ADMINS),
    ]
}
