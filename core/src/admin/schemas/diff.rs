//! What has to change in a managed table when its schema changes, and what would be lost by it.

use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Expr};
use quillback_plugin_api::{Value, types::LogicalType};

use super::draft::SchemaDraft;
use crate::error::{Error, Problem, Result};
use crate::field::{Field, FieldKind, column_type};
use crate::permit::{ManageSchemas, Permit};
use crate::row_json;
use crate::schema::{Definition, Schema};
use crate::targets::Opened;

/// The table of a new schema.
pub(super) fn create_table(definition: &Definition) -> Ddl {
    let keys = definition.key.iter().map(|part| ColumnDef {
        exact_text: true,
        ..ColumnDef::required(part.column.clone(), column_type(&part.kind))
    });
    Ddl::CreateTable(CreateTable {
        table: definition.table.clone(),
        columns: keys.chain(definition.fields.iter().map(column)).collect(),
        primary_key: definition
            .key
            .iter()
            .map(|part| part.column.clone())
            .collect(),
        if_not_exists: false,
    })
}

pub(super) fn column(field: &Field) -> ColumnDef {
    let ty: LogicalType = column_type(&field.kind);
    if field.required {
        ColumnDef::required(field.column.clone(), ty)
    } else {
        ColumnDef::optional(field.column.clone(), ty)
    }
}

/// The changes from a stored schema to a new definition. A table that Quillback did not make is never changed.
pub(super) async fn changes(
    permit: &Permit<ManageSchemas>,
    target: &Opened,
    before: &Schema,
    after: &Definition,
    draft: &SchemaDraft,
    warnings: &mut Vec<String>,
) -> Result<Vec<Ddl>> {
    if !after.managed {
        return Ok(Vec::new());
    }
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    let rows = target
        .count(permit, after.table.clone(), Expr::True)
        .await?;
    for old in &before.definition.fields {
        if after.field(&old.name).is_some() {
            continue;
        }
        let filled = Expr::IsNull(old.column.clone()).negate();
        let lost = target.count(permit, after.table.clone(), filled).await?;
        lose(lost, &old.label, "fields", draft, warnings, &mut problems);
        changes.push(Ddl::DropColumn {
            table: after.table.clone(),
            column: old.column.clone(),
        });
    }
    for (position, new) in after.fields.iter().enumerate() {
        let path = format!("fields.{position}");
        match before.definition.field(&new.name) {
            Some((_, old)) => {
                let empty = Expr::IsNull(old.column.clone());
                if !is_widening(&old.kind, &new.kind) {
                    let filled = empty.clone().negate();
                    let filled = target.count(permit, after.table.clone(), filled).await?;
                    let message = format!(
                        "{} cannot change its type this way: the values of {filled} rows might be lost. Add another \
                         field instead.",
                        new.label
                    );
                    problems.push(Problem::new(format!("{path}.type"), "DATA_LOSS", message));
                }
                if new.required && !old.required {
                    let empty = target.count(permit, after.table.clone(), empty).await?;
                    if empty > 0 {
                        let message = format!(
                            "{} cannot be required yet: {empty} rows have no value there. Fill them first.",
                            new.label
                        );
                        problems.push(Problem::new(
                            format!("{path}.required"),
                            "REQUIRED",
                            message,
                        ));
                    }
                }
                alter(after, old, new, &mut changes);
            }
            None => changes.push(add(after, new, rows, &path, &mut problems)),
        }
    }
    if problems.is_empty() {
        Ok(changes)
    } else {
        Err(Error::Invalid(problems))
    }
}

fn lose(
    lost: u64,
    label: &str,
    path: &str,
    draft: &SchemaDraft,
    warnings: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) {
    if lost == 0 {
        return;
    }
    let message = format!("Without {label}, its values in {lost} rows are lost.");
    if draft.allow_data_loss {
        warnings.push(message);
    } else {
        problems.push(Problem::new(
            path,
            "DATA_LOSS",
            format!("{message} Set allowDataLoss to do it all the same."),
        ));
    }
}

fn alter(after: &Definition, old: &Field, new: &Field, changes: &mut Vec<Ddl>) {
    if old.column != new.column {
        changes.push(Ddl::RenameColumn {
            table: after.table.clone(),
            from: old.column.clone(),
            to: new.column.clone(),
        });
    }
    let from = ColumnDef {
        name: new.column.clone(),
        ..column(old)
    };
    let to = column(new);
    if from != to {
        changes.push(Ddl::AlterColumn {
            table: after.table.clone(),
            from,
            to,
        });
    }
}

fn add(after: &Definition, new: &Field, rows: u64, path: &str, problems: &mut Vec<Problem>) -> Ddl {
    let default = new
        .rules
        .default
        .as_ref()
        .and_then(|default| row_json::read(default, &new.kind).ok());
    let default = default.filter(|value| !value.is_null());
    if new.required && rows > 0 && default.is_none() {
        let message = format!(
            "{} is required and the table has {rows} rows without it. Give it a default, or do not require it.",
            new.label
        );
        problems.push(Problem::new(
            format!("{path}.required"),
            "REQUIRED",
            message,
        ));
    }
    let mut column = column(new);
    if new.required {
        column.default = default.filter(is_literal);
    }
    Ddl::AddColumn {
        table: after.table.clone(),
        column,
    }
}

fn is_literal(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_) | Value::I64(_) | Value::Decimal(_) | Value::Text(_)
    )
}

/// Whether every value of the old type is one of the new type.
fn is_widening(old: &FieldKind, new: &FieldKind) -> bool {
    use FieldKind::{Decimal, Dropdown, Integer, Paragraph, Text};
    match (old, new) {
        (old, new) if old == new => true,
        (
            Text { length: old } | Dropdown { length: old },
            Text { length: new } | Dropdown { length: new },
        ) => new >= old,
        (Text { .. } | Dropdown { .. }, Paragraph) => true,
        (
            Decimal {
                precision: p,
                scale: s,
            },
            Decimal { precision, scale },
        ) => scale >= s && precision - scale >= p - s,
        (Integer, Decimal { precision, scale }) => precision - scale >= 19,
        _ => false,
    }
}
