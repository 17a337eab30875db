//! The steps from a file to a driver that is ready.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use quillback_plugin_api::DriverError;
use quillback_plugin_api::abi::Plugin;
use quillback_plugin_api::driver::DriverInfo;
use quillback_plugin_api::error::Category;
use quillback_plugin_api::remote::{self, RemoteDriver};

use crate::listing::Options;
use crate::refusal::Refusal;
use crate::trust::{self, Standing};
use crate::{library, preflight, report};

/// A file that may be loaded.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// Where it really is.
    pub(crate) path: PathBuf,
    /// Its digest.
    pub(crate) sha256: String,
    /// What is known of it.
    pub(crate) standing: Standing,
    entry: String,
}

/// Everything that can be checked without running code of the file. The digest is told even of a file that is
/// refused.
pub(crate) fn check(
    path: &Path,
    id: &str,
    options: &Options,
    sha256: &mut Option<String>,
) -> Result<Candidate, Refusal> {
    let path = path.canonicalize().map_err(Refusal::Unreadable)?;
    let is_group_writable = trust::check_permissions(options.mode, &path)?;
    let file = std::fs::read(&path).map_err(Refusal::Unreadable)?;
    let digest = trust::sha256(&file);
    *sha256 = Some(digest.clone());
    let is_listed = trust::check_listed(options.mode, &options.allow, id, &digest)?;
    let entry = preflight::entry(&file)?;
    Ok(Candidate {
        path,
        sha256: digest,
        standing: Standing {
            is_listed,
            is_group_writable,
        },
        entry,
    })
}

/// Says what the library needs, where it could not be loaded and tells that itself.
fn explained(refusal: Refusal, path: &Path) -> Refusal {
    let Refusal::Load(words) = refusal else {
        return refusal;
    };
    let file = std::fs::read(path).ok();
    match file.and_then(|file| preflight::needs(&file)) {
        Some(needs) => Refusal::Load(format!("{words}; it needs {needs}")),
        None => Refusal::Load(words),
    }
}

/// Opens the library and asks the driver about itself.
pub(crate) fn open(
    candidate: &Candidate,
    options: &Options,
) -> Result<(&'static Plugin, DriverInfo), Refusal> {
    let (path, entry) = (candidate.path.clone(), candidate.entry.clone());
    within(options.start_timeout, move || {
        let plugin = library::open(&path, &entry).map_err(|refusal| explained(refusal, &path))?;
        let info = remote::describe(plugin).map_err(Refusal::Start)?;
        Ok((plugin, info))
    })
}

/// Starts the driver.
pub(crate) fn start(
    plugin: &'static Plugin,
    info: DriverInfo,
    options: &Options,
) -> Result<RemoteDriver, Refusal> {
    let settings = report::settings(options);
    within(options.start_timeout, move || {
        RemoteDriver::start(plugin, info, settings).map_err(Refusal::Start)
    })
}

/// Runs code of a driver on a thread of its own, which is left behind when it takes too long.
fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let (answer, answered) = sync_channel(1);
    let spawned = std::thread::Builder::new()
        .name("driver-start".into())
        .spawn(move || {
            // Nobody listens any more after the time-out.
            let _ = answer.send(work());
        });
    let refused = |message: String| {
        let error = DriverError::new(Category::Resource, message);
        Err(Refusal::Start(error))
    };
    if let Err(error) = spawned {
        return refused(format!("no thread for it: {error}"));
    }
    match answered.recv_timeout(patience) {
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(Refusal::Timeout(patience)),
        Err(RecvTimeoutError::Disconnected) => refused("its thread ended".into()),
    }
}
