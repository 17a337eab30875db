//! Opening connections: what is wrong is told apart, in time, and without secrets.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use quillback_plugin_api::{Category, DriverError};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::case::{Bare, Case, bare, live};
use crate::lab::Lab;
use crate::verify::{fails, fails_as, keeps_secret, poll_once};

pub(crate) const CASES: &[Case] = &[
    bare!(an_unknown_option_is_named),
    bare!(options_that_are_no_object_are_refused),
    live!(an_option_of_the_wrong_type_is_refused),
    live!(a_wrong_password_is_told_apart),
    live!(an_unreachable_port_is_told_apart),
    live!(a_silent_server_is_given_up_in_time),
    live!(a_server_of_another_kind_is_told_apart),
    live!(opening_can_be_dropped),
    live!(the_server_says_who_it_is),
    live!(a_server_cannot_do_more_than_its_driver),
    live!(many_connections_open_at_once),
    live!(a_closed_connection_says_so),
];

const PATIENCE: Duration = Duration::from_secs(15);

/// Options with one of them changed.
fn with(mut options: Json, name: &str, value: Json) -> Result<Json> {
    let fields = options.as_object_mut().context("options are an object")?;
    fields.insert(name.to_owned(), value);
    Ok(options)
}

async fn an_unknown_option_is_named(bare: &Bare) -> Result<()> {
    let known = bare.options.clone().unwrap_or_else(|| json!({}));
    let options = with(known, "no_such_option", json!(1))?;
    let error = fails(
        "an unknown option",
        bare.driver.open(options).await,
        Category::Config,
    )?;
    ensure!(
        error.message.contains("no_such_option"),
        "the message does not name it: {error}"
    );
    Ok(())
}

async fn options_that_are_no_object_are_refused(bare: &Bare) -> Result<()> {
    for options in [json!(null), json!("x"), json!([]), json!(7)] {
        fails(
            &options.to_string(),
            bare.driver.open(options).await,
            Category::Config,
        )?;
    }
    Ok(())
}

async fn an_option_of_the_wrong_type_is_refused(lab: &Lab) -> Result<()> {
    let fields = lab.options.as_object().context("options are an object")?;
    for name in fields.keys() {
        let options = with(lab.options.clone(), name, json!([[{"x": "hidden-by-me"}]]))?;
        let error = fails(name, lab.driver.open(options).await, Category::Config)?;
        ensure!(
            error.message.contains(name.as_str()),
            "the message does not name {name}: {error}"
        );
        keeps_secret(&error, &["hidden-by-me"])?;
    }
    Ok(())
}

async fn a_wrong_password_is_told_apart(lab: &Lab) -> Result<()> {
    let password = lab.access()?.password;
    let options = with(lab.options.clone(), password, json!("not-the-password-1"))?;
    let error = fails(
        "a wrong password",
        lab.driver.open(options).await,
        Category::Auth,
    )?;
    keeps_secret(&error, &["not-the-password-1"])
}

async fn timed(lab: &Lab, options: Json) -> Result<Result<(), DriverError>> {
    let started = Instant::now();
    let result = lab.driver.open(options).await.map(drop);
    ensure!(
        started.elapsed() < PATIENCE,
        "it took {:?}",
        started.elapsed()
    );
    Ok(result)
}

async fn an_unreachable_port_is_told_apart(lab: &Lab) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    drop(listener);
    let result = timed(lab, lab.at_local_port(port)?).await?;
    fails("a port without a server", result, Category::Connect)?;
    Ok(())
}

async fn a_silent_server_is_given_up_in_time(lab: &Lab) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut options = lab.at_local_port(listener.local_addr()?.port())?;
    (lab.access()?.hurry)(&mut options);
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let result = timed(lab, options).await;
    silent.abort();
    fails("a server that says nothing", result?, Category::Timeout)?;
    Ok(())
}

async fn a_server_of_another_kind_is_told_apart(lab: &Lab) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut options = lab.at_local_port(listener.local_addr()?.port())?;
    (lab.access()?.hurry)(&mut options);
    let other = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                .await;
            let _ = connection.read(&mut [0; 1024]).await;
        }
    });
    let result = timed(lab, options).await;
    other.abort();
    let wanted = [
        Category::Connect,
        Category::Unavailable,
        Category::Protocol,
        Category::Timeout,
    ];
    fails_as("a server of another kind", result?, &wanted)?;
    Ok(())
}

async fn opening_can_be_dropped(lab: &Lab) -> Result<()> {
    for polls in 0..4 {
        let open = lab.driver.open(lab.options.clone());
        dropped_after(open, polls).await;
    }
    let instance = lab.another().await?;
    instance.ping().await?;
    instance.close().await;
    Ok(())
}

/// Polls a future this many times and drops it.
async fn dropped_after(future: impl Future, polls: usize) {
    tokio::pin!(future);
    for _ in 0..polls {
        if poll_once(&mut future).await.is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn the_server_says_who_it_is(lab: &Lab) -> Result<()> {
    let server = lab.instance.ping().await?;
    ensure!(!server.product.trim().is_empty(), "the product has no name");
    ensure!(
        server.version.chars().any(|c| c.is_ascii_digit()),
        "no version: {:?}",
        server.version
    );
    Ok(())
}

/// Every capability that the server claims must be claimed by the driver too: the console shows the driver's.
async fn a_server_cannot_do_more_than_its_driver(lab: &Lab) -> Result<()> {
    let best = serde_json::to_value(&lab.driver.info().capabilities)?;
    let found = serde_json::to_value(&lab.capabilities)?;
    exceeds(&best, &found, "")
}

fn exceeds(best: &Json, found: &Json, path: &str) -> Result<()> {
    let Some(fields) = found.as_object() else {
        return Ok(());
    };
    for (name, value) in fields {
        let path = format!("{path}.{name}");
        let known = best.get(name).unwrap_or(&Json::Null);
        ensure!(
            value != &json!(true) || known == &json!(true) || name == "identifier_bytes",
            "the server claims {path}, its driver does not"
        );
        exceeds(known, value, &path)?;
    }
    Ok(())
}

async fn many_connections_open_at_once(lab: &Lab) -> Result<()> {
    let opened = join_all((0..12).map(|_| lab.another())).await;
    for instance in opened {
        let instance = instance?;
        instance.ping().await?;
        instance.close().await;
    }
    Ok(())
}

async fn a_closed_connection_says_so(lab: &Lab) -> Result<()> {
    let instance = lab.another().await?;
    instance.close().await;
    instance.close().await;
    let result = tokio::time::timeout(PATIENCE, instance.ping()).await;
    let result = result.context("a call on a closed connection hangs")?;
    let Err(error) = result else {
        anyhow::bail!("a closed connection answered")
    };
    ensure!(
        error.category != Category::Internal,
        "the driver failed: {error}"
    );
    ensure!(
        error.message.contains("closed"),
        "the message does not say why: {error}"
    );
    Ok(())
}
