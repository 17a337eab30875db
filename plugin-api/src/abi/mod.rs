//! The C-compatible boundary between the server and a driver: a few structs, opaque objects, and bytes.
//!
//! A driver exports one function, `quillback_driver_v1__<crate>`, that answers with a [`Plugin`]. Everything else is an
//! [`Object`] with one entry, `invoke(object, op, flags, request)`, that answers with a [`Future`]; what it comes to is
//! an [`Outcome`]. What the bytes of requests and answers mean is in [`crate::message`].
//!
//! The contract, for both sides:
//! - No function unwinds, and none blocks.
//! - Objects are used from any thread, by several calls at once. A future is polled by one thread at a time.
//! - A future holds what it needs: the order in which futures and objects are dropped does not matter.
//! - A future is dropped exactly once; when it is not ready yet, that cancels the call.
//! - A request is borrowed until `invoke` returns. What a side allocated, that side frees.
//! - Version 1 never changes a struct but by appending; a reader looks at `size` before it reads past version 1.0, and
//!   a writer never writes past the other side's size. Struct sizes without a `size` field are frozen.
#![expect(
    unsafe_code,
    reason = "this is the C interface: pointers of the other side are read here and wrapped for the rest"
)]

mod layout;
mod owned;
mod waker;

use std::ffi::c_void;

pub use layout::{LAYOUT, Layout};
pub use owned::{Bytes, Slice};
pub(crate) use waker::{HostWaker, borrow_waker};
pub use waker::{Waker, WakerVTable};

/// The first bytes of every [`Plugin`].
pub const MAGIC: u64 = u64::from_le_bytes(*b"Quillbk\x01");
/// Version that both sides must share; it is part of the exported name too.
pub const MAJOR: u16 = 1;
/// Version that counts additions.
pub const MINOR: u16 = 0;
/// What the name of the exported function starts with; the number of the major version follows.
pub const SYMBOL_PREFIX: &str = "quillback_driver_v";

/// What an object is.
pub mod kind {
    /// A driver: answers [`super::op::OPEN`].
    pub const DRIVER: u32 = 1;
    /// A connection: answers everything but `OPEN` and `NEXT`.
    pub const INSTANCE: u32 = 2;
    /// A result read in pieces: answers [`super::op::NEXT`].
    pub const STREAM: u32 = 3;
}

/// What can be asked of an object. An object that does not know a number answers [`status::UNSUPPORTED`].
pub mod op {
    /// Options (JSON) to a connection (object).
    pub const OPEN: u32 = 1;
    /// Nothing to a `ServerInfo` (JSON).
    pub const PING: u32 = 2;
    /// An `Introspect` (JSON) to a `Catalog` (JSON).
    pub const INTROSPECT: u32 = 3;
    /// A `Batch` to a `BatchOutcome`.
    pub const APPLY: u32 = 4;
    /// A `Select` to headings and a stream (object).
    pub const STREAM: u32 = 5;
    /// Nothing to a piece of the result; `more` tells whether there may be another.
    pub const NEXT: u32 = 6;
    /// Changes of tables (JSON) to nothing.
    pub const DEFINE: u32 = 7;
    /// A `Batch` to rendered statements.
    pub const RENDER: u32 = 8;
    /// Changes of tables (JSON) to a list of texts (JSON).
    pub const RENDER_DDL: u32 = 9;
    /// Nothing to nothing.
    pub const CLOSE: u32 = 10;
}

/// How a call is to be run.
pub mod flag {
    /// On a thread of the driver instead of the thread that polls, because the driver may block.
    pub const ISOLATE: u32 = 1;
}

/// What a call came to.
pub mod status {
    /// It succeeded.
    pub const OK: u32 = 0;
    /// It failed; the payload is a `DriverError` (JSON).
    pub const ERROR: u32 = 1;
    /// The object does not know the operation.
    pub const UNSUPPORTED: u32 = 2;
    /// The driver panicked; the payload is a `DriverError` (JSON).
    pub const PANIC: u32 = 3;
}

/// Answers of `Future::poll`.
pub mod poll {
    /// Not yet; the waker will be woken.
    pub const PENDING: u32 = 0;
    /// The outcome was written.
    pub const READY: u32 = 1;
}

/// Levels of [`Host::log`].
pub mod level {
    /// Something is wrong.
    pub const ERROR: u32 = 1;
    /// Something is odd.
    pub const WARN: u32 = 2;
    /// Something of note happened.
    pub const INFO: u32 = 3;
    /// For who looks for a fault.
    pub const DEBUG: u32 = 4;
}

/// An opaque thing of the driver's, owned; dropping it drops the thing.
#[repr(C)]
#[derive(Debug)]
pub struct Object {
    pub(crate) ptr: *mut c_void,
    pub(crate) vtable: *const ObjectVTable,
}

