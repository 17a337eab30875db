//! Values beyond single types: conversions when they are bound, mixtures, and the limits that are declared.

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident, TableRef, Value};

use crate::case::{Case, live};
use crate::lab::Lab;
use crate::samples::{as_read, decimal, is_same_number, typed_table};
use crate::tables::{by_id, id, insert, set_n};
use crate::verify::{equal, fails, same, short, skip};

pub(crate) const CASES: &[Case] = &[
    live!(numbers_fit_into_other_columns),
    live!(texts_fit_into_columns_of_other_types),
    live!(one_statement_takes_values_of_different_kinds),
    live!(an_empty_text_is_not_null),
    live!(a_json_null_is_not_null),
    live!(null_fits_into_every_column_and_condition),
    live!(a_null_in_a_required_column_is_refused),
    live!(rounding_of_decimals_is_as_declared),
    live!(rounding_of_fractions_is_as_declared),
    live!(cutting_of_spaces_is_as_declared),
    live!(a_value_of_the_wrong_kind_is_refused),
];

fn v() -> Ident {
    Ident::literal("v")
}

/// Writes one value and reads it back; `Err` inside is the driver's.
async fn through(
    lab: &Lab,
    table: &TableRef,
    value: Value,
) -> Result<Result<Value, quillback_plugin_api::DriverError>> {
    let gone = crate::tables::delete(table, Expr::True, Expect::Any);
    let step = insert(table, &[id(), v()], &[vec![1.into(), value]])?;
    if let Err(error) = lab.instance.apply(&Batch::of(vec![gone, step])).await {
        return Ok(Err(error));
    }
    let rows = lab.rows(by_id(table, [v()], Expr::True)).await?;
    Ok(Ok(rows
        .into_iter()
        .flatten()
        .next()
        .context("the row is gone")?))
}

async fn numbers_fit_into_other_columns(lab: &Lab) -> Result<()> {
    let int = |bits| LogicalType::Int {
        bits,
        unsigned: false,
    };
    for (ty, given, wanted) in [
        (int(16), Value::I64(-7), Value::I64(-7)),
        (int(32), Value::U64(7), Value::I64(7)),
        (int(64), decimal("12"), Value::I64(12)),
        (LogicalType::decimal(10, 2), Value::I64(5), decimal("5.00")),
        (LogicalType::decimal(10, 2), Value::U64(5), decimal("5.00")),
        (LogicalType::decimal(10, 2), decimal("5"), decimal("5.00")),
        (
            LogicalType::decimal(10, 2),
            decimal("-5.5"),
            decimal("-5.50"),
        ),
        (
            LogicalType::Float { bits: 64 },
            Value::I64(5),
            Value::F64(5.0),
        ),
        (
            LogicalType::Float { bits: 64 },
            decimal("0.5"),
            Value::F64(0.5),
        ),
        (LogicalType::text(20), Value::I64(5), "5".into()),
    ] {
        let (table, got) = typed_table(lab, &ty).await?;
        let what = format!("{given:?} into {ty:?}");
        let found = through(lab, &table, given).await?.context(what.clone())?;
        let wanted = as_read(&wanted, &got);
        ensure!(
            same(&found, &wanted) || is_same_number(&found, &wanted),
            "{what}: read {found:?}"
        );
        lab.instance
            .define(&[quillback_plugin_api::sql::Ddl::DropTable(table)])
            .await?;
    }
    Ok(())
}

