//! UUIDs, intervals and lists.

use quillback_plugin_api::Value;
use quillback_plugin_api::civil::Interval;
use quillback_plugin_api::types::LogicalType;

use super::Sample;

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "uuids",
        ty: || LogicalType::Uuid,
        good: |_, _| {
            let counting = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
            [[0; 16], [255; 16], counting].map(Value::Uuid).into()
        },
        bad: |got, _| match got {
            LogicalType::Uuid => vec!["no uuid at all".into(), Value::Bytes(vec![1; 15])],
            _ => Vec::new(),
        },
        comparable: true,
    },
    Sample {
        name: "intervals",
        ty: || LogicalType::Interval,
        good: |_, _| {
            [
                (0, 0, 0, 0),
                (14, -3, 5, 6_000),
                (-1, 0, 0, 0),
                (0, 400, -90_000, -1_000),
            ]
            .map(|(months, days, seconds, nanos)| {
                Value::Interval(Interval {
                    months,
                    days,
                    seconds,
                    nanos,
                })
            })
            .into()
        },
        bad: |_, _| {
            vec![Value::Interval(Interval {
                months: i64::MAX,
                days: 0,
                seconds: 0,
                nanos: 0,
            })]
        },
        comparable: true,
    },
    Sample {
        name: "lists_of_numbers",
        ty: || LogicalType::List {
            element: Box::new(LogicalType::INT64),
        },
        good: |_, _| {
            vec![
                Value::List(Vec::new()),
                Value::List(vec![
                    1.into(),
                    Value::Null,
                    i64::MIN.into(),
                    i64::MAX.into(),
                ]),
            ]
        },
        bad: |_, _| vec![Value::List(vec!["abc".into()])],
        comparable: false,
    },
    Sample {
        name: "lists_of_texts",
        ty: || LogicalType::List {
            element: Box::new(LogicalType::Text { length: None }),
        },
        good: |_, _| {
            let texts = ["", "a,b", "\"q\"", "{x}", "\\", "NULL", "null", " ", "🚀"];
            let mut all: Vec<Value> = texts.map(Value::from).into();
            all.push(Value::Null);
            vec![Value::List(Vec::new()), Value::List(all)]
        },
        bad: |_, _| Vec::new(),
        comparable: false,
    },
];
