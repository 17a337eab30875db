//! Runs the parts behind the HTTP side until the server is told to stop.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use metrics_exporter_prometheus::PrometheusHandle;
use quillback_core::App;
use quillback_graphql::{LoadedDriver, RefusedDriver, ServerFacts};
use quillback_plugin_host::{Origin, Registry};
use tokio::sync::mpsc;

use super::{Parts, authenticate, books, export, upkeep};
use crate::{
    config::Config,
    http::{Bound, Readiness, Service, Stopped},
};

/// Longest time that the repository may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

/// Longest time that connections may take to close, and a driver to end its threads.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a server runs with.
pub struct Running<'a> {
    /// All settings.
    pub config: &'a Config,
    /// The drivers.
    pub registry: &'a Registry,
    /// The address.
    pub bound: Bound,
    /// The recorder of the process.
    pub metrics: PrometheusHandle,
}

/// Answers requests until a message comes in on `stop`; then finishes what is running, and closes the repository.
pub async fn serve(parts: Parts, running: Running<'_>, stop: mpsc::Receiver<()>) -> Stopped {
    let Parts {
        app,
        auth,
        is_alone,
        ..
    } = &parts;
    let Running {
        config,
        registry,
        bound,
        metrics,
    } = running;
    upkeep::start(app, auth, *is_alone, &bound.lifecycle);
    books::start(app, config.audit.keep_days, &bound.lifecycle);
    let introspection = config.graphql.introspection;
    let service = Service {
        executor: quillback_graphql::build(app.clone(), auth.clone(), facts(registry)),
        prepare: authenticate::prepare(
            app.clone(),
            auth.clone(),
            bound.options.cookie,
            introspection,
        ),
        export: Some(export::open(app.clone(), auth.clone())),
        readiness: readiness(app),
        single: &["signIn"],
        metrics,
    };
    let stopped = bound.serve(service, stop).await;
    if tokio::time::timeout(FAREWELL, parts.app.targets.close())
        .await
        .is_err()
    {
        tracing::warn!("not all connections to target databases could be closed in time");
    }
    parts.app.repo.close().await;
    for loaded in registry.loaded() {
        let driver = loaded.driver.clone();
        // The call blocks.
        let ended = tokio::task::spawn_blocking(move || driver.shutdown(FAREWELL)).await;
        if let Err(error) = ended {
            tracing::warn!(%error, "a driver could not be ended");
        }
    }
    stopped
}

fn readiness(app: &App) -> Readiness {
    let repository = app.repo.clone();
    Arc::new(move || {
        let repository = repository.clone();
        async move {
            match tokio::time::timeout(PING, repository.ping()).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(format!("repository: {error}")),
                Err(_) => Err(format!(
                    "the repository did not answer within {} s",
                    PING.as_secs()
                )),
            }
        }
        .boxed()
    })
}

fn facts(registry: &Registry) -> ServerFacts {
    let loaded = registry.loaded().iter().map(|loaded| {
        let (path, sha256) = match &loaded.origin {
            Origin::Linked => (None, None),
            Origin::File { path, sha256, .. } => {
                (Some(path.display().to_string()), Some(sha256.clone()))
            }
        };
        LoadedDriver {
            id: loaded.driver.info().id.clone(),
            path,
            sha256,
        }
    });
    let refused = registry.refused().iter().map(|refused| RefusedDriver {
        path: refused.path.display().to_string(),
        reason: refused.reason.to_string(),
    });
    ServerFacts {
        version: env!("CARGO_PKG_VERSION"),
        drivers: loaded.collect(),
        refused: refused.collect(),
    }
}
