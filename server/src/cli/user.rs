//! `quillback user`: the arguments of the commands for accounts, for when nobody can sign in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What to do with accounts.
#[derive(Debug, Clone, Subcommand)]
pub enum UserCommand {
    /// Create a user and print a generated password, or take one from a file.
    Create {
        /// Name to sign in with.
        name: String,
        /// Give the user all rights of an administrator.
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List the users with their state and last sign-in.
    List,
    /// Set a new password and end all sessions of the user.
    ResetPassword {
        /// Name to sign in with.
        name: String,
        #[command(flatten)]
        password: PasswordSource,
    },
}

/// Where a new password comes from; never the command line itself, which other users of the machine can read.
#[derive(Debug, Clone, Default, Args)]
pub struct PasswordSource {
    /// File that holds the password, `-` for standard input [default: generate one and print it].
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
