//! What a column keeps of a value beyond its type: digits after the point, fractions of a second, length.
//!
//! The server rounds and cuts to these without a word, so that the driver refuses instead.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use quillback_plugin_api::value::is_decimal;
use quillback_plugin_api::{DriverError, Ident, TableRef};

use super::fit::{Form, Slot, Unfit};
use super::{numeric_digits, oid};
use crate::connection::Connection;
use crate::flavor::{Length, Values};

/// The limit of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Limit {
    #[default]
    None,
    /// Digits after the point; below zero, so many before it are zeros.
    Scale(i32),
    /// Digits of the fraction of a second.
    Fraction(u32),
    /// Characters.
    Length(usize),
    /// Bytes.
    Bytes(usize),
}

/// The table that a statement writes, and the columns that its parameters go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written<'b> {
    /// The table.
    pub(crate) table: &'b TableRef,
    /// Columns of the first parameters.
    pub(crate) columns: Vec<&'b Ident>,
    /// Whether the columns start over after the last one, as the rows of an insert do.
    pub(crate) repeats: bool,
}

/// The limits of tables that were written to, for all connections of an instance.
#[derive(Debug)]
pub(crate) struct Limits {
    values: Values,
    tables: Mutex<HashMap<TableRef, Known>>,
}

/// The limits of a table's columns, and when they were looked up.
#[derive(Clone, Debug)]
struct Known {
    columns: Arc<HashMap<String, Limit>>,
    since: Instant,
}

/// How long the limits of a table are taken to be what they were.
const MAX_AGE: Duration = Duration::from_mins(1);

impl Limit {
    fn of(ty: u32, modifier: i32, length: Length) -> Self {
        match ty {
            oid::NUMERIC => {
                numeric_digits(modifier).map_or(Self::None, |(_, scale)| Self::Scale(scale))
            }
            oid::VARCHAR => usize::try_from(modifier - 4).map_or(
                Self::None,
                match length {
                    Length::Characters => Self::Length,
                    Length::Bytes => Self::Bytes,
                },
            ),
            oid::TIME | oid::TIMETZ | oid::TIMESTAMP | oid::TIMESTAMPTZ => {
                u32::try_from(modifier).map_or(Self::None, Self::Fraction)
            }
            _ => Self::None,
        }
    }

    /// Whether the column keeps the whole of a fitted value.
    ///
    /// # Errors
    /// What it would round or cut.
    pub(crate) fn check(self, form: &Form<'_>) -> Result<(), Unfit> {
        let kept = match (self, form) {
            (Self::Scale(scale), Form::Numeric(text)) => keeps_digits(text, scale),
            (Self::Scale(scale), Form::Literal(text)) => {
                !is_decimal(text) || keeps_digits(text, scale)
            }
            (
                Self::Fraction(digits),
                Form::Time(micros) | Form::TimeTz(micros, _) | Form::Timestamp(micros),
            ) => {
                let unit = 10_i64.checked_pow(6_u32.saturating_sub(digits));
                unit.is_none_or(|unit| micros % unit == 0)
            }
            // Anything but spaces beyond the end is refused by the server itself.
            (Self::Length(most), Form::Text(text) | Form::Literal(text)) => {
                let end = text.char_indices().nth(most).map(|(at, _)| at);
                let rest = end.and_then(|end| text.get(end..)).unwrap_or_default();
                rest.is_empty() || !rest.bytes().all(|byte| byte == b' ')
            }
            (Self::Bytes(most), Form::Text(text) | Form::Literal(text)) => text.len() <= most,
            _ => true,
        };
        if kept {
            Ok(())
        } else {
            Err(Unfit::Column(self))
        }
    }
}

fn keeps_digits(number: &str, scale: i32) -> bool {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let zeros = |digits: &str| digits.bytes().all(|digit| digit == b'0');
    let lost_whole = usize::try_from(-scale).unwrap_or(0);
    let kept_fraction = usize::try_from(scale).unwrap_or(0);
    let digits = digits_of(whole);
    let cut = digits.len().saturating_sub(lost_whole);
    // `NaN` and the infinities have no digits to lose.
    !digits.starts_with(|first: char| first.is_ascii_digit())
        || zeros(fraction.get(kept_fraction..).unwrap_or_default())
            && zeros(digits.get(cut..).unwrap_or_default())
}

fn digits_of(whole: &str) -> &str {
    whole.trim_start_matches('-')
}

