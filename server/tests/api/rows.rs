//! Reading rows: pages, filters, sorting and cursors, the same on every database.

use crate::on_every_database;

on_every_database! {
    pages_follow_one_another_without_gap_or_repetition;
    filters_compare_by_type_and_combine;
    rows_without_a_value_come_first_and_last;
    faults_in_a_page_name_their_place;
}

mod cases {
    use serde_json::{Value as Json, json};

    use crate::support::{Client, Database, PAGE, Table, TestServer};

    /// Twelve rows: amounts fall while counts rise, and every third has neither day nor note.
    async fn twelve(admin: &Client, database: &Database) -> Table {
        let table = database.table(admin).await;
        let rows: Vec<Json> = (1..=12)
            .map(|n| {
                let has_day = n % 3 != 0;
                json!({
                    "name": format!("Row {n:02}"),
                    "amount": format!("{}.{n:02}", 100 - n),
                    "count": n,
                    "done": n % 2 == 0,
                    "day": has_day.then(|| format!("2026-01-{n:02}")),
                    "note": has_day.then(|| format!("50% of_{n} \\ 'é' 🦆")),
                })
            })
            .collect();
        table.add(admin, &rows).await;
        table
    }

    fn names(page: &Json) -> Vec<&str> {
        let nodes = page["nodes"].as_array().unwrap();
        nodes
            .iter()
            .map(|node| node["values"]["name"].as_str().unwrap())
            .collect()
    }

    pub async fn pages_follow_one_another_without_gap_or_repetition(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = twelve(&admin, &database).await;
        for sort in [
            json!([]),
            json!([{ "field": "name" }]),
            json!([{ "field": "amount", "direction": "DESC" }]),
            json!([{ "field": "done" }, { "field": "day", "direction": "DESC" }]),
        ] {
            let whole = table
                .page(&admin, json!({ "sort": sort, "first": 500 }))
                .await;
            assert_eq!(whole["totalCount"], 12);
            assert_eq!(whole["pageInfo"]["hasNextPage"], false);
            let (mut walked, mut after) = (Vec::new(), Json::Null);
            loop {
                let arguments = json!({ "sort": sort, "first": 5, "after": after });
                let page = table.page(&admin, arguments).await;
                let nodes = page["nodes"].as_array().unwrap().clone();
                assert_eq!(page["edges"].as_array().unwrap().len(), nodes.len());
                walked.extend(nodes);
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(json!(walked), whole["nodes"], "{sort}");
        }
        let sorted = table
            .page(
                &admin,
                json!({ "sort": [{ "field": "amount", "direction": "DESC" }], "first": 2 }),
            )
            .await;
        assert_eq!(names(&sorted), ["Row 01", "Row 02"]);
        assert_eq!(
            sorted["nodes"][0]["values"]["amount"], "99.01",
            "decimals are texts"
        );
        table.drop(&admin).await;
    }

    pub async fn filters_compare_by_type_and_combine(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = twelve(&admin, &database).await;
        let field = |field: &str, op: &str, value: Json| json!({ "field": field, "op": op, "value": value });
        let cases: [(Json, &[u32]); 15] = [
            (field("count", "EQ", json!(7)), &[7]),
            (field("count", "EQ", json!("7")), &[7]),
            (field("count", "IN", json!([1, 12, 99])), &[1, 12]),
            (field("amount", "GT", json!("97.5")), &[1, 2]),
            (field("amount", "LE", json!("89.11")), &[11, 12]),
            (field("day", "GE", json!("2026-01-10")), &[10, 11]),
            (field("day", "IS_NULL", json!(true)), &[3, 6, 9, 12]),
            (field("name", "STARTS_WITH", json!("row 1")), &[10, 11, 12]),
            (field("note", "CONTAINS", json!("50% of_1 ")), &[1]),
            (
                field("note", "CONTAINS", json!("\\ 'é' 🦆")),
                &[1, 2, 4, 5, 7, 8, 10, 11],
            ),
            (field("note", "CONTAINS", json!("50_")), &[]),
            (
                json!({ "and": [field("count", "GT", json!(3)), field("count", "LT", json!(6))] }),
                &[4, 5],
            ),
            (
                json!({ "or": [field("count", "EQ", json!(1)), field("name", "EQ", json!("Row 02"))] }),
                &[1, 2],
            ),
            (json!({ "not": field("count", "GT", json!(1)) }), &[1]),
            (
                json!({ "and": [field("done", "EQ", json!(true)), { "not": field("day", "IS_NULL", json!(true)) }] }),
                &[2, 4, 8, 10],
            ),
        ];
        for (filter, expected) in cases {
            let arguments =
                json!({ "filter": filter, "sort": [{ "field": "count" }], "first": 500 });
            let page = table.page(&admin, arguments).await;
            let expected: Vec<String> = expected.iter().map(|n| format!("Row {n:02}")).collect();
            assert_eq!(names(&page), expected, "{filter}");
            assert_eq!(page["totalCount"], expected.len(), "{filter}");
        }
        table.drop(&admin).await;
    }

    pub async fn rows_without_a_value_come_first_and_last(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = twelve(&admin, &database).await;
        let rising = table.column(&admin, "day").await;
        assert!(rising[..4].iter().all(Json::is_null), "{rising:?}");
        assert_eq!(rising[4], "2026-01-01");
        let arguments = json!({ "sort": [{ "field": "day", "direction": "DESC" }], "first": 500 });
        let falling = table.page(&admin, arguments).await;
        assert_eq!(falling["nodes"][0]["values"]["day"], "2026-01-11");
        assert!(falling["nodes"][11]["values"]["day"].is_null());
        table.drop(&admin).await;
    }

    pub async fn faults_in_a_page_name_their_place(
        _server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let cases = [
            (json!({ "first": 0 }), "first", "COUNT"),
            (json!({ "first": 501 }), "first", "COUNT"),
            (json!({ "after": "zz" }), "after", "CURSOR"),
            (
                json!({ "sort": [{ "field": "name" }, { "field": "nome" }] }),
                "sort.1.field",
                "UNKNOWN_FIELD",
            ),
            (
                json!({ "filter": { "field": "count", "value": "many" } }),
                "filter.value",
                "WRONG_TYPE",
            ),
            (
                json!({ "filter": { "and": [{ "field": "nome", "value": 1 }] } }),
                "filter.and.0.field",
                "UNKNOWN_FIELD",
            ),
            (json!({ "filter": {} }), "filter", "FILTER"),
        ];
        for (mut variables, path, code) in cases {
            variables["schema"] = json!(table.schema);
            let reply = admin.ask(PAGE, variables.clone()).await;
            assert_eq!(reply.code(), "INVALID_INPUT", "{variables}");
            assert_eq!(
                reply.problems(),
                [(path.to_owned(), code.to_owned())],
                "{variables}"
            );
        }
        table.drop(&admin).await;
    }
}
