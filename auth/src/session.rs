//! Sessions: started by a sign-in method, checked on every request, ended by time, by their user or by an admin.

use std::sync::Arc;

use quillback_core::audit::events::{self, Subject};
use quillback_core::cx::{Cx, Principal};
use quillback_core::ids::{SessionId, UserId};
use quillback_core::permit;
use quillback_core::plugin_api::batch::Batch;
use quillback_core::plugin_api::civil::Timestamp;
use quillback_core::repo::commit;
use quillback_core::repo::sessions::{self, Identity, Session, TokenHash};
use quillback_core::repo::tokens::{self, Scope};
use quillback_core::{App, Error, Result};
use serde_json::json;

use crate::Auth;
use crate::token::{Presented, Token};

/// Seconds between two notes of when a session was used.
const NOTE_SECONDS: i64 = 60;

/// What kind of client signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The console in a browser.
    Console,
    /// The extension in a dashboard.
    Extension,
    /// Any other program.
    Program,
}

impl Client {
    fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Extension => "extension",
            Self::Program => "program",
        }
    }
}

/// A sign-in that succeeded.
#[derive(Debug)]
pub struct Signed {
    /// What the client sends from now on; it is stored nowhere.
    pub token: Token,
    /// When the session ends in any case.
    pub expires_at: Timestamp,
    /// Who it is.
    pub principal: Arc<Principal>,
}

/// Whom a sign-in method proved, and how.
pub struct Proof {
    /// Identifier of the method.
    pub method: &'static str,
    /// Who.
    pub user: UserId,
    /// The kind of client.
    pub client: Client,
}

/// Starts a session together with what else is in `batch`. Every session has a token of its own: one that was known
/// before the sign-in is worth nothing after it.
///
/// # Errors
/// `Unauthenticated` when the user was switched off meanwhile.
pub async fn start(
    cx: &Cx,
    app: &App,
    auth: &Auth,
    proof: Proof,
    mut batch: Batch,
) -> Result<Signed> {
    let token = Token::session(&*cx.surroundings.random);
    let now = cx.now();
    let session = Session {
        token: token.hash(),
        id: SessionId::from(cx.new_id()),
        user: proof.user,
        method: proof.method.into(),
        client: proof.client.as_str().into(),
        created_at: now,
        last_seen_at: now,
        expires_at: Timestamp {
            seconds: now.seconds + auth.options.session_seconds,
            ..now
        },
    };
    sessions::insert_session(&mut batch, &session);
    let subject = Subject {
        kind: "session",
        id: Some(session.id.as_str()),
    };
    let details = json!({ "method": session.method, "client": session.client });
    events::event_by(
        &mut batch,
        &cx.surroundings,
        Some(&session.user),
        "session.start",
        subject,
        details,
    )?;
    commit(&app.repo, &batch, "session").await?;
    let started = sessions::load(&app.repo, &session.token, now).await?;
    let (session, identity) = started.ok_or(Error::Unauthenticated)?;
    let principal = principal(identity, Some(session.id), Scope::Write)?;
    Ok(Signed {
        token,
        expires_at: session.expires_at,
        principal: Arc::new(principal),
    })
}

/// Who is behind a token of a session or of a program. What an admin takes away from the user is gone with the next
/// request: who it is is read each time, unless nothing was written since it was read last.
///
/// # Errors
/// `Unauthenticated` for every token that is not good, whatever is wrong with it.
pub async fn authenticate(cx: &Cx, app: &App, auth: &Auth, token: &str) -> Result<Arc<Principal>> {
    let (hash, known) = find(cx, app, auth, token).await?;
    known.note_use(cx, app, auth, &hash).await;
    Ok(known.principal)
}

/// As [`authenticate`], for what goes on by itself, such as a subscription: that is no use of a session which would keep
/// it from ending by idleness.
///
/// # Errors
/// As [`authenticate`].
pub async fn look(cx: &Cx, app: &App, auth: &Auth, token: &str) -> Result<Arc<Principal>> {
    Ok(find(cx, app, auth, token).await?.1.principal)
}

/// Who is behind a token, and until when.
#[derive(Clone)]
pub(crate) struct Known {
    principal: Arc<Principal>,
    kind: Kind,
    last_used_at: Option<Timestamp>,
    expires_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Session,
    Api,
}

async fn find(cx: &Cx, app: &App, auth: &Auth, token: &str) -> Result<(TokenHash, Known)> {
    let (kind, hash) = match Presented::parse(token).ok_or(Error::Unauthenticated)? {
        Presented::Session(hash) => (Kind::Session, hash),
        Presented::Api(hash) => (Kind::Api, hash),
    };
    let stamp = app.repo.stamp();
    let remembered = auth.callers.get(stamp, &hash);
    let remembered = remembered.filter(|known| !known.is_over(auth, cx.now()));
    if let Some(known) = remembered {
        return Ok((hash, known));
    }
    let known = kind.load(cx, app, &hash).await?;
    auth.callers.put(stamp, hash.clone(), known.clone());
    if known.is_over(auth, cx.now()) {
        return Err(Error::Unauthenticated);
    }
    Ok((hash, known))
}

