//! Inserts, updates and deletes: what they find, what they change, and how many rows they take.

use anyhow::{Context, Result, bail, ensure};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step};
use quillback_plugin_api::rows::RowBuffer;
use quillback_plugin_api::sql::{Assignment, ColumnDef, Compare, Expr, Insert, SetTo, Statement};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{Category, Ident, TableRef, Value};

use crate::case::{
    Case, GENERATED_KEY, KEYS, LAST_KEY, PARAMETER_LIMIT, RETURNING, ROW_COUNTS, TRANSACTIONS, live,
};
use crate::lab::Lab;
use crate::samples::decimal;
use crate::tables::{by_id, delete, id, insert, n, read, set_n, t, update};
use crate::verify::{equal, fails};

pub(crate) const CASES: &[Case] = &[
    live!(
        an_update_to_the_same_value_counts_the_rows_found,
        ROW_COUNTS
    ),
    live!(a_delete_counts_its_rows, ROW_COUNTS),
    live!(several_columns_change_together),
    live!(a_sum_adds_to_the_value_in_the_row),
    live!(a_key_can_change),
    live!(no_rows_can_be_inserted),
    live!(rows_of_another_width_are_refused),
    live!(a_column_that_is_not_given_gets_its_default),
    live!(twenty_thousand_rows_arrive_as_single_rows_do),
    live!(
        a_failure_in_the_last_of_many_rows_takes_all_back,
        KEYS,
        TRANSACTIONS
    ),
    live!(more_values_than_parameters_are_inserted),
    live!(a_condition_with_too_many_values_is_refused, PARAMETER_LIMIT),
    live!(a_generated_key_comes_back, GENERATED_KEY),
    live!(generated_columns_of_many_rows_come_back_in_order, RETURNING),
    live!(
        a_generated_key_comes_back_from_a_table_with_a_trigger,
        GENERATED_KEY
    ),
    live!(the_row_inserted_last_is_found, LAST_KEY),
    live!(generated_keys_that_are_not_claimed_are_refused),
];

async fn an_update_to_the_same_value_counts_the_rows_found(lab: &Lab) -> Result<()> {
    let table = lab.numbers("same", &[1, 1, 2]).await?;
    let to_one = |filter| update(&table, vec![Assignment::set(&n(), 1)], filter, Expect::Any);
    let found = lab
        .commit(vec![
            to_one(Expr::eq(&n(), 1)),
            to_one(Expr::True),
            to_one(Expr::True),
        ])
        .await?;
    let found: Vec<_> = found.iter().map(|step| step.found).collect();
    equal("rows found", found, vec![2, 3, 3])
}

async fn a_delete_counts_its_rows(lab: &Lab) -> Result<()> {
    let table = lab.numbers("gone", &[1, 1, 2, 3]).await?;
    let steps = vec![
        delete(&table, Expr::eq(&n(), 1), Expect::Rows(2)),
        delete(&table, Expr::eq(&n(), 1), Expect::Rows(0)),
        delete(&table, Expr::compare(&n(), Compare::Gt, 2), Expect::Rows(1)),
    ];
    lab.commit(steps).await?;
    equal(
        "rows left",
        lab.numbers_in(&table).await?,
        vec![(3, Some(2))],
    )
}

async fn several_columns_change_together(lab: &Lab) -> Result<()> {
    let table = lab.numbers("together", &[1, 2]).await?;
    let set = vec![
        Assignment::set(&t(), "x"),
        Assignment::set(&n(), Value::Null),
    ];
    lab.commit(vec![update(
        &table,
        set,
        Expr::eq(&id(), 2),
        Expect::Rows(1),
    )])
    .await?;
    let rows = lab.rows(by_id(&table, [n(), t()], Expr::True)).await?;
    equal(
        "rows",
        rows,
        vec![vec![1.into(), Value::Null], vec![Value::Null, "x".into()]],
    )
}

