//! Dates, times and moments.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::{Date, Timestamp};
use quillback_plugin_api::types::LogicalType;

use super::Sample;
use crate::Quirks;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

macro_rules! moment {
    ($name:literal, $kind:ident, $precision:literal, $good:expr, $bad:expr) => {
        Sample {
            name: $name,
            ty: || LogicalType::$kind {
                precision: $precision,
            },
            good: |_, _| $good($precision),
            bad: |got, quirks| match precision(got) {
                Some(digits) => $bad(digits, quirks),
                None => Vec::new(),
            },
            comparable: true,
        }
    };
}

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "dates",
        ty: || LogicalType::Date,
        good: |_, _| dates().map(Value::Date).into(),
        bad: |_, _| {
            vec![
                Value::Date(Date {
                    year: 2023,
                    month: 2,
                    day: 29,
                }),
                Value::Date(Date {
                    year: 2023,
                    month: 13,
                    day: 1,
                }),
                Value::Date(Date {
                    year: i32::MAX,
                    month: 1,
                    day: 1,
                }),
                "yesterday, more or less".into(),
            ]
        },
        comparable: true,
    },
    moment!("times_of_whole_seconds", Time, 0, times, beyond_times),
    moment!("times_with_microseconds", Time, 6, times, beyond_times),
    moment!(
        "timestamps_of_whole_seconds",
        Timestamp,
        0,
        timestamps,
        beyond_timestamps
    ),
    moment!(
        "timestamps_with_milliseconds",
        Timestamp,
        3,
        timestamps,
        beyond_timestamps
    ),
    moment!(
        "timestamps_with_microseconds",
        Timestamp,
        6,
        timestamps,
        beyond_timestamps
    ),
    moment!(
        "timestamps_with_nanoseconds",
        Timestamp,
        9,
        timestamps,
        beyond_timestamps
    ),
    moment!(
        "instants_of_whole_seconds",
        Instant,
        0,
        instants,
        beyond_instants
    ),
    moment!(
        "instants_with_microseconds",
        Instant,
        6,
        instants,
        beyond_instants
    ),
    moment!(
        "times_with_an_offset",
        OffsetTime,
        6,
        offset_times,
        |_, _| Vec::new()
    ),
    moment!(
        "instants_with_an_offset",
        OffsetInstant,
        6,
        offset_instants,
        |_, _| Vec::new()
    ),
];

fn precision(ty: &LogicalType) -> Option<u8> {
    match ty {
        LogicalType::Time { precision }
        | LogicalType::Timestamp { precision }
        | LogicalType::Instant { precision }
        | LogicalType::OffsetTime { precision }
        | LogicalType::OffsetInstant { precision } => Some(*precision),
        _ => None,
    }
}

fn dates() -> [Date; 8] {
    [
        (1, 1, 1),
        (1582, 10, 10),
        (1900, 2, 28),
        (1969, 12, 31),
        (1970, 1, 1),
        (2000, 2, 29),
        (2038, 1, 20),
        (9999, 12, 31),
    ]
    .map(|(year, month, day)| Date { year, month, day })
}

/// The last moment before a whole second that has `digits` digits, in nanoseconds.
fn last_fraction(digits: u8) -> i64 {
    SECOND - 10_i64.pow(9 - u32::from(digits.min(9)))
}

fn times(digits: u8) -> Vec<Value> {
    let last = last_fraction(digits);
    [
        0,
        SECOND,
        12 * 3_600 * SECOND,
        DAY - SECOND,
        DAY - SECOND + last,
    ]
    .map(Value::Time)
    .into()
}

fn stamps(digits: u8) -> Vec<Timestamp> {
    let last = last_fraction(digits);
    let mut all: Vec<_> = dates().map(|date| Timestamp::from_parts(date, 0)).into();
    let [first, .., end] = dates();
    for date in [
        first,
        Date {
            year: 1969,
            month: 12,
            day: 31,
        },
        end,
    ] {
        all.push(Timestamp::from_parts(date, DAY - SECOND + last));
    }
    // A moment that does not exist in zones with summer time, and one that is there twice.
    all.push(Timestamp::from_parts(
        Date {
            year: 2024,
            month: 3,
            day: 31,
        },
        9_000 * SECOND,
    ));
    all.push(Timestamp::from_parts(
        Date {
            year: 2024,
            month: 10,
            day: 27,
        },
        9_000 * SECOND,
    ));
    all
}

fn timestamps(digits: u8) -> Vec<Value> {
    stamps(digits).into_iter().map(Value::Timestamp).collect()
}

fn instants(digits: u8) -> Vec<Value> {
    stamps(digits).into_iter().map(Value::Instant).collect()
}

fn offset_times(digits: u8) -> Vec<Value> {
    let last = last_fraction(digits);
    [
        (0, 0),
        (DAY - SECOND + last, 3_600),
        (SECOND, -50_400),
        (SECOND, 50_400),
        (SECOND, 19_800),
    ]
    .map(|(nanos, offset)| Value::OffsetTime { nanos, offset })
    .into()
}

fn offset_instants(digits: u8) -> Vec<Value> {
    let stamp = Timestamp::from_parts(
        Date {
            year: 2024,
            month: 2,
            day: 29,
        },
        last_fraction(digits),
    );
    [0, 3_600, -50_400, 50_400, 19_800]
        .map(|offset| Value::OffsetInstant {
            instant: stamp,
            offset,
        })
        .into()
}

/// A fraction of a second that is finer than `digits` digits by one; none beyond nanoseconds.
fn too_fine(digits: u8, quirks: &Quirks) -> Option<i64> {
    (digits < 9 && !quirks.rounds_fractions).then(|| 10_i64.pow(8 - u32::from(digits)))
}

fn beyond_times(digits: u8, quirks: &Quirks) -> Vec<Value> {
    let mut bad = vec![Value::Time(i64::MAX)];
    bad.extend(too_fine(digits, quirks).map(Value::Time));
    bad
}

fn beyond_stamps(digits: u8, quirks: &Quirks) -> Vec<Timestamp> {
    let mut bad = vec![
        Timestamp {
            seconds: i64::MAX,
            nanos: 0,
        },
        Timestamp {
            seconds: i64::MIN,
            nanos: 0,
        },
    ];
    let moon_landing = Date {
        year: 1969,
        month: 7,
        day: 20,
    };
    bad.extend(too_fine(digits, quirks).map(|nanos| Timestamp::from_parts(moon_landing, nanos)));
    bad
}

fn beyond_timestamps(digits: u8, quirks: &Quirks) -> Vec<Value> {
    beyond_stamps(digits, quirks)
        .into_iter()
        .map(Value::Timestamp)
        .collect()
}

fn beyond_instants(digits: u8, quirks: &Quirks) -> Vec<Value> {
    beyond_stamps(digits, quirks)
        .into_iter()
        .map(Value::Instant)
        .collect()
}
