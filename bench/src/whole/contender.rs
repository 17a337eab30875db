//! Who is measured: the raw client, the bare servers and Quillback, each asked in its own way for the same work.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::load::{self, Measured, Plan};
use super::peer::{Peer, Product};
use super::process::{Process, own_cpu};
use super::quillback::Quillback;
use super::report::Server;
use super::scenario::{self, Scenario};
use super::table::{Place, Table};
use super::{Options, Surroundings, raw};

/// Numbers the runs, so that none adds the rows of another.
static RUNS: AtomicU64 = AtomicU64::new(1);

/// One contender.
pub(super) struct Contender {
    /// Its name in the results.
    pub(super) name: &'static str,
    kind: Kind,
    idle_mib: u64,
}

enum Kind {
    /// The client library alone.
    Raw,
    /// A bare server.
    Bare(Process),
    /// Another product.
    Peer(Peer),
    /// The product.
    Quillback(Box<Quillback>),
}

impl Contender {
    /// Starts them all.
    pub(super) async fn start_all(
        surroundings: &Surroundings,
        table: &Table,
        options: &Options,
    ) -> Result<Vec<Self>> {
        let mut all = vec![Self::new("raw", Kind::Raw)?];
        for (name, arguments) in bare(&table.place) {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("thin").args(arguments);
            let process = Process::start(&mut command, "address ", "address")?;
            all.push(Self::new(name, Kind::Bare(process))?);
        }
        if options.peers {
            let folder = surroundings.peers.as_deref();
            let folder =
                folder.context("no peers are installed: run `cargo xtask bench --peers`")?;
            for product in Product::ALL {
                let peer = Peer::start(product, folder, &table.place)?;
                all.push(Self::new(product.name(), Kind::Peer(peer))?);
            }
        }
        let quillback = Quillback::start(surroundings, table, options).await?;
        all.push(Self::new(
            "quillback",
            Kind::Quillback(Box::new(quillback)),
        )?);
        Ok(all)
    }

    fn new(name: &'static str, kind: Kind) -> Result<Self> {
        let mut contender = Self {
            name,
            kind,
            idle_mib: 0,
        };
        if let Some(process) = contender.process() {
            contender.idle_mib = process.resident_mib()?;
        }
        Ok(contender)
    }

    fn process(&self) -> Option<&Process> {
        match &self.kind {
            Kind::Raw => None,
            Kind::Bare(process) => Some(process),
            Kind::Peer(peer) => Some(&peer.process),
            Kind::Quillback(quillback) => Some(&quillback.process),
        }
    }

    /// Whether it offers the work of a scenario.
    pub(super) fn does(&self, scenario: Scenario) -> bool {
        match &self.kind {
            Kind::Peer(peer) => peer.product.does(scenario),
            Kind::Raw | Kind::Bare(_) => scenario.is_plain(),
            Kind::Quillback(_) => true,
        }
    }

    /// Does the work of a scenario for a time.
    pub(super) async fn run(
        &self,
        scenario: Scenario,
        table: &Table,
        plan: Plan,
    ) -> Result<Measured> {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        if scenario == Scenario::Delete {
            table.fill(run, plan.rows_to_remove()).await?;
        }
        let own = own_cpu()?;
        let before = self.process().map(Process::cpu).transpose()?;
        let timed = match &self.kind {
            Kind::Raw => raw::run(scenario, table, run, plan).await?,
            Kind::Bare(process) => {
                let body = scenario::thin(scenario, table, run);
                load::posts(process.address, "", &body, plan).await?
            }
            Kind::Peer(peer) => {
                let body = peer.body(scenario, table, run)?;
                load::posts(peer.process.address, &peer.token, &body, plan).await?
            }
            Kind::Quillback(quillback) => {
                let body = scenario::quillback(scenario, table, run, quillback.subject(scenario));
                let address = quillback.process.address;
                load::posts(address, &quillback.token, &body, plan).await?
            }
        };
        let after = self.process().map(Process::cpu).transpose()?;
        let server = after
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before));
        // Requests of the warm-up cost processor time too, but are not counted.
        let share = timed.time.as_secs_f64() / (timed.time + plan.warm_up).as_secs_f64();
        let counted = |time: Duration| time.mul_f64(share);
        let load = own_cpu()?.saturating_sub(own);
        Ok(timed.measured(server.map(counted), counted(load)))
    }

    /// Its process as a server, if it is one. Quillback's start includes making an empty repository.
    pub(super) fn server(&self) -> Option<Server> {
        let process = self.process()?;
        Some(Server {
            contender: self.name,
            start_ms: process.started_in.as_millis(),
            idle_mib: self.idle_mib,
            loaded_mib: process.resident_mib().ok()?,
            start_again_ms: None,
        })
    }

    /// How long the product takes to start with what it has by now; ends every contender.
    pub(super) fn started_again(self) -> Result<Option<Duration>> {
        match self.kind {
            Kind::Quillback(quillback) => quillback.started_again().map(Some),
            _ => Ok(None),
        }
    }
}

/// Names and arguments of the bare servers for a table.
fn bare(place: &Place) -> Vec<(&'static str, Vec<String>)> {
    let arguments = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut bare = vec![("echo", arguments(&["echo"]))];
    match place {
        Place::Postgres { url, schema, role } => {
            let plain = ["postgres", "--url", url, "--schema", schema];
            bare.push(("thin", arguments(&plain)));
            let bound = [&plain[..], &["--role", role]].concat();
            bare.push(("thin with row security", arguments(&bound)));
        }
        Place::Sqlite(path) => {
            let path = path.display().to_string();
            bare.push(("thin", arguments(&["sqlite", "--path", &path])));
        }
    }
    bare
}
