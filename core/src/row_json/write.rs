//! Values to JSON: one mapping with two ends, a tree to work with and text to send.

use std::fmt;

use quillback_plugin_api::civil::{Offset, TimeOfDay};
use quillback_plugin_api::rows::Cells;
use quillback_plugin_api::{Value, ValueRef};
use serde_json::{Value as Json, json};

use crate::hex;

/// Largest whole number that every JSON reader keeps exact: 2^53 - 1.
const SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// Writes a value.
pub fn write(value: &Value) -> Json {
    match value {
        Value::List(items) | Value::Struct(items) => Json::Array(items.iter().map(write).collect()),
        flat => write_ref(flat.flat()),
    }
}

/// Writes a borrowed value.
pub fn write_ref(value: ValueRef<'_>) -> Json {
    map(value, Tree)
}

/// Appends a value as JSON text.
pub fn print(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::List(items) | Value::Struct(items) => {
            print_list(items.iter(), out, print);
        }
        flat => map(flat.flat(), Text(out)),
    }
}

/// Appends an object of these members as JSON text.
pub(crate) fn print_object<'a>(
    members: impl Iterator<Item = (&'a str, ValueRef<'a>)>,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    for (position, (name, value)) in members.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        put(name, out);
        out.push(b':');
        map(value, Text(out));
    }
    out.push(b'}');
}

fn print_list<T>(
    items: impl Iterator<Item = T>,
    out: &mut Vec<u8>,
    each: impl Fn(T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (position, item) in items.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        each(item, out);
    }
    out.push(b']');
}

/// What a value becomes.
trait Sink: Sized {
    type Done;

    fn json(self, json: Json) -> Self::Done;
    fn number(self, number: i64) -> Self::Done;
    fn text(self, text: &str) -> Self::Done;
    /// A text without characters that JSON escapes.
    fn plain(self, text: fmt::Arguments<'_>) -> Self::Done;
    fn list(self, cells: Cells<'_>) -> Self::Done;
}

/// A tree.
struct Tree;

impl Sink for Tree {
    type Done = Json;

    fn json(self, json: Json) -> Json {
        json
    }

    fn number(self, number: i64) -> Json {
        json!(number)
    }

    fn text(self, text: &str) -> Json {
        Json::String(text.to_owned())
    }

    fn plain(self, text: fmt::Arguments<'_>) -> Json {
        Json::String(text.to_string())
    }

    fn list(self, cells: Cells<'_>) -> Json {
        let items = cells.map(|cell| cell.map_or(Json::Null, write_ref));
        Json::Array(items.collect())
    }
}

/// Text at the end of what is there already.
struct Text<'o>(&'o mut Vec<u8>);

impl Sink for Text<'_> {
    type Done = ();

    fn json(self, json: Json) {
        put(&json, self.0);
    }

    fn number(self, number: i64) {
        put(&number, self.0);
    }

    fn text(self, text: &str) {
        put(text, self.0);
    }

    fn plain(self, text: fmt::Arguments<'_>) {
        self.0.push(b'"');
        let written = std::io::Write::write_fmt(self.0, text);
        debug_assert!(written.is_ok(), "memory takes everything");
        self.0.push(b'"');
    }

    fn list(self, cells: Cells<'_>) {
        print_list(cells, self.0, |cell, out| {
            map(cell.unwrap_or(ValueRef::Null), Text(out));
        });
    }
}

fn put(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "texts, numbers and trees have a JSON form");
}

