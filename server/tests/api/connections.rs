//! Connections: made, tested, changed and removed; their secrets go in and never come out.

use serde_json::{Value as Json, json};

use crate::support::{Client, Database, Table, TestServer, common_fields, unique_id};

const CREATE: &str = "mutation($input: ConnectionInput!) {
    createConnection(input: $input) { connection { id version options hasSecrets driver marker } }
}";
const UPDATE: &str = "mutation($input: UpdateConnectionInput!) {
    updateConnection(input: $input) { connection { id version options hasSecrets } }
}";
const DELETE: &str =
    "mutation($input: DeleteConnectionInput!) { deleteConnection(input: $input) { id } }";
const TEST: &str = "mutation($input: TestConnectionInput!) {
    testConnection(input: $input) { ok code product serverVersion checks { name problem } }
}";

async fn create(admin: &Client, input: Json) -> Json {
    let answer = admin.run(CREATE, json!({ "input": input })).await;
    answer["createConnection"]["connection"].clone()
}

/// A connection to a server that does not answer: the port was free a moment ago.
fn unreachable(name: &str) -> Json {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let options = json!({ "host": "127.0.0.1", "port": port, "user": "ann", "password": "tr0ub4dor", "database": "shop" });
    json!({ "name": name, "driver": "postgres", "options": options })
}