async fn texts_fit_into_columns_of_other_types(lab: &Lab) -> Result<()> {
    let uuid: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).unwrap_or(0) * 16);
    for (ty, given, wanted) in [
        (
            LogicalType::Uuid,
            "00102030-4050-6070-8090-a0b0c0d0e0f0",
            Value::Uuid(uuid),
        ),
        (
            LogicalType::Uuid,
            "00102030-4050-6070-8090-A0B0C0D0E0F0",
            Value::Uuid(uuid),
        ),
        (LogicalType::Json, "[1]", Value::Json("[1]".into())),
        (
            LogicalType::Enum {
                labels: vec!["a".into(), "b".into()],
            },
            "b",
            "b".into(),
        ),
    ] {
        if !crate::samples::can_create(lab, &ty).await? {
            continue;
        }
        let (table, got) = typed_table(lab, &ty).await?;
        let what = format!("{given:?} into {ty:?}");
        let found = through(lab, &table, given.into())
            .await?
            .context(what.clone())?;
        let wanted = if matches!(got, LogicalType::Text { .. }) {
            given.into()
        } else {
            as_read(&wanted, &got)
        };
        equal(&what, found, wanted)?;
        lab.instance
            .define(&[quillback_plugin_api::sql::Ddl::DropTable(table)])
            .await?;
    }
    Ok(())
}

async fn one_statement_takes_values_of_different_kinds(lab: &Lab) -> Result<()> {
    let (table, _) = typed_table(lab, &LogicalType::decimal(20, 2)).await?;
    let values = [
        Value::Null,
        7.into(),
        decimal("2.50"),
        Value::U64(9),
        Value::Null,
        decimal("-1.00"),
    ];
    let rows: Vec<_> = (1_i64..)
        .zip(&values)
        .map(|(key, v)| vec![key.into(), v.clone()])
        .collect();
    lab.commit(vec![insert(&table, &[id(), v()], &rows)?])
        .await?;
    let wanted = [
        Value::Null,
        decimal("7.00"),
        decimal("2.50"),
        decimal("9.00"),
        Value::Null,
        decimal("-1.00"),
    ];
    let found: Vec<_> = lab
        .rows(by_id(&table, [v()], Expr::True))
        .await?
        .into_iter()
        .flatten()
        .collect();
    equal("the values", found, wanted.into())?;

    let mixed = vec![Value::I64(7), decimal("2.5"), Value::Null, decimal("9.00")];
    let filter = Expr::In {
        column: v(),
        values: mixed,
    };
    let keys = lab.rows(by_id(&table, [id()], filter)).await?;
    equal(
        "the keys found by values of different kinds",
        keys,
        [2, 3, 4].map(|key: i64| vec![key.into()]).into(),
    )
}

async fn an_empty_text_is_not_null(lab: &Lab) -> Result<()> {
    let (table, _) = typed_table(lab, &LogicalType::text(10)).await?;
    let found = through(lab, &table, "".into()).await??;
    let wanted = if lab.capabilities.empty_text_is_null {
        Value::Null
    } else {
        "".into()
    };
    equal("an empty text", found, wanted)
}

async fn a_json_null_is_not_null(lab: &Lab) -> Result<()> {
    let (table, got) = typed_table(lab, &LogicalType::Json).await?;
    let null = Value::Json("null".into());
    let found = through(lab, &table, null.clone()).await??;
    equal("a JSON null", found, as_read(&null, &got))
}

async fn null_fits_into_every_column_and_condition(lab: &Lab) -> Result<()> {
    for ty in crate::samples::all().map(|sample| (sample.ty)()) {
        if !crate::samples::can_create(lab, &ty).await? {
            continue;
        }
        let (table, _) = typed_table(lab, &ty).await?;
        let what = format!("NULL in {ty:?}");
        let found = through(lab, &table, Value::Null)
            .await?
            .context(what.clone())?;
        equal(&what, found, Value::Null)?;
        let same = Expr::Same {
            column: v(),
            value: Value::Null,
        };
        let rows = lab
            .rows(by_id(&table, [id()], same))
            .await
            .context(what.clone())?;
        equal(&what, rows.len(), 1)?;
        lab.instance
            .define(&[quillback_plugin_api::sql::Ddl::DropTable(table)])
            .await?;
    }
    Ok(())
}

