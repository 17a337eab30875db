//! Calls that are dropped leave nothing behind, and their instance goes on working.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;
use quillback_plugin_api::batch::{Batch, Expect};
use quillback_plugin_api::catalog::Introspect;
use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::{Category, Value};

use super::locks::{lock_row, until};
use crate::case::{CANCEL, Case, TRANSACTIONS, live};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert, insert_pair, n, read, set_n};
use crate::verify::{equal, fails};

pub(crate) const CASES: &[Case] = &[
    live!(a_call_dropped_before_its_first_poll_does_nothing),
    live!(
        a_batch_dropped_at_any_moment_leaves_all_or_nothing,
        TRANSACTIONS
    ),
    live!(
        a_dropped_batch_that_waits_for_a_lock_writes_nothing,
        TRANSACTIONS
    ),
    live!(a_dropped_batch_lets_its_locks_go, CANCEL, TRANSACTIONS),
    live!(a_deadline_stops_a_long_batch, TRANSACTIONS),
    live!(a_generous_deadline_changes_nothing),
    live!(dropped_reads_do_not_use_connections_up),
    live!(
        dropped_waiting_batches_do_not_use_connections_up,
        CANCEL,
        TRANSACTIONS
    ),
];

async fn a_call_dropped_before_its_first_poll_does_nothing(lab: &Lab) -> Result<()> {
    let table = lab.numbers("unpolled", &[1]).await?;
    let batch = Batch::of(vec![set_n(&table, 1, 2)]);
    for _ in 0..20 {
        drop(lab.instance.apply(&batch));
        drop(lab.instance.ping());
        drop(lab.instance.introspect(&Introspect::Schemas));
    }
    equal("the row", lab.numbers_in(&table).await?, vec![(1, Some(1))])
}

/// Polls the batch a growing number of times and drops it; the two tables must agree ever after.
async fn a_batch_dropped_at_any_moment_leaves_all_or_nothing(lab: &Lab) -> Result<()> {
    let (one, two) = (lab.pairs("one").await?, lab.pairs("two").await?);
    let rows: Vec<_> = (0..300_i64).map(|key| vec![key.into(), 1.into()]).collect();
    for round in 0..40_i64 {
        let base = round * 1_000;
        let moved: Vec<_> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|cell: &Value| Value::I64(cell.as_i64().unwrap_or(0) + base))
                    .collect()
            })
            .collect();
        let batch = Batch::of(vec![
            insert(&one, &[id(), n()], &moved)?,
            insert_pair(&two, base, 0)?,
            read(by_id(&one, [id()], Expr::True)),
        ]);
        let patience = Duration::from_micros(u64::try_from(round * round * 15)?);
        let _ = tokio::time::timeout(patience, lab.instance.apply(&batch)).await;
    }
    // A batch that comes after a dropped one on the same rows waits for its end.
    let end = Batch::of(vec![insert_pair(&one, -1, 0)?, insert_pair(&two, -1, 0)?]);
    crate::lab::committed(lab.instance.apply(&end).await?)?;
    let settled = async {
        loop {
            let (many, few) = (lab.count(&one).await?, lab.count(&two).await?);
            if many - 1 == (few - 1) * 300 {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), settled)
        .await
        .context("half of a batch took effect")?
}

async fn a_dropped_batch_that_waits_for_a_lock_writes_nothing(lab: &Lab) -> Result<()> {
    let table = lab.numbers("dropped", &[1, 2]).await?;
    let holder = lab.hold(&lock_row(&table, 2)).await?;
    let batch = Batch::of(vec![insert_pair(&table, 9, 9)?, set_n(&table, 2, 9)]);
    let result = tokio::time::timeout(Duration::from_millis(300), lab.instance.apply(&batch)).await;
    ensure!(result.is_err(), "the batch did not wait: {result:?}");
    holder.end().await;
    // These wait for whatever the dropped batch still holds.
    lab.commit(vec![
        set_n(&table, 1, 3),
        set_n(&table, 2, 4),
        insert_pair(&table, 9, 0)?,
    ])
    .await?;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(3)), (2, Some(4)), (9, Some(0))],
    )
}

