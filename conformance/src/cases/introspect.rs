//! What is found in a database: tables, views, columns and keys, searched and in pages.

use anyhow::{Context, Result, bail, ensure};
use quillback_plugin_api::catalog::{Catalog, Introspect, TableInfo, TableKind, TableSummary};
use quillback_plugin_api::sql::{ColumnDef, Ddl, Expr, Index};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident, TableRef};

use crate::case::{CREATE_INDEX, Case, GENERATED_KEY, SCHEMAS, live};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert, n, pair_columns, t};
use crate::verify::{equal, skip};

pub(crate) const CASES: &[Case] = &[
    live!(tables_are_found_by_their_names),
    live!(a_search_ignores_case),
    live!(a_search_takes_wildcards_literally),
    live!(pages_of_tables_meet),
    live!(the_order_is_that_of_schema_and_name),
    live!(a_found_table_can_be_read),
    live!(a_missing_table_is_none),
    live!(schemas_are_listed, SCHEMAS),
    live!(tables_of_a_schema_are_listed, SCHEMAS),
    live!(a_missing_schema_has_no_tables, SCHEMAS),
    live!(schemas_without_claim_are_refused_or_empty),
    live!(a_composite_key_keeps_its_order),
    live!(a_missing_key_is_empty),
    live!(unique_keys_are_found, CREATE_INDEX),
    live!(an_identity_column_is_told_apart, GENERATED_KEY),
    live!(a_view_is_told_apart),
    live!(a_computed_column_is_told_apart),
    live!(types_are_found_as_declared),
    live!(the_database_itself_is_left_out),
];

async fn tables(
    lab: &Lab,
    schema: Option<Ident>,
    search: &str,
    offset: u32,
    limit: u32,
) -> Result<(Vec<TableSummary>, bool)> {
    let what = Introspect::Tables {
        schema,
        search: search.to_owned(),
        offset,
        limit,
    };
    match lab.instance.introspect(&what).await? {
        Catalog::Tables { tables, more } => Ok((tables, more)),
        other => bail!("asked for tables, answered {other:?}"),
    }
}

async fn mine(lab: &Lab, search: &str) -> Result<Vec<String>> {
    let (tables, more) = tables(lab, None, search, 0, 100).await?;
    ensure!(!more, "there are more than 100 tables called {search}");
    Ok(tables
        .into_iter()
        .map(|found| found.table.name.to_string())
        .collect())
}

async fn info(lab: &Lab, table: &TableRef) -> Result<TableInfo> {
    lab.describe(table).await?.context("the table is not found")
}

async fn tables_are_found_by_their_names(lab: &Lab) -> Result<()> {
    let (one, two) = (lab.pairs("one").await?, lab.pairs("two").await?);
    let all = mine(lab, lab.prefix()).await?;
    equal(
        "both tables",
        all,
        vec![one.name.to_string(), two.name.to_string()],
    )?;
    equal(
        "one table",
        mine(lab, &format!("{}_tw", lab.prefix())).await?,
        vec![two.name.to_string()],
    )?;
    let middle = lab.prefix().get(2..).unwrap_or_default();
    equal(
        "by the middle of the name",
        mine(lab, middle).await?.len(),
        2,
    )?;
    equal("none", mine(lab, &lab.fresh("three")).await?, Vec::new())
}

async fn a_search_ignores_case(lab: &Lab) -> Result<()> {
    lab.pairs("one").await?;
    equal(
        "tables",
        mine(lab, &lab.prefix().to_uppercase()).await?.len(),
        1,
    )
}

async fn a_search_takes_wildcards_literally(lab: &Lab) -> Result<()> {
    lab.pairs("one").await?;
    let prefix = lab.prefix();
    for search in [
        "%one", "*one", "?one", "%", "[_]one", "\\_one", "'", "._one",
    ] {
        let search = format!("{prefix}{search}");
        equal(&search, mine(lab, &search).await?, Vec::new())?;
    }
    // An underscore stands for itself, not for any character.
    equal(
        "with an underscore",
        mine(lab, &format!("{prefix}_o_e")).await?,
        Vec::new(),
    )
}

async fn pages_of_tables_meet(lab: &Lab) -> Result<()> {
    let mut wanted = Vec::new();
    for at in 0..7 {
        wanted.push(lab.pairs(&format!("page{at}")).await?.name.to_string());
    }
    let mut found = Vec::new();
    for (offset, has_more) in [(0, true), (3, true), (6, false), (9, false)] {
        let (page, more) = tables(lab, None, lab.prefix(), offset, 3).await?;
        equal(&format!("more after table {offset}"), more, has_more)?;
        found.extend(page.into_iter().map(|found| found.table.name.to_string()));
    }
    equal("the tables", found, wanted)
}

