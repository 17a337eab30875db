//! What must come of everything, worked out in plain Rust from what the documents say. It shares no code with the server.

use std::collections::BTreeSet;

use quillback_core::bootstrap::EVERYONE;
use quillback_core::plugin_api::sql::Direction;
use quillback_core::policy::{Action, Operand, Operator, Rule};
use quillback_core::write::RowStatus;

use super::filter;
use super::value::{Kind, Val};
use super::world::{COLUMNS, Change, GROUPS, Holder, OWNER, Row, Seen, Table, Who, World, column};

/// What must come of a write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expected {
    /// The request fails with this code.
    Fails(&'static str),
    /// One status and code for each change.
    Rejected(Vec<(RowStatus, Option<&'static str>)>),
    /// All of it takes effect, and the table has these rows. Keys that are made meanwhile are missing.
    Applied(Vec<Row>),
}

/// The rows as they are, with the eyes of somebody.
pub(super) struct Oracle<'a> {
    pub(super) world: &'a World,
    pub(super) rows: &'a [Row],
    pub(super) who: Who,
}

impl Oracle<'_> {
    /// Whether the group right holds for all rows, for own rows only, or not at all.
    fn may(&self, action: Action) -> Option<Reach> {
        if self.who == Who::Admin {
            return Some(Reach::All);
        }
        let rights = self
            .rights()
            .filter(|right| right.actions.contains(&action));
        let limits: Vec<bool> = rights.map(|right| right.own_only).collect();
        let can_be_limited = !matches!(
            action,
            Action::View | Action::History | Action::Export | Action::Add
        );
        match limits.as_slice() {
            [] => None,
            all if can_be_limited && all.iter().all(|own| *own) => Some(Reach::Own),
            _ => Some(Reach::All),
        }
    }

    /// The rights of the groups in which who asks may see rows: those of the others do not count.
    fn rights(&self) -> impl Iterator<Item = &super::world::Right> {
        let groups = self.who.groups().iter();
        let rights = groups.map(|group| &self.world.rights[*group]);
        rights.filter(|right| right.actions.contains(&Action::View))
    }

    pub(super) fn exists(&self) -> bool {
        self.may(Action::View).is_some()
    }

    pub(super) fn allows(&self, action: Action) -> bool {
        self.may(action).is_some()
    }

    /// Why who asks may not change or remove the row, if so.
    pub(super) fn may_change(&self, row: &Row, right: Action) -> Result<(), String> {
        if !self.sees(row) {
            Err("out of sight".into())
        } else if self.may(right) == Some(Reach::Own) && !self.is_own(row) {
            Err("somebody else's".into())
        } else if !self.all_hold(&self.world.edit_when, row) {
            Err("not to be edited".into())
        } else {
            Ok(())
        }
    }

    /// Why who asks may not add the row, if so.
    pub(super) fn may_add(&self, row: &Row, right: Action) -> Result<(), String> {
        if !self.all_hold(&self.world.add_when, row) {
            Err("not to be added".into())
        } else if self.may(right) == Some(Reach::Own) && !self.is_own(row) {
            Err("added for somebody else".into())
        } else {
            Ok(())
        }
    }

    fn key_kind(&self) -> Kind {
        self.world.table.key()
    }

    /// Whether who asks sees the row.
    pub(super) fn sees(&self, row: &Row) -> bool {
        let policies = &self.world.policies;
        policies.is_empty() || policies.iter().any(|rules| self.all_hold(rules, row))
    }

    fn all_hold(&self, rules: &[Rule], row: &Row) -> bool {
        rules.iter().all(|rule| self.holds(rule, row))
    }

    fn holds(&self, rule: &Rule, row: &Row) -> bool {
        let value = row.value(&rule.field);
        if rule.operator == Operator::IsNull {
            return *value == Val::Null;
        }
        if *value == Val::Null {
            return false;
        }
        let kind = column(&rule.field).map_or(self.key_kind(), |at| COLUMNS[at].1);
        let values = self.operand(&rule.operand, kind);
        let any = |test: &dyn Fn(&Val) -> bool| values.iter().any(test);
        let text = |test: &dyn Fn(&str, &str) -> bool| {
            any(&|wanted| match (value, wanted) {
                (Val::Text(text), Val::Text(wanted)) => test(text, wanted),
                _ => false,
            })
        };
        match rule.operator {
            Operator::Eq | Operator::In => values.contains(value),
            Operator::Ne | Operator::NotIn => !values.is_empty() && !values.contains(value),
            Operator::Contains => text(&|text, wanted| text.contains(wanted)),
            Operator::StartsWith => text(&|text, wanted| text.starts_with(wanted)),
            Operator::Lt => any(&|wanted| value < wanted),
            Operator::Le => any(&|wanted| value <= wanted),
            Operator::Gt => any(&|wanted| value > wanted),
            Operator::Ge => any(&|wanted| value >= wanted),
            Operator::Between => match values.as_slice() {
                [low, high] => low <= value && value <= high,
                _ => false,
            },
            Operator::IsNull => unreachable!("answered above"),
        }
    }

    /// What a rule compares with. Entitlements have no order and count once; constants are taken as they are written.
    fn operand(&self, operand: &Operand, kind: Kind) -> Vec<Val> {
        let texts: BTreeSet<&str> = match operand {
            Operand::Values(values) => {
                let values = values.iter().map(|json| Val::of_json(json, kind));
                return values.filter(|value| *value != Val::Null).collect();
            }
            Operand::Property(name) => self.entitlements(name).collect(),
            Operand::Username => [self.who.name()].into(),
            Operand::Groups => {
                let groups = self.who.groups().iter().map(|at| GROUPS[*at]);
                groups.chain([EVERYONE]).collect()
            }
        };
        let mut values: Vec<Val> = texts
            .into_iter()
            .filter_map(|text| Val::of_text(text, kind))
            .collect();
        values.sort();
        values.dedup();
        values
    }

    fn entitlements(&self, property: &str) -> impl Iterator<Item = &str> {
        let of_asker = |holder: &Holder| match holder {
            Holder::User(who) => *who == self.who,
            Holder::Group(at) => self.who.groups().contains(at),
            Holder::Mistaken(_) => false,
        };
        let all = self.world.entitlements.iter();
        all.filter(move |one| one.property == property && of_asker(&one.holder))
            .map(|one| one.value.as_str())
    }

    /// The rows of all pages, in their order.
    pub(super) fn page(
        &self,
        wanted: Option<&quillback_core::read::Filter>,
        sort: &[(&'static str, Direction)],
    ) -> Vec<&Row> {
        let matches =
            |row: &&Row| wanted.is_none_or(|wanted| filter::holds(wanted, row) == Some(true));
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| self.sees(row)).collect();
        rows.retain(matches);
        let last = sort
            .last()
            .map_or(Direction::Asc, |(_, direction)| *direction);
        rows.sort_by(|left, right| {
            let keys = sort.iter().copied().chain([(super::world::KEY, last)]);
            let mut order = std::cmp::Ordering::Equal;
            for (name, direction) in keys {
                let next = left.value(name).cmp(right.value(name));
                order = order.then(match direction {
                    Direction::Asc => next,
                    Direction::Desc => next.reverse(),
                });
            }
            order
        });
        rows
    }

    fn row(&self, number: usize) -> Option<&Row> {
        self.rows.iter().find(|row| row.number == number)
    }

    fn is_own(&self, row: &Row) -> bool {
        row.cells[OWNER] == Val::text(self.who.name())
    }

    /// What must come of changes that each need a right.
    pub(super) fn write(&self, changes: &[Change], right: impl Fn(&Change) -> Action) -> Expected {
        if !self.exists() {
            return Expected::Fails("NOT_FOUND");
        }
        if changes
            .iter()
            .any(|change| self.may(right(change)).is_none())
        {
            return Expected::Fails("FORBIDDEN");
        }
        if let Some(stale) = self.stale(changes) {
            return Expected::Rejected(stale);
        }
        let before: Vec<_> = changes
            .iter()
            .map(|change| self.obstacle(change, right(change)))
            .collect();
        if before.iter().any(Option::is_some) {
            return rejected(before);
        }
        if let Some(taken) = self.taken(changes) {
            return rejected(taken);
        }
        let after: Vec<Option<Row>> = changes.iter().map(|change| self.after(change)).collect();
        for failing in self.failures(changes, &after, &right) {
            if failing.iter().any(Option::is_some) {
                return rejected(failing);
            }
        }
        Expected::Applied(self.table(changes, &after))
    }

    /// The edits that a bulk edit comes down to: of rows that are seen, match, and have other values. Whether there is
    /// anything to do is told to nobody without the right.
    pub(super) fn bulk(
        &self,
        wanted: Option<&quillback_core::read::Filter>,
        values: &[(usize, Val)],
    ) -> Result<Vec<Change>, Expected> {
        if !self.exists() {
            return Err(Expected::Fails("NOT_FOUND"));
        }
        if self.may(Action::BulkEdit).is_none() {
            return Err(Expected::Fails("FORBIDDEN"));
        }
        let edit = |row: &Row| {
            let other = values.iter().filter(|(at, value)| row.cells[*at] != *value);
            let values: Vec<_> = other.cloned().collect();
            (!values.is_empty()).then_some(Change::Edit {
                number: row.number,
                values,
                seen: Seen::Anything,
            })
        };
        let edits: Vec<Change> = self
            .page(wanted, &[])
            .into_iter()
            .filter_map(edit)
            .collect();
        if edits.is_empty() {
            return Err(Expected::Fails("INVALID_INPUT"));
        }
        Ok(edits)
    }

    /// Versions are looked at before anything else, and only they.
    fn stale(&self, changes: &[Change]) -> Option<Vec<(RowStatus, Option<&'static str>)>> {
        let told: Vec<_> = changes
            .iter()
            .map(|change| {
                let (number, seen) = match change {
                    Change::Add { .. } => return None,
                    Change::Edit { number, seen, .. } | Change::Delete { number, seen } => {
                        (*number, seen)
                    }
                };
                let row = self.row(number).filter(|row| self.sees(row));
                match (seen, row) {
                    (Seen::Version | Seen::WrongVersion, None) => {
                        Some((RowStatus::NotFound, Some("NOT_FOUND")))
                    }
                    (Seen::WrongVersion, Some(_)) => Some((RowStatus::Conflict, Some("CONFLICT"))),
                    _ => None,
                }
            })
            .collect();
        let is_stale = told.iter().any(Option::is_some);
        is_stale.then(|| told.into_iter().map(or_idle).collect())
    }

    /// What keeps a row from being changed or removed.
    fn obstacle(&self, change: &Change, right: Action) -> Obstacle {
        let (number, seen) = match change {
            Change::Add { .. } => return None,
            Change::Edit { number, seen, .. } | Change::Delete { number, seen } => (*number, seen),
        };
        let Some(row) = self.row(number).filter(|row| self.sees(row)) else {
            return Some((RowStatus::NotFound, "NOT_FOUND"));
        };
        if let Seen::Value(at, value) = seen
            && row.cells[*at] != *value
        {
            return Some((RowStatus::Conflict, "CONFLICT"));
        }
        if self.may(right) == Some(Reach::Own) && !self.is_own(row) {
            return Some((RowStatus::Locked, "NOT_OWN_ROW"));
        }
        if !self.all_hold(&self.world.edit_when, row) {
            return Some((RowStatus::Locked, "EDIT_CONDITION"));
        }
        None
    }

    /// Adds of the same fields go into one statement, which fails for a key that is there.
    fn taken(&self, changes: &[Change]) -> Option<Vec<Obstacle>> {
        let gone: Vec<usize> = changes
            .iter()
            .filter_map(|change| match change {
                Change::Delete { number, .. } => Some(*number),
                _ => None,
            })
            .collect();
        let is_taken = |number: usize| self.row(number).is_some() && !gone.contains(&number);
        let adds = || {
            changes.iter().map(|change| match change {
                Change::Add { number, values } => Some((
                    *number,
                    values.iter().map(|(at, _)| *at).collect::<BTreeSet<_>>(),
                )),
                _ => None,
            })
        };
        // Statements run in the order of the first row of each.
        let mut order: Vec<BTreeSet<usize>> = Vec::new();
        for (_, fields) in adds().flatten() {
            if !order.contains(&fields) {
                order.push(fields);
            }
        }
        let failing = order.into_iter().find(|fields| {
            let mut same = adds().flatten().filter(|(_, given)| given == fields);
            same.any(|(number, _)| is_taken(number))
        })?;
        let told = |add: Option<(usize, BTreeSet<usize>)>| {
            add.filter(|(_, fields)| *fields == failing)
                .map(|_| (RowStatus::Duplicate, "DUPLICATE_KEY"))
        };
        Some(adds().map(told).collect())
    }

    /// The row as the change makes it; `None` where it goes.
    fn after(&self, change: &Change) -> Option<Row> {
        let set = |mut row: Row, values: &[(usize, Val)]| {
            for (at, value) in values {
                row.cells[*at] = value.clone();
            }
            row
        };
        match change {
            Change::Add { number, values } => {
                let mut row = Row {
                    number: *number,
                    key: self.world.new_key(*number),
                    cells: vec![Val::Null; COLUMNS.len()],
                };
                row.cells[OWNER] = Val::text(self.who.name());
                Some(set(row, values))
            }
            Change::Edit { number, values, .. } => {
                self.row(*number).map(|row| set(row.clone(), values))
            }
            Change::Delete { .. } => None,
        }
    }

    /// What is looked at after the rows are written, in the order in which it is. A row that the database numbers is
    /// looked at as soon as it is there.
    fn failures(
        &self,
        changes: &[Change],
        after: &[Option<Row>],
        right: impl Fn(&Change) -> Action + Copy,
    ) -> Vec<Vec<Obstacle>> {
        let edits = self.failing(changes, after, true, right);
        if self.world.table != Table::Numbered {
            return vec![edits, self.failing(changes, after, false, right)];
        }
        let alone = |wanted: usize| {
            let mut one = vec![None; after.len()];
            one[wanted].clone_from(&after[wanted]);
            self.failing(changes, &one, false, right)
        };
        let mut all: Vec<_> = (0..after.len()).map(alone).collect();
        all.push(edits);
        all
    }

    /// The changes that the first demand stops that stops any, of those of edited or of added rows.
    fn failing(
        &self,
        changes: &[Change],
        after: &[Option<Row>],
        edits: bool,
        right: impl Fn(&Change) -> Action,
    ) -> Vec<Obstacle> {
        let fails = |demand: &dyn Fn(&Change, &Row) -> bool, code: &'static str| {
            let pairs = changes.iter().zip(after);
            pairs
                .map(|(change, after)| {
                    let is_meant = matches!(change, Change::Edit { .. }) == edits;
                    let row = after.as_ref().filter(|_| is_meant)?;
                    (!demand(change, row)).then_some((RowStatus::CheckFailed, code))
                })
                .collect::<Vec<Obstacle>>()
        };
        let seen = fails(&|_, row| self.sees(row), "CHECK_FAILED");
        if edits || seen.iter().any(Option::is_some) {
            return seen;
        }
        let allowed = fails(
            &|_, row| self.all_hold(&self.world.add_when, row),
            "ADD_CONDITION",
        );
        if allowed.iter().any(Option::is_some) {
            return allowed;
        }
        let is_own = |change: &Change, row: &Row| {
            self.may(right(change)) != Some(Reach::Own) || self.is_own(row)
        };
        fails(&is_own, "NOT_OWN_ROW")
    }

    fn table(&self, changes: &[Change], after: &[Option<Row>]) -> Vec<Row> {
        let mut rows = self.rows.to_vec();
        for (change, after) in changes.iter().zip(after) {
            let number = match change {
                Change::Add { number, .. }
                | Change::Edit { number, .. }
                | Change::Delete { number, .. } => *number,
            };
            rows.retain(|row| row.number != number);
            rows.extend(after.clone());
        }
        rows
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    All,
    Own,
}

type Obstacle = Option<(RowStatus, &'static str)>;

fn or_idle(told: Option<(RowStatus, Option<&'static str>)>) -> (RowStatus, Option<&'static str>) {
    told.unwrap_or((RowStatus::NotApplied, None))
}

fn rejected(obstacles: Vec<Obstacle>) -> Expected {
    let told = obstacles
        .into_iter()
        .map(|one| or_idle(one.map(|(status, code)| (status, Some(code)))));
    Expected::Rejected(told.collect())
}
