//! A client of the `graphql-transport-ws` protocol.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use hyper::StatusCode;
use serde_json::{Value as Json, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::support::{Client, soon};

/// A connection.
pub struct Socket(WebSocketStream<TcpStream>);

/// What came in.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Message(Json),
    /// The code, or 0 when the connection broke.
    Closed(u16),
}

impl Socket {
    /// Connects with these headers.
    pub async fn open(
        address: SocketAddr,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, StatusCode> {
        let mut request = format!("ws://{address}/graphql")
            .into_client_request()
            .unwrap();
        let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
        for (name, value) in [&[protocol], headers].concat() {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match soon(client_async(request, stream)).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Connects, and proves itself with the client's token.
    pub async fn sign_in(client: &Client) -> Self {
        let mut socket = Self::open(client.address(), &[]).await.unwrap();
        let token = format!("Bearer {}", client.token.as_deref().unwrap());
        socket
            .say(&json!({ "type": "connection_init", "payload": { "authorization": token } }))
            .await;
        assert_eq!(
            socket.hear().await,
            Heard::Message(json!({ "type": "connection_ack" }))
        );
        socket
    }

    pub async fn say(&mut self, message: &Json) {
        self.say_text(message.to_string()).await;
    }

    /// The server may have gone away meanwhile.
    pub async fn say_text(&mut self, text: String) {
        let _ = soon(self.0.send(Message::Text(text.into()))).await;
    }

    pub async fn say_bytes(&mut self, bytes: Vec<u8>) {
        let _ = soon(self.0.send(Message::Binary(bytes.into()))).await;
    }

    /// Starts a subscription and waits until the server has read it.
    pub async fn subscribe(&mut self, id: &str, body: &Json) {
        self.say(&json!({ "type": "subscribe", "id": id, "payload": body }))
            .await;
    }

    pub async fn complete(&mut self, id: &str) {
        self.say(&json!({ "type": "complete", "id": id })).await;
    }

    /// The next message.
    pub async fn hear(&mut self) -> Heard {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Message(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into()),
                None | Some(Err(_) | Ok(Message::Close(None))) => return Heard::Closed(0),
                Some(Ok(other)) => panic!("{other:?}"),
            }
        }
    }

    pub async fn message(&mut self) -> Json {
        match self.hear().await {
            Heard::Message(message) => message,
            Heard::Closed(code) => panic!("closed with {code}"),
        }
    }

    /// The payload of the next event of this subscription.
    pub async fn next(&mut self, id: &str) -> Json {
        let message = self.message().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("next"), &json!(id)),
            "{message:#}"
        );
        message["payload"].clone()
    }

    /// The errors with which this subscription was refused.
    pub async fn refused(&mut self, id: &str) -> Json {
        let message = self.message().await;
        assert_eq!(
            (&message["type"], &message["id"]),
            (&json!("error"), &json!(id)),
            "{message:#}"
        );
        message["payload"].clone()
    }

    pub async fn completed(&mut self, id: &str) {
        assert_eq!(
            self.message().await,
            json!({ "type": "complete", "id": id })
        );
    }

    /// The connection still works, and nothing else came in before.
    pub async fn ask_whether_there(&mut self) {
        self.say(&json!({ "type": "ping" })).await;
        assert_eq!(self.message().await, json!({ "type": "pong" }));
    }
}
