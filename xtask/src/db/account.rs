//! The operating-system account a server runs under: database servers refuse to run as root.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;

/// The user and group a server process gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    ids: Option<(u32, u32)>,
}

impl Account {
    /// The named account when we are root, else the account we already run under.
    ///
    /// # Errors
    /// When root asks for an account that the machine does not have.
    pub(crate) fn find(name: &str) -> Result<Self> {
        if !is_root()? {
            return Ok(Self { ids: None });
        }
        let id = |kind: &str| -> Result<u32> {
            process::capture(Command::new("id").args([kind, name]))?
                .trim()
                .parse()
                .with_context(|| format!("`id {kind} {name}` did not print a number"))
        };
        Ok(Self {
            ids: Some((id("-u")?, id("-g")?)),
        })
    }

    /// Makes a command run under this account.
    pub(crate) fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        #[cfg(unix)]
        if let Some((user, group)) = self.ids {
            use std::os::unix::process::CommandExt as _;
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes a new folder that belongs to this account and nobody else can read.
    ///
    /// # Errors
    /// When the folder cannot be made or given away.
    pub(crate) fn folder(&self, path: &Path) -> Result<()> {
        std::fs::create_dir(path).with_context(|| format!("cannot make {}", path.display()))?;
        self.own(path, 0o700)
    }

    /// Gives a file or folder to this account with the given permission bits.
    ///
    /// # Errors
    /// When the file system refuses.
    pub(crate) fn own(&self, path: &Path, mode: u32) -> Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
            if let Some((user, group)) = self.ids {
                std::os::unix::fs::chown(path, Some(user), Some(group))?;
            }
        }
        #[cfg(not(unix))]
        let _ = (path, mode);
        Ok(())
    }
}

/// Whether this process runs as root.
///
/// # Errors
/// When the user id cannot be found out.
pub(crate) fn is_root() -> Result<bool> {
    Ok(process::capture(Command::new("id").arg("-u"))?.trim() == "0")
}
