//! Users, groups, roles and API tokens.
//!
//! What keeps a user manager from becoming more than that: they reach only users and groups of their own groups (see
//! [`crate::permit::Within`]) and users of no group; only an admin changes an admin; nobody gives, takes or signs in with
//! a role or group that they do not have (so nobody sets the password of a user with more roles or other groups); nobody
//! but an admin changes their own name, roles and groups; and where row rules compare with the names of groups, nobody
//! but an admin names groups.

pub mod groups;
pub mod roles;
pub mod tokens;
pub mod users;

use quillback_plugin_api::batch::{Batch, Isolation};

use crate::app::App;
use crate::cx::{Principal, Role};
use crate::error::{Error, Problem, Result};
use crate::ids::UserId;
use crate::repo::people::{self, Person};
use crate::repo::{commit, is_duplicate};

const MAX_NAME: usize = 255;

/// A name without surrounding white space.
pub(crate) fn checked_name(path: &'static str, name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Error::invalid(path, "REQUIRED", "Give a name."));
    }
    checked_text(path, name, MAX_NAME)
}

fn checked_text(path: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(Error::invalid(
            path,
            "TOO_LONG",
            format!("Use at most {most} characters."),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(
            path,
            "CHARACTERS",
            "Leave out line breaks and other control characters.",
        ));
    }
    Ok(text.to_owned())
}

/// Nobody hands out, or gets hold of, a role that they do not have.
fn has_all(principal: &Principal, roles: &[Role], what: &'static str) -> Result<()> {
    if roles.iter().all(|role| principal.has(*role)) {
        Ok(())
    } else {
        Err(Error::Denied(what))
    }
}

/// Nobody gets hold of what another user may do and they themselves may not: by that user's password or name.
fn has_all_of(principal: &Principal, person: &Person, what: &'static str) -> Result<()> {
    has_all(principal, &person.roles, what)?;
    let own = principal.own_groups();
    if principal.is_admin() || person.groups.iter().all(|group| own.contains(group)) {
        Ok(())
    } else {
        Err(Error::Denied(what))
    }
}

/// Makes the batch hold only while an active admin other than `user` is left.
async fn keep_an_admin(app: &App, batch: &mut Batch, user: &UserId) -> Result<()> {
    let others = people::count_users(&app.repo, people::other_admins(user)).await?;
    if others == 0 {
        let message =
            "This is the last active administrator. Make another user an administrator first.";
        return Err(Error::InUse(message.into()));
    }
    // Two admins who remove each other at once would both count the other: serializable lets only one of them.
    batch.isolation = Isolation::Serializable;
    people::check_users(batch, people::other_admins(user), others);
    Ok(())
}

/// Commits; a name that exists is `Taken`, and whoever comes second is `Stale`.
async fn save(app: &App, batch: &Batch, what: &'static str, name_path: &'static str) -> Result<()> {
    match commit(&app.repo, batch, what).await {
        Ok(_) => {
            // Sessions and rights may be other ones now.
            app.feed.look();
            Ok(())
        }
        Err(error) if is_duplicate(&error) => {
            let message = format!("There is a {what} of this name already. Choose another one.");
            Err(Error::Taken(Problem::new(name_path, "TAKEN", message)))
        }
        Err(Error::Repository(error)) if error.is_retryable() => Err(Error::Stale(what)),
        Err(error) => Err(error),
    }
}
