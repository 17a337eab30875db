//! What is in the folder: tables with their columns and keys.

use quillback_plugin_api::catalog::{
    Catalog, ColumnInfo, Introspect, TableInfo, TableKind, TableSummary,
};
use quillback_plugin_api::{DriverError, Ident, TableRef};

use crate::folder::{Access, Folder};
use crate::table::Table;
use crate::work::{Until, Work};

/// Looks up what is in the folder.
///
/// # Errors
/// `InvalidData` for a damaged file; what the operating system refuses.
pub(crate) fn introspect(
    folder: &Folder,
    what: &Introspect,
    until: Until<'_>,
) -> Result<Catalog, DriverError> {
    let _held = folder.lock(Access::Read, &until)?;
    Ok(match what {
        Introspect::Schemas => Catalog::Schemas(Vec::new()),
        Introspect::Tables {
            schema: Some(_), ..
        } => Catalog::Tables {
            tables: Vec::new(),
            more: false,
        },
        Introspect::Tables {
            schema: None,
            search,
            offset,
            limit,
        } => {
            let search = search.to_lowercase();
            let mut found = folder.tables()?;
            found.retain(|name| name.to_lowercase().contains(&search));
            let (offset, limit) = (*offset as usize, *limit as usize);
            let more = found.len() > offset.saturating_add(limit);
            let names = found
                .into_iter()
                .skip(offset)
                .take(limit)
                .filter_map(|name| Ident::new(name).ok());
            let summary = |name| TableSummary {
                table: TableRef::new(name),
                kind: TableKind::Table,
            };
            Catalog::Tables {
                tables: names.map(summary).collect(),
                more,
            }
        }
        Introspect::Table(table) => {
            let mut work = Work::new(folder, &until);
            let is_here = table.schema.is_none() && table.catalog.is_none() && work.has(table)?;
            Catalog::Table(if is_here {
                Some(describe(table, work.table(table)?))
            } else {
                None
            })
        }
    })
}

fn describe(place: &TableRef, table: &Table) -> TableInfo {
    let name = |at: &usize| {
        table
            .columns
            .get(*at)
            .and_then(|column| Ident::new(&column.name).ok())
    };
    let columns = table.columns.iter().filter_map(|column| {
        Some(ColumnInfo {
            name: Ident::new(&column.name).ok()?,
            ty: column.kind.logical(),
            native: column.kind.native(),
            nullable: !column.required,
            has_default: column.default.is_some(),
            generated: false,
            identity: false,
        })
    });
    TableInfo {
        table: place.clone(),
        kind: TableKind::Table,
        columns: columns.collect(),
        primary_key: table.key.iter().filter_map(name).collect(),
        unique_keys: Vec::new(),
    }
}
