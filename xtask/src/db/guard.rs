//! A small process that stops the servers when the command that started them ends.
//!
//! It reads what to stop from its input and acts when that input closes, which happens on success,
//! on a failure, on Ctrl-C and even when the command is killed. It sits in its own process group,
//! so that a Ctrl-C in the terminal does not reach it.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How long a server gets for an orderly stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running guard; dropping it stops everything that was entrusted to it and waits for that.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
    input: Option<ChildStdin>,
}

impl Guard {
    /// Starts the guard, which will also remove `folder` at the end.
    ///
    /// # Errors
    /// When the guard process cannot be started.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new(own_program()?);
        command
            .arg("guard")
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        own_group(&mut command);
        let mut child = command.spawn().context("cannot start the guard process")?;
        let input = child.stdin.take();
        let mut guard = Self { child, input };
        guard.tell(&format!("folder {}", folder.display()))?;
        Ok(guard)
    }

    /// Entrusts a server process to the guard; `signal` asks that server for a quick, orderly stop.
    ///
    /// # Errors
    /// When the guard process is gone.
    pub(crate) fn watch(&mut self, pid: u32, signal: &str) -> Result<()> {
        self.tell(&format!("process {pid} {signal}"))
    }

    fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the guard process is gone")?;
        writeln!(input, "{line}").context("the guard process is gone")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.input.take());
        if let Err(error) = self.child.wait() {
            eprintln!("warning: the servers may still run: {error}");
        }
    }
}

/// The program that runs now. A build may have replaced its file since, so on Linux it is named by
/// the process instead of the path.
fn own_program() -> Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() {
        return Ok(own);
    }
    std::env::current_exe().context("cannot find the path of xtask")
}

/// Puts a process into its own group, out of reach of a Ctrl-C in the terminal.
pub(crate) fn own_group(command: &mut Command) {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    #[cfg(not(unix))]
    let _ = command;
}

/// One thing the guard has to do at the end.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    Folder(PathBuf),
    Process { pid: u32, signal: String },
}

fn parse(line: &str) -> Option<Order> {
    let (kind, rest) = line.split_once(' ')?;
    match kind {
        "folder" => Some(Order::Folder(PathBuf::from(rest))),
        "process" => {
            let (pid, signal) = rest.split_once(' ')?;
            Some(Order::Process {
                pid: pid.parse().ok()?,
                signal: signal.to_owned(),
            })
        }
        _ => None,
    }
}

/// The guard process itself: waits for its input to close, then stops and removes everything.
///
/// # Errors
/// When a folder cannot be removed.
pub(crate) fn serve() -> Result<()> {
    let orders: Vec<Order> = std::io::stdin()
        .lock()
        .lines()
        .map_while(Result::ok)
        .filter_map(|l| parse(&l))
        .collect();
    let mut folder = None;
    let mut processes = Vec::new();
    for order in orders {
        match order {
            Order::Folder(path) => folder = Some(path),
            Order::Process { pid, signal } => processes.push((pid, signal)),
        }
    }
    // A process id may have been given to a stranger since: only a process that names our folder
    // on its command line or in its environment is ours.
    let marker = folder
        .as_deref()
        .unwrap_or(Path::new("/nowhere"))
        .display()
        .to_string();
    for (pid, signal) in &processes {
        if is_ours(*pid, &marker) {
            send(*pid, signal);
        }
    }
    let deadline = Instant::now() + PATIENCE;
    for (pid, _) in &processes {
        while is_ours(*pid, &marker) {
            if Instant::now() > deadline {
                send(*pid, "KILL");
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    match folder {
        Some(path) if path.exists() => std::fs::remove_dir_all(&path)
            .with_context(|| format!("cannot remove {}", path.display())),
        _ => Ok(()),
    }
}

/// Whether the process still runs and is one of ours. A process that has ended but is not yet
/// collected by its parent has neither and counts as gone.
fn is_ours(pid: u32, marker: &str) -> bool {
    let names = |file: &str| {
        let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        String::from_utf8_lossy(&text).contains(marker)
    };
    names("cmdline") || names("environ")
}

/// Sends a signal with the shell's own `kill`, which exists on every system that has a shell.
fn send(pid: u32, signal: &str) {
    let _ = Command::new("sh")
        .args([
            "-c",
            "kill -s \"$1\" \"$2\"",
            "sh",
            signal,
            &pid.to_string(),
        ])
        .stderr(Stdio::null())
        .status();
}

#[cfg(test)]
mod tests {
    use super::{Order, is_ours, parse};
    use std::path::PathBuf;
    use std::process::Command;

    #[test]
    fn orders_are_understood_and_anything_else_is_ignored() {
        assert_eq!(
            parse("folder /tmp/a b"),
            Some(Order::Folder(PathBuf::from("/tmp/a b")))
        );
        let process = Order::Process {
            pid: 12,
            signal: "INT".into(),
        };
        assert_eq!(parse("process 12 INT"), Some(process));
        for other in ["", "process", "process x INT", "reboot now"] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_a_process_that_names_the_marker_is_ours() {
        let mut child = Command::new("sh")
            .args(["-c", "read x", "marker-of-this-test"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = child.id();
        assert!(!is_ours(pid, "marker-of-another-test"));
        // The new process carries our own command line until it has replaced itself.
        while !is_ours(pid, "marker-of-this-test") {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_ours(pid, "marker-of-this-test"));
    }

    #[test]
    fn a_process_is_known_by_its_environment_too() {
        let mut child = Command::new("sh")
            .args(["-c", "read x"])
            .env("TMPDIR", "/tmp/folder-of-this-test")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        while !is_ours(child.id(), "/tmp/folder-of-this-test") {
            assert!(child.try_wait().unwrap().is_none());
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
