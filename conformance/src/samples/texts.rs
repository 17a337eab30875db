//! Texts, JSON, bytes and enumerations.

use quillback_plugin_api::Value;
use quillback_plugin_api::types::LogicalType;

use super::Sample;
use crate::Quirks;

pub(super) const SAMPLES: &[Sample] = &[
    Sample {
        name: "texts_of_10_characters",
        ty: || LogicalType::text(10),
        good: |_, quirks| {
            let mut good = awkward(quirks);
            good.extend([
                "0123456789".into(),
                "🚀".repeat(rockets(10, quirks)).into(),
                "ß".repeat(10).into(),
            ]);
            good
        },
        bad: too_long_text,
        comparable: true,
    },
    Sample {
        name: "texts_without_limit",
        ty: || LogicalType::Text { length: None },
        good: |_, quirks| {
            let mut good = awkward(quirks);
            good.push("x".repeat(1 << 20).into());
            good.push("é🚀".repeat(100_000).into());
            good
        },
        bad: |_, quirks| without_nul(quirks),
        // Large texts cannot be compared everywhere.
        comparable: false,
    },
    Sample {
        name: "bytes_of_16",
        ty: || LogicalType::Bytes { length: Some(16) },
        good: |_, _| {
            vec![
                Value::Bytes(Vec::new()),
                Value::Bytes(vec![0; 16]),
                Value::Bytes(vec![255, 0, 1]),
            ]
        },
        bad: |got, _| match got {
            LogicalType::Bytes { length: Some(most) } => {
                vec![Value::Bytes(vec![7; *most as usize + 1])]
            }
            _ => Vec::new(),
        },
        comparable: true,
    },
    Sample {
        name: "bytes_without_limit",
        ty: || LogicalType::Bytes { length: None },
        good: |_, _| {
            vec![
                Value::Bytes(Vec::new()),
                Value::Bytes((0..=255).collect()),
                Value::Bytes((0..1_u32 << 20).map(|n| n.to_le_bytes()[1]).collect()),
            ]
        },
        bad: |_, _| Vec::new(),
        comparable: false,
    },
    Sample {
        name: "json",
        ty: || LogicalType::Json,
        good: |_, _| {
            [
                "{}",
                "[]",
                "null",
                "true",
                "0",
                "\"\"",
                "1.10",
                "{\"b\": 1, \"a\": [1, 2.5, {\"c\": null}]}",
                "[12345678901234567]",
                "\"it's \\\"quoted\\\" \\\\ 🚀 \\n\"",
            ]
            .map(|text| Value::Json(text.to_owned()))
            .into()
        },
        bad: |_, _| {
            ["{", "", "{\"a\":}", "[1,]"]
                .map(|text| Value::Json(text.to_owned()))
                .into()
        },
        comparable: false,
    },
    Sample {
        name: "enumerations",
        ty: || LogicalType::Enum { labels: labels() },
        good: |_, _| labels().into_iter().map(Value::Text).collect(),
        bad: |got, _| match got {
            LogicalType::Enum { .. } => vec!["blue".into()],
            _ => Vec::new(),
        },
        comparable: true,
    },
];

fn labels() -> Vec<String> {
    ["red", "it's", "grün 🚀"].map(str::to_owned).into()
}

/// Short texts that a careless client changes.
fn awkward(quirks: &Quirks) -> Vec<Value> {
    let mut texts: Vec<Value> = [
        "",
        " ",
        "a ",
        " a",
        "'",
        "''",
        "\"",
        "`",
        "\\",
        "\\'",
        "%",
        "_",
        "?",
        "$1",
        ":a",
        "@p",
        ";--",
        "NULL",
        "null",
        "\r\n\t",
        "é",
        "e\u{301}",
        "🚀",
        "\u{10ffff}",
        "\u{feff}x",
        "0",
        "1e5",
        "true",
    ]
    .map(Value::from)
    .into();
    if quirks.keeps_nul {
        texts.push("a\0b".into());
    }
    texts
}

fn without_nul(quirks: &Quirks) -> Vec<Value> {
    if quirks.keeps_nul {
        Vec::new()
    } else {
        vec!["a\0b".into(), "\0".into()]
    }
}

/// How many characters beyond the basic plane a text column of that length takes.
fn rockets(length: usize, quirks: &Quirks) -> usize {
    if quirks.counts_utf16 {
        length / 2
    } else {
        length
    }
}

fn too_long_text(got: &LogicalType, quirks: &Quirks) -> Vec<Value> {
    let mut bad = without_nul(quirks);
    if let LogicalType::Text { length: Some(most) } = got {
        let most = *most as usize;
        bad.extend([
            Value::from("y".repeat(most + 1)),
            Value::from("🚀".repeat(rockets(most, quirks) + 1)),
        ]);
        if !quirks.cuts_trailing_spaces {
            bad.push(format!("{} ", "z".repeat(most)).into());
        }
    }
    bad
}
