//! Changes are taken back over HTTP: previewed, guarded, whole, and undone in turn.

use crate::on_every_database;

on_every_database! {
    a_change_is_previewed_taken_back_and_brought_on_again;
    later_work_stands_in_the_way_until_it_is_overwritten;
    a_row_comes_back_as_it_was_after_an_earlier_change;
    only_who_has_the_right_takes_changes_back;
    ten_thousand_rows_are_edited_and_taken_back_in_one_change_each;
    gaps_are_filled_as_previewed;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, Table, TestServer, unique_id};

    const ROLL_BACK: &str = "mutation($input: RollBackInput!) { rollBack(input: $input) {
        changeId state repeated droppedFields rows { status key row wanted code }
    } }";
    const PREVIEW: &str = "mutation($input: RollBackInput!) { previewRollBack(input: $input) {
        wouldApply count droppedFields rows { action status key before after wanted code message }
    } }";
    const RESTORE: &str = "mutation($input: RestoreRowInput!) { restoreRow(input: $input) {
        changeId state rows { status key row wanted code }
    } }";

    fn undo(change: &str) -> Json {
        json!({ "input": { "changeId": unique_id(), "reverts": change } })
    }

    async fn rows(table: &Table, client: &Client) -> Json {
        let sort = json!({ "sort": [{ "field": "name" }] });
        let page = table.page(client, sort).await;
        let nodes = page["nodes"].as_array().unwrap().iter();
        json!(
            nodes
                .map(|node| (&node["key"], &node["values"]))
                .collect::<Vec<_>>()
        )
    }

    pub async fn a_change_is_previewed_taken_back_and_brought_on_again(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let added = table
            .add(
                &admin,
                &[
                    json!({ "name": "edit", "amount": "1.50" }),
                    json!({ "name": "remove", "count": 2 }),
                ],
            )
            .await;
        let before = rows(&table, &admin).await;
        let change = unique_id();
        let changes = json!([
            { "edit": { "key": added[0]["key"], "version": added[0]["version"], "values": { "amount": "2.00", "note": "x" } } },
            { "delete": { "key": added[1]["key"], "version": added[1]["version"] } },
            { "add": { "values": { "name": "new" } } },
        ]);
        assert_eq!(
            table.write_as(&admin, &change, changes).await["state"],
            "APPLIED"
        );
        let after = rows(&table, &admin).await;

        let preview = admin.run(PREVIEW, undo(&change)).await["previewRollBack"].clone();
        assert_eq!(
            (&preview["wouldApply"], &preview["count"]),
            (&json!(true), &json!(3))
        );
        let actions: Vec<&Json> = preview["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["action"])
            .collect();
        assert_eq!(actions, ["EDIT", "ADD", "DELETE"]);
        let edited = &preview["rows"][0];
        assert_eq!(
            (&edited["before"]["amount"], &edited["after"]["amount"]),
            (&json!("2.00"), &json!("1.50"))
        );
        assert_eq!(
            rows(&table, &admin).await,
            after,
            "a preview changes nothing"
        );

        let input = undo(&change);
        let back = admin.run(ROLL_BACK, input.clone()).await["rollBack"].clone();
        assert_eq!(back["state"], "APPLIED", "{back:#}");
        assert_eq!(
            rows(&table, &admin).await,
            before,
            "with the key that it had"
        );
        let again = admin.run(ROLL_BACK, input).await["rollBack"].clone();
        assert_eq!(again["repeated"], true);
        assert_eq!(rows(&table, &admin).await, before);

        let known = admin
            .run(
                "query($id: ID!) { change(id: $id) { purpose earlierChangeId } }",
                json!({ "id": back["changeId"] }),
            )
            .await;
        assert_eq!(
            known["change"],
            json!({ "purpose": "ROLL_BACK", "earlierChangeId": change })
        );
        let on = admin
            .run(ROLL_BACK, undo(back["changeId"].as_str().unwrap()))
            .await["rollBack"]
            .clone();
        assert_eq!(on["state"], "APPLIED", "{on:#}");
        assert_eq!(
            rows(&table, &admin).await,
            after,
            "an undone roll-back is the change again"
        );
        table.drop(&admin).await;
    }

    pub async fn later_work_stands_in_the_way_until_it_is_overwritten(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let added = table
            .add(&admin, &[json!({ "name": "row", "count": 1 })])
            .await;
        let key = &added[0]["key"];
        let edit = |count: i64| json!([{ "edit": { "key": key, "overwrite": true, "values": { "count": count } } }]);
        let change = unique_id();
        table.write_as(&admin, &change, edit(2)).await;
        table.write(&admin, edit(3)).await;
        let back = admin.run(ROLL_BACK, undo(&change)).await["rollBack"].clone();
        assert_eq!(back["state"], "REJECTED");
        let row = &back["rows"][0];
        assert_eq!(row["status"], "CONFLICT");
        assert_eq!(
            (&row["row"]["count"], &row["wanted"]["count"]),
            (&json!(3), &json!(1)),
            "theirs and ours"
        );
        assert_eq!(table.column(&admin, "count").await, [3]);
        let mut over = undo(&change);
        over["input"]["overwrite"] = json!(true);
        assert_eq!(
            admin.run(ROLL_BACK, over).await["rollBack"]["state"],
            "APPLIED"
        );
        assert_eq!(table.column(&admin, "count").await, [1]);
        table.drop(&admin).await;
    }

    pub async fn a_row_comes_back_as_it_was_after_an_earlier_change(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let added = table
            .add(&admin, &[json!({ "name": "row", "count": 1 })])
            .await;
        let key = &added[0]["key"];
        let step = unique_id();
        let edit = json!([{ "edit": { "key": key, "overwrite": true, "values": { "count": 2 } } }]);
        table.write_as(&admin, &step, edit).await;
        let delete = json!([{ "delete": { "key": key, "overwrite": true } }]);
        table.write(&admin, delete).await;
        let input = json!({ "input": { "changeId": unique_id(), "schemaId": table.schema, "key": key, "to": step } });
        let back = admin.run(RESTORE, input).await["restoreRow"].clone();
        assert_eq!(back["state"], "APPLIED", "{back:#}");
        assert_eq!(
            (&back["rows"][0]["key"], &back["rows"][0]["row"]["count"]),
            (key, &json!(2))
        );
        assert_eq!(table.column(&admin, "count").await, [2]);
        table.drop(&admin).await;
    }

    pub async fn only_who_has_the_right_takes_changes_back(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let change = unique_id();
        let add = json!([{ "add": { "values": { "name": "row" } } }]);
        table.write_as(&admin, &change, add).await;
        let bob = server.add_user(&admin, "bob", json!([])).await;
        for call in [ROLL_BACK, PREVIEW] {
            let refused = bob.ask(call, undo(&change)).await;
            assert_eq!(
                refused.code(),
                "NOT_FOUND",
                "for him there is no such change"
            );
            let nobody = server.stranger().ask(call, undo(&change)).await;
            assert_eq!(nobody.code(), "UNAUTHENTICATED");
            let missing = admin.ask(call, undo(&unique_id())).await;
            assert_eq!(missing.code(), "NOT_FOUND");
        }
        let wrong = admin.ask(ROLL_BACK, undo("x")).await;
        assert_eq!(
            wrong.problems(),
            [("reverts".to_owned(), "WRONG_TYPE".to_owned())]
        );
        assert_eq!(table.column(&admin, "name").await, ["row"]);
        table.drop(&admin).await;
    }

    const BULK: &str = "mutation($input: BulkEditInput!) { bulkEdit(input: $input) { changeId state rows { status } } }";
    const PREVIEW_BULK: &str = "mutation($input: BulkEditInput!) { previewBulkEdit(input: $input) {
        wouldApply count rows { status before after }
    } }";

    pub async fn ten_thousand_rows_are_edited_and_taken_back_in_one_change_each(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        for part in 0..4 {
            let rows: Vec<Json> = (0..2_500)
                .map(|n| json!({ "name": "bulk", "count": part * 2_500 + n }))
                .collect();
            table.add(&admin, &rows).await;
        }
        let filter = json!({ "field": "name", "value": "bulk" });
        let set = json!([{ "field": "note", "to": "edited" }, { "field": "count", "plus": 1 }]);
        let mut input = json!({ "input": {
            "changeId": unique_id(), "schemaId": table.schema, "filter": filter, "set": set, "first": 3,
        } });
        let mut some = input.clone();
        some["input"]["filter"] = json!({ "field": "count", "op": "LT", "value": 100 });
        let preview = admin.run(PREVIEW_BULK, some).await["previewBulkEdit"].clone();
        assert_eq!(
            (&preview["wouldApply"], &preview["count"]),
            (&json!(true), &json!(100))
        );
        assert_eq!(preview["rows"].as_array().unwrap().len(), 3);
        let unconfirmed = admin.ask(BULK, input.clone()).await;
        assert_eq!(
            unconfirmed.problems(),
            [("expectedCount".to_owned(), "REQUIRED".to_owned())]
        );
        input["input"]["expectedCount"] = json!(9_999);
        let other = admin.ask(BULK, input.clone()).await;
        assert_eq!(
            other.problems(),
            [("expectedCount".to_owned(), "COUNT_CHANGED".to_owned())]
        );
        input["input"]["expectedCount"] = json!(10_000);
        let edited = admin.run(BULK, input).await["bulkEdit"].clone();
        assert_eq!(edited["state"], "APPLIED");
        let count = async |field: &str, value: Json| {
            let filter = json!({ "filter": { "field": field, "value": value }, "first": 1 });
            table.page(&admin, filter).await["totalCount"].clone()
        };
        assert_eq!(count("note", json!("edited")).await, 10_000);
        assert_eq!(count("count", json!(0)).await, 0);
        let back = admin
            .run(ROLL_BACK, undo(edited["changeId"].as_str().unwrap()))
            .await["rollBack"]
            .clone();
        assert_eq!(back["state"], "APPLIED");
        assert_eq!(back["rows"].as_array().unwrap().len(), 10_000);
        assert_eq!(count("note", Json::Null).await, 10_000);
        assert_eq!(count("count", json!(0)).await, 1);
        assert_eq!(count("count", json!(10_000)).await, 0);
        table.drop(&admin).await;
    }

    pub async fn gaps_are_filled_as_previewed(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        const RUN: &str = "mutation($input: InterpolateInput!) { interpolate(input: $input) {
            changeId state gaps { reason count keys }
        } }";
        const TRY: &str =
            "mutation($input: InterpolateInput!) { previewInterpolation(input: $input) {
            wouldApply count rows { before after } gaps { reason count }
        } }";
        let table = database.table(&admin).await;
        let row =
            |day: &str, amount: Json| json!({ "name": "sensor", "day": day, "amount": amount });
        let rows = [
            row("2026-01-01", json!("1.00")),
            row("2026-01-02", Json::Null),
            row("2026-01-04", json!("2.00")),
            row("2026-01-05", Json::Null),
        ];
        table.add(&admin, &rows).await;
        let mut input = json!({ "input": {
            "changeId": unique_id(), "schemaId": table.schema, "field": "amount", "orderBy": "day", "partitionBy": ["name"],
        } });
        let preview = admin.run(TRY, input.clone()).await["previewInterpolation"].clone();
        assert_eq!(
            (&preview["wouldApply"], &preview["count"]),
            (&json!(true), &json!(1))
        );
        assert_eq!(preview["rows"][0]["after"]["amount"], "1.33");
        assert_eq!(
            preview["gaps"],
            json!([{ "reason": "TRAILING", "count": 1 }])
        );
        input["input"]["expectedCount"] = json!(1);
        let done = admin.run(RUN, input).await["interpolate"].clone();
        assert_eq!(done["state"], "APPLIED", "{done:#}");
        let amounts = [Json::Null, json!("1.00"), json!("1.33"), json!("2.00")];
        assert_eq!(table.column(&admin, "amount").await, amounts);
        let back = admin
            .run(ROLL_BACK, undo(done["changeId"].as_str().unwrap()))
            .await["rollBack"]
            .clone();
        assert_eq!(back["state"], "APPLIED");
        let amounts = [Json::Null, Json::Null, json!("1.00"), json!("2.00")];
        assert_eq!(table.column(&admin, "amount").await, amounts);
        table.drop(&admin).await;
    }
}
