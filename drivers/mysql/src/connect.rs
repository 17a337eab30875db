//! Opening connections: encryption, time limit, and the settings that every session needs.

use std::time::Duration;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, DriverError as ClientError, Error, IoError, Opts, OptsBuilder, SslOpts};
use quillback_plugin_api::pool::{self, Connector as _};
use quillback_plugin_api::{Category, DriverError};

use crate::capabilities::Flavor;
use crate::errors;
use crate::options::{Settings, Tls};

/// Statements prepared on one connection; the least used is closed first.
const STATEMENTS: usize = 128;
/// Seconds that stand for "no limit"; both products take them everywhere.
pub(crate) const NO_LIMIT: u32 = 31_536_000;

/// What makes a session behave the same on every server:
///
/// - UTF-8 of four bytes, texts of ours compared by character;
/// - strict: what does not fit is an error; zero dates can be read but not written; 0 is not "next number";
/// - UTC, so that TIMESTAMP columns give moments;
/// - nobody's defaults: autocommit, keys checked, updates without a key allowed, notes counted (see `execute.rs`);
/// - messages in English, so that names are found in them;
/// - an hour for a reader of a stream to take the next rows.
///
/// The last statement answers with version, largest packet and the identity of the server.
const SESSION: &str = "SET NAMES utf8mb4 COLLATE utf8mb4_bin;\
     SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', autocommit = 1, \
     sql_safe_updates = 0, foreign_key_checks = 1, unique_checks = 1, sql_notes = 1, lc_messages = 'en_US', \
     net_write_timeout = 3600, innodb_lock_wait_timeout = 31536000;\
     SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\
     SELECT VERSION(), @@max_allowed_packet, CONCAT(@@hostname, ':', @@port, ':', @@server_id), @@version_comment";

/// A connection that is ready for use, and what is known about its server.
pub(crate) struct Session {
    pub(crate) conn: Conn,
    pub(crate) greeting: Greeting,
    /// Seconds that a statement waits for a lock, as last set.
    pub(crate) lock_wait: u32,
}

/// What a server says about itself.
#[derive(Clone, Debug)]
pub(crate) struct Greeting {
    pub(crate) flavor: Flavor,
    pub(crate) version: String,
    pub(crate) product: String,
    /// Bytes of the largest statement that the server takes.
    pub(crate) max_packet: usize,
    /// Tells servers behind one address apart.
    pub(crate) node: String,
}

/// Opens connections.
pub(crate) struct Connector {
    /// With encryption, where it is wanted.
    first: Opts,
    /// Without, where that will do when the server cannot encrypt.
    plain: Option<Opts>,
    limit: Duration,
}

impl Connector {
    /// Makes a connector of checked options.
    pub(crate) fn new(settings: &Settings) -> Self {
        // The largest packet is the protocol's; the driver keeps within the server's own (see `execute.rs`). With both
        // limits given the library asks the server for neither.
        let plain = settings
            .address
            .clone()
            .client_found_rows(true)
            .stmt_cache_size(Some(STATEMENTS))
            .prefer_socket(Some(false))
            .max_allowed_packet(Some(1 << 30))
            .wait_timeout(Some(NO_LIMIT as usize));
        let tls = ssl(settings);
        let first = OptsBuilder::from_opts(plain.clone()).ssl_opts(tls);
        Self {
            first: first.into(),
            plain: (settings.tls == Tls::Prefer).then(|| plain.into()),
            limit: settings.connect_timeout,
        }
    }

    /// Ends the connection `id` of the server `node` from another one: what runs there stops and is rolled back.
    /// Behind a load balancer the other one may lead to another server, where the number belongs to somebody else:
    /// nothing is ended there.
    async fn kill(&self, id: u32, node: &str) {
        let ending = async {
            let mut other = self.connect().await?;
            if other.greeting.node == node {
                // The server's answer does not matter: the connection may have ended by itself.
                let _ = other.conn.query_drop(format!("KILL {id}")).await;
            }
            let _ = other.conn.disconnect().await;
            Ok(())
        };
        let _: Result<(), DriverError> = pool::within(self.limit, ending).await;
    }
}

impl pool::Connector for Connector {
    type Session = Session;

    async fn connect(&self) -> Result<Session, DriverError> {
        let opening = async {
            let conn = match (Conn::new(self.first.clone()).await, &self.plain) {
                (Err(error), Some(plain)) if is_about_tls(&error) => Conn::new(plain.clone()).await,
                (result, _) => result,
            };
            prepare(conn.map_err(unreachable)?).await
        };
        pool::within(self.limit, opening).await
    }

