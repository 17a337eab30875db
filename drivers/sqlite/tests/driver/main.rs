//! What the shared suite cannot ask of every database: the file, other programs beside, the engine's own limits.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod concurrency;
mod file;
mod foreign;
mod memory;
mod reads;
mod support;
mod tables;
mod writes;
