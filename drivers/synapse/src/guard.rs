//! Declared keys, which the service does not enforce, as checks in the transaction that writes.
//!
//! Before rows are added none may have their keys, and after it each key must be there once. The second look finds rows
//! that another transaction adds at the same time, where readers see what is not committed yet: of two that add and then
//! look, at least one sees the other.

use quillback_plugin_api::batch::{Batch, BatchOutcome, Expect, Step, StepOutcome};
use quillback_plugin_api::error::Origin;
use quillback_plugin_api::keys::{KeysOfBatch, Names, any_of, duplicate, of_rows, places};
use quillback_plugin_api::sql::{Compare, Expr, Insert, SetTo, Statement, Update};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef, Value};

/// Values in one check: each may take two parameters, of the 2,098 that a statement has.
const MOST_VALUES: usize = 1_000;

/// A batch with the checks of its keys.
pub(crate) struct Guarded {
    /// What to send.
    pub(crate) batch: Batch,
    places: Vec<Place>,
}

/// Where a step of the guarded batch comes from.
struct Place {
    /// Position of the step in the batch that was asked for.
    step: usize,
    role: Role,
}

/// What a step is there for.
enum Role {
    /// It was asked for.
    Asked,
    /// What it finds are rows that have the key already.
    Taken(TableRef),
    /// What it finds too many are rows that another transaction adds.
    Raced(TableRef),
}

/// Adds the checks.
///
/// # Errors
/// `Unique` where the batch itself has a key twice, `Unsupported` where a change of a key cannot be checked.
pub(crate) fn guard(batch: Batch, known: &KeysOfBatch) -> Result<Guarded, DriverError> {
    let Batch {
        isolation,
        deadline_ms,
        traceable,
        steps,
    } = batch;
    let mut guarded = Guarded {
        batch: Batch {
            isolation,
            deadline_ms,
            traceable,
            steps: Vec::with_capacity(steps.len()),
        },
        places: Vec::with_capacity(steps.len()),
    };
    for (step, what) in steps.into_iter().enumerate() {
        guarded
            .add(step, what, known)
            .map_err(|error| error.at_step(step))?;
    }
    Ok(guarded)
}

impl Guarded {
    fn add(&mut self, step: usize, what: Step, known: &KeysOfBatch) -> Result<(), DriverError> {
        let mut after = Vec::new();
        if let Step::Write { statement, .. } = &what {
            let table = match statement {
                Statement::Insert(insert) => &insert.table,
                Statement::Update(update) => &update.table,
                Statement::Delete(delete) => &delete.table,
            };
            let keys = known.get(table).map(Vec::as_slice);
            for key in keys.unwrap_or_default() {
                match statement {
                    Statement::Insert(insert) => {
                        for (filter, count) in added(insert, key)? {
                            self.check(step, table, filter.clone(), Expect::Rows(0));
                            after.push((filter, Expect::Rows(count)));
                        }
                    }
                    Statement::Update(update) => {
                        let changed = changed(update, key)?;
                        after.extend(changed.map(|filter| (filter, Expect::AtMost(1))));
                    }
                    Statement::Delete(_) => {}
                }
            }
            let table = table.clone();
            let role = match statement {
                Statement::Insert(_) => Role::Raced,
                _ => Role::Taken,
            };
            self.push(step, Role::Asked, what);
            for (filter, expect) in after {
                let check = Step::Check {
                    table: table.clone(),
                    filter,
                    expect,
                };
                self.push(step, role(table.clone()), check);
            }
        } else {
            self.push(step, Role::Asked, what);
        }
        Ok(())
    }

    fn check(&mut self, step: usize, table: &TableRef, filter: Expr, expect: Expect) {
        let check = Step::Check {
            table: table.clone(),
            filter,
            expect,
        };
        self.push(step, Role::Taken(table.clone()), check);
    }

    fn push(&mut self, step: usize, role: Role, what: Step) {
        self.places.push(Place { step, role });
        self.batch.steps.push(what);
    }

