//! A server that is killed in the middle of writing: what was answered is there, and nothing is there by half.

use serde_json::{Value as Json, json};

use crate::support::{Client, Database, PASSWORD, Program, Table, WRITE, soon, unique_id};

/// Rows of each change.
const ROWS: usize = 20;

#[tokio::test]
async fn a_killed_server_loses_no_answered_change_and_leaves_none_by_half() {
    let program = Program::install();
    let served = program.serve(&[]);
    let mut admin = Client::new(served.address);
    let input = json!({ "input": { "username": "admin", "password": served.password() } });
    let signed = admin
        .run(
            "mutation($input: SignInInput!) { signIn(input: $input) { token } }",
            input,
        )
        .await;
    admin.token = Some(signed["signIn"]["token"].as_str().unwrap().to_owned());
    let change =
        json!({ "input": { "currentPassword": served.password(), "newPassword": PASSWORD } });
    admin
        .run(
            "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }",
            change,
        )
        .await;
    let table = Database::sqlite(&program.file("")).table(&admin).await;

    // Several writers at once, until the server is gone under them.
    let mut sent = Vec::new();
    let (progress, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let changes: Vec<String> = (0..150).map(|_| unique_id()).collect();
        sent.extend(changes.clone());
        let (admin, table, progress) = (admin.clone(), table.clone(), progress.clone());
        writers.spawn(async move {
            for (round, id) in changes.iter().enumerate() {
                let adds: Vec<Json> = (0..ROWS)
                    .map(|n| json!({ "add": { "values": { "name": id, "count": n, "note": format!("{writer}/{round}") } } }))
                    .collect();
                let Some(reply) = admin.attempt(WRITE, table.input(id, json!(adds))).await else {
                    return;
                };
                if reply.json["data"]["writeRows"]["state"] == "APPLIED" {
                    progress.send(id.clone()).unwrap();
                }
            }
        });
    }
    let mut sure = Vec::new();
    while sure.len() < 40 {
        sure.push(soon(answered.recv()).await.unwrap());
    }
    served.kill();
    drop(progress);
    // The writers get no answer to their next request.
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    while let Some(id) = answered.recv().await {
        sure.push(id);
    }

    let served = program.serve(&[]);
    let admin = admin.at(served.address);
    for id in &sure {
        assert_eq!(
            rows_of(&admin, &table, id).await,
            ROWS,
            "an answered change is there, whole"
        );
    }
    let mut open = 0;
    for id in &sent {
        let Some(state) = settled(&admin, id).await else {
            continue;
        };
        let rows = rows_of(&admin, &table, id).await;
        match state.as_str() {
            "APPLIED" => assert_eq!(rows, ROWS, "{id}"),
            other => assert_eq!((other, rows), ("ABANDONED", 0), "{id}"),
        }
        if !sure.contains(id) {
            open += 1;
        }
    }
    assert!(
        open <= 4,
        "each writer had at most one change without an answer"
    );
}

async fn rows_of(admin: &Client, table: &Table, id: &str) -> usize {
    let arguments = json!({ "filter": { "field": "name", "value": id }, "first": 1 });
    let page = table.page(admin, arguments).await;
    usize::try_from(page["totalCount"].as_u64().unwrap()).unwrap()
}

/// The state of a change once the server has settled what the crash left open; none for one that never arrived.
async fn settled(admin: &Client, id: &str) -> Option<String> {
    let document = "query($id: ID!) { change(id: $id) { state } }";
    soon(async {
        loop {
            let reply = admin.ask(document, json!({ "id": id })).await;
            if reply.json.get("errors").is_some() {
                assert_eq!(reply.code(), "NOT_FOUND");
                return None;
            }
            let state = reply.json["data"]["change"]["state"]
                .as_str()
                .unwrap()
                .to_owned();
            if state != "OPEN" {
                return Some(state);
            }
        }
    })
    .await
}
