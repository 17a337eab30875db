//! Changes of tables, one statement after the other: they may not stand in a transaction.
//!
//! <https://learn.microsoft.com/sql/t-sql/statements/create-table-azure-sql-data-warehouse>,
//! <https://learn.microsoft.com/sql/t-sql/statements/alter-table-transact-sql>

use quillback_family_tds::tsql;
use quillback_plugin_api::dialect;
use quillback_plugin_api::sql::{
    ColumnDef, CreateTable, Ddl, Index, RenderError, Rendered, SqlWriter,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, TableRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dialect::DIALECT;
use crate::types;

/// Over which of its 60 distributions the service spreads the rows of a table that Quillback makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Distribution {
    /// Evenly, whatever is in them.
    #[default]
    RoundRobin,
    /// By the value of one column: that of option `distribution_column` where the table has it, else the first of the
    /// primary key that may be one. A table without such a column is spread evenly.
    Hash,
    /// Whole on every compute node: for small tables that large ones are joined with.
    Replicate,
}

/// How rows of a table that Quillback makes are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Storage {
    /// As rows, without an index: for tables that are written row by row.
    #[default]
    Heap,
    /// As a clustered columnstore index: for many millions of rows. A table with a column of no limit is kept as rows.
    Columnstore,
}

/// Where and how the rows of new tables are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) distribution: Distribution,
    /// Column to spread rows by.
    pub(crate) column: Option<String>,
    pub(crate) storage: Storage,
}

/// The statements of changes, each with the position of its change.
///
/// # Errors
/// `Unsupported` where a change cannot be expressed, with its position.
pub(crate) fn print(changes: &[Ddl], layout: &Layout) -> Result<Vec<(usize, String)>, DriverError> {
    let mut planned = Vec::with_capacity(changes.len());
    for (position, change) in changes.iter().enumerate() {
        let statements = statements(change, layout)
            .map_err(|error| DriverError::from(error).at_step(position))?;
        planned.extend(statements.into_iter().map(|sql| (position, sql.sql)));
    }
    Ok(planned)
}

/// The statements of one change, where no option says how tables are kept.
///
/// # Errors
/// As [`print`].
pub(crate) fn in_usual_layout(change: &Ddl) -> Result<Vec<String>, DriverError> {
    let printed = print(std::slice::from_ref(change), &Layout::default())?;
    Ok(printed.into_iter().map(|(_, sql)| sql).collect())
}

fn statements(change: &Ddl, layout: &Layout) -> Result<Vec<Rendered>, RenderError> {
    let dialect = &DIALECT;
    match change {
        Ddl::CreateTable(create) => Ok(vec![create_table(create, layout)?]),
        Ddl::AddColumn { table, column } => {
            let mut w = SqlWriter::new(dialect);
            w.syntax("ALTER TABLE ").table(table).syntax(" ADD ");
            column_def(&mut w, column)?;
            Ok(vec![w.finish()])
        }
        // A column cannot go while a default stands on it.
        Ddl::DropColumn { table, column } => {
            let mut statements = vec![tsql::drop_default(dialect, table, column)];
            statements.extend(dialect::ddl(dialect, change)?);
            Ok(statements)
        }
        other => dialect::ddl(dialect, other),
    }
}

fn create_table(create: &CreateTable, layout: &Layout) -> Result<Rendered, RenderError> {
    if create.columns.is_empty() {
        return Err(RenderError::unsupported("a table without columns"));
    }
    let mut w = SqlWriter::new(&DIALECT);
    if create.if_not_exists {
        w.dialect_text(&tsql::unless_there(&DIALECT, &create.table));
    }
    w.syntax("CREATE TABLE ").table(&create.table).syntax(" (");
    w.list(", ", &create.columns, column_def)?;
    if !create.primary_key.is_empty() {
        w.syntax(", PRIMARY KEY NONCLUSTERED (");
        w.idents(&create.primary_key).syntax(") NOT ENFORCED");
    }
    w.syntax(") WITH (DISTRIBUTION = ");
    match (layout.distribution, hash_column(create, layout)?) {
        (Distribution::Hash, Some(column)) => w.syntax("HASH (").ident(column).syntax(")"),
        (Distribution::Replicate, _) => w.syntax("REPLICATE"),
        _ => w.syntax("ROUND_ROBIN"),
    };
    let fits = |column: &ColumnDef| types::fits_columnstore(&column.ty);
    let is_columnstore = layout.storage == Storage::Columnstore && create.columns.iter().all(fits);
    w.syntax(if is_columnstore {
        ", CLUSTERED COLUMNSTORE INDEX)"
    } else {
        ", HEAP)"
    });
    Ok(w.finish())
}

/// The column by which rows are spread. It may have no default and no numbers made by the service, and it is one that
/// has a limit.
fn hash_column<'c>(
    create: &'c CreateTable,
    layout: &Layout,
) -> Result<Option<&'c Ident>, RenderError> {
    let called = |name: &str| {
        let mut columns = create.columns.iter();
        columns.find(|column| column.name.as_str().eq_ignore_ascii_case(name))
    };
    let may = |column: &&ColumnDef| {
        column.default.is_none() && !column.identity && types::fits_columnstore(&column.ty)
    };
    if layout.distribution != Distribution::Hash {
        return Ok(None);
    }
    if let Some(wanted) = layout.column.as_deref().and_then(called) {
        if may(&wanted) {
            return Ok(Some(&wanted.name));
        }
        return Err(RenderError::unsupported(
            "spreading rows by a column with a default, without a limit, or numbered by the database: change the option \
             `distribution_column`",
        ));
    }
    let mut key = create.primary_key.iter();
    let found = key.find_map(|name| called(name.as_str()).filter(may));
    Ok(found.map(|column| &column.name))
}

/// Name, type, number, nullability and default, in the order of the documentation's syntax.
fn column_def(w: &mut SqlWriter<'_>, column: &ColumnDef) -> Result<(), RenderError> {
    let dialect = w.dialect();
    w.ident(&column.name).syntax(" ");
    w.dialect_text(&dialect.column_type(column)?);
    if column.identity {
        // https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-tables-identity
        let is_numbered = matches!(
            column.ty,
            LogicalType::Int {
                bits: 32 | 64,
                unsigned: false
            }
        );
        if !is_numbered {
            return Err(RenderError::unsupported(
                "numbering columns that are not whole numbers of 32 or 64 bits",
            ));
        }
        w.syntax(" ").syntax(dialect.identity()?);
    }
    w.syntax(if column.nullable {
        " NULL"
    } else {
        " NOT NULL"
    });
    if let Some(default) = &column.default {
        w.syntax(" DEFAULT ")
            .dialect_text(&dialect.literal(default)?);
    }
    Ok(())
}

/// Prints the statement that declares a key under the name of an index. The service enforces it no more than a primary
/// key.
pub(crate) fn declare_unique(w: &mut SqlWriter<'_>, table: &TableRef, index: &Index) {
    w.syntax("ALTER TABLE ")
        .table(table)
        .syntax(" ADD CONSTRAINT ");
    w.ident(&index.name).syntax(" UNIQUE (");
    w.idents(&index.columns).syntax(") NOT ENFORCED");
}

#[cfg(test)]
mod tests;
