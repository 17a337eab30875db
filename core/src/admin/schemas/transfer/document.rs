//! The document of a schema: written from what is stored, and read as what a stranger may have written.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::keys;
use crate::admin::schemas::PolicyDraft;
use crate::error::{Error, Problem, Result};
use crate::field::{Field, Rules};
use crate::ids::SchemaId;
use crate::policy::{Rights, Rule};
use crate::schema::{Definition, KeyPart, Module};

/// What every document says it is.
pub(super) const FORMAT: &str = "quillback.schema";
/// The version that is written, and the highest that is read.
pub(super) const VERSION: u64 = 1;

/// Characters of all names and texts together.
const MOST_CHARACTERS: usize = 1 << 20;
/// Values, objects and lists.
const MOST_VALUES: usize = 50_000;
/// Objects and lists in one another.
const MOST_DEPTH: usize = 24;

/// Where the schema's table was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    /// Name of the connection.
    pub(super) name: String,
    /// Its driver.
    pub(super) driver: String,
}

/// Everything about a schema but its rows.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) id: SchemaId,
    pub(super) label: String,
    pub(super) module: Module,
    pub(super) connection: Origin,
    pub(super) definition: Definition,
    /// Rights by name of the group.
    pub(super) permissions: Vec<(String, Rights)>,
    pub(super) policies: Vec<PolicyDraft>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    version: u64,
    id: String,
    label: String,
    module: Module,
    connection: Origin,
}

#[derive(Serialize, Deserialize)]
struct NamedPolicy {
    name: String,
    rules: Vec<Rule>,
}

impl Document {
    /// The document as JSON, the same for the same schema whatever the order in which its rights were given.
    pub(super) fn to_json(&self) -> Result<Json> {
        let mut all = object(&Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            id: self.id.to_string(),
            label: self.label.clone(),
            module: self.module,
            connection: self.connection.clone(),
        })?;
        all.extend(object(&self.definition)?);
        let mut permissions = Vec::with_capacity(self.permissions.len());
        for (group, rights) in &self.permissions {
            let mut one = object(rights)?;
            one.insert("group".into(), json!(group));
            permissions.push((group, Json::Object(one)));
        }
        permissions.sort_by_key(|(group, _)| *group);
        let permissions: Vec<Json> = permissions.into_iter().map(|(_, one)| one).collect();
        let mut policies = Vec::with_capacity(self.policies.len());
        for policy in &self.policies {
            policies.push(Json::Object(object(&NamedPolicy {
                name: policy.name.clone(),
                rules: policy.rules.clone(),
            })?));
        }
        // One policy is enough for a row, so their order means nothing.
        policies.sort_by_key(ToString::to_string);
        all.insert("permissions".into(), Json::Array(permissions));
        all.insert("policies".into(), Json::Array(policies));
        Ok(Json::Object(all))
    }
}

fn object(of: &impl Serialize) -> Result<Map<String, Json>> {
    match serde_json::to_value(of).map_err(|error| Error::Internal(error.to_string()))? {
        Json::Object(members) => Ok(members),
        _ => Err(Error::Internal("a part of a document is no object".into())),
    }
}

/// Refuses what is too large to be looked at, before anything else is done with it.
///
/// # Errors
/// `Invalid` with `TOO_LARGE` or `TOO_DEEP`.
pub(super) fn measure(json: &Json) -> Result<()> {
    let mut open = vec![(json, 1)];
    let (mut values, mut characters) = (0, 0);
    while let Some((json, depth)) = open.pop() {
        values += 1;
        if depth > MOST_DEPTH {
            return Err(Error::invalid(
                "document",
                "TOO_DEEP",
                format!(
                    "The document has more than {MOST_DEPTH} objects and lists in one another."
                ),
            ));
        }
        match json {
            Json::String(text) => characters += text.len(),
            Json::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Json::Object(members) => {
                characters += members.keys().map(String::len).sum::<usize>();
                open.extend(members.values().map(|member| (member, depth + 1)));
            }
            _ => {}
        }
        if values > MOST_VALUES || characters > MOST_CHARACTERS {
            return Err(Error::invalid(
                "document",
                "TOO_LARGE",
                format!(
                    "The document has more than {MOST_VALUES} values or {MOST_CHARACTERS} characters."
                ),
            ));
        }
    }
    Ok(())
}

