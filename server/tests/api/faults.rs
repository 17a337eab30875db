//! What goes wrong outside of the server: tables that vanish, values that the database refuses, rights that are missing.

use serde_json::json;

use crate::support::{Database, PAGE, Table, TestServer, WRITE, unique_id};

#[tokio::test]
async fn a_table_that_was_dropped_outside_is_told() {
    let (server, admin) = TestServer::start().await;
    let connection = Database::sqlite(&server.file("")).connect(&admin).await;
    let fields = json!([{ "name": "name", "type": { "name": "TEXT" } }]);
    let table = Table::make(&admin, &connection, "ADD_DATA", &fields).await;
    // A second schema on the same table, whose table is then dropped with the first.
    let input = json!({
        "label": "Corrections", "module": "DATA_CORRECTION", "connectionId": connection, "table": table.name,
    });
    let made = admin
        .run(
            "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }",
            json!({ "input": input }),
        )
        .await;
    let orphan = made["createSchema"]["schema"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    table.drop(&admin).await;
    let reply = admin.ask(PAGE, json!({ "schema": orphan })).await;
    assert_eq!(reply.code(), "DATABASE_OBJECT_MISSING", "{:#}", reply.json);
    assert_eq!(reply.json["errors"][0]["path"], json!(["rows"]));
    let add = json!({ "changeId": unique_id(), "schemaId": orphan, "changes": [{ "add": { "values": { "name": "x" } } }] });
    let reply = admin.ask(WRITE, json!({ "input": add })).await;
    assert!(
        ["DATABASE_OBJECT_MISSING", "INVALID_INPUT"].contains(&reply.code()),
        "{:#}",
        reply.json
    );
}

#[tokio::test]
async fn a_key_that_exists_is_a_duplicate_of_its_row() {
    let (server, admin) = TestServer::start().await;
    let connection = Database::sqlite(&server.file("")).connect(&admin).await;
    let fields = json!([{ "name": "name", "type": { "name": "TEXT" } }]);
    let managed = Table::make(&admin, &connection, "ADD_DATA", &fields).await;
    let rows = managed.add(&admin, &[json!({ "name": "first" })]).await;
    let input = json!({
        "label": "By hand", "module": "DATA_CORRECTION", "connectionId": connection, "table": managed.name,
        "key": [{ "column": "id", "maker": "CLIENT" }],
    });
    let made = admin
        .run(
            "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }",
            json!({ "input": input }),
        )
        .await;
    let by_hand = Table {
        schema: made["createSchema"]["schema"]["id"]
            .as_str()
            .unwrap()
            .to_owned(),
        ..managed.clone()
    };
    let changes = json!([
        { "add": { "key": { "id": unique_id() }, "values": { "name": "fine" } } },
        { "add": { "key": rows[0]["key"], "values": { "name": "again" } } },
    ]);
    let outcome = by_hand.write(&admin, changes).await;
    assert_eq!(outcome["state"], "REJECTED", "{outcome:#}");
    assert_eq!(outcome["rows"][1]["status"], "DUPLICATE", "{outcome:#}");
    assert_eq!(managed.column(&admin, "name").await, ["first"]);
}

#[tokio::test]
async fn things_that_are_not_there_answer_like_those_that_are_hidden() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let stranger = server.add_user(&admin, "stranger", json!([])).await;
    let hidden = stranger.ask(PAGE, json!({ "schema": table.schema })).await;
    let missing = stranger.ask(PAGE, json!({ "schema": unique_id() })).await;
    assert_eq!(hidden.code(), "NOT_FOUND");
    assert_eq!(hidden.json, missing.json);
    let add = json!([{ "add": { "values": { "name": "x" } } }]);
    let reply = stranger.ask(WRITE, table.input(&unique_id(), add)).await;
    assert_eq!(reply.code(), "NOT_FOUND");
    assert_eq!(
        stranger.run("{ schemas { id } }", json!({})).await["schemas"],
        json!([])
    );
}

#[tokio::test]
async fn rights_of_a_group_open_exactly_what_they_name() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let rows = table
        .add(
            &admin,
            &[json!({ "name": "seen", "count": 1, "note": "hidden" })],
        )
        .await;
    let reader = server.add_user(&admin, "reader", json!([])).await;
    let groups = admin.run("{ groups { id name } }", json!({})).await;
    let everyone = &groups["groups"][0];
    assert_eq!(everyone["name"], "everyone");
    let permission = json!({
        "groupId": everyone["id"], "actions": ["VIEW", "EDIT"], "hiddenFields": ["note"], "readOnlyFields": ["name"],
    });
    let input = json!({ "input": { "schemaId": table.schema, "permissions": [permission] } });
    admin
        .run(
            "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }",
            input,
        )
        .await;
    let page = table.page(&reader, json!({})).await;
    let values = &page["nodes"][0]["values"];
    assert_eq!(values["name"], "seen");
    assert_eq!(values.get("note"), None, "{values:#}");
    let edit = |values| json!([{ "edit": { "key": rows[0]["key"], "overwrite": true, "values": values } }]);
    assert_eq!(
        table.write(&reader, edit(json!({ "count": 2 }))).await["state"],
        "APPLIED"
    );
    for (changes, code) in [
        (edit(json!({ "name": "mine" })), "INVALID_INPUT"),
        (edit(json!({ "note": "mine" })), "INVALID_INPUT"),
        (
            json!([{ "add": { "values": { "name": "x" } } }]),
            "FORBIDDEN",
        ),
        (
            json!([{ "delete": { "key": rows[0]["key"], "overwrite": true } }]),
            "FORBIDDEN",
        ),
    ] {
        let reply = reader
            .ask(WRITE, table.input(&unique_id(), changes.clone()))
            .await;
        assert_eq!(reply.code(), code, "{changes}");
    }
}
