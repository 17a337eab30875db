//! Accepts connections, drops those that stall, and shuts down without breaking requests off.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
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
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.recv() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        match accepted {
            Ok((stream, peer, slot)) => {
                let service = TowerToHyperService::new(router.clone());
                let with_peer = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(peer);
                    service.call(request)
                });
                let connection = http.serve_connection(TokioIo::new(stream), with_peer);
                let watched = graceful.watch(connection);
                tokio::spawn(async move {
                    let _open = (slot, OpenConnection::new());
                    if let Err(error) = watched.await {
                        tracing::debug!(%error, "a connection broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    lifecycle.begin_stopping();
    drop(listener);
    tracing::info!(
        running = lifecycle.running(),
        "stopping; a second signal stops at once"
    );
    let finished = async {
        graceful.shutdown().await;
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