async fn the_order_is_that_of_schema_and_name(lab: &Lab) -> Result<()> {
    for hint in ["b", "a", "c"] {
        lab.pairs(hint).await?;
    }
    let found = mine(lab, lab.prefix()).await?;
    let mut sorted = found.clone();
    sorted.sort();
    equal("the order", found, sorted)
}

async fn a_found_table_can_be_read(lab: &Lab) -> Result<()> {
    lab.numbers("read", &[5]).await?;
    let (found, _) = tables(lab, None, lab.prefix(), 0, 10).await?;
    let summary = found.first().context("the table is not found")?;
    equal("the kind", summary.kind, TableKind::Table)?;
    equal(
        "rows",
        lab.rows(by_id(&summary.table, [n()], Expr::True)).await?,
        vec![vec![5.into()]],
    )?;
    let info = info(lab, &summary.table).await?;
    equal("where it is", &info.table, &summary.table)
}

async fn a_missing_table_is_none(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("none"))?);
    equal("the table", lab.describe(&table).await?, None)
}

async fn schemas(lab: &Lab) -> Result<Vec<Ident>> {
    match lab.instance.introspect(&Introspect::Schemas).await? {
        Catalog::Schemas(names) => Ok(names),
        other => bail!("asked for schemas, answered {other:?}"),
    }
}

async fn own_schema(lab: &Lab) -> Result<Ident> {
    lab.pairs("here").await?;
    let (found, _) = tables(lab, None, lab.prefix(), 0, 1).await?;
    found
        .into_iter()
        .next()
        .and_then(|found| found.table.schema)
        .context("a table has no schema")
}

async fn schemas_are_listed(lab: &Lab) -> Result<()> {
    let (own, all) = (own_schema(lab).await?, schemas(lab).await?);
    ensure!(all.contains(&own), "the schema {own} is not among {all:?}");
    let mut sorted = all.clone();
    sorted.sort();
    equal("the order", all, sorted)
}

async fn tables_of_a_schema_are_listed(lab: &Lab) -> Result<()> {
    let own = own_schema(lab).await?;
    let (found, _) = tables(lab, Some(own.clone()), lab.prefix(), 0, 10).await?;
    equal("tables", found.len(), 1)?;
    let other = schemas(lab).await?.into_iter().find(|name| *name != own);
    if let Some(other) = other {
        let (found, _) = tables(lab, Some(other), lab.prefix(), 0, 10).await?;
        equal("tables in another schema", found.len(), 0)?;
    }
    Ok(())
}

async fn a_missing_schema_has_no_tables(lab: &Lab) -> Result<()> {
    let missing = Ident::new(lab.fresh("schema"))?;
    let (found, more) = tables(lab, Some(missing), "", 0, 10).await?;
    equal("tables", (found.len(), more), (0, false))
}

async fn schemas_without_claim_are_refused_or_empty(lab: &Lab) -> Result<()> {
    if lab.capabilities.schemas {
        return skip("there are schemas");
    }
    match lab.instance.introspect(&Introspect::Schemas).await {
        Ok(Catalog::Schemas(names)) => {
            ensure!(names.len() <= 1, "schemas are not claimed, found {names:?}");
        }
        Err(error) => equal("the category", error.category, Category::Unsupported)?,
        Ok(other) => bail!("asked for schemas, answered {other:?}"),
    }
    lab.pairs("here").await?;
    let (found, _) = tables(lab, None, lab.prefix(), 0, 10).await?;
    equal(
        "the schema of a table",
        found.first().and_then(|found| found.table.schema.clone()),
        None,
    )
}

async fn a_composite_key_keeps_its_order(lab: &Lab) -> Result<()> {
    let names = ["a", "b", "c", "d"].map(Ident::literal);
    let columns = || {
        names
            .iter()
            .map(|name| ColumnDef::required(name.clone(), LogicalType::INT64))
            .collect()
    };
    for (hint, key) in [("one", ["c", "a", "d"]), ("two", ["d", "c", "a"])] {
        let table = lab.create(hint, columns(), &key).await?;
        equal(
            "the key",
            info(lab, &table).await?.primary_key,
            key.map(Ident::literal).into(),
        )?;
    }
    Ok(())
}

async fn a_missing_key_is_empty(lab: &Lab) -> Result<()> {
    let table = lab.create("keyless", pair_columns(), &[]).await?;
    let found = info(lab, &table).await?;
    equal("the key", found.primary_key, Vec::new())?;
    equal("unique keys", found.unique_keys, Vec::<Vec<Ident>>::new())?;
    let row = vec![1.into(), 1.into()];
    lab.commit(vec![insert(&table, &[id(), n()], &[row.clone(), row])?])
        .await?;
    equal("rows", lab.count(&table).await?, 2)
}

