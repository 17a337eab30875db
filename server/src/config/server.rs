//! `[server]`: where the server listens and how the outside reaches it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Network, PublicUrl, SecretSource, problem::SectionProblems};

/// Where the server listens and how the outside reaches it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSection {
    /// Address and port to listen on.
    /// Port 0 takes a free port, which is logged.
    pub listen: SocketAddr,

    /// The address people type into their browser, such as `https://quillback.example.org`.
    /// It decides which `Origin` may use a session cookie and builds links; request headers never do.
    /// Needed as soon as `listen` is not a loopback address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<PublicUrl>,

    /// Reverse proxies whose `X-Forwarded-For` is believed, as addresses or networks (`10.0.0.0/8`).
    pub trusted_proxies: Vec<Network>,

    /// Bearer token demanded for `/metrics`.
    /// Without it, `/metrics` answers only direct calls from this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_token: Option<SecretSource>,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            public_url: None,
            trusted_proxies: Vec::new(),
            metrics_token: None,
        }
    }
}

impl ServerSection {
    pub(super) fn validate(&self, problems: &mut SectionProblems) {
        if self.public_url.is_none() && !self.listen.ip().is_loopback() {
            problems.add(
                "server.public_url",
                format!(
                    "is needed because server.listen ({}) can be reached from other machines; \
                     set it to the address people type into their browser",
                    self.listen
                ),
            );
        }
    }
}
