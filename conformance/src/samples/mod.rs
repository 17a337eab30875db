//! Values at the limits of each column type, and the walk that takes them through a database.

mod expected;
mod many;
mod moments;
mod numbers;
mod others;
mod texts;

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::Expect;
use quillback_plugin_api::sql::{Assignment, ColumnDef, CreateTable, Ddl, Expr};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident, TableRef, Value};

use crate::Quirks;
use crate::lab::Lab;
use crate::tables::{by_id, id, insert, read, update};
use crate::verify::{fails, keeps_secret, same, short, skip};

pub(crate) use expected::{as_read, is_same_number, widens};
pub(crate) use many::check_many;
pub(crate) use numbers::decimal;

/// A column type and values of it.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// Name of the case.
    pub(crate) name: &'static str,
    /// The type.
    pub(crate) ty: fn() -> LogicalType,
    /// Values that must come back as they were, given the type that the column got.
    pub(crate) good: fn(&LogicalType, &Quirks) -> Vec<Value>,
    /// Values that must be refused, given the type that the column got.
    pub(crate) bad: fn(&LogicalType, &Quirks) -> Vec<Value>,
    /// Whether a condition may compare the column with a value.
    pub(crate) comparable: bool,
}

/// All samples.
pub(crate) fn all() -> impl Iterator<Item = &'static Sample> {
    [
        numbers::SAMPLES,
        texts::SAMPLES,
        moments::SAMPLES,
        others::SAMPLES,
    ]
    .into_iter()
    .flatten()
}

fn v() -> Ident {
    Ident::literal("v")
}

/// A nullable column `v` of the type.
pub(crate) fn column(ty: LogicalType) -> ColumnDef {
    ColumnDef {
        exact_text: true,
        ..ColumnDef::optional(v(), ty)
    }
}

/// Whether the driver can make a column of the type; decided by printing, which needs no database.
pub(crate) async fn can_create(lab: &Lab, ty: &LogicalType) -> Result<bool> {
    let create = Ddl::CreateTable(CreateTable {
        table: TableRef::new(Ident::new(lab.fresh("probe"))?),
        columns: vec![
            ColumnDef::required(id(), LogicalType::INT64),
            column(ty.clone()),
        ],
        primary_key: vec![id()],
        if_not_exists: false,
    });
    match lab.instance.render_ddl(&[create]).await {
        Ok(_) => Ok(true),
        Err(error) if error.category == Category::Unsupported => Ok(false),
        Err(error) => Err(error).context("printing a table"),
    }
}

/// Makes a table with the key `id` and a column `v`, and answers what type the database says `v` has.
pub(crate) async fn typed_table(lab: &Lab, ty: &LogicalType) -> Result<(TableRef, LogicalType)> {
    if !can_create(lab, ty).await? {
        return skip(format!("the driver makes no column of type {ty:?}"));
    }
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        column(ty.clone()),
    ];
    let table = lab.create("typed", columns, &["id"]).await?;
    let info = lab
        .describe(&table)
        .await?
        .context("the new table is not found")?;
    let got = info
        .column(&v())
        .context("the new table lacks a column")?
        .ty
        .clone();
    ensure!(
        widens(ty, &got),
        "a column made as {ty:?} is {got:?}, which does not hold all its values"
    );
    Ok((table, got))
}

/// Takes the values of `sample` through a table.
pub(crate) async fn check(lab: &Lab, sample: &'static Sample) -> Result<()> {
    let (table, got) = typed_table(lab, &(sample.ty)()).await?;
    let quirks = &lab.target.quirks;
    let mut good = (sample.good)(&got, quirks);
    good.push(Value::Null);
    write_all(lab, &table, &good).await?;
    for (key, value) in (1..).zip(&good) {
        stays(lab, &table, key, value, &got, "inserted").await?;
    }
    if sample.comparable {
        for (key, value) in (1..).zip(&good) {
            is_found(lab, &table, key, value).await?;
        }
    }
    for value in &good {
        let step = update(
            &table,
            vec![set(value)],
            Expr::eq(&id(), 1),
            Expect::Rows(1),
        );
        lab.commit(vec![step])
            .await
            .with_context(|| format!("updating to {}", short(value)))?;
        stays(lab, &table, 1, value, &got, "updated").await?;
    }
    for value in &(sample.bad)(&got, quirks) {
        is_refused(lab, &table, value, &got, good.len()).await?;
    }
    Ok(())
}

fn set(value: &Value) -> Assignment {
    Assignment::set(&v(), value.clone())
}

