//! What a document means on this server: connections and groups by their names here.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::document::Origin;
use crate::error::Problem;
use crate::ids::ConnectionId;
use crate::repo::connections::{Connection, name_key};

/// Connections of this server, both ways.
pub(super) struct Names {
    by_id: HashMap<String, String>,
    by_name: HashMap<String, String>,
}

impl Names {
    pub(super) fn of(connections: &[Connection]) -> Self {
        let id = |connection: &Connection| connection.id.to_string();
        Self {
            by_id: connections
                .iter()
                .map(|connection| (id(connection), connection.name.clone()))
                .collect(),
            by_name: connections
                .iter()
                .map(|connection| (name_key(&connection.name), id(connection)))
                .collect(),
        }
    }
}

/// Where a field says through which connection its options are read.
const OPTIONS: &str = "/rules/source/from/table/connection";

fn mentions(document: &mut Json) -> impl Iterator<Item = (usize, &mut Json)> {
    let fields = document.get_mut("fields").and_then(Json::as_array_mut);
    fields
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(|(position, field)| Some((position, field.pointer_mut(OPTIONS)?)))
}

/// Puts names in the place of ids.
pub(super) fn with_connection_names(document: &mut Json, names: &Names) {
    for (_, mention) in mentions(document) {
        let name = mention.as_str().and_then(|id| names.by_id.get(id));
        *mention = name.map_or(Json::Null, |name| Json::String(name.clone()));
    }
}

/// Puts the ids of this server in the place of names.
pub(super) fn with_connection_ids(document: &mut Json, names: &Names) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (position, mention) in mentions(document) {
        let Some(name) = mention.as_str() else {
            continue;
        };
        if let Some(id) = names.by_name.get(&name_key(name)) {
            *mention = Json::String(id.clone());
        } else {
            let path = format!("document.fields.{position}.rules.source.from.table.connection");
            let message = "There is no connection of this name here. Make it, then import again.";
            problems.push(Problem::new(path, "UNKNOWN_CONNECTION", message));
        }
    }
    problems
}

/// The connection of this server that has the name in the document.
pub(super) fn connection_named<'a>(
    origin: &Origin,
    connections: &'a [Connection],
) -> Option<&'a ConnectionId> {
    let key = name_key(&origin.name);
    connections
        .iter()
        .find(|connection| name_key(&connection.name) == key)
        .map(|connection| &connection.id)
}
