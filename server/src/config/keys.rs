//! The keys that exist, read from the JSON schema of the sections: the one source for checks and reference.

use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use super::Config;

/// The JSON schema of the whole configuration, without references.
pub fn schema() -> Json {
    let generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    generator.into_root_schema_for::<Config>().to_value()
}

/// What stands at a key.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// A section or a table with fixed keys.
    Section(&'a serde_json::Map<String, Json>),
    /// A table with free keys, such as `plugins.allow`.
    Table,
    /// A secret, whose own keys are `file` and `env`.
    Secret,
    /// A value, with its schema.
    Value(&'a Json),
}

/// Classifies a piece of the schema.
pub(super) fn node(schema: &Json) -> Node<'_> {
    if is_secret(schema) {
        return Node::Secret;
    }
    match schema.get("properties").and_then(Json::as_object) {
        Some(properties) => Node::Section(properties),
        None if schema
            .get("additionalProperties")
            .is_some_and(Json::is_object) =>
        {
            Node::Table
        }
        None => Node::Value(schema),
    }
}

fn is_secret(schema: &Json) -> bool {
    let marked = |schema: &Json| schema.get("x-secret").is_some();
    let alternatives = schema.get("anyOf").and_then(Json::as_array);
    marked(schema) || alternatives.is_some_and(|alternatives| alternatives.iter().any(marked))
}

/// Whether a value of this schema may be of JSON type `wanted`.
pub(super) fn admits(schema: &Json, wanted: &str) -> bool {
    let direct = match schema.get("type") {
        Some(Json::String(one)) => one == wanted,
        Some(Json::Array(many)) => many.iter().any(|one| one == wanted),
        _ => false,
    };
    let alternatives = ["anyOf", "oneOf"]
        .into_iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten();
    direct
        || alternatives
            .into_iter()
            .any(|schema| admits(schema, wanted))
}

/// The message for a key that does not exist in the section `parent`, with the likeliest meaning.
pub(super) fn unknown_key(root: &Json, parent: &str, key: &str) -> String {
    let siblings = keys_of(root, parent);
    let near = siblings
        .iter()
        .map(|sibling| (strsim::damerau_levenshtein(sibling, key), *sibling))
        .min()
        .filter(|(distance, sibling)| {
            *distance <= 2.max(sibling.len() / 3) && *distance < key.len()
        });
    if let Some((_, sibling)) = near {
        return format!("unknown key; did you mean `{sibling}`?");
    }
    let elsewhere = keys_of(root, "")
        .into_iter()
        .find(|section| keys_of(root, section).contains(&key));
    if let Some(section) = elsewhere {
        return format!("unknown key; did you mean `{section}.{key}`?");
    }
    format!("unknown key; known here: {}", siblings.join(", "))
}

/// The keys of the section at `path` (`""` for the names of the sections).
fn keys_of<'a>(root: &'a Json, path: &str) -> Vec<&'a str> {
    let mut schema = root;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let Some(inner) = schema.get("properties").and_then(|all| all.get(part)) else {
            return Vec::new();
        };
        schema = inner;
    }
    match node(schema) {
        Node::Section(properties) => properties.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}
