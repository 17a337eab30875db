//! The types of columns: what is created for which neutral type, and what their numbers mean
//! (<https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html>).

use quillback_family_postgres::types::NativeType;
use quillback_plugin_api::sql::RenderError;
use quillback_plugin_api::types::LogicalType;

/// Most bytes of a text in a column: <https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html>.
const MAX_VARCHAR: u32 = 65_535;
/// The modifier of a column of that many.
const LARGE_TEXT: i32 = 65_535 + 4;
/// Most bytes of a character.
const CHARACTER: u32 = 4;
/// Most bytes of a binary: <https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html>.
const MAX_VARBYTE: u32 = 16_777_216;
/// Most digits of an exact number: <https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html>.
const MAX_DIGITS: u32 = 38;
/// Digits of the fraction of a second, in every type.
const FRACTION: u8 = 6;

/// Numbers of types, as Amazon's own driver has them
/// (<https://github.com/aws/amazon-redshift-python-driver/blob/master/redshift_connector/utils/oids.py>).
pub(crate) mod number {
    pub(crate) const VARCHAR: u32 = 1043;
    pub(crate) const BPCHAR: u32 = 1042;
    pub(crate) const DATE: u32 = 1082;
    pub(crate) const TIME: u32 = 1083;
    pub(crate) const NUMERIC: u32 = 1700;
    pub(crate) const SUPER: u32 = 4000;
    pub(crate) const VARBYTE: u32 = 6551;
}

/// The type to create for a column.
///
/// # Errors
/// What the database has no type for.
pub(crate) fn sql_type(ty: &LogicalType) -> Result<String, RenderError> {
    let text = match ty {
        LogicalType::Bool => "BOOLEAN",
        LogicalType::Int { bits, unsigned } => integer(*bits, *unsigned)?,
        LogicalType::Float { bits: 32 } => "REAL",
        LogicalType::Float { bits: 64 } => "DOUBLE PRECISION",
        LogicalType::Float { bits } => {
            return Err(RenderError::unsupported(format!("numbers of {bits} bits")));
        }
        LogicalType::Decimal { precision, scale } => return decimal(*precision, *scale),
        LogicalType::Text { length } => return varchar(*length),
        LogicalType::Enum { labels } => {
            let longest = labels.iter().map(|label| label.chars().count()).max();
            let longest = longest.and_then(|longest| u32::try_from(longest).ok());
            return match longest {
                Some(longest) => varchar(Some(longest.max(1))),
                None => Err(RenderError::unsupported("a choice of nothing")),
            };
        }
        LogicalType::Json => "SUPER",
        LogicalType::Bytes { length } => {
            let length = length.unwrap_or(MAX_VARBYTE).max(1);
            if length > MAX_VARBYTE {
                return Err(RenderError::unsupported(format!(
                    "{length} bytes in a column"
                )));
            }
            return Ok(format!("VARBYTE({length})"));
        }
        LogicalType::Uuid => "VARCHAR(36)",
        LogicalType::Date => "DATE",
        LogicalType::Time { precision } => fraction(*precision, "TIME")?,
        LogicalType::Timestamp { precision } => fraction(*precision, "TIMESTAMP")?,
        LogicalType::Instant { precision } => fraction(*precision, "TIMESTAMPTZ")?,
        // TIMETZ is kept as UTC: https://docs.aws.amazon.com/redshift/latest/dg/r_Datetime_types.html
        LogicalType::OffsetInstant { .. } | LogicalType::OffsetTime { .. } => {
            return Err(RenderError::unsupported(
                "columns that remember an offset from UTC; use a moment in time, kept as UTC",
            ));
        }
        LogicalType::Interval | LogicalType::List { .. } => {
            return Err(RenderError::unsupported("columns of intervals or lists"));
        }
        LogicalType::Other => {
            return Err(RenderError::unsupported(
                "columns of a type that only another has",
            ));
        }
    };
    Ok(text.to_owned())
}

fn integer(bits: u8, unsigned: bool) -> Result<&'static str, RenderError> {
    match (bits, unsigned) {
        (8 | 16, false) | (8, true) => Ok("SMALLINT"),
        (32, false) | (16, true) => Ok("INTEGER"),
        (64, false) | (32, true) => Ok("BIGINT"),
        // There is no wider integer; twenty digits hold every unsigned one.
        (64, true) => Ok("DECIMAL(20,0)"),
        _ => Err(RenderError::unsupported(format!("numbers of {bits} bits"))),
    }
}

fn decimal(precision: Option<u32>, scale: Option<i32>) -> Result<String, RenderError> {
    let Some(precision) = precision else {
        return Err(RenderError::unsupported(
            "exact numbers without a limit: say how many digits there are",
        ));
    };
    let scale = scale.unwrap_or(0);
    let fits = u32::try_from(scale).is_ok_and(|scale| scale <= precision && scale < MAX_DIGITS);
    if (1..=MAX_DIGITS).contains(&precision) && fits {
        Ok(format!("DECIMAL({precision},{scale})"))
    } else {
        Err(RenderError::unsupported(format!(
            "numbers of {precision} digits, {scale} of them after the point"
        )))
    }
}

