//! Identifiers: one type for each kind of thing, so that they cannot be confused.

use std::fmt;

use quillback_plugin_api::Value;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Reads an identifier that came from outside.
            ///
            /// # Errors
            /// `NotFound` when it is no UUID: then there is no such thing.
            pub fn parse(text: &str) -> Result<Self> {
                uuid::Uuid::try_parse(text).map(Self::from).map_err(|_| Error::NotFound($what))
            }

            /// Takes an identifier that the repository stored.
            pub(crate) fn stored(text: String) -> Self {
                Self(text)
            }

            /// The identifier as text: 36 characters, lower case.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id.as_hyphenated().to_string())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&$name> for Value {
            fn from(id: &$name) -> Self {
                Self::Text(id.0.clone())
            }
        }
    )*};
}

ids! {
    /// A user.
    UserId, "user";
    /// A group.
    GroupId, "group";
    /// A session.
    SessionId, "session";
    /// A token with which programs act for a user.
    TokenId, "API token";
    /// A connection.
    ConnectionId, "connection";
    /// A schema.
    SchemaId, "schema";
    /// A row-level security policy.
    PolicyId, "policy";
    /// A change of rows, chosen by the client.
    ChangeId, "change";
    /// Something to be told about a change.
    DeliveryId, "delivery";
    /// An entry of the administrative audit trail.
    EventId, "audit entry";
}
