//! Failures of the database are told apart, name what they are about, and show no values.

use anyhow::{Result, ensure};
use quillback_plugin_api::batch::{Batch, Expect, Step};
use quillback_plugin_api::sql::{Assignment, ColumnDef, CreateTable, Ddl, Expr, Index};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, DriverError, Ident, TableRef, Value};

use crate::case::{CREATE_INDEX, Case, FOREIGN_KEYS, KEYS, live};
use crate::lab::Lab;
use crate::tables::{
    by_id, delete, id, insert, insert_pair, n, pair_columns, read, set_n, t, update,
};
use crate::verify::{equal, fails, fails_as, keeps_secret};

pub(crate) const CASES: &[Case] = &[
    live!(a_key_that_exists_is_unique, KEYS),
    live!(a_text_key_that_exists_shows_no_value, KEYS),
    live!(a_unique_index_is_named, KEYS, CREATE_INDEX),
    live!(a_missing_required_value_names_its_column),
    live!(a_reference_to_nothing_is_foreign_key, FOREIGN_KEYS),
    live!(a_row_that_is_referred_to_cannot_go, FOREIGN_KEYS),
    live!(a_violated_check_is_told_apart),
    live!(a_missing_table_is_not_found),
    live!(a_missing_column_is_not_found),
    live!(a_missing_table_is_not_found_by_a_stream),
    live!(an_existing_table_already_exists),
    live!(an_existing_table_is_left_alone_when_asked),
    live!(a_missing_table_cannot_be_removed),
];

async fn fail(lab: &Lab, what: &str, step: Step, wanted: Category) -> Result<DriverError> {
    let error = fails(
        what,
        lab.instance.apply(&Batch::of(vec![step])).await,
        wanted,
    )?;
    equal("the step", error.step, Some(0))?;
    ensure!(
        !error.connection_lost && !error.outcome_unknown,
        "{what} is a clean failure: {error:?}"
    );
    ensure!(
        error.origin.sqlstate.is_some() || error.origin.vendor_code.is_some(),
        "{what}: the database's own code is missing: {error:?}"
    );
    Ok(error)
}

/// Either the constraint or the table has to be there: not every database names both.
fn names(error: &DriverError, table: &TableRef, constraint: Option<&str>) -> Result<()> {
    let origin = &error.origin;
    let is_named = match constraint {
        Some(name) => origin
            .constraint
            .as_deref()
            .is_some_and(|found| found.contains(name)),
        None => origin.constraint.is_some(),
    };
    let in_table = origin.table.as_deref() == Some(table.name.as_str());
    ensure!(
        is_named || in_table || origin.column.is_some(),
        "neither constraint, table nor column is named: {error:?}"
    );
    Ok(())
}

async fn a_key_that_exists_is_unique(lab: &Lab) -> Result<()> {
    let table = lab.numbers("key", &[1, 2]).await?;
    let error = fail(
        lab,
        "a key that exists",
        insert_pair(&table, 2, 0)?,
        Category::Unique,
    )
    .await?;
    names(&error, &table, None)?;
    let to_one = update(
        &table,
        vec![Assignment::set(&id(), 1)],
        Expr::eq(&id(), 2),
        Expect::Any,
    );
    fail(
        lab,
        "changing a key to one that exists",
        to_one,
        Category::Unique,
    )
    .await?;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(1)), (2, Some(2))],
    )
}

async fn a_text_key_that_exists_shows_no_value(lab: &Lab) -> Result<()> {
    let key = ColumnDef {
        exact_text: true,
        ..ColumnDef::required(t(), LogicalType::text(60))
    };
    let table = lab.create("texts", vec![key], &["t"]).await?;
    let row = vec![Value::from("secret-value-4711")];
    lab.commit(vec![insert(&table, &[t()], std::slice::from_ref(&row))?])
        .await?;
    let step = insert(&table, &[t()], &[row])?;
    let error = fail(lab, "a text that exists", step, Category::Unique).await?;
    keeps_secret(&error, &["4711"])
}

