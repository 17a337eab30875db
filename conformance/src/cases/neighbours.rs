//! Other programs at the same database: what they write is read, what is written can be read by them, and what they
//! change is noticed.

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::Expect;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::sql::{Assignment, ColumnDef, Compare, Ddl, Expr, Select};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Ident, TableRef, Value};

use crate::case::{ADD_COLUMN, Case, DROP_COLUMN, SCHEMAS, live};
use crate::lab::Lab;
use crate::samples::{as_read, decimal, widens};
use crate::tables::{
    by_id, delete, id, insert, insert_pair, n, pair_columns, read, set_n, t, update,
};
use crate::verify::equal;

pub(crate) const CASES: &[Case] = &[
    live!(values_written_by_others_are_read),
    live!(values_are_written_as_others_read_them),
    live!(texts_of_others_are_equal_only_character_by_character),
    live!(a_table_that_was_made_anew_is_used_as_it_is_now),
    live!(a_column_added_by_others_is_used, ADD_COLUMN),
    live!(a_column_removed_by_others_is_missed, DROP_COLUMN),
    live!(tables_of_one_name_in_two_schemas_are_kept_apart, SCHEMAS),
];

fn v() -> Ident {
    Ident::literal("v")
}

/// Types, a value of each, and how standard SQL spells it. An instant is spelled by the target.
fn known(lab: &Lab) -> Vec<(LogicalType, Value, &'static str)> {
    let leap_day = Date {
        year: 2024,
        month: 2,
        day: 29,
    };
    let noon = 45_296_000_000_000;
    let stamp = Timestamp::from_parts(leap_day, noon);
    vec![
        (LogicalType::INT64, (-5).into(), "-5"),
        (LogicalType::decimal(12, 2), decimal("1.50"), "1.50"),
        (LogicalType::Float { bits: 64 }, Value::F64(0.25), "0.25"),
        (LogicalType::text(40), "it's 🚀".into(), "'it''s 🚀'"),
        (LogicalType::Date, Value::Date(leap_day), "'2024-02-29'"),
        (
            LogicalType::Time { precision: 0 },
            Value::Time(noon),
            "'12:34:56'",
        ),
        (
            LogicalType::Timestamp { precision: 0 },
            Value::Timestamp(stamp),
            "'2024-02-29 12:34:56'",
        ),
        (
            LogicalType::Instant { precision: 0 },
            Value::Instant(stamp),
            lab.target.statements.instant,
        ),
    ]
}

/// A table with the columns `id`, `n` and `v`, the last of this type.
async fn noted(lab: &Lab, at: usize, ty: &LogicalType) -> Result<(TableRef, LogicalType)> {
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::optional(n(), LogicalType::INT64),
        crate::samples::column(ty.clone()),
    ];
    let table = lab.create(&format!("known{at}"), columns, &["id"]).await?;
    let info = lab
        .describe(&table)
        .await?
        .context("the table is not found")?;
    let got = info
        .column(&v())
        .context("the column is missing")?
        .ty
        .clone();
    Ok((table, got))
}

async fn values_written_by_others_are_read(lab: &Lab) -> Result<()> {
    let session = lab.session().await?;
    for (at, (ty, value, literal)) in known(lab).into_iter().enumerate() {
        let (table, got) = noted(lab, at, &ty).await?;
        session
            .run(&format!(
                "INSERT INTO {} (id, v) VALUES (1, {literal})",
                table.name
            ))
            .await?;
        let found = lab
            .rows(by_id(&table, [v()], Expr::eq(&v(), value.clone())))
            .await?;
        equal(
            &format!("{literal} in {ty:?}"),
            found,
            vec![vec![as_read(&value, &got)]],
        )?;
    }
    Ok(())
}

