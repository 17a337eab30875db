//! `[plugins]`: where driver plugins are found and which of them may be loaded.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::SectionProblems;

/// Where driver plugins are found and which of them may be loaded.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginsSection {
    /// Folders searched for driver plugins, besides the folder of the executable.
    /// Subfolders are not searched.
    pub folders: Vec<PathBuf>,

    /// What happens to a plugin whose digest is not in `allow`.
    pub mode: AllowMode,

    /// Driver id and the SHA-256 digest of its file, as 64 hexadecimal digits.
    /// `quillback plugins list` prints the digests of what is installed.
    pub allow: BTreeMap<String, String>,
}

/// What happens to a plugin whose digest is not in the allow-list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AllowMode {
    /// The list is not looked at.
    #[default]
    Off,
    /// The plugin is loaded and a warning is logged.
    Warn,
    /// The plugin is refused.
    Enforce,
}

impl PluginsSection {
    pub(super) fn validate(&self, problems: &mut SectionProblems) {
        for (id, digest) in &self.allow {
            if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                problems.add(
                    &format!("plugins.allow.{id}"),
                    "must be a SHA-256 digest of 64 hexadecimal digits".to_owned(),
                );
            }
        }
        if self.mode == AllowMode::Enforce && self.allow.is_empty() {
            problems.add(
                "plugins.allow",
                "is empty while plugins.mode is \"enforce\", so that no driver could be loaded; \
                 list the digests or choose another mode"
                    .to_owned(),
            );
        }
    }
}