async fn a_unique_index_is_named(lab: &Lab) -> Result<()> {
    let table = lab.numbers("indexed", &[10, 20]).await?;
    let name = lab.fresh("by_n");
    let index = Index {
        name: Ident::new(name.clone())?,
        columns: vec![n()],
        unique: true,
    };
    lab.instance
        .define(&[Ddl::CreateIndex {
            table: table.clone(),
            index,
        }])
        .await?;
    let error = fail(
        lab,
        "a number that exists",
        set_n(&table, 2, 10),
        Category::Unique,
    )
    .await?;
    keeps_secret(&error, &["'10'", "(10)"])?;
    let origin = &error.origin;
    let by_column = origin
        .column
        .as_deref()
        .is_some_and(|column| column.contains('n'));
    let by_name = origin
        .constraint
        .as_deref()
        .is_some_and(|found| found.contains(&name));
    ensure!(
        by_name || by_column,
        "neither the index nor its column is named: {error:?}"
    );
    // NULL is not equal to NULL in a unique index.
    lab.commit(vec![
        set_n(&table, 1, Value::Null),
        set_n(&table, 2, Value::Null),
    ])
    .await?;
    Ok(())
}

async fn a_missing_required_value_names_its_column(lab: &Lab) -> Result<()> {
    let must = Ident::literal("must");
    let mut columns = pair_columns();
    columns.push(ColumnDef::required(must.clone(), LogicalType::INT64));
    let table = lab.create("required", columns, &["id"]).await?;
    lab.commit(vec![insert(
        &table,
        &[id(), must.clone()],
        &[vec![1.into(), 1.into()]],
    )?])
    .await?;
    let null = update(
        &table,
        vec![Assignment::set(&must, Value::Null)],
        Expr::True,
        Expect::Any,
    );
    let given = insert(
        &table,
        &[id(), must.clone()],
        &[vec![2.into(), Value::Null]],
    )?;
    let absent = insert(&table, &[id()], &[vec![3.into()]])?;
    for (what, step) in [
        ("set to NULL", null),
        ("given as NULL", given),
        ("not given", absent),
    ] {
        let error = fail(lab, what, step, Category::NotNull).await?;
        equal(what, error.origin.column.as_deref(), Some("must"))?;
    }
    equal("rows", lab.count(&table).await?, 1)
}

/// Makes a table that refers to `parent` through the session of the test.
async fn child(lab: &Lab, parent: &TableRef) -> Result<TableRef> {
    let table = TableRef::new(Ident::new(lab.fresh("child"))?);
    let integer = lab.target.statements.integer;
    let parent_type = lab.target.statements.key_of_64_bits;
    let sql = format!(
        "CREATE TABLE {} (id {integer} PRIMARY KEY, n {parent_type}, FOREIGN KEY (n) REFERENCES {} (id))",
        table.name, parent.name
    );
    lab.session().await?.run(&sql).await?;
    lab.remember(&table);
    Ok(table)
}

async fn a_reference_to_nothing_is_foreign_key(lab: &Lab) -> Result<()> {
    let parent = lab.numbers("parent", &[1]).await?;
    let child = child(lab, &parent).await?;
    lab.commit(vec![insert_pair(&child, 1, 1)?]).await?;
    let error = fail(
        lab,
        "a row that refers to nothing",
        insert_pair(&child, 2, 4_711)?,
        Category::ForeignKey,
    )
    .await?;
    keeps_secret(&error, &["4711"])?;
    fail(
        lab,
        "changing to nothing",
        set_n(&child, 1, 4_711),
        Category::ForeignKey,
    )
    .await?;
    equal("rows", lab.numbers_in(&child).await?, vec![(1, Some(1))])
}

async fn a_row_that_is_referred_to_cannot_go(lab: &Lab) -> Result<()> {
    let parent = lab.numbers("parent", &[1, 2]).await?;
    let child = child(lab, &parent).await?;
    lab.commit(vec![insert_pair(&child, 1, 1)?]).await?;
    let step = delete(&parent, Expr::eq(&id(), 1), Expect::Any);
    fail(
        lab,
        "removing a row that is referred to",
        step,
        Category::ForeignKey,
    )
    .await?;
    lab.commit(vec![delete(&parent, Expr::eq(&id(), 2), Expect::Rows(1))])
        .await?;
    equal("rows", lab.count(&parent).await?, 1)
}

