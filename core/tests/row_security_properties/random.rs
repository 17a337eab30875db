//! Worlds from a seed: the same seed makes the same world in every run.

mod values;

use quillback_core::plugin_api::sql::Direction;
use quillback_core::policy::{Action, Operand, Operator, Rule};
use quillback_core::read::{Filter, FilterOp};
use serde_json::{Value as Json, json};

use self::values::{CENTS, DAYS, FILTERS, HELD, MOMENTS, NUMBERS, OPERATORS, PROPERTIES, TEXTS};
use super::value::{Kind, Val};
use super::world::{
    COLUMNS, Change, Deed, Entitlement, Holder, KEY, OWNER, Right, Row, Seen, Table, Who, World,
};

const DEEDS: usize = 24;

/// Numbers from a seed (`SplitMix64`).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// True in so many of a hundred cases.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Between `least` and `most` things.
    fn some<T>(
        &mut self,
        least: usize,
        most: usize,
        mut make: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }

    /// A value of a column, never missing.
    fn value(&mut self, kind: Kind) -> Val {
        match kind {
            Kind::Text if self.chance(2) => Val::Text("x".repeat(19)),
            Kind::Text => Val::text(self.one(&TEXTS)),
            Kind::Whole => Val::Whole(self.one(&NUMBERS)),
            Kind::Money => Val::Money(self.one(&CENTS)),
            Kind::Flag => Val::Flag(self.chance(50)),
            Kind::Day => Val::Day(self.one(&DAYS).into()),
            Kind::Moment => Val::Moment(self.one(&MOMENTS)),
            Kind::Uuid => Val::Uuid(uuid(self.below(16))),
        }
    }

    fn cell(&mut self, at: usize) -> Val {
        match at {
            _ if self.chance(25) => Val::Null,
            OWNER => Val::text(self.one(&Who::ALL).name()),
            // The second text has no length.
            1 if self.chance(10) => Val::Text(format!("{}a", "x".repeat(3_000))),
            _ => self.value(COLUMNS[at].1),
        }
    }

    fn row(&mut self, table: Table, number: usize) -> Row {
        Row {
            number,
            key: key(table, number),
            cells: (0..COLUMNS.len()).map(|at| self.cell(at)).collect(),
        }
    }
}

fn uuid(number: usize) -> String {
    format!("0190a4c8-0000-7000-8000-0000000000{number:02x}")
}

/// The key of a row that is there from the begin.
fn key(table: Table, number: usize) -> Val {
    match table {
        Table::Managed => Val::Uuid(uuid(number)),
        Table::Existing => Val::Text(format!("row {number}")),
        Table::Numbered => Val::Whole(i64::try_from(number).unwrap() + 1),
    }
}

impl World {
    /// The key that a new row gets; missing where the server or the database makes it.
    pub(super) fn new_key(&self, number: usize) -> Val {
        match self.table {
            Table::Existing => key(self.table, number),
            Table::Managed | Table::Numbered => Val::Null,
        }
    }
}

/// Makes a world.
pub(super) fn world(seed: u64) -> World {
    let mut dice = Dice(seed);
    let table = dice.one(&[
        Table::Managed,
        Table::Managed,
        Table::Existing,
        Table::Numbered,
    ]);
    let count = 5 + dice.below(9);
    let rows = (0..count).map(|number| dice.row(table, number)).collect();
    let mut maker = Maker {
        dice,
        table,
        // What is not known beforehand cannot be compared with.
        names_key: false,
        rows: count,
    };
    maker.names_key = table == Table::Existing || maker.dice.chance(20);
    let policies = match maker.dice.below(10) {
        0 => Vec::new(),
        _ => maker.some(1, 3, |maker| match maker.dice.below(12) {
            0 => Vec::new(),
            _ => maker.rules(1, 2),
        }),
    };
    let (edit_when, add_when) = (maker.condition(), maker.condition());
    let entitlements = maker.dice.some(0, 9, entitlement);
    let rights = [maker.right(), maker.right()];
    let prelude = match maker.dice.below(2) {
        0 => 0,
        _ => 1 + maker.dice.below(4),
    };
    let deeds = (prelude..prelude + DEEDS)
        .map(|position| {
            (
                maker
                    .dice
                    .one(&[Who::Nora, Who::Nora, Who::Olaf, Who::Admin]),
                maker.deed(position),
            )
        })
        .collect();
    World {
        table,
        rows,
        prelude: (0..prelude)
            .map(|position| maker.changes(position))
            .collect(),
        policies,
        edit_when,
        add_when,
        entitlements,
        rights,
        deeds,
    }
}

