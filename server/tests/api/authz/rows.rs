//! Rows of the matrix: reading and writing rows, their history and changes.

use serde_json::{Value as Json, json};

use super::{Row, Who, check, row, world::World};

#[tokio::test]
async fn authz_rows() {
    check(rows()).await;
}

const WRITE: &str = "mutation($input: WriteRowsInput!) { writeRows(input: $input) { state } }";

fn one(world: &World, change: Json) -> Json {
    json!({ "input": { "changeId": World::fresh(), "schemaId": world.id("schema"), "changes": [change] } })
}

/// An edit of the row that is there.
pub fn edit(world: &World) -> Json {
    let edit =
        json!({ "key": world.id("row key"), "values": { "amount": "11" }, "overwrite": true });
    one(world, json!({ "edit": edit }))
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{
        Claimed, ConnectionsIn, ConnectionsOut, Editor, Elsewhere, SchemasIn, SchemasOut, Stranger,
        UsersIn, UsersOut, Viewer,
    };
    // They may view; what else they may is asked in each row.
    let members = [ConnectionsIn, SchemasIn, UsersIn, Viewer];
    let outsiders = [
        Claimed,
        Stranger,
        Elsewhere,
        ConnectionsOut,
        SchemasOut,
        UsersOut,
    ];
    vec![
        row("Query.rows")
            .calls(
                "query($id: ID!) { rows(schemaId: $id) { nodes { values } } }",
                |w, _| json!({ "id": w.id("schema") }),
            )
            .looks("/rows/nodes")
            .data(&members)
            .data(&[Editor])
            .data(&Who::ALL_ADMINS)
            .code("NOT_FOUND", &outsiders),
        row("Query.history")
            .calls(
                "query($id: ID!) { history(schemaId: $id) { entries { after } } }",
                |w, _| json!({ "id": w.id("schema") }),
            )
            .looks("/history/entries")
            .data(&[Editor])
            .data(&Who::ALL_ADMINS)
            .code("NOT_FOUND", &outsiders),
        row("Query.change")
            .calls(
                "query($id: ID!) { change(id: $id) { state } }",
                |w, _| json!({ "id": w.id("change") }),
            )
            .data(&[Editor])
            .data(&Who::ALL_ADMINS)
            .data(&[SchemasIn])
            .code("NOT_FOUND", &[ConnectionsIn, UsersIn, Viewer])
            .code("NOT_FOUND", &outsiders),
        row("Mutation.writeRows")
            .calls(WRITE, |w, _| edit(w))
            .data(&[Editor])
            .data(&Who::ADMINS)
            .code("NOT_FOUND", &outsiders),
        row("Mutation.writeRows: add")
            .calls(WRITE, |w, _| {
                one(w, json!({ "add": { "values": { "name": "another row" } } }))
            })
            .data(&[Editor])
            .data(&Who::ADMINS)
            .code("NOT_FOUND", &outsiders),
        row("Mutation.writeRows: delete")
            .calls(WRITE, |w, _| {
                one(
                    w,
                    json!({ "delete": { "key": w.id("row key"), "overwrite": true } }),
                )
            })
            .data(&[Editor])
            .data(&Who::ADMINS)
            .code("NOT_FOUND", &outsiders),
    ]
}