    async fn is_alive(&self, session: &mut Session) -> bool {
        session.conn.ping().await.is_ok()
    }

    async fn stop(&self, session: Session) {
        self.kill(session.conn.id(), &session.greeting.node).await;
    }

    async fn close(&self, session: Session) {
        let _ = session.conn.disconnect().await;
    }
}

async fn prepare(mut conn: Conn) -> Result<Session, DriverError> {
    let mut result = conn
        .query_iter(SESSION)
        .await
        .map_err(errors::from_client)?;
    let mut answer = None;
    while !result.is_empty() {
        let rows: Vec<(String, usize, String, String)> =
            result.collect().await.map_err(errors::from_client)?;
        answer = rows.into_iter().next().or(answer);
    }
    result.drop_result().await.map_err(errors::from_client)?;
    let Some((version, max_packet, node, product)) = answer else {
        let message = "the server does not say which version it is";
        return Err(DriverError::new(Category::Protocol, message));
    };
    let greeting = Greeting {
        flavor: Flavor::parse(&version),
        version,
        product,
        max_packet,
        node,
    };
    Ok(Session {
        conn,
        greeting,
        lock_wait: NO_LIMIT,
    })
}

/// The name that no certificate has. The library means to let certificates of another name pass when it is told to,
/// and looks for this word in the verifier's message; newer verifiers print the name that they expected instead, which
/// makes it this word. Should either change, the connection is refused, not trusted.
const NOT_VALID_FOR_NAME: &str = "NotValidForName";

fn ssl(settings: &Settings) -> Option<SslOpts> {
    let options = SslOpts::default();
    let options = match settings.tls {
        Tls::Disable => return None,
        Tls::Prefer | Tls::Require => options
            .with_danger_accept_invalid_certs(true)
            .with_danger_skip_domain_validation(true),
        Tls::VerifyCa => options
            .with_danger_skip_domain_validation(true)
            .with_danger_tls_hostname_override(Some(NOT_VALID_FOR_NAME)),
        Tls::VerifyIdentity => options,
    };
    Some(match &settings.root_certificate {
        Some(given) => {
            let certificate = if given.contains("-----BEGIN") {
                given.clone().into_bytes().into()
            } else {
                std::path::PathBuf::from(given).into()
            };
            options
                .with_root_certs(vec![certificate])
                .with_disable_built_in_roots(true)
        }
        None => options,
    })
}

/// Whether encryption is what failed.
fn is_about_tls(error: &Error) -> bool {
    match error {
        Error::Driver(ClientError::NoClientSslFlagFromServer) | Error::Io(IoError::Tls(_)) => true,
        Error::Io(IoError::Io(error)) => is_from_tls(error),
        _ => false,
    }
}

fn is_from_tls(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// What a failure to open a connection means.
fn unreachable(error: Error) -> DriverError {
    use std::io::ErrorKind;
    let (category, message) = match &error {
        Error::Driver(ClientError::NoClientSslFlagFromServer) => (
            Category::Connect,
            "the server does not encrypt connections: check the option `tls`",
        ),
        Error::Driver(
            ClientError::UnknownAuthPlugin { .. }
            | ClientError::MysqlOldPasswordDisabled
            | ClientError::CleartextPluginDisabled,
        ) => (
            Category::Auth,
            "the server asks for a way of signing in that this driver does not have",
        ),
        Error::Io(IoError::Tls(_)) => (
            Category::Connect,
            "encryption failed: check the options `tls` and `root_certificate`",
        ),
        Error::Io(IoError::Io(inner)) if is_from_tls(inner) => (
            Category::Connect,
            "encryption failed, or the server's certificate is not trusted: check the options `tls`, \
             `root_certificate` and `host`",
        ),
        Error::Io(IoError::Io(inner)) => match inner.kind() {
            ErrorKind::ConnectionRefused => (
                Category::Connect,
                "nothing answers there: check the options `host` and `port` (or `socket`)",
            ),
            ErrorKind::NotFound => (
                Category::Connect,
                "a file is not there: check the options `socket` and `root_certificate`",
            ),
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted => (
                Category::Connect,
                "what answers at `host` and `port` hung up",
            ),
            _ => (
                Category::Connect,
                "the server cannot be reached: check the options `host` and `port`",
            ),
        },
        _ => return errors::from_client(error),
    };
    DriverError {
        connection_lost: true,
        ..DriverError::new(category, message)
    }
}
