//! What can go wrong in a use-case, by what the caller can do about it.

use quillback_plugin_api::{Category, DriverError};

use crate::keyring::KeyringError;

/// Result of a use-case.
pub type Result<T> = std::result::Result<T, Error>;

/// One fault in what the caller sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: names of input fields and positions, joined with dots, such as `changes.2.values.amount`.
    pub path: String,
    /// Stable code of the rule that was broken, such as `REQUIRED`.
    pub code: &'static str,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl Problem {
    /// A fault at `path`.
    pub fn new(path: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code,
            message: message.into(),
        }
    }
}

/// A use-case that did not succeed. `Display` is for logs; [`Error::public_message`] is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is wrong: fix it and send it again.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<Problem>),
    /// Nobody is signed in, or the session has ended.
    #[error("not signed in")]
    Unauthenticated,
    /// The user must set a new password before anything else.
    #[error("a new password is due")]
    PasswordDue,
    /// The user lacks the right.
    #[error("denied: {0}")]
    Denied(&'static str),
    /// There is no such thing, or the user may not see it.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// Someone else changed it meanwhile: load it again.
    #[error("{0} was changed meanwhile")]
    Stale(&'static str),
    /// It cannot go while something else needs it.
    #[error("in use: {0}")]
    InUse(String),
    /// The name is taken.
    #[error("taken: {0:?}")]
    Taken(Problem),
    /// The target database did not do it; nothing took effect.
    #[error("target database: {0}")]
    Target(DriverError),
    /// The target database never answered: the change may have taken effect, and is settled by the reconciler.
    #[error("outcome of change {0} is unknown")]
    OutcomeUnknown(String),
    /// Too much at once: try again later.
    #[error("busy: {0}")]
    Busy(&'static str),
    /// The repository could not be reached or used.
    #[error("repository: {0}")]
    Repository(DriverError),
    /// A sealed secret does not open with the keys at hand.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A fault of ours.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// One fault in the input.
    pub fn invalid(
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Problem::new(path, code, message)])
    }

    /// The code that clients rely on; never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "INVALID_INPUT",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PasswordDue => "PASSWORD_CHANGE_REQUIRED",
            Self::Denied(_) => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::Stale(_) => "STALE",
            Self::InUse(_) => "IN_USE",
            Self::Taken(_) => "ALREADY_EXISTS",
            Self::Target(error) => target_code(error.category),
            Self::OutcomeUnknown(_) => "OUTCOME_UNKNOWN",
            Self::Busy(_) => "BUSY",
            Self::Repository(_) => "REPOSITORY_UNAVAILABLE",
            Self::Keyring(_) | Self::Internal(_) => "INTERNAL",
        }
    }

    /// What the caller reads. Nothing of an inner error but what drivers declare free of values and secrets.
    pub fn public_message(&self) -> String {
        match self {
            Self::Invalid(problems) => match problems.as_slice() {
                [problem] => problem.message.clone(),
                problems => format!("The input has {} faults; see `problems`.", problems.len()),
            },
            Self::Unauthenticated => "Sign in first: there is no session, or it has ended.".into(),
            Self::PasswordDue => "Set a new password first.".into(),
            Self::Denied(what) => format!("You do not have the right to {what}."),
            Self::NotFound(what) => format!("There is no such {what}, or you may not see it."),
            Self::Stale(what) => {
                format!("This {what} was changed by someone else meanwhile. Load it again.")
            }
            Self::InUse(message) => message.clone(),
            Self::Taken(problem) => problem.message.clone(),
            Self::Target(error) => format!("The database answered: {error}"),
            Self::OutcomeUnknown(change) => format!(
                "The database did not answer in time, so it is not known whether change {change} took effect. \
                 Ask for the change later, or send it again with the same id: it is never applied twice."
            ),
            Self::Busy(message) => (*message).into(),
            Self::Repository(error) if error.category == Category::Resource => {
                "The disk of the server's own database is full, so nothing can be recorded and nothing was changed. \
                 Ask an operator to make room; then try again."
                    .into()
            }
            Self::Repository(_) => {
                "The server cannot use its own database at the moment. Try again later.".into()
            }
            Self::Keyring(_) | Self::Internal(_) => {
                "Something went wrong inside the server.".into()
            }
        }
    }

    /// The faults in the input, if that is what it is.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            Self::Taken(problem) => std::slice::from_ref(problem),
            _ => &[],
        }
    }

    /// Whether an operator has to look at it.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::Repository(_) | Self::Keyring(_) | Self::Internal(_) | Self::OutcomeUnknown(_)
        )
    }
}

fn target_code(category: Category) -> &'static str {
    match category {
        Category::Config => "CONNECTION_OPTIONS",
        Category::Connect => "CONNECTION_FAILED",
        Category::Auth => "CONNECTION_CREDENTIALS",
        Category::Permission => "DATABASE_PERMISSION",
        Category::NotFound => "DATABASE_OBJECT_MISSING",
        Category::AlreadyExists => "DATABASE_OBJECT_EXISTS",
        Category::Unique => "DUPLICATE_KEY",
        Category::ForeignKey => "FOREIGN_KEY",
        Category::NotNull => "REQUIRED_VALUE",
        Category::Check | Category::Constraint => "CONSTRAINT",
        Category::Conflict => "DATABASE_CONFLICT",
        Category::Timeout => "DATABASE_TIMEOUT",
        Category::Cancelled => "CANCELLED",
        Category::Unavailable => "DATABASE_UNAVAILABLE",
        Category::Unsupported => "UNSUPPORTED",
        Category::InvalidData => "INVALID_VALUE",
        Category::Resource => "DATABASE_RESOURCE",
        Category::Syntax | Category::Protocol | Category::Internal | Category::Other => {
            "DATABASE_ERROR"
        }
    }
}
