//! The sizes and offsets of every struct of the boundary, asserted when this crate is compiled.
//!
//! The C header and its test are made from the same table.

use std::mem::offset_of;

use super::{
    Bytes, Future, Host, Object, ObjectVTable, Outcome, Plugin, Slice, Waker, WakerVTable,
};

/// Where the fields of a struct are, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Name of the struct.
    pub name: &'static str,
    /// Its size.
    pub size: usize,
    /// Its fields and their offsets.
    pub fields: &'static [(&'static str, usize)],
}

/// Size of a pointer.
const P: usize = size_of::<usize>();
const _: () = assert!(
    P == 8,
    "the plugin interface is defined for 64-bit machines"
);

macro_rules! layout {
    ($($name:ident[$size:expr] { $($field:ident @ $at:expr),+ $(,)? })+) => {
        $(
            const _: () = {
                assert!(size_of::<$name>() == $size);
                $(assert!(offset_of!($name, $field) == $at);)+
            };
        )+

        /// Every struct of the boundary.
        pub const LAYOUT: &[Layout] = &[
            $(Layout {
                name: stringify!($name),
                size: $size,
                fields: &[$((stringify!($field), $at)),+],
            }),+
        ];
    };
}

layout! {
    Slice[2 * P] { ptr @ 0, len @ P }
    Bytes[4 * P] { ptr @ 0, len @ P, cap @ 2 * P, free @ 3 * P }
    WakerVTable[4 * P] { clone @ 0, wake @ P, wake_by_ref @ 2 * P, drop @ 3 * P }
    Waker[P] { vtable @ 0 }
    Object[2 * P] { ptr @ 0, vtable @ P }
    ObjectVTable[8 + 2 * P] { size @ 0, kind @ 4, invoke @ 8, drop @ 8 + P }
    Future[3 * P] { state @ 0, poll @ P, drop @ 2 * P }
    Outcome[8 + 6 * P] { status @ 0, more @ 4, payload @ 8, object @ 8 + 4 * P }
    Host[16 + 2 * P] {
        size @ 0, abi_minor @ 4, worker_threads @ 6, log_level @ 8, reserved @ 12, context @ 16, log @ 16 + P,
    }
    Plugin[16 + 3 * P] {
        magic @ 0, abi_major @ 8, abi_minor @ 10, size @ 12, describe @ 16, init @ 16 + P, shutdown @ 16 + 2 * P,
    }
}
