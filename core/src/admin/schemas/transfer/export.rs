//! Writes a schema down as a document.

use serde_json::Value as Json;

use super::document::{Document, Origin};
use super::target::{Names, with_connection_names};
use crate::admin::schemas::PolicyDraft;
use crate::app::App;
use crate::cx::Cx;
use crate::error::Result;
use crate::ids::SchemaId;
use crate::permit;
use crate::repo::{connections, groups};
use crate::schema::Conditions;

/// The document of a schema: its table, key, fields and rules, and unless `structure_only` the rights of groups and the
/// row-level security. No row, and nothing of a connection but its name and driver.
///
/// # Errors
/// `Denied`, `NotFound`.
pub async fn export(cx: &Cx, app: &App, id: &SchemaId, structure_only: bool) -> Result<Json> {
    let whole = permit::manage_schemas(cx)?.schema(app, id).await?;
    let all = connections::list_connections(&app.repo).await?;
    let connection = whole.connection(app).await?.into_inner();
    let whole = whole.into_inner();
    let groups = groups::list_groups(&app.repo).await?;
    // A group without rights only says who manages the schema, which is another server's own affair.
    let given = whole
        .permissions
        .iter()
        .filter(|(_, rights)| !rights.is_empty());
    let permissions = given.filter_map(|(group, rights)| {
        let group = groups.iter().find(|known| known.id == *group)?;
        Some((group.name.clone(), rights.clone()))
    });
    let policies = whole.policies.iter().map(|policy| PolicyDraft {
        name: policy.name.clone(),
        rules: policy.rules.clone(),
    });
    let mut definition = whole.schema.definition;
    if structure_only {
        definition.conditions = Conditions::default();
    }
    let document = Document {
        id: id.clone(),
        label: whole.schema.label,
        module: whole.schema.module,
        connection: Origin {
            name: connection.name,
            driver: connection.driver,
        },
        definition,
        permissions: permissions.filter(|_| !structure_only).collect(),
        policies: policies.filter(|_| !structure_only).collect(),
    };
    let mut json = document.to_json()?;
    with_connection_names(&mut json, &Names::of(&all));
    Ok(json)
}