fn map<S: Sink>(value: ValueRef<'_>, sink: S) -> S::Done {
    match value {
        ValueRef::Null => sink.json(Json::Null),
        ValueRef::Bool(flag) => sink.json(Json::Bool(flag)),
        ValueRef::I64(number) if number.unsigned_abs() <= SAFE_INTEGER.unsigned_abs() => {
            sink.number(number)
        }
        ValueRef::I64(number) => sink.plain(format_args!("{number}")),
        ValueRef::U64(number) => sink.plain(format_args!("{number}")),
        ValueRef::F64(number) => sink.json(float(number, number.to_string())),
        ValueRef::F32(number) => sink.json(float(f64::from(number), number.to_string())),
        ValueRef::Decimal(text) | ValueRef::Text(text) | ValueRef::Special(_, text) => {
            sink.text(text)
        }
        ValueRef::Json(text) => match serde_json::from_str(text) {
            Ok(json) => sink.json(json),
            Err(_) => sink.text(text),
        },
        ValueRef::Bytes(bytes) => sink.text(&hex::encode(bytes)),
        ValueRef::Uuid(uuid) => {
            let mut text = uuid::Uuid::encode_buffer();
            let uuid = uuid::Uuid::from_bytes(uuid);
            sink.text(uuid.as_hyphenated().encode_lower(&mut text))
        }
        ValueRef::Date(date) => sink.plain(format_args!("{date}")),
        ValueRef::Time(nanos) => sink.plain(format_args!("{}", TimeOfDay(nanos))),
        ValueRef::OffsetTime(nanos, offset) => {
            sink.plain(format_args!("{}{}", TimeOfDay(nanos), Zone(offset)))
        }
        ValueRef::Timestamp(stamp) => sink.plain(format_args!("{stamp}")),
        ValueRef::Instant(stamp) => sink.plain(format_args!("{stamp}Z")),
        ValueRef::OffsetInstant(stamp, offset) | ValueRef::ZonedInstant(stamp, offset, _) => {
            sink.plain(format_args!("{}{}", stamp.at_offset(offset), Zone(offset)))
        }
        ValueRef::Interval(span) => sink.plain(format_args!(
            "P{}M{}DT{}.{:09}S",
            span.months,
            span.days,
            span.seconds,
            span.nanos.unsigned_abs()
        )),
        ValueRef::List(cells) | ValueRef::Struct(cells) => sink.list(cells),
    }
}

fn float(number: f64, text: String) -> Json {
    // The shortest text that reads back as the same float; NaN and infinities have no JSON number.
    if number.is_finite() {
        serde_json::from_str(&text).unwrap_or(Json::String(text))
    } else {
        Json::String(text)
    }
}

/// Seconds east of UTC as `+HH:MM`, and none of them as `Z`: a moment has one text, whether its column keeps offsets or
/// not.
struct Zone(i32);

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("Z");
        }
        Offset(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use quillback_plugin_api::civil::Timestamp;

    use super::*;

    #[test]
    fn text_and_tree_say_the_same() {
        let stamp = Timestamp {
            seconds: -1,
            nanos: 500_000_000,
        };
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::I64(-SAFE_INTEGER),
            Value::I64(i64::MIN),
            Value::U64(u64::MAX),
            Value::F64(1e300),
            Value::F64(f64::NAN),
            Value::F32(0.1),
            Value::from("quote \" slash \\ line \n nul \0 é🚀"),
            Value::Json("{\"b\": 1.50, \"a\": [null]}".into()),
            Value::Json("not json".into()),
            Value::Bytes(vec![0, 255]),
            Value::Uuid([0xab; 16]),
            Value::Time(86_399_999_999_999),
            Value::OffsetTime {
                nanos: 0,
                offset: -19_800,
            },
            Value::Timestamp(stamp),
            Value::Instant(stamp),
            Value::OffsetInstant {
                instant: stamp,
                offset: 3_600,
            },
            Value::List(vec![
                Value::Struct(vec![Value::Null, Value::I64(1)]),
                Value::List(vec![]),
            ]),
        ];
        let mut row = quillback_plugin_api::RowBuffer::new(values.len());
        row.push_row(&values).unwrap();
        let cells = row.iter().next().unwrap().map(Result::unwrap);
        let names: Vec<String> = (0..values.len()).map(|at| format!("\"{at}")).collect();
        let mut object = Vec::new();
        print_object(names.iter().map(String::as_str).zip(cells), &mut object);
        let object: Json = serde_json::from_slice(&object).unwrap();
        for (value, name) in values.iter().zip(&names) {
            let mut text = Vec::new();
            print(value, &mut text);
            let read: Json = serde_json::from_slice(&text).unwrap();
            assert_eq!(read, write(value), "{value:?}");
            assert_eq!(object[name], read);
        }
        assert_eq!(write(&values[13]), json!("23:59:59.999999999"));
        assert_eq!(write(&values[14]), json!("00:00:00-05:30"));
        assert_eq!(write(&values[17]), json!("1970-01-01T00:59:59.5+01:00"));
    }
}
