//! Row rules hold for subscriptions as for everything else, and rights are those of now: GQL-23.

use serde_json::{Value as Json, json};

use super::{Socket, code, event_of, told, watch};
use crate::{
    on_every_database,
    support::{
        Client, Database, Table, TestServer, grant, group, limit_to_groups as limit, unique_id,
    },
};

on_every_database! {
    only_rows_that_the_user_sees_are_told;
}

/// Writes as one change that must be taken; answers its id and the keys.
async fn write(writer: &Client, table: &Table, changes: Json) -> (String, Vec<Json>) {
    let id = unique_id();
    let outcome = table.write_as(writer, &id, changes).await;
    assert_eq!(outcome["state"], "APPLIED", "{outcome:#}");
    let rows = outcome["rows"].as_array().unwrap();
    (id, rows.iter().map(|row| row["key"].clone()).collect())
}

fn adds(names: &[&str]) -> Json {
    let adds = names
        .iter()
        .map(|name| json!({ "add": { "values": { "name": name } } }));
    json!(adds.collect::<Vec<_>>())
}

fn rename(key: &Json, name: &str) -> Json {
    json!({ "edit": { "key": key, "overwrite": true, "values": { "name": name } } })
}

fn delete(key: &Json) -> Json {
    json!({ "delete": { "key": key, "overwrite": true } })
}

mod cases {
    use super::*;

    /// The admin is in both groups, ann in the north alone.
    pub(super) async fn only_rows_that_the_user_sees_are_told(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let ann = server.add_user(&admin, "ann", json!([])).await;
        let north = group(&admin, "north", &["admin", "ann"]).await;
        group(&admin, "south", &["admin"]).await;
        grant(&admin, &table, &north, &["VIEW"]).await;
        limit(&admin, &table).await;
        let mut socket = Socket::sign_in(&ann).await;
        socket.subscribe("one", &watch(&table)).await;

        // Of a change with rows of both, only those of the north.
        let (id, keys) = write(&admin, &table, adds(&["north", "south", "north", "south"])).await;
        let event = event_of(&mut socket, "one", &id).await;
        let mut written = event["written"].as_array().unwrap().clone();
        written.sort_by_key(Json::to_string);
        let mut expected = vec![keys[0].clone(), keys[2].clone()];
        expected.sort_by_key(Json::to_string);
        assert_eq!(written, expected);
        assert_eq!(event["removed"], json!([]));

        // A change of the south alone is no event: the next one is about what came after it.
        write(&admin, &table, adds(&["south"])).await;
        write(&admin, &table, json!([delete(&keys[1])])).await;
        // A row that leaves the north is gone for who sees only that.
        let (id, _) = write(&admin, &table, json!([rename(&keys[0], "south")])).await;
        let payload = socket.next("one").await;
        let gone =
            json!({ "reload": false, "changeIds": [id], "written": [], "removed": [keys[0]] });
        assert_eq!(*told(&payload), gone);
        // One that comes back is written, and one that is removed was seen before.
        let (id, _) = write(&admin, &table, json!([rename(&keys[0], "north")])).await;
        let back =
            json!({ "reload": false, "changeIds": [id], "written": [keys[0]], "removed": [] });
        assert_eq!(*told(&socket.next("one").await), back);
        let (id, _) = write(&admin, &table, json!([delete(&keys[2]), delete(&keys[3])])).await;
        let gone =
            json!({ "reload": false, "changeIds": [id], "written": [], "removed": [keys[2]] });
        assert_eq!(*told(&socket.next("one").await), gone);

        // Without the right the subscription ends; the connection stays.
        grant(&admin, &table, &north, &[]).await;
        write(&admin, &table, adds(&["north"])).await;
        assert_eq!(code(&socket.next("one").await), "NOT_FOUND");
        socket.completed("one").await;
        socket.ask_whether_there().await;
        table.drop(&admin).await;
    }
}

#[tokio::test]
async fn a_schema_that_is_hidden_answers_like_one_that_is_not_there() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let stranger = server.add_user(&admin, "stranger", json!([])).await;
    let mut socket = Socket::sign_in(&stranger).await;
    let missing = Table {
        schema: unique_id(),
        ..table.clone()
    };
    let mut answers = Vec::new();
    for table in [&table, &missing] {
        socket.subscribe("one", &watch(table)).await;
        answers.push(socket.next("one").await);
        socket.completed("one").await;
    }
    assert_eq!(code(&answers[0]), "NOT_FOUND");
    assert_eq!(answers[0], answers[1]);
}
