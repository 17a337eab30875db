//! The runtime that a driver's futures run in, and the server that it was made by.

use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use super::panic;
use crate::abi::Host;
use crate::error::{Category, DriverError};

static HOST: AtomicPtr<Host> = AtomicPtr::new(std::ptr::null_mut());
static LOADED: AtomicBool = AtomicBool::new(false);
static OWNER: Mutex<Option<Runtime>> = Mutex::new(None);
static OWN: OnceLock<Handle> = OnceLock::new();

/// Notes that this copy of the crate was loaded as a library.
#[doc(hidden)]
pub fn loaded() {
    LOADED.store(true, Ordering::Relaxed);
}

/// Notes the server.
///
/// # Safety
/// `host` must be null or live as long as the process.
pub(super) unsafe fn set_host(host: *const Host) {
    HOST.store(host.cast_mut(), Ordering::Release);
    if LOADED.load(Ordering::Relaxed) {
        panic::install_hook();
    }
}

/// The server, when there is one that is new enough.
pub(super) fn host() -> Option<&'static Host> {
    // SAFETY: `set_host` demands that it lives as long as the process.
    let host = unsafe { HOST.load(Ordering::Acquire).as_ref()? };
    (host.size as usize >= size_of::<Host>()).then_some(host)
}

/// The runtime that the call is made in, else the driver's own. A loaded driver never sees the server's: it has a
/// copy of the library of its own.
pub(super) fn current_or_own() -> Result<Handle, DriverError> {
    Handle::try_current().or_else(|_| own())
}

/// The driver's own runtime.
pub(super) fn own() -> Result<Handle, DriverError> {
    if let Some(own) = OWN.get() {
        return Ok(own.clone());
    }
    let mut owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = OWN.get() {
        return Ok(own.clone());
    }
    let threads = host().map_or(0, |host| usize::from(host.worker_threads));
    // Several threads even when one would do: blocking in place is an error in a runtime of the other kind.
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .thread_name("driver")
        .enable_all()
        .build()
        .map_err(|error| {
            let message = format!("a driver cannot start its threads: {error}");
            DriverError::new(Category::Resource, message)
        })?;
    let handle = OWN.get_or_init(|| runtime.handle().clone()).clone();
    *owner = Some(runtime);
    Ok(handle)
}

/// Ends the threads of a loaded driver. Linked drivers share theirs, which end with the process.
pub(super) unsafe extern "C" fn shutdown(timeout_ms: u32) {
    let _ = panic::guard(|| {
        if !LOADED.load(Ordering::Relaxed) {
            return;
        }
        let runtime = OWNER.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(Duration::from_millis(timeout_ms.into()));
        }
    });
}
