//! Whether a document fits the database, the table and the fields that it comes to.

use quillback_plugin_api::Category;
use quillback_plugin_api::sql::Ddl;

use super::document::Document;
use super::request::Imported;
use crate::admin::schemas::Prepared;
use crate::admin::schemas::health::{Fit, fit};
use crate::error::{Error, Problem, Result};
use crate::field::detect;
use crate::permit::{ManageSchemas, Permit};
use crate::policy::check_policy;
use crate::schema::Module;

/// What the database at hand cannot hold, what its table does not have, and rights and rules that fit no field.
pub(super) async fn check_definition(
    permit: &Permit<ManageSchemas>,
    document: &Document,
    prepared: &Prepared<'_>,
    report: &mut Imported,
) -> Result<()> {
    let definition = &prepared.definition;
    let told = &document.definition;
    let is_managed = document.module != Module::DataCorrection;
    if is_managed != told.managed || (is_managed && told.key != definition.key) {
        let message = "Quillback makes the tables of its own modules with one key, the UUID `id`; tables that are there are for data_correction.";
        report
            .problems
            .push(Problem::new("document.key", "KEY", message));
    }
    match prepared.target.render_ddl(permit, &prepared.changes).await {
        Ok(statements) => report.statements = statements,
        Err(Error::Target(error)) if error.category == Category::Unsupported => {
            let found = unsupported(permit, prepared).await;
            if found.is_empty() {
                return Err(Error::Target(error));
            }
            report.problems.extend(found);
        }
        Err(other) => return Err(other),
    }
    for (position, field) in definition.fields.iter().enumerate() {
        let column = prepared
            .table
            .as_ref()
            .filter(|_| !definition.managed)
            .and_then(|info| info.column(&field.column));
        let Some(column) = column else { continue };
        if fit(&field.kind, &detect(column)) == Fit::Other {
            let message = format!(
                "Column {} is {} here, which cannot be this type.",
                field.column, column.native
            );
            let path = format!("document.fields.{position}.kind");
            report
                .problems
                .push(Problem::new(path, "OTHER_TYPE", message));
        }
    }
    for (position, policy) in document.policies.iter().enumerate() {
        let path = format!("document.policies.{position}");
        report
            .problems
            .extend(check_policy(definition, &policy.rules, &path));
    }
    for (position, (_, rights)) in document.permissions.iter().enumerate() {
        for field in rights.hidden.iter().chain(&rights.read_only) {
            if definition.field(field).is_none() {
                let message = format!("The schema has no field called {field}.");
                let path = format!("document.permissions.{position}");
                report
                    .problems
                    .push(Problem::new(path, "UNKNOWN_FIELD", message));
            }
        }
    }
    Ok(())
}

/// The fields that this database has no column for.
async fn unsupported(permit: &Permit<ManageSchemas>, prepared: &Prepared<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (position, field) in prepared.definition.fields.iter().enumerate() {
        let alone = Ddl::AddColumn {
            table: prepared.definition.table.clone(),
            column: crate::admin::schemas::diff::column(field),
        };
        if let Err(Error::Target(error)) = prepared.target.render_ddl(permit, &[alone]).await {
            let message = format!(
                "This database has no column for {}: {}.",
                field.label,
                error.message.trim_end_matches('.')
            );
            let path = format!("document.fields.{position}.kind");
            problems.push(Problem::new(path, "UNSUPPORTED", message));
        }
    }
    problems
}
