//! Opens a library that was checked, and asks it for its driver. The only unsafe code of this crate.
#![expect(
    unsafe_code,
    reason = "opening a library runs code that the compiler cannot see"
)]

use std::error::Error;
use std::path::Path;

use quillback_plugin_api::abi::Plugin;
use quillback_plugin_api::remote;

use crate::refusal::Refusal;

type Entry = unsafe extern "C" fn() -> *const Plugin;

/// Opens the library at an absolute path, for ever, and calls its entry.
pub(crate) fn open(path: &Path, entry: &str) -> Result<&'static Plugin, Refusal> {
    let library = open_file(path).map_err(|error| Refusal::Load(with_source(&error)))?;
    // Threads and thread-local data of a library outlive every handle to it, so it is never closed.
    let library = Box::leak(Box::new(library));
    // SAFETY: the name is that of a function of this type by the plugin interface of this major version.
    let entry = unsafe { library.get::<Entry>(entry) }
        .map_err(|error| Refusal::Load(with_source(&error)))?;
    // SAFETY: the entry takes nothing, and answers with a table that lives as long as the library, which is for ever.
    unsafe { remote::check(entry()) }.map_err(Refusal::Table)
}

#[cfg(unix)]
fn open_file(path: &Path) -> Result<libloading::os::unix::Library, libloading::Error> {
    use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
    // Everything is resolved now rather than at some call, and nothing is offered to other libraries.
    // SAFETY: the initialisers of the file run. It was found in a configured folder, belongs to root or the server's
    // user, and passed the allow-list.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
}

#[cfg(windows)]
fn open_file(path: &Path) -> Result<libloading::os::windows::Library, libloading::Error> {
    use libloading::os::windows::{
        LOAD_LIBRARY_SEARCH_DEFAULT_DIRS, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, Library,
    };
    // SAFETY: the initialisers of the file run. It was found in a configured folder and passed the allow-list.
    unsafe {
        Library::load_with_flags(
            path,
            LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS,
        )
    }
}

/// The words of the system's loader are in the source of the error.
fn with_source(error: &libloading::Error) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

/// The user that the server acts as.
#[cfg(unix)]
pub(crate) fn effective_user() -> u32 {
    // SAFETY: the function is part of every Unix C library, takes nothing and cannot fail.
    // https://pubs.opengroup.org/onlinepubs/9799919799/functions/geteuid.html
    unsafe extern "C" {
        safe fn geteuid() -> u32;
    }
    geteuid()
}
