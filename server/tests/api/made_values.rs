//! Fields that the server fills from the user, the clock and what the dashboard passes along.

use crate::on_every_database;

on_every_database! {
    marks_and_parameters_fill_new_rows_and_edits_are_stamped;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, Table, TestServer, WRITE, unique_id};

    fn fields() -> Json {
        let made = |name: &str, kind: &str, source: Json, on_edit: bool| {
            let rules = json!({ "defaultFrom": source, "onEdit": on_edit });
            json!({ "name": name, "type": { "name": kind }, "rules": rules })
        };
        json!([
            { "name": "note", "type": { "name": "TEXT" } },
            made("region", "TEXT", json!({ "kind": "MARK", "name": "Region" }), false),
            made("target", "DECIMAL", json!({ "kind": "PARAMETER", "name": "Target" }), false),
            made("changed_by", "TEXT", json!({ "kind": "USERNAME" }), true),
            made("changed_at", "DATE_TIME", json!({ "kind": "NOW" }), true),
        ])
    }

    pub async fn marks_and_parameters_fill_new_rows_and_edits_are_stamped(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let connection = database.connect(&admin).await;
        let table = Table::make(&admin, &connection, "ADD_DATA", &fields()).await;
        let send = async |changes: Json, context: Json| {
            let mut input = table.input(&unique_id(), changes);
            input["input"]["context"] = context;
            let answer = admin.run(WRITE, input).await;
            answer["writeRows"]["rows"][0].clone()
        };
        let context = json!({
            "marks": { "Region": "North", "Unused": 1 }, "parameters": { "Target": 12.5 }, "utcOffsetMinutes": 60,
        });
        let added = send(json!([{ "add": { "values": { "note": "a" } } }]), context).await;
        let row = &added["row"];
        assert_eq!(
            (&row["region"], &row["target"], &row["changed_by"]),
            (&json!("North"), &json!("12.5000"), &json!("admin")),
            "{added}"
        );
        assert!(row["changed_at"].as_str().unwrap().ends_with('Z'), "{row}");

        let edit = json!([{ "edit": {
            "key": added["key"], "values": { "note": "b" }, "version": added["version"],
        } }]);
        let edited = send(edit, Json::Null).await;
        assert_eq!(edited["row"]["note"], "b");
        assert_eq!(edited["row"]["changed_by"], "admin");
        let forged = json!([{ "add": { "values": { "changed_at": "2026-01-01T00:00:00Z" } } }]);
        let refused = admin.ask(WRITE, table.input(&unique_id(), forged)).await;
        assert_eq!(
            refused.problems(),
            [(
                "changes.0.values.changed_at".to_owned(),
                "READ_ONLY".to_owned()
            )]
        );
        let described = admin
            .run(
                "query($id: ID!) { schema(id: $id) { fields { name writable onEdit defaultFrom { kind name } } } }",
                json!({ "id": table.schema }),
            )
            .await;
        assert_eq!(
            described["schema"]["fields"][1],
            json!({
                "name": "region", "writable": true, "onEdit": false,
                "defaultFrom": { "kind": "MARK", "name": "Region" },
            })
        );
        assert_eq!(described["schema"]["fields"][4]["writable"], false);
        table.drop(&admin).await;
    }
}
