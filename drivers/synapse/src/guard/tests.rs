//! Which checks stand around which statements, and what their answers become.

use std::sync::Arc;

use quillback_plugin_api::batch::Isolation;
use quillback_plugin_api::rows::RowBuffer;
use quillback_plugin_api::sql::{Assignment, Delete, Select};
use quillback_plugin_api::value::Decimal;

use super::*;

fn table() -> TableRef {
    TableRef::new(Ident::literal("t"))
}

fn name(text: &'static str) -> Ident {
    Ident::literal(text)
}

fn keys(keys: &[&[&'static str]]) -> KeysOfBatch {
    let keys = keys
        .iter()
        .map(|key| key.iter().map(|column| name(column)).collect());
    KeysOfBatch::from_iter([(table(), Arc::new(keys.collect()))])
}

fn insert(columns: &[&'static str], rows: &[Vec<Value>]) -> Step {
    Step::Write {
        statement: Statement::Insert(Insert {
            table: table(),
            columns: columns.iter().map(|column| name(column)).collect(),
            rows: RowBuffer::from_rows(columns.len(), rows).unwrap(),
            returning: Vec::new(),
        }),
        expect: Expect::Rows(rows.len() as u64),
    }
}

fn update(set: &[(&'static str, Value)], filter: Expr) -> Step {
    Step::Write {
        statement: Statement::Update(Update {
            table: table(),
            set: set
                .iter()
                .map(|(column, value)| Assignment::set(&name(column), value.clone()))
                .collect(),
            filter,
        }),
        expect: Expect::Rows(1),
    }
}

fn read() -> Step {
    Step::Read {
        select: Select::columns(table(), [name("id")], Expr::True),
        expect: Expect::Any,
    }
}

fn checks(guarded: &Guarded) -> Vec<(usize, &Expr, Expect)> {
    let steps = guarded.batch.steps.iter().enumerate();
    steps
        .filter_map(|(at, step)| match step {
            Step::Check { filter, expect, .. } => Some((at, filter, *expect)),
            _ => None,
        })
        .collect()
}

fn outcome(found: u64) -> StepOutcome {
    StepOutcome { found, rows: None }
}

#[test]
fn keys_are_looked_for_before_rows_are_added_and_after_it() {
    let rows = [vec![1.into(), "a".into()], vec![2.into(), Value::Null]];
    let batch = Batch {
        isolation: Isolation::Default,
        deadline_ms: 5,
        traceable: true,
        steps: vec![read(), insert(&["ID", "code"], &rows)],
    };
    let guarded = guard(batch, &keys(&[&["id"], &["code"]])).unwrap();
    assert_eq!(
        (guarded.batch.deadline_ms, guarded.batch.traceable),
        (5, true)
    );
    let ids = Expr::In {
        column: name("id"),
        values: vec![1.into(), 2.into()],
    };
    // A code that is NULL equals no other.
    let codes = Expr::In {
        column: name("code"),
        values: vec!["a".into()],
    };
    assert_eq!(
        checks(&guarded),
        [
            (1, &ids, Expect::Rows(0)),
            (2, &codes, Expect::Rows(0)),
            (4, &ids, Expect::Rows(2)),
            (5, &codes, Expect::Rows(1)),
        ]
    );
}

#[test]
fn the_answer_is_that_of_the_batch_that_was_asked_for() {
    let batch = || Batch::of(vec![insert(&["id"], &[vec![1.into()]]), read()]);
    let guarded = || guard(batch(), &keys(&[&["id"]])).unwrap();
    let all = [0, 1, 1, 7].map(outcome).to_vec();
    assert_eq!(
        guarded().answer(Ok(BatchOutcome::Committed(all.clone()))),
        Ok(BatchOutcome::Committed(vec![outcome(1), outcome(7)]))
    );
    let refused = |step: u32| {
        let done = all.iter().take(step as usize + 1).cloned().collect();
        guarded().answer(Ok(BatchOutcome::Refused {
            step,
            found: 9,
            done,
        }))
    };
    let taken = refused(0).unwrap_err();
    assert_eq!((taken.category, taken.step), (Category::Unique, Some(0)));
    assert_eq!(taken.origin.table.as_deref(), Some("t"));
    let raced = refused(2).unwrap_err();
    assert_eq!((raced.category, raced.step), (Category::Conflict, Some(0)));
    assert!(raced.is_retryable());
    assert_eq!(
        refused(3),
        Ok(BatchOutcome::Refused {
            step: 1,
            found: 9,
            done: vec![outcome(1), outcome(7)],
        })
    );
    let lost = DriverError::new(Category::Timeout, "late").at_step(3);
    assert_eq!(guarded().answer(Err(lost)).unwrap_err().step, Some(1));
    let early = DriverError::new(Category::Connect, "gone");
    assert_eq!(guarded().answer(Err(early.clone())), Err(early));
}

#[test]
fn a_key_that_is_there_twice_in_the_batch_itself_is_not_sent() {
    let number = Value::Decimal(Decimal::new("1.0").unwrap());
    for second in [Value::I64(1), Value::U64(1), number] {
        let rows = [vec![Value::I64(1)], vec![second]];
        let batch = Batch::of(vec![read(), insert(&["id"], &rows)]);
        let error = guard(batch, &keys(&[&["id"]])).err().unwrap();
        assert_eq!((error.category, error.step), (Category::Unique, Some(1)));
    }
    let rows = [vec!["a".into()], vec!["A".into()]];
    let batch = Batch::of(vec![insert(&["id"], &rows)]);
    assert!(guard(batch, &keys(&[&["id"]])).is_ok());
}

#[test]
fn many_keys_are_looked_for_in_several_checks() {
    let rows: Vec<_> = (0..1_200_i64).map(|n| vec![n.into(), n.into()]).collect();
    let batch = Batch::of(vec![insert(&["a", "b"], &rows)]);
    let guarded = guard(batch, &keys(&[&["a", "b"]])).unwrap();
    let counts: Vec<_> = checks(&guarded)
        .iter()
        .map(|(_, _, expect)| *expect)
        .collect();
    let (before, after) = counts.split_at(3);
    assert_eq!(before, [Expect::Rows(0); 3]);
    assert_eq!(after, [500, 500, 200].map(Expect::Rows));
}

#[test]
fn nothing_is_looked_for_where_no_key_is_given() {
    let steps = vec![
        // The service makes this key itself.
        insert(&["note"], &[vec!["x".into()]]),
        update(&[("note", "y".into())], Expr::eq(&name("id"), 1)),
        Step::Write {
            statement: Statement::Delete(Delete {
                table: table(),
                filter: Expr::True,
            }),
            expect: Expect::Any,
        },
        read(),
    ];
    let guarded = guard(Batch::of(steps.clone()), &keys(&[&["id"]])).unwrap();
    assert_eq!(guarded.batch.steps, steps);
    // A table that declares no key.
    let keyed = vec![insert(&["id"], &[vec![1.into()]])];
    let guarded = guard(Batch::of(keyed.clone()), &keys(&[])).unwrap();
    assert_eq!(guarded.batch.steps, keyed);
}

#[test]
fn a_key_that_changes_may_be_there_once_afterwards() {
    let both = &keys(&[&["region", "year"]]);
    let filter = Expr::eq(&name("region"), "x").and(Expr::eq(&name("year"), 1));
    let batch = Batch::of(vec![update(&[("YEAR", 2.into())], filter)]);
    let guarded = guard(batch, both).unwrap();
    let wanted = Expr::Or(vec![
        Expr::eq(&name("region"), "x").and(Expr::eq(&name("year"), 2)),
    ]);
    assert_eq!(checks(&guarded), [(1, &wanted, Expect::AtMost(1))]);
    let refused = BatchOutcome::Refused {
        step: 1,
        found: 2,
        done: vec![outcome(1), outcome(2)],
    };
    let error = guarded.answer(Ok(refused)).unwrap_err();
    assert_eq!((error.category, error.step), (Category::Unique, Some(0)));

    // Which regions the rows of the year 1 are in is not known.
    let batch = Batch::of(vec![
        read(),
        update(&[("year", 2.into())], Expr::eq(&name("year"), 1)),
    ]);
    let error = guard(batch, both).err().unwrap();
    assert_eq!(
        (error.category, error.step),
        (Category::Unsupported, Some(1))
    );
}
