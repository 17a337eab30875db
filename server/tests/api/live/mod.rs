//! Subscriptions over real sockets, in both transports: what is told to whom, and what is refused.

mod events;
mod limits;
mod rules;
mod socket;

use serde_json::{Value as Json, json};

use self::{
    events::Events,
    socket::{Heard, Socket},
};
use crate::support::{Client, Database, Table, TestServer, unique_id};

/// Watches a schema.
const WATCH: &str = "subscription($schema: ID!) {
    rowsChanged(schemaId: $schema) { reload changeIds written removed }
}";

/// The body of a subscription to a table.
fn watch(table: &Table) -> Json {
    json!({ "query": WATCH, "variables": { "schema": table.schema } })
}

/// What an event tells.
fn told(payload: &Json) -> &Json {
    assert_eq!(payload.get("errors"), None, "{payload:#}");
    &payload["data"]["rowsChanged"]
}

fn code(payload: &Json) -> &str {
    let errors = payload.get("errors").unwrap_or(payload);
    errors[0]["extensions"]["code"].as_str().unwrap_or_default()
}

/// Events until one tells of this change: earlier ones may be about what was booked just before.
async fn event_of(socket: &mut Socket, id: &str, change: &str) -> Json {
    loop {
        let payload = socket.next(id).await;
        let event = told(&payload);
        assert_eq!(event["reload"], false);
        if event["changeIds"]
            .as_array()
            .unwrap()
            .contains(&json!(change))
        {
            return event.clone();
        }
    }
}

/// Adds a row under a new change; answers the change and the key.
async fn add(client: &Client, table: &Table, values: Json) -> (String, Json) {
    let change = unique_id();
    let changes = json!([{ "add": { "values": values } }]);
    let outcome = table.write_as(client, &change, changes).await;
    assert_eq!(outcome["state"], "APPLIED", "{outcome:#}");
    (change, outcome["rows"][0]["key"].clone())
}

#[tokio::test]
async fn rows_that_change_are_told_over_both_transports() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let mut socket = Socket::sign_in(&admin).await;
    socket.subscribe("one", &watch(&table)).await;
    let mut events = Events::open(&admin, &watch(&table)).await.unwrap();
    let (change, key) = add(&admin, &table, json!({ "name": "new" })).await;
    let expected =
        json!({ "reload": false, "changeIds": [change], "written": [key], "removed": [] });
    assert_eq!(*told(&socket.next("one").await), expected);
    assert_eq!(*told(&events.next().await), expected);
    for (changes, list) in [
        (
            json!([{ "edit": { "key": key, "overwrite": true, "values": { "count": 2 } } }]),
            "written",
        ),
        (
            json!([{ "delete": { "key": key, "overwrite": true } }]),
            "removed",
        ),
    ] {
        let change = unique_id();
        table.write_as(&admin, &change, changes).await;
        let mut expected =
            json!({ "reload": false, "changeIds": [change], "written": [], "removed": [] });
        expected[list] = json!([key]);
        assert_eq!(*told(&socket.next("one").await), expected);
        assert_eq!(*told(&events.next().await), expected);
    }
    // What was refused is no news: the next event is about the next change.
    let wrong = json!([{ "edit": { "key": key, "overwrite": true, "values": { "count": 3 } } }]);
    assert_eq!(table.write(&admin, wrong).await["state"], "REJECTED");
    let (change, _) = add(&admin, &table, json!({ "name": "later" })).await;
    assert_eq!(
        told(&socket.next("one").await)["changeIds"],
        json!([change])
    );
    socket.complete("one").await;
    socket.ask_whether_there().await;
}

#[tokio::test]
async fn a_large_change_is_told_as_one_to_load_again() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let mut socket = Socket::sign_in(&admin).await;
    socket.subscribe("one", &watch(&table)).await;
    let rows: Vec<Json> = (0..600)
        .map(|n| json!({ "name": "many", "count": n }))
        .collect();
    table.add(&admin, &rows).await;
    let payload = socket.next("one").await;
    let expected = json!({ "reload": true, "changeIds": [], "written": [], "removed": [] });
    assert_eq!(*told(&payload), expected);
}

#[tokio::test]
async fn signing_out_closes_both_transports_at_once() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let mut socket = Socket::sign_in(&admin).await;
    socket.subscribe("one", &watch(&table)).await;
    let mut events = Events::open(&admin, &watch(&table)).await.unwrap();
    add(&admin, &table, json!({ "name": "seen" })).await;
    told(&socket.next("one").await);
    told(&events.next().await);
    admin.run("mutation { signOut }", json!({})).await;
    // No row changes any more.
    assert_eq!(code(&socket.next("one").await), "UNAUTHENTICATED");
    assert_eq!(socket.hear().await, Heard::Closed(4401));
    assert_eq!(code(&events.next().await), "UNAUTHENTICATED");
    events.ended().await;
}

#[tokio::test]
async fn a_user_who_was_switched_off_hears_no_more() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let reader = server
        .add_user(&admin, "reader", json!(["SCHEMA_MANAGER", "ADMIN"]))
        .await;
    let mut socket = Socket::sign_in(&reader).await;
    socket.subscribe("one", &watch(&table)).await;
    let (change, _) = add(&admin, &table, json!({ "name": "seen" })).await;
    event_of(&mut socket, "one", &change).await;
    let users = admin
        .run("{ users { users { id username version } } }", json!({}))
        .await;
    let users = users["users"]["users"].as_array().unwrap();
    let user = users
        .iter()
        .find(|user| user["username"] == "reader")
        .unwrap();
    admin
        .run(
            "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } } }",
            json!({ "input": { "id": user["id"], "version": user["version"], "active": false } }),
        )
        .await;
    add(&admin, &table, json!({ "name": "unseen" })).await;
    assert_eq!(code(&socket.next("one").await), "UNAUTHENTICATED");
    assert_eq!(socket.hear().await, Heard::Closed(4401));
}

#[tokio::test]
async fn a_server_that_stops_says_goodbye() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let mut socket = Socket::sign_in(&admin).await;
    socket.subscribe("one", &watch(&table)).await;
    let mut events = Events::open(&admin, &watch(&table)).await.unwrap();
    add(&admin, &table, json!({ "name": "seen" })).await;
    told(&socket.next("one").await);
    told(&events.next().await);
    // Drained, which the restart demands, and not timed out.
    let _server = server.restart().await;
    assert_eq!(socket.hear().await, Heard::Closed(1001));
    events.ended().await;
}
