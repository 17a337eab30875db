//! Compares a schema with the table that it is about: what is missing, what has another type, what is new.

use quillback_plugin_api::catalog::{Catalog, Introspect, TableInfo, TableKind};

use crate::app::App;
use crate::cx::Cx;
use crate::error::Result;
use crate::field::{self, FieldKind};
use crate::ids::SchemaId;
use crate::permit;
use crate::schema::Definition;

/// One difference between a schema and its table.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable code, such as `COLUMN_MISSING`.
    pub code: &'static str,
    /// Field or key part, by its name in the API.
    pub field: Option<String>,
    /// Column.
    pub column: Option<String>,
    /// Whether rows cannot be read or written until it is mended.
    pub blocks: bool,
    /// What is different and what to do, for people.
    pub message: String,
}

/// How a schema and its table agree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// The differences; none is how it should be.
    pub findings: Vec<Finding>,
}

impl Health {
    /// Whether nothing keeps rows from being read and written.
    pub fn works(&self) -> bool {
        !self.findings.iter().any(|finding| finding.blocks)
    }
}

/// Looks at the table of a schema as it is now.
///
/// # Errors
/// `Denied`, `NotFound`, `Target` when the database could not be asked.
pub async fn health(cx: &Cx, app: &App, id: &SchemaId) -> Result<Health> {
    let permit = permit::manage_schemas(cx)?;
    let found = permit.schema(app, id).await?;
    let connection = found.connection(app).await?;
    let definition = &found.schema.definition;
    let target = app.targets.get(&app.keyring, &connection).await?;
    let what = Introspect::Table(definition.table.clone());
    let table = match target.introspect(&permit, &what).await? {
        Catalog::Table(table) => table,
        _ => None,
    };
    Ok(Health {
        findings: compare(definition, table.as_ref()),
    })
}

/// The differences, those that keep rows from being read and written first.
pub(super) fn compare(definition: &Definition, found: Option<&TableInfo>) -> Vec<Finding> {
    let Some(info) = found else {
        let message = format!(
            "There is no table {}, or the account of the connection does not see it. Bring it back, or remove the schema.",
            definition.table
        );
        return vec![of_table("TABLE_MISSING", message)];
    };
    let mut findings = Vec::new();
    if info.kind == TableKind::View {
        let message = format!(
            "{} is a view now: rows cannot be written into it.",
            definition.table
        );
        findings.push(of_table("VIEW", message));
    }
    let keys = definition
        .key
        .iter()
        .map(|part| (&part.name, &part.column, &part.kind, true));
    let fields = definition
        .fields
        .iter()
        .map(|field| (&field.name, &field.column, &field.kind, field.required));
    for (name, column, kind, required) in keys.chain(fields) {
        let finding = |code, blocks, message| Finding {
            code,
            field: Some(name.clone()),
            column: Some(column.to_string()),
            blocks,
            message,
        };
        let Some(there) = info.column(column) else {
            let message = format!(
                "The table has no column {column} any more. Bring it back, or take the field {name} out of the schema."
            );
            findings.push(finding("COLUMN_MISSING", true, message));
            continue;
        };
        match fit(kind, &field::detect(there)) {
            Fit::Holds => {}
            Fit::Narrower => {
                let message = format!(
                    "Column {column} is {} now, which does not hold every value that the field takes. Narrow the field, or widen the column.",
                    there.native
                );
                findings.push(finding("NARROWER", false, message));
            }
            Fit::Other => {
                let message = format!(
                    "Column {column} is {} now, which is not what the field is. Change the type of one of them.",
                    there.native
                );
                findings.push(finding("OTHER_TYPE", false, message));
            }
        }
        if !required && !there.nullable && !there.has_default && !there.generated {
            let message = format!(
                "Column {column} must have a value and the field need not. Make the field required."
            );
            findings.push(finding("REQUIRED_BY_TABLE", false, message));
        }
    }
    findings.extend(new_columns(definition, info));
    findings.sort_by_key(|finding| !finding.blocks);
    findings
}

