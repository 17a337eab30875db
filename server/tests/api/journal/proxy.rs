//! Stands between the server and a database: strikes the connection that carries a certain change at a certain point.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use super::faults::{How, Point};

/// A proxy on a port of its own.
pub(super) struct Proxy {
    pub(super) port: u16,
    armed: Arc<Mutex<Option<Armed>>>,
}

/// A strike that is waited for.
struct Armed {
    id: String,
    point: Point,
    passed: u32,
    strike: Strike,
}

/// What a strike says, and waits for.
#[derive(Clone)]
pub(super) struct Strike {
    pub(super) happened: Arc<watch::Sender<bool>>,
    /// The broken connection is held until this is true: the server does not see it break before.
    pub(super) released: watch::Receiver<bool>,
}

impl Proxy {
    pub(super) async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed: Arc<Mutex<Option<Armed>>> = Arc::default();
        let shared = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, armed) = (server.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(&server).await {
                        pass(client, server, armed).await;
                    }
                });
            }
        });
        Self { port, armed }
    }

    /// Where it listens, as an address shows it.
    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Strikes the change `id` at `point`.
    pub(super) fn arm(&self, id: &str, point: Point, strike: Strike) {
        *self.armed.lock().unwrap() = Some(Armed {
            id: id.to_owned(),
            point,
            passed: 0,
            strike,
        });
    }

    /// Strikes nothing any more.
    pub(super) fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }
}

/// Passes bytes both ways until one side ends or the connection is struck.
async fn pass(client: TcpStream, server: TcpStream, armed: Arc<Mutex<Option<Armed>>>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut bytes = vec![0; 256 * 1024];
    let mut answer = vec![0; 256 * 1024];
    // Messages that still pass on this connection, once the change was seen here.
    let mut behind = None;
    loop {
        tokio::select! {
            read = from_client.read(&mut bytes) => {
                let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                match due(&armed, &bytes[..length], &mut behind) {
                    None => if to_server.write_all(&bytes[..length]).await.is_err() { return },
                    Some((how, strike)) => {
                        struck(how, &bytes[..length], &mut to_server, &mut from_server).await;
                        held(strike, from_client, to_client).await;
                        return;
                    }
                }
            }
            read = from_server.read(&mut answer) => {
                let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                if to_client.write_all(&answer[..length]).await.is_err() { return }
            }
        }
    }
}

/// Whether this message is the one that is struck; then the strike is used up.
fn due(
    armed: &Mutex<Option<Armed>>,
    bytes: &[u8],
    behind: &mut Option<u32>,
) -> Option<(How, Strike)> {
    let mut armed = armed.lock().unwrap();
    let strike = armed.as_mut()?;
    let id = strike.id.as_bytes();
    let carries = bytes.windows(id.len()).any(|window| window == id);
    match behind {
        None if !carries => return None,
        None if strike.passed < strike.point.pass => {
            strike.passed += 1;
            return None;
        }
        None => *behind = Some(strike.point.behind),
        Some(_) => {}
    }
    match behind {
        Some(left @ 1..) => {
            *left -= 1;
            None
        }
        _ => armed.take().map(|armed| (armed.point.how, armed.strike)),
    }
}

async fn struck(
    how: How,
    bytes: &[u8],
    to_server: &mut OwnedWriteHalf,
    from_server: &mut OwnedReadHalf,
) {
    match how {
        How::Lost => {}
        How::Racing => {
            let _ = to_server.write_all(bytes).await;
        }
        How::Answered => {
            let _ = to_server.write_all(bytes).await;
            let mut answer = vec![0; 64 * 1024];
            let _ = from_server.read(&mut answer).await;
        }
    }
}

/// Says that it happened, and keeps the server's side of the connection open until it may break.
async fn held(strike: Strike, from_client: OwnedReadHalf, to_client: OwnedWriteHalf) {
    strike.happened.send_replace(true);
    let mut released = strike.released;
    // The sender goes with the round.
    let _ = released.wait_for(|released| *released).await;
    drop((from_client, to_client));
}