async fn a_null_in_a_required_column_is_refused(lab: &Lab) -> Result<()> {
    let table = lab.numbers("required", &[1]).await?;
    let step = insert(
        &table,
        &[id(), crate::tables::n()],
        &[vec![Value::Null, 1.into()]],
    )?;
    let error = fails(
        "a NULL key",
        lab.instance.apply(&Batch::of(vec![step])).await,
        Category::NotNull,
    )?;
    equal("the step", error.step, Some(0))?;
    equal("rows", lab.count(&table).await?, 1)
}

async fn rounding_of_decimals_is_as_declared(lab: &Lab) -> Result<()> {
    let (table, got) = typed_table(lab, &LogicalType::decimal(10, 2)).await?;
    if !matches!(got, LogicalType::Decimal { scale: Some(2), .. }) {
        return skip("the scale of decimal columns is not fixed");
    }
    let result = through(lab, &table, decimal("1.009")).await?;
    if lab.target.quirks.rounds_decimals {
        return equal("1.009 with two digits", result?, decimal("1.01"));
    }
    if lab.target.quirks.keeps_ill_typed && result == Ok(decimal("1.009")) {
        return Ok(());
    }
    fails("1.009 with two digits", result, Category::InvalidData)?;
    Ok(())
}

async fn rounding_of_fractions_is_as_declared(lab: &Lab) -> Result<()> {
    let day = Date {
        year: 2024,
        month: 5,
        day: 6,
    };
    let given = Value::Timestamp(Timestamp::from_parts(day, 1_400_000_000));
    let (table, got) = typed_table(lab, &LogicalType::Timestamp { precision: 0 }).await?;
    let result = through(lab, &table, given.clone()).await?;
    if !matches!(got, LogicalType::Timestamp { precision: 0 }) {
        return equal("a fraction in a finer column", result?, given);
    }
    if lab.target.quirks.rounds_fractions {
        let whole = Value::Timestamp(Timestamp::from_parts(day, 1_000_000_000));
        return equal("1.4 seconds without a fraction", result?, whole);
    }
    if lab.target.quirks.keeps_ill_typed && result.as_ref() == Ok(&given) {
        return Ok(());
    }
    fails(
        "1.4 seconds without a fraction",
        result,
        Category::InvalidData,
    )?;
    Ok(())
}

async fn cutting_of_spaces_is_as_declared(lab: &Lab) -> Result<()> {
    let (table, got) = typed_table(lab, &LogicalType::text(10)).await?;
    let LogicalType::Text { length: Some(most) } = got else {
        return skip("text columns have no length");
    };
    let cut = "x".repeat(most as usize);
    let result = through(lab, &table, format!("{cut}  ").into()).await?;
    if lab.target.quirks.cuts_trailing_spaces {
        return equal("spaces beyond the length", result?, cut.into());
    }
    if lab.target.quirks.keeps_ill_typed && result == Ok(format!("{cut}  ").into()) {
        return Ok(());
    }
    fails("spaces beyond the length", result, Category::InvalidData)?;
    Ok(())
}

/// Values that no reading of the word makes fit a whole number.
async fn a_value_of_the_wrong_kind_is_refused(lab: &Lab) -> Result<()> {
    let table = lab.numbers("kinds", &[1]).await?;
    let date = Value::Date(Date {
        year: 2024,
        month: 1,
        day: 1,
    });
    let values = [
        Value::Bytes(vec![1]),
        date,
        Value::Uuid([1; 16]),
        Value::Json("{}".into()),
        "x".into(),
    ];
    for value in values {
        let what = format!("{} into a whole number", short(&value));
        let result = lab
            .instance
            .apply(&Batch::of(vec![set_n(&table, 1, value)]))
            .await;
        if result.is_ok() && lab.target.quirks.keeps_ill_typed {
            continue;
        }
        fails(&what, result, Category::InvalidData)?;
        equal(&what, lab.numbers_in(&table).await?, vec![(1, Some(1))])?;
    }
    Ok(())
}
