//! `_api_tokens`: named tokens with which programs act for a user until a given day.

use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Compare, Expr};
use quillback_plugin_api::{Ident, Value};

use super::sessions::{Identity, TokenHash, load_by};
use super::{Record, Table, is, parse_json, select, to_json};
use crate::error::{Error, Result};
use crate::ids::{SchemaId, TokenId, UserId};

const TOKENS: Table = Table {
    name: "_api_tokens",
    columns: &[
        "token_hash",
        "id",
        "user_id",
        "name",
        "scope",
        "schemas",
        "created_at",
        "last_used_at",
        "expires_at",
    ],
};

/// What a token may do of what its user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// See.
    Read,
    /// See and change.
    Write,
}

impl Scope {
    /// The name in the repository.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A token as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiToken {
    /// Hash of the token.
    pub token: TokenHash,
    /// Identifier, to list and revoke it by.
    pub id: TokenId,
    /// For whom it acts.
    pub user: UserId,
    /// What it is for, as its user named it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// The only schemas that it reaches; `None` is every schema that its user reaches.
    pub schemas: Option<Vec<SchemaId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Timestamp,
}

fn token(record: &mut Record<'_>) -> Result<ApiToken> {
    Ok(ApiToken {
        token: TokenHash::stored(record.text()?),
        id: TokenId::stored(record.text()?),
        user: UserId::stored(record.text()?),
        name: record.text()?,
        // A scope that this version does not know gives the least.
        scope: if record.text()? == Scope::Write.as_str() {
            Scope::Write
        } else {
            Scope::Read
        },
        schemas: record
            .optional_text()?
            .map(|schemas| parse_json(&schemas))
            .transpose()?,
        created_at: record.moment()?,
        last_used_at: record.optional_moment()?,
        expires_at: record.moment()?,
    })
}

fn values(token: &ApiToken) -> Result<Vec<Value>> {
    Ok(vec![
        token.token.as_str().into(),
        (&token.id).into(),
        (&token.user).into(),
        token.name.as_str().into(),
        token.scope.as_str().into(),
        token.schemas.as_ref().map(to_json).transpose()?.into(),
        Value::Instant(token.created_at),
        token.last_used_at.map_or(Value::Null, Value::Instant),
        Value::Instant(token.expires_at),
    ])
}

/// The token with its user, in one exchange; `None` when there is none or it has expired.
pub async fn load(
    repo: &RemoteInstance,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<(ApiToken, Identity)>> {
    load_by(repo, &TOKENS, hash, now, token).await
}

/// The tokens of a user, the newest first; expired ones too, until they are removed.
pub async fn list_tokens(repo: &RemoteInstance, user: &UserId) -> Result<Vec<ApiToken>> {
    let mut tokens = select(
        repo,
        TOKENS.select_by(is("user_id", user), "created_at"),
        token,
    )
    .await?;
    tokens.reverse();
    Ok(tokens)
}

/// The token of that identifier.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn get_token(repo: &RemoteInstance, id: &TokenId) -> Result<ApiToken> {
    select(repo, TOKENS.select(is("id", id)), token)
        .await?
        .pop()
        .ok_or(Error::NotFound("API token"))
}

/// Notes that a token was used.
pub fn update_last_used(batch: &mut Batch, hash: &TokenHash, now: Timestamp) {
    let set = vec![("last_used_at", Value::Instant(now))];
    batch.write(
        TOKENS.update(set, is("token_hash", hash.as_str())),
        Expect::Any,
    );
}

/// Adds a token.
pub(crate) fn insert_token(batch: &mut Batch, token: &ApiToken) -> Result<()> {
    batch.write(TOKENS.insert(&[values(token)?]), Expect::Rows(1));
    Ok(())
}

/// Ends a token.
pub(crate) fn delete_token(batch: &mut Batch, id: &TokenId) {
    batch.write(TOKENS.delete(is("id", id)), Expect::Rows(1));
}

/// Ends all tokens of a user.
pub(crate) fn delete_tokens(batch: &mut Batch, user: &UserId) {
    batch.write(TOKENS.delete(is("user_id", user)), Expect::Any);
}

/// Removes what expired before `since`.
pub fn delete_expired(batch: &mut Batch, since: Timestamp) {
    let over = Expr::compare(
        &Ident::literal("expires_at"),
        Compare::Le,
        Value::Instant(since),
    );
    batch.write(TOKENS.delete(over), Expect::Any);
}
