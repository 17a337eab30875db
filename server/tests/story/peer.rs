//! A stand-in that a driver brings as an example program.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running stand-in; it ends when this is dropped.
pub struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        // It has ended already when something went wrong with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the example of a driver before the server at this address; answers with the address to connect to.
pub fn start(driver: &str, example: &str, url: &str) -> (Peer, String) {
    let mut child = Command::new(program(driver, example))
        .arg(url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let peer = Peer(child);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "{example} said no address");
    (peer, line.trim().to_owned())
}

/// The program that was built with this test, or that is built now.
fn program(driver: &str, example: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let file = format!("{example}{}", std::env::consts::EXE_SUFFIX);
    let program = profile.join("examples").join(file);
    if !program.is_file() {
        let cargo = option_env!("CARGO").unwrap_or("cargo");
        let built = Command::new(cargo)
            .args(["build", "--example", example, "--package"])
            .arg(format!("quillback-driver-{driver}"))
            .arg("--target-dir")
            .arg(profile.parent().unwrap())
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success());
    }
    program
}
