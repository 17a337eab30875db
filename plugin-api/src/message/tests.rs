//! Every node of a tree survives the boundary, and no bytes make the reader panic.

use std::fmt::Write;

use super::*;
use crate::batch::{Batch, BatchOutcome, Expect, Isolation, RenderedStep, Step, StepOutcome};
use crate::civil::Timestamp;
use crate::ident::{Ident, TableRef};
use crate::rows::{Column, RowBuffer, RowSet};
use crate::sql::{
    Aggregate, Assignment, Compare, Delete, Direction, Expr, Insert, Lock, Order, Rendered, Select,
    SelectItem, SetTo, Statement, TextMatch, Update,
};

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn table() -> TableRef {
    TableRef {
        catalog: Some(ident("cat")),
        schema: Some(ident("s \"x\"")),
        name: ident("t"),
    }
}

fn every_expr() -> Expr {
    let column = ident("c");
    let inner = Select {
        distinct: true,
        ..Select::columns(
            table(),
            [column.clone()],
            Expr::eq(&column, Value::Bool(true)),
        )
    };
    Expr::And(vec![
        Expr::True,
        Expr::Or(vec![
            Expr::False,
            Expr::Not(Box::new(Expr::compare(&column, Compare::Ge, 7))),
            Expr::IsNull(column.clone()),
        ]),
        Expr::Same {
            column: column.clone(),
            value: Value::Null,
        },
        Expr::In {
            column: column.clone(),
            values: vec![Value::I64(1), Value::Text("two".into()), Value::Null],
        },
        Expr::In {
            column: column.clone(),
            values: Vec::new(),
        },
        Expr::InSelect {
            column: column.clone(),
            select: Box::new(inner),
        },
        Expr::Match {
            column,
            how: TextMatch::StartsWith,
            ignore_case: true,
            text: Value::Text("pre%".into()),
        },
    ])
}

fn every_select() -> Select {
    Select {
        items: vec![
            SelectItem::Column(ident("a")),
            SelectItem::CountRows,
            SelectItem::Aggregate(Aggregate::Max, ident("b")),
        ],
        distinct: true,
        from: table(),
        filter: every_expr(),
        order: vec![Order {
            column: ident("a"),
            direction: Direction::Desc,
            nullable: true,
        }],
        limit: Some(u64::MAX),
        offset: 3,
        lock: Lock::Update,
    }
}

fn every_batch() -> Batch {
    let rows = vec![
        vec![Value::I64(1), Value::List(vec![Value::Null])],
        vec![
            Value::Instant(Timestamp {
                seconds: -1,
                nanos: 5,
            }),
            Value::F64(f64::INFINITY),
        ],
    ];
    let insert = Insert {
        table: table(),
        columns: vec![ident("a"), ident("b")],
        rows: RowBuffer::from_rows(2, &rows).unwrap(),
        returning: vec![ident("id")],
    };
    let update = Update {
        table: table(),
        set: vec![
            Assignment::set(&ident("a"), "x"),
            Assignment {
                column: ident("b"),
                to: SetTo::Plus(Value::I64(-4)),
            },
        ],
        filter: every_expr(),
    };
    let delete = Delete {
        table: TableRef::new(ident("u")),
        filter: every_expr(),
    };
    let mut batch = Batch {
        isolation: Isolation::Serializable,
        deadline_ms: 1_500,
        traceable: true,
        steps: vec![Step::Read {
            select: every_select(),
            expect: Expect::AtMost(9),
        }],
    };
    batch
        .write(Statement::Insert(insert), Expect::Rows(2))
        .write(Statement::Update(update), Expect::Any)
        .write(Statement::Delete(delete), Expect::Rows(1))
        .check(table(), every_expr(), Expect::Rows(1))
        .read(every_select());
    batch
}

fn outcomes() -> Vec<BatchOutcome> {
    let rows =
        RowBuffer::from_rows(1, &[vec![Value::Text("x".into())], vec![Value::Null]]).unwrap();
    let done = vec![
        StepOutcome::default(),
        StepOutcome {
            found: u64::MAX,
            rows: Some(RowSet {
                columns: vec![Column {
                    name: "a".into(),
                    native: "numeric(3,1)".into(),
                }],
                rows,
            }),
        },
    ];
    vec![
        BatchOutcome::Committed(Vec::new()),
        BatchOutcome::Committed(done.clone()),
        BatchOutcome::Refused {
            step: 1,
            found: 2,
            done,
        },
    ]
}

fn rendered() -> Vec<RenderedStep> {
    vec![RenderedStep {
        step: 4,
        statement: Rendered {
            sql: "SELECT ?".into(),
            params: vec![Value::Struct(vec![Value::I64(1), Value::Null])],
        },
    }]
}

#[test]
fn every_node_of_a_batch_comes_back_as_it_went_in() {
    let batch = every_batch();
    assert_eq!(decode_batch(&encode_batch(&batch).unwrap()).unwrap(), batch);
    let empty = Batch::default();
    assert_eq!(decode_batch(&encode_batch(&empty).unwrap()).unwrap(), empty);
    let select = every_select();
    assert_eq!(
        decode_select(&encode_select(&select).unwrap()).unwrap(),
        select
    );
}

