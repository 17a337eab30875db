//! The audit trail: what was there before, what is there now, who did it and when.

use crate::on_every_database;

on_every_database! {
    every_change_of_a_row_is_told_with_before_and_after;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, TestServer};

    const HISTORY: &str = "query($schema: ID!, $key: JSON) {
        history(schemaId: $schema, key: $key) { entries { action key before after username at changeId } hasMore }
    }";

    const PAGE: &str = "query($schema: ID!, $filter: HistoryFilter! = {}, $after: String) {
        history(schemaId: $schema, filter: $filter, first: 3, after: $after) {
            entries { action isVerified isPartial isRecovered purpose reverts } hasMore endCursor
        }
    }";

    async fn pages_and_filters(admin: &Client, schema: &str) {
        let first = admin.run(PAGE, json!({ "schema": schema })).await;
        let first = &first["history"];
        assert_eq!(first["entries"].as_array().unwrap().len(), 3);
        assert_eq!(
            first["entries"][0],
            json!({
                "action": "delete", "isVerified": true, "isPartial": false,
                "isRecovered": false, "purpose": "WRITE", "reverts": null,
            })
        );
        assert_eq!(first["hasMore"], true);
        let asked = json!({ "schema": schema, "after": first["endCursor"] });
        let second = admin.run(PAGE, asked).await;
        assert_eq!(second["history"]["entries"].as_array().unwrap().len(), 1);
        assert_eq!(second["history"]["hasMore"], false);
        let asked = json!({ "schema": schema, "filter": { "action": "EDIT" } });
        let edits = admin.run(PAGE, asked).await;
        assert_eq!(edits["history"]["entries"].as_array().unwrap().len(), 1);
        let events = admin
            .run(
                "{ auditEvents(filter: { action: \"session.\" }) { action } }",
                Json::Null,
            )
            .await;
        let events = events["auditEvents"].as_array().unwrap();
        assert!(!events.is_empty());
        assert!(
            events
                .iter()
                .all(|event| event["action"].as_str().unwrap().starts_with("session."))
        );
    }

    pub async fn every_change_of_a_row_is_told_with_before_and_after(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let bob = server.add_user(&admin, "bob", json!(["ADMIN"])).await;
        let rows = table
            .add(
                &admin,
                &[
                    json!({ "name": "first", "count": 1 }),
                    json!({ "name": "other" }),
                ],
            )
            .await;
        let key = &rows[0]["key"];
        let edit = json!([{ "edit": { "key": key, "overwrite": true, "values": { "count": 2 } } }]);
        assert_eq!(table.write(&bob, edit).await["state"], "APPLIED");
        let delete = json!([{ "delete": { "key": key, "overwrite": true } }]);
        assert_eq!(table.write(&admin, delete).await["state"], "APPLIED");
        let refused =
            json!([{ "edit": { "key": key, "overwrite": true, "values": { "count": 3 } } }]);
        assert_eq!(table.write(&admin, refused).await["state"], "REJECTED");

        let asked = json!({ "schema": table.schema, "key": key });
        let answer = admin.run(HISTORY, asked).await;
        let entries = answer["history"]["entries"].as_array().unwrap();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| {
                (
                    entry["action"].as_str().unwrap(),
                    entry["username"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [("delete", "admin"), ("edit", "bob"), ("add", "admin")]
        );
        let counts = |entry: &Json| {
            (
                entry["before"]["count"].clone(),
                entry["after"]["count"].clone(),
            )
        };
        assert_eq!(counts(&entries[0]), (json!(2), Json::Null));
        assert_eq!(counts(&entries[1]), (json!(1), json!(2)));
        assert_eq!(counts(&entries[2]), (Json::Null, json!(1)));
        assert!(
            entries
                .iter()
                .all(|entry| entry["key"] == *key && entry["at"].is_string())
        );

        let all = admin.run(HISTORY, json!({ "schema": table.schema })).await;
        assert_eq!(all["history"]["entries"].as_array().unwrap().len(), 4);
        pages_and_filters(&admin, &table.schema).await;
        table.drop(&admin).await;
    }
}
