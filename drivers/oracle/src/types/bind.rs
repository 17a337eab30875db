//! Values as parameters, each with the type under which it travels.

use oracledb::{DbType, OracleNumber, OracleTimestamp, ToDbValue};
use quillback_plugin_api::civil::Timestamp;
use quillback_plugin_api::{Category, DriverError, Value};

/// Significant digits of a NUMBER that are kept in every case.
const DIGITS: usize = 38;

/// A parameter.
#[derive(Clone)]
pub(crate) enum Bound {
    Text(Option<String>),
    Number(Option<OracleNumber>),
    Double(Option<f64>),
    Float(Option<f32>),
    Bytes(Option<Vec<u8>>),
    Moment(Option<OracleTimestamp>),
    /// What comes back.
    Out(&'static DbType),
}

impl Bound {
    /// As the client takes it.
    pub(crate) fn as_param(&self) -> &dyn ToDbValue {
        match self {
            Self::Text(value) => value,
            Self::Number(value) => value,
            Self::Double(value) => value,
            Self::Float(value) => value,
            Self::Bytes(value) => value,
            Self::Moment(value) => value,
            Self::Out(ty) => ty,
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Text(None))
    }

    /// NULL of the same type.
    fn null(&self) -> Self {
        match self {
            Self::Text(_) | Self::Out(_) => Self::Text(None),
            Self::Number(_) => Self::Number(None),
            Self::Double(_) => Self::Double(None),
            Self::Float(_) => Self::Float(None),
            Self::Bytes(_) => Self::Bytes(None),
            Self::Moment(_) => Self::Moment(None),
        }
    }
}

/// Binds the values of one statement.
///
/// # Errors
/// `InvalidData` for what no column of this database holds.
pub(crate) fn all(values: &[Value]) -> Result<Vec<Bound>, DriverError> {
    values.iter().map(one).collect()
}

/// Gives the values of several rows one type for each column, as sending them together needs. False when a column has
/// values of different types.
pub(crate) fn unify(rows: &mut [Vec<Bound>]) -> bool {
    let width = rows.first().map_or(0, Vec::len);
    for column in 0..width {
        let mut model: Option<Bound> = None;
        for cell in rows.iter().filter_map(|row| row.get(column)) {
            match &model {
                _ if cell.is_null() => {}
                None => model = Some(cell.null()),
                Some(model) => {
                    if std::mem::discriminant(model) != std::mem::discriminant(cell) {
                        return false;
                    }
                }
            }
        }
        let Some(model) = model else { continue };
        for cell in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            if cell.is_null() {
                *cell = model.clone();
            }
        }
    }
    true
}

fn one(value: &Value) -> Result<Bound, DriverError> {
    Ok(match value {
        Value::Null => Bound::Text(None),
        Value::Bool(flag) => Bound::Number(Some(u8::from(*flag).into())),
        Value::I64(number) => Bound::Number(Some((*number).into())),
        Value::U64(number) => Bound::Number(Some((*number).into())),
        Value::F64(number) => Bound::Double(Some(*number)),
        Value::F32(number) => Bound::Float(Some(*number)),
        Value::Decimal(number) => Bound::Number(Some(decimal(number.as_str())?)),
        // An empty text is NULL to the database.
        Value::Text(text) | Value::Json(text) => {
            Bound::Text(Some(text.clone()).filter(|text| !text.is_empty()))
        }
        Value::Bytes(bytes) => Bound::Bytes(Some(bytes.clone()).filter(|bytes| !bytes.is_empty())),
        Value::Uuid(uuid) => Bound::Bytes(Some(uuid.to_vec())),
        Value::Date(date) if date.is_valid() => {
            Bound::Moment(Some(moment(Timestamp::from_parts(*date, 0))?))
        }
        Value::Date(_) => return Err(refused("there is no such day")),
        // Sessions run in UTC, so that a moment is its civil time there.
        Value::Timestamp(stamp)
        | Value::Instant(stamp)
        | Value::OffsetInstant { instant: stamp, .. }
        | Value::ZonedInstant { instant: stamp, .. } => Bound::Moment(Some(moment(*stamp)?)),
        Value::Time(_) | Value::OffsetTime { .. } => {
            return Err(refused("there is no type for times of day"));
        }
        Value::Interval(_) => return Err(refused("intervals can be read only")),
        Value::List(_) | Value::Struct(_) | Value::Special { .. } => {
            return Err(refused("there is no type for lists and composite values"));
        }
    })
}

