//! The column types that are created for neutral types.

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// Digits of an exact number.
pub(crate) const MAX_DIGITS: usize = 38;
/// Compares code points, so that a text which Quillback creates sorts and is unique character by character.
pub(crate) const COLLATION: &str = "Latin1_General_100_BIN2";
/// Characters of a text and bytes of a binary that are kept in the row.
const MAX_TEXT: u32 = 4_000;
const MAX_BYTES: u32 = 8_000;

/// The type to create.
///
/// # Errors
/// `RenderError` where no type holds every value.
pub(crate) fn to_create(ty: &LogicalType) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Bool => "bit".into(),
        LogicalType::Int { bits, unsigned } => whole(*bits, *unsigned)?.into(),
        LogicalType::Decimal { precision, scale } => decimal(*precision, *scale)?,
        LogicalType::Float { bits: 32 } => "real".into(),
        LogicalType::Float { .. } => "float(53)".into(),
        LogicalType::Text { length } => text(*length),
        LogicalType::Json => text(None),
        LogicalType::Enum { labels } => {
            let longest = labels
                .iter()
                .map(|label| label.encode_utf16().count())
                .max();
            text(longest.and_then(|longest| u32::try_from(longest).ok()))
        }
        LogicalType::Bytes { length } => match length.filter(|length| *length <= MAX_BYTES) {
            Some(length) => format!("varbinary({})", length.max(1)),
            None => "varbinary(max)".into(),
        },
        LogicalType::Uuid => "uniqueidentifier".into(),
        LogicalType::Date => "date".into(),
        LogicalType::Time { precision } => with_fraction("time", *precision)?,
        LogicalType::Timestamp { precision } => with_fraction("datetime2", *precision)?,
        LogicalType::Instant { precision } | LogicalType::OffsetInstant { precision } => {
            with_fraction("datetimeoffset", *precision)?
        }
        LogicalType::OffsetTime { .. } => return Err(lacking("times with an offset")),
        LogicalType::Interval => return Err(lacking("intervals")),
        LogicalType::List { .. } => return Err(lacking("lists")),
        LogicalType::Other => return Err(lacking("types of other databases")),
    })
}

fn lacking(what: &str) -> RenderError {
    RenderError::unsupported(format!("columns of {what}"))
}

/// `tinyint` has no sign, every other type has one.
fn whole(bits: u8, unsigned: bool) -> Result<&'static str, RenderError> {
    match (bits, unsigned) {
        (8, true) => Ok("tinyint"),
        (8 | 16, false) => Ok("smallint"),
        (16, true) | (32, false) => Ok("int"),
        (32, true) | (64, false) => Ok("bigint"),
        (64, true) => Ok("decimal(20,0)"),
        _ => Err(lacking("whole numbers of that width")),
    }
}

fn decimal(precision: Option<u32>, scale: Option<i32>) -> Result<String, RenderError> {
    let Some(precision) = precision else {
        return Err(lacking("numbers of any number of digits"));
    };
    let scale = scale.unwrap_or(0);
    let fits =
        (1..=38).contains(&precision) && u32::try_from(scale).is_ok_and(|scale| scale <= precision);
    if fits {
        Ok(format!("decimal({precision},{scale})"))
    } else {
        Err(lacking("numbers of more than 38 digits"))
    }
}

fn text(length: Option<u32>) -> String {
    match length.filter(|length| *length <= MAX_TEXT) {
        Some(length) => format!("nvarchar({}) COLLATE {COLLATION}", length.max(1)),
        None => format!("nvarchar(max) COLLATE {COLLATION}"),
    }
}

fn with_fraction(name: &str, precision: u8) -> Result<String, RenderError> {
    if precision <= 7 {
        Ok(format!("{name}({precision})"))
    } else {
        Err(lacking("times finer than a ten millionth of a second"))
    }
}

/// Digits of a number in plain notation, and how many of them stand after the point.
pub(crate) fn digits(number: &str) -> (usize, usize) {
    let unsigned = number.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0').len();
    ((whole + fraction.len()).max(1), fraction.len())
}

/// Whether some `decimal` holds the number.
pub(crate) fn fits_decimal(number: &str) -> bool {
    number.ends_with(|last: char| last.is_ascii_digit()) && digits(number).0 <= MAX_DIGITS
}
