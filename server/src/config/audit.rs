//! `[audit]`: how long the books are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::SectionProblems;

/// Longest time that can be asked for: a hundred years.
const MOST_DAYS: u32 = 36_500;

/// How long the books are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSection {
    /// Days for which changes, the history of rows and the administrative trail are kept; without it, for ever.
    /// Older records are removed seal by seal, so that the rest still verifies. Their rows cannot be rolled back then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
}

impl AuditSection {
    pub(super) fn validate(&self, problems: &mut SectionProblems) {
        if let Some(days) = self.keep_days
            && !(1..=MOST_DAYS).contains(&days)
        {
            problems.add(
                "audit.keep_days",
                format!("must be 1 to {MOST_DAYS}; leave it out to keep everything"),
            );
        }
    }
}
