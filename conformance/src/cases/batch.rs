//! A batch takes effect whole or not at all, and says what each step did.

use anyhow::{Context, Result, bail, ensure};
use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Isolation, Step, StepOutcome};
use quillback_plugin_api::sql::{Assignment, Expr};
use quillback_plugin_api::{Category, TableRef, Value};

use crate::case::{Case, KEYS, ROW_COUNTS, SERIALIZABLE, TRANSACTIONS, live};
use crate::lab::Lab;
use crate::tables::{by_id, check, delete, id, insert_pair, n, read, set_n, update};
use crate::verify::{equal, fails};

pub(crate) const CASES: &[Case] = &[
    live!(all_steps_take_effect_together),
    live!(a_batch_without_steps_takes_effect),
    live!(a_read_alone_answers_its_rows),
    live!(
        a_refusal_at_any_step_takes_all_back,
        TRANSACTIONS,
        ROW_COUNTS
    ),
    live!(a_failure_at_any_step_takes_all_back, TRANSACTIONS, KEYS),
    live!(
        a_refused_batch_hands_back_what_was_read,
        TRANSACTIONS,
        ROW_COUNTS
    ),
    live!(a_read_and_a_check_can_refuse_too, TRANSACTIONS),
    live!(what_happens_first_is_told, TRANSACTIONS, KEYS),
    live!(
        an_upper_limit_holds_up_to_its_number,
        TRANSACTIONS,
        ROW_COUNTS
    ),
    live!(a_step_sees_what_earlier_steps_wrote),
    live!(every_isolation_level_runs, TRANSACTIONS),
    live!(serializable_runs_where_it_is_claimed, SERIALIZABLE),
    live!(many_steps_run_in_order),
    live!(a_failed_batch_leaves_a_clean_connection, KEYS),
    live!(many_batches_run_at_once),
];

fn found(done: &[StepOutcome]) -> Vec<u64> {
    done.iter().map(|step| step.found).collect()
}

async fn all_steps_take_effect_together(lab: &Lab) -> Result<()> {
    let (one, two) = (lab.numbers("one", &[1, 2]).await?, lab.pairs("two").await?);
    let done = lab
        .commit(vec![
            read(by_id(&one, [n()], Expr::True)),
            insert_pair(&two, 7, 70)?,
            set_n(&one, 1, 10),
            delete(&one, Expr::eq(&id(), 2), Expect::Rows(1)),
            check(&two, Expr::eq(&n(), 70), Expect::Rows(1)),
        ])
        .await?;
    equal("rows found by the steps", found(&done), vec![2, 1, 1, 1, 1])?;
    let rows: Vec<_> = done.iter().map(|step| step.rows.is_some()).collect();
    equal(
        "steps with rows",
        rows,
        vec![true, false, false, false, false],
    )?;
    equal(
        "the first table",
        lab.numbers_in(&one).await?,
        vec![(1, Some(10))],
    )?;
    equal(
        "the second table",
        lab.numbers_in(&two).await?,
        vec![(7, Some(70))],
    )
}

async fn a_batch_without_steps_takes_effect(lab: &Lab) -> Result<()> {
    equal("steps", lab.commit(Vec::new()).await?.len(), 0)
}

async fn a_read_alone_answers_its_rows(lab: &Lab) -> Result<()> {
    let table = lab.numbers("alone", &[4, 5]).await?;
    let done = lab
        .commit(vec![read(by_id(&table, [n()], Expr::True))])
        .await?;
    let step = done.first().context("no step")?;
    equal("rows found", step.found, 2)?;
    let rows = step.rows.as_ref().context("no rows")?;
    equal(
        "rows",
        rows.rows.to_rows(),
        vec![vec![4.into()], vec![5.into()]],
    )
}

/// Four harmless writes; each test replaces one of them.
fn writes(table: &TableRef) -> Result<Vec<Step>> {
    Ok(vec![
        insert_pair(table, 10, 1)?,
        set_n(table, 1, 100),
        delete(table, Expr::eq(&id(), 2), Expect::Rows(1)),
        insert_pair(table, 11, 1)?,
    ])
}

