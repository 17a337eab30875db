//! What can be wrong with a record of the books, in words for people and for programs.

use std::fmt;

use serde::{Serialize, Serializer};

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not as it was written, or was made up.
    Altered,
    /// It is missing.
    Removed,
    /// It is not among what its seal covers.
    Added,
    /// It has no keyed hash, though all records have one since the first seal.
    NoHash,
    /// It was written with a key that is not in the key file.
    UnknownKey(String),
    /// A seal does not follow the one before it.
    Unlinked,
    /// It names a seal that is not there: the end of the chain was cut off.
    NoSeal,
    /// It is a row of a change that is not there.
    NoChange,
    /// The seal that somebody kept is not in the chain: the end was cut off, or the books are those of another time.
    CutOff,
}

impl FaultKind {
    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Altered => "ALTERED",
            Self::Removed => "REMOVED",
            Self::Added => "ADDED",
            Self::NoHash => "NO_HASH",
            Self::UnknownKey(_) => "UNKNOWN_KEY",
            Self::Unlinked => "UNLINKED",
            Self::NoSeal => "NO_SEAL",
            Self::NoChange => "NO_CHANGE",
            Self::CutOff => "CUT_OFF",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altered => "is not as it was written",
            Self::Removed => "was removed",
            Self::Added => "was put in after the seal was made",
            Self::NoHash => "has no keyed hash, so this program did not write it",
            Self::UnknownKey(key) => {
                return write!(
                    f,
                    "was signed with the key `{key}`, which is not in the key file: put it back behind the first one"
                );
            }
            Self::Unlinked => "does not follow the seal before it",
            Self::NoSeal => "names a seal that is not there: the end of the chain was cut off",
            Self::NoChange => "belongs to a change that is not there",
            Self::CutOff => {
                "is not in the chain as you gave it: the end was cut off, or an older copy was put back"
            }
        })
    }
}

impl Serialize for FaultKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// A fault in the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// With what, such as `row 3 of change <id>`.
    pub record: String,
    /// The seal that covers it.
    pub seal: Option<i64>,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, record: String, seal: Option<i64>) -> Self {
        Self { kind, record, seal }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.record, self.kind)?;
        match self.seal {
            Some(seal) if self.record != format!("seal {seal}") => write!(f, " (seal {seal})"),
            _ => Ok(()),
        }
    }
}
