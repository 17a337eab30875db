//! `[repository]`: the database in which Quillback keeps its own records.

use std::path::Path;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SecretSource;

/// The database in which Quillback keeps its own records.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RepositorySection {
    /// Address of the repository; its scheme names the driver.
    /// Without it, an embedded SQLite repository, `quillback.db`, is created in `data.folder`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<SecretSource>,
}

impl RepositorySection {
    /// The address of the embedded repository in the data folder: the only place that chooses a database by name.
    ///
    /// # Errors
    /// The folder cannot be written as text, or the working folder is gone.
    pub fn embedded(folder: &Path) -> anyhow::Result<String> {
        let file = std::path::absolute(folder)?.join("quillback.db");
        let file = file
            .to_str()
            .context("data.folder must be readable as text")?;
        Ok(format!("sqlite:{file}"))
    }
}
