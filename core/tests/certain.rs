//! What is certainly so is so in every database: the judgement of past rows against the databases themselves.

use std::collections::HashSet;

use quillback_core::audit::certain::{Was, certainly};
use quillback_core::plugin_api::batch::{Batch, BatchOutcome};
use quillback_core::plugin_api::civil::{Date, Timestamp};
use quillback_core::plugin_api::remote::RemoteInstance;
use quillback_core::plugin_api::sql::{Compare, Expr, Select, TextMatch};
use quillback_core::plugin_api::value::Decimal;
use quillback_core::plugin_api::{Ident, Value};
use quillback_core::read::PageRow;
use quillback_core::row_json;
use quillback_core::write::key_json;
use serde_json::{Value as Json, json};

use crate::support::Kind;
use crate::support::target::{Target, add, on_each_target};

/// The fields of "Forecast" that conditions are about.
const NAMES: [&str; 7] = [
    "region", "product", "amount", "units", "approved", "due", "updated",
];
const ROWS: usize = 80;
const CONDITIONS: usize = 1_500;

/// Texts about whose likeness databases disagree.
const TEXTS: [&str; 28] = [
    "", "a", "A", "a ", " a", "aa", "ab", "a-b", "a b", "b", "ae", "\u{e4}", "\u{c4}", "a\u{308}",
    "\u{df}", "ss", "SS", "\u{130}", "i", "I", "\u{131}", "%", "_", "a%", "\\", "1", "01", "north",
];
const NUMBERS: [i64; 8] = [0, 1, -1, 9, 10, 11, 9_007_199_254_740_993, i64::MIN + 1];
const DECIMALS: [&str; 9] = [
    "0",
    "0.00",
    "-0.5",
    "1.1",
    "1.10",
    "9.99",
    "10",
    "-1234567890.50",
    "1234567890.5",
];
const MICROS: [i64; 7] = [
    0,
    1,
    -1,
    1_000_000,
    1_500_000,
    4_000_000_000_000,
    -62_000_000_000_000,
];

/// Numbers from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A value for a column of "Forecast"; the first two are texts.
    fn value(&mut self, column: usize) -> Value {
        match column {
            0 | 1 => self.one(&TEXTS).into(),
            2 => Value::Decimal(Decimal::new(self.one(&DECIMALS)).unwrap()),
            3 => self.one(&NUMBERS).into(),
            4 => (self.below(2) == 0).into(),
            5 => Value::Date(Date {
                year: self.one(&[1, 1999, 2026, 9999]),
                month: self.one(&[1, 12]),
                day: self.one(&[1, 28]),
            }),
            _ => Value::Instant(Timestamp::from_micros(self.one(&MICROS))),
        }
    }

    fn condition(&mut self, columns: &[Ident], depth: usize) -> Expr {
        let kind = self.below(if depth == 0 { 6 } else { 9 });
        let at = self.below(columns.len());
        let column = &columns[at];
        match kind {
            0 | 1 => {
                let ops = [
                    Compare::Eq,
                    Compare::Ne,
                    Compare::Lt,
                    Compare::Le,
                    Compare::Gt,
                    Compare::Ge,
                ];
                // True and false have no order.
                let op = self.one(if at == 4 { &ops[..2] } else { &ops });
                Expr::compare(column, op, self.value(at))
            }
            2 => Expr::In {
                column: column.clone(),
                values: (0..self.below(4)).map(|_| self.value(at)).collect(),
            },
            3 => {
                let at = self.below(2);
                Expr::Match {
                    column: columns[at].clone(),
                    how: self.one(&[TextMatch::Contains, TextMatch::StartsWith]),
                    ignore_case: self.below(2) == 0,
                    text: self.value(at),
                }
            }
            4 => Expr::IsNull(column.clone()),
            5 => Expr::Same {
                column: column.clone(),
                value: if self.below(3) == 0 {
                    Value::Null
                } else {
                    self.value(at)
                },
            },
            6 => self.condition(columns, depth - 1).negate(),
            7 => Expr::And(self.conditions(columns, depth)),
            _ => Expr::Or(self.conditions(columns, depth)),
        }
    }

    fn conditions(&mut self, columns: &[Ident], depth: usize) -> Vec<Expr> {
        let count = 1 + self.below(3);
        (0..count)
            .map(|_| self.condition(columns, depth - 1))
            .collect()
    }
}

