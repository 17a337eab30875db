//! A client of GraphQL over server-sent events.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpStream;

use crate::support::{Client, soon};

/// A subscription that runs.
pub struct Events {
    body: Incoming,
    text: String,
}

impl Events {
    /// Starts one; answers status and body when it is refused.
    pub async fn open(client: &Client, body: &Json) -> Result<Self, (u16, Json)> {
        let stream = TcpStream::connect(client.address()).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let mut request = Request::post("/graphql")
            .header("host", client.address().to_string())
            .header("content-type", "application/json")
            .header("accept", "text/event-stream");
        if let Some(token) = &client.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let answer: Response<Incoming> = soon(sender.send_request(request)).await.unwrap();
        let (parts, body) = answer.into_parts();
        if parts.status != 200 {
            let bytes = body.collect().await.unwrap().to_bytes();
            return Err((
                parts.status.as_u16(),
                serde_json::from_slice(&bytes).unwrap(),
            ));
        }
        assert_eq!(
            parts.headers["content-type"],
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(parts.headers["cache-control"], "no-store");
        Ok(Self {
            body,
            text: String::new(),
        })
    }

    /// Name and data of the next event; none at the end.
    async fn event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let lines: Vec<&str> = event.lines().collect();
                let field = |name: &str| {
                    let line = lines.iter().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                let found = (field("event:"), field("data:"));
                self.text = rest.to_string();
                if found.0.is_empty() {
                    continue;
                }
                return Some(found);
            }
            let frame = soon(self.body.frame()).await?.unwrap();
            let bytes = frame.into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The payload of the next event.
    pub async fn next(&mut self) -> Json {
        let (name, data) = self.event().await.unwrap();
        assert_eq!(name, "next");
        serde_json::from_str(&data).unwrap()
    }

    /// The server says that it is over, and ends the answer.
    pub async fn ended(&mut self) {
        assert_eq!(
            self.event().await,
            Some(("complete".to_owned(), String::new()))
        );
        assert_eq!(self.event().await, None);
    }
}
