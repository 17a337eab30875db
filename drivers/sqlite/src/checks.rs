//! The checks that make `SQLite` keep the type of a column: without them any column takes any value.
//!
//! They use functions that every `SQLite` has, so that other programs can still write the tables. Each begins with
//! `typeof("column")`: that is how a violation is told from one of other checks, and survives renaming the column.

use std::fmt::Write as _;

use quillback_plugin_api::types::LogicalType;

const DIGITS: &str = "'0123456789'";

/// The condition for values of `ty` in a column whose quoted name is `column`; `None` where any value goes.
pub(crate) fn check(column: &str, ty: &LogicalType, nullable: bool) -> Option<String> {
    let (storage, rule) = rule(column, ty)?;
    let type_of = if nullable {
        format!("typeof({column}) IN ('{storage}', 'null')")
    } else {
        format!("typeof({column}) = '{storage}'")
    };
    Some(if rule.is_empty() {
        type_of
    } else {
        format!("{type_of} AND {rule}")
    })
}

fn rule(c: &str, ty: &LogicalType) -> Option<(&'static str, String)> {
    let text = |rule| Some(("text", rule));
    match ty {
        LogicalType::Bool => Some(("integer", format!("{c} IN (0, 1)"))),
        LogicalType::Int {
            bits: 64,
            unsigned: true,
        } => text(unsigned_64(c)),
        LogicalType::Int { bits, unsigned } => Some(("integer", range(c, *bits, *unsigned))),
        LogicalType::Decimal { precision, scale } => text(decimal(c, *precision, *scale)),
        LogicalType::Float { bits: 32 } => Some((
            "real",
            format!("(abs({c}) <= 3.4028234663852886e38 OR abs({c}) = 9e999)"),
        )),
        LogicalType::Float { .. } => Some(("real", String::new())),
        LogicalType::Text { length: None } => text(String::new()),
        // length() stops at a NUL character, so the bytes are limited too: four for each character.
        LogicalType::Text { length: Some(most) } => text(format!(
            "length({c}) <= {most} AND length(CAST({c} AS BLOB)) <= {}",
            u64::from(*most) * 4
        )),
        LogicalType::Json => text(format!("json_valid({c})")),
        LogicalType::Bytes { length: None } => Some(("blob", String::new())),
        LogicalType::Bytes { length: Some(most) } => {
            Some(("blob", format!("length({c}) <= {most}")))
        }
        LogicalType::Uuid => text(format!(
            "{c} GLOB '????????-????-????-????-????????????' AND length(replace({c}, '-', '')) = 32 \
             AND {c} NOT GLOB '*[^0-9a-fA-F-]*'"
        )),
        LogicalType::Date => text(format!("date({c}) IS {c}")),
        LogicalType::Time { precision } => text(clock(c, "time", 8, *precision)),
        LogicalType::Timestamp { precision } | LogicalType::Instant { precision } => {
            text(clock(c, "datetime", 19, *precision))
        }
        LogicalType::OffsetTime { .. }
        | LogicalType::OffsetInstant { .. }
        | LogicalType::Interval
        | LogicalType::Enum { .. }
        | LogicalType::List { .. }
        | LogicalType::Other => None,
    }
}

fn range(c: &str, bits: u8, unsigned: bool) -> String {
    let span = 1_i64.checked_shl(u32::from(bits)).unwrap_or(i64::MAX);
    match (bits, unsigned) {
        (64.., _) => String::new(),
        (_, true) => format!("{c} BETWEEN 0 AND {}", span - 1),
        (_, false) => format!("{c} BETWEEN {} AND {}", -(span / 2), span / 2 - 1),
    }
}

fn unsigned_64(c: &str) -> String {
    format!(
        "length({c}) BETWEEN 1 AND 20 AND {c} NOT GLOB '*[^0-9]*' AND ({c} GLOB '0' OR {c} NOT GLOB '0*') \
         AND (length({c}) < 20 OR {c} COLLATE BINARY <= '18446744073709551615')"
    )
}

/// Digits with at most one point between them; then the digits before and after the point.
fn decimal(c: &str, precision: Option<u32>, scale: Option<i32>) -> String {
    let unsigned = format!("substr({c}, 1 + ({c} GLOB '-*'))");
    let mut rule = format!(
        "{unsigned} GLOB '[0-9]*' AND {c} GLOB '*[0-9]' AND trim({unsigned}, {DIGITS}) IN ('', '.')"
    );
    if let Some(precision) = precision {
        let scale = u32::try_from(scale.unwrap_or(0)).unwrap_or(0);
        let whole = u64::from(precision.saturating_sub(scale)) + 1;
        let _ = write!(
            rule,
            " AND instr(ltrim({unsigned}, '0') || '.', '.') <= {whole} \
             AND length(rtrim(substr({unsigned} || '.', instr({unsigned} || '.', '.') + 1), '0.')) <= {scale}"
        );
    }
    rule
}

/// What the engine's own function answers for the part up to the second, then a fraction without trailing zeros.
fn clock(c: &str, function: &str, seconds: usize, precision: u8) -> String {
    let whole = format!("substr({c}, 1, {seconds})");
    let exact = format!("{function}({whole}) IS {whole}");
    if precision == 0 {
        return format!("{exact} AND length({c}) = {seconds}");
    }
    let (point, digits) = (seconds + 1, seconds + 2);
    let most = point + usize::from(precision);
    format!(
        "{exact} AND (length({c}) = {seconds} OR length({c}) <= {most} AND substr({c}, {point}) GLOB '.*[1-9]' \
         AND trim(substr({c}, {digits}), {DIGITS}) = '')"
    )
}

/// The column of a violated check of this kind, read from the text of the check.
pub(crate) fn column_of(check: &str) -> Option<String> {
    let mut rest = check.strip_prefix("typeof(\"")?;
    let mut name = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return after.starts_with(')').then_some(name),
        }
    }
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
