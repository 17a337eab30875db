//! The smallest HTTP/1.1 client that can be used under load: one connection, one request at a time, kept alive.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to a server.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Where a body is in the buffer.
struct Extent {
    status: u16,
    start: usize,
    end: usize,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    /// Sends a whole request and waits for the whole answer; answers its body.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut extent = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if extent.is_none() {
                extent = head(&self.buffer)?;
            }
            if let Some(extent) = &extent
                && self.buffer.len() >= extent.end
            {
                let body = self
                    .buffer
                    .get(extent.start..extent.end)
                    .unwrap_or_default();
                if extent.status != 200 {
                    bail!("status {}: {}", extent.status, excerpt(body));
                }
                return Ok(body);
            }
        }
    }
}

/// The head of an answer, once all of it is there.
fn head(buffer: &[u8]) -> Result<Option<Extent>> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(buffer.get(..end).unwrap_or_default())?;
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .context("an answer without a status")?;
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .context("an answer without a length")?;
    let start = end + 4;
    Ok(Some(Extent {
        status,
        start,
        end: start + length,
    }))
}

/// The begin of a body, for messages.
pub(super) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.chars().take(600).collect()
}

/// A request that posts a GraphQL document.
pub(super) fn post(token: &str, body: &str) -> Vec<u8> {
    let authorization = if token.is_empty() {
        String::new()
    } else {
        format!("authorization: Bearer {token}\r\n")
    };
    format!(
        "POST /graphql HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{authorization}content-length: \
         {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Runs one document outside of a measurement.
pub(super) async fn ask(
    address: SocketAddr,
    token: &str,
    query: &str,
    variables: Json,
) -> Result<Json> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(&post(token, &body)).await?;
    let mut answer: Json = serde_json::from_slice(answer)?;
    if answer.get("errors").is_some() {
        bail!("{query}: {answer}");
    }
    Ok(answer.get_mut("data").map(Json::take).unwrap_or_default())
}