fn of_table(code: &'static str, message: String) -> Finding {
    Finding {
        code,
        field: None,
        column: None,
        blocks: true,
        message,
    }
}

fn new_columns(definition: &Definition, info: &TableInfo) -> Vec<Finding> {
    let known = |name| definition.columns().any(|column| column == name);
    let others = info.columns.iter().filter(|column| !known(&column.name));
    others
        .map(|column| {
            let blocks = !column.nullable && !column.has_default && !column.generated;
            let name = &column.name;
            let message = if blocks {
                format!("Column {name} is in no field and must have a value: rows cannot be added. Make it a field, or give the column a default.")
            } else {
                format!("Column {name} is in no field. Make it one, or leave it to others.")
            };
            Finding {
                code: "NEW_COLUMN",
                field: None,
                column: Some(name.to_string()),
                blocks,
                message,
            }
        })
        .collect()
}

/// Whether a column holds what a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// All of it.
    Holds,
    /// Some of it.
    Narrower,
    /// It is for something else.
    Other,
}

/// Whether a column that is detected as `column` holds what a field of type `field` takes.
pub(super) fn fit(field: &FieldKind, column: &FieldKind) -> Fit {
    let holds = |holds: bool| if holds { Fit::Holds } else { Fit::Narrower };
    if field == column {
        return Fit::Holds;
    }
    match (field, column) {
        (FieldKind::Other, _) | (FieldKind::Uuid, FieldKind::Paragraph) => Fit::Holds,
        (FieldKind::Uuid, FieldKind::Text { length }) => holds(*length >= 36),
        (FieldKind::Integer, FieldKind::Decimal { precision, scale }) => {
            holds(precision.saturating_sub(*scale) >= 19)
        }
        (FieldKind::Decimal { precision, scale }, FieldKind::Integer) => {
            holds(*scale == 0 && *precision <= 18)
        }
        (
            FieldKind::Decimal { precision, scale },
            FieldKind::Decimal {
                precision: most,
                scale: fraction,
            },
        ) => holds(
            fraction >= scale && most.saturating_sub(*fraction) >= precision.saturating_sub(*scale),
        ),
        _ => match (text_length(field), text_length(column)) {
            (Some(wanted), Some(there)) => holds(there >= wanted),
            _ => Fit::Other,
        },
    }
}

fn text_length(kind: &FieldKind) -> Option<u32> {
    match kind {
        FieldKind::Text { length } | FieldKind::Dropdown { length } => Some(*length),
        FieldKind::Paragraph => Some(u32::MAX),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_holds_a_field_when_it_holds_every_value_of_it() {
        let text = |length| FieldKind::Text { length };
        let decimal = |precision, scale| FieldKind::Decimal { precision, scale };
        for (field, column, expected) in [
            (text(20), text(20), Fit::Holds),
            (text(20), text(19), Fit::Narrower),
            (text(20), FieldKind::Paragraph, Fit::Holds),
            (FieldKind::Paragraph, text(4_000), Fit::Narrower),
            (FieldKind::Dropdown { length: 5 }, text(9), Fit::Holds),
            (text(5), FieldKind::Integer, Fit::Other),
            (decimal(12, 2), decimal(12, 3), Fit::Narrower),
            (decimal(12, 2), decimal(13, 3), Fit::Holds),
            (FieldKind::Integer, decimal(19, 0), Fit::Holds),
            (FieldKind::Integer, decimal(18, 0), Fit::Narrower),
            (
                FieldKind::Date,
                FieldKind::DateTime { zoned: true },
                Fit::Other,
            ),
            (FieldKind::Uuid, text(36), Fit::Holds),
            (FieldKind::Other, FieldKind::Json, Fit::Holds),
        ] {
            assert_eq!(fit(&field, &column), expected, "{field:?} in {column:?}");
        }
    }
}
