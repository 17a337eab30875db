//! A whole server in this process, on a free port and a data folder of its own, and clients that are signed in.

mod client;
mod program;
mod rights;
mod saved;
mod scratch;
mod target;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use metrics_exporter_prometheus::PrometheusHandle;
use quillback_plugin_host::Registry;
use quillback_server::{
    config::{Config, Environment, SecretSource, SecretText},
    http::{Bound, Stopped, metrics},
    wire::{self, Ground, Running, Use},
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::{sync::mpsc, task::JoinHandle};

pub use self::{
    client::Client,
    program::{Program, Served},
    rights::{grant, group, limit_to_groups},
    scratch::{Scratch, server_url},
    target::{Database, PAGE, Table, WRITE, common_fields},
};

/// Longest time that a test waits for anything; nothing comes near it unless it hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// The administrator's password once it was changed.
pub const PASSWORD: &str = "seven ravens over Reykjavik";

/// A running server with its repository.
pub struct TestServer {
    pub address: SocketAddr,
    home: Arc<TempDir>,
    stop: mpsc::Sender<()>,
    ended: JoinHandle<Stopped>,
    app: quillback_core::App,
    auth: quillback_auth::Auth,
}

impl TestServer {
    /// Starts a server on an empty data folder, and signs the administrator in.
    pub async fn start() -> (Self, Client) {
        Self::with(|_| {}).await
    }

    /// The same with a configuration that `change` adjusts.
    pub async fn with(change: fn(&mut Config)) -> (Self, Client) {
        let home = Arc::new(tempfile::tempdir().unwrap());
        let (server, first) = Self::on(Arc::clone(&home), change).await;
        let generated = first.expect("the first start makes an administrator");
        let mut admin = server.sign_in("admin", &generated).await;
        let change = json!({ "currentPassword": generated, "newPassword": PASSWORD });
        admin
            .run(
                "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }",
                json!({ "input": change }),
            )
            .await;
        admin.note("the first password", &generated);
        (server, admin)
    }

    async fn on(home: Arc<TempDir>, change: fn(&mut Config)) -> (Self, Option<String>) {
        let mut ground = ground(home.path());
        change(&mut ground.config);
        let mut parts = ground.open(Use::AloneMigrating).await.unwrap();
        let first = parts.first.take().map(|first| first.secret.to_string());
        let bound = Bound::new(&ground.config, &ground.environment)
            .await
            .unwrap();
        let address = bound.address();
        let (stop, stopped) = mpsc::channel(4);
        let (app, auth) = (parts.app.clone(), parts.auth.clone());
        let ended = tokio::spawn(async move {
            let running = Running {
                config: &ground.config,
                registry: &ground.registry,
                bound,
                metrics: recorder(),
            };
            wire::serve(parts, running, stopped).await
        });
        let server = Self {
            address,
            home,
            stop,
            ended,
            app,
            auth,
        };
        (server, first)
    }

    /// Stops the server as a signal would, and starts another one on the same data folder.
    pub async fn restart(self) -> Self {
        Self::again(self.stopped().await).await
    }

    /// Stops the server; answers its home.
    async fn stopped(self) -> Arc<TempDir> {
        self.stop.send(()).await.unwrap();
        assert_eq!(soon(self.ended).await.unwrap(), Stopped::Drained);
        self.home
    }

    async fn again(home: Arc<TempDir>) -> Self {
        let (server, first) = Self::on(home, |_| {}).await;
        assert_eq!(first, None, "only the first start makes an administrator");
        server
    }

    /// A client of somebody who is signed in.
    pub async fn sign_in(&self, username: &str, password: &str) -> Client {
        let mut client = self.stranger();
        let input = json!({ "username": username, "password": password });
        let answer = client
            .run(
                "mutation($input: SignInInput!) { signIn(input: $input) { token } }",
                json!({ "input": input }),
            )
            .await;
        client.token = Some(answer["signIn"]["token"].as_str().unwrap().to_owned());
        client
    }

    /// A client that is not signed in.
    pub fn stranger(&self) -> Client {
        Client::new(self.address)
    }

    /// Adds a user with a password of their own, and signs them in.
    pub async fn add_user(&self, admin: &Client, username: &str, roles: Json) -> Client {
        let given = "four herons at Finisterre";
        let input = json!({ "username": username, "password": given, "roles": roles });
        admin
            .run(
                "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }",
                json!({ "input": input }),
            )
            .await;
        let user = self.sign_in(username, given).await;
        let change = json!({ "currentPassword": given, "newPassword": PASSWORD });
        user.run(
            "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }",
            json!({ "input": change }),
        )
        .await;
        user
    }

    /// A path in the data folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// Settings for a test, and every driver, linked.
fn ground(home: &Path) -> Ground {
    ground_on(home.join("data"), None)
}

/// The same on this data folder, and on this repository instead of the one in the folder.
pub fn ground_on(folder: PathBuf, repository: Option<&str>) -> Ground {
    let mut config = Config::default();
    config.server.listen.set_port(0);
    config.data.folder = folder;
    config.repository.url = repository.map(|url| SecretSource::Literal(SecretText::new(url)));
    let mut registry = Registry::default();
    for plugin in [
        quillback_driver_sqlite::driver_plugin(),
        quillback_driver_postgres::driver_plugin(),
        quillback_driver_mysql::driver_plugin(),
    ] {
        registry.link(plugin).unwrap();
    }
    Ground {
        config,
        environment: Environment::default(),
        registry,
        plugins: quillback_plugin_host::Options::default(),
        auth: quillback_auth::Options {
            cost: quillback_auth::passwords::Cost::weak_for_tests(),
            ..quillback_auth::Options::default()
        },
    }
}

/// The recorder of the process, which can be made only once.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| metrics::install().unwrap()).clone()
}

/// A UUID that no other test uses.
pub fn unique_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).unwrap();
    let random = bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{next:08x}-{}-4{}-8000-{}0000",
        &random[..4],
        &random[4..7],
        &random[7..15]
    )
}

/// Everything that was logged in this process from now on.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Starts collecting, at the most talkative level.
    pub fn start() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .try_init()
            .expect("one test of this process collects the log");
        log
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Waits, but not for ever.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("it should have happened by now")
}