impl Kind {
    async fn load(self, cx: &Cx, app: &App, hash: &TokenHash) -> Result<Known> {
        match self {
            Self::Session => {
                let found = sessions::load(&app.repo, hash, cx.now()).await?;
                let (session, identity) = found.ok_or(Error::Unauthenticated)?;
                Ok(Known {
                    principal: Arc::new(principal(identity, Some(session.id), Scope::Write)?),
                    kind: self,
                    last_used_at: Some(session.last_seen_at),
                    expires_at: session.expires_at,
                })
            }
            Self::Api => {
                let found = tokens::load(&app.repo, hash, cx.now()).await?;
                let (token, identity) = found.ok_or(Error::Unauthenticated)?;
                let mut principal = principal(identity, None, token.scope)?;
                principal.only_schemas = token.schemas;
                Ok(Known {
                    principal: Arc::new(principal),
                    kind: self,
                    last_used_at: token.last_used_at,
                    expires_at: token.expires_at,
                })
            }
        }
    }
}

impl Known {
    fn is_over(&self, auth: &Auth, now: Timestamp) -> bool {
        let is_idle = |last| is_idle(auth, last, now);
        now >= self.expires_at
            || (self.kind == Kind::Session && self.last_used_at.is_some_and(is_idle))
    }

    /// Writes down when it was used, once in a while. A request does not fail for it.
    async fn note_use(&self, cx: &Cx, app: &App, auth: &Auth, hash: &TokenHash) {
        let now = cx.now();
        let is_fresh = |last: Timestamp| now.seconds - last.seconds < NOTE_SECONDS;
        if self.last_used_at.is_some_and(is_fresh) {
            return;
        }
        let mut batch = Batch::default();
        match self.kind {
            Kind::Session => sessions::update_last_seen(&mut batch, hash, now),
            Kind::Api => tokens::update_last_used(&mut batch, hash, now),
        }
        if let Err(error) = commit(&app.repo, &batch, "session").await {
            tracing::warn!(%error, "the last use of a session could not be noted");
        }
        auth.callers.forget(hash);
    }
}

/// Ends the caller's session.
///
/// # Errors
/// `Unauthenticated` without a session.
pub async fn sign_out(cx: &Cx, app: &App) -> Result<()> {
    let principal = cx.principal()?;
    let session = principal.session.as_ref().ok_or(Error::Unauthenticated)?;
    end(cx, app, &principal.user, Some(session)).await
}

/// Ends one session of the caller, or of another user for an admin.
///
/// # Errors
/// `Denied`. A session that has ended already is no error.
pub async fn revoke_session(cx: &Cx, app: &App, user: &UserId, session: &SessionId) -> Result<()> {
    own_or_admin(cx, user)?;
    end(cx, app, user, Some(session)).await
}

/// Ends all sessions of the caller, this one included, or of another user for an admin.
///
/// # Errors
/// `Denied`.
pub async fn revoke_all(cx: &Cx, app: &App, user: &UserId) -> Result<()> {
    own_or_admin(cx, user)?;
    end(cx, app, user, None).await
}

/// The sessions of the caller, or of another user for an admin, the one used last first.
///
/// # Errors
/// `Denied`.
pub async fn list_sessions(cx: &Cx, app: &App, auth: &Auth, user: &UserId) -> Result<Vec<Session>> {
    own_or_admin(cx, user)?;
    let now = cx.now();
    let mut sessions = sessions::list_sessions(&app.repo, user, now).await?;
    sessions.retain(|session| !is_idle(auth, session.last_seen_at, now));
    Ok(sessions)
}

async fn end(cx: &Cx, app: &App, user: &UserId, session: Option<&SessionId>) -> Result<()> {
    let mut batch = Batch::default();
    match session {
        Some(session) => sessions::delete_session(&mut batch, user, session),
        None => sessions::delete_sessions(&mut batch, user, None),
    }
    let which = session.map(SessionId::as_str);
    events::event(
        &mut batch,
        cx,
        "session.end",
        "session",
        which,
        json!({ "user": user, "all": which.is_none() }),
    )?;
    commit(&app.repo, &batch, "session").await?;
    app.feed.look();
    Ok(())
}

fn own_or_admin(cx: &Cx, user: &UserId) -> Result<()> {
    let principal = permit::signed_in(cx)?;
    // An API token acts for its user in the data, not on the user's sign-ins; a claim of a name does not at all.
    if principal.user == *user && principal.session.is_some() && principal.verified {
        return Ok(());
    }
    permit::admin(cx).map(|_| ())
}

fn principal(identity: Identity, session: Option<SessionId>, scope: Scope) -> Result<Principal> {
    let Identity {
        user,
        roles,
        groups,
    } = identity;
    if !user.active {
        return Err(Error::Unauthenticated);
    }
    Ok(Principal {
        user: user.id,
        username: user.username,
        groups,
        roles,
        verified: true,
        session,
        must_change_password: user.must_change_password,
        read_only: scope == Scope::Read,
        only_schemas: None,
    })
}

fn is_idle(auth: &Auth, last_seen: Timestamp, now: Timestamp) -> bool {
    now.seconds - last_seen.seconds >= auth.options.idle_seconds
}