/// The lock is still held when the rows that the dropped batch had are asked for: it must have ended on the server.
async fn a_dropped_batch_lets_its_locks_go(lab: &Lab) -> Result<()> {
    if lab.target.quirks.single_writer {
        return crate::verify::skip("there is one writer at a time");
    }
    let table = lab.numbers("lets_go", &[1, 2]).await?;
    let holder = lab.hold(&lock_row(&table, 2)).await?;
    let batch = Batch::of(vec![set_n(&table, 1, 9), set_n(&table, 2, 9)]);
    let result = tokio::time::timeout(Duration::from_millis(300), lab.instance.apply(&batch)).await;
    ensure!(result.is_err(), "the batch did not wait: {result:?}");
    let next = until(8_000, Batch::of(vec![set_n(&table, 1, 5)]));
    let outcome = lab
        .instance
        .apply(&next)
        .await
        .context("the dropped batch still holds its rows")?;
    crate::lab::committed(outcome)?;
    holder.end().await;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(5)), (2, Some(2))],
    )
}

async fn a_deadline_stops_a_long_batch(lab: &Lab) -> Result<()> {
    let table = lab.numbers("long", &[0]).await?;
    let steps: Vec<_> = (0..60_000_i64)
        .map(|number| set_n(&table, 1, number))
        .collect();
    let result = lab.instance.apply(&until(60, Batch::of(steps))).await;
    let error = fails("a batch of many steps", result, Category::Timeout)?;
    ensure!(!error.outcome_unknown, "nothing was committed: {error:?}");
    equal("the row", lab.numbers_in(&table).await?, vec![(1, Some(0))])?;
    lab.commit(vec![set_n(&table, 1, 1)]).await?;
    Ok(())
}

async fn a_generous_deadline_changes_nothing(lab: &Lab) -> Result<()> {
    let table = lab.numbers("generous", &[0]).await?;
    for number in 1..=20 {
        let batch = until(60_000, Batch::of(vec![set_n(&table, 1, number)]));
        crate::lab::committed(lab.instance.apply(&batch).await?)?;
    }
    equal(
        "the row",
        lab.numbers_in(&table).await?,
        vec![(1, Some(20))],
    )
}

async fn dropped_reads_do_not_use_connections_up(lab: &Lab) -> Result<()> {
    let table = lab.pairs("reads").await?;
    let rows: Vec<_> = (0..4_000_i64)
        .map(|key| vec![key.into(), key.into()])
        .collect();
    lab.commit(vec![insert(&table, &[id(), n()], &rows)?])
        .await?;
    let select = Batch::of(vec![read(by_id(&table, [id(), n()], Expr::True))]);
    for round in 0..60 {
        let calls = (0..4).map(|_| {
            tokio::time::timeout(
                Duration::from_micros(round * 40),
                lab.instance.apply(&select),
            )
        });
        join_all(calls).await;
    }
    let count = tokio::time::timeout(Duration::from_secs(20), lab.count(&table));
    equal(
        "rows",
        count.await.context("no connection is left")??,
        4_000,
    )
}

async fn dropped_waiting_batches_do_not_use_connections_up(lab: &Lab) -> Result<()> {
    let table = lab.numbers("waiting", &[1, 2]).await?;
    let holder = lab.hold(&lock_row(&table, 1)).await?;
    let batch = Batch::of(vec![set_n(&table, 1, 9)]);
    for _ in 0..4 {
        let calls = (0..12)
            .map(|_| tokio::time::timeout(Duration::from_millis(60), lab.instance.apply(&batch)));
        for result in join_all(calls).await {
            ensure!(result.is_err(), "the batch did not wait: {result:?}");
        }
    }
    let look = until(
        15_000,
        Batch::of(vec![read(by_id(&table, [n()], Expr::eq(&id(), 2)))]),
    );
    lab.instance
        .apply(&look)
        .await
        .context("no connection is left")?;
    holder.end().await;
    lab.commit(vec![crate::tables::check(
        &table,
        Expr::eq(&n(), 9),
        Expect::Rows(0),
    )])
    .await?;
    Ok(())
}
