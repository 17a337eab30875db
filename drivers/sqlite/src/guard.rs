//! Refuses numbers that a column would round: columns of other programs may turn exact numbers into floats
//! (<https://www.sqlite.org/datatype3.html#type_affinity>), and no error would tell.

use quillback_plugin_api::error::Origin;
use quillback_plugin_api::sql::{Assignment, SetTo, Update};
use quillback_plugin_api::{Category, DriverError, Ident, TableRef, ValueRef};
use rusqlite::{Connection, OptionalExtension};

use crate::errors::translate;
use crate::types::{Affinity, affinity};

/// Digits that a float keeps, and the engine takes as enough to make a float of a text.
const FLOAT_DIGITS: usize = 15;

/// Refuses values of an update that their columns would round.
///
/// # Errors
/// `InvalidData`, naming the column.
pub(crate) fn update(connection: &Connection, update: &Update) -> Result<(), DriverError> {
    for Assignment { column, to } in &update.set {
        let (SetTo::Value(value) | SetTo::Plus(value)) = to;
        cell(connection, &update.table, column, value.flat())?;
    }
    Ok(())
}

/// Refuses a value that its column would round.
///
/// # Errors
/// `InvalidData`, naming the column.
pub(crate) fn cell(
    connection: &Connection,
    table: &TableRef,
    column: &Ident,
    value: ValueRef<'_>,
) -> Result<(), DriverError> {
    let Some(wide) = wide(value) else {
        return Ok(());
    };
    let declared: Option<String> = connection
        .prepare_cached("SELECT type FROM pragma_table_xinfo(?1) WHERE name = ?2 COLLATE NOCASE")
        .and_then(|mut lookup| {
            let names = [table.name.as_str(), column.as_str()];
            lookup.query_row(names, |row| row.get(0)).optional()
        })
        .map_err(|error| translate(&error, None))?;
    let rounds = match (declared.as_deref().map(affinity), wide) {
        (Some(Affinity::Real), _) => true,
        (Some(Affinity::Integer | Affinity::Numeric), wide) => wide == Wide::Exact,
        (None | Some(Affinity::Text | Affinity::Blob), _) => false,
    };
    if !rounds {
        return Ok(());
    }
    let message = "the number has more digits than its column keeps";
    Err(
        DriverError::new(Category::InvalidData, message).from_origin(Origin {
            table: Some(table.name.as_str().to_owned()),
            column: Some(column.as_str().to_owned()),
            ..Origin::default()
        }),
    )
}

/// A number that does not survive everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wide {
    /// A whole number of 64 bits that is no float.
    Whole,
    /// A number that is neither a whole number of 64 bits nor a float.
    Exact,
}

fn wide(value: ValueRef<'_>) -> Option<Wide> {
    match value {
        ValueRef::I64(number) => whole(number),
        ValueRef::U64(number) => match i64::try_from(number) {
            Ok(number) => whole(number),
            Err(_) => Some(Wide::Exact),
        },
        ValueRef::Decimal(text) => match text.parse() {
            Ok(number) => whole(number),
            Err(_) => (significant(text) > FLOAT_DIGITS).then_some(Wide::Exact),
        },
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the comparison finds out whether anything was rounded"
)]
fn whole(number: i64) -> Option<Wide> {
    let rounded = (number as f64) as i128;
    (rounded != i128::from(number)).then_some(Wide::Whole)
}

fn significant(text: &str) -> usize {
    let digits = text.trim_start_matches(['-', '0', '.']);
    let digits = if digits.contains('.') || text.contains('.') {
        digits.trim_end_matches('0')
    } else {
        digits
    };
    digits.bytes().filter(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_a_float_rounds_are_wide() {
        for (value, expected) in [
            (ValueRef::I64(1 << 53), None),
            (ValueRef::I64(1 << 60), None),
            (ValueRef::I64(i64::MIN), None),
            (ValueRef::I64(i64::MAX), Some(Wide::Whole)),
            (ValueRef::I64(-(1 << 53) - 1), Some(Wide::Whole)),
            (ValueRef::U64(u64::MAX), Some(Wide::Exact)),
            (ValueRef::Decimal("-000.00123456789012345000"), None),
            (ValueRef::Decimal("1.2345678901234567"), Some(Wide::Exact)),
            (ValueRef::Decimal("9007199254740993"), Some(Wide::Whole)),
            (ValueRef::Decimal("99999999999999999999"), Some(Wide::Exact)),
            (ValueRef::Text("99999999999999999999"), None),
        ] {
            assert_eq!(wide(value), expected, "{value:?}");
        }
    }
}
