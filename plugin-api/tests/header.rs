//! The C header is up to date, and a C compiler finds the same sizes and offsets in it as Rust.

#[path = "../examples/header/text.rs"]
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use quillback_plugin_api::abi::LAYOUT;

fn path() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "include", "quillback_driver.h"]
        .iter()
        .collect()
}

#[test]
fn the_header_is_up_to_date() {
    let present = std::fs::read_to_string(path()).unwrap();
    assert!(
        present == text::header(),
        "run `cargo run -p quillback-plugin-api --example header > plugin-api/include/quillback_driver.h`"
    );
}

#[test]
fn the_header_holds_every_field_of_every_struct() {
    let header = text::header();
    let fields: usize = LAYOUT.iter().map(|layout| layout.fields.len()).sum();
    assert_eq!(header.matches("offsetof(").count(), fields);
    assert_eq!(header.matches("sizeof(").count(), LAYOUT.len());
}

/// Whether the C compiler takes a program. The project needs one anyway, for the database engine that it embeds.
fn compiles(program: &str) -> std::io::Result<bool> {
    let mut compiler = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(["-fsyntax-only", "-x", "c", "-I"])
        .arg(path().with_file_name(""))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = compiler.stdin.take() {
        input.write_all(program.as_bytes())?;
    }
    Ok(compiler.wait()?.success())
}

const DRIVER: &str = r#"
#include "quillback_driver.h"
static quillback_bytes describe(void) { quillback_bytes none = {0}; return none; }
static void init(const quillback_host *host, quillback_outcome *out) {
    (void)host;
    out->status = QUILLBACK_STATUS_ERROR;
}
static void shutdown_driver(uint32_t timeout_ms) { (void)timeout_ms; }
const quillback_plugin *quillback_driver_v1__sample(void);
const quillback_plugin *quillback_driver_v1__sample(void) {
    static const quillback_plugin plugin = {
        QUILLBACK_MAGIC, QUILLBACK_ABI_MAJOR, QUILLBACK_ABI_MINOR, sizeof(quillback_plugin),
        describe, init, shutdown_driver,
    };
    return &plugin;
}
"#;

#[test]
fn a_c_compiler_agrees_about_sizes_and_offsets() {
    assert!(compiles(DRIVER).unwrap());
    let wrong = format!("{DRIVER}\n_Static_assert(sizeof(quillback_plugin) == 41, \"\");");
    assert!(!compiles(&wrong).unwrap(), "asserts are compiled");
}
