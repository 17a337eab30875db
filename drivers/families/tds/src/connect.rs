//! Opening connections: named instances, encryption, time limit, and the settings that every session needs.

use std::time::Duration;

use quillback_plugin_api::{Category, DriverError, pool};
use tiberius::error::{Error, IoErrorKind};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, SqlBrowser as _};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt as _};

use crate::errors::{self, from_client};
use crate::flavor::Flavor;
use crate::settings::{Account, Settings, Tls};

/// How often a server may send a client on to another address.
const REDIRECTIONS: usize = 3;

/// How long the server may take to stop a statement.
const MOMENT: Duration = Duration::from_secs(1);

/// The client library's connection.
pub(crate) type Conn = Client<Compat<TcpStream>>;

/// A connection that is ready for use, and what is known about its server.
pub(crate) struct Session {
    pub(crate) conn: Conn,
    pub(crate) greeting: Greeting,
}

/// What a server says about itself.
#[derive(Clone, Debug, Default)]
pub struct Greeting {
    /// Name of the product, without its version.
    pub product: String,
    /// Version.
    pub version: String,
    /// Whether the database keeps row versions for transactions that want one snapshot.
    pub snapshots: bool,
    /// Whether readers are given the last committed version of a row that is being written, in place of waiting.
    pub committed_reads: bool,
}

/// Opens connections.
pub(crate) struct Connector {
    flavor: &'static Flavor,
    settings: Settings,
}

impl Connector {
    /// Makes a connector of checked options.
    pub(crate) fn new(flavor: &'static Flavor, settings: Settings) -> Self {
        Self { flavor, settings }
    }

    async fn sign_in(&self) -> Result<Conn, Error> {
        let mut config = config(&self.settings)?;
        for _ in 0..REDIRECTIONS {
            // Looks the port of a named instance up, and is a plain connection where there is no instance.
            let stream = TcpStream::connect_named(&config).await?;
            let connecting = Client::connect(config.clone(), stream.compat_write());
            match Box::pin(connecting).await {
                Err(Error::Routing { host, port }) => {
                    config = self::config(&Settings {
                        host,
                        port: Some(port),
                        instance: None,
                        ..self.settings.clone()
                    })?;
                }
                result => return result,
            }
        }
        Err(Error::Protocol("redirected too often".into()))
    }
}

impl pool::Connector for Connector {
    type Session = Session;

    async fn connect(&self) -> Result<Session, DriverError> {
        // On the heap: the handshake of the client library is large, and every call may open a connection.
        let opening = Box::pin(async {
            let conn = Box::pin(self.sign_in()).await.map_err(unreachable)?;
            prepare(conn, self.flavor).await
        });
        pool::within(self.settings.connect_timeout, opening).await
    }

    async fn is_alive(&self, session: &mut Session) -> bool {
        run(&mut session.conn, "SELECT 1").await.is_ok()
    }

    async fn stop(&self, mut session: Session) {
        // The attention stops the statement at once; that the connection ends rolls the transaction back. Where in an
        // answer the caller left off is unknown, so that the connection is not used again.
        let _ = tokio::time::timeout(MOMENT, session.conn.cancel_query()).await;
    }

    async fn close(&self, session: Session) {
        let _ = session.conn.close().await;
    }
}

