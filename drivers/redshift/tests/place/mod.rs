//! Where the tests find a server: Redshift itself, or the stand-in before `PostgreSQL`, which is started once a process.

use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::peer;

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its database through the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Options of a connection; `None` when there is no server.
pub(crate) fn options() -> Option<Value> {
    static STAND_IN: OnceLock<u16> = OnceLock::new();
    if let Some(url) = variable("QUILLBACK_TEST_REDSHIFT_URL") {
        let config = parsed(&url);
        let port = config.get_ports().first().copied().unwrap_or(5439);
        return Some(with(&config, &host(&config), port, "verify-full"));
    }
    let url = variable("QUILLBACK_TEST_POSTGRES_URL")?;
    let port = *STAND_IN.get_or_init(|| peer::start(&url));
    Some(with(&parsed(&url), "127.0.0.1", port, "disable"))
}

/// The client reads addresses of `PostgreSQL` only.
fn parsed(url: &str) -> tokio_postgres::Config {
    let url = url.replacen("redshift://", "postgres://", 1);
    url.parse().expect("the address of a server")
}

fn host(config: &tokio_postgres::Config) -> String {
    match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        _ => "127.0.0.1".to_owned(),
    }
}

fn with(config: &tokio_postgres::Config, host: &str, port: u16, tls: &str) -> Value {
    let password = config.get_password().unwrap_or_default();
    json!({
        "host": host,
        "port": port,
        "user": config.get_user(),
        "password": String::from_utf8_lossy(password),
        "database": config.get_dbname(),
        "tls": tls,
    })
}

/// Connects a client that is not the driver's; it does not encrypt.
pub(crate) async fn client(
    options: &Value,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let text = |name: &str| options[name].as_str().unwrap_or_default().to_owned();
    let port = options["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    let (client, connection) = tokio_postgres::Config::new()
        .host(text("host"))
        .port(port.unwrap_or(5439))
        .user(text("user"))
        .password(text("password"))
        .dbname(text("database"))
        .connect(tokio_postgres::NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}
