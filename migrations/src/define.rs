//! Short forms for writing tables down.

use quillback_plugin_api::sql::{ColumnDef, CreateTable, Ddl, Index};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, TableRef, Value};

/// A table of these columns.
pub(crate) fn table(
    name: &'static str,
    columns: Vec<ColumnDef>,
    primary_key: &[&'static str],
) -> Ddl {
    Ddl::CreateTable(CreateTable {
        table: TableRef::new(Ident::literal(name)),
        columns,
        primary_key: primary_key
            .iter()
            .map(|column| Ident::literal(column))
            .collect(),
        if_not_exists: false,
    })
}

/// An index called after its table and columns.
pub(crate) fn index(
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Ddl {
    Ddl::CreateIndex {
        table: TableRef::new(Ident::literal(table)),
        index: Index {
            name: Ident::literal(name),
            columns: columns
                .iter()
                .map(|column| Ident::literal(column))
                .collect(),
            unique,
        },
    }
}

/// An identifier: a UUID as text, compared byte by byte.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    exact(name, 36)
}

/// An identifier that may be missing.
pub(crate) fn optional_id(name: &'static str) -> ColumnDef {
    ColumnDef {
        nullable: true,
        ..id(name)
    }
}

/// A text that compares byte by byte.
pub(crate) fn exact(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef {
        exact_text: true,
        ..text(name, length)
    }
}

/// A text of limited length.
pub(crate) fn text(name: &'static str, length: u32) -> ColumnDef {
    ColumnDef::required(Ident::literal(name), LogicalType::text(length))
}

/// A text of any length.
pub(crate) fn large(name: &'static str) -> ColumnDef {
    ColumnDef::required(Ident::literal(name), LogicalType::Text { length: None })
}

/// A whole number.
pub(crate) fn number(name: &'static str) -> ColumnDef {
    ColumnDef::required(Ident::literal(name), LogicalType::INT64)
}

/// True or false.
pub(crate) fn flag(name: &'static str, default: bool) -> ColumnDef {
    ColumnDef {
        default: Some(Value::Bool(default)),
        ..ColumnDef::required(Ident::literal(name), LogicalType::Bool)
    }
}

/// A moment in time with microseconds.
pub(crate) fn moment(name: &'static str) -> ColumnDef {
    ColumnDef::required(Ident::literal(name), LogicalType::INSTANT)
}

/// The same column, allowed to be missing.
pub(crate) fn optional(column: ColumnDef) -> ColumnDef {
    ColumnDef {
        nullable: true,
        ..column
    }
}
