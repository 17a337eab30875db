//! Batches that wait for a lock which a session of the test holds.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use quillback_plugin_api::batch::Batch;
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{Expr, Lock, Select};
use quillback_plugin_api::{Category, TableRef};

use crate::case::{Case, ROW_LOCKS, TRANSACTIONS, live};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert_pair, n, read, set_n};
use crate::verify::{equal, fails, skip};

pub(crate) const CASES: &[Case] = &[
    live!(a_batch_waits_for_a_lock_and_goes_on, TRANSACTIONS),
    live!(
        waiting_past_the_deadline_is_a_timeout_and_writes_nothing,
        TRANSACTIONS
    ),
    live!(reads_do_not_wait_for_writers, TRANSACTIONS),
    live!(a_locking_read_waits, ROW_LOCKS, TRANSACTIONS),
    live!(
        a_deadlock_is_a_conflict_and_the_other_batch_wins,
        TRANSACTIONS
    ),
];

const SOON: u32 = 400;

/// SQL that locks the row with this key.
pub(super) fn lock_row(table: &TableRef, key: i64) -> String {
    format!("UPDATE {} SET n = n WHERE id = {key}", table.name)
}

/// A batch with a deadline in milliseconds.
pub(super) fn until(deadline_ms: u32, batch: Batch) -> Batch {
    Batch {
        deadline_ms,
        ..batch
    }
}

/// Returns once somebody else holds the row.
pub(super) async fn is_held(instance: &RemoteInstance, table: &TableRef, key: i64) -> Result<()> {
    let select = Select {
        lock: Lock::Update,
        ..by_id(table, [id()], Expr::eq(&id(), key))
    };
    let touch = until(150, Batch::of(vec![read(select)]));
    let held = async {
        loop {
            match instance.apply(&touch).await {
                Ok(_) => {}
                Err(error) if error.category == Category::Timeout => return Ok(()),
                Err(error) => return Err(error).context("looking whether a row is locked"),
            }
        }
    };
    let patience = Duration::from_secs(30);
    let result = tokio::time::timeout(patience, held).await;
    result.with_context(|| format!("the row {key} is never locked"))?
}

async fn a_batch_waits_for_a_lock_and_goes_on(lab: &Lab) -> Result<()> {
    let table = lab.numbers("waits", &[1]).await?;
    let holder = lab.hold(&lock_row(&table, 1)).await?;
    let batch = Batch::of(vec![set_n(&table, 1, 2)]);
    let waiting = lab.instance.apply(&batch);
    tokio::pin!(waiting);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    ensure!(early.is_err(), "a batch did not wait for a lock: {early:?}");
    holder.run("COMMIT").await?;
    crate::lab::committed(waiting.await?)?;
    holder.end().await;
    equal("the row", lab.numbers_in(&table).await?, vec![(1, Some(2))])
}

async fn waiting_past_the_deadline_is_a_timeout_and_writes_nothing(lab: &Lab) -> Result<()> {
    let table = lab.numbers("deadline", &[1, 2]).await?;
    let holder = lab.hold(&lock_row(&table, 2)).await?;
    let steps = vec![
        insert_pair(&table, 9, 9)?,
        set_n(&table, 1, 5),
        set_n(&table, 2, 5),
    ];
    let started = Instant::now();
    let result = lab.instance.apply(&until(SOON, Batch::of(steps))).await;
    let took = started.elapsed();
    let error = fails("waiting for a lock", result, Category::Timeout)?;
    ensure!(
        took < Duration::from_secs(5),
        "a deadline of {SOON} ms took {took:?}"
    );
    ensure!(!error.outcome_unknown, "nothing was committed: {error:?}");
    if !lab.target.quirks.single_writer {
        // The lock on the first row went with the roll-back, while the other is still held.
        lab.instance
            .apply(&until(5_000, Batch::of(vec![set_n(&table, 1, 7)])))
            .await
            .context("the batch left a lock")?;
        lab.commit(vec![set_n(&table, 1, 1)]).await?;
    }
    holder.end().await;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(1)), (2, Some(2))],
    )?;
    lab.commit(vec![set_n(&table, 2, 3)]).await?;
    Ok(())
}

async fn reads_do_not_wait_for_writers(lab: &Lab) -> Result<()> {
    let table = lab.numbers("reads", &[1]).await?;
    let holder = lab
        .hold(&format!("UPDATE {} SET n = 99", table.name))
        .await?;
    let look = until(
        5_000,
        Batch::of(vec![read(by_id(&table, [n()], Expr::True))]),
    );
    let outcome = lab
        .instance
        .apply(&look)
        .await
        .context("a read waits for a writer")?;
    let done = crate::lab::committed(outcome)?;
    let rows = done
        .first()
        .and_then(|step| step.rows.as_ref())
        .map(|rows| rows.rows.to_rows());
    holder.end().await;
    equal("what was read", rows, Some(vec![vec![1.into()]]))
}

async fn a_locking_read_waits(lab: &Lab) -> Result<()> {
    let table = lab.numbers("locking", &[1]).await?;
    let holder = lab.hold(&lock_row(&table, 1)).await?;
    let select = Select {
        lock: Lock::Update,
        ..by_id(&table, [n()], Expr::True)
    };
    let batch = until(SOON, Batch::of(vec![read(select)]));
    let result = lab.instance.apply(&batch).await;
    fails("a locking read of a locked row", result, Category::Timeout)?;
    holder.end().await;
    crate::lab::committed(lab.instance.apply(&batch).await?)?;
    Ok(())
}

/// Two batches take the rows 1 and 2 in opposite order; both have their first row when the third is set free.
async fn a_deadlock_is_a_conflict_and_the_other_batch_wins(lab: &Lab) -> Result<()> {
    if lab.target.quirks.single_writer {
        return skip("there is one writer at a time");
    }
    let table = lab.numbers("deadlock", &[0, 0, 0, 0]).await?;
    let second = lab.another().await?;
    let (gate_three, gate_four) = (
        lab.hold(&lock_row(&table, 3)).await?,
        lab.hold(&lock_row(&table, 4)).await?,
    );
    let batch = |first, gate, last| {
        let number = first * 10;
        Batch::of(vec![
            set_n(&table, first, number),
            set_n(&table, gate, number),
            set_n(&table, last, number),
        ])
    };
    let (one, two) = (batch(1, 3, 2), batch(2, 4, 1));
    let opening = async {
        is_held(&lab.instance, &table, 1).await?;
        is_held(&lab.instance, &table, 2).await?;
        gate_three.end().await;
        gate_four.end().await;
        anyhow::Ok(())
    };
    let (one, two, opened) = tokio::join!(second.apply(&one), second.apply(&two), opening);
    opened?;
    let (lost, winner) = match (one, two) {
        (Err(error), Ok(_)) => (error, 20),
        (Ok(_), Err(error)) => (error, 10),
        other => bail!("one of two batches must give way: {other:?}"),
    };
    second.close().await;
    equal("the category", lost.category, Category::Conflict)?;
    ensure!(
        lost.is_retryable(),
        "a deadlock can be tried again: {lost:?}"
    );
    equal("the step", lost.step, Some(2))?;
    let rows = lab.numbers_in(&table).await?;
    let wanted = Some(winner);
    equal(
        "rows 1 and 2",
        rows.get(..2).map(<[_]>::to_vec),
        Some(vec![(1, wanted), (2, wanted)]),
    )
}
