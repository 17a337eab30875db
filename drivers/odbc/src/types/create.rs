//! What is created for a column of a neutral type, as the data of a dialect says.

use quillback_plugin_api::Value;
use quillback_plugin_api::dialect::{Dialect as _, standard_literal};
use quillback_plugin_api::sql::{ColumnDef, RenderError};
use quillback_plugin_api::types::LogicalType as T;

use crate::dialect::Printer;
use crate::spelling::{Spelling, Types};

/// The type of a column with its collation.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
pub(crate) fn column_type(types: &Types, column: &ColumnDef) -> Result<String, RenderError> {
    if column.identity
        && let Some((ty, _)) = types.identity
    {
        return Ok(ty.to_owned());
    }
    let mut text = to_create(types, &column.ty)?;
    if column.exact_text && matches!(column.ty, T::Text { .. } | T::Enum { .. }) {
        text.push_str(types.exact_text);
    }
    Ok(text)
}

/// The type to create for `ty`.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
fn to_create(types: &Types, ty: &T) -> Result<String, RenderError> {
    let one = |name: &'static str, what: &str| {
        if name.is_empty() {
            Err(lacking(what))
        } else {
            Ok(name.to_owned())
        }
    };
    let timed = |name: &'static str, digits: u8, what: &str| {
        if digits > types.fraction {
            return Err(lacking("times that fine"));
        }
        Ok(one(name, what)?.replace("{n}", &digits.to_string()))
    };
    match ty {
        T::Bool => one(types.bool, "booleans"),
        T::Int { bits, unsigned } => {
            let at = match bits {
                8 => 0,
                16 => 1,
                32 => 2,
                64 => 3,
                _ => return Err(lacking("whole numbers of that width")),
            };
            let names = if *unsigned {
                types.unsigned
            } else {
                types.signed
            };
            let [bits_8, bits_16, bits_32, bits_64] = names;
            let name = [bits_8, bits_16, bits_32, bits_64].get(at).copied();
            one(
                name.unwrap_or_default(),
                "whole numbers of 64 bits without a sign",
            )
        }
        T::Decimal {
            precision: None, ..
        } => one(types.unlimited, "exact numbers of any number of digits"),
        T::Decimal {
            precision: Some(precision),
            scale,
        } => decimal(types, *precision, scale.unwrap_or(0)),
        T::Float { bits: 32 } if !types.float[0].is_empty() => Ok(types.float[0].to_owned()),
        T::Float { .. } => one(types.float[1], "floats"),
        T::Text { length } => {
            let (longest, short, long) = types.text;
            Ok(sized(*length, longest, short, long))
        }
        T::Json => one(types.json, "JSON documents"),
        T::Bytes { length } => {
            let (longest, short, long) = types.bytes;
            Ok(sized(*length, longest, short, long))
        }
        T::Uuid => one(types.uuid, "UUIDs"),
        T::Date => one(types.date, "dates"),
        T::Time { precision } => timed(types.time, *precision, "times of day"),
        T::Timestamp { precision } => timed(types.timestamp, *precision, "civil times"),
        T::Instant { precision } => timed(types.instant, *precision, "moments in time"),
        T::OffsetTime { .. } => Err(lacking("times with an offset")),
        T::OffsetInstant { .. } => Err(lacking("moments with an offset")),
        T::Interval => Err(lacking("intervals")),
        // Which texts are allowed is not something that ODBC tells of a column.
        T::Enum { .. } => Err(lacking("one of a list of texts")),
        T::List { .. } => Err(lacking("lists")),
        T::Other => Err(lacking("a type of another database")),
    }
}

fn lacking(what: &str) -> RenderError {
    RenderError::unsupported(format!("columns for {what} (through ODBC)"))
}

fn sized(length: Option<u32>, longest: u32, short: &'static str, long: &'static str) -> String {
    match length.filter(|length| *length <= longest) {
        Some(length) => short.replace("{n}", &length.max(1).to_string()),
        None => long.to_owned(),
    }
}

fn decimal(types: &Types, precision: u32, scale: i32) -> Result<String, RenderError> {
    let (name, most, finest) = types.decimal;
    let fits = (1..=most).contains(&precision)
        && u32::try_from(scale).is_ok_and(|scale| scale <= finest && scale <= precision);
    if !fits || name.is_empty() {
        return Err(lacking(&format!(
            "exact numbers of {precision} digits with {scale} after the point"
        )));
    }
    Ok(name
        .replace("{p}", &precision.to_string())
        .replace("{s}", &scale.to_string()))
}

/// A constant for a default.
///
/// # Errors
/// `Unsupported` for other than booleans, numbers and texts.
pub(crate) fn literal(spelling: &Spelling, value: &Value) -> Result<String, RenderError> {
    let types = &spelling.types;
    match value {
        Value::Bool(flag) => {
            let [no, yes] = types.truth;
            Ok(if *flag { yes } else { no }.to_owned())
        }
        Value::Decimal(number) if number.is_finite() => Ok(number.as_str().to_owned()),
        Value::Text(text) if !text.contains('\0') => {
            let plain = if types.plain_backslash {
                text.clone()
            } else {
                text.replace('\\', "\\\\")
            };
            let quoted = plain.replace('\'', types.quote_in_literal);
            Ok(format!("{}'{quoted}'", types.literal_prefix))
        }
        value => standard_literal(value),
    }
}

/// The parts of one `ALTER TABLE` that make a column what it is to become.
///
/// # Errors
/// `Unsupported` for what no column holds without loss.
pub(crate) fn parts(
    printer: &Printer,
    from: &ColumnDef,
    to: &ColumnDef,
) -> Result<Vec<String>, RenderError> {
    let new_type = from.ty != to.ty || from.exact_text != to.exact_text;
    let new_default = new_type || from.default != to.default;
    let mut parts = Vec::new();
    // The database cannot always convert a default by itself.
    if from.default.is_some() && new_default {
        parts.push("DROP DEFAULT".to_owned());
    }
    if new_type {
        parts.push(format!("TYPE {}", printer.column_type(to)?));
    }
    if let Some(default) = to.default.as_ref().filter(|_| new_default) {
        parts.push(format!("SET DEFAULT {}", printer.literal(default)?));
    }
    if from.nullable != to.nullable {
        let part = if to.nullable {
            "DROP NOT NULL"
        } else {
            "SET NOT NULL"
        };
        parts.push(part.to_owned());
    }
    Ok(parts)
}