/// Lengths are bytes. A column of more characters than fit at four bytes each is as long as there is.
fn varchar(length: Option<u32>) -> Result<String, RenderError> {
    match length {
        Some(length) if length > MAX_VARCHAR => Err(RenderError::unsupported(format!(
            "texts of {length} characters"
        ))),
        Some(length) => {
            let bytes = (length.max(1) * CHARACTER).min(MAX_VARCHAR);
            Ok(format!("VARCHAR({bytes})"))
        }
        None => Ok(format!("VARCHAR({MAX_VARCHAR})")),
    }
}

fn fraction(digits: u8, ty: &'static str) -> Result<&'static str, RenderError> {
    if digits <= FRACTION {
        Ok(ty)
    } else {
        Err(RenderError::unsupported(format!(
            "{digits} digits of a second; it keeps {FRACTION}"
        )))
    }
}

/// The neutral type of a column.
pub(crate) fn logical(ty: u32, modifier: i32) -> LogicalType {
    match ty {
        number::SUPER => LogicalType::Json,
        number::VARBYTE => LogicalType::Bytes { length: None },
        // There is no longer text.
        number::VARCHAR if modifier == LARGE_TEXT => LogicalType::Text { length: None },
        _ => {
            let native = NativeType {
                oid: ty,
                modifier,
                ..NativeType::default()
            };
            native.logical()
        }
    }
}

/// The database's own text of a type: nobody makes types, so that their numbers say it all.
pub(crate) fn name(ty: u32, modifier: i32) -> String {
    let length = modifier - 4;
    match ty {
        16 => "boolean".to_owned(),
        20 => "bigint".to_owned(),
        21 => "smallint".to_owned(),
        23 => "integer".to_owned(),
        25 => "text".to_owned(),
        26 => "oid".to_owned(),
        700 => "real".to_owned(),
        701 => "double precision".to_owned(),
        number::BPCHAR if length > 0 => format!("character({length})"),
        number::BPCHAR => "character".to_owned(),
        number::VARCHAR if length > 0 => format!("character varying({length})"),
        number::VARCHAR => "character varying".to_owned(),
        number::DATE => "date".to_owned(),
        number::TIME => "time without time zone".to_owned(),
        1266 => "time with time zone".to_owned(),
        1114 => "timestamp without time zone".to_owned(),
        1184 => "timestamp with time zone".to_owned(),
        1188 => "interval year to month".to_owned(),
        1190 => "interval day to second".to_owned(),
        number::NUMERIC if length >= 0 => {
            format!("numeric({},{})", length >> 16, length & 0x7FF)
        }
        number::NUMERIC => "numeric".to_owned(),
        number::SUPER => "super".to_owned(),
        number::VARBYTE => "binary varying".to_owned(),
        2_935 => "hllsketch".to_owned(),
        3_000 => "geometry".to_owned(),
        3_001 => "geography".to_owned(),
        other => format!("type {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_texts_are_bytes() {
        for (ty, sql) in [
            (LogicalType::text(10), "VARCHAR(40)"),
            (LogicalType::text(16_383), "VARCHAR(65532)"),
            (LogicalType::text(16_384), "VARCHAR(65535)"),
            (LogicalType::text(65_535), "VARCHAR(65535)"),
            (LogicalType::Text { length: None }, "VARCHAR(65535)"),
            (
                LogicalType::Enum {
                    labels: vec!["a".into(), "größte".into()],
                },
                "VARCHAR(24)",
            ),
            (LogicalType::Uuid, "VARCHAR(36)"),
            (LogicalType::Json, "SUPER"),
            (LogicalType::Bytes { length: Some(16) }, "VARBYTE(16)"),
            (LogicalType::Bytes { length: None }, "VARBYTE(16777216)"),
            (LogicalType::decimal(38, 37), "DECIMAL(38,37)"),
            (LogicalType::Timestamp { precision: 3 }, "TIMESTAMP"),
            (LogicalType::INSTANT, "TIMESTAMPTZ"),
        ] {
            assert_eq!(sql_type(&ty).unwrap(), sql, "{ty:?}");
        }
    }

    #[test]
    fn what_has_no_type_is_refused() {
        for ty in [
            LogicalType::text(65_536),
            LogicalType::decimal(39, 0),
            LogicalType::decimal(38, 38),
            LogicalType::decimal(5, -2),
            LogicalType::Decimal {
                precision: None,
                scale: None,
            },
            LogicalType::Timestamp { precision: 9 },
            LogicalType::OffsetTime { precision: 6 },
            LogicalType::Interval,
            LogicalType::Other,
            LogicalType::Enum { labels: vec![] },
        ] {
            assert!(sql_type(&ty).is_err(), "{ty:?}");
        }
    }

    #[test]
    fn types_are_read_by_their_numbers() {
        assert_eq!(logical(1043, 44), LogicalType::text(40));
        assert_eq!(logical(1043, 65_539), LogicalType::Text { length: None });
        assert_eq!(
            logical(1700, (18 << 16 | 4) + 4),
            LogicalType::decimal(18, 4)
        );
        assert_eq!(logical(4000, -1), LogicalType::Json);
        assert_eq!(logical(1114, -1), LogicalType::Timestamp { precision: 6 });
        assert_eq!(logical(3000, -1), LogicalType::Other);
        assert_eq!(name(1700, (18 << 16 | 4) + 4), "numeric(18,4)");
        assert_eq!(name(1043, 44), "character varying(40)");
        assert_eq!(name(4711, -1), "type 4711");
    }
}
