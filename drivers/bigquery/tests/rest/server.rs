//! An HTTP server that answers as a test tells it to, and remembers what it was asked.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it belongs to tests"
)]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use quillback_driver_bigquery::{BigQuery, BigQueryInstance};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::driver::{Context, Driver as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.contains(path)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What a test answers with.
pub(crate) enum Reply {
    Json(u16, Value),
    /// The connection breaks.
    Break,
    /// No answer comes, ever.
    Never,
}

type Rule = dyn Fn(&Asked, usize) -> Option<Reply> + Send + Sync;

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: Arc<Notify>,
}

impl Server {
    /// `rule` gets a request, and how many of the same method and path came before. Where it says nothing, the data set
    /// is there, tables are not, and jobs work.
    pub(crate) async fn start(
        rule: impl Fn(&Asked, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, news) = (Arc::new(Mutex::default()), Arc::new(Notify::new()));
        let server = Self {
            url,
            asked: Arc::clone(&asked),
            news: Arc::clone(&news),
        };
        let rule: Arc<Rule> = Arc::new(rule);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (rule, asked, news) =
                    (Arc::clone(&rule), Arc::clone(&asked), Arc::clone(&news));
                let service = service_fn(move |request| {
                    answer(
                        request,
                        Arc::clone(&rule),
                        Arc::clone(&asked),
                        Arc::clone(&news),
                    )
                });
                tokio::spawn(async move {
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        server
    }

    /// Everything that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often this was asked.
    pub(crate) fn count(&self, method: &str, path: &str) -> usize {
        self.asked()
            .iter()
            .filter(|asked| asked.is(method, path))
            .count()
    }

    /// Waits until this was asked.
    pub(crate) async fn wait_for(&self, method: &str, path: &str) -> Asked {
        let waiting = async {
            loop {
                let news = self.news.notified();
                if let Some(found) = self
                    .asked()
                    .into_iter()
                    .find(|asked| asked.is(method, path))
                {
                    return found;
                }
                news.await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        tokio::time::timeout(limit, waiting)
            .await
            .expect("it is never asked")
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

async fn answer(
    request: Request<Incoming>,
    rule: Arc<Rule>,
    all: Arc<Mutex<Vec<Asked>>>,
    news: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let asked = Asked {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        token: request
            .headers()
            .get("authorization")
            .map(|v| v.to_str().unwrap().to_owned()),
        body: {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            String::from_utf8(body.to_vec()).unwrap()
        },
    };
    let before = {
        let mut all = all.lock().unwrap();
        let same = |one: &&Asked| one.method == asked.method && one.path == asked.path;
        let before = all.iter().filter(same).count();
        all.push(asked.clone());
        before
    };
    news.notify_waiters();
    let (status, body) = match rule(&asked, before).unwrap_or_else(|| usual(&asked)) {
        Reply::Json(status, body) => (status, body),
        Reply::Break => panic!("the connection is meant to break"),
        Reply::Never => std::future::pending().await,
    };
    let body = Full::new(Bytes::from(body.to_string()));
    Ok(Response::builder().status(status).body(body).unwrap())
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