async fn a_refusal_at_any_step_takes_all_back(lab: &Lab) -> Result<()> {
    let table = lab.numbers("refused", &[1, 2, 3]).await?;
    for position in 0..4_usize {
        let mut steps = writes(&table)?;
        let refusing = set_n(&table, 999, 1);
        *steps.get_mut(position).context("a step")? = refusing;
        let outcome = lab.instance.apply(&Batch::of(steps)).await?;
        let BatchOutcome::Refused { step, found, done } = outcome else {
            bail!("step {position} found nothing and the batch took effect");
        };
        equal(
            "the step and what it found",
            (step as usize, found),
            (position, 0),
        )?;
        equal("steps done", done.len(), position + 1)?;
        let rows = lab.numbers_in(&table).await?;
        equal(
            "the rows",
            rows,
            vec![(1, Some(1)), (2, Some(2)), (3, Some(3))],
        )?;
    }
    Ok(())
}

async fn a_failure_at_any_step_takes_all_back(lab: &Lab) -> Result<()> {
    let table = lab.numbers("failed", &[1, 2, 3]).await?;
    for position in 0..4_usize {
        let mut steps = writes(&table)?;
        *steps.get_mut(position).context("a step")? = insert_pair(&table, 3, 0)?;
        let result = lab.instance.apply(&Batch::of(steps)).await;
        let error = fails(&format!("step {position}"), result, Category::Unique)?;
        equal("the step", error.step, u32::try_from(position).ok())?;
        ensure!(
            !error.outcome_unknown && !error.connection_lost,
            "a clean failure: {error:?}"
        );
        let rows = lab.numbers_in(&table).await?;
        equal(
            "the rows",
            rows,
            vec![(1, Some(1)), (2, Some(2)), (3, Some(3))],
        )?;
    }
    Ok(())
}

/// A driver may send steps together: one that fails must not hide that one before it refused.
async fn what_happens_first_is_told(lab: &Lab) -> Result<()> {
    let table = lab.numbers("first", &[1, 2, 3]).await?;
    let checks: [Vec<Step>; 2] = [
        Vec::new(),
        vec![Step::Read {
            select: by_id(&table, [id()], Expr::eq(&id(), 1)),
            expect: Expect::Rows(1),
        }],
    ];
    for check in checks {
        let mut steps = vec![set_n(&table, 999, 1), insert_pair(&table, 1, 1)?];
        steps.extend(check);
        match lab.instance.apply(&Batch::of(steps)).await? {
            BatchOutcome::Refused { step, found, .. } => {
                equal("step and rows", (step, found), (0, 0))?;
            }
            other @ BatchOutcome::Committed(_) => bail!("answered {other:?}"),
        }
        equal("rows", lab.count(&table).await?, 3)?;
    }
    Ok(())
}

async fn a_refused_batch_hands_back_what_was_read(lab: &Lab) -> Result<()> {
    let table = lab.numbers("before", &[7]).await?;
    let steps = vec![
        read(by_id(&table, [id(), n()], Expr::True)),
        set_n(&table, 1, 8),
        set_n(&table, 2, 8),
    ];
    match lab.instance.apply(&Batch::of(steps)).await? {
        BatchOutcome::Refused {
            step: 2,
            found: 0,
            done,
        } => {
            let rows = done
                .first()
                .and_then(|step| step.rows.as_ref())
                .context("the read is gone")?;
            equal(
                "what was read",
                rows.rows.to_rows(),
                vec![vec![1.into(), 7.into()]],
            )
        }
        other => bail!("answered {other:?}"),
    }
}

async fn a_read_and_a_check_can_refuse_too(lab: &Lab) -> Result<()> {
    let table = lab.numbers("checks", &[1, 2]).await?;
    let select = by_id(&table, [id()], Expr::True);
    for (last, wanted) in [
        (
            Step::Read {
                select,
                expect: Expect::Rows(1),
            },
            2,
        ),
        (check(&table, Expr::eq(&n(), 50), Expect::Rows(2)), 1),
    ] {
        let outcome = lab
            .instance
            .apply(&Batch::of(vec![set_n(&table, 1, 50), last]))
            .await?;
        match outcome {
            BatchOutcome::Refused { step: 1, found, .. } => equal("rows found", found, wanted)?,
            other => bail!("answered {other:?}"),
        }
        equal(
            "the rows",
            lab.numbers_in(&table).await?,
            vec![(1, Some(1)), (2, Some(2))],
        )?;
    }
    Ok(())
}