fn entitlement(dice: &mut Dice) -> Entitlement {
    Entitlement {
        holder: match dice.below(7) {
            0..=2 => Holder::User(dice.one(&Who::ALL)),
            3..=5 => Holder::Group(dice.below(2)),
            _ => Holder::Mistaken(dice.below(2)),
        },
        property: dice.one(&PROPERTIES[..3]),
        value: dice.one(&HELD).into(),
    }
}

struct Maker {
    dice: Dice,
    table: Table,
    /// Whether rules and filters speak of the key; then no row is added whose key somebody else makes.
    names_key: bool,
    rows: usize,
}

impl Maker {
    fn some<T>(
        &mut self,
        least: usize,
        most: usize,
        mut make: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let count = least + self.dice.below(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn condition(&mut self) -> Vec<Rule> {
        if self.dice.chance(70) {
            Vec::new()
        } else {
            self.rules(1, 2)
        }
    }

    fn rules(&mut self, least: usize, most: usize) -> Vec<Rule> {
        self.some(least, most, Self::rule)
    }

    fn column(&mut self) -> (&'static str, Kind) {
        if self.names_key && self.dice.chance(12) {
            (KEY, self.table.key())
        } else {
            self.dice.one(&COLUMNS)
        }
    }

    /// Whether texts of the table have an order of their own, which the documents leave to the database.
    fn is_ordered(&self, kind: Kind) -> bool {
        kind != Kind::Text || self.table == Table::Managed
    }

    fn rule(&mut self) -> Rule {
        let (name, kind) = self.column();
        let operator = loop {
            let operator = self.dice.one(&OPERATORS);
            let compares_order = matches!(
                operator,
                Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge | Operator::Between
            );
            if !compares_order || self.is_ordered(kind) {
                break operator;
            }
        };
        let operand = match self.dice.below(10) {
            0..=4 => {
                let (least, most) = if operator == Operator::Between {
                    (2, 2)
                } else {
                    (1, 3)
                };
                Operand::Values(self.some(least, most, |maker| maker.constant(kind)))
            }
            5..=7 => Operand::Property(self.dice.one(&PROPERTIES).into()),
            8 => Operand::Username,
            _ => Operand::Groups,
        };
        Rule {
            field: name.into(),
            operator,
            operand,
        }
    }

    fn constant(&mut self, kind: Kind) -> Json {
        let value = if self.dice.chance(8) {
            Val::Null
        } else {
            self.key_or_value(kind)
        };
        value.json()
    }

    fn key_or_value(&mut self, kind: Kind) -> Val {
        if self.names_key && kind == self.table.key() && self.dice.chance(30) {
            key(self.table, self.dice.below(self.rows))
        } else {
            self.dice.value(kind)
        }
    }

    fn right(&mut self) -> Right {
        let actions = if self.dice.chance(65) {
            Action::ALL.to_vec()
        } else {
            let dice = &mut self.dice;
            Action::ALL
                .into_iter()
                .filter(|_| dice.chance(70))
                .collect()
        };
        Right {
            actions,
            own_only: self.dice.chance(30),
        }
    }

    fn deed(&mut self, position: usize) -> Deed {
        if self.dice.chance(55) {
            let sort = self.dice.some(0, 2, |dice| {
                (
                    dice.one(&COLUMNS),
                    dice.one(&[Direction::Asc, Direction::Desc]),
                )
            });
            let mut sort: Vec<(&'static str, Direction)> = sort
                .into_iter()
                .filter(|((_, kind), _)| self.is_ordered(*kind))
                .map(|((name, _), direction)| (name, direction))
                .collect();
            sort.dedup_by_key(|(name, _)| *name);
            Deed::Read {
                filter: self.dice.chance(50).then(|| self.filter(2)),
                sort,
                first: self.dice.one(&[2, 5, 20]),
            }
        } else if self.dice.chance(12) {
            Deed::LookBack
        } else if self.dice.chance(30) {
            Deed::TakeBack {
                back: self.dice.below(3),
                overwrite: self.dice.chance(30),
            }
        } else if self.dice.chance(15) {
            Deed::Bulk {
                filter: self.dice.chance(70).then(|| self.filter(1)),
                values: self.values(1),
            }
        } else {
            Deed::Write(self.changes(position))
        }
    }

    fn changes(&mut self, position: usize) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut named: Vec<usize> = Vec::new();
        for at in 0..=self.dice.below(3) {
            // Rows of a deed before this one are meant as well, and rows that never were.
            let number = match self.dice.below(10) {
                0..=7 => self.dice.below(self.rows),
                _ => 1_000 + self.dice.below(position + 1) * 10,
            };
            let can_add = self.table == Table::Existing || !self.names_key;
            let change = match self.dice.below(10) {
                0..=3 if can_add => {
                    let number = if self.table == Table::Existing && self.dice.chance(20) {
                        number
                    } else {
                        1_000 + position * 10 + at
                    };
                    Change::Add {
                        number,
                        values: self.values(0),
                    }
                }
                0..=7 => Change::Edit {
                    number,
                    values: self.values(1),
                    seen: self.seen(),
                },
                _ => Change::Delete {
                    number,
                    seen: self.seen(),
                },
            };
            let (Change::Add { number, .. }
            | Change::Edit { number, .. }
            | Change::Delete { number, .. }) = &change;
            if !named.contains(number) {
                named.push(*number);
                changes.push(change);
            }
        }
        changes
    }

    /// New values of some columns, but not of the one that nobody writes.
    fn values(&mut self, least: usize) -> Vec<(usize, Val)> {
        let mut at = self.dice.some(least, 4, |dice| dice.below(OWNER));
        at.sort_unstable();
        at.dedup();
        at.into_iter().map(|at| (at, self.dice.cell(at))).collect()
    }

    fn seen(&mut self) -> Seen {
        match self.dice.below(12) {
            0..=4 => Seen::Now(self.dice.some(1, 3, |dice| dice.below(COLUMNS.len()))),
            5..=6 => {
                let at = self.dice.below(COLUMNS.len());
                Seen::Value(at, self.dice.cell(at))
            }
            7 => Seen::Version,
            8 if self.dice.chance(50) => Seen::WrongVersion,
            _ => Seen::Anything,
        }
    }

    fn filter(&mut self, depth: usize) -> Filter {
        match self.dice.below(if depth == 0 { 6 } else { 10 }) {
            6 | 7 => Filter::And(self.some(1, 2, |maker| maker.filter(depth - 1))),
            8 => Filter::Or(self.some(1, 2, |maker| maker.filter(depth - 1))),
            9 => Filter::Not(Box::new(self.filter(depth - 1))),
            _ => self.comparison(),
        }
    }

    fn comparison(&mut self) -> Filter {
        let (name, kind) = self.column();
        loop {
            let op = self.dice.one(&FILTERS);
            let value = match op {
                FilterOp::IsNull => json!(self.dice.chance(50)),
                // Which letters are the same apart from case is for the database to say, beyond these.
                FilterOp::Contains | FilterOp::StartsWith if kind == Kind::Text => {
                    json!(
                        self.dice
                            .one(&["", "a", "A", "B", "%", "_", "\\", "'", "NOR", "ora"])
                    )
                }
                FilterOp::Contains | FilterOp::StartsWith => continue,
                FilterOp::In | FilterOp::NotIn => {
                    self.some(0, 3, |maker| maker.constant(kind)).into()
                }
                FilterOp::Lt | FilterOp::Le | FilterOp::Gt | FilterOp::Ge | FilterOp::Between
                    if !self.is_ordered(kind) =>
                {
                    continue;
                }
                FilterOp::Between => self
                    .some(2, 2, |maker| maker.key_or_value(kind).json())
                    .into(),
                _ => self.constant(kind),
            };
            let name = name.into();
            return Filter::Field { name, op, value };
        }
    }
}
