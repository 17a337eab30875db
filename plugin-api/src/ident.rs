//! Names of tables and columns: checked once when made, quoted by the dialect whenever they are printed.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

/// The longest identifier that any supported database takes, in bytes (a database's own limit is in its capabilities).
pub const MAX_IDENT_BYTES: usize = 1024;

/// A name of a schema, table, column or constraint, exactly as the database spells it.
///
/// Any character but NUL is allowed, quote characters, spaces and emoji included: printing quotes it.
///
/// Names of up to 23 bytes, which is nearly all, are kept in place: cloning one costs no allocation, and a statement is
/// full of them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ident(SmolStr);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidIdent {
    /// The text is empty.
    Empty,
    /// The text has a NUL character.
    Nul,
    /// The text is longer than [`MAX_IDENT_BYTES`].
    TooLong,
}

impl fmt::Display for InvalidIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a name must not be empty",
            Self::Nul => "a name must not contain a NUL character",
            Self::TooLong => "a name must not be longer than 1024 bytes",
        })
    }
}

impl std::error::Error for InvalidIdent {}

impl Ident {
    /// Checks `name` and makes an identifier of it.
    ///
    /// # Errors
    /// [`InvalidIdent`] when it is empty, too long or has a NUL character.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidIdent> {
        let name = name.as_ref();
        if name.is_empty() {
            Err(InvalidIdent::Empty)
        } else if name.len() > MAX_IDENT_BYTES {
            Err(InvalidIdent::TooLong)
        } else if name.as_bytes().contains(&0) {
            Err(InvalidIdent::Nul)
        } else {
            Ok(Self(SmolStr::new(name)))
        }
    }

    /// A name that is written in the program; an empty one is a fault in it.
    pub fn literal(name: &'static str) -> Self {
        debug_assert!(!name.is_empty() && !name.contains('\0'));
        Self(SmolStr::new_static(name))
    }

    /// The name as the database spells it, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Ident {
    type Error = InvalidIdent;
    fn try_from(name: String) -> Result<Self, InvalidIdent> {
        Self::new(name)
    }
}

impl From<Ident> for String {
    fn from(ident: Ident) -> Self {
        ident.0.into()
    }
}

impl Serialize for Ident {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ident {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Name)
    }
}

/// Takes a name from whatever it is read from, without a copy in between.
struct Name;

impl Visitor<'_> for Name {
    type Value = Ident;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Ident, E> {
        Ident::new(name).map_err(E::custom)
    }
}

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ident({:?})", self.as_str())
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a table is: its name, and the schema and catalog around it where the database has such.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableRef {
    /// Catalog (database, project); `None` is the one the connection is made to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Ident>,
    /// Schema (data set); `None` is the connection's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Ident>,
    /// The table's own name.
    pub name: Ident,
}

impl TableRef {
    /// A table in the connection's default schema.
    pub fn new(name: Ident) -> Self {
        Self {
            catalog: None,
            schema: None,
            name,
        }
    }

    /// A table in `schema`.
    pub fn in_schema(schema: Option<Ident>, name: Ident) -> Self {
        Self {
            catalog: None,
            schema,
            name,
        }
    }
}

impl fmt::Display for TableRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.catalog, &self.schema].into_iter().flatten() {
            write!(f, "{part}.")?;
        }
        write!(f, "{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_quotes_and_emoji_are_names() {
        for name in [
            "a\"b",
            "a`b",
            "a]b",
            "order",
            "🚀 launch",
            "a.b",
            "'; drop table x --",
        ] {
            assert_eq!(Ident::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn empty_nul_and_oversized_names_are_refused() {
        assert_eq!(Ident::new(""), Err(InvalidIdent::Empty));
        assert_eq!(Ident::new("a\0b"), Err(InvalidIdent::Nul));
        assert_eq!(Ident::new("x".repeat(1025)), Err(InvalidIdent::TooLong));
        assert!(serde_json::from_str::<Ident>("\"\"").is_err());
    }
}