async fn a_sum_adds_to_the_value_in_the_row(lab: &Lab) -> Result<()> {
    let d = Ident::literal("d");
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        ColumnDef::optional(n(), LogicalType::INT64),
        ColumnDef::optional(d.clone(), LogicalType::decimal(20, 2)),
    ];
    let table = lab.create("sum", columns, &["id"]).await?;
    let rows = [
        [1.into(), 40.into(), decimal("0.10")],
        [2.into(), Value::Null, Value::Null],
    ]
    .map(Vec::from);
    let plus = |column: &Ident, value| Assignment {
        column: column.clone(),
        to: SetTo::Plus(value),
    };
    let add = update(
        &table,
        vec![plus(&n(), 2.into()), plus(&d, decimal("0.20"))],
        Expr::True,
        Expect::Rows(2),
    );
    let subtract = update(
        &table,
        vec![plus(&n(), (-1).into())],
        Expr::True,
        Expect::Rows(2),
    );
    lab.commit(vec![
        insert(&table, &[id(), n(), d.clone()], &rows)?,
        add,
        subtract,
    ])
    .await?;
    let found = lab.rows(by_id(&table, [n(), d], Expr::True)).await?;
    equal(
        "sums",
        found,
        vec![
            vec![41.into(), decimal("0.30")],
            vec![Value::Null, Value::Null],
        ],
    )
}

async fn a_key_can_change(lab: &Lab) -> Result<()> {
    let table = lab.numbers("key", &[5]).await?;
    let step = update(
        &table,
        vec![Assignment::set(&id(), 9)],
        Expr::eq(&id(), 1),
        Expect::Rows(1),
    );
    lab.commit(vec![step]).await?;
    equal("rows", lab.numbers_in(&table).await?, vec![(9, Some(5))])
}

async fn no_rows_can_be_inserted(lab: &Lab) -> Result<()> {
    let table = lab.pairs("none").await?;
    let done = lab.commit(vec![insert(&table, &[id(), n()], &[])?]).await?;
    equal(
        "steps and rows found",
        (done.len(), done.first().map(|step| step.found)),
        (1, Some(0)),
    )
}

async fn rows_of_another_width_are_refused(lab: &Lab) -> Result<()> {
    let table = lab.pairs("width").await?;
    let rows = RowBuffer::from_rows(1, &[vec![1.into()]])?;
    let insert = Insert {
        table: table.clone(),
        columns: vec![id(), n()],
        rows,
        returning: Vec::new(),
    };
    let step = Step::Write {
        statement: Statement::Insert(insert),
        expect: Expect::Any,
    };
    let result = lab.instance.apply(&Batch::of(vec![step])).await;
    fails("a row that is too narrow", result, Category::Protocol)?;
    equal("rows", lab.count(&table).await?, 0)
}

async fn a_column_that_is_not_given_gets_its_default(lab: &Lab) -> Result<()> {
    let with = |name, ty, default: Value| ColumnDef {
        default: Some(default),
        ..ColumnDef::required(Ident::literal(name), ty)
    };
    let columns = vec![
        ColumnDef::required(id(), LogicalType::INT64),
        with("whole", LogicalType::INT64, (-5).into()),
        with("exact", LogicalType::decimal(10, 2), decimal("0.50")),
        with("words", LogicalType::text(40), "it's \\ \"so\" 🚀".into()),
        with("empty", LogicalType::text(40), "".into()),
        ColumnDef::optional(t(), LogicalType::text(40)),
    ];
    let names: Vec<_> = columns
        .iter()
        .skip(1)
        .map(|column| column.name.clone())
        .collect();
    let table = lab.create("defaults", columns, &["id"]).await?;
    lab.commit(vec![insert(&table, &[id()], &[vec![1.into()]])?])
        .await?;
    let wanted = vec![
        (-5).into(),
        decimal("0.50"),
        "it's \\ \"so\" 🚀".into(),
        if lab.capabilities.empty_text_is_null {
            Value::Null
        } else {
            "".into()
        },
        Value::Null,
    ];
    equal(
        "the row",
        lab.rows(by_id(&table, names, Expr::True)).await?,
        vec![wanted],
    )
}

/// Texts that a bulk format might take for something else.
const TRICKY: &[Option<&str>] = &[
    Some("plain"),
    None,
    Some(""),
    Some("\\N"),
    Some("NULL"),
    Some("tab\there"),
    Some("line\nbreak"),
    Some("a\r\nb"),
    Some("back\\slash"),
    Some("\"quoted\""),
    Some("comma,semi;pipe|"),
    Some("it's"),
    Some("🚀é"),
    Some("\\."),
    Some(" "),
];

fn tricky_rows(count: i64) -> Vec<Vec<Value>> {
    (1..=count)
        .zip(TRICKY.iter().cycle())
        .map(|(key, text)| {
            let number = if key % 7 == 0 {
                Value::Null
            } else {
                (key * 3).into()
            };
            vec![key.into(), number, text.map_or(Value::Null, Value::from)]
        })
        .collect()
}

