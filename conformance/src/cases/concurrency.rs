//! Batches that run at the same time, without anything that holds them up: nothing is lost, nothing is seen too early.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::join_all;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Isolation};
use quillback_plugin_api::sql::{Assignment, Expr, SetTo};
use quillback_plugin_api::{DriverError, TableRef, Value};

use crate::case::{Case, KEYS, ROW_COUNTS, SERIALIZABLE, TRANSACTIONS, live};
use crate::lab::Lab;
use crate::tables::{by_id, check, id, insert_pair, n, read, set_n, update};
use crate::verify::equal;

pub(crate) const CASES: &[Case] = &[
    live!(no_addition_is_lost, TRANSACTIONS, ROW_COUNTS),
    live!(one_of_two_guarded_updates_wins, TRANSACTIONS, ROW_COUNTS),
    live!(one_of_many_inserts_of_a_key_wins, TRANSACTIONS, KEYS),
    live!(a_reader_sees_all_of_a_batch_or_nothing, TRANSACTIONS),
    live!(a_repeatable_read_sees_one_state, TRANSACTIONS),
    live!(
        serializable_batches_keep_what_each_checked,
        SERIALIZABLE,
        TRANSACTIONS
    ),
];

/// Sends a batch again while the driver says that this may help.
async fn insist(
    instance: &quillback_plugin_api::remote::RemoteInstance,
    batch: &Batch,
) -> Result<BatchOutcome, DriverError> {
    let mut result = instance.apply(batch).await;
    for _ in 0..200 {
        match &result {
            Err(error) if error.is_retryable() => result = instance.apply(batch).await,
            _ => break,
        }
    }
    result
}

async fn no_addition_is_lost(lab: &Lab) -> Result<()> {
    let table = lab.numbers("counter", &[0]).await?;
    let plus = Assignment {
        column: n(),
        to: SetTo::Plus(1.into()),
    };
    let batch = Batch::of(vec![update(
        &table,
        vec![plus],
        Expr::eq(&id(), 1),
        Expect::Rows(1),
    )]);
    let second = lab.another().await?;
    let runs =
        (0..80).map(|run| insist(if run % 2 == 0 { &lab.instance } else { &second }, &batch));
    for outcome in join_all(runs).await {
        crate::lab::committed(outcome?)?;
    }
    second.close().await;
    equal(
        "the counter",
        lab.numbers_in(&table).await?,
        vec![(1, Some(80))],
    )
}

async fn one_of_two_guarded_updates_wins(lab: &Lab) -> Result<()> {
    let table = lab.numbers("guarded", &[0]).await?;
    let second = lab.another().await?;
    for round in 0..20_i64 {
        let guard = Expr::eq(&id(), 1).and(Expr::eq(&n(), round));
        let batch = Batch::of(vec![update(
            &table,
            vec![Assignment::set(&n(), round + 1)],
            guard,
            Expect::Rows(1),
        )]);
        let (one, two) = tokio::join!(insist(&lab.instance, &batch), insist(&second, &batch));
        let won = [&one, &two]
            .iter()
            .filter(|result| matches!(result, Ok(BatchOutcome::Committed(_))))
            .count();
        equal("batches that took effect", won, 1)
            .with_context(|| format!("round {round}: {one:?} and {two:?}"))?;
        for result in [one, two] {
            result.context("a batch that came too late is refused, it does not fail")?;
        }
    }
    second.close().await;
    equal(
        "the row",
        lab.numbers_in(&table).await?,
        vec![(1, Some(20))],
    )
}

