//! The fencing insert of the journal: whoever inserts a key that a running batch has inserted waits for its end, and
//! then knows whether it took effect.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use quillback_plugin_api::Category;
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step};
use quillback_plugin_api::remote::RemoteInstance;
use quillback_plugin_api::sql::{ColumnDef, Expr};
use quillback_plugin_api::types::LogicalType;
use quillback_plugin_api::{TableRef, Value};

use super::locks::{lock_row, until};
use crate::case::{Case, KEYS, TRANSACTIONS, live};
use crate::lab::Lab;
use crate::tables::{check, insert, n, set_n, t};
use crate::verify::{equal, fails};

pub(crate) const CASES: &[Case] = &[
    live!(
        an_insert_of_the_same_key_waits_and_reports_the_commit,
        TRANSACTIONS,
        KEYS
    ),
    live!(
        an_insert_of_the_same_key_waits_and_succeeds_after_a_roll_back,
        TRANSACTIONS,
        KEYS
    ),
    live!(a_waiting_fence_keeps_its_deadline, TRANSACTIONS, KEYS),
    live!(
        a_duplicate_means_that_everything_is_visible,
        TRANSACTIONS,
        KEYS
    ),
    live!(
        a_fence_that_succeeds_shuts_the_batch_out,
        TRANSACTIONS,
        KEYS
    ),
];

const KEY: &str = "018f4e7a-0000-7000-8000-000000000001";

async fn markers(lab: &Lab) -> Result<TableRef> {
    let key = ColumnDef {
        exact_text: true,
        ..ColumnDef::required(t(), LogicalType::text(36))
    };
    lab.create(
        "marker",
        vec![key, ColumnDef::required(n(), LogicalType::INT64)],
        &["t"],
    )
    .await
}

fn mark(markers: &TableRef, key: &str, by: i64) -> Result<Step> {
    insert(markers, &[t(), n()], &[vec![key.into(), by.into()]])
}

async fn marked_by(lab: &Lab, markers: &TableRef) -> Result<Vec<Vec<Value>>> {
    let select = quillback_plugin_api::sql::Select::columns(markers.clone(), [n()], Expr::True);
    lab.rows(select).await
}

/// Long enough for a batch to get as far as it can.
const MOMENT: Duration = Duration::from_millis(300);

/// A batch that has inserted the marker and waits for a row, and a fence that waits for the batch.
struct Race {
    markers: TableRef,
    rows: TableRef,
    batch: Batch,
    fence: Batch,
    other: RemoteInstance,
}

async fn race(lab: &Lab, last: Option<Step>) -> Result<Race> {
    let (markers, rows) = (markers(lab).await?, lab.numbers("rows", &[1]).await?);
    let mut steps = vec![mark(&markers, KEY, 1)?, set_n(&rows, 1, 2)];
    steps.extend(last);
    let fence = Batch::of(vec![mark(&markers, KEY, 2)?]);
    Ok(Race {
        markers,
        rows,
        batch: Batch::of(steps),
        fence,
        other: lab.another().await?,
    })
}

/// Runs batch and fence while a session holds the row, and answers what both came to after it let go.
async fn run(
    lab: &Lab,
    race: &Race,
) -> Result<(
    Result<BatchOutcome, quillback_plugin_api::DriverError>,
    Result<BatchOutcome, quillback_plugin_api::DriverError>,
)> {
    let holder = lab.hold(&lock_row(&race.rows, 1)).await?;
    let batch = lab.instance.apply(&race.batch);
    tokio::pin!(batch);
    // With one writer at a time the batch waits before it has inserted the marker; a fence could overtake it.
    if lab.target.quirks.single_writer {
        ensure!(
            tokio::time::timeout(MOMENT, &mut batch).await.is_err(),
            "the batch did not wait"
        );
        let (first, ()) = tokio::join!(batch, holder.end());
        return Ok((first, race.other.apply(&race.fence).await));
    }
    let started = tokio::time::timeout(MOMENT, &mut batch).await;
    ensure!(
        started.is_err(),
        "the batch did not wait for the row: {started:?}"
    );
    let fence = race.other.apply(&race.fence);
    tokio::pin!(fence);
    let both = futures_util::future::select(&mut fence, &mut batch);
    let early = tokio::time::timeout(MOMENT, both).await;
    ensure!(early.is_err(), "the fence or the batch did not wait");
    let (first, second, ()) = tokio::join!(batch, fence, holder.end());
    Ok((first, second))
}

