//! Puts the layers of the configuration together: file, then environment, then command line.

use std::{fs, path::PathBuf};

use serde_json::Value as Json;
use toml::{Table, Value, de::DeTable};

use super::{
    Config, ConfigError, Environment, Place, Problem,
    keys::{self, Node},
    problem::{Places, SectionProblems},
};

/// Prefix of the environment variables that set a key: `QUILLBACK__SECTION__KEY`.
const PREFIX: &str = "QUILLBACK__";

/// A setting made on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The option as the user wrote it, such as `--listen`.
    pub flag: String,
    /// The key that it sets, such as `server.listen`.
    pub key: String,
    /// The value as text.
    pub value: String,
}

/// Where the configuration comes from, later ones winning.
#[derive(Debug, Default)]
pub struct Sources {
    /// The TOML file, which must exist.
    pub file: Option<PathBuf>,
    /// The environment, for `QUILLBACK__SECTION__KEY` and for `{ env = ".." }`.
    pub environment: Environment,
    /// Settings of the command line.
    pub overrides: Vec<Override>,
}

impl Config {
    /// Reads, merges and checks all layers.
    ///
    /// # Errors
    /// All unknown keys and unusable values, each with its place and key.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let mut layers = Layers::new();
        if let Some(path) = &sources.file {
            layers.add_file(path)?;
        }
        for (name, rest, value) in sources.environment.with_prefix(PREFIX) {
            // Container tools pass variables that nobody set as empty ones.
            if !value.is_empty() {
                let key = rest.to_lowercase().replace("__", ".");
                layers.set(&key, value, Place::Variable(name.to_owned()));
            }
        }
        for setting in &sources.overrides {
            let place = Place::Flag(setting.flag.clone());
            layers.set(&setting.key, &setting.value, place);
        }
        layers.finish(&sources.environment)
    }
}

/// The merged settings so far.
struct Layers {
    schema: Json,
    merged: Table,
    places: Places,
    problems: Vec<Problem>,
}

impl Layers {
    fn new() -> Self {
        Self {
            schema: keys::schema(),
            merged: Table::new(),
            places: Places::default(),
            problems: Vec::new(),
        }
    }

    fn add_file(&mut self, path: &PathBuf) -> Result<(), ConfigError> {
        let whole_file = |line, message: String| Problem {
            place: Place::File(path.clone(), line),
            key: String::new(),
            message,
        };
        let text = fs::read_to_string(path)
            .map_err(|error| whole_file(None, format!("cannot be read: {error}")))?;
        let not_toml = |error: toml::de::Error| {
            let line = error.span().map(|span| line_of(&text, span.start));
            whole_file(line, format!("is not valid TOML: {}", error.message()))
        };
        let spanned = DeTable::parse(&text).map_err(not_toml)?;
        self.merged = toml::from_str(&text).map_err(not_toml)?;
        let schema = std::mem::take(&mut self.schema);
        let file = FileKeys {
            path,
            text: &text,
            root: &schema,
        };
        file.walk(spanned.get_ref(), &schema, "", self);
        self.schema = schema;
        Ok(())
    }

    /// Sets one key from its text form, which the schema gives a type.
    fn set(&mut self, key: &str, text: &str, place: Place) {
        let mut schema = &self.schema;
        let mut parent = String::new();
        for part in key.split('.') {
            match keys::node(schema) {
                Node::Section(properties) => {
                    let Some(inner) = properties.get(part) else {
                        let message = keys::unknown_key(&self.schema, &parent, part);
                        let key = join(&parent, part);
                        let problem = Problem {
                            place,
                            key,
                            message,
                        };
                        self.problems.push(problem);
                        return;
                    };
                    schema = inner;
                }
                Node::Table => schema = schema.get("additionalProperties").unwrap_or(&Json::Null),
                Node::Secret if matches!(part, "file" | "env") => schema = &Json::Null,
                Node::Secret | Node::Value(_) => {
                    let message = format!("`{parent}` is a value and has no key `{part}`");
                    self.problems.push(Problem {
                        place,
                        key: key.to_owned(),
                        message,
                    });
                    return;
                }
            }
            parent = join(&parent, part);
        }
        let value = typed(schema, text);
        insert(&mut self.merged, key, value);
        self.places.set(key, place);
    }

