//! What a dashboard passes along with a change: marks, parameters, and what the clock shows where its user is.

use serde::Serialize;
use serde_json::Value as Json;

use super::Values;
use crate::error::Problem;
use crate::field::DefaultSource;

/// Most marks, and most parameters, of one change.
const MOST: usize = 200;
/// Longest text among them, in characters.
const LONGEST: usize = 4_000;
/// Largest distance of any place from UTC, in minutes.
const FARTHEST: i32 = 14 * 60;

/// What the fields of a new row may be filled from.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WriteContext {
    /// Values of the selected mark, by the names of its fields.
    pub marks: Values,
    /// Values of the dashboard's parameters, by their names.
    pub parameters: Values,
    /// Minutes by which the user's clock is ahead of UTC; -840 to 840.
    pub utc_offset_minutes: i32,
}

impl WriteContext {
    /// Whether nothing was passed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The value for a source; `None` when it was not passed.
    pub(super) fn value(&self, source: &DefaultSource) -> Option<&Json> {
        match source {
            DefaultSource::Mark(name) => self.marks.get(name),
            DefaultSource::Parameter(name) => self.parameters.get(name),
            DefaultSource::Username | DefaultSource::Now => None,
        }
    }

    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut fault = |path: String, code, message: String| {
            problems.push(Problem::new(path, code, message));
        };
        if self.utc_offset_minutes.abs() > FARTHEST {
            let message = format!("No clock is more than {FARTHEST} minutes away from UTC.");
            fault("context.utcOffsetMinutes".into(), "OUT_OF_RANGE", message);
        }
        for (part, values) in [("marks", &self.marks), ("parameters", &self.parameters)] {
            if values.len() > MOST {
                let message = format!("Pass at most {MOST} of them; there are {}.", values.len());
                fault(format!("context.{part}"), "COUNT", message);
            }
            for (name, value) in values {
                let path = || format!("context.{part}.{name}");
                match value {
                    Json::Array(_) | Json::Object(_) => {
                        let message = "Pass a text, a number, true, false or null.".to_owned();
                        fault(path(), "WRONG_TYPE", message);
                    }
                    Json::String(text) if text.chars().count() > LONGEST => {
                        let message = format!("Pass at most {LONGEST} characters.");
                        fault(path(), "TOO_LONG", message);
                    }
                    _ => {}
                }
            }
        }
        problems
    }
}

/// The path of what a source names, in the input.
pub(super) fn path(source: &DefaultSource) -> Option<String> {
    match source {
        DefaultSource::Mark(name) => Some(format!("context.marks.{name}")),
        DefaultSource::Parameter(name) => Some(format!("context.parameters.{name}")),
        DefaultSource::Username | DefaultSource::Now => None,
    }
}
