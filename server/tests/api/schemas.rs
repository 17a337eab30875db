//! Schemas: planned, made, changed and removed, with their tables in the target database.

use crate::on_every_database;

on_every_database! {
    a_plan_shows_the_statements_and_does_nothing;
    all_three_modules_work_on_one_database;
    a_field_is_added_and_removed_with_its_column;
    names_that_need_quoting_work_everywhere;
    /// The document of a schema is not of the database that it comes from.
    a_schema_moves_to_every_other_kind_of_database;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, Table, TestServer, common_fields, unique_id};

    const PLAN: &str = "query($id: ID, $input: SchemaInput!) {
        planSchema(id: $id, input: $input) { statements warnings key { name maker } fields { name type { name } } }
    }";
    const UPDATE: &str = "mutation($input: UpdateSchemaInput!) {
        updateSchema(input: $input) { schema { revision } }
    }";

    fn input(connection: &str, module: &str, table: &str, fields: &Json) -> Json {
        json!({ "label": unique_id(), "module": module, "connectionId": connection, "table": table, "fields": fields })
    }

    pub async fn a_plan_shows_the_statements_and_does_nothing(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let connection = database.connect(&admin).await;
        let name = format!("t_{}", unique_id().replace('-', "_"));
        let input = input(&connection, "ADD_DATA", &name, &common_fields());
        let plan = admin.run(PLAN, json!({ "input": input })).await;
        let plan = &plan["planSchema"];
        let statements = plan["statements"].as_array().unwrap();
        assert_eq!(statements.len(), 1, "{plan:#}");
        let statement = statements[0].as_str().unwrap();
        assert!(
            statement.starts_with("CREATE TABLE") && statement.contains(&name),
            "{statement}"
        );
        assert_eq!(plan["key"], json!([{ "name": "id", "maker": "SERVER" }]));
        // Had the first plan made the table, the second would refuse its name.
        admin.run(PLAN, json!({ "input": input })).await;
    }

    pub async fn all_three_modules_work_on_one_database(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let connection = database.connect(&admin).await;
        let added = Table::make(&admin, &connection, "ADD_DATA", &common_fields()).await;
        let noted = Table::make(&admin, &connection, "DATA_HELPER", &common_fields()).await;
        let correction = input(&connection, "DATA_CORRECTION", &added.name, &json!([]));
        let made = admin
            .run(
                "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id table } } }",
                json!({ "input": correction }),
            )
            .await;
        let corrected = Table {
            schema: made["createSchema"]["schema"]["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            ..added.clone()
        };
        noted.add(&admin, &[json!({ "name": "note" })]).await;
        let rows = added
            .add(
                &admin,
                &[json!({ "name": "wrong", "count": 1, "day": "2026-02-03" })],
            )
            .await;
        let page = corrected.page(&admin, json!({})).await;
        let row = &page["nodes"][0];
        assert_eq!(
            (&row["values"]["name"], &row["values"]["day"]),
            (&json!("wrong"), &json!("2026-02-03"))
        );
        assert_eq!(row["key"], rows[0]["key"]);
        let edit = json!([{ "edit": { "key": row["key"], "version": row["version"], "values": { "name": "right" } } }]);
        assert_eq!(corrected.write(&admin, edit).await["state"], "APPLIED");
        assert_eq!(added.column(&admin, "name").await, ["right"]);
        let missing = input(&connection, "DATA_CORRECTION", "no_such_table", &json!([]));
        let reply = admin.ask(PLAN, json!({ "input": missing })).await;
        assert_eq!(
            reply.problems(),
            [("table".to_owned(), "TABLE_MISSING".to_owned())]
        );
        let drop = json!({ "input": { "id": corrected.schema, "revision": 1, "dropTable": true } });
        let refused = admin
            .ask(
                "mutation($input: DeleteSchemaInput!) { deleteSchema(input: $input) { id } }",
                drop,
            )
            .await;
        assert_eq!(refused.problems()[0].1, "NOT_MANAGED");
        added.drop(&admin).await;
        noted.drop(&admin).await;
    }

    pub async fn a_field_is_added_and_removed_with_its_column(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let connection = database.connect(&admin).await;
        let fields = json!([{ "name": "name", "type": { "name": "TEXT" } }, { "name": "old", "type": { "name": "INTEGER" } }]);
        let table = Table::make(&admin, &connection, "ADD_DATA", &fields).await;
        table
            .add(&admin, &[json!({ "name": "row", "old": 1 })])
            .await;
        let mut changed = input(
            &connection,
            "ADD_DATA",
            &table.name,
            &json!([
                { "name": "name", "type": { "name": "TEXT" } }, { "name": "new", "type": { "name": "DATE" } },
            ]),
        );
        let update = |schema: &Json| json!({ "input": { "id": table.schema, "revision": 1, "schema": schema } });
        let refused = admin.ask(UPDATE, update(&changed)).await;
        assert_eq!(
            refused.problems()[0].1,
            "DATA_LOSS",
            "{}",
            refused.message()
        );
        changed["allowDataLoss"] = json!(true);
        let plan = admin
            .run(PLAN, json!({ "id": table.schema, "input": changed }))
            .await;
        assert_eq!(
            plan["planSchema"]["statements"].as_array().unwrap().len(),
            2,
            "{plan:#}"
        );
        admin.run(UPDATE, update(&changed)).await;
        table
            .add(&admin, &[json!({ "name": "row 2", "new": "2026-01-01" })])
            .await;
        assert_eq!(
            table.column(&admin, "new").await,
            [Json::Null, json!("2026-01-01")]
        );
        assert_eq!(admin.ask(UPDATE, update(&changed)).await.code(), "STALE");
        table.drop(&admin).await;
    }

    pub async fn names_that_need_quoting_work_everywhere(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let connection = database.connect(&admin).await;
        let mut names = vec![
            "select",
            "Order By",
            "o'clock",
            "a\"b",
            "back`tick",
            "é",
            "semi;colon--",
        ];
        let emoji = json!([{ "name": "🦆", "type": { "name": "TEXT", "length": 20 } }]);
        if database.has_emoji_names() {
            names.push("🦆");
        } else {
            let refused = input(&connection, "ADD_DATA", "ducks", &emoji);
            let reply = admin.ask(PLAN, json!({ "input": refused })).await;
            assert_eq!(reply.code(), "UNSUPPORTED", "{}", reply.message());
        }
        let fields: Vec<Json> = names
            .iter()
            .map(|name| json!({ "name": name, "type": { "name": "TEXT", "length": 20 } }))
            .collect();
        let table = Table::make(&admin, &connection, "ADD_DATA", &json!(fields)).await;
        let values: Json = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(name)))
            .collect();
        table.add(&admin, std::slice::from_ref(&values)).await;
        let page = table
            .page(
                &admin,
                json!({ "sort": [{ "field": "select" }], "filter": { "field": "a\"b", "value": "a\"b" } }),
            )
            .await;
        assert_eq!(page["nodes"][0]["values"], values);
        table.drop(&admin).await;
    }

    pub async fn a_schema_moves_to_every_other_kind_of_database(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let source = database.table(&admin).await;
        let exported = admin
            .run(
                "query($id: ID!) { exportSchema(id: $id) }",
                json!({ "id": source.schema }),
            )
            .await;
        let others = [
            Some(Database::sqlite(&server.file(""))),
            Database::server("postgres"),
            Database::server("mysql"),
        ];
        for other in others.into_iter().flatten() {
            let connection = other.connect(&admin).await;
            let name = format!("t_{}", unique_id().replace('-', "_"));
            let import = async |dry_run: bool| {
                let input = json!({
                    "document": exported["exportSchema"], "idPolicy": "NEW", "label": name, "table": name,
                    "tableSchema": null, "connectionId": connection, "dryRun": dry_run,
                });
                let document = "mutation($input: ImportSchemaInput!) {
                    importSchema(input: $input) { schemaId replaces problems { path code } schema { id } statements }
                }";
                let answer = admin.run(document, json!({ "input": input })).await;
                answer["importSchema"].clone()
            };
            let tried = import(true).await;
            assert_eq!(tried["problems"], json!([]), "{tried:#}");
            assert_eq!(tried["schema"], json!(null), "{tried:#}");
            let done = import(false).await;
            let moved = Table {
                schema: done["schema"]["id"].as_str().unwrap().to_owned(),
                name,
            };
            let row = json!({ "name": "é 🦆", "amount": "12.50", "count": 7, "day": "2026-02-28", "done": true });
            let added = moved.add(&admin, std::slice::from_ref(&row)).await;
            let page = moved.page(&admin, json!({})).await;
            assert_eq!(page["nodes"][0]["key"], added[0]["key"]);
            for (field, value) in row.as_object().unwrap() {
                assert_eq!(&page["nodes"][0]["values"][field], value, "{field}");
            }
            moved.drop(&admin).await;
        }
        source.drop(&admin).await;
    }
}
