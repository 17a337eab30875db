//! What a case is: a name, what it needs of the database, and a function.

use std::future::Future;
use std::pin::Pin;

use anyhow::Result;
use quillback_plugin_api::abi::Plugin;
use quillback_plugin_api::capabilities::{Capabilities, GeneratedKeys};
use quillback_plugin_api::remote::RemoteDriver;
use serde_json::Value as Json;

use crate::Target;
use crate::lab::Lab;
use crate::samples::Sample;

/// One case of the suite.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// Name without topic; a sentence.
    pub(crate) name: &'static str,
    /// Capabilities without which the case is skipped.
    pub(crate) needs: &'static [Need],
    /// What to run.
    pub(crate) run: Run,
}

/// The function of a case, by what it works on.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Works without a database.
    Bare(for<'a> fn(&'a Bare) -> Running<'a>),
    /// Works on a database.
    Live(for<'a> fn(&'a Lab) -> Running<'a>),
    /// Takes the values of one column type through a database.
    Column(&'static Sample),
    /// Takes many rows of a type of column through a database.
    Rows(&'static Sample),
}

/// A case under way.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A driver without a connection.
pub(crate) struct Bare {
    /// The driver, linked or loaded.
    pub(crate) driver: RemoteDriver,
    /// The plugin table of the linked driver.
    pub(crate) plugin: &'static Plugin,
    /// What the driver says about itself in its test.
    pub(crate) target: Target,
    /// Options of a database, if there is one.
    pub(crate) options: Option<Json>,
}

/// A capability that a case needs.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    /// Name of the capability.
    pub(crate) name: &'static str,
    /// Whether it is claimed.
    pub(crate) holds: fn(&Capabilities) -> bool,
}

macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $holds:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: Need = Need { name: $text, holds: $holds };)*
    };
}

needs! {
    /// Several statements take effect together.
    TRANSACTIONS: "transactions", |c| c.transactions;
    /// Writes report the rows they found.
    ROW_COUNTS: "row_counts", |c| c.row_counts;
    /// Rows can be locked.
    ROW_LOCKS: "row_locks", |c| c.row_locks;
    /// Serializable isolation.
    SERIALIZABLE: "serializable", |c| c.serializable;
    /// Keys are enforced.
    KEYS: "enforced_keys", |c| c.enforced_keys;
    /// Foreign keys are enforced.
    FOREIGN_KEYS: "foreign_keys", |c| c.foreign_keys;
    /// A generated key comes back.
    GENERATED_KEY: "generated_keys", |c| c.generated_keys != GeneratedKeys::No;
    /// The row inserted last can be found.
    LAST_KEY: "last_key", |c| c.last_key;
    /// Any columns of any rows added come back.
    RETURNING: "generated_keys of all rows", |c| c.generated_keys == GeneratedKeys::AllRows;
    /// Results come in pieces.
    STREAMING: "streaming", |c| c.streaming;
    /// Dropped calls stop on the server.
    CANCEL: "cancel", |c| c.cancel;
    /// Schemas between database and table.
    SCHEMAS: "schemas", |c| c.schemas;
    /// A limit on parameters.
    PARAMETER_LIMIT: "max_params", |c| c.max_params > 0;
    /// A limit on names.
    NAME_LIMIT: "max_identifier", |c| c.max_identifier > 0;
    /// Columns can be added.
    ADD_COLUMN: "ddl.add_column", |c| c.ddl.add_column;
    /// Columns can be removed.
    DROP_COLUMN: "ddl.drop_column", |c| c.ddl.drop_column;
    /// Columns can be renamed.
    RENAME_COLUMN: "ddl.rename_column", |c| c.ddl.rename_column;
    /// Columns can be changed.
    ALTER_COLUMN: "ddl.alter_column", |c| c.ddl.alter_column;
    /// Indexes can be made.
    CREATE_INDEX: "ddl.create_index", |c| c.ddl.create_index;
}

/// A case on a database: `live!(function)` or `live!(function, NEED, ..)`.
macro_rules! live {
    ($run:ident $(, $need:expr)*) => {
        $crate::case::Case {
            name: stringify!($run),
            needs: &[$($need),*],
            run: $crate::case::Run::Live(|lab| Box::pin($run(lab))),
        }
    };
}

/// A case without a database: `bare!(function)`.
macro_rules! bare {
    ($run:ident) => {
        $crate::case::Case {
            name: stringify!($run),
            needs: &[],
            run: $crate::case::Run::Bare(|driver| Box::pin($run(driver))),
        }
    };
}

pub(crate) use {bare, live};
