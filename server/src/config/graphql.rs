//! `[graphql]`: what the GraphQL endpoint tells about itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the GraphQL endpoint tells about itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GraphqlSection {
    /// Who may ask for the schema (`__schema`, `__type`) and gets spelling suggestions.
    pub introspection: Introspection,
}

/// Who may ask for the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Introspection {
    /// Nobody.
    Off,
    /// Callers that are signed in.
    #[default]
    SignedIn,
    /// Every caller.
    Everyone,
}