/// The keys of the rows that the database says hold the condition.
async fn selected(instance: &RemoteInstance, target: &Target, condition: &Expr) -> HashSet<String> {
    let definition = &target.schema.definition;
    let keys = definition.key.iter().map(|part| part.column.clone());
    let mut batch = Batch::default();
    batch.read(Select::columns(
        definition.table.clone(),
        keys,
        condition.clone(),
    ));
    let BatchOutcome::Committed(done) = instance.apply(&batch).await.unwrap() else {
        panic!("reading refuses nothing")
    };
    let rows = done[0].rows.as_ref().unwrap().rows.to_rows();
    rows.iter()
        .map(|key| key_json(definition, key).to_string())
        .collect()
}

#[tokio::test]
async fn what_is_certain_is_what_every_database_says() {
    on_each_target(async |target| {
        let mut dice = Dice(7);
        let mut adds = Vec::new();
        for _ in 0..ROWS {
            let mut values = json!({});
            for (at, name) in NAMES.iter().enumerate() {
                if at == 0 || dice.below(5) > 0 {
                    values[*name] = row_json::write(&dice.value(at));
                }
            }
            if values["region"] == "" {
                values["region"] = json!("x");
            }
            adds.push(add(values));
        }
        let outcome = target.write(&target.admin, adds).await.unwrap();
        assert_eq!(outcome.rows.len(), ROWS);
        let rows = target.rows(&target.admin, None).await.rows;
        assert_eq!(rows.len(), ROWS);
        judge(&target, &rows, &mut dice).await;
        if target.database.compare_loosely("forecast") {
            judge(&target, &rows, &mut dice).await;
        }
    })
    .await;
}

/// Compares what is said to be certain with what the database says.
async fn judge(target: &Target, rows: &[PageRow], dice: &mut Dice) {
    let (_, instance) = target.database.open().await;
    let definition = &target.schema.definition;
    let columns: Vec<Ident> = NAMES
        .iter()
        .map(|name| definition.column(name).unwrap().0.clone())
        .collect();
    let (mut decided, mut asked) = (0, 0);
    for number in 0..CONDITIONS {
        let condition = dice.condition(&columns, 3);
        let holds = selected(&instance, target, &condition).await;
        let opposite = condition.clone().negate();
        for row in rows {
            let was = Was {
                definition,
                key: &row.key(),
                values: &row.values(),
            };
            let is_selected = holds.contains(&row.key().to_string());
            let (yes, no) = (certainly(&condition, &was), certainly(&opposite, &was));
            let told = || format!("condition {number}: {condition:?} of {}", row.values());
            assert!(!yes || is_selected, "said to hold: {}", told());
            assert!(!no || !is_selected, "said not to hold: {}", told());
            decided += usize::from(yes || no);
            asked += 1;
        }
    }
    assert!(decided * 2 > asked, "{decided} of {asked} decided");
    instance.close().await;
}

#[tokio::test]
async fn what_is_not_known_is_not_certain() {
    let target = Target::on(Kind::Sqlite).await;
    let definition = &target.schema.definition;
    let region = &definition.column("region").unwrap().0.clone();
    let units = &definition.column("units").unwrap().0.clone();
    let holds = |condition: &Expr, values: &Json| {
        let key = json!({});
        let was = Was {
            definition,
            key: &key,
            values,
        };
        certainly(condition, &was)
    };
    let is_north = Expr::eq(region, "north");
    let not_north = is_north.clone().negate();
    for (condition, values, expected) in [
        (&is_north, json!({ "region": "north" }), true),
        (&is_north, json!({ "region": "North" }), false),
        (&not_north, json!({ "region": "North" }), false),
        (&not_north, json!({ "region": "north " }), false),
        (&not_north, json!({ "region": "south" }), true),
        (&not_north, json!({ "region": "s\u{fc}d" }), false),
        (&not_north, json!({ "region": null }), false),
        (&not_north, json!({}), false),
        (&Expr::IsNull(units.clone()), json!({ "units": null }), true),
        (&Expr::IsNull(units.clone()), json!({}), false),
        (&Expr::IsNull(units.clone()).negate(), json!({}), false),
        (&Expr::eq(units, 1), json!({ "units": "one" }), false),
        (
            &Expr::eq(units, 1).negate(),
            json!({ "units": "one" }),
            false,
        ),
        (&Expr::True, json!(null), true),
        (&Expr::False, json!({}), false),
    ] {
        assert_eq!(
            holds(condition, &values),
            expected,
            "{condition:?} of {values}"
        );
    }
}
