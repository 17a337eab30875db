//! What the shared suite cannot ask of every database: group commit, the file, the engine's own limits.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;
mod writes;