    /// What became of the batch that was asked for.
    ///
    /// # Errors
    /// Those of the server; `Unique` for a key that is there already, and `Conflict` for one that another transaction
    /// adds at the same time.
    pub(crate) fn answer(
        self,
        result: Result<BatchOutcome, DriverError>,
    ) -> Result<BatchOutcome, DriverError> {
        match result {
            Ok(BatchOutcome::Committed(done)) => Ok(BatchOutcome::Committed(self.asked(done))),
            Ok(BatchOutcome::Refused { step, found, done }) => {
                let Some(place) = self.places.get(step as usize) else {
                    return Ok(BatchOutcome::Refused { step, found, done });
                };
                match &place.role {
                    Role::Asked => Ok(BatchOutcome::Refused {
                        step: u32::try_from(place.step).unwrap_or(u32::MAX),
                        found,
                        done: self.asked(done),
                    }),
                    Role::Taken(table) => Err(taken(table).at_step(place.step)),
                    Role::Raced(table) => Err(raced(table).at_step(place.step)),
                }
            }
            Err(error) => {
                let place = error.step.and_then(|step| self.places.get(step as usize));
                Err(match place {
                    Some(place) => error.at_step(place.step),
                    None => error,
                })
            }
        }
    }

    fn asked(&self, done: Vec<StepOutcome>) -> Vec<StepOutcome> {
        let asked = done
            .into_iter()
            .zip(&self.places)
            .filter(|(_, place)| matches!(place.role, Role::Asked));
        asked.map(|(outcome, _)| outcome).collect()
    }
}

fn taken(table: &TableRef) -> DriverError {
    duplicate().from_origin(origin(table))
}

fn raced(table: &TableRef) -> DriverError {
    let message = "another transaction adds a row with the same key: send the same again";
    DriverError::new(Category::Conflict, message).from_origin(origin(table))
}

fn origin(table: &TableRef) -> Origin {
    Origin {
        table: Some(table.name.as_str().to_owned()),
        ..Origin::default()
    }
}

/// Conditions that find rows with the keys of the rows to add, each with the number of those. A key with a NULL in it, or
/// a column that the service fills in, equals no other.
fn added(insert: &Insert, key: &[Ident]) -> Result<Vec<(Expr, u64)>, DriverError> {
    let Some(places) = places(insert, key, Names::AnyCase) else {
        return Ok(Vec::new());
    };
    let wanted =
        of_rows(insert, &places).map_err(|error| error.from_origin(origin(&insert.table)))?;
    let most = (MOST_VALUES / key.len()).max(1);
    let chunks = wanted.chunks(most);
    Ok(chunks
        .map(|rows| (any_of(key, rows), rows.len() as u64))
        .collect())
}

/// The condition that finds rows with the key that an update gives to its row; nothing where it gives none.
fn changed(update: &Update, key: &[Ident]) -> Result<Option<Expr>, DriverError> {
    let assigned = |column: &Ident| update.set.iter().find(|set| is(&set.column, column));
    if !key.iter().any(|column| assigned(column).is_some()) {
        return Ok(None);
    }
    let mut values = Vec::with_capacity(key.len());
    for column in key {
        let value = match assigned(column).map(|set| &set.to) {
            Some(SetTo::Value(value)) => Some(value),
            Some(SetTo::Plus(_)) => None,
            None => fixed(&update.filter, column),
        };
        match value {
            Some(Value::Null) => return Ok(None),
            Some(value) => values.push(value.clone()),
            None => {
                return Err(DriverError::unsupported(
                    "this database enforces no keys, and which key the changed rows would have is not known beforehand: \
                     name every column of the key in the condition, or set it",
                ));
            }
        }
    }
    Ok(Some(any_of(key, &[values])))
}

/// The value that a condition demands of a column.
fn fixed<'e>(filter: &'e Expr, wanted: &Ident) -> Option<&'e Value> {
    match filter {
        Expr::And(all) => all.iter().find_map(|one| fixed(one, wanted)),
        Expr::Compare {
            column,
            op: Compare::Eq,
            value,
        }
        | Expr::Same { column, value }
            if is(column, wanted) =>
        {
            Some(value)
        }
        Expr::In { column, values } if is(column, wanted) => match values.as_slice() {
            [value] => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// Upper and lower case are mostly the same to the service.
fn is(one: &Ident, other: &Ident) -> bool {
    Names::AnyCase.same(one, other)
}

#[cfg(test)]
mod tests;