/// Row security and the check for lost updates stand on it.
async fn texts_of_others_are_equal_only_character_by_character(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("loose"))?);
    let (integer, text) = (
        lab.target.statements.integer,
        lab.target.statements.loose_text,
    );
    let sql = format!(
        "CREATE TABLE {} (id {integer} PRIMARY KEY, v {text})",
        table.name
    );
    lab.session().await?.run(&sql).await?;
    lab.remember(&table);
    let texts = ["nora", "Nora", "nora ", "n\u{f6}ra", ""];
    let rows: Vec<_> = (1..)
        .zip(texts)
        .map(|(key, text): (i64, _)| vec![key.into(), text.into()])
        .chain([vec![6.into(), Value::Null]])
        .collect();
    lab.commit(vec![insert(&table, &[id(), v()], &rows)?])
        .await?;
    let among = |values: &[&str]| Expr::In {
        column: v(),
        values: values.iter().map(|text| (*text).into()).collect(),
    };
    let same = |value: Value| Expr::Same { column: v(), value };
    for (what, filter, wanted) in [
        ("equal", Expr::eq(&v(), "nora"), vec![1]),
        ("another case", Expr::eq(&v(), "Nora"), vec![2]),
        ("the empty text", Expr::eq(&v(), ""), vec![5]),
        ("nothing like it", Expr::eq(&v(), "NORA"), vec![]),
        (
            "not equal",
            Expr::compare(&v(), Compare::Ne, "Nora"),
            vec![1, 3, 4, 5],
        ),
        ("one of one", among(&["nora"]), vec![1]),
        ("one of several", among(&["nora ", "Nora", "x"]), vec![2, 3]),
        (
            "none of several",
            among(&["nora", ""]).negate(),
            vec![2, 3, 4],
        ),
        ("the same", same("Nora".into()), vec![2]),
        (
            "not the same",
            same("nora".into()).negate(),
            vec![2, 3, 4, 5, 6],
        ),
        ("the same nothing", same(Value::Null), vec![6]),
    ] {
        let rows = lab.rows(by_id(&table, [id()], filter)).await?;
        let keys: Vec<i64> = rows
            .iter()
            .filter_map(|row| row.first()?.as_i64())
            .collect();
        equal(what, keys, wanted)?;
    }
    let edit = update(
        &table,
        vec![Assignment::set(&v(), "changed")],
        Expr::eq(&id(), 2).and(same("nora".into())),
        Expect::Any,
    );
    let done = lab.commit(vec![edit]).await?;
    let found: u64 = done.iter().map(|step| step.found).sum();
    equal("rows changed that somebody else wrote again", found, 0)
}

async fn values_are_written_as_others_read_them(lab: &Lab) -> Result<()> {
    let session = lab.session().await?;
    let has_private_decimals = lab.target.quirks.private_decimals;
    for (at, (ty, value, literal)) in known(lab).into_iter().enumerate() {
        if has_private_decimals && matches!(ty, LogicalType::Decimal { .. }) {
            continue;
        }
        let (table, _) = noted(lab, at, &ty).await?;
        lab.commit(vec![insert(
            &table,
            &[id(), v()],
            &[vec![1.into(), value]],
        )?])
        .await?;
        session
            .run(&format!(
                "UPDATE {} SET n = 7 WHERE v = {literal}",
                table.name
            ))
            .await?;
        equal(
            &format!("{literal} in {ty:?}"),
            lab.numbers_in(&table).await?,
            vec![(1, Some(7))],
        )?;
    }
    Ok(())
}

/// What a driver remembers of tables and statements must not outlive them.
async fn a_table_that_was_made_anew_is_used_as_it_is_now(lab: &Lab) -> Result<()> {
    let table = lab.numbers("anew", &[1]).await?;
    let columns = [id(), n()];
    let use_it = |value: Value| -> Result<_> {
        Ok(vec![
            delete(&table, Expr::True, Expect::Any),
            insert(&table, &columns, &[vec![1.into(), value.clone()]])?,
            set_n(&table, 1, value.clone()),
            read(Select::columns(
                table.clone(),
                columns.clone(),
                Expr::eq(&n(), value),
            )),
        ])
    };
    let other = lab.another().await?;
    for (ty, value) in [
        (LogicalType::text(30), Value::from("now a text")),
        (
            LogicalType::decimal(30, 4),
            decimal("12345678901234567890.1234"),
        ),
        (
            LogicalType::Timestamp { precision: 0 },
            Value::Timestamp(Timestamp {
                seconds: 86_400,
                nanos: 0,
            }),
        ),
        (LogicalType::INT64, Value::I64(-1)),
    ] {
        let create = quillback_plugin_api::sql::CreateTable {
            table: table.clone(),
            columns: vec![
                ColumnDef::required(id(), LogicalType::INT64),
                ColumnDef {
                    exact_text: true,
                    ..ColumnDef::optional(n(), ty.clone())
                },
            ],
            primary_key: vec![id()],
            if_not_exists: false,
        };
        // The first time through another connection, then through the same one.
        let maker = if matches!(ty, LogicalType::Text { .. }) {
            &other
        } else {
            &lab.instance
        };
        maker
            .define(&[Ddl::DropTable(table.clone()), Ddl::CreateTable(create)])
            .await?;
        for _ in 0..3 {
            let done = lab.commit(use_it(value.clone())?).await;
            let done = done.with_context(|| format!("after the column became {ty:?}"))?;
            let rows = done
                .last()
                .and_then(|step| step.rows.as_ref())
                .map(|rows| rows.rows.to_rows());
            equal(
                &format!("the row of {ty:?}"),
                rows,
                Some(vec![vec![1.into(), value.clone()]]),
            )?;
        }
    }
    other.close().await;
    Ok(())
}

