//! Names with every kind of character, in every place where a name can stand.

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::catalog::{Catalog, Introspect};
use quillback_plugin_api::sql::{
    Aggregate, Assignment, ColumnDef, CreateTable, Ddl, Expr, Index, Select, SelectItem,
};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{DriverError, Ident, TableRef, Value};

use crate::case::{CREATE_INDEX, Case, NAME_LIMIT, RENAME_COLUMN, live};
use crate::lab::Lab;
use crate::tables::{ascending, id, insert, n, read, update};
use crate::verify::{equal, short};

pub(crate) const CASES: &[Case] = &[
    live!(columns_may_have_any_name),
    live!(tables_may_have_any_name),
    live!(columns_are_renamed_to_any_name, RENAME_COLUMN),
    live!(indexes_may_have_any_name, CREATE_INDEX),
    live!(names_beyond_the_basic_plane_stay_or_are_refused),
    live!(the_case_of_names_is_kept),
    live!(the_longest_name_is_kept, NAME_LIMIT),
    live!(a_name_beyond_the_limit_is_refused_and_not_cut, NAME_LIMIT),
    live!(a_long_name_in_a_condition_is_not_cut, NAME_LIMIT),
];

const NAMES: &[&str] = &[
    "a\"b",
    "\"",
    "\"\"",
    "a`b",
    "``",
    "a]b",
    "[a]",
    "]]",
    "a'b",
    "''",
    "two words",
    "a.b",
    ".",
    "a\\b",
    "\\",
    "semi;colon",
    "--",
    "/* x */",
    "a%b",
    "_x_",
    "question?",
    "$1",
    ":p",
    "@p",
    "{}",
    "#",
    "tab\there",
    "order",
    "select",
    "table",
    "user",
    "group",
    "null",
    "primary",
    "ROWID",
    "1st",
    "ümlaut",
    "名前",
    "Ελλάδα",
    "a=b",
    "(",
    "!",
];

fn ident(name: &str) -> Result<Ident> {
    Ok(Ident::new(name)?)
}

/// Sends every kind of statement over the table, whose second column is `column`.
async fn exercise(lab: &Lab, table: &TableRef, column: &Ident) -> Result<()> {
    let rows = [vec![1.into(), 10.into()], vec![2.into(), 20.into()]];
    let filter = Expr::eq(column, 20).and(Expr::IsNull(column.clone()).negate());
    let inner = Select::columns(table.clone(), [column.clone()], Expr::True);
    let within = Expr::InSelect {
        column: column.clone(),
        select: Box::new(inner),
    };
    let least = Select {
        items: vec![SelectItem::Aggregate(Aggregate::Min, column.clone())],
        ..Select::columns(table.clone(), [], within)
    };
    let sorted = Select {
        order: vec![ascending(column)],
        ..Select::columns(table.clone(), [column.clone()], Expr::True)
    };
    let done = lab
        .commit(vec![
            insert(table, &[id(), column.clone()], &rows)?,
            update(
                table,
                vec![Assignment::set(column, 30)],
                filter,
                Expect::Rows(1),
            ),
            read(sorted),
            read(least),
            crate::tables::delete(table, Expr::eq(column, 30), Expect::Rows(1)),
        ])
        .await?;
    let answer = |at: usize| done.get(at).and_then(|step| step.rows.as_ref());
    let sorted = answer(2).context("no rows")?;
    equal(
        "the heading",
        sorted.columns.first().map(|found| found.name.as_str()),
        Some(column.as_str()),
    )?;
    equal(
        "the rows",
        sorted.rows.to_rows(),
        vec![vec![10.into()], vec![30.into()]],
    )?;
    equal(
        "the least",
        answer(3).map(|rows| rows.rows.to_rows()),
        Some(vec![vec![Value::I64(10)]]),
    )
}

fn two_columns(column: &Ident) -> Vec<ColumnDef> {
    vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::optional(column.clone(), LogicalType::INT64),
    ]
}

