//! Rows taken out as a file: who may, which rows and fields are in it, and what a large one costs.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect};
use quillback_plugin_api::remote::RemoteDriver;
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Insert, Statement};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, RowBuffer, TableRef, Value};
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

use crate::{
    on_every_database,
    support::{Client, Database, TestServer, soon, unique_id},
};

/// An answer whose body is still to come.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Incoming,
}

impl Answer {
    async fn text(self) -> String {
        let bytes = soon(self.body.collect()).await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    async fn code(self) -> (u16, String) {
        let status = self.status.as_u16();
        let json: Json = serde_json::from_str(&self.text().await).unwrap();
        let code = json["errors"][0]["extensions"]["code"].as_str().unwrap();
        (status, code.to_owned())
    }
}

async fn send(
    address: SocketAddr,
    method: Method,
    schema: &str,
    body: &Json,
    headers: &[(&str, String)],
) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/export/{schema}.csv"))
        .header("host", address.to_string())
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let (parts, body) = soon(sender.send_request(request))
        .await
        .unwrap()
        .into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

async fn export(server: &TestServer, client: &Client, schema: &str, body: Json) -> Answer {
    let token = client.token.as_ref().unwrap();
    let bearer = [("authorization", format!("Bearer {token}"))];
    send(server.address, Method::POST, schema, &body, &bearer).await
}

/// Lets everyone do these actions, without a look at the field `note`.
async fn permit(admin: &Client, schema: &str, actions: &[&str]) {
    let groups = admin.run("{ groups { id name } }", json!({})).await;
    let everyone = groups["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["name"] == "everyone")
        .unwrap();
    let permission =
        json!({ "groupId": everyone["id"], "actions": actions, "hiddenFields": ["note"] });
    let input = json!({ "input": { "schemaId": schema, "permissions": [permission] } });
    let document = "mutation($input: SetPermissionsInput!) { setSchemaPermissions(input: $input) { schema { id } } }";
    admin.run(document, input).await;
}

/// What the audit trail says about exports of a schema, the latest first.
async fn trail(admin: &Client, schema: &str) -> Vec<Json> {
    let document = "query($filter: AuditEventFilter!) { auditEvents(filter: $filter, first: 50) { action details username } }";
    let answer = admin
        .run(document, json!({ "filter": { "subjectId": schema } }))
        .await;
    let events = answer["auditEvents"].as_array().unwrap();
    let is_export = |event: &&Json| event["action"].as_str().unwrap().contains("export");
    events.iter().filter(is_export).cloned().collect()
}

#[tokio::test]
async fn only_who_may_export_gets_rows() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    table.add(&admin, &[json!({ "name": "one" })]).await;
    let reader = server.add_user(&admin, "reader", json!([])).await;

    let stranger = send(server.address, Method::POST, &table.schema, &json!({}), &[]).await;
    assert_eq!(
        stranger.code().await,
        (401, "UNAUTHENTICATED".into()),
        "nobody"
    );
    let answer = export(&server, &reader, &table.schema, json!({})).await;
    assert_eq!(answer.code().await, (404, "NOT_FOUND".into()), "no right");
    permit(&admin, &table.schema, &["VIEW"]).await;
    let answer = export(&server, &reader, &table.schema, json!({})).await;
    assert_eq!(answer.code().await, (403, "FORBIDDEN".into()), "only VIEW");
    assert_eq!(
        trail(&admin, &table.schema).await,
        Vec::<Json>::new(),
        "nothing left the server"
    );
    permit(&admin, &table.schema, &["VIEW", "EXPORT"]).await;
    let answer = export(&server, &reader, &table.schema, json!({})).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().await.contains("one"));

    // A browser sends a cookie by itself, but not this header.
    let token = reader.token.clone().unwrap();
    let cookie = ("cookie", format!("quillback={token}"));
    let own = ("x-quillback-request", "1".to_owned());
    let from = |headers: Vec<(&'static str, String)>| {
        let schema = table.schema.clone();
        async move { send(server.address, Method::POST, &schema, &json!({}), &headers).await }
    };
    let answer = from(vec![cookie.clone()]).await;
    assert_eq!(answer.code().await, (403, "CROSS_SITE_REQUEST".into()));
    let elsewhere = ("origin", "https://elsewhere.example".to_owned());
    let answer = from(vec![cookie.clone(), own.clone(), elsewhere]).await;
    assert_eq!(answer.code().await, (403, "CROSS_SITE_REQUEST".into()));
    assert_eq!(from(vec![cookie, own]).await.status, StatusCode::OK);

