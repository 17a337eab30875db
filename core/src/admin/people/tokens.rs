//! API tokens: with one, a program acts for the user who made it, until a given day.

use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::civil::Timestamp;
use serde_json::json;

use super::{checked_name, save};
use crate::admin::schemas;
use crate::app::App;
use crate::audit::events;
use crate::cx::{Cx, Principal};
use crate::error::{Error, Result};
use crate::ids::{SchemaId, TokenId, UserId};
use crate::permit;
use crate::repo::sessions::TokenHash;
use crate::repo::tokens::{self, ApiToken, Scope};

/// Longest life of a token in days.
pub const MAX_DAYS: i64 = 366;
const MAX_TOKENS: usize = 50;
const MAX_SCHEMAS: usize = 100;
const DAY: i64 = 86_400;

/// What a client says of a new token; unchecked.
#[derive(Clone, Debug)]
pub struct TokenDraft {
    /// What it is for.
    pub name: String,
    /// What it may do of what its user may do.
    pub scope: Scope,
    /// The only schemas that it is to reach; `None` is every schema that its user reaches.
    pub schemas: Option<Vec<SchemaId>>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Adds a token of the caller, whose hash is given: the token itself is known to its user alone.
///
/// # Errors
/// `Denied` without a session of one's own, so that a token makes no tokens; `PasswordDue`; `Invalid`; `NotFound` for a
/// schema that the caller does not see.
pub async fn create(cx: &Cx, app: &App, draft: TokenDraft, token: TokenHash) -> Result<ApiToken> {
    let principal = own_session(cx)?;
    let now = cx.now();
    let name = checked_name("name", &draft.name)?;
    if draft.expires_at <= now || draft.expires_at.seconds - now.seconds > MAX_DAYS * DAY {
        let message = format!("Let the token end in the future, at most {MAX_DAYS} days from now.");
        return Err(Error::invalid("expiresAt", "OUT_OF_RANGE", message));
    }
    if tokens::list_tokens(&app.repo, &principal.user).await?.len() >= MAX_TOKENS {
        let message = format!("You have {MAX_TOKENS} tokens already. Revoke one first.");
        return Err(Error::InUse(message));
    }
    let schemas = match draft.schemas {
        Some(schemas) => Some(checked_schemas(cx, app, schemas).await?),
        None => None,
    };
    let token = ApiToken {
        token,
        id: TokenId::from(cx.new_id()),
        user: principal.user.clone(),
        name,
        scope: draft.scope,
        schemas,
        created_at: now,
        last_used_at: None,
        expires_at: draft.expires_at,
    };
    let mut batch = Batch::default();
    tokens::insert_token(&mut batch, &token)?;
    events::event(
        &mut batch,
        cx,
        "token.create",
        "token",
        Some(token.id.as_str()),
        shown(&token),
    )?;
    save(app, &batch, "API token", "name").await?;
    Ok(token)
}

/// The tokens of the caller, or of another user for an admin; the newest first.
///
/// # Errors
/// `Denied`.
pub async fn list(cx: &Cx, app: &App, user: &UserId) -> Result<Vec<ApiToken>> {
    let principal = permit::signed_in(cx)?;
    if principal.user != *user || !principal.verified {
        permit::admin(cx)?;
    }
    tokens::list_tokens(&app.repo, user).await
}

/// Ends a token of the caller, or of another user for an admin.
///
/// # Errors
/// `NotFound`, also for a token that the caller may not end.
pub async fn revoke(cx: &Cx, app: &App, id: &TokenId) -> Result<()> {
    let principal = permit::signed_in(cx)?;
    let token = tokens::get_token(&app.repo, id).await?;
    let is_whole = !principal.read_only && principal.only_schemas.is_none();
    let is_own = principal.user == token.user && principal.verified && is_whole;
    if !is_own && permit::admin(cx).is_err() {
        return Err(Error::NotFound("API token"));
    }
    let mut batch = Batch::default();
    tokens::delete_token(&mut batch, id);
    events::event(
        &mut batch,
        cx,
        "token.revoke",
        "token",
        Some(id.as_str()),
        shown(&token),
    )?;
    save(app, &batch, "API token", "id").await
}

async fn checked_schemas(cx: &Cx, app: &App, mut wanted: Vec<SchemaId>) -> Result<Vec<SchemaId>> {
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() || wanted.len() > MAX_SCHEMAS {
        let message = format!(
            "Name 1 to {MAX_SCHEMAS} schemas, or leave them out for a token that reaches every schema you reach."
        );
        return Err(Error::invalid("schemaIds", "COUNT", message));
    }
    let seen = schemas::list(cx, app).await?;
    for id in &wanted {
        if !seen.iter().any(|schema| schema.id == *id) {
            return Err(Error::NotFound("schema"));
        }
    }
    Ok(wanted)
}

fn own_session(cx: &Cx) -> Result<&Principal> {
    let principal = cx.principal()?;
    if principal.must_change_password {
        return Err(Error::PasswordDue);
    }
    if principal.session.is_none() || !principal.verified {
        return Err(Error::Denied("make an API token without being signed in"));
    }
    Ok(principal)
}

fn shown(token: &ApiToken) -> serde_json::Value {
    json!({
        "user": token.user,
        "name": token.name,
        "scope": token.scope.as_str(),
        "schemas": token.schemas,
        "expiresAt": token.expires_at.to_string(),
    })
}