async fn a_violated_check_is_told_apart(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("checked"))?);
    let integer = lab.target.statements.integer;
    let sql = format!(
        "CREATE TABLE {} (id {integer} PRIMARY KEY, n {integer}, CONSTRAINT {}_positive CHECK (n > 0))",
        table.name, table.name
    );
    lab.session().await?.run(&sql).await?;
    lab.remember(&table);
    lab.commit(vec![insert_pair(&table, 1, 1)?]).await?;
    let error = fail(
        lab,
        "a number that the check refuses",
        insert_pair(&table, 2, -4_711)?,
        Category::Check,
    )
    .await?;
    keeps_secret(&error, &["4711"])?;
    names(&error, &table, Some("_positive"))?;
    fail(
        lab,
        "changing to such a number",
        set_n(&table, 1, -1),
        Category::Check,
    )
    .await?;
    equal("rows", lab.numbers_in(&table).await?, vec![(1, Some(1))])
}

async fn a_missing_table_is_not_found(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("missing"))?);
    for step in [
        read(by_id(&table, [id()], Expr::True)),
        insert_pair(&table, 1, 1)?,
        set_n(&table, 1, 1),
    ] {
        fail(lab, "a missing table", step, Category::NotFound).await?;
    }
    equal("its description", lab.describe(&table).await?, None)
}

async fn a_missing_column_is_not_found(lab: &Lab) -> Result<()> {
    let table = lab.numbers("columns", &[1]).await?;
    let missing = Ident::literal("no_such_column");
    for step in [
        read(by_id(&table, [missing.clone()], Expr::True)),
        read(by_id(&table, [id()], Expr::eq(&missing, 1))),
        insert(
            &table,
            &[id(), missing.clone()],
            &[vec![2.into(), 1.into()]],
        )?,
        update(
            &table,
            vec![Assignment::set(&missing, 1)],
            Expr::True,
            Expect::Any,
        ),
    ] {
        fail(lab, "a missing column", step, Category::NotFound).await?;
    }
    equal("rows", lab.count(&table).await?, 1)
}

async fn a_missing_table_is_not_found_by_a_stream(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("missing"))?);
    let result = async {
        let mut stream = lab
            .instance
            .stream(&by_id(&table, [id()], Expr::True))
            .await?;
        stream.next().await
    };
    fails(
        "a stream of a missing table",
        result.await,
        Category::NotFound,
    )?;
    Ok(())
}

async fn an_existing_table_already_exists(lab: &Lab) -> Result<()> {
    let table = lab.numbers("exists", &[1]).await?;
    let create = CreateTable {
        table: table.clone(),
        columns: pair_columns(),
        primary_key: vec![id()],
        if_not_exists: false,
    };
    let result = lab.instance.define(&[Ddl::CreateTable(create)]).await;
    let error = fails("a table that exists", result, Category::AlreadyExists)?;
    equal("the change", error.step, Some(0))?;
    equal("rows", lab.count(&table).await?, 1)
}

async fn an_existing_table_is_left_alone_when_asked(lab: &Lab) -> Result<()> {
    let table = lab.numbers("kept", &[1]).await?;
    let columns = vec![ColumnDef::required(
        Ident::literal("other"),
        LogicalType::INT64,
    )];
    let create = CreateTable {
        table: table.clone(),
        columns,
        primary_key: Vec::new(),
        if_not_exists: true,
    };
    let changes = [Ddl::CreateTable(create)];
    if let Err(error) = lab.instance.render_ddl(&changes).await {
        equal("the category", error.category, Category::Unsupported)?;
        return crate::verify::skip("the database has no CREATE TABLE IF NOT EXISTS");
    }
    lab.instance.define(&changes).await?;
    equal("rows", lab.numbers_in(&table).await?, vec![(1, Some(1))])
}

async fn a_missing_table_cannot_be_removed(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("missing"))?);
    let result = lab.instance.define(&[Ddl::DropTable(table)]).await;
    fails_as("removing a missing table", result, &[Category::NotFound])?;
    Ok(())
}
