//! Signing in and out, who is signed in, and tokens for programs.

use std::net::{IpAddr, Ipv4Addr};

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use quillback_auth::methods::password::{self, PasswordChange, SignIn};
use quillback_auth::session::{self, Client};
use quillback_auth::token;
use quillback_core::admin::people::tokens::{self, TokenDraft};
use quillback_core::cx::Principal;
use quillback_core::ids::{SchemaId, SessionId, TokenId};
use quillback_core::repo::sessions::Session as StoredSession;
use quillback_core::repo::tokens::{ApiToken as StoredToken, Scope as StoredScope};
use zeroize::Zeroizing;

use super::connections::DeletePayload;
use super::people::{Membership, Role};
use crate::context::{Env, SessionCookie};
use crate::error::Public;
use crate::scalars::{DateTime, id};

#[derive(Default)]
pub(crate) struct SessionQuery;

#[Object]
impl SessionQuery {
    /// Who is signed in; nothing when nobody is.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Viewer>> {
        Ok(ctx.cx()?.principal.as_deref().map(Viewer::from))
    }

    /// Your sessions, the one used last first.
    async fn my_sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let cx = ctx.cx()?;
        let user = &cx.principal().public()?.user;
        let sessions = session::list_sessions(cx, ctx.app()?, ctx.auth()?, user)
            .await
            .public()?;
        Ok(sessions.into_iter().map(Session).collect())
    }

    /// Your tokens for programs.
    async fn my_api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
        let cx = ctx.cx()?;
        let user = &cx.principal().public()?.user;
        let tokens = tokens::list(cx, ctx.app()?, user).await.public()?;
        Ok(tokens.into_iter().map(ApiToken).collect())
    }
}

#[derive(Default)]
pub(crate) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs in with user name and password. Send the token from now on as `Authorization: Bearer <token>`; browsers also
    /// get it as a cookie.
    async fn sign_in(&self, ctx: &Context<'_>, input: SignInInput) -> Result<SignInPayload> {
        let command = SignIn {
            username: input.username,
            password: input.password,
            client: input.client.into(),
            ip: address(ctx)?,
        };
        let signed = password::sign_in(ctx.cx()?, ctx.app()?, ctx.auth()?, command)
            .await
            .public()?;
        let now = ctx.cx()?.now();
        ctx.cookie()?.put(SessionCookie::Set {
            token: Zeroizing::new(signed.token.as_str().to_owned()),
            max_age_seconds: u64::try_from(signed.expires_at.seconds - now.seconds).unwrap_or(0),
        });
        Ok(SignInPayload {
            token: signed.token.as_str().to_owned(),
            expires_at: DateTime(signed.expires_at),
            viewer: Viewer::from(&*signed.principal),
        })
    }

    /// Ends this session. Answers whether there was one.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<bool> {
        ctx.cookie()?.put(SessionCookie::Clear);
        match session::sign_out(ctx.cx()?, ctx.app()?).await {
            Ok(()) => Ok(true),
            Err(quillback_core::Error::Unauthenticated) => Ok(false),
            Err(error) => Err(crate::error::public(error)),
        }
    }

    /// Ends one of your sessions.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        input: RevokeSessionInput,
    ) -> Result<DeletePayload> {
        let cx = ctx.cx()?;
        let user = &cx.principal().public()?.user;
        let session = SessionId::parse(&input.id).public()?;
        session::revoke_session(cx, ctx.app()?, user, &session)
            .await
            .public()?;
        Ok(DeletePayload { id: input.id })
    }

    /// Changes your password, and ends all your other sessions.
    async fn change_password(&self, ctx: &Context<'_>, input: ChangePasswordInput) -> Result<bool> {
        let change = PasswordChange {
            current: input.current_password,
            new: input.new_password,
            ip: address(ctx)?,
        };
        password::change_password(ctx.cx()?, ctx.app()?, ctx.auth()?, change)
            .await
            .public()?;
        Ok(true)
    }

    /// Makes a token for a program that acts in your name. It is shown this once.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        input: CreateApiTokenInput,
    ) -> Result<ApiTokenPayload> {
        let draft = TokenDraft {
            name: input.name,
            scope: input.scope.into(),
            schemas: input
                .schema_ids
                .map(|ids| ids.iter().map(|id| SchemaId::parse(id)).collect())
                .transpose()
                .public()?,
            expires_at: input.expires_at.0,
        };
        let (stored, token) = token::create_api_token(ctx.cx()?, ctx.app()?, draft)
            .await
            .public()?;
        Ok(ApiTokenPayload {
            secret: token.as_str().to_owned(),
            api_token: ApiToken(stored),
        })
    }

    /// Revokes a token for a program.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        input: RevokeApiTokenInput,
    ) -> Result<DeletePayload> {
        let token = TokenId::parse(&input.id).public()?;
        tokens::revoke(ctx.cx()?, ctx.app()?, &token)
            .await
            .public()?;
        Ok(DeletePayload { id: input.id })
    }
}

