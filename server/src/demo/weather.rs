//! The table that is "there already": made with the driver alone, as another program would have made it.

use anyhow::Context as _;
use quillback_core::{field::FieldKind, row_json};
use quillback_plugin_api::{
    Ident, TableRef, Value,
    batch::{Batch, BatchOutcome, Expect},
    catalog::{Catalog, Introspect},
    remote::{RemoteDriver, RemoteInstance},
    rows::RowBuffer,
    sql::{ColumnDef, CreateTable, Ddl, Insert, Statement},
    types::LogicalType,
};
use serde_json::{Value as Json, json};

use super::rows::{self, Weather};

/// Name of the table.
pub(super) const TABLE: &str = "seattle_weather";

/// Column, type in the database and type of its values.
fn columns() -> [(&'static str, LogicalType, FieldKind); 6] {
    let number = || {
        let kind = FieldKind::Decimal {
            precision: 5,
            scale: 1,
        };
        (LogicalType::decimal(5, 1), kind)
    };
    let column = |name, (ty, kind)| (name, ty, kind);
    [
        ("date", LogicalType::Date, FieldKind::Date),
        column("precipitation", number()),
        column("temp_max", number()),
        column("temp_min", number()),
        column("wind", number()),
        (
            "weather",
            LogicalType::text(20),
            FieldKind::Text { length: 20 },
        ),
    ]
}

/// Makes the table with its rows, unless it is there.
pub(super) async fn make(driver: &RemoteDriver, options: Json) -> anyhow::Result<()> {
    let instance = driver.open(options).await?;
    let made = make_in(&instance).await;
    instance.close().await;
    made
}

async fn make_in(instance: &RemoteInstance) -> anyhow::Result<()> {
    let table = TableRef::new(Ident::new(TABLE)?);
    let found = instance
        .introspect(&Introspect::Table(table.clone()))
        .await?;
    if matches!(found, Catalog::Table(Some(_))) {
        return Ok(());
    }
    let batch = insert(&table)?;
    let define = columns().map(|(name, ty, _)| {
        if name == "date" {
            ColumnDef::required(Ident::literal(name), ty)
        } else {
            ColumnDef::optional(Ident::literal(name), ty)
        }
    });
    let create = CreateTable {
        table: table.clone(),
        columns: define.into(),
        primary_key: vec![Ident::literal("date")],
        if_not_exists: false,
    };
    instance.define(&[Ddl::CreateTable(create)]).await?;
    match instance.apply(&batch).await {
        Ok(BatchOutcome::Committed(_)) => Ok(()),
        other => {
            // Without its rows the table would be taken for done at the next start.
            instance.define(&[Ddl::DropTable(table)]).await?;
            other.map(drop).context("the weather could not be written")
        }
    }
}

fn insert(table: &TableRef) -> anyhow::Result<Batch> {
    let columns = columns();
    let mut buffer = RowBuffer::new(columns.len());
    let weather = rows::weather()?;
    for day in &weather {
        let values = columns.iter().zip(texts(day)).map(|((_, _, kind), text)| {
            let read = row_json::read(&json!(text), kind);
            read.map_err(|problem| {
                anyhow::anyhow!("the weather of {}: {}", day.date, problem.message)
            })
        });
        buffer.push_row(&values.collect::<anyhow::Result<Vec<Value>>>()?)?;
    }
    let insert = Insert {
        table: table.clone(),
        columns: columns
            .iter()
            .map(|(name, ..)| Ident::literal(name))
            .collect(),
        rows: buffer,
        returning: Vec::new(),
    };
    let mut batch = Batch::default();
    batch.write(
        Statement::Insert(insert),
        Expect::Rows(weather.len() as u64),
    );
    Ok(batch)
}

fn texts(day: &Weather) -> [&str; 6] {
    [
        &day.date,
        &day.precipitation,
        &day.temp_max,
        &day.temp_min,
        &day.wind,
        &day.kind,
    ]
    .map(String::as_str)
}
