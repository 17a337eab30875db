//! `quillback user`: accounts, for when nobody can sign in.
//!
//! Whoever can run this has the key file and the repository in any case, so it asks for no right. The audit trail names
//! no user for what is done here.

use std::{
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, anyhow, bail};
use clap::Subcommand;
use quillback_auth::{AuthError, methods::password};
use quillback_core::{
    Cx,
    admin::people::users::UserDraft,
    bootstrap,
    cx::{Principal, Role},
    ids::UserId,
    repo::people,
};

use super::Settings;
use crate::{
    config::SecretText,
    wire::{Parts, Use, own_request},
};

/// Largest password file in bytes.
const LARGEST_FILE: u64 = 4096;
/// Users that are read at once.
const PAGE: u64 = 200;
/// Stands for the operator where a user id is asked for; it is nobody's.
const OPERATOR: &str = "00000000-0000-0000-0000-000000000000";

/// What to do with accounts. All of it can be done while the server runs.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Command {
    /// Create a user and print a generated password, which must be changed at the first sign-in.
    Create {
        /// Name to sign in with.
        name: String,
        /// Give the user all rights of an administrator.
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// List the users with their state and roles.
    List,
    /// Set a new password, print it, and end all sessions of the user.
    ResetPassword {
        /// Name to sign in with.
        name: String,
        /// Also switch the user on and make them an administrator, for when there is none any more.
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        password: PasswordSource,
    },
}

/// Where a new password comes from; never the command line itself, which other users of the machine can read.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct PasswordSource {
    /// File that holds the password, `-` for standard input [default: generate one and print it].
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub(super) fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let ground = super::ground(settings)?;
    let text = super::with_parts(&ground, Use::Visiting, async |parts| match command {
        Command::Create {
            name,
            admin,
            password,
        } => create(parts, name, admin, &password).await,
        Command::List => list(parts).await,
        Command::ResetPassword {
            name,
            admin,
            password,
        } => reset(parts, &name, admin, &password).await,
    })?;
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

async fn create(
    parts: &Parts,
    name: String,
    is_admin: bool,
    source: &PasswordSource,
) -> anyhow::Result<String> {
    let new = source.password(parts)?;
    let draft = UserDraft {
        username: name,
        roles: if is_admin {
            vec![Role::Admin]
        } else {
            Vec::new()
        },
        ..UserDraft::default()
    };
    let cx = operator(parts)?;
    let user = password::create_user(&cx, &parts.app, &parts.auth, draft, Some(new.text.expose()))
        .await
        .map_err(|error| for_people(&error))?;
    Ok(new.told(&format!("created {}", user.username)))
}

async fn reset(
    parts: &Parts,
    name: &str,
    is_admin: bool,
    source: &PasswordSource,
) -> anyhow::Result<String> {
    let user = people::find_user_by_name(&parts.app.repo, name).await?;
    let user =
        user.with_context(|| format!("there is no user `{name}`; see `quillback user list`"))?;
    let new = source.password(parts)?;
    let cx = operator(parts)?;
    password::set_password(&cx, &parts.app, &parts.auth, &user.id, new.text.expose())
        .await
        .map_err(|error| for_people(&error))?;
    if is_admin {
        let random = &*parts.app.surroundings.random;
        let hash = parts.auth.passwords.hash(random, new.text.expose()).await?;
        bootstrap::recover_administrator(&parts.app, &user.username, hash).await?;
    }
    Ok(new.told(&format!(
        "new password for {}; all sessions are ended",
        user.username
    )))
}

async fn list(parts: &Parts) -> anyhow::Result<String> {
    let repo = &parts.app.repo;
    let mut text = String::new();
    let mut after: Option<String> = None;
    loop {
        let users = people::list_users(repo, "", after.as_deref(), PAGE).await?;
        let ids: Vec<UserId> = users.iter().map(|user| user.id.clone()).collect();
        let roles = people::list_roles(repo, &ids).await?;
        for user in &users {
            let own = roles.iter().filter(|(id, _)| *id == user.id);
            let own: Vec<_> = own.map(|(_, role)| role.as_str()).collect();
            let state = match (user.active, user.must_change_password) {
                (false, _) => "switched off",
                (true, true) => "must change password",
                (true, false) => "active",
            };
            let _ = writeln!(
                text,
                "{:<24}  {state:<20}  {}",
                user.username,
                own.join(", ")
            );
        }
        match users.last() {
            Some(last) if users.len() as u64 == PAGE => after = Some(last.username.clone()),
            _ => return Ok(text),
        }
    }
}

struct NewPassword {
    text: SecretText,
    is_generated: bool,
}

impl NewPassword {
    /// A generated password is told, one from a file is known already.
    fn told(&self, done: &str) -> String {
        if self.is_generated {
            format!("{done}\npassword: {}\n", self.text.expose())
        } else {
            format!("{done}\n")
        }
    }
}

impl PasswordSource {
    fn password(&self, parts: &Parts) -> anyhow::Result<NewPassword> {
        let Some(file) = &self.password_file else {
            let secret = bootstrap::generate_secret(&*parts.app.surroundings.random);
            return Ok(NewPassword {
                text: SecretText::new(secret.as_str()),
                is_generated: true,
            });
        };
        Ok(NewPassword {
            text: read(file)?,
            is_generated: false,
        })
    }
}

fn read(file: &Path) -> anyhow::Result<SecretText> {
    let shown = file.display();
    let mut text = zeroize::Zeroizing::new(String::new());
    let read = if file.as_os_str() == "-" {
        io::stdin().take(LARGEST_FILE).read_to_string(&mut text)
    } else {
        let opened = std::fs::File::open(file);
        opened.and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read the password from {shown}"))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("there is no password in {shown}");
    }
    Ok(SecretText::new(password))
}

/// A request of the operator, who may do everything.
fn operator(parts: &Parts) -> anyhow::Result<Cx> {
    let principal = Principal {
        user: UserId::parse(OPERATOR)?,
        username: "operator".to_owned(),
        groups: Vec::new(),
        roles: vec![Role::Admin],
        verified: true,
        session: None,
        must_change_password: false,
        read_only: false,
        only_schemas: None,
    };
    Ok(Cx {
        principal: Some(Arc::new(principal)),
        ..own_request(&parts.app.surroundings, "command line")
    })
}

fn for_people(error: &AuthError) -> anyhow::Error {
    anyhow!("{}", error.public_message())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_thing_in_its_file_without_the_line_ending() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("password");
        std::fs::write(&file, "correct horse \r\n").unwrap();
        assert_eq!(read(&file).unwrap().expose(), "correct horse ");
        std::fs::write(&file, "\n").unwrap();
        assert!(read(&file).is_err());
        assert!(read(&home.path().join("none")).is_err());
    }
}
