//! `[data]`: the folder for everything the server writes to disk.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretSource;

/// The folder for everything the server writes to disk.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DataSection {
    /// Folder of the embedded repository and of the generated key file.
    /// A relative path is taken from the working folder.
    pub folder: PathBuf,

    /// The key that encrypts stored connection secrets.
    /// Without it, a key file that only its owner can read is created in `folder` on first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key: Option<SecretSource>,
}

impl Default for DataSection {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("data"),
            master_key: None,
        }
    }
}
