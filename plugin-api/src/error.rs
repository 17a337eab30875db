//! What went wrong in a driver, in database terms.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Kinds of failure that callers tell apart. A kind that a host does not know reads as `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The connection options are wrong.
    Config,
    /// The server cannot be reached.
    Connect,
    /// The server refused the credentials.
    Auth,
    /// The account lacks a right.
    Permission,
    /// A table, column or other object does not exist.
    NotFound,
    /// An object of that name exists already.
    AlreadyExists,
    /// The database did not understand the statement.
    Syntax,
    /// A constraint of no more exact kind was violated.
    Constraint,
    /// A key exists already.
    Unique,
    /// A row referred to does not exist, or a row is referred to.
    ForeignKey,
    /// A required value is missing.
    NotNull,
    /// A check constraint was violated.
    Check,
    /// Deadlock or serialization failure: the same batch may succeed when sent again.
    Conflict,
    /// The deadline passed. Whether a commit took effect is unknown when `outcome_unknown` is set.
    Timeout,
    /// The call was cancelled.
    Cancelled,
    /// The server is there but cannot serve now.
    Unavailable,
    /// The driver or the database cannot do this.
    Unsupported,
    /// A value does not fit its column: range, length, type or encoding.
    InvalidData,
    /// Disk, memory or quota is used up.
    Resource,
    /// Driver and server of Quillback do not understand each other.
    Protocol,
    /// A fault in the driver, a panic included.
    Internal,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// Where in the database a failure came from, as far as the database says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    /// SQLSTATE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sqlstate: Option<String>,
    /// The vendor's own number or code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_code: Option<String>,
    /// Name of the violated constraint or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// Name of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Name of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// A failure of a driver call. Messages never hold values of rows or credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverError {
    /// Kind of failure.
    pub category: Category,
    /// What happened, for people; the database's own words where they are free of values.
    pub message: String,
    /// Where in the database it came from.
    #[serde(default)]
    pub origin: Box<Origin>,
    /// Position in `Batch::steps` of the step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The connection broke; a pool must not use it again.
    #[serde(default)]
    pub connection_lost: bool,
    /// The commit was sent and its answer never came: the batch may have taken effect.
    #[serde(default)]
    pub outcome_unknown: bool,
}

impl DriverError {
    /// A failure of `category` described by `message`.
    pub fn new(category: Category, message: impl Into<String>) -> Self {
        Self {
            category,
            message: message.into(),
            origin: Box::default(),
            step: None,
            connection_lost: false,
            outcome_unknown: false,
        }
    }

    /// Adds where it came from.
    pub fn from_origin(mut self, origin: Origin) -> Self {
        *self.origin = origin;
        self
    }

    /// The driver or database cannot do `what`.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(Category::Unsupported, what)
    }

    /// Names the step that failed.
    pub fn at_step(mut self, step: usize) -> Self {
        self.step = u32::try_from(step).ok();
        self
    }

    /// Whether the very same batch may succeed when it is sent again.
    pub fn is_retryable(&self) -> bool {
        self.category == Category::Conflict && !self.outcome_unknown
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(code) = self
            .origin
            .sqlstate
            .as_ref()
            .or(self.origin.vendor_code.as_ref())
        {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl std::error::Error for DriverError {}

impl From<crate::codec::CodecError> for DriverError {
    fn from(error: crate::codec::CodecError) -> Self {
        Self::new(Category::Protocol, error.to_string())
    }
}
