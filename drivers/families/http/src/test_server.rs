//! For tests of drivers: an HTTP server that answers as a test tells it to, and remembers what it was asked.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "all of it belongs to tests"
)]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Method, in upper case.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The header `authorization`.
    pub token: Option<String>,
    /// The body, which is text.
    pub body: String,
}

impl Asked {
    /// Whether it has this method, and this somewhere in its path.
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.contains(path)
    }

    /// The body as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }

    fn is_same(&self, other: &Self) -> bool {
        let place = |asked: &Self| asked.path.split('?').next().map(str::to_owned);
        self.method == other.method && place(self) == place(other)
    }
}

/// What a test answers with.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A status and a document.
    Json(u16, Json),
    /// Success, and these bytes.
    Bytes(Vec<u8>),
    /// The connection breaks.
    Break,
    /// No answer comes, ever.
    Never,
}

type Rule = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// A running server.
#[derive(Clone)]
pub struct TestServer {
    /// Where it is.
    pub url: String,
    rule: Arc<Rule>,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: Arc<Notify>,
}

impl TestServer {
    /// `rule` gets a request, and how many of the same method and path, whatever the query, came before.
    pub async fn start(rule: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            rule: Arc::new(rule),
            asked: Arc::default(),
            news: Arc::default(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = serving.clone();
                let service = service_fn(move |request| server.clone().answer(request));
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
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often this was asked.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let asked = self.asked().into_iter();
        asked.filter(|asked| asked.is(method, path)).count()
    }

    /// Waits until this was asked.
    pub async fn wait_for(&self, method: &str, path: &str) -> Asked {
        let waiting = async {
            loop {
                let news = self.news.notified();
                let mut asked = self.asked().into_iter();
                if let Some(found) = asked.find(|asked| asked.is(method, path)) {
                    return found;
                }
                news.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        found.expect("it is never asked")
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let token = request.headers().get("authorization");
        let token = token.map(|token| token.to_str().unwrap().to_owned());
        let (method, path) = (request.method().to_string(), request.uri().to_string());
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let asked = Asked {
            method,
            path,
            token,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        let before = {
            let mut all = self.asked.lock().unwrap();
            let before = all.iter().filter(|one| one.is_same(&asked)).count();
            all.push(asked.clone());
            before
        };
        self.news.notify_waiters();
        let (status, body) = match (self.rule)(&asked, before) {
            Reply::Json(status, body) => (status, body.to_string().into_bytes()),
            Reply::Bytes(body) => (200, body),
            Reply::Break => panic!("the connection is meant to break"),
            Reply::Never => std::future::pending().await,
        };
        let body = Full::new(Bytes::from(body));
        Ok(Response::builder().status(status).body(body).unwrap())
    }
}
