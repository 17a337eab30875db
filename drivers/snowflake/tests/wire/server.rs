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
use quillback_driver_snowflake::{Snowflake, SnowflakeInstance};
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

    /// The statement that is asked for.
    pub(crate) fn sql(&self) -> String {
        let text = &self.json()["sqlText"];
        text.as_str().unwrap_or_default().to_owned()
    }

    fn place(&self) -> &str {
        self.path.split('?').next().unwrap()
    }
}

/// What a test answers with.
pub(crate) enum Reply {
    Bytes(Vec<u8>),
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
    /// `rule` gets a request, and how many of the same method and path, whatever the query, came before. Where it says
    /// nothing, everything works.
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

    /// Statements that were asked for so far, without those that look tables up.
    pub(crate) fn statements(&self) -> Vec<String> {
        let asked = self.asked().into_iter();
        let asked = asked.filter(|asked| asked.is("POST", "/query-request"));
        asked
            .map(|asked| asked.sql())
            .filter(|sql| !sql.starts_with("DESCRIBE") && !sql.starts_with("SHOW"))
            .collect()
    }

    /// Opens a connection to it, with these options beside those that reach it.
    pub(crate) async fn open(&self, more: Value) -> Result<SnowflakeInstance, DriverError> {
        let mut options = json!({
            "endpoint": self.url, "account": "org-acc", "user": "me", "password": "hush", "database": "D",
        });
        for (name, value) in more.as_object().unwrap() {
            options[name] = value.clone();
        }
        Snowflake::new(Context::default())
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
        let same = |one: &&Asked| one.method == asked.method && one.place() == asked.place();
        let before = all.iter().filter(same).count();
        all.push(asked.clone());
        before
    };
    news.notify_waiters();
    let (status, body) = match rule(&asked, before).unwrap_or_else(|| usual(&asked)) {
        Reply::Json(status, body) => (status, body.to_string().into_bytes()),
        Reply::Bytes(body) => (200, body),
        Reply::Break => panic!("the connection is meant to break"),
        Reply::Never => std::future::pending().await,
    };
    let body = Full::new(Bytes::from(body));
    Ok(Response::builder().status(status).body(body).unwrap())
}

/// An error as the service writes it.
pub(crate) fn error(code: &str, sqlstate: &str, message: &str) -> Reply {
    let data = json!({ "errorCode": code, "sqlState": sqlstate });
    Reply::Json(
        200,
        json!({ "data": data, "code": code, "message": message, "success": false }),
    )
}

/// A result whose columns are texts.
pub(crate) fn result(names: &[&str], rows: &[&[&str]]) -> Value {
    let headings: Vec<_> = names
        .iter()
        .map(|name| json!({ "name": name, "type": "text", "length": 10, "nullable": true }))
        .collect();
    let data = json!({ "rowtype": headings, "rowset": rows, "queryResultFormat": "json" });
    json!({ "data": data, "code": null, "message": null, "success": true })
}

/// What a server says that has one table of two columns, the first of which is its key.
fn usual(asked: &Asked) -> Reply {
    let number = |n: &str| result(&["number of rows"], &[&[n]]);
    let answer = if asked.is("POST", "/login-request") {
        let info = json!({ "databaseName": "D", "schemaName": "PUBLIC" });
        let data = json!({ "token": "first", "masterToken": "master", "sessionInfo": info });
        json!({ "data": data, "success": true })
    } else if asked.is("POST", "/token-request") {
        let data = json!({ "sessionToken": "second", "masterToken": "master2" });
        json!({ "data": data, "success": true })
    } else if asked.is("POST", "/query-request") {
        match asked.sql().split(' ').next().unwrap() {
            "DESCRIBE" => result(
                &["name", "type", "null?"],
                &[&["id", "NUMBER(19,0)", "N"], &["t", "VARCHAR(20)", "Y"]],
            ),
            "SHOW" if asked.sql().contains("PRIMARY") => result(
                &["column_name", "key_sequence", "constraint_name"],
                &[&["id", "1", "k"]],
            ),
            "SHOW" => result(&["column_name"], &[]),
            "BEGIN" | "COMMIT" | "ROLLBACK" => result(&["status"], &[&["ok"]]),
            _ => number("1"),
        }
    } else {
        json!({ "data": null, "success": true })
    };
    Reply::Json(200, answer)
}
