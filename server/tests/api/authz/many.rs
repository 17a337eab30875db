//! Rows of the matrix: many rows at once, changes taken back, and what fields offer.

use serde_json::{Value as Json, json};

use super::{Row, Who, check, row, world::World};

#[tokio::test]
async fn authz_many() {
    check(rows()).await;
}

fn bulk(world: &World) -> Json {
    let filter = json!({ "field": "name", "value": "a row" });
    json!({ "input": {
        "changeId": World::fresh(), "schemaId": world.id("schema"), "filter": filter, "expectedCount": 1,
        "set": [{ "field": "note", "to": "noted" }],
    } })
}

fn gap(world: &World) -> Json {
    json!({ "input": {
        "changeId": World::fresh(), "schemaId": world.id("schema"), "field": "amount", "orderBy": "count",
        "expectedCount": 1,
    } })
}

fn back(world: &World) -> Json {
    json!({ "input": { "changeId": World::fresh(), "reverts": world.id("later change") } })
}

fn restore(world: &World) -> Json {
    json!({ "input": {
        "changeId": World::fresh(), "schemaId": world.id("schema"), "key": world.id("row key"),
        "to": world.id("change"), "overwrite": true,
    } })
}

/// The rows of this topic.
pub fn rows() -> Vec<Row> {
    use Who::{
        Claimed, ConnectionsIn, ConnectionsOut, Editor, Elsewhere, SchemasIn, SchemasOut, Stranger,
        UsersIn, UsersOut, Viewer,
    };
    let outsiders = [
        Claimed,
        Stranger,
        Elsewhere,
        ConnectionsOut,
        SchemasOut,
        UsersOut,
    ];
    let changing = |name, document, variables: fn(&World, Who) -> Json| {
        row(name)
            .calls(document, variables)
            .data(&[Editor])
            .data(&Who::ADMINS)
            .code("NOT_FOUND", &outsiders)
    };
    vec![
        row("Query.fieldOptions")
            .calls(
                "query($id: ID!) { fieldOptions(schemaId: $id, field: \"kind\") { nodes { value } } }",
                |w, _| json!({ "id": w.id("schema") }),
            )
            .looks("/fieldOptions/nodes")
            .data(&[Viewer, Editor, ConnectionsIn, SchemasIn, UsersIn])
            .data(&Who::ALL_ADMINS)
            .code("NOT_FOUND", &outsiders),
        changing(
            "Mutation.bulkEdit",
            "mutation($input: BulkEditInput!) { bulkEdit(input: $input) { state } }",
            |w, _| bulk(w),
        ),
        changing(
            "Mutation.previewBulkEdit",
            "mutation($input: BulkEditInput!) { previewBulkEdit(input: $input) { __typename } }",
            |w, _| bulk(w),
        ),
        changing(
            "Mutation.interpolate",
            "mutation($input: InterpolateInput!) { interpolate(input: $input) { __typename } }",
            |w, _| gap(w),
        ),
        changing(
            "Mutation.previewInterpolation",
            "mutation($input: InterpolateInput!) { previewInterpolation(input: $input) { __typename } }",
            |w, _| gap(w),
        ),
        changing(
            "Mutation.rollBack",
            "mutation($input: RollBackInput!) { rollBack(input: $input) { __typename } }",
            |w, _| back(w),
        ),
        changing(
            "Mutation.previewRollBack",
            "mutation($input: RollBackInput!) { previewRollBack(input: $input) { __typename } }",
            |w, _| back(w),
        ),
        changing(
            "Mutation.restoreRow",
            "mutation($input: RestoreRowInput!) { restoreRow(input: $input) { __typename } }",
            |w, _| restore(w),
        ),
        changing(
            "Mutation.previewRestoreRow",
            "mutation($input: RestoreRowInput!) { previewRestoreRow(input: $input) { __typename } }",
            |w, _| restore(w),
        ),
        row("Query.changes")
            .calls("query($id: ID!) { changes(filter: { schemaId: $id }) { changes { id } } }", |w, _| {
                json!({ "id": w.id("schema") })
            })
            .looks("/changes/changes")
            // Everybody sees the own ones, managers those of their schemas.
            .data(&[SchemasIn, Editor, Claimed])
            .data(&Who::ALL_ADMINS)
            .nothing(&[Stranger, Elsewhere, Viewer, ConnectionsIn, ConnectionsOut])
            .nothing(&[SchemasOut, UsersIn, UsersOut]),
        row("Mutation.settleChange")
            .calls(
                "mutation($id: ID!) { settleChange(input: { id: $id, verdict: APPLIED }) { __typename } }",
                |w, _| json!({ "id": w.id("change") }),
            )
            .succeeds_elsewhere("core/tests: only a change of which nothing is known can be settled")
            .code("INVALID_INPUT", &Who::ADMINS),
    ]
}
