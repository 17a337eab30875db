//! Writing rows: add, edit and delete in one change, whole or not at all, the same on every database.

use crate::on_every_database;

on_every_database! {
    a_change_adds_edits_and_deletes_together;
    one_bad_row_keeps_all_others_out;
    a_change_that_is_sent_again_is_not_applied_twice;
    values_come_back_as_they_went_in;
    faults_in_values_name_their_place;
    a_large_change_takes_effect_whole;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, TestServer, WRITE, unique_id};

    pub async fn a_change_adds_edits_and_deletes_together(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let rows = table
            .add(
                &admin,
                &[
                    json!({ "name": "keep", "count": 1 }),
                    json!({ "name": "go", "count": 2 }),
                ],
            )
            .await;
        let outcome = table
            .write(
                &admin,
                json!([
                    { "add": { "values": { "name": "new", "count": 3 } } },
                    { "edit": { "key": rows[0]["key"], "version": rows[0]["version"], "values": { "count": 10 } } },
                    { "delete": { "key": rows[1]["key"], "seen": { "name": "go" } } },
                ]),
            )
            .await;
        assert_eq!(outcome["state"], "APPLIED", "{outcome:#}");
        let statuses: Vec<_> = outcome["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["status"])
            .collect();
        assert_eq!(statuses, ["APPLIED", "APPLIED", "APPLIED"]);
        assert_eq!(outcome["rows"][1]["row"]["count"], 10);
        assert_ne!(outcome["rows"][1]["version"], rows[0]["version"]);
        assert_eq!(table.column(&admin, "name").await, ["keep", "new"]);
        table.drop(&admin).await;
    }

    pub async fn one_bad_row_keeps_all_others_out(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let rows = table
            .add(&admin, &[json!({ "name": "one", "count": 1 })])
            .await;
        let nobody = json!({ "id": unique_id() });
        let outcome = table
            .write(
                &admin,
                json!([
                    { "add": { "values": { "name": "two" } } },
                    { "edit": { "key": rows[0]["key"], "overwrite": true, "values": { "count": 5 } } },
                    { "edit": { "key": nobody, "overwrite": true, "values": { "count": 6 } } },
                ]),
            )
            .await;
        assert_eq!(outcome["state"], "REJECTED");
        assert_eq!(outcome["rows"][2]["status"], "NOT_FOUND", "{outcome:#}");
        assert_eq!(table.column(&admin, "name").await, ["one"]);
        assert_eq!(table.column(&admin, "count").await, [1]);
        table.drop(&admin).await;
    }

    pub async fn a_change_that_is_sent_again_is_not_applied_twice(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let change = unique_id();
        let add = |name: &str| json!([{ "add": { "values": { "name": name } } }]);
        let first = table.write_as(&admin, &change, add("once")).await;
        assert_eq!(
            (&first["state"], &first["repeated"]),
            (&json!("APPLIED"), &json!(false))
        );
        let again = table.write_as(&admin, &change, add("once")).await;
        assert_eq!(
            (&again["state"], &again["repeated"]),
            (&json!("APPLIED"), &json!(true))
        );
        assert_eq!(again["rows"], first["rows"]);
        assert_eq!(table.column(&admin, "name").await, ["once"]);
        let other = admin.ask(WRITE, table.input(&change, add("another"))).await;
        assert_eq!(other.code(), "INVALID_INPUT");
        assert_eq!(other.problems()[0].0, "changeId");
        let known = admin
            .run(
                "query($id: ID!) { change(id: $id) { state rowCount closedAt } }",
                json!({ "id": change }),
            )
            .await;
        assert_eq!(
            (&known["change"]["state"], &known["change"]["rowCount"]),
            (&json!("APPLIED"), &json!(1))
        );
        assert_eq!(table.column(&admin, "name").await, ["once"]);
        table.drop(&admin).await;
    }

    pub async fn values_come_back_as_they_went_in(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let awkward = json!({
            "name": "O'Brien \"x\" \\ % _ ; -- é 🦆",
            "amount": "-4999999999.99",
            "count": "9007199254740993",
            "day": "0001-02-28",
            "done": false,
            "note": "two\nlines\tand a very long text: ".to_owned() + &"ß".repeat(5_000),
        });
        let limits = json!({ "name": "limits", "count": "-9223372036854775808", "amount": "0.01", "day": "9999-12-31" });
        table.add(&admin, &[awkward.clone(), limits]).await;
        let page = table
            .page(&admin, json!({ "sort": [{ "field": "amount" }] }))
            .await;
        let values = &page["nodes"][0]["values"];
        for (name, value) in awkward.as_object().unwrap() {
            assert_eq!(&values[name], value, "{name}");
        }
        let values = &page["nodes"][1]["values"];
        assert_eq!(values["count"], "-9223372036854775808");
        assert_eq!(values["day"], "9999-12-31");
        assert_eq!(values["done"], Json::Null);
        table.drop(&admin).await;
    }

    pub async fn faults_in_values_name_their_place(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let add = |values: Json| json!([{ "add": { "values": values } }]);
        let cases = [
            (
                add(json!({ "count": 1 })),
                "changes.0.values.name",
                "REQUIRED",
            ),
            (
                add(json!({ "name": Json::Null })),
                "changes.0.values.name",
                "REQUIRED",
            ),
            (
                add(json!({ "name": "x".repeat(41) })),
                "changes.0.values.name",
                "TOO_LONG",
            ),
            (
                add(json!({ "name": "x", "nome": 1 })),
                "changes.0.values.nome",
                "UNKNOWN_FIELD",
            ),
            (
                add(json!({ "name": "x", "count": "many" })),
                "changes.0.values.count",
                "WRONG_TYPE",
            ),
            (
                add(json!({ "name": "x", "count": "9223372036854775808" })),
                "changes.0.values.count",
                "WRONG_TYPE",
            ),
            (
                add(json!({ "name": "x", "amount": "1.234" })),
                "changes.0.values.amount",
                "OUT_OF_RANGE",
            ),
            (
                add(json!({ "name": "x", "amount": "5000000001" })),
                "changes.0.values.amount",
                "TOO_LARGE",
            ),
            (
                add(json!({ "name": "x", "day": "2026-02-30" })),
                "changes.0.values.day",
                "WRONG_TYPE",
            ),
            (
                add(json!({ "name": "x", "done": "yes" })),
                "changes.0.values.done",
                "WRONG_TYPE",
            ),
            (json!([{}]), "changes.0", "CHANGE"),
            (
                json!([{ "delete": { "key": unique_id() } }]),
                "changes.0",
                "SEEN",
            ),
        ];
        for (changes, path, code) in cases {
            let reply = admin
                .ask(WRITE, table.input(&unique_id(), changes.clone()))
                .await;
            assert_eq!(reply.code(), "INVALID_INPUT", "{changes}");
            let problems = reply.problems();
            assert_eq!(
                problems,
                [(path.to_owned(), code.to_owned())],
                "{changes}: {}",
                reply.message()
            );
        }
        let both = json!([{ "add": { "values": { "count": "x" } } }, { "add": { "values": { "name": "y", "day": 1 } } }]);
        let reply = admin.ask(WRITE, table.input(&unique_id(), both)).await;
        assert_eq!(reply.problems().len(), 3, "every fault is told at once");
        assert_eq!(table.column(&admin, "name").await, Vec::<Json>::new());
        table.drop(&admin).await;
    }

    pub async fn a_large_change_takes_effect_whole(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let rows: Vec<Json> = (0..1_500)
            .map(|n| json!({ "name": format!("n{n}"), "count": n }))
            .collect();
        table.add(&admin, &rows).await;
        let page = table
            .page(
                &admin,
                json!({ "sort": [{ "field": "count", "direction": "DESC" }], "first": 1 }),
            )
            .await;
        assert_eq!(page["totalCount"], 1_500);
        assert_eq!(page["nodes"][0]["values"]["name"], "n1499");
        table.drop(&admin).await;
    }
}
