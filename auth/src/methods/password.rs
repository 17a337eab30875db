//! Signing in with user name and password, and changing passwords.

use std::fmt;
use std::net::IpAddr;

use quillback_core::admin::people::users::{self, UserDraft};
use quillback_core::audit::events::{self, Subject};
use quillback_core::ids::UserId;
use quillback_core::plugin_api::batch::Batch;
use quillback_core::repo::commit;
use quillback_core::repo::people::{self, User};
use quillback_core::{App, Cx, Error, permit};
use serde_json::json;

use crate::error::Reason;
use crate::passwords::Verdict;
use crate::session::{self, Client, Proof, Signed};
use crate::throttle::Attempt;
use crate::{Auth, AuthError, policy};

const METHOD: &str = "password";

/// What a client sends to sign in.
#[derive(Clone)]
pub struct SignIn {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// The kind of client.
    pub client: Client,
    /// The address it comes from, as far as the server trusts what proxies say.
    pub ip: IpAddr,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("client", &self.client)
            .field("ip", &self.ip)
            .finish_non_exhaustive()
    }
}

/// Signs somebody in. Unknown users, users who are switched off and wrong passwords get the same answer after the same
/// work.
///
/// # Errors
/// `Credentials`, `Throttled`, and `Busy` when too many passwords are being checked.
pub async fn sign_in(
    cx: &Cx,
    app: &App,
    auth: &Auth,
    command: SignIn,
) -> Result<Signed, AuthError> {
    let SignIn {
        username,
        password,
        client,
        ip,
    } = command;
    let attempt = Attempt::count(cx, app, &auth.options, &username, ip).await?;
    let user = people::find_user_by_name(&app.repo, &username).await?;
    let (user, verdict) = match prove(auth, user, &password).await? {
        Ok(proven) => proven,
        Err((user, reason)) => return refuse(cx, app, user.as_ref(), reason, ip).await,
    };
    let mut batch = Batch::default();
    attempt.forgive(&mut batch);
    if verdict == Verdict::RightButOld {
        let hash = auth
            .passwords
            .hash(&*cx.surroundings.random, &password)
            .await?;
        people::update_hash(&mut batch, &user, &hash);
    }
    let proof = Proof {
        method: METHOD,
        user: user.id,
        client,
    };
    Ok(session::start(cx, app, auth, proof, batch).await?)
}

type Proven = Result<(User, Verdict), (Option<User>, Reason)>;

async fn prove(auth: &Auth, user: Option<User>, password: &str) -> Result<Proven, AuthError> {
    let hash = user
        .as_ref()
        .filter(|user| user.active)
        .and_then(|user| user.password.as_ref());
    let verdict = auth.passwords.verify(hash, password).await?;
    Ok(match user {
        None => Err((None, Reason::UnknownUser)),
        Some(user) if !user.active => Err((Some(user), Reason::Inactive)),
        Some(user) if user.password.is_none() => Err((Some(user), Reason::NoPassword)),
        Some(user) if verdict == Verdict::Wrong => Err((Some(user), Reason::WrongPassword)),
        Some(user) => Ok((user, verdict)),
    })
}

/// Writes the refusal down. The name that was sent is left out: people type passwords into the wrong field.
async fn refuse<T>(
    cx: &Cx,
    app: &App,
    user: Option<&User>,
    reason: Reason,
    ip: IpAddr,
) -> Result<T, AuthError> {
    let mut batch = Batch::default();
    let id = user.map(|user| &user.id);
    let subject = Subject {
        kind: "user",
        id: id.map(UserId::as_str),
    };
    let details = json!({ "method": METHOD, "reason": reason.to_string(), "address": ip });
    events::event_by(
        &mut batch,
        &cx.surroundings,
        None,
        "session.refuse",
        subject,
        details,
    )?;
    commit(&app.repo, &batch, "session").await?;
    Err(AuthError::Credentials(reason))
}

/// What a client sends to change its own password.
#[derive(Clone)]
pub struct PasswordChange {
    /// The password until now.
    pub current: String,
    /// The password from now on.
    pub new: String,
    /// The address it comes from.
    pub ip: IpAddr,
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange")
            .field("ip", &self.ip)
            .finish_non_exhaustive()
    }
}

/// Changes the caller's password and ends all their other sessions.
///
/// # Errors
/// `Credentials` when the current password is wrong, `Throttled`; `Invalid` for a new one that is easy to guess, or the
/// same.
pub async fn change_password(
    cx: &Cx,
    app: &App,
    auth: &Auth,
    change: PasswordChange,
) -> Result<(), AuthError> {
    let principal = cx.principal()?;
    policy::check("newPassword", &change.new, &principal.username)?;
    let attempt = Attempt::count(cx, app, &auth.options, &principal.username, change.ip).await?;
    let user = people::get_user(&app.repo, &principal.user).await?;
    if auth
        .passwords
        .verify(user.password.as_ref(), &change.current)
        .await?
        == Verdict::Wrong
    {
        return refuse(cx, app, Some(&user), Reason::WrongPassword, change.ip).await;
    }
    if auth
        .passwords
        .verify(user.password.as_ref(), &change.new)
        .await?
        != Verdict::Wrong
    {
        let message = "Choose another password than the one until now.";
        return Err(Error::invalid("newPassword", "SAME", message).into());
    }
    let hash = auth
        .passwords
        .hash(&*cx.surroundings.random, &change.new)
        .await?;
    users::change_own_password(cx, app, hash).await?;
    let mut batch = Batch::default();
    attempt.forgive(&mut batch);
    commit(&app.repo, &batch, "password").await?;
    Ok(())
}

/// Gives another user a password that they must change at the next sign-in, and ends all their sessions.
///
/// # Errors
/// `Denied`, `Invalid`, `NotFound`, `Stale`, `Busy`.
pub async fn set_password(
    cx: &Cx,
    app: &App,
    auth: &Auth,
    user: &UserId,
    password: &str,
) -> Result<User, AuthError> {
    // Before the work of hashing.
    let known = permit::manage_users(cx)?.user(app, user).await?;
    policy::check("password", password, &known.user.username)?;
    let hash = auth
        .passwords
        .hash(&*cx.surroundings.random, password)
        .await?;
    Ok(users::set_password(cx, app, user, hash).await?)
}

/// Adds a user, with a password where one is given.
///
/// # Errors
/// As [`users::create`] and [`set_password`].
pub async fn create_user(
    cx: &Cx,
    app: &App,
    auth: &Auth,
    draft: UserDraft,
    password: Option<&str>,
) -> Result<User, AuthError> {
    permit::manage_users(cx)?;
    let mut hash = None;
    if let Some(password) = password {
        policy::check("password", password, &draft.username)?;
        hash = Some(
            auth.passwords
                .hash(&*cx.surroundings.random, password)
                .await?,
        );
    }
    Ok(users::create(cx, app, draft, hash).await?)
}
