//! Servers that go away and come back, seen through a proxy that breaks connections.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use quillback_plugin_api::batch::{Batch, BatchOutcome};
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::Expr;
use quillback_plugin_api::{Category, DriverError};

use super::locks::lock_row;
use crate::case::{Case, TRANSACTIONS, live};
use crate::lab::Lab;
use crate::tables::{by_id, id, insert, n, read, set_n};
use crate::verify::{equal, fails_as};

pub(crate) const CASES: &[Case] = &[
    live!(an_instance_works_again_after_the_server_came_back),
    live!(a_server_that_is_down_is_told_apart),
    live!(a_connection_lost_during_a_batch_says_so, TRANSACTIONS),
    live!(
        a_lost_answer_to_a_commit_is_an_unknown_outcome,
        TRANSACTIONS
    ),
    live!(a_lost_answer_to_a_write_is_no_unknown_outcome, TRANSACTIONS),
    live!(a_stream_that_breaks_fails, TRANSACTIONS),
];

const PATIENCE: Duration = Duration::from_secs(30);

fn is_loss(error: &DriverError) -> bool {
    matches!(
        error.category,
        Category::Connect | Category::Unavailable | Category::Timeout
    )
}

async fn an_instance_works_again_after_the_server_came_back(lab: &Lab) -> Result<()> {
    let (proxy, options) = lab.proxy().await?;
    let table = lab.numbers("back", &[1]).await?;
    let instance = lab.driver.open(options).await?;
    let look = Batch::of(vec![read(by_id(&table, [n()], Expr::True))]);
    futures_util::future::try_join_all((0..6).map(|_| instance.apply(&look))).await?;
    proxy.go_down();
    proxy.come_back();
    // Each old connection may fail once; nothing may fail for ever.
    let mut failures = Vec::new();
    for _ in 0..20 {
        match instance.apply(&look).await {
            Ok(_) => {}
            Err(error) => failures.push(error),
        }
    }
    ensure!(
        failures.len() <= 10,
        "the instance does not recover: {:?}",
        failures.last()
    );
    if let Some(error) = failures.iter().find(|error| !is_loss(error)) {
        anyhow::bail!("a lost connection reads as {:?}: {error}", error.category);
    }
    instance
        .apply(&Batch::of(vec![set_n(&table, 1, 2)]))
        .await?;
    instance.close().await;
    Ok(())
}

async fn a_server_that_is_down_is_told_apart(lab: &Lab) -> Result<()> {
    let (proxy, mut options) = lab.proxy().await?;
    (lab.access()?.hurry)(&mut options);
    let instance = lab.driver.open(options).await?;
    let table = lab.numbers("down", &[1]).await?;
    proxy.go_down();
    let look = Batch::of(vec![read(by_id(&table, [n()], Expr::True))]);
    for _ in 0..3 {
        let result = tokio::time::timeout(PATIENCE, instance.apply(&look))
            .await
            .context("a call hangs")?;
        fails_as(
            "a server that is down",
            result,
            &[Category::Connect, Category::Unavailable, Category::Timeout],
        )?;
    }
    proxy.come_back();
    tokio::time::timeout(PATIENCE, instance.apply(&look))
        .await
        .context("a call hangs")??;
    instance.close().await;
    Ok(())
}

async fn broken(instance: &RemoteInstance, batch: &Batch) -> Result<DriverError> {
    let result = tokio::time::timeout(PATIENCE, instance.apply(batch))
        .await
        .context("a call hangs")?;
    match result {
        Err(error) => Ok(error),
        Ok(outcome) => anyhow::bail!("a broken connection answered {outcome:?}"),
    }
}