async fn columns_may_have_any_name(lab: &Lab) -> Result<()> {
    let names = NAMES
        .iter()
        .map(|name| ident(name))
        .collect::<Result<Vec<_>>>()?;
    let mut columns = vec![ColumnDef::required(id(), LogicalType::INT64)];
    columns.extend(
        names
            .iter()
            .map(|name| ColumnDef::optional(name.clone(), LogicalType::INT64)),
    );
    let table = lab.create("columns", columns, &["id"]).await?;
    let info = lab
        .describe(&table)
        .await?
        .context("the table is not found")?;
    let found = info
        .columns
        .iter()
        .skip(1)
        .map(|column| column.name.clone())
        .collect();
    equal("the columns", found, names.clone())?;
    for column in &names {
        let clean = crate::tables::delete(&table, Expr::True, Expect::Any);
        lab.commit(vec![clean]).await?;
        exercise(lab, &table, column)
            .await
            .with_context(|| format!("the column {column:?}"))?;
    }
    Ok(())
}

async fn tables_may_have_any_name(lab: &Lab) -> Result<()> {
    for name in NAMES {
        // The name stands in front, where a reserved word or quote does most harm.
        let table = TableRef::new(ident(&format!("{name} {}", lab.prefix()))?);
        named_table(lab, &table)
            .await
            .with_context(|| format!("the table {}", short(&table)))?;
    }
    Ok(())
}

async fn named_table(lab: &Lab, table: &TableRef) -> Result<()> {
    lab.try_create(table.clone(), two_columns(&n()), vec![id()])
        .await?;
    let info = lab
        .describe(table)
        .await?
        .context("the table is not found")?;
    equal("the name", &info.table.name, &table.name)?;
    exercise(lab, table, &n()).await?;
    lab.instance
        .define(&[Ddl::DropTable(table.clone())])
        .await?;
    equal("the removed table", lab.describe(table).await?, None)
}

async fn columns_are_renamed_to_any_name(lab: &Lab) -> Result<()> {
    let table = lab.create("renamed", two_columns(&n()), &["id"]).await?;
    let mut from = n();
    // A hidden column of some databases has that name: it can be made, but nothing can be renamed to it.
    for name in NAMES.iter().filter(|name| **name != "ROWID") {
        let to = ident(name)?;
        let change = Ddl::RenameColumn {
            table: table.clone(),
            from,
            to: to.clone(),
        };
        lab.instance
            .define(&[change])
            .await
            .with_context(|| format!("to {to:?}"))?;
        let info = lab
            .describe(&table)
            .await?
            .context("the table is not found")?;
        ensure!(
            info.column(&to).is_some(),
            "renamed to {to:?}, found {:?}",
            info.columns
        );
        from = to;
    }
    Ok(())
}

async fn indexes_may_have_any_name(lab: &Lab) -> Result<()> {
    let table = lab.create("indexed", two_columns(&n()), &["id"]).await?;
    for name in ["a\"b", "a`b", "a]b", "it's", "two words", "order", "é"] {
        let name = ident(&format!("{name} {}", lab.prefix()))?;
        let index = Index {
            name: name.clone(),
            columns: vec![n()],
            unique: false,
        };
        let change = Ddl::CreateIndex {
            table: table.clone(),
            index,
        };
        lab.instance
            .define(&[change])
            .await
            .with_context(|| format!("the index {name:?}"))?;
    }
    Ok(())
}

/// Not every database takes four-byte characters in names. Whoever takes them keeps them.
async fn names_beyond_the_basic_plane_stay_or_are_refused(lab: &Lab) -> Result<()> {
    let column = ident("🚀 launch")?;
    let table = TableRef::new(ident(&format!("🚀 {}", lab.prefix()))?);
    match lab
        .try_create(table.clone(), two_columns(&column), vec![id()])
        .await
    {
        Err(error) => {
            ensure!(
                !error.message.is_empty() && !error.connection_lost,
                "refused badly: {error:?}"
            );
            equal(
                "the table",
                lab.describe(&table).await.unwrap_or(None),
                None,
            )
        }
        Ok(table) => {
            let info = lab
                .describe(&table)
                .await?
                .context("the table is not found")?;
            equal("the table", info.table.name, table.name.clone())?;
            equal(
                "the column",
                info.columns.get(1).map(|c| c.name.clone()),
                Some(column.clone()),
            )?;
            exercise(lab, &table, &column).await
        }
    }
}

