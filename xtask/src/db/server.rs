//! What every kind of server shares: a process, a log file, a free port and waiting until it answers.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::guard::{Guard, own_group};

/// How long a server may take until it answers; generous, because the machine may be busy.
const START_LIMIT: Duration = Duration::from_secs(90);

/// A running server process. It is stopped by the [`Guard`], not by dropping this.
#[derive(Debug)]
pub(crate) struct Server {
    /// What to call it in messages.
    pub(crate) name: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a server process, entrusts it to the guard and waits until `is_ready` says so.
    ///
    /// # Errors
    /// When it cannot be started, ends early or does not answer in time; the error shows its log.
    pub(crate) fn start(
        name: &str,
        mut command: Command,
        log: PathBuf,
        guard: &mut Guard,
        stop_signal: &str,
        is_ready: impl Fn() -> bool,
    ) -> Result<Self> {
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        command
            .stdin(Stdio::null())
            .stderr(out.try_clone()?)
            .stdout(out);
        own_group(&mut command);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        guard.watch(child.id(), stop_signal)?;
        let mut server = Self {
            name: name.to_owned(),
            child,
            log,
        };
        let deadline = Instant::now() + START_LIMIT;
        while !is_ready() {
            if !server.is_running()? {
                bail!("{name} ended while starting\n{}", server.log_tail());
            }
            if Instant::now() > deadline {
                bail!(
                    "{name} did not answer within {START_LIMIT:?}\n{}",
                    server.log_tail()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Whether the process still runs.
    ///
    /// # Errors
    /// When the operating system cannot say.
    pub(crate) fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// The last lines of the server's log.
    pub(crate) fn log_tail(&self) -> String {
        tail(&std::fs::read(&self.log).unwrap_or_default(), 15)
    }
}

fn tail(bytes: &[u8], lines: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let all: Vec<&str> = text.lines().collect();
    let skip = all.len().saturating_sub(lines);
    all.into_iter().skip(skip).collect::<Vec<_>>().join("\n")
}

/// A port of 127.0.0.1 that nobody uses at this moment.
///
/// # Errors
/// When the operating system has none.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// A new password of 128 random bits.
///
/// # Errors
/// When the machine has no source of randomness.
pub(crate) fn password() -> Result<String> {
    use std::fmt::Write as _;
    use std::io::Read as _;
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Writes a file inside a server's folder before the server owns it.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{password, tail};

    #[test]
    fn the_tail_is_the_end_of_the_log() {
        assert_eq!(tail(b"a\nb\nc\n", 2), "b\nc");
        assert_eq!(tail(b"", 2), "");
    }

    #[test]
    fn passwords_are_long_and_differ() {
        let (first, second) = (password().unwrap(), password().unwrap());
        assert_eq!(first.len(), 32);
        assert_ne!(first, second);
    }
}
