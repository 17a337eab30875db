//! Checks a command against the schema and the grant before anything is sent: every fault with its path.

use quillback_plugin_api::Value;
use serde_json::Value as Json;

use super::command::{Seen, Values, WriteChange, WriteCommand};
use super::context::{self, WriteContext};
use crate::app::App;
use crate::cx::Cx;
use crate::error::{Error, Problem, Result};
use crate::field::{self, DefaultSource, Field};
use crate::plan::{Purpose, RowAction, RowChange};
use crate::policy::{Action, Grant};
use crate::row_json;
use crate::schema::{Definition, KeyMaker};

/// The checked changes, in the order of the command.
pub(super) fn changes(
    cx: &Cx,
    app: &App,
    definition: &Definition,
    grant: &Grant,
    command: &WriteCommand,
) -> Result<Vec<RowChange>> {
    let most = app.options.max_changes;
    if command.changes.is_empty() || command.changes.len() > most {
        let message = format!(
            "Send 1 to {most} changes at once; there are {}.",
            command.changes.len()
        );
        return Err(Error::invalid("changes", "COUNT", message));
    }
    let problems = command.context.problems();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let mut checker = Checker {
        cx,
        username: &cx.principal()?.username,
        definition,
        grant,
        purpose: &command.purpose,
        context: &command.context,
        problems: Vec::new(),
        path: String::new(),
    };
    let mut changes = Vec::with_capacity(command.changes.len());
    for (position, change) in command.changes.iter().enumerate() {
        checker.path = format!("changes.{position}");
        changes.push(checker.change(change)?);
    }
    checker.distinct_keys(&changes);
    if checker.problems.is_empty() {
        Ok(changes)
    } else {
        Err(Error::Invalid(checker.problems))
    }
}

