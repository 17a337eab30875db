//! The server's side of the boundary: drivers, connections and results as ordinary types with `async fn`s.
//!
//! Linked and loaded drivers look the same here. Dropping a future cancels the call in the driver at once; timeouts are
//! the caller's business. A driver that panics answers with [`Category::Internal`], one that
//! does not know a call with `Unsupported`, and bytes that make no sense are `Protocol` errors.
#![expect(
    unsafe_code,
    reason = "this is the server's side of the C interface: it calls functions that a driver passes"
)]

mod call;
mod clock;
mod instance;
mod watch;

use std::sync::Arc;
use std::time::Duration;

pub use instance::{RemoteInstance, RemoteStream};
pub use watch::{Counters, Isolate, OnLog, OnSlow, Settings};

use crate::abi::{self, Bytes, Host, MINOR, Outcome, Plugin, Slice, kind, op};
use crate::driver::DriverInfo;
use crate::error::{Category, DriverError};
use crate::message;
use call::{Calls, Reply};
use watch::Watch;

/// A driver that is ready to open connections.
#[derive(Clone, Debug)]
pub struct RemoteDriver {
    calls: Arc<Calls>,
    info: Arc<DriverInfo>,
    plugin: &'static Plugin,
}

impl RemoteDriver {
    /// Starts a driver that is linked into this program.
    ///
    /// # Errors
    /// As [`RemoteDriver::start`].
    pub fn link(plugin: &'static Plugin) -> Result<Self, DriverError> {
        Self::start(plugin, describe(plugin)?, Settings::default())
    }

    /// Starts a driver that was described before. It may block for as long as the driver takes.
    ///
    /// # Errors
    /// What keeps the driver from working; `Internal` when it panics.
    pub fn start(
        plugin: &'static Plugin,
        info: DriverInfo,
        settings: Settings,
    ) -> Result<Self, DriverError> {
        clock::start();
        let host = host(settings);
        let mut out = Outcome::NONE;
        // SAFETY: the table is a driver's; the struct lives as long as the process, and the outcome holds nothing yet.
        unsafe { (plugin.init)(host, &raw mut out) };
        let watch = Arc::new(Watch::new(&info.id, settings));
        let driver = Reply::read(out, &watch)?.object(kind::DRIVER, &watch)?;
        Ok(Self {
            calls: Arc::new(Calls::new(driver, watch)),
            info: Arc::new(info),
            plugin,
        })
    }

    /// What the driver says about itself.
    pub fn info(&self) -> &DriverInfo {
        &self.info
    }

    /// What was noticed of the driver since it was started.
    pub fn counters(&self) -> Counters {
        self.calls.watch.counters()
    }

    /// Opens a connection with options that follow the driver's JSON Schema.
    ///
    /// # Errors
    /// What the driver answers: `Config`, `Connect`, `Auth` and others.
    pub async fn open(&self, options: serde_json::Value) -> Result<RemoteInstance, DriverError> {
        let request = message::encode_json(&options)?;
        let reply = self.calls.start(op::OPEN, &request)?.await?;
        let watch = Arc::clone(&self.calls.watch);
        let instance = reply.object(kind::INSTANCE, &watch)?;
        Ok(RemoteInstance::new(Calls::new(instance, watch)))
    }

    /// Ends the threads of a loaded driver, once all its connections are closed and the process is about to end. It
    /// blocks for `patience` at most. A linked driver has none.
    pub fn shutdown(&self, patience: Duration) {
        let patience = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: the table is a driver's.
        unsafe { (self.plugin.shutdown)(patience) };
    }
}

/// Asks a driver about itself, without starting it.
///
/// # Errors
/// `Internal` when it panics, `Protocol` when its answer makes no sense.
pub fn describe(plugin: &'static Plugin) -> Result<DriverInfo, DriverError> {
    // SAFETY: the table is a driver's.
    let json: Bytes = unsafe { (plugin.describe)() };
    if json.as_bytes().is_empty() {
        let message = "the driver panicked when it was asked to describe itself";
        return Err(DriverError::new(Category::Internal, message));
    }
    message::decode_json(json.as_bytes())
}

/// The struct that a driver keeps; it is made once for each driver and never freed, as drivers are never unloaded.
fn host(settings: Settings) -> *const Host {
    let host = Box::new(Host {
        #[expect(clippy::cast_possible_truncation, reason = "the struct has 32 bytes")]
        size: size_of::<Host>() as u32,
        abi_minor: MINOR,
        worker_threads: settings.worker_threads,
        log_level: settings.log_level,
        reserved: 0,
        context: std::ptr::from_ref(Box::leak(Box::new(settings.on_log))).cast(),
        log: log_line,
    });
    Box::leak(host)
}

unsafe extern "C" fn log_line(
    context: *const std::ffi::c_void,
    level: u32,
    target: Slice,
    message: Slice,
) {
    let written = std::panic::catch_unwind(|| {
        // SAFETY: the context is the function pointer that `host` leaked.
        let on_log = unsafe { *context.cast::<OnLog>() };
        // SAFETY: the driver lends both texts for the call.
        let (target, message) = unsafe { (target.as_bytes(), message.as_bytes()) };
        on_log(
            level,
            &String::from_utf8_lossy(target),
            &String::from_utf8_lossy(message),
        );
    });
    drop(written);
}

/// Looks at what the exported function of a library answered with.
///
/// # Errors
/// A text that says why it is not a driver for this program.
///
/// # Safety
/// `plugin` must be null or point to at least sixteen readable bytes that live as long as the process; when they start
/// with [`abi::MAGIC`], it must be a table of the size that it announces.
pub unsafe fn check(plugin: *const Plugin) -> Result<&'static Plugin, String> {
    if plugin.is_null() || !plugin.is_aligned() {
        return Err("it answers with no table of functions".into());
    }
    // SAFETY: the caller promises the first sixteen bytes.
    let (magic, major, size) = unsafe {
        let head = &raw const *plugin;
        ((*head).magic, (*head).abi_major, (*head).size)
    };
    if magic != abi::MAGIC {
        return Err("it answers with something that is not a table of functions".into());
    }
    if major != abi::MAJOR {
        return Err(wrong_major(&major.to_string()));
    }
    if (size as usize) < size_of::<Plugin>() {
        return Err("its table of functions is too short".into());
    }
    // SAFETY: the table has at least the fields of version 1.0 and lives as long as the process.
    Ok(unsafe { &*plugin })
}

/// Why a driver of another major version is refused.
pub fn wrong_major(major: &str) -> String {
    format!(
        "it speaks version {major} of the driver interface, this server version {}: \
         rebuild it with the quillback-plugin-api of this server",
        abi::MAJOR
    )
}
