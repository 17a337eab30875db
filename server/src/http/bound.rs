//! A server that has its address but does not answer yet: the seam between the HTTP side and what is plugged into it.

use std::net::SocketAddr;

use anyhow::Context;
use async_graphql::Executor;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::mpsc};

use super::{
    Health, HttpOptions, Lifecycle, Readiness, Stopped, export,
    graphql::{Endpoint, Prepare},
    metrics, router, serve,
};
use crate::config::{Config, Environment};

/// What is plugged into the HTTP side.
pub struct Service<E> {
    /// The GraphQL schema.
    pub executor: E,
    /// Authenticates a request and gathers what its resolvers need.
    pub prepare: Prepare,
    /// Opens exports of rows; without it there is no such address.
    pub export: Option<export::Open>,
    /// Says whether requests can be served.
    pub readiness: Readiness,
    /// Top-level fields of which a document may have only one, such as `signIn`.
    pub single: &'static [&'static str],
    /// The recorder of the process, from [`metrics::install`].
    pub metrics: PrometheusHandle,
}

/// A server that listens; connections wait until [`Bound::serve`] is called.
#[derive(Debug)]
pub struct Bound {
    /// The settings, which know the real port.
    pub options: HttpOptions,
    /// Where background work is started that the shutdown has to wait for.
    pub lifecycle: Lifecycle,
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Takes the address that the configuration names.
    ///
    /// # Errors
    /// The address is in use or not allowed, or a secret cannot be fetched.
    pub async fn new(config: &Config, environment: &Environment) -> anyhow::Result<Self> {
        let wanted = config.server.listen;
        let listener = TcpListener::bind(wanted).await.with_context(|| {
            format!(
                "cannot listen on {wanted}; choose another address with --listen or server.listen"
            )
        })?;
        let address = listener.local_addr()?;
        let options = HttpOptions::new(config, environment, address).map_err(anyhow::Error::msg)?;
        Ok(Self {
            options,
            lifecycle: Lifecycle::new(),
            listener,
            address,
        })
    }

    /// The address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until a message comes in on `stop`, which [`super::stop_signals`] provides.
    pub async fn serve<E: Executor>(
        self,
        service: Service<E>,
        stop: mpsc::Receiver<()>,
    ) -> Stopped {
        let upkeep = tokio::spawn(metrics::keep_up(service.metrics.clone()));
        let Self {
            options,
            lifecycle,
            listener,
            address,
        } = self;
        let health = Health {
            lifecycle: lifecycle.clone(),
            readiness: service.readiness,
            metrics: service.metrics,
            metrics_token: options.metrics_token.clone(),
        };
        let endpoint = Endpoint::new(
            service.executor,
            service.prepare,
            service.single,
            options.clone(),
            lifecycle.clone(),
        );
        let mut pages = endpoint.routes();
        if let Some(open) = service.export {
            pages = pages.merge(export::routes(open, options.clone(), lifecycle.clone()));
        }
        let router = router(&options, health, pages);
        tracing::info!(%address, "listening");
        let stopped = serve(listener, router, &options.connections, &lifecycle, stop).await;
        upkeep.abort();
        stopped
    }
}
