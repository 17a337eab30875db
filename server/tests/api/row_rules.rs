//! Row rules and hidden fields over HTTP: nothing gets past a policy on any path, and what is forbidden answers like
//! what does not exist (GQL-21, GQL-22).

use serde_json::{Value as Json, json};

use crate::on_every_database;
use crate::support::{
    Client, Database, PAGE, TestServer, WRITE, grant, group, limit_to_groups, unique_id,
};

on_every_database! {
    gql_22_no_mutation_reaches_or_makes_a_row_beyond_the_policies;
}

const BULK: &str =
    "mutation($input: BulkEditInput!) { bulkEdit(input: $input) { state rows { status code } } }";
const ROLL_BACK: &str =
    "mutation($input: RollBackInput!) { rollBack(input: $input) { state rows { status } } }";

const EVERYTHING: [&str; 9] = [
    "VIEW",
    "ADD",
    "EDIT",
    "DELETE",
    "BULK_EDIT",
    "INTERPOLATE",
    "HISTORY",
    "ROLL_BACK",
    "EXPORT",
];

fn statuses(outcome: &Json) -> Vec<(&str, &str)> {
    let rows = outcome["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            (
                row["status"].as_str().unwrap_or_default(),
                row["code"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

mod cases {
    use super::*;

    /// Ann sees the rows of the north; the admin, in both groups, sees all.
    pub(super) async fn gql_22_no_mutation_reaches_or_makes_a_row_beyond_the_policies(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let ann = server.add_user(&admin, "ann", json!([])).await;
        let north = group(&admin, "north", &["admin", "ann"]).await;
        group(&admin, "south", &["admin"]).await;
        grant(&admin, &table, &north, &EVERYTHING).await;
        limit_to_groups(&admin, &table).await;
        let change = unique_id();
        let adds = json!([
            { "add": { "values": { "name": "north", "count": 1 } } },
            { "add": { "values": { "name": "south", "count": 2 } } },
        ]);
        let made = table.write_as(&admin, &change, adds).await;
        let (here, there) = (&made["rows"][0]["key"], &made["rows"][1]["key"]);
        let everything = || table.page(&admin, json!({ "sort": [{ "field": "count" }] }));
        let before = everything().await["nodes"].clone();

        // Phantom inserts: a row that ann would not see, alone and beside one that she would.
        let phantom = json!({ "add": { "values": { "name": "south", "count": 3 } } });
        let fine = json!({ "add": { "values": { "name": "north", "count": 4 } } });
        let outcome = table.write(&ann, json!([phantom])).await;
        assert_eq!(statuses(&outcome), [("CHECK_FAILED", "CHECK_FAILED")]);
        let outcome = table.write(&ann, json!([fine, phantom])).await;
        assert_eq!(
            statuses(&outcome),
            [("NOT_APPLIED", ""), ("CHECK_FAILED", "CHECK_FAILED")]
        );
        // A row that moves out of sight, and rows that are out of sight already.
        let rename = |key: &Json, name: &str| json!({ "edit": { "key": key, "overwrite": true, "values": { "name": name } } });
        let outcome = table.write(&ann, json!([rename(here, "south")])).await;
        assert_eq!(statuses(&outcome), [("CHECK_FAILED", "CHECK_FAILED")]);
        let outcome = table.write(&ann, json!([rename(there, "north")])).await;
        assert_eq!(statuses(&outcome), [("NOT_FOUND", "NOT_FOUND")]);
        let remove = json!([{ "delete": { "key": there, "overwrite": true } }]);
        let outcome = table.write(&ann, remove).await;
        assert_eq!(statuses(&outcome), [("NOT_FOUND", "NOT_FOUND")]);
        // The same at once: all rows of a filter are those that ann sees.
        let bulk = |set: Json, filter: Json, expected: u64| {
            json!({ "input": {
                "changeId": unique_id(), "schemaId": table.schema, "expectedCount": expected,
                "filter": filter, "set": [set],
            } })
        };
        let beyond = json!({ "field": "name", "op": "EQ", "value": "south" });
        let set = json!({ "field": "count", "to": 9 });
        let refused = ann.ask(BULK, bulk(set, beyond, 1)).await;
        assert_eq!(
            refused.problems(),
            [("expectedCount".to_owned(), "COUNT_CHANGED".to_owned())]
        );
        let set = json!({ "field": "name", "to": "south" });
        let outcome = ann.run(BULK, bulk(set, Json::Null, 1)).await["bulkEdit"].clone();
        assert_eq!(statuses(&outcome), [("CHECK_FAILED", "CHECK_FAILED")]);
        assert_eq!(everything().await["nodes"], before, "nothing has changed");

        // What ann takes back of a change is what she sees of it.
        let input = json!({ "input": { "changeId": unique_id(), "reverts": change } });
        let back = ann.run(ROLL_BACK, input).await["rollBack"].clone();
        assert_eq!(back["state"], "APPLIED", "{back}");
        assert_eq!(table.column(&admin, "name").await, [json!("south")]);
        table.drop(&admin).await;
    }
}

/// Every way to name a field that ann does not see answers as for a field that is not there.
#[tokio::test]
async fn gql_21_a_hidden_field_answers_like_one_that_is_not_there() {
    let (server, admin) = TestServer::start().await;
    let database = Database::sqlite(&server.file(""));
    let table = database.table(&admin).await;
    let ann = server.add_user(&admin, "ann", json!([])).await;
    let north = group(&admin, "north", &["ann"]).await;
    let permissions =
        json!([{ "groupId": north, "actions": EVERYTHING, "hiddenFields": ["amount"] }]);
    admin
        .run(
            "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }",
            json!({ "input": { "schemaId": table.schema, "permissions": permissions } }),
        )
        .await;
    let row = json!({ "name": "a", "amount": "4711.00", "count": 1 });
    let key = table.add(&admin, &[row]).await[0]["key"].clone();

    let named = async |field: &str| {
        let mut told = Vec::new();
        let mut ask = async |document: &str, variables: Json| {
            let reply = ann.ask(document, variables).await.json.to_string();
            // Identifiers of errors and changes differ between two requests, and the name is what was asked for.
            told.push(reply.replace(field, "FIELD"));
        };
        for op in ["EQ", "LT", "IN", "NOT_IN", "BETWEEN", "CONTAINS", "IS_NULL"] {
            let filter = json!({ "field": field, "op": op, "value": "4711.00" });
            let variables = json!({ "schema": table.schema, "filter": filter });
            ask(PAGE, variables).await;
        }
        let sort = json!([{ "field": field, "direction": "DESC" }]);
        ask(PAGE, json!({ "schema": table.schema, "sort": sort })).await;
        let change = "0190a4c8-0000-7000-8000-000000000001";
        for changes in [
            json!([{ "add": { "values": { "name": "b", field: "1" } } }]),
            json!([{ "edit": { "key": key, "overwrite": true, "values": { field: "1" } } }]),
            json!([{ "edit": { "key": key, "seen": { field: "4711.00" }, "values": { "name": "b" } } }]),
            json!([{ "delete": { "key": key, "seen": { field: "4711.00" } } }]),
        ] {
            ask(WRITE, table.input(change, changes)).await;
        }
        for set in [
            json!({ "field": field, "to": "1" }),
            json!({ "field": field, "plus": "1" }),
        ] {
            let input = json!({ "changeId": change, "schemaId": table.schema, "expectedCount": 1, "set": [set] });
            ask(BULK, json!({ "input": input })).await;
        }
        told
    };
    let (hidden, missing) = (named("amount").await, named("no_such_field").await);
    assert_eq!(hidden.len(), 14);
    for (hidden, missing) in hidden.iter().zip(&missing) {
        assert_eq!(hidden, missing);
        assert!(hidden.contains("INVALID_INPUT"), "{hidden}");
        assert!(!hidden.contains("4711"), "{hidden}");
    }
    let everything = ann
        .run(
            "query($id: ID!) { schema(id: $id) { fields { name } } rows(schemaId: $id) { nodes { values } } \
             history(schemaId: $id) { entries { before after } } }",
            json!({ "id": table.schema }),
        )
        .await;
    let text = everything.to_string();
    assert!(
        text.contains("\"count\"") && !text.contains("amount") && !text.contains("4711"),
        "{text}"
    );
}
