//! The settings of the HTTP side, taken from the configuration once the listening address is known.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{ConnectionLimits, OriginPolicy, SessionCookie, outer::Outer};
use crate::config::{Config, Environment, LimitsSection, PublicUrl, SecretText};

/// Settings of the HTTP side.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Limits of connections.
    pub connections: ConnectionLimits,
    /// Limits of requests and documents.
    pub limits: LimitsSection,
    /// Pages that may use a session cookie.
    pub origins: OriginPolicy,
    /// The session cookie.
    pub cookie: SessionCookie,
    /// Token demanded for the metrics.
    pub metrics_token: Option<SecretText>,
    pub(super) outer: Outer,
}

impl HttpOptions {
    /// Takes the settings from the configuration; `bound` is the address that the server really listens on.
    ///
    /// # Errors
    /// The secret of `server.metrics_token` cannot be fetched.
    pub fn new(
        config: &Config,
        environment: &Environment,
        bound: SocketAddr,
    ) -> Result<Self, String> {
        let public = config.server.public_url.as_ref();
        let https = public.is_some_and(PublicUrl::is_https);
        let own = public.map_or_else(
            || loopback_origins(bound),
            |url| vec![url.origin().to_owned()],
        );
        let token = config.server.metrics_token.as_ref();
        let limits = config.limits.clone();
        Ok(Self {
            connections: ConnectionLimits {
                connections: limits.connections,
                headers: limits.headers,
                header_arrival: Duration::from_millis(limits.header_arrival_ms),
                drain: Duration::from_millis(limits.drain_ms),
            },
            limits,
            origins: OriginPolicy::new(own),
            cookie: SessionCookie::new(config.session.cookie_secure.unwrap_or(https)),
            metrics_token: token.map(|token| token.resolve(environment)).transpose()?,
            outer: Outer {
                trusted_proxies: Arc::from(config.server.trusted_proxies.clone()),
                https,
            },
        })
    }
}

/// The names under which a browser on this machine reaches a server without a public address.
fn loopback_origins(bound: SocketAddr) -> Vec<String> {
    let port = match bound.port() {
        80 => String::new(),
        port => format!(":{port}"),
    };
    let hosts = ["127.0.0.1", "localhost", "[::1]"];
    hosts
        .iter()
        .map(|host| format!("http://{host}{port}"))
        .collect()
}