/// Reads a document that was measured.
///
/// # Errors
/// `Invalid` with the path of every fault.
pub(super) fn read(json: &Json) -> Result<Document> {
    let all = json.as_object().ok_or_else(|| {
        Error::invalid("document", "WRONG_TYPE", "The document is a JSON object.")
    })?;
    is_ours(all)?;
    let mut reader = Reader::default();
    let known = [
        keys::of::<Head>(),
        keys::of::<Definition>(),
        &["permissions", "policies"],
    ]
    .concat();
    reader.known(all, &known, "document");
    reader.parts::<KeyPart>(all, "key", keys::of::<KeyPart>());
    reader.parts::<Field>(all, "fields", keys::of::<Field>());
    reader.rules(all);
    let permissions = reader.permissions(all);
    let policies = reader.policies(all);
    let head = reader.only::<Head>(all);
    let definition = reader.only::<Definition>(all);
    let (Some(head), Some(definition)) = (head, definition) else {
        return Err(Error::Invalid(reader.problems));
    };
    let id = SchemaId::parse(&head.id)
        .map_err(|_| Error::invalid("document.id", "ID", "The id of a schema is a UUID."))?;
    let document = Document {
        id,
        label: head.label,
        module: head.module,
        connection: head.connection,
        definition,
        permissions,
        policies,
    };
    if reader.problems.is_empty() {
        ignored(json, &document.to_json()?, "document", &mut reader.problems);
    }
    if reader.problems.is_empty() {
        Ok(document)
    } else {
        Err(Error::Invalid(reader.problems))
    }
}

fn is_ours(all: &Map<String, Json>) -> Result<()> {
    if all.get("format").and_then(Json::as_str) != Some(FORMAT) {
        let message =
            format!("This is not the document of a schema: its format is not \"{FORMAT}\".");
        return Err(Error::invalid("document.format", "FORMAT", message));
    }
    match all.get("version").and_then(Json::as_u64) {
        Some(1..=VERSION) => Ok(()),
        Some(newer) if newer > VERSION => {
            let message = format!(
                "The document has version {newer}; this server reads up to {VERSION}. Update this server, or export with an older one."
            );
            Err(Error::invalid("document.version", "NEWER_VERSION", message))
        }
        _ => {
            let message = format!("The version is a whole number from 1 to {VERSION}.");
            Err(Error::invalid("document.version", "VERSION", message))
        }
    }
}