async fn one_of_many_inserts_of_a_key_wins(lab: &Lab) -> Result<()> {
    let table = lab.pairs("race").await?;
    for key in 0..10_i64 {
        let batches = (0..6)
            .map(|n| Ok(Batch::of(vec![insert_pair(&table, key, n)?])))
            .collect::<Result<Vec<_>>>()?;
        let results = join_all(batches.iter().map(|batch| insist(&lab.instance, batch))).await;
        let mut won = 0;
        for result in results {
            match result {
                Ok(BatchOutcome::Committed(_)) => won += 1,
                Err(error) if error.category == quillback_plugin_api::Category::Unique => {}
                other => bail!("answered {other:?}"),
            }
        }
        equal("inserts that took effect", won, 1)?;
    }
    Ok(())
}

/// Both rows always hold the same number.
fn both(table: &TableRef, number: i64) -> Batch {
    Batch::of(vec![set_n(table, 1, number), set_n(table, 2, number)])
}

async fn a_reader_sees_all_of_a_batch_or_nothing(lab: &Lab) -> Result<()> {
    let table = lab.numbers("pair", &[0, 0]).await?;
    let second = lab.another().await?;
    let writing = async {
        for number in 1..=60 {
            crate::lab::committed(insist(&second, &both(&table, number)).await?)?;
        }
        anyhow::Ok(())
    };
    let reading = async {
        loop {
            let rows = lab.numbers_in(&table).await?;
            let [(1, one), (2, two)] = rows.as_slice() else {
                bail!("found {rows:?}")
            };
            ensure!(one == two, "a reader saw half of a batch: {rows:?}");
            if *one == Some(60) {
                return Ok(());
            }
        }
    };
    let (written, read) = tokio::join!(
        writing,
        tokio::time::timeout(Duration::from_mins(1), reading)
    );
    written?;
    second.close().await;
    read.context("the last number is never seen")?
}

async fn a_repeatable_read_sees_one_state(lab: &Lab) -> Result<()> {
    let table = lab.numbers("snapshot", &[0, 0]).await?;
    let second = lab.another().await?;
    let one = |key: i64| read(by_id(&table, [n()], Expr::eq(&id(), key)));
    let steps = (0..30).flat_map(|_| [one(1), one(2)]).collect();
    let look = Batch {
        isolation: Isolation::RepeatableRead,
        ..Batch::of(steps)
    };
    let writing = async {
        for number in 1..=40 {
            crate::lab::committed(insist(&second, &both(&table, number)).await?)?;
        }
        anyhow::Ok(())
    };
    let reading = async {
        for _ in 0..10 {
            let done = crate::lab::committed(insist(&lab.instance, &look).await?)?;
            let seen: std::collections::BTreeSet<_> = done
                .iter()
                .filter_map(|step| {
                    step.rows
                        .as_ref()?
                        .rows
                        .to_rows()
                        .first()?
                        .first()
                        .and_then(Value::as_i64)
                })
                .collect();
            ensure!(seen.len() == 1, "one batch saw the states {seen:?}");
        }
        anyhow::Ok(())
    };
    let (written, read) = tokio::join!(writing, reading);
    second.close().await;
    written.and(read)
}

/// Write skew: each batch checks both rows and changes one. Only one order of the two is possible at a time.
async fn serializable_batches_keep_what_each_checked(lab: &Lab) -> Result<()> {
    let second = lab.another().await?;
    for round in 0..15 {
        let table = lab.numbers(&format!("skew{round}"), &[1, 1]).await?;
        let take = |key: i64| Batch {
            isolation: Isolation::Serializable,
            ..Batch::of(vec![
                check(&table, Expr::eq(&n(), 1), Expect::Rows(2)),
                set_n(&table, key, 0),
            ])
        };
        let (first_batch, second_batch) = (take(1), take(2));
        let (one, two) = tokio::join!(
            insist(&lab.instance, &first_batch),
            insist(&second, &second_batch)
        );
        let won = [&one, &two]
            .iter()
            .filter(|result| matches!(result, Ok(BatchOutcome::Committed(_))))
            .count();
        equal("batches that took effect", won, 1)
            .with_context(|| format!("round {round}: {one:?} and {two:?}"))?;
    }
    second.close().await;
    Ok(())
}
