//! What the shared suite cannot ask of every database: group commit, the file, the engine's own limits.

mod support;
mod writes;