impl Limits {
    /// Nothing is known yet.
    pub(crate) fn new(values: Values) -> Self {
        Self {
            values,
            tables: Mutex::default(),
        }
    }

    /// Fills in the limits of a statement's parameters, looked up once for each table.
    ///
    /// # Errors
    /// What asking the server answers.
    pub(crate) async fn fill_in(
        &self,
        on: &mut Connection,
        written: &Written<'_>,
        params: &mut [Slot],
    ) -> Result<(), DriverError> {
        if params.iter().all(|slot| is_unlimited(slot.ty)) {
            return Ok(());
        }
        let table = match self.known(written.table) {
            Some(table) => table,
            None => self.learn(on, written.table).await?,
        };
        let width = written.columns.len().max(1);
        for (position, slot) in params.iter_mut().enumerate() {
            let column = if written.repeats {
                position % width
            } else {
                position
            };
            let column = written.columns.get(column);
            let limit = column.and_then(|column| table.get(column.as_str()));
            slot.limit = limit.copied().unwrap_or_default();
        }
        Ok(())
    }

    fn known(&self, table: &TableRef) -> Option<Arc<HashMap<String, Limit>>> {
        let known = self.tables.lock().ok()?.get(table).cloned()?;
        (known.since.elapsed() <= MAX_AGE).then_some(known.columns)
    }

    async fn learn(
        &self,
        on: &mut Connection,
        table: &TableRef,
    ) -> Result<Arc<HashMap<String, Limit>>, DriverError> {
        let rows = on
            .ask(self.values.limits, &crate::catalog::place(table))
            .await?;
        let length = self.values.length;
        let limits = rows.into_iter().filter_map(|row| {
            let [Some(column), Some(ty), Some(modifier)] = <[_; 3]>::try_from(row).ok()? else {
                return None;
            };
            let limit = Limit::of(ty.parse().ok()?, modifier.parse().ok()?, length);
            Some((column, limit))
        });
        let limits: Arc<HashMap<_, _>> = Arc::new(limits.collect());
        if let Ok(mut known) = self.tables.lock() {
            let entry = Known {
                columns: Arc::clone(&limits),
                since: Instant::now(),
            };
            known.insert(table.clone(), entry);
        }
        Ok(limits)
    }

    /// Forgets all tables.
    pub(crate) fn clear(&self) {
        if let Ok(mut known) = self.tables.lock() {
            known.clear();
        }
    }

    /// Forgets a table that may have been changed.
    pub(crate) fn forget(&self, table: &TableRef) {
        if let Ok(mut known) = self.tables.lock() {
            known.remove(table);
        }
    }
}

/// Whether columns of a built-in type have no limits of their own.
fn is_unlimited(ty: u32) -> bool {
    let built_in = super::decode::Decode::builtin(ty).is_some();
    let limited = [
        oid::NUMERIC,
        oid::VARCHAR,
        // Comparisons and assignments of `varchar` are made in `text`.
        oid::TEXT,
        oid::TIME,
        oid::TIMETZ,
        oid::TIMESTAMP,
        oid::TIMESTAMPTZ,
    ];
    built_in && !limited.contains(&ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_a_column_would_round_away_are_refused() {
        for (number, scale) in [("1.5", 1), ("1.50", 1), ("-7", 0), ("7.00", 0), ("NaN", 0)] {
            assert!(keeps_digits(number, scale), "{number} {scale}");
        }
        assert!(keeps_digits("1200", -2));
        for (number, scale) in [
            ("1.51", 1),
            ("0.5", 0),
            ("-1.239", 2),
            ("1250", -2),
            ("5", -2),
        ] {
            assert!(!keeps_digits(number, scale), "{number} {scale}");
        }
        assert!(keeps_digits("0", -2));
    }

    #[test]
    fn only_spaces_beyond_the_end_are_the_drivers_to_refuse() {
        let check = |text: &str| Limit::Length(3).check(&Form::Text(text.into()));
        assert_eq!(check("äöü"), Ok(()));
        assert_eq!(check("a  "), Ok(()));
        assert_eq!(check("abcd"), Ok(()));
        assert_eq!(check("abc "), Err(Unfit::Column(Limit::Length(3))));
    }

    #[test]
    fn fractions_of_seconds_are_kept_whole() {
        let check = |micros| Limit::Fraction(3).check(&Form::Timestamp(micros));
        assert_eq!(check(-1_500_000), Ok(()));
        assert_eq!(check(1_001), Err(Unfit::Column(Limit::Fraction(3))));
    }
}