    fn finish(mut self, environment: &Environment) -> Result<Config, ConfigError> {
        if !self.problems.is_empty() {
            return Err(ConfigError {
                problems: self.problems,
            });
        }
        let merged = Value::Table(std::mem::take(&mut self.merged));
        let config: Config = serde_path_to_error::deserialize(merged).map_err(|error| {
            let key = error.path().to_string();
            Problem {
                place: self.places.of(&key),
                key,
                message: error.inner().message().to_owned(),
            }
        })?;
        let mut problems = SectionProblems {
            places: &self.places,
            found: Vec::new(),
        };
        config.validate(environment, &mut problems);
        if problems.found.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError {
                problems: problems.found,
            })
        }
    }
}

/// Walks the keys of a file, remembering their lines and refusing those that do not exist.
struct FileKeys<'a> {
    path: &'a PathBuf,
    text: &'a str,
    root: &'a Json,
}

impl FileKeys<'_> {
    fn walk(&self, table: &DeTable<'_>, schema: &Json, parent: &str, layers: &mut Layers) {
        for (name, value) in table {
            let key = join(parent, name.get_ref());
            let line = line_of(self.text, name.span().start);
            let place = Place::File(self.path.clone(), Some(line));
            layers.places.set(&key, place.clone());
            let Node::Section(properties) = keys::node(schema) else {
                continue;
            };
            match (
                properties.get(name.get_ref().as_ref()),
                value.get_ref().as_table(),
            ) {
                (Some(inner), Some(table)) => self.walk(table, inner, &key, layers),
                (Some(_), None) => {}
                (None, _) => {
                    let message = keys::unknown_key(self.root, parent, name.get_ref());
                    layers.problems.push(Problem {
                        place,
                        key,
                        message,
                    });
                }
            }
        }
    }
}

/// Gives the text of a variable or option the type that the schema asks for.
/// What does not fit stays a text, so that reading it into its section says what was expected.
fn typed(schema: &Json, text: &str) -> Value {
    let as_toml = || {
        let table: Table = toml::from_str(&format!("value = {text}")).ok()?;
        table.get("value").cloned()
    };
    let own_text = || Value::String(text.to_owned());
    let admits = |wanted| keys::admits(schema, wanted);
    let inline = text.starts_with('{') && matches!(keys::node(schema), Node::Secret | Node::Table);
    if inline || (admits("array") && text.starts_with('[')) {
        return as_toml().unwrap_or_else(own_text);
    }
    if admits("array") {
        let parts = text
            .split(',')
            .map(|part| Value::String(part.trim().to_owned()));
        return Value::Array(parts.collect());
    }
    if admits("integer") || admits("boolean") {
        return as_toml()
            .filter(|value| value.is_integer() || value.is_bool())
            .unwrap_or_else(own_text);
    }
    own_text()
}

/// Sets the value at a dotted key, replacing whatever stands in the way.
fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = table
                .entry(first)
                .or_insert_with(|| Value::Table(Table::new()));
            // A secret is replaced as a whole: `file` here and `env` there would contradict each other.
            if !inner.is_table() || matches!(rest, "file" | "env") {
                *inner = Value::Table(Table::new());
            }
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn join(parent: &str, key: &str) -> String {
    if parent.is_empty() {
        key.to_owned()
    } else {
        format!("{parent}.{key}")
    }
}

/// The line, counted from 1, of a byte position.
fn line_of(text: &str, position: usize) -> usize {
    let before = text.as_bytes().iter().take(position);
    before.filter(|byte| **byte == b'\n').count() + 1
}
