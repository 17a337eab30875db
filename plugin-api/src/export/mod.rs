//! A driver's side of the boundary: [`export_driver!`](crate::export_driver) and what it needs.
//!
//! Every function that the server calls catches panics here, inside the driver: its own standard library is the only
//! one that can. Every poll and every drop happens with a runtime entered: the server's own when the driver is linked
//! into it and the call comes from inside one, else a runtime that belongs to the driver.
#![expect(
    unsafe_code,
    reason = "this is the driver's side of the C interface: it reads pointers that the server passes"
)]

mod log;
mod object;
mod panic;
mod runtime;
mod task;

use std::sync::Arc;

pub use log::Level;
#[doc(hidden)]
pub use runtime::loaded;

use crate::abi::{Bytes, Host, MAGIC, MAJOR, MINOR, Outcome, Plugin};
use crate::driver::{Context, Driver};
use crate::message;
use object::DriverObject;
use task::{Answer, Failure, Reply};

/// Exports a driver, once in a crate: `export_driver!(MyDriver);`.
///
/// It makes `pub fn driver_plugin() -> &'static abi::Plugin` for servers that link the crate, and the function that
/// servers which load it as a library look for. The type implements [`Driver`].
#[macro_export]
macro_rules! export_driver {
    ($driver:ty) => {
        #[cfg(not(panic = "unwind"))]
        compile_error!(
            "a driver must be built with panic = \"unwind\": its panics are caught and reported"
        );

        /// The driver as servers see it.
        pub fn driver_plugin() -> &'static $crate::abi::Plugin {
            static PLUGIN: $crate::abi::Plugin = $crate::export::plugin::<$driver>();
            &PLUGIN
        }

        const _: () = {
            // The name holds the crate's, so that several drivers can be linked into one program.
            #[unsafe(export_name = concat!("quillback_driver_v1__", env!("CARGO_CRATE_NAME")))]
            extern "C" fn entry() -> *const $crate::abi::Plugin {
                $crate::export::loaded();
                driver_plugin()
            }
        };
    };
}

/// The table of a driver; use [`export_driver!`](crate::export_driver).
#[doc(hidden)]
pub const fn plugin<D: Driver>() -> Plugin {
    Plugin {
        magic: MAGIC,
        abi_major: MAJOR,
        abi_minor: MINOR,
        #[expect(clippy::cast_possible_truncation, reason = "the struct has 40 bytes")]
        size: size_of::<Plugin>() as u32,
        describe: describe::<D>,
        init: init::<D>,
        shutdown: runtime::shutdown,
    }
}

unsafe extern "C" fn describe<D: Driver>() -> Bytes {
    let described = panic::guard(|| {
        let mut info = D::info();
        info.api_version = env!("CARGO_PKG_VERSION").into();
        info.build = env!("QUILLBACK_BUILD").into();
        message::encode_json(&info)
    });
    match described {
        Ok(Ok(json)) => Bytes::from(json),
        Ok(Err(_)) | Err(_) => Bytes::EMPTY,
    }
}

unsafe extern "C" fn init<D: Driver>(host: *const Host, out: *mut Outcome) {
    let made = panic::guard(|| {
        // SAFETY: the server passes a struct that lives as long as the process.
        unsafe { runtime::set_host(host) };
        make::<D>()
    });
    let outcome = task::outcome(made.unwrap_or_else(|panicked| Err(Failure::Panic(panicked))));
    // SAFETY: the server passes a place for the outcome.
    unsafe { out.write(outcome) };
}

fn make<D: Driver>() -> Answer {
    let runtime = runtime::current_or_own()?;
    let _entered = runtime.enter();
    let driver = D::info().id;
    let made = D::new(Context { driver })?;
    Ok(Reply::object(Arc::new(DriverObject {
        driver: made,
        runtime: runtime.clone(),
    })))
}
