//! The column types that are created for neutral types.

use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// Compares code points, so that a text which Quillback creates sorts and is unique character by character.
pub const COLLATION: &str = "Latin1_General_100_BIN2";
/// Characters of a text and bytes of a binary that are kept in the row.
const MAX_TEXT: u32 = 4_000;
const MAX_BYTES: u32 = 8_000;

/// The types of what is not kept in the row, or has no limit; `None` where a database has none for its tables.
#[derive(Clone, Copy, Debug)]
pub struct Unlimited {
    /// Of texts, such as `nvarchar(max)`.
    pub text: Option<&'static str>,
    /// Of bytes, such as `varbinary(max)`.
    pub bytes: Option<&'static str>,
}

/// The type to create.
///
/// # Errors
/// `RenderError` where no type holds every value.
pub fn to_create(ty: &LogicalType, unlimited: Unlimited) -> Result<String, RenderError> {
    Ok(match ty {
        LogicalType::Bool => "bit".into(),
        LogicalType::Int { bits, unsigned } => whole(*bits, *unsigned)?.into(),
        LogicalType::Decimal { precision, scale } => decimal(*precision, *scale)?,
        LogicalType::Float { bits: 32 } => "real".into(),
        LogicalType::Float { .. } => "float(53)".into(),
        LogicalType::Text { length } => text(*length, unlimited)?,
        LogicalType::Json => text(None, unlimited)?,
        LogicalType::Enum { labels } => {
            let longest = labels
                .iter()
                .map(|label| label.encode_utf16().count())
                .max();
            text(
                longest.and_then(|longest| u32::try_from(longest).ok()),
                unlimited,
            )?
        }
        LogicalType::Bytes { length } => match length.filter(|length| *length <= MAX_BYTES) {
            Some(length) => format!("varbinary({})", length.max(1)),
            None => unlimited
                .bytes
                .ok_or_else(|| lacking("more than 8,000 bytes"))?
                .into(),
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

fn text(length: Option<u32>, unlimited: Unlimited) -> Result<String, RenderError> {
    match (length.filter(|length| *length <= MAX_TEXT), unlimited.text) {
        (Some(length), _) => Ok(format!("nvarchar({}) COLLATE {COLLATION}", length.max(1))),
        (None, Some(ty)) => Ok(format!("{ty} COLLATE {COLLATION}")),
        (None, None) => Err(lacking("texts of more than 4,000 characters")),
    }
}

fn with_fraction(name: &str, precision: u8) -> Result<String, RenderError> {
    if precision <= 7 {
        Ok(format!("{name}({precision})"))
    } else {
        Err(lacking("times finer than a ten millionth of a second"))
    }
}
