//! `_sessions` and `_api_tokens`: who is signed in, known by the hash of a token that is stored nowhere.

use std::fmt::{self, Write as _};

use quillback_plugin_api::batch::{Batch, Expect, StepOutcome};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Expr};
use quillback_plugin_api::{Ident, Value};
use sha2::{Digest, Sha256};

use super::people::{self, User};
use super::{Record, Table, groups, is, read, records, select};
use crate::cx::{Group, Role};
use crate::error::Result;
use crate::ids::{SessionId, UserId};

const SESSIONS: Table = Table {
    name: "_sessions",
    columns: &[
        "token_hash",
        "id",
        "user_id",
        "method",
        "client",
        "created_at",
        "last_seen_at",
        "expires_at",
    ],
};

/// SHA-256 of a token, in hexadecimal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// The hash of a token. Tokens are random, so a fast hash is enough.
    pub fn of(token: &str) -> Self {
        Self::of_bytes(token.as_bytes())
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(bytes) {
            // Writing to a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The hash in hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(***)")
    }
}

/// A session as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Hash of its token.
    pub token: TokenHash,
    /// Identifier, to list and revoke it by.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// How the user signed in, such as `password`.
    pub method: String,
    /// What kind of client it is, such as `console` or `extension`.
    pub client: String,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
}

/// Everything about the user behind a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The user, active or not.
    pub user: User,
    /// Roles.
    pub roles: Vec<Role>,
    /// Groups in the order of their names, "everyone" included.
    pub groups: Vec<Group>,
}

fn session(record: &mut Record<'_>) -> Result<Session> {
    Ok(Session {
        token: TokenHash::stored(record.text()?),
        id: SessionId::stored(record.text()?),
        user: UserId::stored(record.text()?),
        method: record.text()?,
        client: record.text()?,
        created_at: record.moment()?,
        last_seen_at: record.moment()?,
        expires_at: record.moment()?,
    })
}

fn values(session: &Session) -> Vec<Value> {
    vec![
        session.token.as_str().into(),
        (&session.id).into(),
        (&session.user).into(),
        session.method.as_str().into(),
        session.client.as_str().into(),
        Value::Instant(session.created_at),
        Value::Instant(session.last_seen_at),
        Value::Instant(session.expires_at),
    ]
}

/// The session of a token with its user, in one exchange; `None` when there is none or it has expired.
pub async fn load(
    repo: &RemoteInstance,
    token: &TokenHash,
    now: Timestamp,
) -> Result<Option<(Session, Identity)>> {
    load_by(repo, &SESSIONS, token, now, session).await
}

/// The record of `table` by token hash, with the user whom its column `user_id` names, in one exchange.
pub(super) async fn load_by<T>(
    repo: &RemoteInstance,
    table: &Table,
    token: &TokenHash,
    now: Timestamp,
    read_record: impl Fn(&mut Record<'_>) -> Result<T>,
) -> Result<Option<(T, Identity)>> {
    let not_expired = Expr::compare(
        &Ident::literal("expires_at"),
        Compare::Gt,
        Value::Instant(now),
    );
    let valid = is("token_hash", token.as_str()).and(not_expired);
    let owner = |column: &'static str| {
        let select = Box::new(table.column("user_id", valid.clone()));
        Expr::InSelect {
            column: Ident::literal(column),
            select,
        }
    };
    let selects = vec![
        table.select(valid.clone()),
        people::select_users(owner("id")),
        people::select_roles(owner("user_id")),
        groups::select_groups_of(owner("user_id")),
    ];
    let outcomes = read(repo, selects).await?;
    let [tokens, users, roles, groups] = outcomes.as_slice() else {
        return Ok(None);
    };
    let Some(token) = records(tokens, read_record)?.pop() else {
        return Ok(None);
    };
    Ok(identity(users, roles, groups)?.map(|identity| (token, identity)))
}

fn identity(
    users: &StepOutcome,
    roles: &StepOutcome,
    groups: &StepOutcome,
) -> Result<Option<Identity>> {
    let Some(user) = records(users, people::read_user)?.pop() else {
        return Ok(None);
    };
    let roles = people::read_roles(roles)?;
    Ok(Some(Identity {
        user,
        roles,
        groups: records(groups, groups::read_group)?,
    }))
}

/// The sessions of a user, the one used last first; expired ones left out.
pub async fn list_sessions(
    repo: &RemoteInstance,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<Session>> {
    let not_expired = Expr::compare(
        &Ident::literal("expires_at"),
        Compare::Gt,
        Value::Instant(now),
    );
    let by_use = SESSIONS.select_by(is("user_id", user).and(not_expired), "last_seen_at");
    let mut sessions = select(repo, by_use, session).await?;
    sessions.reverse();
    Ok(sessions)
}

/// Adds a session.
pub fn insert_session(batch: &mut Batch, session: &Session) {
    batch.write(SESSIONS.insert(&[values(session)]), Expect::Rows(1));
}

/// Notes that a session was used.
pub fn update_last_seen(batch: &mut Batch, token: &TokenHash, now: Timestamp) {
    let set = vec![("last_seen_at", Value::Instant(now))];
    batch.write(
        SESSIONS.update(set, is("token_hash", token.as_str())),
        Expect::Any,
    );
}

/// Ends the session of a user.
pub fn delete_session(batch: &mut Batch, user: &UserId, session: &SessionId) {
    batch.write(
        SESSIONS.delete(is("user_id", user).and(is("id", session))),
        Expect::Any,
    );
}

/// Ends all sessions of a user, except one.
pub fn delete_sessions(batch: &mut Batch, user: &UserId, except: Option<&SessionId>) {
    let mut filter = is("user_id", user);
    if let Some(except) = except {
        filter = filter.and(is("id", except).negate());
    }
    batch.write(SESSIONS.delete(filter), Expect::Any);
}

/// Removes what expired before `now`, or was last used before `idle_since`.
pub fn delete_expired(batch: &mut Batch, now: Timestamp, idle_since: Timestamp) {
    let before = |column: &'static str, moment| {
        Expr::compare(&Ident::literal(column), Compare::Le, Value::Instant(moment))
    };
    let over = Expr::Or(vec![
        before("expires_at", now),
        before("last_seen_at", idle_since),
    ]);
    batch.write(SESSIONS.delete(over), Expect::Any);
}