#[tokio::test]
async fn a_connection_is_made_tested_and_listed() {
    let (server, admin) = TestServer::start().await;
    let input = json!({ "name": "Files", "driver": "sqlite", "options": { "path": server.file("target.db") } });
    let draft = admin
        .run(TEST, json!({ "input": { "connection": input } }))
        .await;
    assert_eq!(draft["testConnection"]["ok"], true, "{draft:#}");
    let made = create(&admin, input.clone()).await;
    assert_eq!(
        (&made["version"], &made["hasSecrets"], &made["marker"]),
        (&json!(1), &json!(false), &json!(true))
    );
    let stored = admin
        .run(TEST, json!({ "input": { "id": made["id"] } }))
        .await;
    let test = &stored["testConnection"];
    assert_eq!(
        (&test["ok"], &test["code"]),
        (&json!(true), &Json::Null),
        "{test:#}"
    );
    assert!(test["product"].as_str().unwrap().contains("SQLite"));
    let names: Vec<_> = test["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| &check["name"])
        .collect();
    for name in [
        "connect",
        "create_table",
        "insert",
        "update",
        "delete",
        "drop_table",
    ] {
        assert!(
            names.iter().any(|known| *known == name),
            "{name} in {names:?}"
        );
    }
    let listed = admin
        .run("{ connections { name options } }", json!({}))
        .await;
    assert_eq!(
        listed["connections"],
        json!([{ "name": "Files", "options": input["options"] }])
    );
}

#[tokio::test]
async fn the_test_leaves_nothing_behind_but_the_marker() {
    let (server, admin) = TestServer::start().await;
    let connection = Database::sqlite(&server.file("")).connect(&admin).await;
    for _ in 0..2 {
        let test = admin
            .run(TEST, json!({ "input": { "id": connection } }))
            .await;
        assert_eq!(test["testConnection"]["ok"], true, "{test:#}");
    }
    let tables = admin
        .run(
            "query($id: ID!) { databaseTables(connectionId: $id) { tables { name } } }",
            json!({ "id": connection }),
        )
        .await;
    let tables = tables["databaseTables"]["tables"].as_array().unwrap();
    assert!(
        tables
            .iter()
            .all(|table| table["name"] == "_quillback_changes"),
        "{tables:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_is_told_and_harms_nobody_else() {
    let (server, admin) = TestServer::start().await;
    let away = create(&admin, unreachable("Away")).await;
    let test = admin
        .run(TEST, json!({ "input": { "id": away["id"] } }))
        .await;
    assert_eq!(test["testConnection"]["ok"], false);
    assert_eq!(
        test["testConnection"]["code"], "CONNECTION_FAILED",
        "{test:#}"
    );
    let input = json!({
        "label": "Nowhere", "module": "ADD_DATA", "connectionId": away["id"], "table": "t", "fields": common_fields(),
    });
    let plan = "query($input: SchemaInput!) { planSchema(input: $input) { statements } }";
    let refused = admin.ask(plan, json!({ "input": input })).await;
    assert_eq!(refused.code(), "CONNECTION_FAILED");
    assert!(!refused.message().contains("tr0ub4dor"));
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    table.add(&admin, &[json!({ "name": "works" })]).await;
}

#[tokio::test]
async fn an_edit_keeps_the_password_while_it_goes_to_the_same_server() {
    let (_server, admin) = TestServer::start().await;
    let input = unreachable("Shop");
    let made = create(&admin, input.clone()).await;
    assert_eq!(made["hasSecrets"], true);
    assert_eq!(made["options"].get("password"), None, "{made:#}");
    let mut without = input.clone();
    without["name"] = json!("Shop 2");
    without["options"]
        .as_object_mut()
        .unwrap()
        .remove("password");
    let update = |version: i64, connection: &Json| json!({ "input": { "id": made["id"], "version": version, "connection": connection } });
    let edited = admin.run(UPDATE, update(1, &without)).await;
    let edited = &edited["updateConnection"]["connection"];
    assert_eq!(
        (&edited["version"], &edited["hasSecrets"]),
        (&json!(2), &json!(true))
    );

    let stale = admin.ask(UPDATE, update(1, &without)).await;
    assert_eq!(stale.code(), "STALE");

    let mut elsewhere = without.clone();
    elsewhere["options"]["host"] = json!("attacker.example");
    let refused = admin.ask(UPDATE, update(2, &elsewhere)).await;
    assert_eq!(
        refused.problems(),
        [("options.password".to_owned(), "REQUIRED".to_owned())]
    );
    let test = json!({ "input": { "id": made["id"], "connection": elsewhere } });
    assert_eq!(admin.ask(TEST, test).await.code(), "INVALID_INPUT");
}

#[tokio::test]
async fn a_password_that_was_kept_opens_the_connection() {
    for driver in ["postgres", "mysql"] {
        let Some(database) = Database::server(driver) else {
            continue;
        };
        let (_server, admin) = TestServer::start().await;
        let id = database.connect(&admin).await;
        let connection = json!({ "name": unique_id(), "driver": driver, "options": {} });
        let update = json!({ "input": { "id": id, "version": 1, "connection": connection } });
        admin.run(UPDATE, update).await;
        let test = admin.run(TEST, json!({ "input": { "id": id } })).await;
        assert_eq!(test["testConnection"]["ok"], true, "{test:#}");
    }
}

#[tokio::test]
async fn a_connection_in_use_stays() {
    let (server, admin) = TestServer::start().await;
    let connection = Database::sqlite(&server.file("")).connect(&admin).await;
    let table = Table::make(&admin, &connection, "ADD_DATA", &common_fields()).await;
    let input = json!({ "input": { "id": connection, "version": 1 } });
    let refused = admin.ask(DELETE, input.clone()).await;
    assert_eq!(refused.code(), "IN_USE");
    table.drop(&admin).await;
    admin.run(DELETE, input.clone()).await;
    assert_eq!(admin.ask(DELETE, input).await.code(), "NOT_FOUND");
}

#[tokio::test]
async fn faults_of_a_connection_name_their_place() {
    let (_server, admin) = TestServer::start().await;
    let draft = |name: &str, driver: &str, options: Json| json!({ "name": name, "driver": driver, "options": options });
    for (input, path) in [
        (draft("x", "nosuch", json!({})), "driver"),
        (draft("  ", "sqlite", json!({ "path": "x" })), "name"),
        (draft("x", "sqlite", json!({ "path": 7 })), "options.path"),
        (draft("x", "sqlite", json!({ "pth": "x" })), "options"),
        (draft("x", "sqlite", json!([])), "options"),
    ] {
        let reply = admin.ask(CREATE, json!({ "input": input })).await;
        assert_eq!(reply.code(), "INVALID_INPUT", "{input}");
        assert_eq!(reply.problems()[0].0, path, "{input}: {}", reply.message());
    }
    create(&admin, draft("Twice", "sqlite", json!({ "path": "x.db" }))).await;
    let twice = admin
        .ask(
            CREATE,
            json!({ "input": draft("Twice", "sqlite", json!({ "path": "x.db" })) }),
        )
        .await;
    assert_eq!(twice.code(), "ALREADY_EXISTS");
    assert_eq!(twice.problems()[0].0, "name");
}

#[tokio::test]
async fn only_those_who_may_see_and_change_connections() {
    let (server, admin) = TestServer::start().await;
    let connection = Database::sqlite(&server.file("")).connect(&admin).await;
    let reader = server.add_user(&admin, "reader", json!([])).await;
    let designer = server
        .add_user(&admin, "designer", json!(["SCHEMA_MANAGER"]))
        .await;
    let keeper = server
        .add_user(&admin, "keeper", json!(["CONNECTION_MANAGER"]))
        .await;
    let delete = json!({ "input": { "id": connection, "version": 1 } });
    assert_eq!(
        reader.ask("{ connections { id } }", json!({})).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(reader.ask(DELETE, delete.clone()).await.code(), "FORBIDDEN");
    designer.run("{ connections { id } }", json!({})).await;
    assert_eq!(
        designer.ask(DELETE, delete.clone()).await.code(),
        "FORBIDDEN"
    );
    // Managers reach what belongs to their groups.
    assert_eq!(keeper.ask(DELETE, delete).await.code(), "NOT_FOUND");
    let group = admin
        .run(
            "mutation { createGroup(input: { name: \"Keepers\" }) { group { id } } }",
            json!({}),
        )
        .await["createGroup"]["group"]["id"]
        .clone();
    let who = keeper.run("{ viewer { id } }", json!({})).await["viewer"]["id"].clone();
    admin
        .run(
            "mutation($input: ChangeMembersInput!) { changeGroupMembers(input: $input) { groupId } }",
            json!({ "input": { "groupId": group, "add": [who] } }),
        )
        .await;
    let options = json!({ "path": server.file("lent.db") });
    let lent =
        json!({ "name": "lent", "driver": "sqlite", "options": options, "groupIds": [group] });
    let lent = create(&admin, lent).await;
    let delete = json!({ "input": { "id": lent["id"], "version": 1 } });
    keeper.run(DELETE, delete).await;
}
