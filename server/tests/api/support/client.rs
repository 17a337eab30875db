//! A GraphQL client of one user, which remembers everything it was answered.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;

use super::soon;

/// A client; clones share what was answered.
#[derive(Clone)]
pub struct Client {
    pub token: Option<String>,
    address: SocketAddr,
    answers: Arc<Mutex<String>>,
    notes: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Json,
}

impl Reply {
    /// The data of an answer without errors.
    pub fn data(self) -> Json {
        assert_eq!(self.json.get("errors"), None, "{:#}", self.json);
        self.json["data"].clone()
    }

    /// Code of the only error.
    pub fn code(&self) -> &str {
        let errors = self.json["errors"].as_array();
        let [error] = errors.map_or(&[][..], Vec::as_slice) else {
            panic!("one error expected: {:#}", self.json);
        };
        error["extensions"]["code"].as_str().unwrap_or_default()
    }

    /// Paths and codes of the faults in the input.
    pub fn problems(&self) -> Vec<(String, String)> {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let problems = self.json["errors"][0]["extensions"]["problems"].as_array();
        let problems = problems.unwrap_or_else(|| panic!("problems expected: {:#}", self.json));
        problems
            .iter()
            .map(|one| (text(&one["path"]), text(&one["code"])))
            .collect()
    }

    /// What people read of the first error.
    pub fn message(&self) -> &str {
        self.json["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            token: None,
            address,
            answers: Arc::default(),
            notes: Vec::new(),
        }
    }

    /// Where it sends its requests.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same user at another address: a server that was restarted.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// Runs a document that must succeed, and answers its data.
    pub async fn run(&self, document: &str, variables: Json) -> Json {
        self.ask(document, variables).await.data()
    }

    /// Runs a document.
    pub async fn ask(&self, document: &str, variables: Json) -> Reply {
        let body = json!({ "query": document, "variables": variables });
        self.send(&body, &self.authorization()).await
    }

    /// Runs a document on a server that may go away; none when there was no answer.
    pub async fn attempt(&self, document: &str, variables: Json) -> Option<Reply> {
        let body = json!({ "query": document, "variables": variables });
        soon(self.exchange(&body, &self.authorization())).await.ok()
    }

    fn authorization(&self) -> Vec<(&'static str, String)> {
        let token = self.token.iter();
        token
            .map(|token| ("authorization", format!("Bearer {token}")))
            .collect()
    }

    /// Sends a body with these headers and no others of its own.
    pub async fn send(&self, body: &Json, headers: &[(&str, String)]) -> Reply {
        let reply = soon(self.exchange(body, headers)).await.unwrap();
        let told = format!("{:?}{}", reply.headers, reply.json);
        self.answers.lock().unwrap().push_str(&told);
        reply
    }

    async fn exchange(&self, body: &Json, headers: &[(&str, String)]) -> anyhow::Result<Reply> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::post("/graphql")
            .header("host", self.address.to_string())
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_string())))?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let bytes = body.collect().await?.to_bytes();
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_slice(&bytes)?,
        })
    }

    /// Everything that this client and its clones were answered, headers included.
    pub fn answers(&self) -> String {
        self.answers.lock().unwrap().clone()
    }

    /// Remembers a secret that a test wants to look for later.
    pub fn note(&mut self, what: &str, secret: &str) {
        self.notes.push((what.to_owned(), secret.to_owned()));
    }

    /// The secrets that were noted.
    pub fn notes(&self) -> &[(String, String)] {
        &self.notes
    }
}
