//! A schema as a client writes it down, checked against the database it is for.

use quillback_plugin_api::catalog::{Catalog, ColumnInfo, Introspect, TableInfo, TableKind};
use quillback_plugin_api::{Ident, TableRef};

use super::field_rules::check_rules;
use super::owner;
use crate::error::{Error, Problem, Result};
use crate::field::{self, Field, FieldKind, Rules};
use crate::ids::ConnectionId;
use crate::permit::{ManageSchemas, Permit};
use crate::schema::{Conditions, Definition, KeyMaker, KeyPart, Module, Schema};
use crate::targets::Opened;

/// A field as a client writes it down.
#[derive(Clone, Debug)]
pub struct FieldDraft {
    /// Name in the API.
    pub name: String,
    /// Name for people; the name in the API when it is left out.
    pub label: Option<String>,
    /// Column; the name in the API when it is left out.
    pub column: Option<String>,
    /// Type; detected for a column of an existing table when it is left out.
    pub kind: Option<FieldKind>,
    /// Whether every row must have a value.
    pub required: bool,
    /// What its values must keep.
    pub rules: Rules,
}

/// A key column of an existing table, chosen by hand.
#[derive(Clone, Debug)]
pub struct KeyDraft {
    /// Column.
    pub column: String,
    /// Who makes it.
    pub maker: KeyMaker,
}

/// A schema as a client writes it down.
#[derive(Clone, Debug)]
pub struct SchemaDraft {
    /// Name for people.
    pub label: String,
    /// What it is for.
    pub module: Module,
    /// Where its table is.
    pub connection: ConnectionId,
    /// Schema of the database; the connection's default when it is left out.
    pub table_schema: Option<String>,
    /// Table.
    pub table: String,
    /// Key of an existing table that has none; not for tables that Quillback makes.
    pub key: Vec<KeyDraft>,
    /// Fields. For an existing table, none means every column.
    pub fields: Vec<FieldDraft>,
    /// Field that holds who added a row. A table that Quillback keeps gets it when it is not among the fields.
    pub owner: Option<String>,
    /// Whether values may be lost by this change of a schema.
    pub allow_data_loss: bool,
}

/// The label, checked.
pub(super) fn label(draft: &SchemaDraft) -> Result<String> {
    let label = draft.label.trim();
    if label.is_empty() || label.chars().count() > 255 {
        return Err(Error::invalid(
            "label",
            "REQUIRED",
            "Give the schema a label of 1 to 255 characters.",
        ));
    }
    Ok(label.to_owned())
}

/// Table, key and fields of the draft, and the table as it is now.
pub(super) async fn definition(
    draft: &SchemaDraft,
    before: Option<&Schema>,
    permit: &Permit<ManageSchemas>,
    target: &Opened,
) -> Result<(Definition, Option<TableInfo>)> {
    label(draft)?;
    let table = TableRef::in_schema(
        draft
            .table_schema
            .as_deref()
            .map(|name| ident(name, "tableSchema", target))
            .transpose()?,
        ident(&draft.table, "table", target)?,
    );
    if let Some(before) = before {
        check_unchanged(draft, before, &table)?;
    }
    let managed = draft.module != Module::DataCorrection;
    let found = match target
        .introspect(permit, &Introspect::Table(table.clone()))
        .await?
    {
        Catalog::Table(found) => found,
        _ => None,
    };
    let definition = match (managed, &found, before) {
        (true, Some(_), None) => Err(Error::invalid(
            "table",
            "TABLE_EXISTS",
            "There is a table of this name already. Choose another name, or the module DATA_CORRECTION to write into it.",
        )),
        (false, None, _) => Err(Error::invalid(
            "table",
            "TABLE_MISSING",
            "There is no table of this name, or the account of the connection does not see it.",
        )),
        (true, ..) => managed_definition(draft, table, target),
        (false, Some(info), _) => existing_definition(draft, table, info, target),
    }
    .and_then(|definition| {
        let conditions = before.map(|before| before.definition.conditions.clone());
        let definition = Definition {
            owner: draft.owner.clone(),
            conditions: conditions.unwrap_or_default(),
            ..definition
        };
        owner::with_fixed_owner(definition)
    })?;
    Ok((definition, found))
}

