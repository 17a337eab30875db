//! Why a file is not loaded.

use std::path::PathBuf;
use std::time::Duration;

use quillback_plugin_api::DriverError;

/// Why a file is not loaded. Every text says what is wrong and, where it is not plain, what to do.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    /// Anyone may change the file or replace it.
    #[error(
        "any user of this machine can change {0}: remove the write permission of others (chmod o-w)"
    )]
    WorldWritable(PathBuf),
    /// The group may change the file or replace it, which enforced allow-lists exclude.
    #[error(
        "a group of users can change {0}: remove the write permission of the group (chmod g-w)"
    )]
    GroupWritable(PathBuf),
    /// The file belongs to somebody else.
    #[error("{path} belongs to user {owner}: it must belong to root or to the user of this server")]
    Owner {
        /// The file or folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The allow-list does not have the file.
    #[error(
        "the allow-list has no SHA-256 {sha256} for driver `{id}`: add it if you trust the file"
    )]
    NotAllowed {
        /// Identifier of the driver.
        id: String,
        /// Digest of the file.
        sha256: String,
    },
    /// The file is no library, or no whole one.
    #[error("it is not a library of this system: {0}")]
    Format(String),
    /// The library is for another machine.
    #[error("it is built for {found}, this server runs on {wanted}")]
    Machine {
        /// Machine of the file.
        found: String,
        /// Machine of the server.
        wanted: &'static str,
    },
    /// The library is cut off.
    #[error("it is cut off: copy it again, and install it with a rename")]
    Truncated,
    /// The library exports no driver.
    #[error("it exports no `quillback_driver_v1__..` function, so it is not a driver")]
    NoEntry,
    /// The library exports several drivers.
    #[error("it exports several drivers, {0} and {1}: a library holds one")]
    SeveralEntries(String, String),
    /// The driver speaks another major version of the interface.
    #[error("{0}")]
    Version(String),
    /// The system cannot load the library.
    #[error("it cannot be loaded: {0}")]
    Load(String),
    /// What the exported function answers with is not a driver.
    #[error("{0}")]
    Table(String),
    /// The driver failed to describe itself or to start.
    #[error("it does not start: {0}")]
    Start(#[source] DriverError),
    /// The driver takes too long.
    #[error("it did not answer within {} s when it was started", .0.as_secs_f32())]
    Timeout(Duration),
    /// The file has the name of another driver.
    #[error("it brings driver `{found}`, but its name says `{wanted}`: rename it")]
    Name {
        /// What it is.
        found: String,
        /// What its name says.
        wanted: String,
    },
    /// The driver is there already.
    #[error("driver `{id}` is already {by}")]
    Duplicate {
        /// Identifier of the driver.
        id: String,
        /// Who brings it.
        by: String,
    },
}
