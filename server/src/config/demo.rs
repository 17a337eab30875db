//! `[demo]`: sample data to try Quillback with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sample data to try Quillback with.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DemoSection {
    /// Creates a target database with sample data and one schema for each module on first start.
    pub enabled: bool,
}
