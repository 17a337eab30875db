//! `[log]`: what the server reports and in which form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::LevelFilter;

use super::problem::SectionProblems;

/// What the server reports and in which form.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`, and exceptions for parts of the program,
    /// for example `info,quillback_core=debug`.
    pub level: String,

    /// `text` for people, `json` for log collectors (one object a line).
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line of text for people.
    #[default]
    Text,
    /// One JSON object a line for log collectors.
    Json,
}

impl Default for LogSection {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}

impl LogSection {
    pub(super) fn validate(&self, problems: &mut SectionProblems) {
        if !self.level.split(',').all(is_directive) {
            problems.add(
                "log.level",
                format!(
                    "`{}` is not a log level; use off, error, warn, info, debug or trace, \
                     and `part=level` separated by commas for exceptions",
                    self.level
                ),
            );
        }
    }
}

/// Whether `text` is a level, or `part=level`.
/// The log library would take a misspelt level for the name of a part.
fn is_directive(text: &str) -> bool {
    let level = text.split_once('=').map_or(text, |(_, level)| level);
    !level.trim().is_empty() && level.trim().parse::<LevelFilter>().is_ok()
}