async fn an_upper_limit_holds_up_to_its_number(lab: &Lab) -> Result<()> {
    let table = lab.numbers("most", &[1, 1, 1]).await?;
    let attempt = |most| {
        let set = vec![Assignment::set(&n(), 5)];
        Batch::of(vec![update(&table, set, Expr::True, Expect::AtMost(most))])
    };
    match lab.instance.apply(&attempt(2)).await? {
        BatchOutcome::Refused {
            step: 0, found: 3, ..
        } => {}
        other => bail!("three rows with at most two: {other:?}"),
    }
    equal(
        "the first row",
        lab.numbers_in(&table).await?.first().copied(),
        Some((1, Some(1))),
    )?;
    for most in [3, 4] {
        match lab.instance.apply(&attempt(most)).await? {
            BatchOutcome::Committed(_) => {}
            other @ BatchOutcome::Refused { .. } => {
                bail!("three rows with at most {most}: {other:?}")
            }
        }
    }
    Ok(())
}

async fn a_step_sees_what_earlier_steps_wrote(lab: &Lab) -> Result<()> {
    let table = lab.numbers("own", &[1]).await?;
    let done = lab
        .commit(vec![
            insert_pair(&table, 2, 2)?,
            set_n(&table, 2, 3),
            read(by_id(&table, [n()], Expr::True)),
            delete(&table, Expr::eq(&n(), 3), Expect::Rows(1)),
            read(by_id(&table, [n()], Expr::True)),
        ])
        .await?;
    let seen: Vec<_> = done
        .iter()
        .filter_map(|step| step.rows.as_ref())
        .map(|rows| rows.rows.to_rows())
        .collect();
    equal(
        "rows seen",
        seen,
        vec![
            vec![vec![1.into()], vec![3.into()]],
            vec![vec![Value::I64(1)]],
        ],
    )
}

async fn every_isolation_level_runs(lab: &Lab) -> Result<()> {
    for isolation in [Isolation::Default, Isolation::RepeatableRead] {
        runs_at(lab, isolation).await?;
    }
    Ok(())
}

async fn serializable_runs_where_it_is_claimed(lab: &Lab) -> Result<()> {
    runs_at(lab, Isolation::Serializable).await
}

async fn runs_at(lab: &Lab, isolation: Isolation) -> Result<()> {
    let table = lab.numbers("isolation", &[1]).await?;
    let steps = vec![set_n(&table, 1, 2), read(by_id(&table, [n()], Expr::True))];
    let batch = Batch {
        isolation,
        ..Batch::of(steps)
    };
    let outcome = lab
        .instance
        .apply(&batch)
        .await
        .with_context(|| format!("{isolation:?}"))?;
    crate::lab::committed(outcome)?;
    equal("the row", lab.numbers_in(&table).await?, vec![(1, Some(2))])?;
    lab.instance
        .define(&[quillback_plugin_api::sql::Ddl::DropTable(table)])
        .await?;
    Ok(())
}

async fn many_steps_run_in_order(lab: &Lab) -> Result<()> {
    let table = lab.numbers("ordered", &[0]).await?;
    let steps = (0..500_i64).map(|number| {
        let filter = Expr::eq(&id(), 1).and(Expr::eq(&n(), number));
        update(
            &table,
            vec![Assignment::set(&n(), number + 1)],
            filter,
            Expect::Rows(1),
        )
    });
    lab.commit(steps.collect()).await?;
    equal(
        "the row",
        lab.numbers_in(&table).await?,
        vec![(1, Some(500))],
    )
}

async fn a_failed_batch_leaves_a_clean_connection(lab: &Lab) -> Result<()> {
    let table = lab.numbers("clean", &[1]).await?;
    for round in 0..30_i64 {
        let steps = vec![
            insert_pair(&table, 100 + round, 0)?,
            insert_pair(&table, 1, 0)?,
        ];
        fails(
            "a key that exists",
            lab.instance.apply(&Batch::of(steps)).await,
            Category::Unique,
        )?;
        lab.commit(vec![set_n(&table, 1, round)]).await?;
    }
    equal(
        "the rows",
        lab.numbers_in(&table).await?,
        vec![(1, Some(29))],
    )
}

async fn many_batches_run_at_once(lab: &Lab) -> Result<()> {
    let table = lab.pairs("crowd").await?;
    let batches = (0..100_i64)
        .map(|key| {
            Ok(Batch::of(vec![
                insert_pair(&table, key, key)?,
                set_n(&table, key, key + 1),
            ]))
        })
        .collect::<Result<Vec<_>>>()?;
    let outcomes =
        futures_util::future::join_all(batches.iter().map(|batch| lab.instance.apply(batch))).await;
    for outcome in outcomes {
        crate::lab::committed(outcome?)?;
    }
    let wanted: Vec<_> = (0..100).map(|key| (key, Some(key + 1))).collect();
    equal("the rows", lab.numbers_in(&table).await?, wanted)
}
