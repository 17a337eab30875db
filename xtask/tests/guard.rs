//! The guard stops what was entrusted to it when its input closes, and nothing else.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts a process that waits for ever and has the text on its command line.
fn waiting(text: &str) -> Child {
    let script = "trap '' HUP; while :; do read -r line || wait; done";
    let mut child = Command::new("sh")
        .args(["-c", script, text])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // Until the new process has replaced itself it carries our own command line.
    loop {
        let line = std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        if String::from_utf8_lossy(&line).contains(text) {
            return child;
        }
        assert!(child.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
}

fn guard(folder: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let mut guard = command.arg("guard").stdin(Stdio::piped()).spawn().unwrap();
    let input = guard.stdin.as_mut().unwrap();
    writeln!(input, "folder {}", folder.display()).unwrap();
    guard
}

#[test]
fn a_closed_input_stops_the_process_and_removes_the_folder() {
    let folder = tempfile::tempdir().unwrap().keep();
    std::fs::write(folder.join("data"), "x").unwrap();
    let mut server = waiting(&folder.join("data").display().to_string());
    let mut guard = guard(&folder);
    writeln!(
        guard.stdin.as_mut().unwrap(),
        "process {} TERM",
        server.id()
    )
    .unwrap();
    assert!(folder.exists());

    drop(guard.stdin.take());
    assert!(guard.wait().unwrap().success());
    assert!(!folder.exists());
    assert!(!server.wait().unwrap().success(), "ended by a signal");
}

#[test]
fn a_process_that_ignores_the_polite_signal_is_killed() {
    let folder = tempfile::tempdir().unwrap().keep();
    let mut server = waiting(&folder.display().to_string());
    let mut guard = guard(&folder);
    // This one ignores the signal that it gets.
    writeln!(guard.stdin.as_mut().unwrap(), "process {} HUP", server.id()).unwrap();
    drop(guard.stdin.take());
    assert!(guard.wait().unwrap().success());
    assert!(!server.wait().unwrap().success());
}

#[test]
fn a_stranger_with_the_same_process_id_is_left_alone() {
    let folder = tempfile::tempdir().unwrap().keep();
    let mut stranger = waiting("somebody-else");
    let mut guard = guard(&folder);
    writeln!(
        guard.stdin.as_mut().unwrap(),
        "process {} KILL",
        stranger.id()
    )
    .unwrap();
    drop(guard.stdin.take());
    assert!(guard.wait().unwrap().success());
    assert!(!folder.exists());
    assert!(stranger.try_wait().unwrap().is_none(), "still running");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