async fn a_column_added_by_others_is_used(lab: &Lab) -> Result<()> {
    let table = lab.numbers("grown", &[1]).await?;
    lab.numbers_in(&table).await?;
    let other = lab.another().await?;
    let extra = ColumnDef::optional(Ident::literal("extra"), LogicalType::decimal(10, 3));
    other
        .define(&[Ddl::AddColumn {
            table: table.clone(),
            column: extra.clone(),
        }])
        .await?;
    other.close().await;
    let value = decimal("0.125");
    let row = vec![2.into(), value.clone()];
    lab.commit(vec![insert(&table, &[id(), extra.name.clone()], &[row])?])
        .await?;
    let rows = lab.rows(by_id(&table, [extra.name], Expr::True)).await?;
    equal("the rows", rows, vec![vec![Value::Null], vec![value]])
}

async fn a_column_removed_by_others_is_missed(lab: &Lab) -> Result<()> {
    let table = lab.numbers("shrunk", &[1]).await?;
    let look = by_id(&table, [id(), t()], Expr::True);
    for _ in 0..3 {
        lab.rows(look.clone()).await?;
    }
    let other = lab.another().await?;
    other
        .define(&[Ddl::DropColumn {
            table: table.clone(),
            column: t(),
        }])
        .await?;
    other.close().await;
    let mut batch = quillback_plugin_api::batch::Batch::default();
    batch.read(look);
    let result = lab.instance.apply(&batch).await;
    crate::verify::fails(
        "a column that is gone",
        result,
        quillback_plugin_api::Category::NotFound,
    )?;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(1))],
    )
}

async fn tables_of_one_name_in_two_schemas_are_kept_apart(lab: &Lab) -> Result<()> {
    // Accounts for tests may make schemas whose names start like this.
    let schema = Ident::new(format!("quillback_{}", lab.prefix()))?;
    let session = lab.session().await?;
    session.run(&format!("CREATE SCHEMA {schema}")).await?;
    lab.undo_with(format!("DROP SCHEMA {schema}"));
    let here = lab.numbers("twin", &[1]).await?;
    let there = TableRef::in_schema(Some(schema.clone()), here.name.clone());
    let text = ColumnDef::optional(Ident::literal("only_there"), LogicalType::text(10));
    let mut columns = pair_columns();
    columns.push(text.clone());
    lab.try_create(there.clone(), columns, vec![id()]).await?;
    lab.commit(vec![
        insert_pair(&there, 1, 2)?,
        insert_pair(&there, 2, 3)?,
        set_n(&there, 2, 4),
    ])
    .await?;
    equal(
        "rows here",
        lab.numbers_in(&here).await?,
        vec![(1, Some(1))],
    )?;
    equal(
        "rows there",
        lab.numbers_in(&there).await?,
        vec![(1, Some(2)), (2, Some(4))],
    )?;
    let info = lab
        .describe(&there)
        .await?
        .context("the table is not found")?;
    equal("where it is", &info.table.schema, &Some(schema))?;
    let column = info.column(&text.name).context("the column is missing")?;
    ensure!(
        widens(&text.ty, &column.ty),
        "the column is {:?}",
        column.ty
    );
    let info = lab
        .describe(&here)
        .await?
        .context("the table is not found")?;
    equal("the column here", info.column(&text.name), None)?;
    lab.commit(vec![delete(&there, Expr::True, Expect::Rows(2))])
        .await?;
    equal("rows here", lab.count(&here).await?, 1)
}
