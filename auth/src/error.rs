//! Why somebody was not signed in: all wrong credentials look alike outside.

use quillback_core::Error;

/// What was wrong with credentials. For the log alone: nobody outside may tell one from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no such user.
    #[error("unknown user")]
    UnknownUser,
    /// The user is switched off.
    #[error("user is switched off")]
    Inactive,
    /// The user has no password.
    #[error("user has no password")]
    NoPassword,
    /// The password is another one.
    #[error("wrong password")]
    WrongPassword,
}

/// A sign-in that did not succeed. `Display` is for logs; [`AuthError::public_message`] is for people.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The credentials are wrong.
    #[error("sign-in refused: {0}")]
    Credentials(Reason),
    /// There were too many failures: wait.
    #[error("sign-in refused: too many failures, wait {retry_after_seconds} s")]
    Throttled {
        /// Seconds until the next attempt counts.
        retry_after_seconds: i64,
    },
    /// Anything that can go wrong in a use-case.
    #[error(transparent)]
    Other(#[from] Error),
}

impl AuthError {
    /// The code that clients rely on; never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Credentials(_) => "WRONG_CREDENTIALS",
            Self::Throttled { .. } => "TOO_MANY_ATTEMPTS",
            Self::Other(error) => error.code(),
        }
    }

    /// What the caller reads.
    pub fn public_message(&self) -> String {
        match self {
            Self::Credentials(_) => "User name or password is wrong.".into(),
            Self::Throttled {
                retry_after_seconds,
            } => {
                format!("Too many attempts to sign in. Try again in {retry_after_seconds} seconds.")
            }
            Self::Other(error) => error.public_message(),
        }
    }
}
