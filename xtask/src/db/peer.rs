//! Stand-ins for services that cannot be installed: servers from `PyPI` that a driver's tests talk to.
//!
//! A driver that needs one has a `peer.toml` beside its `driver.toml`; nothing else names it.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::guard::Guard;
use super::instances::{Exports, Place};
use super::server::{Server, free_port};
use crate::{manifest, process, workspace};

/// A stand-in for the service of a driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The driver it is for.
    id: String,
    description: Description,
}

/// What `peer.toml` says. `{python}`, `{bin}`, `{driver}`, `{home}` and `{port}` in its commands are
/// filled in when they run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    /// What to call it in messages.
    name: String,
    /// What pip shall install, one requirement each.
    #[serde(default)]
    requirements: Vec<String>,
    /// Commands that run once after the installation.
    #[serde(default)]
    prepare: Vec<Vec<String>>,
    /// The command that runs the server.
    start: Vec<String>,
    /// The address for the tests.
    url: String,
}

impl Peer {
    /// Reads a description.
    ///
    /// # Errors
    /// When a key is missing, unknown or of another type.
    fn parse(text: &str, id: &str) -> Result<Self> {
        Ok(Self {
            id: id.to_owned(),
            description: toml::from_str(text)?,
        })
    }

    /// The driver it is for.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The variable that leads tests to it. Whoever sets it has a server of their own.
    pub(crate) fn variable(&self) -> String {
        manifest::variable(&self.id)
    }

    /// Name and version: what a stand-in is called that tells its clients to be the service.
    fn told(&self) -> String {
        let pin = self.description.requirements.first();
        let version = pin
            .and_then(|pin| pin.split_once("=="))
            .map(|(_, version)| version);
        format!(
            "{} {}",
            self.description.name,
            version.unwrap_or("of any version")
        )
    }

    /// Installs it unless that was done before, starts it and records how to reach it.
    ///
    /// # Errors
    /// When pip cannot install it or it does not answer.
    pub(crate) fn start(
        &self,
        place: &Place,
        guard: &mut Guard,
        exports: &mut Exports,
    ) -> Result<Server> {
        let venv = self.install()?;
        let port = free_port()?;
        let home = place.folder.join(&self.id);
        std::fs::create_dir(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let fill = |text: &str| {
            self.fill(text, &venv)
                .replace("{home}", &home.display().to_string())
                .replace("{port}", &port.to_string())
        };
        let mut command = command(&self.description.start, &venv, fill)?;
        // The guard knows the process again by the folder in its environment.
        command.current_dir(&home).env("TMPDIR", &home);
        let log = place.folder.join(format!("{}.log", self.id));
        let ready = || is_listening(port);
        let server = Server::start(&self.description.name, command, log, guard, "TERM", ready)?;
        exports.set(&self.variable(), fill(&self.description.url));
        exports.set(&manifest::stand_in_variable(&self.id), self.told());
        Ok(server)
    }

    /// Installs it, and runs what it needs once.
    fn install(&self) -> Result<PathBuf> {
        let Description {
            requirements,
            prepare,
            ..
        } = &self.description;
        environment(&self.id, requirements, prepare, |venv| {
            for line in prepare {
                let fill = |text: &str| self.fill(text, venv);
                process::capture(&mut command(line, venv, fill)?)?;
            }
            Ok(())
        })
    }

    fn fill(&self, text: &str, venv: &Path) -> String {
        let driver = workspace::root().join("drivers").join(&self.id);
        text.replace("{python}", &venv.join("bin/python").display().to_string())
            .replace("{bin}", &venv.join("bin").display().to_string())
            .replace("{driver}", &driver.display().to_string())
    }
}

/// Makes a Python environment below the target folder unless it is there. Another list of requirements, or of commands
/// that prepare it, is another one.
///
/// # Errors
/// When pip cannot install the requirements, or preparing fails.
pub(crate) fn environment(
    name: &str,
    requirements: &[String],
    commands: &[Vec<String>],
    prepare: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = folder_name(name, requirements, commands);
    let venv = workspace::target()?.join("peers").join(folder);
    let done = venv.join("complete");
    if done.is_file() {
        return Ok(venv);
    }
    println!("Installing from PyPI: {}", requirements.join(" "));
    if venv.exists() {
        std::fs::remove_dir_all(&venv)?;
    }
    process::capture(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet"]);
    process::capture(pip.args(requirements))?;
    prepare(&venv)?;
    std::fs::write(&done, "").with_context(|| format!("cannot write {}", done.display()))?;
    Ok(venv)
}

fn folder_name(name: &str, requirements: &[String], commands: &[Vec<String>]) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (requirements, commands).hash(&mut hasher);
    format!("{name}-{:016x}", hasher.finish())
}

/// The peers of all drivers that have one, in the order of the drivers' ids.
///
/// # Errors
/// When a description is wrong.
pub(crate) fn all() -> Result<Vec<Peer>> {
    let root = workspace::root();
    let mut peers = Vec::new();
    for id in workspace::drivers(&root)? {
        let path = root.join("drivers").join(&id).join("peer.toml");
        if path.is_file() {
            let text = std::fs::read_to_string(&path)?;
            let peer = Peer::parse(&text, &id);
            peers.push(peer.with_context(|| format!("{} is wrong", path.display()))?);
        }
    }
    Ok(peers)
}

/// The Debian package that makes Python environments, unless Python can do it already.
pub(crate) fn missing_package() -> Option<&'static str> {
    let mut python = Command::new("python3");
    let can = process::capture(python.args(["-c", "import ensurepip, venv"])).is_ok();
    (!can).then_some("python3-venv")
}

/// A command whose home is the environment itself: what a package keeps there stays with it.
fn command(line: &[String], venv: &Path, fill: impl Fn(&str) -> String) -> Result<Command> {
    let (program, rest) = line.split_first().context("a command is empty")?;
    let mut command = Command::new(fill(program));
    command
        .args(rest.iter().map(|word| fill(word)))
        .env("HOME", venv)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

fn is_listening(port: u16) -> bool {
    let address = (Ipv4Addr::LOCALHOST, port).into();
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Peer, folder_name};

    const FINE: &str = "name = 'fake'\nrequirements = ['fake==1']\n\
        prepare = [['{python}', '-c', 'pass']]\nstart = ['{bin}/fake', '{port}']\n\
        url = 'http://127.0.0.1:{port}'";

    #[test]
    fn a_wrong_description_is_refused_with_its_reason() {
        assert!(Peer::parse(FINE, "x").is_ok());
        let message = |text: &str| format!("{:#}", Peer::parse(text, "x").unwrap_err());
        assert!(message(&FINE.replace("name", "nmae")).contains("nmae"));
        assert!(message(&FINE.replace("start = ['{bin}/fake', '{port}']", "")).contains("start"));
        assert!(
            message(&FINE.replace("[['{python}', '-c', 'pass']]", "['a']")).contains("prepare")
        );
    }

    #[test]
    fn other_requirements_get_another_environment() {
        let one = Peer::parse(FINE, "x").unwrap();
        let two = Peer::parse(&FINE.replace("fake==1", "fake==2"), "x").unwrap();
        let name = |peer: &Peer| folder_name("x", &peer.description.requirements, &[]);
        assert_ne!(name(&one), name(&two));
        assert_eq!(one.variable(), "QUILLBACK_TEST_X_URL");
        assert_eq!(one.told(), "fake 1");
    }
}
