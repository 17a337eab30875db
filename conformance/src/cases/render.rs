//! The SQL that is shown is the SQL that is sent, and holds no values.

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::{Batch, Expect, RenderedStep};
use quillback_plugin_api::sql::{Assignment, Ddl, Expr, Lock, Select, TextMatch};
use quillback_plugin_api::{Category, Ident, TableRef, Value};

use crate::case::{Case, live};
use crate::lab::Lab;
use crate::proxy::contains;
use crate::tables::{
    ascending, by_id, check, delete, id, insert, n, pair_columns, read, t, update,
};
use crate::verify::{equal, fails};

pub(crate) const CASES: &[Case] = &[
    live!(placeholders_match_parameters),
    live!(values_are_bound_and_never_printed),
    live!(every_step_is_shown),
    live!(large_inserts_are_shown_in_parts),
    live!(rendering_asks_no_table),
    live!(changes_are_shown_without_being_made),
    live!(a_select_of_nothing_is_refused),
    live!(what_is_shown_is_what_is_sent),
];

fn batch(table: &TableRef) -> Result<Batch> {
    let filter = Expr::And(vec![
        Expr::eq(&n(), 4_711),
        Expr::Or(vec![
            Expr::In {
                column: n(),
                values: vec![1.into(), 2.into(), Value::Null],
            },
            Expr::Same {
                column: t(),
                value: "tell-tale".into(),
            },
            Expr::Match {
                column: t(),
                how: TextMatch::Contains,
                ignore_case: true,
                text: "tell-tale".into(),
            },
        ])
        .negate(),
    ]);
    let select = Select {
        order: vec![ascending(&n()), ascending(&id())],
        limit: Some(3),
        offset: 2,
        lock: Lock::Update,
        ..by_id(table, [id(), t()], filter.clone())
    };
    Ok(Batch::of(vec![
        read(select),
        insert(
            table,
            &[id(), t()],
            &[
                vec![1.into(), "tell-tale".into()],
                vec![2.into(), Value::Null],
            ],
        )?,
        update(
            table,
            vec![
                Assignment::set(&t(), "tell-tale"),
                Assignment::set(&n(), 4_711),
            ],
            filter.clone(),
            Expect::Any,
        ),
        check(table, filter.clone(), Expect::Any),
        delete(table, filter, Expect::Any),
    ]))
}

/// Counts the placeholders of a statement whose names have none of these characters.
fn placeholders(sql: &str) -> usize {
    let numbered = |mark: &str| {
        sql.split(mark)
            .skip(1)
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            .count()
    };
    let questions = sql.matches('?').count();
    [
        questions,
        numbered("$"),
        numbered("@P"),
        numbered("@p"),
        numbered(":"),
    ]
    .into_iter()
    .max()
    .unwrap_or(0)
}

async fn shown(lab: &Lab, hint: &str) -> Result<Vec<RenderedStep>> {
    let table = TableRef::new(Ident::new(lab.fresh(hint))?);
    Ok(lab.instance.render(&batch(&table)?).await?)
}

async fn placeholders_match_parameters(lab: &Lab) -> Result<()> {
    for step in shown(lab, "placeholders").await? {
        let statement = &step.statement;
        let count = placeholders(&statement.sql);
        ensure!(
            count == statement.params.len(),
            "{count} placeholders, {} parameters: {}",
            statement.params.len(),
            statement.sql
        );
        ensure!(count > 0, "no parameters: {}", statement.sql);
    }
    Ok(())
}

async fn values_are_bound_and_never_printed(lab: &Lab) -> Result<()> {
    for step in shown(lab, "values").await? {
        for value in ["tell-tale", "4711"] {
            ensure!(
                !step.statement.sql.contains(value),
                "a value is printed: {}",
                step.statement.sql
            );
        }
    }
    Ok(())
}

