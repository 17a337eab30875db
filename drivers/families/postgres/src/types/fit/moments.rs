//! Dates, times and intervals in the database's own units.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, Interval, Timestamp};

use super::{EPOCH_DAYS, EPOCH_SECONDS, Form, Unfit};
use crate::types::oid;

const DAY_MICROS: i64 = 86_400_000_000;

pub(super) fn fit_time(value: &Value, ty: u32) -> Result<Form<'_>, Unfit> {
    match (ty, value) {
        (oid::TIME, Value::Time(nanos)) => Ok(Form::Time(day_time(*nanos, ty)?)),
        (oid::TIMETZ, Value::Time(nanos)) => Ok(Form::TimeTz(day_time(*nanos, ty)?, 0)),
        (oid::TIMETZ, Value::OffsetTime { nanos, offset }) => {
            Ok(Form::TimeTz(day_time(*nanos, ty)?, *offset))
        }
        (oid::INTERVAL, Value::Time(nanos)) => Ok(Form::Interval(micros(*nanos, ty)?, 0, 0)),
        (oid::INTERVAL, Value::Interval(interval)) => fit_interval(*interval),
        (oid::DATE, Value::Date(date)) => Ok(Form::Date(days(*date)?)),
        (oid::DATE, _) => {
            let micros = moment(value, ty)?;
            if micros.rem_euclid(DAY_MICROS) != 0 {
                return Err(Unfit::Fraction(ty));
            }
            let days = i32::try_from(micros.div_euclid(DAY_MICROS));
            days.map(Form::Date).map_err(|_| Unfit::Range(ty))
        }
        (oid::TIMESTAMP | oid::TIMESTAMPTZ, Value::Date(date)) => {
            let micros = i64::from(days(*date)?).checked_mul(DAY_MICROS);
            micros.map(Form::Timestamp).ok_or(Unfit::Range(ty))
        }
        (oid::TIMESTAMP | oid::TIMESTAMPTZ, _) => moment(value, ty).map(Form::Timestamp),
        _ => Err(Unfit::Kind(ty)),
    }
}

/// Microseconds since 2000 of anything that is a date with a time; the session's zone is UTC.
fn moment(value: &Value, ty: u32) -> Result<i64, Unfit> {
    let (Value::Timestamp(stamp)
    | Value::Instant(stamp)
    | Value::OffsetInstant { instant: stamp, .. }
    | Value::ZonedInstant { instant: stamp, .. }) = value
    else {
        return Err(Unfit::Kind(ty));
    };
    if stamp.nanos % 1_000 != 0 {
        return Err(Unfit::Fraction(ty));
    }
    let shifted = Timestamp {
        seconds: stamp
            .seconds
            .checked_sub(EPOCH_SECONDS)
            .ok_or(Unfit::Range(ty))?,
        nanos: stamp.nanos,
    };
    // The two ends stand for infinity.
    match shifted.to_micros() {
        Some(micros) if micros != i64::MAX && micros != i64::MIN => Ok(micros),
        _ => Err(Unfit::Range(ty)),
    }
}

fn days(date: Date) -> Result<i32, Unfit> {
    if !date.is_valid() {
        return Err(Unfit::Calendar);
    }
    match i32::try_from(date.to_days() - EPOCH_DAYS) {
        Ok(days) if days != i32::MAX && days != i32::MIN => Ok(days),
        _ => Err(Unfit::Range(oid::DATE)),
    }
}

fn day_time(nanos: i64, ty: u32) -> Result<i64, Unfit> {
    let micros = micros(nanos, ty)?;
    if (0..=DAY_MICROS).contains(&micros) {
        Ok(micros)
    } else {
        Err(Unfit::Range(ty))
    }
}

fn micros(nanos: i64, ty: u32) -> Result<i64, Unfit> {
    if nanos % 1_000 == 0 {
        Ok(nanos / 1_000)
    } else {
        Err(Unfit::Fraction(ty))
    }
}

fn fit_interval<'v>(interval: Interval) -> Result<Form<'v>, Unfit> {
    let range = Unfit::Range(oid::INTERVAL);
    let fraction = micros(i64::from(interval.nanos), oid::INTERVAL)?;
    let micros = interval
        .seconds
        .checked_mul(1_000_000)
        .and_then(|micros| micros.checked_add(fraction))
        .ok_or(range)?;
    let days = i32::try_from(interval.days).map_err(|_| range)?;
    let months = i32::try_from(interval.months).map_err(|_| range)?;
    // All three at their ends stand for infinity from version 17 on.
    if (micros, days, months) == (i64::MAX, i32::MAX, i32::MAX)
        || (micros, days, months) == (i64::MIN, i32::MIN, i32::MIN)
    {
        return Err(range);
    }
    Ok(Form::Interval(micros, days, months))
}
