//! Statements that make and change tables.

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, TableRef};
use crate::types::LogicalType;
use crate::value::Value;

/// A column to make, or what a column is to become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDef {
    /// Name.
    pub name: Ident,
    /// Type.
    pub ty: LogicalType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Constant that the database fills in for rows that do not give the column. Printed as a literal: only booleans,
    /// numbers and texts are allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Whether the database numbers the rows in it.
    #[serde(default)]
    pub identity: bool,
    /// Whether its texts compare byte by byte (keys, digests) whatever the database's default is.
    #[serde(default)]
    pub exact_text: bool,
}

impl ColumnDef {
    /// A required column without a default.
    pub fn required(name: Ident, ty: LogicalType) -> Self {
        Self {
            name,
            ty,
            nullable: false,
            default: None,
            identity: false,
            exact_text: false,
        }
    }

    /// A column that may be NULL.
    pub fn optional(name: Ident, ty: LogicalType) -> Self {
        Self {
            nullable: true,
            ..Self::required(name, ty)
        }
    }
}

/// An index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Name.
    pub name: Ident,
    /// Columns, most important first.
    pub columns: Vec<Ident>,
    /// Whether two rows may not have the same values.
    #[serde(default)]
    pub unique: bool,
}

/// A table to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreateTable {
    /// Table.
    pub table: TableRef,
    /// Columns, at least one.
    pub columns: Vec<ColumnDef>,
    /// Columns of the primary key.
    pub primary_key: Vec<Ident>,
    /// Whether an existing table of that name is left alone.
    #[serde(default)]
    pub if_not_exists: bool,
}

/// A change of tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ddl {
    /// Makes a table.
    CreateTable(CreateTable),
    /// Removes a table and its rows.
    DropTable(TableRef),
    /// Adds a column.
    AddColumn {
        /// Table.
        table: TableRef,
        /// The new column.
        column: ColumnDef,
    },
    /// Removes a column and its values.
    DropColumn {
        /// Table.
        table: TableRef,
        /// Column.
        column: Ident,
    },
    /// Gives a column another name.
    RenameColumn {
        /// Table.
        table: TableRef,
        /// Name until now.
        from: Ident,
        /// Name from now on.
        to: Ident,
    },
    /// Gives a column another type (precision, scale, length), or another answer to whether it may be NULL.
    AlterColumn {
        /// Table.
        table: TableRef,
        /// What it is.
        from: ColumnDef,
        /// What it is to become; the same name.
        to: ColumnDef,
    },
    /// Makes an index.
    CreateIndex {
        /// Table.
        table: TableRef,
        /// The index.
        index: Index,
    },
}
