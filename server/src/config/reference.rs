//! The reference page of all settings, generated from the sections, so that it cannot disagree with them.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::keys::{self, Node};

/// Markdown with every section, key, type, default and description.
pub fn reference() -> String {
    let schema = keys::schema();
    let mut page = String::from(
        "# Settings\n\n\
         A setting is taken from the command line, else from the environment variable `QUILLBACK__SECTION__KEY`, \
         else from the TOML file, else from its default.\n\
         An environment variable that is empty counts as not set.\n\
         A secret is a text, `{ file = \"..\" }` or `{ env = \"..\" }`.\n",
    );
    for (name, section) in properties(&schema) {
        let _ = write!(page, "\n## [{name}]\n\n{}\n\n", description(section));
        page.push_str("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
        for (key, schema) in properties(section) {
            let default = match schema.get("default") {
                None | Some(Json::Null) => "not set".to_owned(),
                Some(value) => format!("`{}`", toml_text(value)),
            };
            let meaning = description(schema).replace('|', "\\|");
            let _ = writeln!(
                page,
                "| `{key}` | {} | {default} | {meaning} |",
                type_of(schema)
            );
        }
    }
    page
}

fn properties(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

/// The documentation comment on one line.
fn description(schema: &Json) -> String {
    let text = schema.get("description").and_then(Json::as_str);
    text.unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn type_of(schema: &Json) -> String {
    match keys::node(schema) {
        Node::Secret => "secret".to_owned(),
        Node::Table => "table of texts".to_owned(),
        Node::Section(_) => "table".to_owned(),
        Node::Value(schema) => {
            let choices = choices(schema);
            if !choices.is_empty() {
                return choices.join(", ");
            }
            let known = [
                ("integer", "number"),
                ("boolean", "true or false"),
                ("array", "list of texts"),
            ];
            let name = known
                .into_iter()
                .find(|(json, _)| keys::admits(schema, json));
            name.map_or("text", |(_, name)| name).to_owned()
        }
    }
}

/// The values of an enumeration, which the schema lists as `enum` or, when documented, as `oneOf` with `const`.
fn choices(schema: &Json) -> Vec<String> {
    let plain = schema
        .get("enum")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    let documented = schema
        .get("oneOf")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    let documented = documented.flat_map(|one| {
        let several = one
            .get("enum")
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        one.get("const").into_iter().chain(several)
    });
    plain
        .chain(documented)
        .map(|value| format!("`{}`", toml_text(value)))
        .collect()
}

/// A JSON value as TOML would write it.
fn toml_text(value: &Json) -> String {
    match toml::Value::try_from(value) {
        Ok(value) => value.to_string(),
        Err(_) => value.to_string(),
    }
}
