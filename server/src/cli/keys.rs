//! `quillback keys`: the arguments of the commands for the key that encrypts stored secrets.

use clap::Subcommand;

/// What to do with the keys that encrypt stored connection secrets.
#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// List the key ids and how many secrets each one protects; never the keys.
    List,
    /// Make a new key, encrypt all stored secrets with it and retire the old one.
    Rotate,
}
