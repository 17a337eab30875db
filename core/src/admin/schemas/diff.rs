//! What has to change in a managed table when its schema changes, and what would be lost by it.

use quillback_plugin_api::catalog::{ColumnInfo, TableInfo};
use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Expr};
use quillback_plugin_api::{Ident, Value, types::LogicalType};

use super::draft::SchemaDraft;
use super::health::{Fit, fit};
use crate::error::{Error, Problem, Result};
use crate::field::{self, Field, FieldKind, column_type};
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

/// What has to change in the table of a stored schema for a new definition, worked out from the table as it is: what an
/// earlier attempt did before it was cut off is not asked for again, so that saving once more completes it. A table that
/// Quillback did not make is never changed.
pub(super) async fn changes(
    permit: &Permit<ManageSchemas>,
    target: &Opened,
    before: &Schema,
    after: &Definition,
    found: Option<&TableInfo>,
    draft: &SchemaDraft,
) -> Result<(Vec<Ddl>, Vec<String>)> {
    if !after.managed {
        return Ok((Vec::new(), Vec::new()));
    }
    let Some(found) = found else {
        let warning = format!("The table {} is missing and is made anew.", after.table);
        return Ok((vec![create_table(after)], vec![warning]));
    };
    let mut work = Comparison {
        permit,
        target,
        found,
        after,
        allow_data_loss: draft.allow_data_loss,
        rows: target
            .count(permit, after.table.clone(), Expr::True)
            .await?,
        dropped: Vec::new(),
        changes: Vec::new(),
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    for old in &before.definition.fields {
        if after.field(&old.name).is_none() && found.column(&old.column).is_some() {
            work.drop(old).await?;
        }
    }
    for (position, new) in after.fields.iter().enumerate() {
        let path = format!("fields.{position}");
        match before.definition.field(&new.name) {
            Some((_, old)) => work.keep(old, new, &path).await?,
            None => work.add(new, &path).await?,
        }
    }
    if work.problems.is_empty() {
        Ok((work.changes, work.warnings))
    } else {
        Err(Error::Invalid(work.problems))
    }
}

/// A definition held against the table that it is to describe.
struct Comparison<'a> {
    permit: &'a Permit<ManageSchemas>,
    target: &'a Opened,
    found: &'a TableInfo,
    after: &'a Definition,
    allow_data_loss: bool,
    rows: u64,
    dropped: Vec<Ident>,
    changes: Vec<Ddl>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl<'a> Comparison<'a> {
    async fn drop(&mut self, old: &Field) -> Result<()> {
        let lost = self.filled(&old.column).await?;
        if lost > 0 {
            let message = format!("Without {}, its values in {lost} rows are lost.", old.label);
            if self.allow_data_loss {
                self.warnings.push(message);
            } else {
                let message = format!("{message} Set allowDataLoss to do it all the same.");
                self.refuse("fields".to_owned(), "DATA_LOSS", message);
            }
        }
        self.drop_column(&old.column);
        Ok(())
    }

    /// A field that stays, perhaps under another column name, with another type or as a required one.
    async fn keep(&mut self, old: &Field, new: &Field, path: &str) -> Result<()> {
        let renamed = old.column != new.column;
        let Some(there) = self.column(&old.column) else {
            return self.add(new, path).await;
        };
        if renamed && self.column(&new.column).is_some() {
            let message = format!("The table has a column {} already.", new.column);
            self.refuse(format!("{path}.column"), "COLUMN_EXISTS", message);
            return Ok(());
        }
        if !is_widening(&old.kind, &new.kind) && field::detect(there) != new.kind {
            return self.replace(old, new, path).await;
        }
        if new.required && !old.required {
            self.check_filled(new, &old.column, path).await?;
        }
        if renamed {
            self.changes.push(Ddl::RenameColumn {
                table: self.after.table.clone(),
                from: old.column.clone(),
                to: new.column.clone(),
            });
        }
        self.alter(old, new);
        Ok(())
    }

    /// A field whose values the new type does not hold: done only where there are none.
    async fn replace(&mut self, old: &Field, new: &Field, path: &str) -> Result<()> {
        let lost = self.filled(&old.column).await?;
        if lost > 0 {
            let message = format!(
                "{} cannot change its type this way: the values of {lost} rows might be lost. Add another field instead.",
                new.label
            );
            self.refuse(format!("{path}.type"), "DATA_LOSS", message);
            return Ok(());
        }
        self.drop_column(&old.column);
        self.add(new, path).await
    }

    /// A field that is new in the schema, and mostly in the table.
    async fn add(&mut self, new: &Field, path: &str) -> Result<()> {
        if let Some(there) = self.column(&new.column) {
            return self.adopt(new, there, path).await;
        }
        let default = new
            .rules
            .default
            .as_ref()
            .and_then(|default| row_json::read(default, &new.kind).ok());
        let default = default.filter(|value| !value.is_null());
        if new.required && self.rows > 0 && default.is_none() {
            let message = format!(
                "{} is required and the table has {} rows without it. Give it a default, or do not require it.",
                new.label, self.rows
            );
            self.refuse(format!("{path}.required"), "REQUIRED", message);
        }
        let mut column = column(new);
        if new.required {
            column.default = default.filter(is_literal);
        }
        self.changes.push(Ddl::AddColumn {
            table: self.after.table.clone(),
            column,
        });
        Ok(())
    }

    /// A column that is there although the schema does not know it yet.
    async fn adopt(&mut self, new: &Field, there: &ColumnInfo, path: &str) -> Result<()> {
        if fit(&new.kind, &field::detect(there)) != Fit::Holds {
            let message = format!(
                "The table has a column {} of type {} already, which does not hold what this field takes. Choose another \
                 column name.",
                new.column, there.native
            );
            self.refuse(format!("{path}.column"), "COLUMN_EXISTS", message);
            return Ok(());
        }
        if new.required && there.nullable {
            self.check_filled(new, &there.name, path).await?;
        }
        let old = Field {
            required: !there.nullable,
            ..new.clone()
        };
        self.alter(&old, new);
        Ok(())
    }

    fn alter(&mut self, old: &Field, new: &Field) {
        let from = ColumnDef {
            name: new.column.clone(),
            ..column(old)
        };
        let to = column(new);
        if from != to {
            self.changes.push(Ddl::AlterColumn {
                table: self.after.table.clone(),
                from,
                to,
            });
        }
    }

    async fn check_filled(&mut self, new: &Field, column: &Ident, path: &str) -> Result<()> {
        let empty = self.count(Expr::IsNull(column.clone())).await?;
        if empty > 0 {
            let message = format!(
                "{} cannot be required yet: {empty} rows have no value there. Fill them first.",
                new.label
            );
            self.refuse(format!("{path}.required"), "REQUIRED", message);
        }
        Ok(())
    }

    fn drop_column(&mut self, column: &Ident) {
        self.dropped.push(column.clone());
        self.changes.push(Ddl::DropColumn {
            table: self.after.table.clone(),
            column: column.clone(),
        });
    }

    /// The column of this name, unless it goes with this change.
    fn column(&self, name: &Ident) -> Option<&'a ColumnInfo> {
        self.found
            .column(name)
            .filter(|column| !self.dropped.contains(&column.name))
    }

    async fn filled(&self, column: &Ident) -> Result<u64> {
        self.count(Expr::IsNull(column.clone()).negate()).await
    }

    async fn count(&self, filter: Expr) -> Result<u64> {
        let table = self.after.table.clone();
        self.target.count(self.permit, table, filter).await
    }

    fn refuse(&mut self, path: String, code: &'static str, message: String) {
        self.problems.push(Problem::new(path, code, message));
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
