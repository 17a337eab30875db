//! `[repository]`: the database in which Quillback keeps its own records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretSource;

/// The database in which Quillback keeps its own records.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RepositorySection {
    /// Address of the repository; its scheme names the driver.
    /// Without it, an embedded repository is created in `data.folder`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretSource>,
}