fn check_unchanged(draft: &SchemaDraft, before: &Schema, table: &TableRef) -> Result<()> {
    let fixed = |path: &str| {
        Error::invalid(
            path,
            "FIXED",
            "This cannot be changed once the schema exists.",
        )
    };
    if draft.module != before.module {
        return Err(fixed("module"));
    }
    if draft.connection != before.connection {
        return Err(fixed("connectionId"));
    }
    if *table != before.definition.table {
        return Err(fixed("table"));
    }
    Ok(())
}

fn ident(name: &str, path: &str, target: &Opened) -> Result<Ident> {
    let ident =
        Ident::new(name).map_err(|error| Error::invalid(path, "NAME", error.to_string()))?;
    let most = target.server.capabilities.max_identifier as usize;
    let length = if target.server.capabilities.identifier_bytes {
        name.len()
    } else {
        name.chars().count()
    };
    if most > 0 && length > most {
        let message = format!("The name is longer than the {most} that this database takes.");
        return Err(Error::invalid(path, "NAME", message));
    }
    Ok(ident)
}

fn managed_definition(draft: &SchemaDraft, table: TableRef, target: &Opened) -> Result<Definition> {
    if draft.fields.is_empty() {
        return Err(Error::invalid(
            "fields",
            "REQUIRED",
            "Give the schema at least one field.",
        ));
    }
    let key = KeyPart {
        name: "id".into(),
        column: Ident::literal("id"),
        kind: FieldKind::Uuid,
        maker: KeyMaker::Server,
    };
    let draft = &owner::with_owner_field(draft);
    let fields = fields(draft, std::slice::from_ref(&key), None, target)?;
    let problems: Vec<Problem> = fields
        .iter()
        .enumerate()
        .filter(|(_, field)| {
            matches!(
                field.kind,
                FieldKind::Time | FieldKind::Float | FieldKind::Json | FieldKind::Other
            )
        })
        .map(|(position, _)| {
            let message = "Fields of this type exist only in tables that are there already.";
            Problem::new(format!("fields.{position}.type"), "UNSUPPORTED", message)
        })
        .collect();
    if problems.is_empty() {
        Ok(Definition {
            table,
            managed: true,
            loose_key: false,
            key: vec![key],
            fields,
            owner: None,
            conditions: Conditions::default(),
        })
    } else {
        Err(Error::Invalid(problems))
    }
}

fn existing_definition(
    draft: &SchemaDraft,
    table: TableRef,
    info: &TableInfo,
    target: &Opened,
) -> Result<Definition> {
    if info.kind == TableKind::View {
        return Err(Error::invalid(
            "table",
            "VIEW",
            "This is a view. Choose the table whose rows are to be corrected.",
        ));
    }
    let key = existing_key(draft, info)?;
    let all;
    let draft = if draft.fields.is_empty() {
        all = SchemaDraft {
            fields: every_column(info, &key),
            ..draft.clone()
        };
        &all
    } else {
        draft
    };
    let fields = fields(draft, &key, Some(info), target)?;
    Ok(Definition {
        table,
        managed: false,
        loose_key: !is_unique(info, &key),
        key,
        fields,
        owner: None,
        conditions: Conditions::default(),
    })
}

fn existing_key(draft: &SchemaDraft, info: &TableInfo) -> Result<Vec<KeyPart>> {
    let chosen: Vec<(Ident, Option<KeyMaker>)> = if draft.key.is_empty() {
        info.primary_key
            .iter()
            .map(|column| (column.clone(), None))
            .collect()
    } else {
        let column = |key: &KeyDraft| {
            Ident::new(key.column.as_str())
                .ok()
                .map(|column| (column, Some(key.maker)))
        };
        draft.key.iter().filter_map(column).collect()
    };
    if chosen.is_empty() {
        let message = "This table has no primary key. Choose the columns that identify a row.";
        return Err(Error::invalid("key", "NO_KEY", message));
    }
    let parts = chosen
        .into_iter()
        .enumerate()
        .map(|(position, (name, maker))| {
            let column = info.column(&name).ok_or_else(|| {
                let message = format!("The table has no column called {name}.");
                Error::invalid(format!("key.{position}.column"), "COLUMN_MISSING", message)
            })?;
            let kind = field::detect(column);
            if !kind.is_comparable() {
                let message = "A column of this type cannot identify rows.";
                return Err(Error::invalid(
                    format!("key.{position}.column"),
                    "UNSUPPORTED",
                    message,
                ));
            }
            let maker = maker.unwrap_or_else(|| key_maker(column, &kind));
            Ok(KeyPart {
                name: name.to_string(),
                column: name,
                kind,
                maker,
            })
        });
    parts.collect()
}

