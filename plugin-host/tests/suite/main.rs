//! Loading, refusing and calling drivers, with a driver that has no database.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod boundary;
mod odd;
mod refused;
