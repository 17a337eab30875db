//! What is known about tables, for a short while: types of columns, and the declared key.
//!
//! <https://docs.snowflake.com/en/sql-reference/sql/desc-table>,
//! <https://docs.snowflake.com/en/sql-reference/sql/show-primary-keys>; neither needs a warehouse.

use std::sync::Arc;
use std::time::Duration;

use quillback_plugin_api::lately::{self, Lately};
use quillback_plugin_api::sql::SqlWriter;
use quillback_plugin_api::{Category, DriverError, Ident, TableRef};

use crate::dialect::SnowflakeDialect;
use crate::result::{Answered, Row};
use crate::session::Session;
use crate::types::columns::Field;

/// How long a look-up serves: changes of tables by others are seen after this.
const FRESH: Duration = Duration::from_mins(1);

/// One table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) fields: Vec<Field>,
    pub(crate) primary_key: Vec<Ident>,
    pub(crate) unique_keys: Vec<Vec<Ident>>,
}

impl Table {
    /// The column called `name`, exactly.
    pub(crate) fn field(&self, name: &Ident) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == *name)
    }
}

/// The tables of a batch.
pub(crate) type Known = lately::Known<Table>;

/// Tables that were used lately.
pub(crate) struct Tables(Lately<Table>);

impl Default for Tables {
    fn default() -> Self {
        Self(Lately::new(FRESH))
    }
}

impl Tables {
    /// What is known of these tables; one that is not there is left out, and the service says so.
    ///
    /// # Errors
    /// What the service says, and `Unsupported` for tables whose texts do not compare exactly: conditions would let other
    /// rows through than they name.
    pub(crate) async fn known(
        &self,
        session: &mut Session,
        tables: Vec<TableRef>,
    ) -> Result<Known, DriverError> {
        let mut known = Known::default();
        for table in tables {
            if let Some(found) = self.get(session, &table).await? {
                known.insert(table, found);
            }
        }
        Ok(known)
    }

    async fn get(
        &self,
        session: &mut Session,
        table: &TableRef,
    ) -> Result<Option<Arc<Table>>, DriverError> {
        if let Some(known) = self.0.get(table) {
            return Ok(Some(known));
        }
        let Some(found) = look_up(session, table).await?.map(Arc::new) else {
            return Ok(None);
        };
        if found.fields.iter().any(Field::is_collated) {
            return Err(DriverError::unsupported(
                "tables with a collation are not used: their texts do not compare character by character",
            ));
        }
        self.0.put(table, &found);
        Ok(Some(found))
    }

    /// What is remembered of a table, without asking.
    pub(crate) fn remembered(&self, table: &TableRef) -> Option<Arc<Table>> {
        self.0.get(table)
    }

    /// Forgets everything: tables have changed.
    pub(crate) fn forget(&self) {
        self.0.forget();
    }
}

/// Rows of a SHOW or DESCRIBE, whose columns are found by name: new ones come in between.
pub(crate) struct Listed {
    names: Vec<String>,
    rows: Vec<Row>,
}

impl Listed {
    /// # Errors
    /// What reading the rows answers.
    pub(crate) async fn read(mut answered: Answered) -> Result<Self, DriverError> {
        let names = answered.headings.iter().map(|h| h.name.to_lowercase());
        Ok(Self {
            names: names.collect(),
            rows: answered.all().await?,
        })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { of: self, row })
    }
}

/// One row of a list.
#[derive(Clone, Copy)]
pub(crate) struct Line<'l> {
    of: &'l Listed,
    row: &'l Row,
}

impl<'l> Line<'l> {
    /// The cell under this heading; `None` for NULL, an empty cell, or no such heading.
    pub(crate) fn get(&self, name: &str) -> Option<&'l str> {
        let at = self.of.names.iter().position(|known| known == name)?;
        self.row.get(at)?.as_deref().filter(|cell| !cell.is_empty())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name)
            .is_some_and(|cell| cell.eq_ignore_ascii_case(value))
    }
}

/// Describes a table as it is now.
///
/// # Errors
/// What the service says.
pub(crate) async fn look_up(
    session: &mut Session,
    table: &TableRef,
) -> Result<Option<Table>, DriverError> {
    if table.catalog.is_some() {
        return Err(DriverError::unsupported(
            "this driver works in one database: name no other around the schema",
        ));
    }
    let asked = |what: &'static str| {
        let mut w = SqlWriter::new(&SnowflakeDialect);
        w.syntax(what).table(table);
        w.finish().sql
    };
    let described = match session.command(&asked("DESCRIBE TABLE ")).await {
        Ok(answered) => Listed::read(answered).await?,
        Err(error) if error.category == Category::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let keys = |answered| async move { Ok::<_, DriverError>(keys(&Listed::read(answered).await?)) };
    let primary = keys(
        session
            .command(&asked("SHOW PRIMARY KEYS IN TABLE "))
            .await?,
    )
    .await?;
    let unique = keys(
        session
            .command(&asked("SHOW UNIQUE KEYS IN TABLE "))
            .await?,
    )
    .await?;
    Ok(Some(Table {
        fields: described.rows().filter_map(field).collect(),
        primary_key: primary.into_iter().next().unwrap_or_default(),
        unique_keys: unique,
    }))
}

fn field(line: Line<'_>) -> Option<Field> {
    let default = line.get("default").unwrap_or_default().to_uppercase();
    let identity = default.starts_with("IDENTITY") || default.starts_with("AUTOINCREMENT");
    let generated = line.get("expression").is_some() || line.is("kind", "VIRTUAL");
    Some(Field {
        name: Ident::new(line.get("name")?).ok()?,
        native: line.get("type")?.to_owned(),
        nullable: line.is("null?", "Y"),
        has_default: !default.is_empty() || generated,
        generated,
        identity,
    })
}

/// The columns of each key, in its own order.
fn keys(listed: &Listed) -> Vec<Vec<Ident>> {
    let mut keys: Vec<(&str, Vec<(u32, Ident)>)> = Vec::new();
    for line in listed.rows() {
        let (Some(key), Some(column)) = (line.get("constraint_name"), line.get("column_name"))
        else {
            continue;
        };
        let Ok(column) = Ident::new(column) else {
            continue;
        };
        let place = line.get("key_sequence").and_then(|n| n.parse().ok());
        let part = (place.unwrap_or(u32::MAX), column);
        match keys.iter_mut().find(|(known, _)| *known == key) {
            Some((_, parts)) => parts.push(part),
            None => keys.push((key, vec![part])),
        }
    }
    let ordered = keys.into_iter().map(|(_, mut parts)| {
        parts.sort_by_key(|(place, _)| *place);
        parts.into_iter().map(|(_, column)| column).collect()
    });
    ordered.collect()
}
