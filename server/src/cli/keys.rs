//! `quillback keys`: the keys that encrypt stored connection secrets.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Subcommand;
use quillback_core::{admin, keyring::Keyring, repo::connections};

use super::Settings;
use crate::wire::{Parts, Use, own_request, surroundings};

/// What to do with the keys that encrypt stored connection secrets.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// List the key ids and how many connections each one protects; never the keys.
    List,
    /// Make a new key and encrypt all stored secrets with it; the old keys stay in the file and only decrypt.
    ///
    /// Stop the server first, or restart it afterwards: it knows only the keys that it was started with.
    Rotate {
        /// Add no key: encrypt with the first key of the file, which somebody else put there.
        #[arg(long)]
        no_new_key: bool,
    },
    /// Print a new key file for `data.master_key`, without touching anything.
    Generate,
}

pub(super) fn run(command: &Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let text = match command {
        Command::Generate => Keyring::generate(&*surroundings()?.random).to_string(),
        Command::List => {
            let ground = super::ground(settings)?;
            super::with_parts(&ground, Use::Beside, list)?
        }
        Command::Rotate { no_new_key } => {
            let ground = super::ground(settings)?;
            let make_new = !no_new_key;
            super::with_parts(&ground, Use::Alone, async |parts| {
                rotate(parts, make_new).await
            })?
        }
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn list(parts: &mut Parts) -> anyhow::Result<String> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for connection in connections::list_connections(&parts.app.repo).await? {
        if let Some(id) = connection.secrets.as_deref().and_then(key_id) {
            *uses.entry(id.to_owned()).or_default() += 1;
        }
    }
    let keyring = &parts.app.keyring;
    let mut text = match parts.keys.path() {
        Some(path) => format!("keys in {}\n", path.display()),
        None => "keys of data.master_key\n".to_owned(),
    };
    for id in keyring.ids() {
        let role = if id == keyring.active_id() {
            "encrypts"
        } else {
            "decrypts only"
        };
        let count = uses.get(id).copied().unwrap_or_default();
        let _ = writeln!(text, "{id:<12}  {role:<13}  {count} connections");
    }
    Ok(text)
}

/// The id of the key that a secret is sealed with, as the second part of its text says.
fn key_id(sealed: &str) -> Option<&str> {
    sealed.split('.').nth(1)
}

async fn rotate(parts: &mut Parts, make_new: bool) -> anyhow::Result<String> {
    if make_new {
        // The file first: a secret must never be sealed with a key that is only in memory.
        parts.keys.add_key(&*parts.app.surroundings.random)?;
    }
    parts.app.use_keys(parts.keys.keyring()?);
    let cx = own_request(&parts.app.surroundings, "keys rotate");
    let rotation = admin::keys::rotate_all(&cx, &parts.app).await?;
    Ok(format!(
        "{} secrets are now encrypted with {}; {} were before.\n\
         Restart every server that uses this repository. Keep the old keys as long as a backup or the audit trail needs them: records stay signed with the key of their day.\n",
        rotation.rewrapped,
        parts.app.keyring.active_id(),
        rotation.unchanged
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_secret_is_found() {
        let random = surroundings().unwrap().random;
        let keyring = Keyring::parse(&Keyring::generate(&*random)).unwrap();
        let sealed = keyring.seal(&*random, "x", b"secret").unwrap();
        assert_eq!(key_id(&sealed), Some(keyring.active_id()));
    }
}
