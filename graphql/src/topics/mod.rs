//! One file for each topic, with its queries, mutations and types.

pub(crate) mod access;
pub(crate) mod browse;
pub(crate) mod bulk;
pub(crate) mod changes;
pub(crate) mod connections;
pub(crate) mod entitlements;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod live;
pub(crate) mod options;
pub(crate) mod people;
pub(crate) mod preview;
pub(crate) mod rights;
pub(crate) mod rollback;
pub(crate) mod rows;
pub(crate) mod schemas;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod transfer;
pub(crate) mod view_as;
pub(crate) mod write;