/// Reads a key: an object by the names of its parts, or the value alone where there is one part.
///
/// # Errors
/// The first fault, its path below `key`.
pub fn key(definition: &Definition, json: &Json) -> std::result::Result<Vec<Value>, Problem> {
    let wrong = |code, message: String| Problem::new("key", code, message);
    let names = || {
        definition
            .key
            .iter()
            .map(|part| part.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(object) = json.as_object() {
        if object.len() != definition.key.len() {
            return Err(wrong("KEY", format!("The key has the parts {}.", names())));
        }
    } else if definition.key.len() != 1 {
        return Err(wrong(
            "KEY",
            format!("The key is an object with the parts {}.", names()),
        ));
    }
    definition
        .key
        .iter()
        .map(|part| {
            let value = json
                .as_object()
                .map_or(Some(json), |object| object.get(&part.name));
            let value =
                value.ok_or_else(|| wrong("KEY", format!("The key has the parts {}.", names())))?;
            let read = row_json::read(value, &part.kind)
                .map_err(|problem| wrong(problem.code, problem.message))?;
            if read.is_null() {
                Err(wrong("REQUIRED", "A key cannot be null.".into()))
            } else {
                Ok(read)
            }
        })
        .collect()
}

type Made = std::result::Result<Value, Problem>;

struct Checker<'a> {
    cx: &'a Cx,
    username: &'a str,
    definition: &'a Definition,
    grant: &'a Grant,
    purpose: &'a Purpose,
    context: &'a WriteContext,
    problems: Vec<Problem>,
    path: String,
}

impl<'a> Checker<'a> {
    fn fault(&mut self, below: &str, code: &'static str, message: impl Into<String>) {
        self.problems.push(Problem::new(
            format!("{}.{below}", self.path),
            code,
            message,
        ));
    }

    fn change(&mut self, change: &WriteChange) -> Result<RowChange> {
        let action = match change {
            WriteChange::Add { .. } => RowAction::Add,
            WriteChange::Edit { .. } => RowAction::Edit,
            WriteChange::Delete { .. } => RowAction::Delete,
        };
        let right = self.purpose.right(action);
        self.grant.require(right)?;
        let (key, set, seen) = match change {
            WriteChange::Add { key, values } => (
                self.new_key(key.as_ref()),
                self.new_values(values, right),
                Vec::new(),
            ),
            WriteChange::Edit { key, values, seen } => {
                if values.is_empty() {
                    self.fault("values", "REQUIRED", "Name at least one field to change.");
                }
                (
                    self.known_key(key),
                    self.edited_values(values, right),
                    self.seen(seen),
                )
            }
            WriteChange::Delete { key, seen } => (self.known_key(key), Vec::new(), self.seen(seen)),
        };
        Ok(RowChange {
            action,
            key,
            set,
            seen,
        })
    }

    fn known_key(&mut self, json: &Json) -> Vec<Value> {
        key(self.definition, json).unwrap_or_else(|problem| {
            self.fault(&problem.path, problem.code, problem.message);
            Vec::new()
        })
    }

    fn new_key(&mut self, json: Option<&Json>) -> Vec<Value> {
        let made_by = |maker| self.definition.key.iter().any(|part| part.maker == maker);
        match json {
            Some(_) if made_by(KeyMaker::Database) && !self.purpose.is_return() => {
                self.fault(
                    "key",
                    "KEY",
                    "The database makes the key of this table: leave it out.",
                );
                Vec::new()
            }
            Some(json) => self.known_key(json),
            None if made_by(KeyMaker::Database) => Vec::new(),
            None if made_by(KeyMaker::Client) => {
                self.fault("key", "REQUIRED", "Give the key of the new row.");
                Vec::new()
            }
            None => self
                .definition
                .key
                .iter()
                .map(|_| Value::Uuid(*self.cx.new_id().as_bytes()))
                .collect(),
        }
    }

    /// Values of a new row: those given, the defaults of the others, and what is still missing is reported.
    fn new_values(&mut self, values: &Values, right: Action) -> Vec<(usize, Value)> {
        let mut set = self.values(values, right);
        for (position, field) in self.definition.fields.iter().enumerate() {
            if set.iter().any(|(given, _)| *given == position) {
                continue;
            }
            if values.contains_key(&field.name) {
                continue;
            }
            let value = match self.made_value(field) {
                Ok(value) => value,
                Err(problem) => {
                    // What the dashboard passed serves all rows of the change: it is told once.
                    if !self.problems.iter().any(|known| known.path == problem.path) {
                        self.problems.push(problem);
                    }
                    continue;
                }
            };
            let checked = match value {
                Some(value) => field::check(field, &value).map(|()| Some(value)),
                None if field.required => field::check(field, &Value::Null).map(|()| None),
                None => Ok(None),
            };
            match checked {
                Ok(Some(value)) => set.push((position, value)),
                Ok(None) => {}
                // A field that the user does not see is not named.
                Err(_) if !self.grant.sees(position) => self.fault(
                    "values",
                    "UNSUPPORTED",
                    "Rows cannot be added by you: the schema demands a value that you may not give.",
                ),
                Err(problem) => {
                    self.fault(&format!("values.{}", field.name), problem.code, problem.message);
                }
            }
        }
        set.sort_by_key(|(position, _)| *position);
        set
    }

    /// The value that a new row gets in a field that is not given, if it gets one.
    fn made_value(&self, field: &Field) -> std::result::Result<Option<Value>, Problem> {
        if self.definition.owner.as_ref() == Some(&field.name) {
            return Ok(Some(Value::from(self.username)));
        }
        let (read, path) = match (&field.rules.default_from, &field.rules.default) {
            (Some(source), _) => (self.value_from(source, field), context::path(source)),
            (None, Some(default)) => (Some(row_json::read(default, &field.kind)), None),
            (None, None) => (None, None),
        };
        read.transpose().map_err(|problem| {
            let path = path.unwrap_or_else(|| format!("{}.values.{}", self.path, field.name));
            let message = format!("For {}: {}", field.label, problem.message);
            Problem::new(path, problem.code, message)
        })
    }

    fn value_from(&self, source: &DefaultSource, field: &Field) -> Option<Made> {
        let value = match source {
            DefaultSource::Username => Value::from(self.username),
            DefaultSource::Now => {
                field::now(&field.kind, self.cx.now(), self.context.utc_offset_minutes)
            }
            DefaultSource::Mark(_) | DefaultSource::Parameter(_) => {
                let json = self.context.value(source)?;
                return Some(field::passed(json, &field.kind));
            }
        };
        Some(Ok(value))
    }

    /// Values of an edited row: those given, and those that the server keeps up to date. What comes back comes back as it
    /// was.
    fn edited_values(&mut self, values: &Values, right: Action) -> Vec<(usize, Value)> {
        let mut set = self.values(values, right);
        if self.purpose.is_return() {
            return set;
        }
        let fields = self.definition.fields.iter().enumerate();
        for (position, field) in fields.filter(|(_, field)| field.rules.on_edit) {
            let source = field.rules.default_from.as_ref();
            if let Some(Ok(value)) = source.and_then(|source| self.value_from(source, field)) {
                set.push((position, value));
            }
        }
        set.sort_by_key(|(position, _)| *position);
        set
    }

    fn values(&mut self, values: &Values, right: Action) -> Vec<(usize, Value)> {
        let mut set = Vec::with_capacity(values.len());
        for (name, json) in values {
            let path = format!("values.{name}");
            let Some((position, field)) = self.visible_field(name) else {
                self.fault(
                    &path,
                    "UNKNOWN_FIELD",
                    "There is no such field, or you may not see it.",
                );
                continue;
            };
            let is_fixed = field.rules.read_only && !self.purpose.is_return();
            if is_fixed || !self.grant.writes_by(right, position) {
                self.fault(
                    &path,
                    "READ_ONLY",
                    format!("{} cannot be written.", field.label),
                );
                continue;
            }
            let checked = row_json::read(json, &field.kind)
                .and_then(|value| self.check(field, &value).map(|()| value));
            match checked {
                Ok(value) => set.push((position, value)),
                Err(problem) => self.fault(&path, problem.code, problem.message),
            }
        }
        set.sort_by_key(|(position, _)| *position);
        set
    }

    /// Values that come back were good once: what today's rules say is not asked of them.
    fn check(&self, field: &Field, value: &Value) -> std::result::Result<(), Problem> {
        if self.purpose.is_return() {
            Ok(())
        } else {
            field::check(field, value)
        }
    }

    fn visible_field(&self, name: &str) -> Option<(usize, &'a Field)> {
        self.definition
            .field(name)
            .filter(|(position, _)| self.grant.sees(*position))
    }

    /// What an earlier change left guards a roll-back whether or not the user sees it.
    fn guarding_field(&self, name: &str) -> Option<(usize, &'a Field)> {
        if self.purpose.is_return() {
            self.definition.field(name)
        } else {
            self.visible_field(name)
        }
    }

    fn seen(&mut self, seen: &Seen) -> Vec<(usize, Value)> {
        let Seen::Values(values) = seen else {
            return Vec::new();
        };
        if values.is_empty() {
            self.fault(
                "seen",
                "REQUIRED",
                "Name the values that you saw, or the version, or set overwrite.",
            );
        }
        let mut read = Vec::with_capacity(values.len());
        for (name, json) in values {
            let value = self.guarding_field(name).map(|(position, field)| {
                row_json::read(json, &field.kind).map(|value| (position, value))
            });
            match value {
                Some(Ok(value)) => read.push(value),
                Some(Err(problem)) => {
                    self.fault(&format!("seen.{name}"), problem.code, problem.message);
                }
                None => self.fault(
                    &format!("seen.{name}"),
                    "UNKNOWN_FIELD",
                    "There is no such field, or you may not see it.",
                ),
            }
        }
        read
    }

    fn distinct_keys(&mut self, changes: &[RowChange]) {
        let mut known = std::collections::HashSet::new();
        for (position, change) in changes
            .iter()
            .enumerate()
            .filter(|(_, change)| !change.key.is_empty())
        {
            if !known.insert(super::key_json(self.definition, &change.key).to_string()) {
                self.path = format!("changes.{position}");
                self.fault(
                    "key",
                    "TWICE",
                    "The same row is named twice in this change.",
                );
            }
        }
    }
}
