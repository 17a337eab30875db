//! The configuration: one file per section, layered from TOML file, environment and command line.
//!
//! To add a setting, add a documented field with a safe default to its section's struct; the check for unknown keys,
//! the environment variable and the reference page follow from the struct.
//! Add it to `examples/config.toml` as well.

mod audit;
mod data;
mod demo;
mod environment;
mod graphql;
mod keys;
mod limits;
mod load;
mod log;
mod network;
mod plugins;
mod problem;
mod public_url;
mod reference;
mod repository;
mod secret;
mod server;
mod session;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use problem::SectionProblems;

pub use self::{
    audit::AuditSection,
    data::DataSection,
    demo::DemoSection,
    environment::Environment,
    graphql::{GraphqlSection, Introspection},
    keys::schema,
    limits::LimitsSection,
    load::{Override, Sources},
    log::{LogFormat, LogSection},
    network::Network,
    plugins::{AllowMode, PluginsSection},
    problem::{ConfigError, Place, Problem},
    public_url::PublicUrl,
    reference::reference,
    repository::RepositorySection,
    secret::{SecretSource, SecretText},
    server::ServerSection,
    session::SessionSection,
};

/// All settings of the server.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the server listens and how the outside reaches it.
    pub server: ServerSection,
    /// The folder for everything the server writes to disk.
    pub data: DataSection,
    /// The database in which Quillback keeps its own records.
    pub repository: RepositorySection,
    /// Where driver plugins are found and which of them may be loaded.
    pub plugins: PluginsSection,
    /// How long a sign-in lasts and how its cookie is set.
    pub session: SessionSection,
    /// How long the books are kept.
    pub audit: AuditSection,
    /// What the GraphQL endpoint tells about itself.
    pub graphql: GraphqlSection,
    /// How much one request, one connection and the whole server may take.
    pub limits: LimitsSection,
    /// What the server reports and in which form.
    pub log: LogSection,
    /// Sample data to try Quillback with.
    pub demo: DemoSection,
}

impl Config {
    /// The effective settings as TOML, with secrets masked.
    ///
    /// # Errors
    /// Never for settings that were loaded; the error type is that of the TOML writer.
    pub fn to_masked_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    fn validate(&self, environment: &Environment, problems: &mut SectionProblems) {
        self.server.validate(problems);
        self.plugins.validate(problems);
        self.log.validate(problems);
        self.limits.validate(problems);
        self.audit.validate(problems);
        self.session
            .validate(self.server.public_url.as_ref(), problems);
        let secrets = [
            ("server.metrics_token", &self.server.metrics_token),
            ("data.master_key", &self.data.master_key),
            ("repository.url", &self.repository.url),
        ];
        for (key, secret) in secrets {
            let resolved = secret.as_ref().map(|secret| secret.resolve(environment));
            if let Some(Err(message)) = resolved {
                problems.add(key, message);
            }
        }
    }
}