async fn unique_keys_are_found(lab: &Lab) -> Result<()> {
    let table = lab.pairs("keys").await?;
    for (hint, columns, unique) in [
        ("x", vec![t(), n()], true),
        ("y", vec![n()], true),
        ("z", vec![t()], false),
    ] {
        let index = Index {
            name: Ident::new(lab.fresh(hint))?,
            columns,
            unique,
        };
        lab.instance
            .define(&[Ddl::CreateIndex {
                table: table.clone(),
                index,
            }])
            .await?;
    }
    let found = info(lab, &table).await?;
    let mut keys = found.unique_keys;
    keys.sort();
    equal("unique keys", keys, vec![vec![n()], vec![t(), n()]])?;
    equal("the key", found.primary_key, vec![id()])
}

async fn an_identity_column_is_told_apart(lab: &Lab) -> Result<()> {
    let key = ColumnDef {
        identity: true,
        ..ColumnDef::required(id(), LogicalType::INT64)
    };
    let table = lab
        .create(
            "identity",
            vec![key, ColumnDef::optional(n(), LogicalType::INT64)],
            &["id"],
        )
        .await?;
    let found = info(lab, &table).await?;
    let flags = |name: &Ident| {
        found
            .column(name)
            .map(|column| (column.identity, column.has_default))
    };
    equal("the key", flags(&id()), Some((true, true)))?;
    equal("the number", flags(&n()), Some((false, false)))
}

async fn a_view_is_told_apart(lab: &Lab) -> Result<()> {
    let table = lab.numbers("table", &[3]).await?;
    let view = TableRef::new(Ident::new(lab.fresh("view"))?);
    let session = lab.session().await?;
    session
        .run(&format!(
            "CREATE VIEW {} AS SELECT id, n FROM {}",
            view.name, table.name
        ))
        .await?;
    lab.undo_with(format!("DROP VIEW {}", view.name));
    let found = info(lab, &view).await?;
    equal("the kind", found.kind, TableKind::View)?;
    equal("the key", found.primary_key, Vec::new())?;
    equal(
        "columns",
        found
            .columns
            .into_iter()
            .map(|column| column.name)
            .collect(),
        vec![id(), n()],
    )?;
    let (all, _) = tables(lab, None, lab.prefix(), 0, 10).await?;
    let kinds: Vec<_> = all.into_iter().map(|found| found.kind).collect();
    equal("kinds", kinds, vec![TableKind::Table, TableKind::View])?;
    equal("rows", lab.numbers_in(&view).await?, vec![(1, Some(3))])
}

async fn a_computed_column_is_told_apart(lab: &Lab) -> Result<()> {
    let Some(computed) = lab.target.statements.computed_column else {
        return skip("the target declares no computed column");
    };
    let table = TableRef::new(Ident::new(lab.fresh("computed"))?);
    let integer = lab.target.statements.integer;
    let sql = format!(
        "CREATE TABLE {} (id {integer} PRIMARY KEY, n {integer}, {computed})",
        table.name
    );
    lab.session().await?.run(&sql).await?;
    lab.remember(&table);
    let found = info(lab, &table).await?;
    let flags: Vec<_> = found
        .columns
        .iter()
        .map(|column| (column.name.to_string(), column.generated))
        .collect();
    equal(
        "columns",
        flags,
        [("id", false), ("n", false), ("doubled", true)]
            .map(|(name, is)| (name.to_owned(), is))
            .into(),
    )?;
    lab.commit(vec![crate::tables::insert_pair(&table, 1, 21)?])
        .await?;
    let rows = lab
        .rows(by_id(&table, [Ident::literal("doubled")], Expr::True))
        .await?;
    equal("the row", rows, vec![vec![42.into()]])
}

async fn types_are_found_as_declared(lab: &Lab) -> Result<()> {
    let table = lab.pairs("types").await?;
    let found = info(lab, &table).await?;
    let ty = |name: &Ident| found.column(name).map(|column| column.ty.clone());
    equal("a whole number", ty(&n()), Some(LogicalType::INT64))?;
    let text = ty(&t()).context("no text column")?;
    ensure!(
        crate::samples::widens(&LogicalType::text(200), &text),
        "a text of 200 is {text:?}"
    );
    Ok(())
}

async fn the_database_itself_is_left_out(lab: &Lab) -> Result<()> {
    for search in [
        "information_schema",
        "pg_",
        "sqlite_",
        "performance_schema",
        "sys.",
    ] {
        let (found, _) = tables(lab, None, search, 0, 50).await?;
        let own = [
            "information_schema",
            "pg_catalog",
            "mysql",
            "performance_schema",
            "sys",
        ];
        let foreign = found.iter().find(|found| {
            let schema = found
                .table
                .schema
                .as_ref()
                .map(|name| name.as_str().to_lowercase());
            schema.is_some_and(|schema| own.contains(&schema.as_str()))
                || found.table.name.as_str().starts_with("sqlite_")
        });
        ensure!(
            foreign.is_none(),
            "a table of the database itself is listed: {foreign:?}"
        );
    }
    Ok(())
}