async fn an_insert_of_the_same_key_waits_and_reports_the_commit(lab: &Lab) -> Result<()> {
    let race = race(lab, None).await?;
    let (batch, fence) = run(lab, &race).await?;
    crate::lab::committed(batch.context("the batch")?)?;
    let error = fails("the fence after the commit", fence, Category::Unique)?;
    equal("the step", error.step, Some(0))?;
    race.other.close().await;
    equal(
        "who set the marker",
        marked_by(lab, &race.markers).await?,
        vec![vec![1.into()]],
    )?;
    equal(
        "the row",
        lab.numbers_in(&race.rows).await?,
        vec![(1, Some(2))],
    )
}

async fn an_insert_of_the_same_key_waits_and_succeeds_after_a_roll_back(lab: &Lab) -> Result<()> {
    let rows = lab.numbers("never", &[1]).await?;
    let race = race(lab, Some(check(&rows, Expr::True, Expect::Rows(77)))).await?;
    let (batch, fence) = run(lab, &race).await?;
    ensure!(
        matches!(batch, Ok(BatchOutcome::Refused { step: 2, .. })),
        "the batch: {batch:?}"
    );
    crate::lab::committed(fence.context("the fence after the roll-back")?)?;
    race.other.close().await;
    equal(
        "who set the marker",
        marked_by(lab, &race.markers).await?,
        vec![vec![2.into()]],
    )?;
    equal(
        "the row",
        lab.numbers_in(&race.rows).await?,
        vec![(1, Some(1))],
    )
}

async fn a_waiting_fence_keeps_its_deadline(lab: &Lab) -> Result<()> {
    let markers = markers(lab).await?;
    let sql = format!("INSERT INTO {} (t, n) VALUES ('{KEY}', 1)", markers.name);
    let holder = lab.hold(&sql).await?;
    let fence = until(400, Batch::of(vec![mark(&markers, KEY, 2)?]));
    let error = fails(
        "a fence that waits too long",
        lab.instance.apply(&fence).await,
        Category::Timeout,
    )?;
    ensure!(!error.outcome_unknown, "nothing was committed: {error:?}");
    holder.end().await;
    equal("markers", marked_by(lab, &markers).await?, Vec::new())?;
    crate::lab::committed(lab.instance.apply(&fence).await?)?;
    Ok(())
}

/// Without any lock to order things: whenever the fence meets a duplicate, all that the batch did can be read.
async fn a_duplicate_means_that_everything_is_visible(lab: &Lab) -> Result<()> {
    let (markers, rows) = (markers(lab).await?, lab.numbers("rows", &[0]).await?);
    let other = lab.another().await?;
    for round in 0..20_i64 {
        let key = format!("{KEY}{round}").split_off(2);
        let mut steps = vec![mark(&markers, &key, 1)?];
        steps.extend((0..20).map(|_| set_n(&rows, 1, round)));
        steps.push(set_n(&rows, 1, round + 1));
        let (batch, fence) = (Batch::of(steps), Batch::of(vec![mark(&markers, &key, 2)?]));
        let fencing = async {
            for _ in 0..round % 4 {
                other.ping().await?;
            }
            let result = other.apply(&fence).await;
            Ok::<_, anyhow::Error>((result, lab.numbers_in(&rows).await?))
        };
        let (batch, fencing) = tokio::join!(lab.instance.apply(&batch), fencing);
        let (fence, seen) = fencing?;
        match (batch, fence) {
            (Ok(BatchOutcome::Committed(_)), Err(error)) => {
                equal("the fence", error.category, Category::Unique)?;
                equal(
                    "what a reader sees after the duplicate",
                    seen,
                    vec![(1, Some(round + 1))],
                )?;
            }
            (Err(error), Ok(_)) => {
                equal("the batch", error.category, Category::Unique)?;
                lab.commit(vec![set_n(&rows, 1, round + 1)]).await?;
            }
            other => bail!("round {round}: {other:?}"),
        }
    }
    other.close().await;
    Ok(())
}

async fn a_fence_that_succeeds_shuts_the_batch_out(lab: &Lab) -> Result<()> {
    let (markers, rows) = (markers(lab).await?, lab.numbers("rows", &[1]).await?);
    lab.commit(vec![mark(&markers, KEY, 2)?]).await?;
    let batch = Batch::of(vec![mark(&markers, KEY, 1)?, set_n(&rows, 1, 2)]);
    let error = fails(
        "a batch that comes late",
        lab.instance.apply(&batch).await,
        Category::Unique,
    )?;
    equal("the step", error.step, Some(0))?;
    equal("the row", lab.numbers_in(&rows).await?, vec![(1, Some(1))])?;
    let gone = crate::tables::delete(&markers, Expr::eq(&t(), KEY), Expect::Rows(1));
    lab.commit(vec![gone]).await?;
    crate::lab::committed(lab.instance.apply(&batch).await?)?;
    Ok(())
}