async fn the_case_of_names_is_kept(lab: &Lab) -> Result<()> {
    for (table, column) in [
        ("MiXed", "CamelCase"),
        ("UPPER", "UPPER"),
        ("lower", "lower"),
    ] {
        let (table, column) = (
            TableRef::new(ident(&format!("{table}{}", lab.prefix()))?),
            ident(column)?,
        );
        lab.try_create(table.clone(), two_columns(&column), vec![id()])
            .await?;
        let info = lab
            .describe(&table)
            .await?
            .context("the table is not found")?;
        equal("the table", info.table.name, table.name.clone())?;
        equal(
            "the column",
            info.columns.get(1).map(|c| c.name.clone()),
            Some(column.clone()),
        )?;
        exercise(lab, &table, &column).await?;
    }
    Ok(())
}

/// A name of exactly this length that starts with `start`.
fn filled(start: &str, length: u32) -> Result<Ident> {
    let missing = (length as usize).saturating_sub(start.len());
    ident(&format!("{start}{}", "x".repeat(missing)))
}

async fn the_longest_name_is_kept(lab: &Lab) -> Result<()> {
    let most = lab.capabilities.max_identifier.min(900);
    let (table, column) = (
        TableRef::new(filled(lab.prefix(), most)?),
        filled("c", most)?,
    );
    lab.try_create(table.clone(), two_columns(&column), vec![id()])
        .await?;
    let info = lab
        .describe(&table)
        .await?
        .context("the table is not found")?;
    equal("the table", info.table.name, table.name.clone())?;
    equal(
        "the column",
        info.columns.get(1).map(|c| c.name.clone()),
        Some(column.clone()),
    )?;
    exercise(lab, &table, &column).await
}

/// Names that are too long by one: of ASCII letters, and of letters that take two bytes where bytes count.
fn too_long(lab: &Lab, start: &str) -> Result<Vec<Ident>> {
    let most = lab.capabilities.max_identifier;
    let mut names = vec![filled(start, most + 1)?];
    if lab.capabilities.identifier_bytes {
        let almost = filled(start, most - 1)?;
        names.push(ident(&format!("{almost}é"))?);
    }
    Ok(names)
}

async fn a_name_beyond_the_limit_is_refused_and_not_cut(lab: &Lab) -> Result<()> {
    if lab.capabilities.max_identifier >= 1_000 {
        return crate::verify::skip("the limit is beyond what a name can be");
    }
    let create = |table: &TableRef, column: &Ident| {
        Ddl::CreateTable(CreateTable {
            table: table.clone(),
            columns: two_columns(column),
            primary_key: vec![id()],
            if_not_exists: false,
        })
    };
    for name in too_long(lab, lab.prefix())? {
        let table = TableRef::new(name);
        refused(
            "a table",
            lab.instance.define(&[create(&table, &n())]).await,
        )?;
    }
    for column in too_long(lab, "c")? {
        let table = TableRef::new(ident(&lab.fresh("long"))?);
        lab.remember(&table);
        refused(
            "a column",
            lab.instance.define(&[create(&table, &column)]).await,
        )?;
        equal("the table", lab.describe(&table).await?, None)?;
    }
    let what = Introspect::Tables {
        schema: None,
        search: lab.prefix().to_owned(),
        offset: 0,
        limit: 10,
    };
    match lab.instance.introspect(&what).await? {
        Catalog::Tables { tables, .. } => equal("tables made", tables.len(), 0),
        other => anyhow::bail!("answered {other:?}"),
    }
}

fn refused(what: &str, result: Result<(), DriverError>) -> Result<()> {
    match result {
        Ok(()) => anyhow::bail!("{what} with a name beyond the limit was made"),
        Err(error) => {
            ensure!(!error.connection_lost, "{what}: {error:?}");
            Ok(())
        }
    }
}

/// A database that cuts names would read another column than the one that was named.
async fn a_long_name_in_a_condition_is_not_cut(lab: &Lab) -> Result<()> {
    let most = lab.capabilities.max_identifier;
    if most >= 1_000 {
        return crate::verify::skip("the limit is beyond what a name can be");
    }
    let longest = filled("c", most)?;
    let table = lab.create("cut", two_columns(&longest), &["id"]).await?;
    let longer = filled("c", most + 1)?;
    let select = Select::columns(table.clone(), [longer.clone()], Expr::True);
    let change = update(
        &table,
        vec![Assignment::set(&longer, 1)],
        Expr::True,
        Expect::Any,
    );
    for step in [read(select), change] {
        let result = lab.instance.apply(&Batch::of(vec![step])).await;
        ensure!(
            result.is_err(),
            "a name that is too long found another column"
        );
    }
    Ok(())
}
