//! Joins the HTTP side to sign-in and GraphQL: who calls, what resolvers find, and what becomes of the cookie.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use hyper::HeaderMap;
use quillback_auth::Auth;
use quillback_core::{App, Cx, Error};
use quillback_graphql::{Caller, CookieHandle, SessionCookie as Wish};
use zeroize::Zeroizing;

use crate::{
    config::{Introspection, SecretText},
    http::{
        CookieCommand, Credentials, PublicError, RequestMeta, SessionCookie,
        graphql::{Prepare, Prepared},
    },
    ids,
};

/// Makes the hook that every GraphQL request goes through.
pub(super) fn prepare(
    app: App,
    auth: Auth,
    cookie: SessionCookie,
    introspection: Introspection,
) -> Prepare {
    std::sync::Arc::new(move |meta| {
        let (app, auth) = (app.clone(), auth.clone());
        async move { prepared(&app, &auth, cookie, introspection, meta).await }.boxed()
    })
}

async fn prepared(
    app: &App,
    auth: &Auth,
    cookie: SessionCookie,
    introspection: Introspection,
    meta: RequestMeta,
) -> Result<Prepared, PublicError> {
    let cx = caller(app, auth, &meta).await?;
    let token = meta.credentials.as_ref().map(Credentials::token);
    let handle = CookieHandle::default();
    let introspection = match introspection {
        Introspection::Off => false,
        Introspection::SignedIn => cx.principal.is_some(),
        Introspection::Everyone => true,
    };
    let mut prepared = Prepared {
        introspection,
        ..Prepared::default()
    };
    let caller = cx.principal.as_ref();
    prepared.caller = caller.map(|principal| principal.user.to_string());
    let network = || format!("network {}", quillback_auth::network(meta.client_address));
    prepared.payer = prepared.caller.clone().unwrap_or_else(network);
    prepared.data.insert(Caller {
        address: Some(meta.client_address),
        client: client(meta.credentials.as_ref(), meta.user_agent.as_deref()).to_owned(),
        token: token.map(|token| Zeroizing::new(token.expose().to_owned())),
    });
    prepared.data.insert(handle.clone());
    prepared.data.insert(cx);
    prepared.finish = Some(Box::new(move |headers| {
        set_cookie(&handle, cookie, headers)
    }));
    Ok(prepared)
}

/// Who calls.
///
/// # Errors
/// The repository cannot be asked. A caller who is nobody is no error.
pub(super) async fn caller(app: &App, auth: &Auth, meta: &RequestMeta) -> Result<Cx, PublicError> {
    let mut cx = Cx {
        surroundings: app.surroundings.clone(),
        principal: None,
        request_id: meta.request_id.clone(),
        deadline_ms: milliseconds_until(meta.deadline),
    };
    if let Some(token) = meta.credentials.as_ref().map(Credentials::token) {
        // A token that is not good makes nobody of its caller, who may be about to sign in again.
        match quillback_auth::authenticate(&cx, app, auth, token.expose()).await {
            Ok(principal) => cx.principal = Some(principal),
            Err(Error::Unauthenticated) => {}
            Err(error) => return Err(unavailable(&error)),
        }
    }
    Ok(cx)
}

fn set_cookie(
    handle: &CookieHandle,
    cookie: SessionCookie,
    headers: &mut HeaderMap,
) -> Result<(), PublicError> {
    let command = match handle.take() {
        None => return Ok(()),
        Some(Wish::Clear) => CookieCommand::Clear,
        Some(Wish::Set {
            token,
            max_age_seconds,
        }) => CookieCommand::Set {
            token: SecretText::new(token.as_str()),
            max_age: Duration::from_secs(max_age_seconds),
        },
    };
    cookie.apply(&command, headers).map_err(|_| {
        let incident = ids::incident();
        tracing::error!(incident, "a session token does not fit into a cookie");
        PublicError::internal(&incident)
    })
}

/// The kind of client, for the list of sessions: browsers call themselves Mozilla, programs do not.
fn client(credentials: Option<&Credentials>, user_agent: Option<&str>) -> &'static str {
    let is_browser = user_agent.is_some_and(|agent| agent.starts_with("Mozilla/"));
    match credentials {
        Some(Credentials::Cookie(_)) => "console",
        None if is_browser => "console",
        _ => "program",
    }
}

fn milliseconds_until(deadline: Instant) -> u32 {
    let left = deadline.saturating_duration_since(Instant::now());
    // 0 means no limit.
    u32::try_from(left.as_millis()).unwrap_or(u32::MAX).max(1)
}

fn unavailable(error: &Error) -> PublicError {
    let incident = ids::incident();
    tracing::error!(incident, %error, "a caller could not be authenticated");
    if matches!(error, Error::Repository(_)) {
        return PublicError::unavailable(error.public_message(), 5).detail("incident", incident);
    }
    PublicError::internal(&incident)
}
