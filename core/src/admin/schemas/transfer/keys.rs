//! The keys that a type reads from JSON, asked from the type itself, so that no list can go stale.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Names of the fields of the struct `T`; empty when it is none.
pub(super) fn of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // The answer is an error by design: it stops as soon as the names are known.
    drop(T::deserialize(Names(&mut names)));
    names
}

/// The name of `known` that was probably meant by `given`.
pub(super) fn meant<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if given.len() > 40 {
        return None;
    }
    let near = known.map(|name| (distance(given, name), name));
    near.filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Letters to add, remove or exchange (Levenshtein), whatever their case.
fn distance(left: &str, right: &str) -> usize {
    let left = left.to_lowercase();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.chars().enumerate() {
        let mut corner = line;
        let mut next = Vec::with_capacity(row.len());
        next.push(line + 1);
        for (b, above) in right.iter().zip(row.iter().skip(1)) {
            let beside = next.last().copied().unwrap_or_default();
            let exchanged = corner + usize::from(a != *b);
            next.push(exchanged.min(beside + 1).min(above + 1));
            corner = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

struct Names<'a>(&'a mut &'static [&'static str]);

#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only names were asked for")
    }
}

impl std::error::Error for Enough {}

impl de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Enough;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Enough> {
        Err(Enough)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Enough> {
        *self.0 = fields;
        Err(Enough)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;

    #[test]
    fn a_type_tells_its_keys_and_a_slip_is_understood() {
        let known = of::<Field>();
        assert!(
            known.contains(&"required") && known.contains(&"rules"),
            "{known:?}"
        );
        assert_eq!(meant("requird", known.iter().copied()), Some("required"));
        assert_eq!(meant("Label", known.iter().copied()), Some("label"));
        assert_eq!(meant("something else", known.iter().copied()), None);
    }
}
