//! A private `PostgreSQL`: initialised, started, given a role with a password and its database.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::account::Account;
use super::guard::Guard;
use super::instances::{Exports, Place};
use super::server::{Server, free_port, password, write};
use super::{Durability, Engine};
use crate::process;

/// Debian keeps one folder of programs per version and none of them on the search path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with `initdb` and `postgres`: the newest of Debian's, else the one on the search path.
pub(crate) fn programs() -> Option<PathBuf> {
    let newest = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            bin.join("initdb").is_file().then_some((version, bin))
        })
        .max();
    match newest {
        Some((_, bin)) => Some(bin),
        None => Some(process::find("initdb")?.parent()?.to_path_buf()),
    }
}

/// Starts a private instance below `folder` and records how to reach it.
///
/// # Errors
/// When the programs are missing or the server does not start.
pub(crate) fn start(place: &Place, guard: &mut Guard, exports: &mut Exports) -> Result<Server> {
    let Place {
        folder,
        certificates: tls,
        durability,
    } = place;
    let bin = programs().context("PostgreSQL's `initdb` was not found")?;
    let account = Account::find("postgres")?;
    let home = folder.join("postgres");
    account.folder(&home)?;
    let (admin, user, port) = (password()?, password()?, free_port()?);
    let data = initialise(&bin, &account, &home, &admin)?;
    let (certificate, key) = (home.join("server.pem"), home.join("server-key.pem"));
    for (from, to) in [(&tls.certificate, &certificate), (&tls.key, &key)] {
        std::fs::copy(from, to)?;
        account.own(to, 0o600)?;
    }

    let mut command = Command::new(bin.join("postgres"));
    command.arg("-D").arg(&data);
    let mut settings = settings(port, &home, &certificate, &key);
    if *durability == Durability::None {
        let quick = [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ];
        settings.extend(quick.map(String::from));
    }
    for setting in settings {
        command.args(["-c", &setting]);
    }
    account.apply(command.current_dir(&home));
    let ready = || answers(&bin, port);
    let log = folder.join("postgres.log");
    let server = Server::start("PostgreSQL", command, log, guard, "INT", ready)?;

    psql(
        &bin,
        port,
        &admin,
        &format!("CREATE ROLE quillback LOGIN CREATEDB PASSWORD '{user}'"),
    )?;
    psql(
        &bin,
        port,
        &admin,
        "CREATE DATABASE quillback OWNER quillback",
    )?;
    let url = |name: &str, secret: &str, database: &str| {
        format!("postgres://{name}:{secret}@127.0.0.1:{port}/{database}")
    };
    exports.set(
        Engine::Postgres.variable(),
        url("quillback", &user, "quillback"),
    );
    exports.set(
        "QUILLBACK_TEST_POSTGRES_ADMIN_URL",
        url("postgres", &admin, "postgres"),
    );
    exports.set("QUILLBACK_TEST_POSTGRES_BIN", bin.display().to_string());
    Ok(server)
}

fn initialise(bin: &Path, account: &Account, home: &Path, admin: &str) -> Result<PathBuf> {
    let (data, secret) = (home.join("data"), home.join("admin-password"));
    write(&secret, admin)?;
    account.own(&secret, 0o600)?;
    let mut command = Command::new(bin.join("initdb"));
    command.args([
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]);
    // With `trust` a test of a wrong password would prove nothing.
    command.args(["-A", "scram-sha-256"]);
    command
        .arg("--pwfile")
        .arg(&secret)
        .arg("-D")
        .arg(&data)
        .current_dir(home);
    process::capture(account.apply(&mut command))?;
    std::fs::remove_file(&secret)?;
    Ok(data)
}

fn settings(port: u16, sockets: &Path, certificate: &Path, key: &Path) -> Vec<String> {
    let mut settings = vec![format!("port={port}"), "max_connections=300".to_owned()];
    settings.push("listen_addresses=127.0.0.1".to_owned());
    settings.push(format!("unix_socket_directories={}", sockets.display()));
    settings.push("ssl=on".to_owned());
    settings.push(format!("ssl_cert_file={}", certificate.display()));
    settings.push(format!("ssl_key_file={}", key.display()));
    settings
}

fn answers(bin: &Path, port: u16) -> bool {
    let mut command = Command::new(bin.join("pg_isready"));
    command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
    command.status().is_ok_and(|status| status.success())
}

fn psql(bin: &Path, port: u16, admin: &str, statement: &str) -> Result<()> {
    let mut command = Command::new(bin.join("psql"));
    command.args([
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        "127.0.0.1",
        "-U",
        "postgres",
    ]);
    command.args(["-p", &port.to_string(), "-d", "postgres", "-c", statement]);
    process::capture(command.env("PGPASSWORD", admin)).map(drop)
}