async fn a_connection_lost_during_a_batch_says_so(lab: &Lab) -> Result<()> {
    let (proxy, options) = lab.proxy().await?;
    let table = lab.numbers("lost", &[1, 2]).await?;
    let instance = lab.driver.open(options).await?;
    let holder = lab.hold(&lock_row(&table, 2)).await?;
    let batch = Batch::of(vec![set_n(&table, 1, 9), set_n(&table, 2, 9)]);
    let breaking = async {
        super::locks::is_held(&lab.instance, &table, 1).await?;
        proxy.go_down();
        anyhow::Ok(())
    };
    let (error, done) = tokio::join!(broken(&instance, &batch), breaking);
    done?;
    let error = error?;
    ensure!(error.connection_lost, "the connection is lost: {error:?}");
    ensure!(!error.outcome_unknown, "no commit was sent: {error:?}");
    ensure!(
        !error.is_retryable(),
        "a lost connection is no conflict: {error:?}"
    );
    holder.end().await;
    proxy.come_back();
    // Waits until the server has noticed and rolled back.
    lab.commit(vec![set_n(&table, 1, 3), set_n(&table, 2, 3)])
        .await?;
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(3)), (2, Some(3))],
    )?;
    instance.close().await;
    Ok(())
}

async fn a_lost_answer_to_a_commit_is_an_unknown_outcome(lab: &Lab) -> Result<()> {
    let (proxy, options) = lab.proxy().await?;
    let table = lab.numbers("settled", &[1]).await?;
    let instance = lab.driver.open(options).await?;
    instance.ping().await?;
    proxy.cut_after("COMMIT");
    let error = broken(&instance, &Batch::of(vec![set_n(&table, 1, 2)])).await?;
    ensure!(
        error.outcome_unknown && error.connection_lost,
        "the commit was sent: {error:?}"
    );
    ensure!(
        !error.is_retryable(),
        "it must not be sent again: {error:?}"
    );
    proxy.come_back();
    // This batch did take effect, which only the marker of the journal could tell.
    let settled = async {
        while lab.numbers_in(&table).await? != vec![(1, Some(2))] {}
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, settled)
        .await
        .context("the commit never took effect")??;
    instance
        .apply(&Batch::of(vec![set_n(&table, 1, 5)]))
        .await?;
    instance.close().await;
    Ok(())
}

async fn a_lost_answer_to_a_write_is_no_unknown_outcome(lab: &Lab) -> Result<()> {
    let (proxy, options) = lab.proxy().await?;
    let table = lab.numbers("write", &[1]).await?;
    let instance = lab.driver.open(options).await?;
    instance.ping().await?;
    proxy.cut_after("UPDATE ");
    let error = broken(&instance, &Batch::of(vec![set_n(&table, 1, 2)])).await?;
    ensure!(
        error.connection_lost && !error.outcome_unknown,
        "no commit was sent: {error:?}"
    );
    proxy.come_back();
    lab.commit(vec![crate::tables::check(
        &table,
        Expr::eq(&n(), 1),
        quillback_plugin_api::batch::Expect::Rows(1),
    )])
    .await?;
    instance.close().await;
    Ok(())
}

async fn a_stream_that_breaks_fails(lab: &Lab) -> Result<()> {
    let (proxy, options) = lab.proxy().await?;
    let table = lab.pairs("stream").await?;
    let rows: Vec<_> = (0..60_000_i64)
        .map(|key| vec![key.into(), key.into()])
        .collect();
    lab.commit(vec![insert(&table, &[id(), n()], &rows)?])
        .await?;
    let instance = lab.driver.open(options).await?;
    let mut stream = instance
        .stream(&by_id(&table, [id(), n()], Expr::True))
        .await?;
    let mut rows = stream.next().await?.context("the first piece")?.len();
    proxy.go_down();
    // What is on its way may still arrive; the end of the rows must not be made up.
    let error = loop {
        match tokio::time::timeout(PATIENCE, stream.next())
            .await
            .context("a piece hangs")?
        {
            Ok(Some(piece)) => rows += piece.len(),
            Ok(None) if rows == 60_000 => return Ok(()),
            Ok(None) => {
                anyhow::bail!("a broken stream ended after {rows} of 60,000 rows without a failure")
            }
            Err(error) => break error,
        }
    };
    ensure!(
        error.connection_lost || is_loss(&error),
        "a broken stream reads as {error:?}"
    );
    proxy.come_back();
    let outcome = instance.apply(&Batch::of(vec![set_n(&table, 1, 2)])).await;
    ensure!(
        matches!(outcome, Ok(BatchOutcome::Committed(_)) | Err(_)),
        "answered {outcome:?}"
    );
    instance.close().await;
    Ok(())
}
