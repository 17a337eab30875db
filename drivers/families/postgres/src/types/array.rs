//! Arrays and composite values of a result
//! (<https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c>, `array_send`).

use std::fmt::Write as _;

use quillback_plugin_api::Value;

use super::decode::{Decode, Malformed, SPECIAL_BOUNDS};
use super::literal;

/// Reads big-endian numbers and fields with a length from the front of a slice.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn int(&mut self) -> Result<i32, Malformed> {
        let (number, rest) = self.0.split_first_chunk::<4>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*number))
    }

    fn count(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.int()?).map_err(|_| Malformed)
    }

    fn field(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        let length = self.int()?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (field, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(Some(field))
    }

    fn value(&mut self, decode: &Decode) -> Result<Value, Malformed> {
        self.field()?
            .map_or(Ok(Value::Null), |bytes| decode.value(bytes))
    }
}

/// Reads the binary form of an array.
pub(super) fn list(bytes: &[u8], element: &Decode) -> Result<Value, Malformed> {
    let mut input = Input(bytes);
    let dimensions = input.count()?;
    let (_has_nulls, _element_type) = (input.int()?, input.int()?);
    // The database allows six.
    if dimensions > 6 {
        return Err(Malformed);
    }
    let mut sizes = Vec::with_capacity(dimensions);
    for _ in 0..dimensions {
        sizes.push((input.count()?, input.int()?));
    }
    // Each element takes four bytes at least, so that false sizes cannot ask for much memory.
    let elements = sizes
        .iter()
        .try_fold(1_usize, |all, (size, _)| all.checked_mul(*size));
    if elements.is_none_or(|elements| elements > input.0.len() / 4 && dimensions > 0) {
        return Err(Malformed);
    }
    let value = level(&mut input, &sizes, element)?;
    if sizes.iter().all(|(_, lowest)| *lowest == 1) {
        return Ok(value);
    }
    let mut text = String::new();
    for (size, lowest) in &sizes {
        let highest = i64::from(*lowest) + i64::try_from(*size).map_err(|_| Malformed)? - 1;
        write!(text, "[{lowest}:{highest}]").map_err(|_| Malformed)?;
    }
    text.push('=');
    text.push_str(&literal::of(&value, ',').map_err(|_| Malformed)?);
    Ok(Value::Special {
        kind: SPECIAL_BOUNDS,
        text,
    })
}

fn level(
    input: &mut Input<'_>,
    sizes: &[(usize, i32)],
    element: &Decode,
) -> Result<Value, Malformed> {
    let Some(((size, _), inner)) = sizes.split_first() else {
        return Ok(Value::List(Vec::new()));
    };
    let mut items = Vec::with_capacity(*size);
    for _ in 0..*size {
        items.push(if inner.is_empty() {
            input.value(element)?
        } else {
            level(input, inner, element)?
        });
    }
    Ok(Value::List(items))
}

/// Reads the binary form of a composite value.
pub(super) fn record(bytes: &[u8], fields: &[Decode]) -> Result<Value, Malformed> {
    let mut input = Input(bytes);
    if input.count()? != fields.len() {
        return Err(Malformed);
    }
    let mut values = Vec::with_capacity(fields.len());
    for decode in fields {
        let _type = input.int()?;
        values.push(input.value(decode)?);
    }
    Ok(Value::Struct(values))
}

/// Reads the text form of an array whose elements stay text.
pub(super) fn text_list(bytes: &[u8], separator: u8) -> Result<Value, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed)?;
    if text.starts_with('[') {
        return Ok(Value::Special {
            kind: SPECIAL_BOUNDS,
            text: text.to_owned(),
        });
    }
    let mut rest = bytes.strip_prefix(b"{").ok_or(Malformed)?;
    let value = text_level(&mut rest, separator, 0)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(Malformed)
    }
}

/// Reads what follows an opening brace, up to and including its closing one.
fn text_level(rest: &mut &[u8], separator: u8, depth: usize) -> Result<Value, Malformed> {
    if depth > 6 {
        return Err(Malformed);
    }
    let mut items = Vec::new();
    loop {
        let (first, after) = rest.split_first().ok_or(Malformed)?;
        match first {
            b'}' => {
                *rest = after;
                return Ok(Value::List(items));
            }
            b'{' => {
                *rest = after;
                items.push(text_level(rest, separator, depth + 1)?);
            }
            b'"' => {
                *rest = after;
                items.push(Value::Text(quoted(rest)?));
            }
            byte if *byte == separator => *rest = after,
            _ => items.push(unquoted(rest, separator)?),
        }
    }
}

fn quoted(rest: &mut &[u8]) -> Result<String, Malformed> {
    let mut text = Vec::new();
    loop {
        let (byte, after) = rest.split_first().ok_or(Malformed)?;
        *rest = after;
        match byte {
            b'"' => return String::from_utf8(text).map_err(|_| Malformed),
            b'\\' => {
                let (escaped, after) = rest.split_first().ok_or(Malformed)?;
                text.push(*escaped);
                *rest = after;
            }
            byte => text.push(*byte),
        }
    }
}

fn unquoted(rest: &mut &[u8], separator: u8) -> Result<Value, Malformed> {
    let end = rest
        .iter()
        .position(|byte| *byte == b'}' || *byte == separator)
        .ok_or(Malformed)?;
    let (text, after) = rest.split_at_checked(end).ok_or(Malformed)?;
    *rest = after;
    if text == b"NULL" {
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(text).map_err(|_| Malformed)?;
    Ok(Value::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_arrays_keep_nulls_quotes_and_nesting() {
        let read = |text: &str| text_list(text.as_bytes(), b',').unwrap();
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(read("{}"), Value::List(vec![]));
        assert_eq!(
            read(r#"{a,"b,\"c\\",NULL,"NULL",""}"#),
            Value::List(vec![
                text("a"),
                text("b,\"c\\"),
                Value::Null,
                text("NULL"),
                text("")
            ])
        );
        assert_eq!(
            read("{{a,b},{c,d}}"),
            Value::List(vec![
                Value::List(vec![text("a"), text("b")]),
                Value::List(vec![text("c"), text("d")])
            ])
        );
        assert_eq!(
            read("[0:1]={a,b}"),
            Value::Special {
                kind: SPECIAL_BOUNDS,
                text: "[0:1]={a,b}".into()
            }
        );
        for broken in ["", "{", "{a", "{\"a}", "{a}b", "x"] {
            assert!(text_list(broken.as_bytes(), b',').is_err(), "{broken}");
        }
    }

    #[test]
    fn a_false_size_asks_for_no_memory() {
        let mut bytes = Vec::new();
        for number in [1, 0, 23, i32::MAX, 1] {
            bytes.extend_from_slice(&i32::to_be_bytes(number));
        }
        assert_eq!(list(&bytes, &Decode::Int4), Err(Malformed));
    }
}