#[test]
fn answers_come_back_as_they_went_in() {
    for outcome in outcomes() {
        let bytes = encode_outcome(&outcome).unwrap();
        assert_eq!(decode_outcome(&bytes).unwrap(), outcome);
    }
    let bytes = encode_rendered(&rendered()).unwrap();
    assert_eq!(decode_rendered(&bytes).unwrap(), rendered());
    let piece = RowBuffer::from_rows(2, &[vec![Value::I64(1), Value::Null]]).unwrap();
    let bytes = finish_piece(piece.clone()).unwrap();
    assert_eq!(decode_piece(2, &bytes).unwrap(), piece);
    assert!(decode_piece(1, &bytes).is_err());
}

/// The bytes of version 1.0. Never change this file: drivers that were built with it are out there. An addition takes the
/// next minor version and a file of its own.
const FROZEN: &str = include_str!("frozen_1_0.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn version_1_0_is_written_and_read_as_it_always_was() {
    let now: Vec<_> = [
        encode_batch(&every_batch()).unwrap(),
        encode_select(&every_select()).unwrap(),
        encode_outcome(&outcomes().pop().unwrap()).unwrap(),
        encode_rendered(&rendered()).unwrap(),
    ]
    .iter()
    .map(|bytes| hex(bytes))
    .collect();
    let frozen: Vec<_> = FROZEN.lines().collect();
    assert_eq!(now, frozen);
}

#[test]
fn the_last_key_comes_back_as_it_went_in() {
    let last = Expr::LastKey {
        table: table(),
        column: ident("c"),
    };
    let select = Select::count(table(), last);
    let bytes = encode_select(&select).unwrap();
    assert_eq!(decode_select(&bytes).unwrap(), select);
}

#[test]
fn a_request_that_needs_a_newer_driver_is_refused() {
    let mut bytes = encode_batch(&every_batch()).unwrap();
    bytes[0] = 1;
    let error = decode_batch(&bytes).unwrap_err();
    assert_eq!(error.category, Category::Protocol);
    assert!(error.message.contains("newer driver"), "{error}");
}

#[test]
fn conditions_that_nest_too_deep_are_refused_on_both_sides() {
    let nested = |depth| (0..depth).fold(Expr::True, |inner, _| inner.negate());
    let select = |depth| Select::count(table(), nested(depth));
    let deepest = encode_select(&select(127)).unwrap();
    assert_eq!(decode_select(&deepest).unwrap(), select(127));
    let error = encode_select(&select(128)).unwrap_err();
    assert_eq!(error.category, Category::Unsupported);
    // Bytes of a sender that does not keep the limit: a chain of NOT where the condition starts.
    let mut bytes = encode_select(&select(1)).unwrap();
    let at = bytes.iter().rposition(|byte| *byte == 4).unwrap();
    bytes.splice(at..at, vec![4; 100_000]);
    let error = decode_select(&bytes).unwrap_err();
    assert!(error.message.contains("nests deeper"), "{error}");
}

type Read = fn(&[u8]) -> bool;

#[test]
fn bytes_cut_or_flipped_are_an_error_or_another_message_and_never_a_panic() {
    let outcome = outcomes().pop().unwrap();
    let cases: [(Vec<u8>, Read); 5] = [
        (encode_batch(&every_batch()).unwrap(), |bytes| {
            decode_batch(bytes).is_ok()
        }),
        (encode_select(&every_select()).unwrap(), |bytes| {
            decode_select(bytes).is_ok()
        }),
        (encode_outcome(&outcome).unwrap(), |bytes| {
            decode_outcome(bytes).is_ok()
        }),
        (encode_rendered(&rendered()).unwrap(), |bytes| {
            decode_rendered(bytes).is_ok()
        }),
        (encode_columns(&[Column::default()]).unwrap(), |bytes| {
            decode_columns(bytes).is_ok()
        }),
    ];
    for (bytes, read) in cases {
        assert!(read(&bytes));
        for cut in 0..bytes.len() {
            assert!(!read(&bytes[..cut]), "cut at {cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(!read(&longer));
        for (position, flip) in (0..bytes.len()).flat_map(|at| [(at, 0xff_u8), (at, 1), (at, 0x80)])
        {
            let mut broken = bytes.clone();
            broken[position] ^= flip;
            read(&broken);
        }
    }
}

#[test]
fn a_few_bytes_cannot_claim_billions_of_rows() {
    assert!(decode_piece(0, &u32::MAX.to_le_bytes()).is_err());
    let mut claim = vec![0];
    claim.extend_from_slice(&u32::MAX.to_le_bytes());
    assert!(decode_outcome(&claim).is_err());
    assert!(decode_columns(&u32::MAX.to_le_bytes()).is_err());
    assert!(decode_rendered(&u32::MAX.to_le_bytes()).is_err());
}

#[test]
fn options_that_cannot_be_read_are_not_repeated() {
    let error = decode_secret_json::<u32>(b"\"hunter2\"").unwrap_err();
    assert!(!error.message.contains("hunter2"), "{error}");
    assert_eq!(error.category, Category::Protocol);
}