    let bearer = [("authorization", format!("Bearer {token}"))];
    let answer = send(
        server.address,
        Method::GET,
        &table.schema,
        &json!({}),
        &bearer,
    )
    .await;
    assert_eq!(answer.code().await, (405, "METHOD_NOT_ALLOWED".into()));
    for (schema, body, status, code) in [
        (unique_id(), json!({}), 404, "NOT_FOUND"),
        ("..%2f..%2fetc".into(), json!({}), 404, "NOT_FOUND"),
        (table.schema.clone(), json!([]), 400, "BAD_REQUEST"),
        (
            table.schema.clone(),
            json!({ "filtr": 1 }),
            400,
            "BAD_REQUEST",
        ),
        (
            table.schema.clone(),
            json!({ "filter": { "fild": "x" } }),
            400,
            "INVALID_INPUT",
        ),
        (
            table.schema.clone(),
            json!({ "sort": [{ "field": "no" }] }),
            400,
            "INVALID_INPUT",
        ),
    ] {
        let answer = export(&server, &reader, &schema, body.clone()).await;
        assert_eq!(answer.code().await, (status, code.into()), "{body}");
    }
}

#[tokio::test]
async fn row_rules_and_hidden_fields_hold_for_files_too() {
    let (server, admin) = TestServer::start().await;
    let table = Database::sqlite(&server.file("")).table(&admin).await;
    let rows: Vec<Json> = (1..=20)
        .map(
            |n| json!({ "name": format!("row {n:02}"), "count": n % 2, "note": "not for readers" }),
        )
        .collect();
    table.add(&admin, &rows).await;
    let reader = server.add_user(&admin, "reader", json!([])).await;
    permit(&admin, &table.schema, &["VIEW", "EXPORT"]).await;
    let rule = json!({ "field": "count", "operator": "EQ", "values": [1] });
    let policy =
        json!({ "schemaId": table.schema, "policies": [{ "name": "odd", "rules": [rule] }] });
    let document = "mutation($input: SetPoliciesInput!) { setSchemaPolicies(input: $input) { schema { id } } }";
    admin.run(document, json!({ "input": policy })).await;

    let wanted = json!({ "sort": [{ "field": "name", "direction": "DESC" }],
        "filter": { "field": "name", "op": "GT", "value": "row 04" } });
    let text = export(&server, &reader, &table.schema, wanted)
        .await
        .text()
        .await;
    assert!(
        !text.contains("note") && !text.contains("not for readers"),
        "{text}"
    );
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("name,amount,count,day,done"), "{text}");
    let names: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split(',').nth(1).unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "row 19", "row 17", "row 15", "row 13", "row 11", "row 09", "row 07", "row 05"
        ]
    );
    let trail = trail(&admin, &table.schema).await;
    let told: Vec<_> = trail
        .iter()
        .map(|event| (&event["action"], &event["username"]))
        .collect();
    let reader_did = |action: &str| (json!(action), json!("reader"));
    let (end, start) = (
        reader_did("schema.export"),
        reader_did("schema.export_start"),
    );
    assert_eq!(told, [(&end.0, &end.1), (&start.0, &start.1)]);
    assert_eq!(trail[0]["details"]["rows"], 8, "{trail:#?}");
    assert_eq!(trail[0]["details"]["outcome"], "complete");

    // Whoever could filter or sort by a hidden field would learn its values.
    for wanted in [
        json!({ "filter": { "field": "note", "value": "x" } }),
        json!({ "sort": [{ "field": "note" }] }),
    ] {
        let answer = export(&server, &reader, &table.schema, wanted).await;
        assert_eq!(answer.code().await, (400, "INVALID_INPUT".into()));
    }
}

on_every_database! {
    values_are_written_as_the_api_writes_them;
}

mod cases {
    use super::*;

