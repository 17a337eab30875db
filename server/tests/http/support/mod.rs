//! A server with a test schema on a free port, and a client for it.

mod client;
mod schema;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use futures_util::FutureExt;
use metrics_exporter_prometheus::PrometheusHandle;
use quillback_server::{
    config::{Config, Environment},
    http::{
        Bound, CookieCommand, Credentials, HttpOptions, Lifecycle, PublicError, RequestMeta,
        Service, Stopped,
        graphql::{Finish, Prepare, Prepared},
        metrics,
    },
};
use tokio::{sync::mpsc, task::JoinHandle};

pub use self::{
    client::{Draft, Reply, post, raw, send},
    schema::{Gates, Handle},
};

use self::schema::schema;

/// Longest time that a test waits for anything; nothing comes near it unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; it is stopped with the runtime of the test.
pub struct TestServer {
    pub address: SocketAddr,
    pub gates: Arc<Gates>,
    pub lifecycle: Lifecycle,
    pub stop: mpsc::Sender<()>,
    pub ended: JoinHandle<Stopped>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts a server whose configuration `change` adjusts.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config();
        change(&mut config);
        let bound = Bound::new(&config, &Environment::default()).await.unwrap();
        let (address, lifecycle) = (bound.address(), bound.lifecycle.clone());
        let gates = Arc::new(Gates::default());
        let ready = Arc::clone(&gates);
        let service = Service {
            executor: schema(),
            prepare: prepare(Arc::clone(&gates), &bound.options),
            export: None,
            readiness: Arc::new(move || {
                let away = ready.away.lock().unwrap().clone();
                async move { away.map_or(Ok(()), Err) }.boxed()
            }),
            single: &["signIn"],
            metrics: recorder(),
        };
        let (stop, stopped) = mpsc::channel(4);
        let ended = tokio::spawn(bound.serve(service, stopped));
        Self {
            address,
            gates,
            lifecycle,
            stop,
            ended,
        }
    }

    /// Sends a document and its variables as a signed-in caller would.
    pub async fn query(&self, document: &str) -> Reply {
        let body = serde_json::json!({ "query": document });
        let request = post(&body.to_string()).header("authorization", "Bearer known");
        send(self.address, request).await
    }
}

/// The default configuration on a free port.
pub fn config() -> Config {
    let mut config = Config::default();
    config.server.listen.set_port(0);
    config
}

/// The recorder of the process, which can be made only once.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| metrics::install().unwrap()).clone()
}

/// Callers with any credentials may ask for the schema; all may sign in.
fn prepare(gates: Arc<Gates>, options: &HttpOptions) -> Prepare {
    let cookie = options.cookie;
    Arc::new(move |meta: RequestMeta| {
        let handle: Handle = Arc::new(Mutex::new(None::<CookieCommand>));
        let caller = meta.credentials.as_ref().map(Credentials::token);
        let caller = caller.map(|token| token.expose().to_owned());
        let mut prepared = Prepared {
            introspection: meta.credentials.is_some(),
            payer: caller.clone().unwrap_or_default(),
            caller,
            ..Prepared::default()
        };
        prepared.data.insert(Arc::clone(&gates));
        prepared.data.insert(Arc::clone(&handle));
        prepared.data.insert(meta);
        let finish: Finish = Box::new(move |headers| {
            let Some(command) = handle.lock().unwrap().take() else {
                return Ok(());
            };
            let unusable = |_| PublicError::bad_request("the name cannot be part of a cookie");
            cookie.apply(&command, headers).map_err(unusable)
        });
        prepared.finish = Some(finish);
        async move { Ok(prepared) }.boxed()
    })
}

/// Waits, but not for ever.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it should have happened by now")
}