fn config(settings: &Settings) -> Result<Config, Error> {
    let mut config = Config::new();
    config.host(&settings.host);
    match (&settings.instance, settings.port) {
        (Some(instance), _) => config.instance_name(instance),
        (None, port) => config.port(port.unwrap_or(1433)),
    }
    if let Some(database) = &settings.database {
        config.database(database);
    }
    config.application_name("Quillback");
    config.authentication(match &settings.account {
        Account::Sql { user, password } => AuthMethod::sql_server(user, password),
        #[cfg(feature = "integrated")]
        Account::Process => AuthMethod::Integrated,
    });
    // The driver's own limit covers all of it; the library's would only blur the message.
    config.handshake_timeout(None);
    config.encryption(match settings.tls {
        Tls::Disable => EncryptionLevel::NotSupported,
        Tls::Require | Tls::VerifyIdentity => EncryptionLevel::Required,
        Tls::Strict => EncryptionLevel::Strict,
    });
    if settings.tls == Tls::Require {
        config.trust_cert();
    } else if let Some(given) = &settings.root_certificate {
        let bundle = if given.contains("-----BEGIN") {
            given.clone().into_bytes()
        } else {
            std::fs::read(given).map_err(|_| Error::Tls(UNREADABLE_CERTIFICATE.into()))?
        };
        config.trust_cert_ca_bundle(bundle);
    }
    if let Some(name) = &settings.certificate_host {
        config.hostname_in_certificate(name);
    }
    Ok(config)
}

const UNREADABLE_CERTIFICATE: &str = "the file of option `root_certificate` cannot be read";

async fn prepare(mut conn: Conn, flavor: &Flavor) -> Result<Session, DriverError> {
    run(&mut conn, flavor.session).await?;
    let asked = conn
        .simple_query(flavor.greeting)
        .await
        .map_err(from_client)?;
    let row = asked.into_row().await.map_err(from_client)?;
    let Some(row) = row else {
        let message = "the server does not say which version it is";
        return Err(DriverError::new(Category::Protocol, message));
    };
    let text = |at: usize| {
        row.try_get::<&str, _>(at)
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    let number = |at: usize| row.try_get::<i32, _>(at).ok().flatten();
    let greeting = Greeting {
        product: text(0).lines().next().unwrap_or_default().trim().to_owned(),
        version: text(1).to_owned(),
        snapshots: number(2) == Some(1),
        committed_reads: number(3) == Some(1),
    };
    Ok(Session { conn, greeting })
}

/// Runs a batch whose results do not matter.
///
/// # Errors
/// What the server says.
pub(crate) async fn run(conn: &mut Conn, sql: &str) -> Result<(), DriverError> {
    let answer = conn.simple_query(sql).await.map_err(from_client)?;
    answer.into_results().await.map_err(from_client)?;
    Ok(())
}

/// What a failure to open a connection means.
fn unreachable(error: Error) -> DriverError {
    let (category, message) = match &error {
        Error::Tls(message) if message == UNREADABLE_CERTIFICATE => {
            return DriverError::new(Category::Config, UNREADABLE_CERTIFICATE);
        }
        Error::Tls(_) => (
            Category::Connect,
            "encryption failed, or the server's certificate is not trusted: check the options `tls`, \
             `root_certificate` and `certificate_host`",
        ),
        Error::Io { kind, .. } => (
            Category::Connect,
            match kind {
                IoErrorKind::ConnectionRefused => {
                    "nothing answers there: check the options `host`, `port` and `instance`"
                }
                IoErrorKind::UnexpectedEof
                | IoErrorKind::ConnectionReset
                | IoErrorKind::ConnectionAborted => {
                    "what answers at `host` and `port` hung up: it may not be this kind of server, or not take the \
                     encryption of option `tls`"
                }
                IoErrorKind::InvalidData => {
                    "encryption failed: check the options `tls` and `root_certificate`"
                }
                _ => "the server cannot be reached: check the options `host` and `port`",
            },
        ),
        Error::Conversion(message) if message.contains("SQL browser") => (
            Category::Connect,
            "nothing tells the port of the instance: check the option `instance`, and that the SQL Browser service runs \
             and its port 1434 (UDP) is open",
        ),
        Error::Server(_) => {
            return DriverError {
                connection_lost: true,
                ..errors::at_sign_in(error)
            };
        }
        _ => (
            Category::Connect,
            "what answers at `host` and `port` is not this kind of server",
        ),
    };
    DriverError {
        connection_lost: true,
        ..DriverError::new(category, message)
    }
}
