//! Opens connections: socket, encryption, password, settings of the session.

mod auth;
pub(crate) mod cancel;
pub(crate) mod tls;

use std::sync::Arc;

use postgres_protocol::message::frontend;
use quillback_plugin_api::{Category, DriverError};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::connection::Connection;
use crate::errors::lost;
use crate::flavor::Flavor;
use crate::settings::{Host, Settings, Tls, config};
use crate::wire::{Stream, Wire};
use cancel::CancelKey;

/// Opens a connection that is ready for statements.
///
/// # Errors
/// `Connect`, `Auth`, `Timeout` or `Config`, by what stands in the way.
pub(crate) async fn open(
    settings: &Arc<Settings>,
    flavor: &'static Flavor,
) -> Result<Connection, DriverError> {
    let limit = settings.connect_timeout;
    match tokio::time::timeout(limit, open_now(settings, flavor)).await {
        Ok(Err(error)) if error.category == Category::Unavailable && error.connection_lost => {
            Err(gone(settings, flavor, &error))
        }
        Ok(opened) => opened,
        Err(_) => Err(DriverError::new(
            Category::Timeout,
            format!(
                "{} did not answer within {} ms (option connect_timeout_ms)",
                settings.address(),
                limit.as_millis()
            ),
        )),
    }
}

async fn open_now(
    settings: &Arc<Settings>,
    flavor: &'static Flavor,
) -> Result<Connection, DriverError> {
    let mut wire = dial(settings).await?;
    let parameters = [
        ("user", settings.user.as_str()),
        ("database", &settings.database),
        ("client_encoding", "UTF8"),
        ("application_name", &settings.application_name),
    ];
    frontend::startup_message(parameters, wire.out())
        .map_err(|_| config("user", "no option may have a NUL character"))?;
    let backend = auth::authenticate(&mut wire, settings, flavor.explain).await?;
    let key = CancelKey {
        settings: Arc::clone(settings),
        process: backend.process,
        secret: backend.secret,
    };
    let mut connection = Connection::new(wire, key, flavor);
    set_up(&mut connection, settings, flavor).await?;
    Ok(connection)
}

async fn set_up(
    connection: &mut Connection,
    settings: &Settings,
    flavor: &Flavor,
) -> Result<(), DriverError> {
    let schema = settings.schema.as_deref().unwrap_or_default();
    let timeout = settings
        .statement_timeout_ms
        .map(|limit| limit.to_string())
        .unwrap_or_default();
    let rows = connection.ask(flavor.session, &[schema, &timeout]).await?;
    let sees_schema = rows
        .first()
        .and_then(|row| row.last())
        .and_then(Option::as_deref);
    if sees_schema == Some("t") {
        return Ok(());
    }
    Err(config(
        "schema",
        "there is no schema of this name, or the account may not use it",
    ))
}

/// Opens the socket and encrypts it, ready for the first message.
///
/// # Errors
/// `Connect` when the server is not there or its certificate is not trusted.
pub(crate) async fn dial(settings: &Settings) -> Result<Wire, DriverError> {
    let host = match &settings.host {
        Host::Name(host) => host,
        Host::Folder(folder) => return dial_folder(settings, folder).await,
    };
    let stream = TcpStream::connect((host.as_str(), settings.port))
        .await
        .map_err(|error| unreachable(settings, &error))?;
    // Each flight is one write, and its answer is waited for.
    stream
        .set_nodelay(true)
        .map_err(|error| unreachable(settings, &error))?;
    let Some(tls) = &settings.tls_config else {
        return Ok(Wire::new(Stream::Tcp(stream)));
    };
    let mut wire = Wire::new(Stream::Tcp(stream));
    frontend::ssl_request(wire.out());
    match wire.byte().await.map_err(|error| lost(&error))? {
        b'S' => {}
        b'N' if settings.tls == Tls::Prefer => return Ok(wire),
        b'N' => {
            return Err(DriverError::new(
                Category::Connect,
                "the server does not encrypt, and the option tls demands it",
            ));
        }
        _ => return Err(crate::errors::protocol("the answer to encryption")),
    }
    // What came with the answer was not encrypted and must not be taken for what follows it.
    let Some(Stream::Tcp(stream)) = wire.into_stream() else {
        return Err(crate::errors::protocol(
            "more than the answer to encryption",
        ));
    };
    let name = ServerName::try_from(host.clone())
        .map_err(|_| config("host", "this is not a name that a certificate can carry"))?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, stream)
        .await
        .map_err(|error| untrusted(&error))?;
    Ok(Wire::new(Stream::Tls(Box::new(stream))))
}

#[cfg(unix)]
async fn dial_folder(settings: &Settings, folder: &std::path::Path) -> Result<Wire, DriverError> {
    let path = folder.join(format!(".s.PGSQL.{}", settings.port));
    let stream = tokio::net::UnixStream::connect(path)
        .await
        .map_err(|error| unreachable(settings, &error))?;
    Ok(Wire::new(Stream::Unix(stream)))
}

#[cfg(not(unix))]
async fn dial_folder(_: &Settings, _: &std::path::Path) -> Result<Wire, DriverError> {
    Err(config(
        "host",
        "this system has no Unix sockets: give a host name",
    ))
}

fn unreachable(settings: &Settings, error: &std::io::Error) -> DriverError {
    let message = format!(
        "{} cannot be reached ({}): check the options host and port, and that the server listens there",
        settings.address(),
        error.kind()
    );
    DriverError::new(Category::Connect, message)
}

/// The other side closed the connection before it was ready: it is none of these servers, or a proxy without one.
fn gone(settings: &Settings, flavor: &Flavor, error: &DriverError) -> DriverError {
    if error.origin.sqlstate.is_some() {
        return error.clone();
    }
    let message = format!(
        "what listens at {} does not answer like a {} server: check the options host and port",
        settings.address(),
        flavor.product
    );
    DriverError::new(Category::Connect, message)
}

fn untrusted(error: &std::io::Error) -> DriverError {
    let message = format!(
        "encryption with the server failed: {error}; check the options tls, root_certificate and host"
    );
    DriverError::new(Category::Connect, message)
}