/// A number whose digits are all kept.
fn decimal(number: &str) -> Result<OracleNumber, DriverError> {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    let is_small = whole.trim_start_matches('0').len() <= 125 && fraction.len() <= 127;
    if significant.len() > DIGITS || !is_small {
        return Err(refused("a number has at most 38 significant digits"));
    }
    if significant.is_empty() && digits.starts_with('0') {
        return Ok(0_u8.into());
    }
    number
        .parse()
        .map_err(|_| refused("there is no NaN and no infinity in a decimal"))
}

fn moment(stamp: Timestamp) -> Result<OracleTimestamp, DriverError> {
    let beyond = || refused("a moment lies in the years 1 to 9999");
    let (date, nanos) = stamp.to_parts().ok_or_else(beyond)?;
    let year = i16::try_from(date.year)
        .ok()
        .filter(|year| (1..=9999).contains(year))
        .ok_or_else(beyond)?;
    let seconds = nanos / 1_000_000_000;
    let small = |number: i64| u8::try_from(number).unwrap_or(0);
    Ok(OracleTimestamp::new_timestamp(
        year,
        date.month,
        date.day,
        small(seconds / 3_600),
        small(seconds / 60 % 60),
        small(seconds % 60),
        stamp.nanos,
    ))
}

fn refused(why: &str) -> DriverError {
    DriverError::new(
        Category::InvalidData,
        format!("a value does not fit: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::civil::Date;
    use quillback_plugin_api::value::Decimal;

    use super::*;

    fn number(text: &str) -> Result<String, Category> {
        let bound = one(&Value::Decimal(Decimal::new(text).unwrap())).map_err(|e| e.category)?;
        match bound {
            Bound::Number(Some(number)) => Ok(number.to_string()),
            _ => panic!("{text} is no number"),
        }
    }

    #[test]
    fn numbers_keep_every_digit_or_are_refused() {
        for (given, kept) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.00", "0"),
            ("12.50", "12.5"),
            ("-0.05", "-0.05"),
            ("007", "7"),
            ("100.005", "100.005"),
            (
                "99999999999999999999999999999999999999",
                "99999999999999999999999999999999999999",
            ),
        ] {
            assert_eq!(number(given).unwrap(), kept, "{given}");
        }
        for given in [
            "NaN",
            "-Infinity",
            "123456789012345678901234567890123456789",
        ] {
            assert_eq!(number(given), Err(Category::InvalidData), "{given}");
        }
    }

    #[test]
    fn the_largest_integers_are_exact() {
        for value in [
            Value::I64(i64::MIN),
            Value::I64(i64::MAX),
            Value::U64(u64::MAX),
        ] {
            let Ok(Bound::Number(Some(number))) = one(&value) else {
                panic!("{value:?}");
            };
            let wanted = match value {
                Value::U64(number) => number.to_string(),
                value => value.as_i64().unwrap().to_string(),
            };
            assert_eq!(number.to_string(), wanted);
        }
    }

    #[test]
    fn rows_get_one_type_for_each_column() {
        let mut rows = vec![
            all(&[Value::Null, "a".into()]).unwrap(),
            all(&[1.into(), Value::Null]).unwrap(),
        ];
        assert!(unify(&mut rows));
        assert!(matches!(rows[0][0], Bound::Number(None)));
        assert!(matches!(rows[1][1], Bound::Text(None)));
        let mut mixed = vec![all(&[1.into()]).unwrap(), all(&["a".into()]).unwrap()];
        assert!(!unify(&mut mixed));
    }

    #[test]
    fn moments_beyond_the_calendar_are_refused() {
        let date = |year| {
            Value::Date(Date {
                year,
                month: 2,
                day: 29,
            })
        };
        assert!(one(&date(2024)).is_ok());
        for value in [date(2023), date(0), date(12_000), Value::Time(1)] {
            let error = one(&value).err().unwrap();
            assert_eq!(error.category, Category::InvalidData, "{value:?}");
        }
    }
}