/// The address to throttle by; calls from inside the server count as from itself.
fn address(ctx: &Context<'_>) -> Result<IpAddr> {
    Ok(ctx
        .caller()?
        .address
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)))
}

/// What kind of client signs in.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Client")]
enum ClientKind {
    /// The console in a browser.
    Console,
    /// The extension in a dashboard.
    Extension,
    /// Any other program.
    Program,
}

/// What a token may do of what its user may do.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "StoredScope")]
enum TokenScope {
    /// See.
    Read,
    /// See and change.
    Write,
}

/// Who is signed in.
#[derive(SimpleObject)]
struct Viewer {
    /// Identifier of the user.
    id: ID,
    /// User name.
    username: String,
    /// Roles in the console.
    roles: Vec<Role>,
    /// Groups, "everyone" included.
    groups: Vec<Membership>,
    /// Whether the identity was proved, and not only claimed by a worksheet.
    verified: bool,
    /// Whether a new password must be set before anything else.
    must_change_password: bool,
}

impl From<&Principal> for Viewer {
    fn from(principal: &Principal) -> Self {
        Self {
            id: id(&principal.user),
            username: principal.username.clone(),
            roles: principal.roles.iter().copied().map(Role::from).collect(),
            groups: principal.groups.iter().map(Membership::from).collect(),
            verified: principal.verified,
            must_change_password: principal.must_change_password,
        }
    }
}

/// A session.
struct Session(StoredSession);

#[Object]
impl Session {
    /// Identifier, to revoke it by.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    /// How you signed in, such as `password`.
    async fn method(&self) -> &str {
        &self.0.method
    }

    /// What kind of client it is.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// When you signed in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last used, to the minute.
    async fn last_seen_at(&self) -> DateTime {
        DateTime(self.0.last_seen_at)
    }

    /// When it ends in any case.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}

/// A token for a program.
struct ApiToken(StoredToken);

#[Object]
impl ApiToken {
    /// Identifier, to revoke it by.
    async fn id(&self) -> ID {
        id(&self.0.id)
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it may do of what you may do.
    async fn scope(&self) -> TokenScope {
        self.0.scope.into()
    }

    /// The only schemas that it reaches; nothing when it reaches every schema that you reach.
    async fn schema_ids(&self) -> Option<Vec<ID>> {
        let only = self.0.schemas.as_ref()?;
        Some(only.iter().map(id).collect())
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was last used, to the minute.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// When it ends.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }
}

/// User name and password.
#[derive(InputObject)]
struct SignInInput {
    /// User name.
    username: String,
    /// Password.
    #[graphql(secret)]
    password: String,
    /// What kind of client this is.
    #[graphql(default_with = "ClientKind::Program")]
    client: ClientKind,
}

/// A sign-in that succeeded.
#[derive(SimpleObject)]
struct SignInPayload {
    /// What to send from now on. It is shown this once.
    token: String,
    /// When the session ends in any case.
    expires_at: DateTime,
    /// Who is signed in.
    viewer: Viewer,
}

/// Which session to end.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// Session.
    id: ID,
}

/// A new password of your own.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password until now.
    #[graphql(secret)]
    current_password: String,
    /// The password from now on, 12 to 128 characters.
    #[graphql(secret)]
    new_password: String,
}

/// A token to make.
#[derive(InputObject)]
struct CreateApiTokenInput {
    /// What it is for.
    name: String,
    /// What it may do of what you may do.
    scope: TokenScope,
    /// The only schemas whose rows it is to reach; then it administers nothing. Left out, it reaches what you reach.
    schema_ids: Option<Vec<ID>>,
    /// When it ends, at most a year from now.
    expires_at: DateTime,
}

/// A token that was made.
#[derive(SimpleObject)]
struct ApiTokenPayload {
    /// What the program sends as `Authorization: Bearer <secret>`. It is shown this once.
    secret: String,
    /// The token.
    api_token: ApiToken,
}

/// Which token to revoke.
#[derive(InputObject)]
struct RevokeApiTokenInput {
    /// Token.
    id: ID,
}