/// What can be done with an [`Object`].
#[repr(C)]
#[derive(Debug)]
pub struct ObjectVTable {
    /// Bytes of this struct.
    pub size: u32,
    /// One of [`kind`].
    pub kind: u32,
    /// Starts a call.
    pub invoke: unsafe extern "C" fn(*mut c_void, op: u32, flags: u32, request: Slice) -> Future,
    /// Drops the object.
    pub drop: unsafe extern "C" fn(*mut c_void),
}

/// A call under way, owned; dropping it cancels the call.
#[repr(C)]
#[derive(Debug)]
pub struct Future {
    pub(crate) state: *mut c_void,
    pub(crate) poll: unsafe extern "C" fn(*mut c_void, *const Waker, out: *mut Outcome) -> u32,
    pub(crate) drop: unsafe extern "C" fn(*mut c_void),
}

/// What a call came to.
#[repr(C)]
#[derive(Debug)]
pub struct Outcome {
    /// One of [`status`].
    pub status: u32,
    /// Whether there may be another piece.
    pub more: u32,
    /// The answer.
    pub payload: Bytes,
    /// The object that was made, if any.
    pub object: Object,
}

/// What the server offers a driver. It lives as long as the process.
#[repr(C)]
#[derive(Debug)]
pub struct Host {
    /// Bytes of this struct.
    pub size: u32,
    /// Minor version of the server's side.
    pub abi_minor: u16,
    /// Threads of the driver's own runtime; 0 leaves it to the driver.
    pub worker_threads: u16,
    /// The most detailed of [`level`] that is of interest.
    pub log_level: u32,
    /// Zero.
    pub reserved: u32,
    /// First argument of `log`.
    pub context: *const c_void,
    /// Takes a line for the server's log: level, target, message.
    pub log: unsafe extern "C" fn(*const c_void, u32, Slice, Slice),
}

/// What a driver exports.
#[repr(C)]
#[derive(Debug)]
pub struct Plugin {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`MAJOR`].
    pub abi_major: u16,
    /// Minor version of the driver's side.
    pub abi_minor: u16,
    /// Bytes of this struct.
    pub size: u32,
    /// Answers with a `DriverInfo` (JSON), or nothing when the driver panicked.
    pub describe: unsafe extern "C" fn() -> Bytes,
    /// Makes the driver: an [`Object`] of [`kind::DRIVER`], or an error.
    pub init: unsafe extern "C" fn(*const Host, *mut Outcome),
    /// Ends the driver's own threads, waiting this many milliseconds at most. It may block.
    pub shutdown: unsafe extern "C" fn(timeout_ms: u32),
}

// SAFETY: both hold only constants, function pointers and a pointer that stays valid for the whole process.
unsafe impl Sync for Host {}
// SAFETY: as above.
unsafe impl Send for Host {}
// SAFETY: the contract says that objects are used from any thread, by several calls at once.
unsafe impl Send for Object {}
// SAFETY: as above.
unsafe impl Sync for Object {}
// SAFETY: the contract says that a future may be polled and dropped on any thread, one at a time.
unsafe impl Send for Future {}

impl Object {
    /// No object.
    pub const NONE: Self = Self {
        ptr: std::ptr::null_mut(),
        vtable: std::ptr::null(),
    };

    /// What can be done with it; `None` when there is no object, or it is too old to be used.
    pub fn vtable(&self) -> Option<&'static ObjectVTable> {
        // SAFETY: a pointer that is not null is a table of the driver's that lives as long as the process.
        let vtable = unsafe { self.vtable.as_ref()? };
        (!self.ptr.is_null() && vtable.size as usize >= size_of::<ObjectVTable>()).then_some(vtable)
    }

    /// Starts a call.
    pub fn invoke(&self, op: u32, flags: u32, request: &[u8]) -> Option<Future> {
        let vtable = self.vtable()?;
        // SAFETY: the pointer belongs to the table, and the request is borrowed for the call only.
        Some(unsafe { (vtable.invoke)(self.ptr, op, flags, Slice::from(request)) })
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if let Some(vtable) = self.vtable() {
            // SAFETY: the object is owned and this is the only time that it is dropped.
            unsafe { (vtable.drop)(self.ptr) };
        }
    }
}

impl Future {
    /// Polls once; `true` when `out` holds the outcome. Not to be called again then.
    pub(crate) fn poll(&mut self, waker: &HostWaker<'_>, out: &mut Outcome) -> bool {
        // SAFETY: the state belongs to the function, and `&mut self` keeps other threads away.
        unsafe { (self.poll)(self.state, waker.as_ptr(), out) != poll::PENDING }
    }
}

impl Drop for Future {
    fn drop(&mut self) {
        // SAFETY: the future is owned and this is the only time that it is dropped.
        unsafe { (self.drop)(self.state) };
    }
}

impl Outcome {
    /// Nothing yet: reads as a failure without an explanation.
    pub const NONE: Self = Self {
        status: status::ERROR,
        more: 0,
        payload: Bytes::EMPTY,
        object: Object::NONE,
    };
}
