//! The Debian packages that the private servers come from and that some drivers are built with.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::peer::{self, Peer};
use super::{Engine, account, mysql, postgres};
use crate::manifest::Manifest;
use crate::process;

/// Makes sure that the programs of the given servers and peers are installed.
///
/// On Debian, as root, missing packages are installed. Everywhere else nothing is changed.
///
/// # Errors
/// When something is missing and we may not install it; the error names the command to run.
pub(crate) fn require(engines: &[Engine], peers: &[Peer]) -> Result<()> {
    let variables = engines.iter().map(|engine| engine.variable().to_owned());
    let variables: Vec<String> = variables.chain(peers.iter().map(Peer::variable)).collect();
    let instead = format!(
        "or start servers of your own and set {}",
        variables.join(" and ")
    );
    install(&missing(engines, peers), &instead)
}

/// Makes sure that the Debian packages are there which some drivers need to be built or tested.
///
/// # Errors
/// As [`require`].
pub(crate) fn require_for(drivers: &[Manifest]) -> Result<()> {
    let wanted = drivers.iter().flat_map(|driver| &driver.packages);
    let mut missing: Vec<&str> = wanted
        .map(String::as_str)
        .filter(|p| !is_there(p))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    install(
        &missing,
        "or leave out the drivers whose driver.toml names them",
    )
}

fn install(missing: &[&str], instead: &str) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let by_hand = format!("apt-get install --no-install-recommends {list}");
    if !is_debian() || process::find("apt-get").is_none() {
        bail!(
            "missing: {list}. Install the packages of your system that hold them (on Debian: \
             `{by_hand}`), {instead}"
        );
    }
    if !account::is_root()? {
        bail!("missing: {list}. Run this and try again: sudo {by_hand}");
    }
    println!("Installing from Debian: {list}");
    println!("(a database server among them is used for private instances only)");
    let mut update = Command::new("apt-get");
    process::run(update.args(["update", "-q"]))?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-q", "-y", "--no-install-recommends"])
        .args(missing);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn missing(engines: &[Engine], peers: &[Peer]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for engine in engines {
        match engine {
            Engine::Postgres if postgres::programs().is_none() => packages.push("postgresql"),
            Engine::Mysql if mysql::program().is_none() => packages.push("mariadb-server"),
            Engine::Postgres | Engine::Mysql => {}
        }
    }
    if process::find("openssl").is_none() {
        packages.push("openssl");
    }
    if !peers.is_empty() {
        packages.extend(peer::missing_package());
    }
    packages
}

/// Whether a Debian package is installed; elsewhere it is taken to be, and the build will tell.
fn is_there(package: &str) -> bool {
    if !is_debian() {
        return true;
    }
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${Status}", package]);
    process::capture(&mut query).is_ok_and(|status| status.contains("install ok installed"))
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").is_file()
}
