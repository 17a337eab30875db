//! A stand-in for Redshift, which cannot be installed: it speaks the protocol to the driver, hands everything on to a real
//! `PostgreSQL`, refuses what Redshift refuses, and translates what `PostgreSQL` lacks.
//!
//! It shows that the driver keeps to what Redshift's documentation offers, and what becomes of its batches. It does not
//! show how Redshift itself behaves; above all these are `PostgreSQL`'s here:
//! - locks: rows are locked, not tables, so that writers of one table exclude each other less than they would;
//! - isolation: read committed, with no serialization failures;
//! - equality of texts with spaces at their end, and the rounding of numbers;
//! - lengths: a `VARCHAR(n)` counts characters (the driver itself counts bytes), a `VARBYTE(n)` has no limit, names have
//!   63 bytes;
//! - most words of errors, and how long anything takes.
//!
//! A value of a result that looks like `PostgreSQL`'s bytes (`\x6162`) is shown as Redshift's (`6162`), whatever its type.

mod rewrite;
mod wire;

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use rewrite::{Refusal, Statement, translate};

/// What Redshift knows of the settings that a session may start with
/// (<https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html>).
const SETTINGS: &[&str] = &[
    "user",
    "database",
    "client_encoding",
    "application_name",
    "datestyle",
    "timezone",
];

const SSL_REQUEST: i32 = 80_877_103;
const CANCEL_REQUEST: i32 = 80_877_102;

/// Starts a stand-in before the `PostgreSQL` at this address, on a free port, for as long as the process lives.
///
/// # Panics
/// When the server cannot be reached, or the account may not make what the stand-in needs.
pub(crate) fn start(postgres: &str) -> u16 {
    let config: tokio_postgres::Config = postgres.parse().expect("the address of PostgreSQL");
    let upstream = address(&config);
    let (ready, port) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the stand-in");
        runtime.block_on(async move {
            prepare(&config).await;
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let port = listener.local_addr().expect("an address").port();
            ready.send(port).expect("somebody waits for the port");
            while let Ok((client, _)) = listener.accept().await {
                let upstream = upstream.clone();
                // A connection that breaks is nobody's concern but its two ends'.
                tokio::spawn(async move { serve(client, &upstream).await.ok() });
            }
        });
    });
    port.recv().expect("the stand-in did not start")
}

fn address(config: &tokio_postgres::Config) -> String {
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        _ => "127.0.0.1".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}")
}

async fn prepare(config: &tokio_postgres::Config) {
    let (client, connection) = config
        .connect(tokio_postgres::NoTls)
        .await
        .expect("PostgreSQL behind the stand-in");
    let running = tokio::spawn(connection);
    // One process at a time; the lock goes with the connection. What is there is left alone: others are reading it.
    let there = "SELECT to_regclass('redshift.pg_constraint') IS NOT NULL";
    let lock = "SELECT pg_advisory_lock(5439)";
    client.batch_execute(lock).await.expect("a lock");
    let is_there: bool = client
        .query_one(there, &[])
        .await
        .expect("whether it is there")
        .get(0);
    if !is_there {
        client
            .batch_execute(include_str!("prelude.sql"))
            .await
            .expect("what the stand-in adds to PostgreSQL");
    }
    drop(client);
    running.await.ok();
}

/// What both directions of a connection know.
#[derive(Debug, Default)]
struct Shared {
    /// Refused statements, by the word that stands for each.
    refused: Vec<Refusal>,
    in_transaction: bool,
}

async fn serve(mut client: TcpStream, upstream: &str) -> std::io::Result<()> {
    let Some(start) = greet(&mut client).await? else {
        return Ok(());
    };
    let mut server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    server.write_all(&start).await?;
    let shared = Arc::new(Mutex::new(Shared::default()));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let for_answers = Arc::clone(&shared);
    let answers = async move {
        let mut buffer = Vec::new();
        loop {
            while let Some((tag, body)) = wire::take(&mut buffer) {
                let body = answer(tag, body, &for_answers);
                to_client.write_all(&wire::message(tag, &body)).await?;
            }
            if from_server.read_buf(&mut buffer).await? == 0 {
                return std::io::Result::Ok(());
            }
        }
    };
    let questions = async move {
        let mut buffer = Vec::new();
        loop {
            while let Some((tag, body)) = wire::take(&mut buffer) {
                let body = question(tag, body, &shared);
                to_server.write_all(&wire::message(tag, &body)).await?;
            }
            if from_client.read_buf(&mut buffer).await? == 0 {
                return std::io::Result::Ok(());
            }
        }
    };
    // When one side ends, both connections are closed.
    tokio::select! {
        ended = answers => ended,
        ended = questions => ended,
    }
}

/// Reads the first message: answers with what to send on, or with nothing when the connection ends here.
async fn greet(client: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    loop {
        let length = client.read_i32().await?;
        let mut body = vec![0; usize::try_from(length - 4).unwrap_or(0)];
        client.read_exact(&mut body).await?;
        let mut whole = length.to_be_bytes().to_vec();
        whole.extend_from_slice(&body);
        match wire::number(&body) {
            Some(SSL_REQUEST) => client.write_all(b"N").await?,
            Some(CANCEL_REQUEST) => return Ok(Some(whole)),
            _ => {
                let settings = wire::settings(&body);
                let unknown = settings
                    .iter()
                    .find(|(name, _)| !SETTINGS.contains(&name.to_lowercase().as_str()));
                let Some((name, _)) = unknown else {
                    return Ok(Some(wire::startup(&body)));
                };
                let message = format!("unrecognized configuration parameter \"{name}\"");
                let error = wire::error("FATAL", "42704", &message, "");
                client.write_all(&wire::message(b'E', &error)).await?;
                return Ok(None);
            }
        }
    }
}

/// A message of the driver, as `PostgreSQL` is to have it. A statement that is refused becomes a word that `PostgreSQL`
/// does not understand, so that it fails where it stands, and takes its transaction with it.
fn question(tag: u8, body: Vec<u8>, shared: &Mutex<Shared>) -> Vec<u8> {
    let Some((before, sql, after)) = wire::statement(tag, &body) else {
        return body;
    };
    let mut shared = shared.lock().expect("no thread panics with the lock");
    match translate(sql, shared.in_transaction) {
        Statement::Translated(sql) => [before, sql.as_bytes(), after].concat(),
        Statement::Refused(refusal) => {
            let word = format!("{}{}", wire::REFUSED, shared.refused.len());
            shared.refused.push(refusal);
            [before, word.as_bytes(), after].concat()
        }
    }
}

/// A message of `PostgreSQL`, as Redshift would have sent it.
fn answer(tag: u8, body: Vec<u8>, shared: &Mutex<Shared>) -> Vec<u8> {
    match tag {
        b'Z' => {
            let mut shared = shared.lock().expect("no thread panics with the lock");
            shared.in_transaction = body.first() != Some(&b'I');
            body
        }
        b'T' => wire::headings(body),
        b'D' => wire::row(body),
        b'E' => {
            let shared = shared.lock().expect("no thread panics with the lock");
            let refused = wire::refused(&body).and_then(|number| shared.refused.get(number));
            match refused {
                Some(Refusal { code, message }) => wire::error("ERROR", code, message, ""),
                None => wire::missing_value(&body).unwrap_or(body),
            }
        }
        _ => body,
    }
}
