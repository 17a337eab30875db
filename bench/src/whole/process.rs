//! A contender's process: started, read for its address, measured through `/proc`, and ended.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Processor time is counted in these parts of a second (`sysconf(_SC_CLK_TCK)`, 100 on every Linux).
const TICKS: u64 = 100;

/// A server that runs; killed when dropped.
pub(super) struct Process {
    pub(super) address: SocketAddr,
    /// What it printed until it was ready.
    pub(super) banner: String,
    /// From its start until it said that it is ready.
    pub(super) started_in: Duration,
    child: Child,
}

impl Process {
    /// Starts a program that prints its address after `before`, and then, perhaps later, a line with `ready`.
    pub(super) fn start(command: &mut Command, before: &str, ready: &str) -> Result<Self> {
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let output = child.stdout.take().context("no output to read")?;
        let (mut banner, mut address) = (String::new(), None);
        for line in BufReader::new(output).lines() {
            let line = line?;
            if let Some((_, text)) = line.split_once(before) {
                let text = text.trim_end_matches("/graphql");
                address = Some(
                    text.parse()
                        .with_context(|| format!("no address: {line}"))?,
                );
            }
            banner.push_str(&line);
            banner.push('\n');
            if line.contains(ready) {
                break;
            }
        }
        let Some(address) = address else {
            let _ = child.kill();
            bail!(
                "{} did not start: {banner}",
                command.get_program().display()
            );
        };
        Ok(Self {
            address,
            banner,
            started_in: began.elapsed(),
            child,
        })
    }

    /// Processor time that it used so far.
    pub(super) fn cpu(&self) -> Result<Duration> {
        cpu(&self.child.id().to_string())
    }

    /// Memory that it holds, in MiB.
    pub(super) fn resident_mib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib / 1_024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of this program so far.
pub(super) fn own_cpu() -> Result<Duration> {
    cpu("self")
}

/// Fields 14 and 15 of `/proc/<pid>/stat` (<https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>).
fn cpu(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || -> Result<u64> { Ok(fields.next().context("no ticks")?.parse()?) };
    Ok(Duration::from_millis((ticks()? + ticks()?) * 1_000 / TICKS))
}