/// Whether the database keeps rows apart by these columns, or by some of them.
fn is_unique(info: &TableInfo, key: &[KeyPart]) -> bool {
    let mut unique = info.unique_keys.iter().chain([&info.primary_key]);
    unique.any(|columns| {
        let mut columns = columns.iter();
        let is_part = |column: &Ident| key.iter().any(|part| part.column == *column);
        columns.len() > 0 && columns.all(is_part)
    })
}

fn key_maker(column: &ColumnInfo, kind: &FieldKind) -> KeyMaker {
    match kind {
        _ if column.identity || column.generated || column.has_default => KeyMaker::Database,
        FieldKind::Uuid => KeyMaker::Server,
        _ => KeyMaker::Client,
    }
}

fn every_column(info: &TableInfo, key: &[KeyPart]) -> Vec<FieldDraft> {
    let others = info
        .columns
        .iter()
        .filter(|column| !key.iter().any(|part| part.column == column.name));
    others
        .map(|column| FieldDraft {
            name: column.name.to_string(),
            label: None,
            column: None,
            kind: None,
            required: !column.nullable && !column.has_default && !column.generated,
            rules: Rules {
                read_only: column.generated,
                ..Rules::default()
            },
        })
        .collect()
}

fn fields(
    draft: &SchemaDraft,
    key: &[KeyPart],
    info: Option<&TableInfo>,
    target: &Opened,
) -> Result<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::with_capacity(draft.fields.len());
    let mut problems = Vec::new();
    for (position, given) in draft.fields.iter().enumerate() {
        let path = format!("fields.{position}");
        match one_field(given, &path, info, target) {
            Ok(field) => {
                let name_taken = fields.iter().any(|known| known.name == field.name)
                    || key.iter().any(|part| part.name == field.name);
                let column_taken = fields.iter().any(|known| known.column == field.column)
                    || key.iter().any(|part| part.column == field.column);
                if name_taken || column_taken {
                    let message =
                        "Two fields, or a field and the key, have the same name or column.";
                    problems.push(Problem::new(format!("{path}.name"), "TWICE", message));
                }
                check_rules(&field, &path, &mut problems);
                fields.push(field);
            }
            Err(Error::Invalid(found)) => problems.extend(found),
            Err(other) => return Err(other),
        }
    }
    if problems.is_empty() {
        Ok(fields)
    } else {
        Err(Error::Invalid(problems))
    }
}

fn one_field(
    given: &FieldDraft,
    path: &str,
    info: Option<&TableInfo>,
    target: &Opened,
) -> Result<Field> {
    if given.name.trim().is_empty() || given.name.chars().count() > 128 {
        return Err(Error::invalid(
            format!("{path}.name"),
            "NAME",
            "Give the field a name of 1 to 128 characters.",
        ));
    }
    let column = ident(
        given.column.as_deref().unwrap_or(&given.name),
        &format!("{path}.column"),
        target,
    )?;
    let known = info.map(|info| {
        info.column(&column).ok_or_else(|| {
            let message = format!("The table has no column called {column}.");
            Error::invalid(format!("{path}.column"), "COLUMN_MISSING", message)
        })
    });
    let known = known.transpose()?;
    let kind = given.kind.clone().or_else(|| known.map(field::detect));
    let kind = kind.ok_or_else(|| {
        Error::invalid(format!("{path}.type"), "REQUIRED", "Give the field a type.")
    })?;
    let mut rules = given.rules.clone();
    rules.read_only |= rules.on_edit;
    rules.read_only |= kind == FieldKind::Other || known.is_some_and(|column| column.generated);
    Ok(Field {
        name: given.name.clone(),
        label: given.label.clone().unwrap_or_else(|| given.name.clone()),
        column,
        kind,
        required: given.required,
        rules,
        computed: known.is_some_and(|column| column.generated),
    })
}
