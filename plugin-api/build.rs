//! Notes the compiler and target, which a driver tells when it is described.

use std::process::Command;

fn main() {
    // Variables that cargo sets for build scripts; the clippy rule about the environment is for running servers.
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let target = std::env::var_os("TARGET").unwrap_or_default();
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    let version = version.split(" (").next().unwrap_or_default().trim();
    println!(
        "cargo::rustc-env=QUILLBACK_BUILD={version} {}",
        target.to_string_lossy()
    );
    println!("cargo::rerun-if-changed=build.rs");
}