/// Writes all values with one statement; when that fails, one by one to tell which it is.
async fn write_all(lab: &Lab, table: &TableRef, values: &[Value]) -> Result<()> {
    let rows: Vec<_> = (1_i64..)
        .zip(values)
        .map(|(key, value)| vec![key.into(), value.clone()])
        .collect();
    let Err(all) = lab.commit(vec![insert(table, &[id(), v()], &rows)?]).await else {
        return Ok(());
    };
    for row in rows {
        let value = short(&row.last());
        lab.commit(vec![insert(table, &[id(), v()], &[row])?])
            .await
            .with_context(|| format!("inserting {value}"))?;
    }
    Err(all.context("each value can be inserted, but not all with one statement"))
}

async fn value_at(lab: &Lab, table: &TableRef, key: i64) -> Result<Value> {
    let rows = lab.rows(by_id(table, [v()], Expr::eq(&id(), key))).await?;
    let cell = rows
        .into_iter()
        .next()
        .and_then(|row| row.into_iter().next());
    cell.context("the row is gone")
}

/// Whether what was read is what should be read, as far as this database keeps how it was written.
fn is_kept(lab: &Lab, found: &Value, wanted: &Value) -> bool {
    same(found, wanted)
        || is_same_number(found, wanted)
        || (lab.target.quirks.reformats_json && expected::is_same_json(found, wanted))
}

async fn stays(
    lab: &Lab,
    table: &TableRef,
    key: i64,
    value: &Value,
    ty: &LogicalType,
    how: &str,
) -> Result<()> {
    let found = value_at(lab, table, key).await?;
    ensure!(
        is_kept(lab, &found, &as_read(value, ty)),
        "{how} {} into {ty:?}, read {}",
        short(value),
        short(&found)
    );
    Ok(())
}

async fn is_found(lab: &Lab, table: &TableRef, key: i64, value: &Value) -> Result<()> {
    if value.is_null() || is_nan(value) {
        return Ok(());
    }
    let same = Expr::Same {
        column: v(),
        value: value.clone(),
    };
    for filter in [Expr::eq(&v(), value.clone()), same] {
        let done = lab
            .commit(vec![read(by_id(table, [id()], filter))])
            .await
            .with_context(|| format!("searching for {}", short(value)))?;
        let rows = done
            .into_iter()
            .next()
            .and_then(|step| step.rows)
            .context("no rows")?;
        let is_there = rows
            .rows
            .to_rows()
            .iter()
            .any(|row| row.first() == Some(&Value::I64(key)));
        ensure!(
            is_there,
            "the row with {} is not found by its value",
            short(value)
        );
    }
    Ok(())
}

fn is_nan(value: &Value) -> bool {
    match value {
        Value::F64(number) => number.is_nan(),
        Value::F32(number) => number.is_nan(),
        Value::Decimal(number) => number.as_str() == "NaN",
        _ => false,
    }
}

async fn is_refused(
    lab: &Lab,
    table: &TableRef,
    value: &Value,
    ty: &LogicalType,
    rows: usize,
) -> Result<()> {
    let key = 1_000_000;
    let what = format!("inserting {} into {ty:?}", short(value));
    let batch = |step| quillback_plugin_api::batch::Batch::of(vec![step]);
    let step = insert(table, &[id(), v()], &[vec![Value::I64(key), value.clone()]])?;
    let result = lab.instance.apply(&batch(step)).await;
    if result.is_ok() && lab.target.quirks.keeps_ill_typed {
        stays_ill_typed(lab, table, key, value).await?;
        let gone = crate::tables::delete(table, Expr::eq(&id(), key), Expect::Rows(1));
        lab.commit(vec![gone]).await?;
        return Ok(());
    }
    let error = fails(&what, result, Category::InvalidData)?;
    if let Value::Text(text) = value
        && text.len() > 3
    {
        keeps_secret(&error, &[text])?;
    }
    ensure!(
        lab.count(table).await? == rows as u64,
        "{what} failed and left a row"
    );

    let before = value_at(lab, table, 1).await?;
    let step = update(table, vec![set(value)], Expr::eq(&id(), 1), Expect::Any);
    let what = format!("updating {ty:?} to {}", short(value));
    fails(
        &what,
        lab.instance.apply(&batch(step)).await,
        Category::InvalidData,
    )?;
    ensure!(
        same(&value_at(lab, table, 1).await?, &before),
        "{what} failed and changed the row"
    );
    Ok(())
}

/// A database that does not enforce types may keep an ill-typed value, but never another one in its place.
async fn stays_ill_typed(lab: &Lab, table: &TableRef, key: i64, value: &Value) -> Result<()> {
    let found = value_at(lab, table, key).await?;
    let kept = same(&found, value) || is_same_number(&found, value);
    ensure!(
        kept,
        "an ill-typed {} was kept as {}",
        short(value),
        short(&found)
    );
    Ok(())
}