    pub async fn values_are_written_as_the_api_writes_them(
        server: TestServer,
        admin: Client,
        database: Database,
    ) {
        let table = database.table(&admin).await;
        let rows = [
            json!({ "name": "1", "amount": "-12.50", "count": "9007199254740993", "day": "2026-02-28", "done": true,
                "note": "=HYPERLINK(\"https://elsewhere.example\", \"look\")" }),
            json!({ "name": "2", "note": "" }),
            json!({ "name": "3", "note": "two\nlines, é 🦆" }),
        ];
        table.add(&admin, &rows).await;
        let wanted = json!({ "sort": [{ "field": "name" }], "byteOrderMark": true });
        let answer = export(&server, &admin, &table.schema, wanted).await;
        assert_eq!(
            answer.headers["content-type"],
            "text/csv; charset=utf-8; header=present"
        );
        let disposition = answer.headers["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with("attachment; "), "{disposition}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        let text = answer.text().await;
        let without_keys = |text: &str| -> String {
            // Keys are made by the server, 36 characters each.
            let records = text.split_inclusive("\r\n");
            records
                .map(|record| record.split_once(',').unwrap().1)
                .collect()
        };
        assert!(text.starts_with('\u{feff}'));
        assert_eq!(
            without_keys(&text),
            "name,amount,count,day,done,note\r\n\
             1,-12.50,9007199254740993,2026-02-28,true,\"'=HYPERLINK(\"\"https://elsewhere.example\"\", \"\"look\"\")\"\r\n\
             2,,,,,\"\"\r\n\
             3,,,,,\"two\nlines, é 🦆\"\r\n"
        );
        let wanted = json!({ "keepFormulas": true, "filter": { "field": "name", "value": "1" } });
        let text = export(&server, &admin, &table.schema, wanted)
            .await
            .text()
            .await;
        assert!(text.contains("\"=HYPERLINK("), "{text}");
        table.drop(&admin).await;
    }
}

const ROWS: i64 = 100_000;

/// A table of so many rows of 600 characters, written beside the server, and a schema on it.
async fn large(server: &TestServer, admin: &Client) -> String {
    let path = server.file("large.db");
    let driver = RemoteDriver::link(quillback_driver_sqlite::driver_plugin()).unwrap();
    let options = json!({ "path": path, "synchronous": "normal" });
    let instance = driver.open(options.clone()).await.unwrap();
    let (id, text) = (Ident::literal("id"), Ident::literal("text"));
    let table = TableRef::new(Ident::literal("large"));
    let create = Ddl::CreateTable(CreateTable {
        table: table.clone(),
        columns: vec![
            ColumnDef::required(id.clone(), LogicalType::INT64),
            ColumnDef::required(text.clone(), LogicalType::text(600)),
        ],
        primary_key: vec![id.clone()],
        if_not_exists: false,
    });
    instance.define(&[create]).await.unwrap();
    let long = "0123456789".repeat(60);
    for start in (0..ROWS).step_by(10_000) {
        let mut rows = RowBuffer::new(2);
        for key in start..start + 10_000 {
            rows.push_row(&[Value::I64(key), long.as_str().into()])
                .unwrap();
        }
        let insert = Insert {
            table: table.clone(),
            columns: vec![id.clone(), text.clone()],
            rows,
            returning: Vec::new(),
        };
        let mut batch = Batch::default();
        batch.write(Statement::Insert(insert), Expect::Rows(10_000));
        let outcome = instance.apply(&batch).await.unwrap();
        assert!(matches!(outcome, BatchOutcome::Committed(_)));
    }
    instance.close().await;
    let input = json!({ "name": unique_id(), "driver": "sqlite", "options": options });
    let document = "mutation($input: ConnectionInput!) { createConnection(input: $input) { connection { id } } }";
    let made = admin.run(document, json!({ "input": input })).await;
    let connection = &made["createConnection"]["connection"]["id"];
    let input = json!({
        "label": "Large", "module": "DATA_CORRECTION", "connectionId": connection, "table": "large",
        "fields": [{ "name": "text", "column": "text", "type": { "name": "TEXT", "length": 600 }, "required": true }],
    });
    let document =
        "mutation($input: SchemaInput!) { createSchema(input: $input) { schema { id } } }";
    let made = admin.run(document, json!({ "input": input })).await;
    made["createSchema"]["schema"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Resident memory of this process in bytes; `None` where the system does not say.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes = line.trim().strip_suffix(" kB")?.trim();
    kilobytes
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_takes_little_memory_and_one_that_nobody_reads_ends() {
    let (server, admin) = TestServer::start().await;
    let schema = large(&server, &admin).await;

    // Someone who takes one piece and goes.
    let mut answer = export(&server, &admin, &schema, json!({})).await;
    soon(answer.body.frame()).await.unwrap().unwrap();
    drop(answer);
    let ended = soon(async {
        loop {
            let trail = trail(&admin, &schema).await;
            if trail[0]["action"] == "schema.export" {
                return trail[0]["details"].clone();
            }
        }
    })
    .await;
    assert_eq!(ended["outcome"], "abandoned", "{ended}");
    assert!(ended["rows"].as_i64().unwrap() < ROWS / 2, "{ended}");

    // Someone who takes everything: 60 MB.
    let answer = export(&server, &admin, &schema, json!({})).await;
    let mut body = answer.body;
    let (mut lines, mut bytes, mut largest_piece) = (0, 0, 0);
    let mut most = 0;
    let before = resident();
    while let Some(frame) = soon(body.frame()).await {
        let data = frame.unwrap().into_data().unwrap();
        lines += data.split(|byte| *byte == b'\n').count() - 1;
        bytes += data.len();
        largest_piece = largest_piece.max(data.len());
        most = most.max(resident().unwrap_or(0));
    }
    assert_eq!(i64::try_from(lines).unwrap(), ROWS + 1);
    assert!(bytes > 60_000_000, "{bytes}");
    assert!(largest_piece < 4_000_000, "{largest_piece}");
    if let Some(before) = before {
        let grown = most.saturating_sub(before) / 1_000_000;
        assert!(grown < 30, "60 MB of rows took {grown} MB of memory");
    }
    let details = &trail(&admin, &schema).await[0]["details"];
    assert_eq!(
        (&details["rows"], &details["outcome"]),
        (&json!(ROWS), &json!("complete"))
    );
}
