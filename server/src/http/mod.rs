//! The HTTP side: connections, the layer around every route, health, and the GraphQL endpoint.

mod body;
mod bound;
mod client_address;
mod connections;
mod credentials;
mod error;
pub mod export;
pub mod graphql;
mod health;
mod lifecycle;
pub mod metrics;
mod options;
mod outer;
mod request;
mod security_headers;
mod session_cookie;
mod signals;

use axum::{Router, middleware};
use hyper::StatusCode;

use self::connections::Open;

pub use self::{
    bound::{Bound, Service},
    connections::{ConnectionLimits, Stopped, serve},
    credentials::{OWN_REQUEST, OriginPolicy, credentials, socket_credentials},
    error::{Level, PublicError, internal_message},
    health::{Health, Readiness},
    lifecycle::Lifecycle,
    options::HttpOptions,
    request::{Credentials, Peer, RequestContext, RequestMeta},
    session_cookie::{CookieCommand, SessionCookie},
    signals::stop_signals,
};

/// All routes: health, GraphQL, and whatever pages are added later, inside the outermost layer.
pub fn router(options: &HttpOptions, health: Health, pages: Router) -> Router {
    Router::new()
        .merge(health::routes(health))
        .merge(pages)
        .fallback(no_such_page)
        .layer(middleware::from_fn_with_state(
            options.outer.clone(),
            outer::handle,
        ))
}

async fn no_such_page() -> PublicError {
    PublicError::http(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "there is nothing at this address",
    )
}
