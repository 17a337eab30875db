//! What the service answers when nothing is wrong, and its driver connected to that.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "all of it belongs to tests"
)]

use std::ops::Deref;

use quillback_driver_bigquery::{BigQuery, BigQueryInstance};
use quillback_family_http::test_server::TestServer;
pub(crate) use quillback_family_http::test_server::{Asked, Reply};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::driver::{Context, Driver as _};
use serde_json::{Value, json};

/// A running server.
pub(crate) struct Server(TestServer);

impl Deref for Server {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.0
    }
}

impl Server {
    /// As [`TestServer::start`]. Where `rule` says nothing, the data set is there, tables are
    /// not, and jobs work.
    pub(crate) async fn start(
        rule: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let whole =
            move |asked: &Asked, before| rule(asked, before).unwrap_or_else(|| usual(asked));
        Self(TestServer::start(whole).await)
    }

    /// Opens a connection to it, with these options beside those that reach it.
    pub(crate) async fn open(&self, more: Value) -> Result<BigQueryInstance, DriverError> {
        let mut options = json!({
            "endpoint": self.url, "project": "p", "dataset": "d", "authentication": "none",
        });
        for (name, value) in more.as_object().unwrap() {
            options[name] = value.clone();
        }
        BigQuery::new(Context::default())
            .unwrap()
            .open(options)
            .await
    }
}

/// An error as the service writes it.
pub(crate) fn error(status: u16, reason: &str, message: &str) -> Reply {
    let errors = json!([{ "reason": reason, "message": message, "domain": "global" }]);
    Reply::Json(
        status,
        json!({ "error": { "code": status, "message": message, "errors": errors } }),
    )
}

/// A result of one page.
pub(crate) fn page(rows: &[&[&str]]) -> Value {
    let fields: Vec<_> = (0..rows.first().map_or(0, |row| row.len()))
        .map(|at| json!({ "name": format!("c{at}"), "type": "STRING" }))
        .collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| json!({ "f": row.iter().map(|cell| json!({ "v": cell })).collect::<Vec<_>>() }))
        .collect();
    json!({
        "jobComplete": true, "jobReference": { "projectId": "p", "jobId": "j1", "location": "EU" },
        "schema": { "fields": fields }, "rows": rows,
    })
}

fn usual(asked: &Asked) -> Reply {
    if asked.method == "GET" && asked.path.ends_with("/datasets/d") {
        Reply::Json(200, json!({ "location": "EU" }))
    } else if asked.is("POST", "/cancel") {
        Reply::Json(200, json!({}))
    } else if asked.is("POST", "/jobs") {
        let reference = asked.json()["jobReference"].clone();
        Reply::Json(
            200,
            json!({ "jobReference": reference, "status": { "state": "RUNNING" } }),
        )
    } else if asked.is("GET", "/queries/") {
        Reply::Json(200, page(&[&["committed", "1,"]]))
    } else {
        error(404, "notFound", "Not found: it")
    }
}
