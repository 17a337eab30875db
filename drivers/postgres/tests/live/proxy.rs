//! Stands between driver and server: counts flights, and holds back or breaks what passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A proxy on a port of its own.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    flights: AtomicU32,
    /// Whether what the server says is thrown away, and the connection with it.
    loses_answers: AtomicBool,
    /// Whether nothing passes any more.
    is_silent: AtomicBool,
}

impl Proxy {
    /// Starts a proxy before the server at `host:port`.
    pub(crate) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::default(),
        };
        let state = Arc::clone(&proxy.state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&state)));
            }
        });
        proxy
    }

    /// Times that the driver spoke after the server had, since the last call.
    pub(crate) fn take_flights(&self) -> u32 {
        self.state.flights.swap(0, Ordering::SeqCst)
    }

    /// Breaks each connection when the server answers next.
    pub(crate) fn lose_answers(&self) {
        self.state.loses_answers.store(true, Ordering::SeqCst);
    }

    /// Lets nothing pass any more, without closing anything.
    pub(crate) fn fall_silent(&self) {
        self.state.is_silent.store(true, Ordering::SeqCst);
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, state: Arc<State>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut server_spoke = true;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                if std::mem::take(&mut server_spoke) {
                    state.flights.fetch_add(1, Ordering::SeqCst);
                }
                if !state.is_silent.load(Ordering::SeqCst) {
                    server.write_all(&up[..length]).await.unwrap();
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if state.loses_answers.load(Ordering::SeqCst) {
                    return;
                }
                server_spoke = true;
                if !state.is_silent.load(Ordering::SeqCst) {
                    client.write_all(&down[..length]).await.unwrap();
                }
            }
        }
    }
}
