//! Notes of what ran, one file a case in the folder that `QUILLBACK_RECORD` names; the table of drivers is made of them.

use std::path::Path;
use std::sync::OnceLock;

use libtest_mimic::{Completion, Failed};
use quillback_plugin_api::driver::ServerInfo;
use serde_json::json;

/// The server of this process, as it says itself.
static SERVER: OnceLock<String> = OnceLock::new();

/// Remembers who answered. A stand-in that calls itself like the service is named by `QUILLBACK_TEST_<ID>_STAND_IN`.
pub(crate) fn server(id: &str, info: &ServerInfo) {
    let told = || format!("{} {}", info.product, info.version);
    let name = format!("QUILLBACK_TEST_{}_STAND_IN", id.to_uppercase());
    SERVER.get_or_init(|| variable(&name).unwrap_or_else(told));
}

/// Writes down what became of a case. `mode` is how the driver got into the process.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn note(
    id: &str,
    mode: &str,
    case: &str,
    is_excepted: bool,
    result: &Result<Completion, Failed>,
) -> std::io::Result<()> {
    let Some(folder) = variable("QUILLBACK_RECORD") else {
        return Ok(());
    };
    let outcome = match result {
        Ok(Completion::Completed) => "held",
        Ok(_) if is_excepted => "excepted",
        Ok(_) => "skipped",
        Err(_) => "failed",
    };
    let place = program()?;
    let note = json!({
        "driver": id, "place": place, "mode": mode, "case": case, "outcome": outcome, "server": SERVER.get(),
    });
    let file = format!("{id}.{place}.{mode}.{}.json", case.replace("::", "."));
    std::fs::write(Path::new(&folder).join(file), note.to_string())
}

/// The name of the test, which a driver of many databases has several of. Cargo puts a hash behind it.
fn program() -> std::io::Result<String> {
    let path = std::env::current_exe()?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.rsplit_once('-').map_or(&*stem, |(name, _)| name);
    Ok(name.to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by the environment where its notes go"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