/// Reads part after part and collects what is wrong with each.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn known(&mut self, members: &Map<String, Json>, known: &[&str], path: &str) {
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = keys::meant(key, known.iter().copied())
                .map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
            let key: String = key.chars().take(64).collect();
            let message = format!("There is no key `{key}` here.{hint}");
            self.problems.push(Problem::new(
                format!("{path}.{key}"),
                "UNKNOWN_KEY",
                message,
            ));
        }
    }

    fn one<T: DeserializeOwned>(&mut self, json: &Json, path: &str) -> Option<T> {
        match serde_json::from_value(json.clone()) {
            Ok(part) => Some(part),
            Err(error) => {
                let message: String = error.to_string().chars().take(200).collect();
                let message = format!("This cannot be read: {message}.");
                self.problems
                    .push(Problem::new(path, "WRONG_TYPE", message));
                None
            }
        }
    }

    /// The members of `all` that `T` has.
    fn only<T: DeserializeOwned>(&mut self, all: &Map<String, Json>) -> Option<T> {
        let names = keys::of::<T>();
        let members = all
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, member)| (name.clone(), member.clone()));
        // The faults of the parts are told with their own paths already.
        let before = self.problems.len();
        let read = self.one(&Json::Object(members.collect()), "document");
        if read.is_none() && before > 0 {
            self.problems.truncate(before);
        }
        read
    }

    fn list<'a>(&mut self, all: &'a Map<String, Json>, name: &str) -> &'a [Json] {
        match all.get(name) {
            None => &[],
            Some(Json::Array(items)) => items,
            Some(_) => {
                let path = format!("document.{name}");
                self.problems
                    .push(Problem::new(path, "WRONG_TYPE", "A list is expected."));
                &[]
            }
        }
    }

    fn parts<T: DeserializeOwned>(&mut self, all: &Map<String, Json>, name: &str, known: &[&str]) {
        for (position, json) in self.list(all, name).iter().enumerate() {
            let path = format!("document.{name}.{position}");
            if let Some(members) = json.as_object() {
                self.known(members, known, &path);
            }
            self.one::<T>(json, &path);
        }
    }

    fn rules(&mut self, all: &Map<String, Json>) {
        let fields = all.get("fields").and_then(Json::as_array);
        for (position, field) in fields.into_iter().flatten().enumerate() {
            if let Some(rules) = field.get("rules").and_then(Json::as_object) {
                let path = format!("document.fields.{position}.rules");
                self.known(rules, keys::of::<Rules>(), &path);
            }
        }
    }

    fn permissions(&mut self, all: &Map<String, Json>) -> Vec<(String, Rights)> {
        let known = [keys::of::<Rights>(), &["group"]].concat();
        let mut permissions: Vec<(String, Rights)> = Vec::new();
        for (position, json) in self.list(all, "permissions").iter().enumerate() {
            let path = format!("document.permissions.{position}");
            let Some(members) = json.as_object() else {
                let message = "An object with the name of a group and its rights is expected.";
                self.problems
                    .push(Problem::new(path, "WRONG_TYPE", message));
                continue;
            };
            self.known(members, &known, &path);
            let group = members.get("group").and_then(Json::as_str).unwrap_or("");
            if group.trim().is_empty() {
                let message = "Name the group that has these rights.";
                self.problems
                    .push(Problem::new(format!("{path}.group"), "REQUIRED", message));
            } else if permissions.iter().any(|(known, _)| known == group) {
                let message = "The rights of this group are given twice.";
                self.problems
                    .push(Problem::new(format!("{path}.group"), "TWICE", message));
            }
            if let Some(rights) = self.one(json, &path) {
                permissions.push((group.to_owned(), rights));
            }
        }
        permissions
    }

    fn policies(&mut self, all: &Map<String, Json>) -> Vec<PolicyDraft> {
        let mut policies = Vec::new();
        for (position, json) in self.list(all, "policies").iter().enumerate() {
            let path = format!("document.policies.{position}");
            if let Some(members) = json.as_object() {
                self.known(members, keys::of::<NamedPolicy>(), &path);
                let rules = members.get("rules").and_then(Json::as_array);
                for (at, rule) in rules.into_iter().flatten().enumerate() {
                    if let Some(rule) = rule.as_object() {
                        self.known(rule, keys::of::<Rule>(), &format!("{path}.rules.{at}"));
                    }
                }
            }
            if let Some(NamedPolicy { name, rules }) = self.one(json, &path) {
                policies.push(PolicyDraft { name, rules });
            }
        }
        policies
    }
}

/// Whatever the document says and the schema would not have: nothing that somebody wrote down is dropped in silence.
fn ignored(given: &Json, read: &Json, path: &str, problems: &mut Vec<Problem>) {
    match (given, read) {
        (Json::Object(given), Json::Object(read)) => {
            for (key, member) in given {
                let path = format!("{path}.{key}");
                match read.get(key) {
                    Some(read) => ignored(member, read, &path, problems),
                    None if is_nothing(member) => {}
                    None => {
                        let hint = keys::meant(key, read.keys().map(String::as_str))
                            .map_or_else(String::new, |name| format!(" Did you mean `{name}`?"));
                        let message = format!("There is no such key here.{hint}");
                        problems.push(Problem::new(path, "UNKNOWN_KEY", message));
                    }
                }
            }
        }
        (Json::Array(given), Json::Array(read)) => {
            // Permissions and policies are written in an order of their own.
            if path == "document.permissions" || path == "document.policies" {
                return;
            }
            for (position, (given, read)) in given.iter().zip(read).enumerate() {
                ignored(given, read, &format!("{path}.{position}"), problems);
            }
        }
        _ => {}
    }
}

fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        _ => false,
    }
}
