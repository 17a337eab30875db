//! Accepts connections, drops those that stall, and shuts down without breaking requests off.

use std::{io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
};

use super::{Lifecycle, Peer, metrics::OpenConnection};

/// Largest request line with headers, in bytes.
const HEAD_BYTES: usize = 128 * 1024;

/// Pause after the system refused a connection, for example because no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Limits of connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections open at the same time.
    pub connections: usize,
    /// Header lines of a request.
    pub headers: usize,
    /// Time for the head of a request to arrive, and for which an idle connection is kept.
    pub header_arrival: Duration,
    /// Time for running requests to finish when the server stops.
    pub drain: Duration,
}

/// Holds a connection's place among those that are open, also when it is no HTTP connection any more.
#[derive(Clone)]
pub(super) struct Open(
    #[expect(dead_code, reason = "it counts for as long as it exists")]
    Arc<(OwnedSemaphorePermit, OpenConnection)>,
);

/// How the server came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// All requests were finished.
    Drained,
    /// Some requests were not finished in time.
    TimedOut,
    /// A second signal came before all requests were finished.
    Forced,
}

/// Serves until a message comes in on `stop`, then finishes what is running.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &ConnectionLimits,
    lifecycle: &Lifecycle,
    mut stop: mpsc::Receiver<()>,
) -> Stopped {
    let http = http(limits);
    let slots = Arc::new(Semaphore::new(limits.connections));
    // Every connection holds a clone: there is nothing to receive any more once all of them and this one are gone.
    let (alive, mut gone) = mpsc::channel::<()>(1);
    let closing = watch::Sender::new(false);
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.recv() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                let service = TowerToHyperService::new(router.clone());
                let open = Open(Arc::new((slot, OpenConnection::new())));
                let with_peer = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(peer);
                    request.extensions_mut().insert(open.clone());
                    service.call(request)
                });
                let connection = http.serve_connection(TokioIo::new(stream), with_peer);
                let (mut closing, alive) = (closing.subscribe(), alive.clone());
                tokio::spawn(async move {
                    let mut connection = pin!(connection.with_upgrades());
                    let served = tokio::select! {
                        served = connection.as_mut() => served,
                        () = told(&mut closing) => {
                            connection.as_mut().graceful_shutdown();
                            connection.await
                        }
                    };
                    if let Err(error) = served {
                        tracing::debug!(%error, "a connection broke off");
                    }
                    drop(alive);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    lifecycle.begin_stopping();
    drop((listener, alive));
    closing.send_replace(true);
    tracing::info!(
        running = lifecycle.running(),
        "stopping; a second signal stops at once"
    );
    let finished = async {
        gone.recv().await;
        lifecycle.idle().await;
    };
    let stopped = tokio::select! {
        () = finished => Stopped::Drained,
        () = tokio::time::sleep(limits.drain) => Stopped::TimedOut,
        Some(()) = stop.recv() => Stopped::Forced,
    };
    tracing::info!(?stopped, running = lifecycle.running(), "stopped");
    stopped
}

/// Waits until the connections are told to close.
async fn told(closing: &mut watch::Receiver<bool>) {
    // When the sender is gone, the server is.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Waits for a free slot, then for a connection.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    // Answers are written in one piece, so waiting for more to send only costs time.
    let _ = stream.set_nodelay(true);
    Ok((stream, Peer(address.ip()), slot))
}

fn http(limits: &ConnectionLimits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_arrival)
        .max_headers(limits.headers)
        .max_buf_size(HEAD_BYTES);
    http
}
