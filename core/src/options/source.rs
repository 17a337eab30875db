//! Checks where the options of a field are to come from, when a schema is saved.

use std::collections::HashSet;

use quillback_plugin_api::TableRef;
use quillback_plugin_api::catalog::{Catalog, Introspect};

use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::field::{self, Field, FieldKind, OptionSource, OptionsFrom};
use crate::permit::{ManageSchemas, Permit};
use crate::repo::schemas;
use crate::schema::Definition;
use crate::targets::Opened;

/// Type of a column or field that options may be read from, by its name.
type Kinds = Vec<(String, FieldKind)>;

/// The faults in the sources of a definition that is about to be saved on `target`.
///
/// # Errors
/// `Target` when a database could not be asked.
pub(crate) async fn check_sources(
    app: &App,
    permit: &Permit<ManageSchemas>,
    target: &Opened,
    definition: &Definition,
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for (position, source) in definition.sources() {
        let Some(field) = definition.fields.get(position) else {
            continue;
        };
        let mut check = Check {
            definition,
            field,
            source,
            path: format!("fields.{position}.source"),
            problems: &mut problems,
        };
        check.alone();
        match kinds(app, permit, target, source, &check.path).await {
            Ok(kinds) => check.columns(&kinds),
            Err(Error::Invalid(found)) => check.problems.extend(found),
            Err(other) => return Err(other),
        }
    }
    Ok(problems)
}

async fn kinds(
    app: &App,
    permit: &Permit<ManageSchemas>,
    own: &Opened,
    source: &OptionSource,
    path: &str,
) -> Result<Kinds> {
    match &source.from {
        OptionsFrom::Schema(id) => {
            let whole = match schemas::get_whole(&app.repo, id).await {
                Err(Error::NotFound(_)) => {
                    let message = "There is no such schema to have options from.";
                    return Err(Error::invalid(
                        format!("{path}.schemaId"),
                        "UNKNOWN_SCHEMA",
                        message,
                    ));
                }
                other => other?,
            };
            let definition = whole.schema.definition;
            let keys = definition
                .key
                .into_iter()
                .map(|part| (part.name, part.kind));
            let fields = definition.fields.into_iter();
            Ok(keys
                .chain(fields.map(|field| (field.name, field.kind)))
                .collect())
        }
        OptionsFrom::Table { connection, table } => {
            let target = match connection {
                None => own.clone(),
                Some(id) => {
                    let found = permit.connection(app, id).await;
                    let connection = found.map_err(|error| match error {
                        Error::NotFound(_) => Error::invalid(
                            format!("{path}.connectionId"),
                            "UNKNOWN_CONNECTION",
                            "There is no such connection, or you may not see it.",
                        ),
                        other => other,
                    })?;
                    app.targets.get(&app.keyring, &connection).await?
                }
            };
            columns_of(permit, &target, table, path).await
        }
    }
}

async fn columns_of(
    permit: &Permit<ManageSchemas>,
    target: &Opened,
    table: &TableRef,
    path: &str,
) -> Result<Kinds> {
    let what = Introspect::Table(table.clone());
    let Catalog::Table(Some(info)) = target.introspect(permit, &what).await? else {
        let message = format!(
            "There is no table {table} to have options from, or the account of the connection does not see it."
        );
        let path = format!("{path}.table");
        return Err(Error::invalid(path, "TABLE_MISSING", message));
    };
    let kind = |column| field::detect(column);
    Ok(info
        .columns
        .iter()
        .map(|column| (column.name.to_string(), kind(column)))
        .collect())
}

struct Check<'a> {
    definition: &'a Definition,
    field: &'a Field,
    source: &'a OptionSource,
    path: String,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    fn fault(&mut self, below: &str, code: &'static str, message: impl Into<String>) {
        let path = format!("{}{below}", self.path);
        self.problems.push(Problem::new(path, code, message));
    }

    /// What can be told without looking at the data.
    fn alone(&mut self) {
        if self.field.rules.options.is_some() {
            let message = "Give either a list of options or where they come from, not both.";
            self.fault("", "CONTRADICTION", message);
        }
        if !self.field.kind.is_comparable() {
            let message = "Fields of this type cannot have options.";
            self.fault("", "UNSUPPORTED", message);
        }
        for (position, given) in self.source.given.iter().enumerate() {
            let below = format!(".given.{position}.field");
            match self.definition.field(&given.field) {
                None => {
                    let message = format!("The schema has no field called {}.", given.field);
                    self.fault(&below, "UNKNOWN_FIELD", message);
                }
                Some((_, other)) if leads_to(self.definition, other, &self.field.name) => {
                    let message = "The options of a field cannot depend on themselves.";
                    self.fault(&below, "CIRCLE", message);
                }
                Some(_) => {}
            }
        }
    }

    fn kind<'k>(&mut self, kinds: &'k Kinds, name: &str, below: &str) -> Option<&'k FieldKind> {
        let found = kinds.iter().find(|(known, _)| known == name);
        if found.is_none() {
            let message = format!("There is nothing called {name} to have options from.");
            self.fault(below, "COLUMN_MISSING", message);
        }
        found.map(|(_, kind)| kind)
    }

    fn columns(&mut self, kinds: &Kinds) {
        let source = self.source;
        if let Some(kind) = self.kind(kinds, &source.value, ".value")
            && !kind.is_like(&self.field.kind)
        {
            let message = format!(
                "{} is of another type than {}, so its values cannot be written there.",
                source.value, self.field.label
            );
            self.fault(".value", "OTHER_TYPE", message);
        }
        if let Some(label) = &source.label
            && let Some(kind) = self.kind(kinds, label, ".label")
            && !kind.is_like(&FieldKind::Paragraph)
        {
            self.fault(".label", "OTHER_TYPE", "What people read must be a text.");
        }
        if let Some(order) = &source.order
            && let Some(kind) = self.kind(kinds, order, ".orderBy")
            && !kind.is_comparable()
        {
            let message = "Options cannot be sorted by a column of this type.";
            self.fault(".orderBy", "UNSUPPORTED", message);
        }
        for (position, given) in source.given.iter().enumerate() {
            let below = format!(".given.{position}.column");
            let Some(kind) = self.kind(kinds, &given.column, &below) else {
                continue;
            };
            let other = self.definition.field(&given.field);
            if other.is_some_and(|(_, other)| !kind.is_like(&other.kind)) {
                let message = format!(
                    "{} is of another type than the field {}.",
                    given.column, given.field
                );
                self.fault(&below, "OTHER_TYPE", message);
            }
        }
    }
}

/// Whether the options of `from` depend on the field called `name`, or `from` is that field.
fn leads_to(definition: &Definition, from: &Field, name: &str) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![from];
    while let Some(field) = open.pop() {
        if field.name == name {
            return true;
        }
        if seen.insert(field.name.as_str()) {
            let given = field.rules.source.iter().flat_map(|source| &source.given);
            let next = given.filter_map(|given| definition.field(&given.field));
            open.extend(next.map(|(_, field)| field));
        }
    }
    false
}
