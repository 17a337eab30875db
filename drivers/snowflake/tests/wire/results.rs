//! Results in parts that lie elsewhere, packed or not.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "all of it belongs to tests"
)]

use quillback_plugin_api::driver::{Instance as _, RowStream as _};
use quillback_plugin_api::{Category, RowBuffer, Value};
use serde_json::{Value as Json, json};

use crate::failures::select;
use crate::server::{Asked, Reply, Server, result, sql};

/// `["b"],["c"]`, packed by gzip 1.12 without a name.
const PACKED: &[u8] = include_bytes!("part.gz");

fn in_parts(chunks: &Json) -> Json {
    let mut answer = result(&["t"], &[&["a"]]);
    answer["data"]["chunks"] = chunks.clone();
    answer["data"]["chunkHeaders"] = json!({ "Authorization": "from the answer" });
    answer
}

async fn server(
    chunks: impl Fn(&str) -> Json + Send + Sync + 'static,
    part: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
) -> Server {
    let place = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let known = std::sync::Arc::clone(&place);
    let server = Server::start(move |asked, before| {
        if asked.is("POST", "/query-request") && sql(asked).starts_with("SELECT") {
            let chunks = chunks(known.get().unwrap());
            return Some(Reply::Json(200, in_parts(&chunks)));
        }
        asked.is("GET", "/part").then(|| part(asked, before))?
    })
    .await;
    place.set(server.url.clone()).unwrap();
    server
}

#[tokio::test]
async fn parts_are_read_in_order_with_the_headers_that_the_answer_names() {
    let chunks = |url: &str| {
        json!([
            { "url": format!("{url}/part/1"), "rowCount": 2, "uncompressedSize": 11 },
            { "url": format!("{url}/part/2"), "rowCount": 1, "uncompressedSize": 5 },
        ])
    };
    let server = server(chunks, |asked, before| {
        Some(match (asked.path.as_str(), before) {
            ("/part/1", 0) => Reply::Json(503, json!({})),
            ("/part/1", _) => Reply::Bytes(PACKED.to_vec()),
            _ => Reply::Bytes(br#"["d"]"#.to_vec()),
        })
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let mut stream = instance.stream(select()).await.unwrap();
    let mut rows = RowBuffer::new(1);
    while stream.next(&mut rows).await.unwrap() {}
    let texts = ["a", "b", "c", "d"].map(|text| vec![Value::Text(text.into())]);
    assert_eq!(rows.to_rows(), texts);
    let part = server.wait_for("GET", "/part/2").await;
    assert_eq!(part.token.as_deref(), Some("from the answer"));
}

#[tokio::test]
async fn a_part_that_is_short_of_rows_is_an_error_and_not_the_end() {
    let chunks = |url: &str| json!([{ "url": format!("{url}/part/1"), "rowCount": 3, "uncompressedSize": 11 }]);
    let server = server(chunks, |_, _| Some(Reply::Bytes(PACKED.to_vec()))).await;
    let instance = server.open(json!({})).await.unwrap();
    let mut stream = instance.stream(select()).await.unwrap();
    let mut rows = RowBuffer::new(1);
    assert!(stream.next(&mut rows).await.unwrap());
    let error = stream.next(&mut rows).await.unwrap_err();
    assert_eq!(error.category, Category::Protocol);
}

#[tokio::test]
async fn rows_in_another_form_than_asked_for_are_refused() {
    let server = Server::start(|asked, _| {
        let mut answer = result(&["t"], &[]);
        answer["data"]["rowset"] = Json::Null;
        answer["data"]["rowsetBase64"] = json!("/////w==");
        let select = asked.is("POST", "/query-request") && sql(asked).starts_with("SELECT");
        select.then_some(Reply::Json(200, answer))
    })
    .await;
    let instance = server.open(json!({})).await.unwrap();
    let error = instance.stream(select()).await.err().unwrap();
    assert_eq!(error.category, Category::Protocol);
}