async fn every_step_is_shown(lab: &Lab) -> Result<()> {
    let steps = shown(lab, "steps").await?;
    // A small insert may take several statements too.
    let mut positions: Vec<_> = steps.iter().map(|step| step.step).collect();
    positions.dedup();
    equal("positions", positions, vec![0, 1, 2, 3, 4])?;
    let verbs = ["SELECT", "INSERT", "UPDATE", "SELECT", "DELETE"];
    for step in &steps {
        let verb = verbs
            .get(step.step as usize)
            .context("a position beyond the batch")?;
        let sql = &step.statement.sql;
        ensure!(
            sql.starts_with(*verb),
            "a step should start with {verb}: {sql}"
        );
        ensure!(
            sql.contains(&lab.fresh("steps")),
            "the table is missing: {sql}"
        );
    }
    Ok(())
}

async fn large_inserts_are_shown_in_parts(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("parts"))?);
    let rows: Vec<_> = (0..5_000_i64)
        .map(|key| vec![key.into(), key.into()])
        .collect();
    let shown = lab
        .instance
        .render(&Batch::of(vec![insert(&table, &[id(), n()], &rows)?]))
        .await?;
    ensure!(shown.len() > 1, "5,000 rows are one statement");
    equal(
        "parameters",
        shown
            .iter()
            .map(|step| step.statement.params.len())
            .sum::<usize>(),
        10_000,
    )?;
    let most = lab.capabilities.max_params as usize;
    for step in &shown {
        equal("the step", step.step, 0)?;
        ensure!(
            most == 0 || step.statement.params.len() <= most,
            "more parameters than the database takes"
        );
    }
    Ok(())
}

/// Rendering works for a table that does not exist: it is no input or output.
async fn rendering_asks_no_table(lab: &Lab) -> Result<()> {
    let table = TableRef::in_schema(
        Some(Ident::literal("no schema")),
        Ident::literal("no \"table\""),
    );
    let shown = lab
        .instance
        .render(&Batch::of(vec![read(by_id(&table, [id()], Expr::True))]))
        .await?;
    let sql = &shown.first().context("nothing is shown")?.statement.sql;
    ensure!(
        sql.contains("no schema") && sql.contains("table"),
        "the table is missing: {sql}"
    );
    Ok(())
}

async fn changes_are_shown_without_being_made(lab: &Lab) -> Result<()> {
    let table = TableRef::new(Ident::new(lab.fresh("shown"))?);
    let create = quillback_plugin_api::sql::CreateTable {
        table: table.clone(),
        columns: pair_columns(),
        primary_key: vec![id()],
        if_not_exists: false,
    };
    let shown = lab
        .instance
        .render_ddl(&[Ddl::CreateTable(create), Ddl::DropTable(table.clone())])
        .await?;
    ensure!(shown.len() >= 2, "two changes are shown as {shown:?}");
    ensure!(
        shown.iter().any(|sql| sql.starts_with("CREATE TABLE")),
        "the change is not shown: {shown:?}"
    );
    ensure!(
        shown
            .last()
            .is_some_and(|sql| sql.starts_with("DROP TABLE")),
        "the change is not shown: {shown:?}"
    );
    equal("the table", lab.describe(&table).await?, None)
}

async fn a_select_of_nothing_is_refused(lab: &Lab) -> Result<()> {
    let table = lab.pairs("nothing").await?;
    let batch = Batch::of(vec![read(by_id(&table, [], Expr::True))]);
    fails(
        "showing it",
        lab.instance.render(&batch).await,
        Category::Unsupported,
    )?;
    fails(
        "sending it",
        lab.instance.apply(&batch).await,
        Category::Unsupported,
    )?;
    Ok(())
}

/// Reads along on the wire.
async fn what_is_shown_is_what_is_sent(lab: &Lab) -> Result<()> {
    let (proxy, options) = lab.proxy().await?;
    let table = lab.pairs("sent").await?;
    let batch = batch(&table)?;
    let instance = lab.driver.open(options).await?;
    let shown = instance.render(&batch).await?;
    proxy.take_seen();
    instance.apply(&batch).await?;
    let sent = proxy.take_seen();
    instance.close().await;
    for step in shown {
        let sql = step.statement.sql;
        ensure!(contains(&sent, &sql), "shown, but not sent: {sql}");
    }
    Ok(())
}
