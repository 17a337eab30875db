//! Stands between driver and server on this machine: records what passes, and breaks connections on demand.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::lab::Lab;

/// A proxy on a port of its own; dropping it breaks all connections.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
    open: watch::Sender<u64>,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<u8>>,
    cut_after: Mutex<Option<&'static str>>,
    is_down: Mutex<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lab {
    /// A proxy before the server, and the options that lead through it.
    pub(crate) async fn proxy(&self) -> Result<(Proxy, Json)> {
        let access = self.access()?;
        let host = self
            .options
            .get(access.host)
            .and_then(Json::as_str)
            .context("the host option")?;
        let port = self
            .options
            .get(access.port)
            .and_then(Json::as_u64)
            .context("the port option")?;
        let proxy = Proxy::start(format!("{host}:{port}")).await?;
        let options = self.at_local_port(proxy.port)?;
        Ok((proxy, options))
    }

    /// The options of the case with another address: a port on this machine.
    pub(crate) fn at_local_port(&self, port: u16) -> Result<Json> {
        let access = self.access()?;
        let mut options = self.options.clone();
        let fields = options.as_object_mut().context("options are an object")?;
        fields.insert(access.host.to_owned(), "127.0.0.1".into());
        fields.insert(access.port.to_owned(), port.into());
        Ok(options)
    }
}

impl Proxy {
    async fn start(server: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("a port for the proxy")?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        let (open, _) = watch::channel(0);
        let (shared, signal) = (Arc::clone(&state), open.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *lock(&shared.is_down) {
                    continue;
                }
                let (server, state, signal) =
                    (server.clone(), Arc::clone(&shared), signal.subscribe());
                tokio::spawn(async move { pass(client, &server, &state, signal).await });
            }
        });
        Ok(Self {
            port,
            state,
            open,
            accepting,
        })
    }

    /// Breaks all connections and answers no new ones.
    pub(crate) fn go_down(&self) {
        *lock(&self.state.is_down) = true;
        self.open.send_modify(|cuts| *cuts += 1);
    }

    /// Answers new connections again.
    pub(crate) fn come_back(&self) {
        *lock(&self.state.is_down) = false;
        *lock(&self.state.cut_after) = None;
    }

    /// Breaks each connection whose client sends `text` (in capital letters) after it was handed on to the server.
    pub(crate) fn cut_after(&self, text: &'static str) {
        *lock(&self.state.cut_after) = Some(text);
    }

    /// Whether the client sent these bytes since the last call, on any connection.
    pub(crate) fn take_seen(&self) -> Vec<u8> {
        std::mem::take(&mut *lock(&self.state.seen))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.open.send_modify(|cuts| *cuts += 1);
    }
}

/// Passes bytes both ways until one side ends or the connection is to be broken.
async fn pass(
    mut client: TcpStream,
    server: &str,
    state: &State,
    mut signal: watch::Receiver<u64>,
) {
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Some(bytes) = taken(read, &from_client) else { return };
                lock(&state.seen).extend_from_slice(bytes);
                if server.write_all(bytes).await.is_err() {
                    return;
                }
                let needle = *lock(&state.cut_after);
                if needle.is_some_and(|text| contains(bytes, text)) {
                    // The server reads the statement and answers; only the answer is lost.
                    let _ = server.read(&mut from_server).await;
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Some(bytes) = taken(read, &from_server) else { return };
                if client.write_all(bytes).await.is_err() {
                    return;
                }
            }
            _ = signal.changed() => return,
        }
    }
}

fn taken(read: std::io::Result<usize>, buffer: &[u8]) -> Option<&[u8]> {
    buffer.get(..read.ok()?).filter(|bytes| !bytes.is_empty())
}

/// Whether `bytes` hold `text`, in UTF-8 or UTF-16, upper and lower case being the same.
pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [text.as_bytes(), &wide].into_iter().any(|text| {
        bytes
            .windows(text.len().max(1))
            .any(|window| window.eq_ignore_ascii_case(text))
    })
}