async fn twenty_thousand_rows_arrive_as_single_rows_do(lab: &Lab) -> Result<()> {
    let (many, few) = (lab.pairs("many").await?, lab.pairs("few").await?);
    let rows = tricky_rows(20_000);
    let columns = [id(), n(), t()];
    let done = lab.commit(vec![insert(&many, &columns, &rows)?]).await?;
    equal(
        "rows found",
        done.first().map(|step| step.found),
        Some(20_000),
    )?;
    let singles = rows
        .iter()
        .take(60)
        .map(|row| insert(&few, &columns, std::slice::from_ref(row)));
    lab.commit(singles.collect::<Result<_>>()?).await?;

    let first = Expr::compare(&id(), Compare::Le, 60);
    let of_many = lab.rows(by_id(&many, columns.clone(), first)).await?;
    equal(
        "the first rows",
        of_many,
        lab.rows(by_id(&few, columns.clone(), Expr::True)).await?,
    )?;
    let found = lab.rows(by_id(&many, columns, Expr::True)).await?;
    equal("number of rows", found.len(), rows.len())?;
    for (found, wanted) in found.iter().zip(&rows) {
        ensure!(found == wanted, "found {found:?}, wanted {wanted:?}");
    }
    Ok(())
}

async fn a_failure_in_the_last_of_many_rows_takes_all_back(lab: &Lab) -> Result<()> {
    let table = lab.numbers("last", &[1]).await?;
    let mut rows: Vec<_> = (2..=15_000_i64)
        .map(|key| vec![key.into(), 0.into()])
        .collect();
    rows.push(vec![1.into(), 0.into()]);
    let steps = vec![set_n(&table, 1, 2), insert(&table, &[id(), n()], &rows)?];
    let error = fails(
        "a key that exists",
        lab.instance.apply(&Batch::of(steps)).await,
        Category::Unique,
    )?;
    equal("the step", error.step, Some(1))?;
    equal("rows", lab.numbers_in(&table).await?, vec![(1, Some(1))])
}

async fn more_values_than_parameters_are_inserted(lab: &Lab) -> Result<()> {
    let most = match lab.capabilities.max_params {
        0 => 70_000,
        most => i64::from(most).min(70_000),
    };
    let table = lab.pairs("chunks").await?;
    let rows: Vec<_> = (1..=most / 2 + 3)
        .map(|key| vec![key.into(), Value::Null])
        .collect();
    lab.commit(vec![insert(&table, &[id(), n()], &rows)?])
        .await?;
    equal("rows", lab.count(&table).await?, rows.len() as u64)
}

async fn a_condition_with_too_many_values_is_refused(lab: &Lab) -> Result<()> {
    let table = lab.numbers("too_many", &[1]).await?;
    let values = (0..=i64::from(lab.capabilities.max_params))
        .map(Value::I64)
        .collect();
    let select = by_id(
        &table,
        [id()],
        Expr::In {
            column: n(),
            values,
        },
    );
    let steps = vec![set_n(&table, 1, 2), read(select)];
    let error = fails(
        "too many values",
        lab.instance.apply(&Batch::of(steps)).await,
        Category::Resource,
    )?;
    equal("the step", error.step, Some(1))?;
    equal("rows", lab.numbers_in(&table).await?, vec![(1, Some(1))])
}

pub(super) async fn numbered(lab: &Lab, hint: &str) -> Result<TableRef> {
    let key = ColumnDef {
        identity: true,
        ..ColumnDef::required(id(), LogicalType::INT64)
    };
    lab.create(
        hint,
        vec![key, ColumnDef::optional(n(), LogicalType::INT64)],
        &["id"],
    )
    .await
}

fn insert_returning(table: &TableRef, numbers: &[i64], returning: Vec<Ident>) -> Result<Step> {
    let rows: Vec<_> = numbers.iter().map(|n| vec![Value::I64(*n)]).collect();
    let rows = RowBuffer::from_rows(1, &rows)?;
    let insert = Insert {
        table: table.clone(),
        columns: vec![n()],
        rows,
        returning,
    };
    Ok(Step::Write {
        statement: Statement::Insert(insert),
        expect: Expect::Rows(numbers.len() as u64),
    })
}

async fn generated(
    lab: &Lab,
    table: &TableRef,
    numbers: &[i64],
    columns: Vec<Ident>,
) -> Result<Vec<Vec<Value>>> {
    let done = lab
        .commit(vec![insert_returning(table, numbers, columns)?])
        .await?;
    let rows = done
        .into_iter()
        .next()
        .and_then(|step| step.rows)
        .context("no generated columns came back")?;
    Ok(rows.rows.to_rows())
}

