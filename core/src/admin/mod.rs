//! What people who manage Quillback do: connections, schemas, people, keys.

pub mod access;
pub mod connections;
pub mod entitlements;
pub mod keys;
pub mod people;
pub mod preview;
pub mod probe;
pub mod schemas;
