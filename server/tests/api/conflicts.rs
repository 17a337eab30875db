//! Two people change the same row: the second learns what the first did, and nothing is lost.

use crate::on_every_database;

on_every_database! {
    an_edit_of_an_old_version_shows_theirs_and_writes_nothing;
    an_edit_that_saw_other_fields_goes_through;
    a_row_that_is_gone_is_told_and_not_made_again;
    of_two_edits_at_once_one_wins;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, Table, TestServer};

    async fn setting(
        server: &TestServer,
        admin: &Client,
        database: &Database,
    ) -> (Table, Client, Json) {
        let table = database.table(admin).await;
        let bob = server.add_user(admin, "bob", json!(["ADMIN"])).await;
        let rows = table
            .add(
                admin,
                &[json!({ "name": "contested", "count": 1, "amount": "1.50" })],
            )
            .await;
        (table, bob, rows[0].clone())
    }

    fn edit(key: &Json, seen: (&str, &Json), values: Json) -> Json {
        let mut edit = json!({ "key": key, "values": values });
        edit[seen.0] = seen.1.clone();
        json!([{ "edit": edit }])
    }

    pub async fn an_edit_of_an_old_version_shows_theirs_and_writes_nothing(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let (table, bob, row) = setting(&server, &admin, &database).await;
        let (key, version) = (&row["key"], &row["version"]);
        let first = table
            .write(&bob, edit(key, ("version", version), json!({ "count": 2 })))
            .await;
        assert_eq!(first["state"], "APPLIED", "{first:#}");
        for seen in [
            ("version", version.clone()),
            ("seen", json!({ "count": 1 })),
        ] {
            let late = edit(
                key,
                (seen.0, &seen.1),
                json!({ "count": 3, "name": "mine" }),
            );
            let second = table.write(&admin, late).await;
            assert_eq!(second["state"], "REJECTED");
            let theirs = &second["rows"][0];
            assert_eq!(theirs["status"], "CONFLICT", "{second:#}");
            assert_eq!(
                (&theirs["row"]["count"], &theirs["row"]["name"]),
                (&json!(2), &json!("contested"))
            );
            assert_eq!(theirs["version"], first["rows"][0]["version"]);
        }
        assert_eq!(table.column(&admin, "count").await, [2]);
        let with_new = edit(
            key,
            ("version", &first["rows"][0]["version"]),
            json!({ "count": 3 }),
        );
        assert_eq!(table.write(&admin, with_new).await["state"], "APPLIED");
        assert_eq!(table.column(&admin, "count").await, [3]);
        table.drop(&admin).await;
    }

    pub async fn an_edit_that_saw_other_fields_goes_through(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let (table, bob, row) = setting(&server, &admin, &database).await;
        let theirs = edit(
            &row["key"],
            ("seen", &json!({ "count": 1 })),
            json!({ "count": 2 }),
        );
        assert_eq!(table.write(&bob, theirs).await["state"], "APPLIED");
        let mine = edit(
            &row["key"],
            ("seen", &json!({ "amount": "1.50" })),
            json!({ "amount": "2.50" }),
        );
        assert_eq!(table.write(&admin, mine).await["state"], "APPLIED");
        let page = table.page(&admin, json!({})).await;
        let values = &page["nodes"][0]["values"];
        assert_eq!(
            (&values["count"], &values["amount"]),
            (&json!(2), &json!("2.50"))
        );
        table.drop(&admin).await;
    }

    pub async fn a_row_that_is_gone_is_told_and_not_made_again(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let (table, bob, row) = setting(&server, &admin, &database).await;
        let delete = json!([{ "delete": { "key": row["key"], "version": row["version"] } }]);
        assert_eq!(table.write(&bob, delete.clone()).await["state"], "APPLIED");
        let late = edit(
            &row["key"],
            ("version", &row["version"]),
            json!({ "count": 9 }),
        );
        for changes in [late, delete] {
            let outcome = table.write(&admin, changes).await;
            assert_eq!(outcome["rows"][0]["status"], "NOT_FOUND", "{outcome:#}");
        }
        assert_eq!(table.column(&admin, "name").await, Vec::<Json>::new());
        table.drop(&admin).await;
    }

    pub async fn of_two_edits_at_once_one_wins(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let (table, bob, row) = setting(&server, &admin, &database).await;
        let with = |count: u32| {
            edit(
                &row["key"],
                ("version", &row["version"]),
                json!({ "count": count }),
            )
        };
        let (one, other) =
            tokio::join!(table.write(&admin, with(100)), table.write(&bob, with(200)));
        let mut states = [
            one["state"].as_str().unwrap(),
            other["state"].as_str().unwrap(),
        ];
        let winner = if states[0] == "APPLIED" { 100 } else { 200 };
        states.sort_unstable();
        assert_eq!(states, ["APPLIED", "REJECTED"], "{one:#} {other:#}");
        assert_eq!(table.column(&admin, "count").await, [winner]);
        table.drop(&admin).await;
    }
}