async fn a_generated_key_comes_back(lab: &Lab) -> Result<()> {
    let table = numbered(lab, "numbered").await?;
    for number in [70, 71, 72] {
        let keys = generated(lab, &table, &[number], vec![id()]).await?;
        let key = keys
            .first()
            .and_then(|row| row.first()?.as_i64())
            .context("the key is no number")?;
        let rows = lab.rows(by_id(&table, [n()], Expr::eq(&id(), key))).await?;
        equal("the row with the key", rows, vec![vec![number.into()]])?;
    }
    equal("rows", lab.count(&table).await?, 3)
}

async fn generated_columns_of_many_rows_come_back_in_order(lab: &Lab) -> Result<()> {
    let table = numbered(lab, "many_numbered").await?;
    let numbers: Vec<i64> = (0..3_000).map(|at| at * 11 % 3_001).collect();
    let rows = generated(lab, &table, &numbers, vec![id(), n()]).await?;
    let found: Vec<_> = rows.iter().filter_map(|row| row.get(1)?.as_i64()).collect();
    equal("the numbers", found, numbers)?;
    let keys = rows.iter().filter_map(|row| row.first()?.as_i64());
    equal(
        "different keys",
        keys.collect::<std::collections::BTreeSet<_>>().len(),
        rows.len(),
    )
}

async fn a_generated_key_comes_back_from_a_table_with_a_trigger(lab: &Lab) -> Result<()> {
    let Some(trigger) = lab.target.statements.trigger else {
        return crate::verify::skip("the target declares no trigger");
    };
    let (table, log) = (
        numbered(lab, "triggered").await?,
        numbered(lab, "log").await?,
    );
    // The log runs ahead, so that its keys are told apart from those of the table.
    lab.commit(vec![insert_returning(
        &log,
        &[0, 0, 0, 0, 0, 0, 0],
        Vec::new(),
    )?])
    .await?;
    let session = lab.session().await?;
    for sql in trigger(table.name.as_str(), log.name.as_str()) {
        session.run(&sql).await?;
    }
    let keys = generated(lab, &table, &[42], vec![id()]).await?;
    let key = keys
        .first()
        .and_then(|row| row.first()?.as_i64())
        .context("the key is no number")?;
    let rows = lab.rows(by_id(&table, [n()], Expr::eq(&id(), key))).await?;
    equal("the row with the key", rows, vec![vec![42.into()]])?;
    equal("rows in the log", lab.count(&log).await?, 8)
}

async fn the_row_inserted_last_is_found(lab: &Lab) -> Result<()> {
    let table = numbered(lab, "last_numbered").await?;
    let log = numbered(lab, "last_log").await?;
    lab.commit(vec![insert_returning(&log, &[0, 0, 0], Vec::new())?])
        .await?;
    if let Some(trigger) = lab.target.statements.trigger {
        let session = lab.session().await?;
        for sql in trigger(table.name.as_str(), log.name.as_str()) {
            session.run(&sql).await?;
        }
    }
    let found = |number: i64| {
        let last = Expr::LastKey {
            table: table.clone(),
            column: id(),
        };
        Step::Read {
            select: by_id(&table, [n()], last.and(Expr::eq(&n(), number))),
            expect: Expect::Rows(1),
        }
    };
    let mut steps = Vec::new();
    for number in [7, 8, 7] {
        steps.push(insert_returning(&table, &[number], vec![id()])?);
        steps.push(found(number));
        steps.push(found(number));
    }
    lab.commit(steps).await?;
    let wrong = vec![insert_returning(&table, &[9], vec![id()])?, found(8)];
    match lab.instance.apply(&Batch::of(wrong)).await? {
        BatchOutcome::Refused { step: 1, .. } => {}
        other => bail!("another row was found: {other:?}"),
    }
    equal("rows", lab.count(&table).await?, 3)
}

async fn generated_keys_that_are_not_claimed_are_refused(lab: &Lab) -> Result<()> {
    if (RETURNING.holds)(&lab.capabilities) {
        return Ok(());
    }
    let table = lab.pairs("unclaimed").await?;
    let step = insert_returning(&table, &[1, 2], vec![id(), n()])?;
    let result = lab.instance.apply(&Batch::of(vec![step])).await;
    fails("columns of two rows", result, Category::Unsupported)?;
    equal("rows", lab.count(&table).await?, 0)
}
