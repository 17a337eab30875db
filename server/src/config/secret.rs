//! Secrets in the configuration: written out, in a file or in an environment variable, never printed.

use std::{borrow::Cow, fmt, fs, path::PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};
use zeroize::Zeroizing;

use super::Environment;

/// What is printed in place of a secret.
const MASK: &str = "***";

/// Largest secret file in bytes; anything longer is surely the wrong file.
const LARGEST_FILE: u64 = 64 * 1024;

/// A secret text that prints as `***` and is overwritten in memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself, for the one place that uses it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Where a secret comes from: `"literal"`, `{ file = ".." }` or `{ env = ".." }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// The secret stands in the configuration.
    Literal(SecretText),
    /// The secret is the content of a file, without the line ending.
    File(PathBuf),
    /// The secret is the value of an environment variable.
    Env(String),
}

impl SecretSource {
    /// Fetches the secret.
    ///
    /// # Errors
    /// A sentence that names the file or variable that is missing, empty or unreadable; never the secret.
    pub fn resolve(&self, environment: &Environment) -> Result<SecretText, String> {
        match self {
            Self::Literal(text) if text.expose().is_empty() => {
                Err("the secret is empty".to_owned())
            }
            Self::Literal(text) => Ok(text.clone()),
            Self::Env(name) => environment
                .get(name)
                .filter(|value| !value.is_empty())
                .map(SecretText::new)
                .ok_or_else(|| format!("the environment variable {name} is not set or empty")),
            Self::File(path) => {
                let shown = path.display();
                let unreadable = |error| format!("cannot read the secret file {shown}: {error}");
                let size = fs::metadata(path).map_err(unreadable)?.len();
                if size > LARGEST_FILE {
                    return Err(format!(
                        "the secret file {shown} has {size} bytes, more than the {LARGEST_FILE} allowed"
                    ));
                }
                let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
                let trimmed = text.trim_end_matches(['\r', '\n']);
                if trimmed.is_empty() {
                    return Err(format!("the secret file {shown} is empty"));
                }
                Ok(SecretText::new(trimmed))
            }
        }
    }
}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = match self {
            Self::Literal(_) => return serializer.serialize_str(MASK),
            Self::File(path) => ("file", path.to_string_lossy()),
            Self::Env(name) => ("env", Cow::from(name)),
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, &value)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

/// The message for everything that is not a secret; unlike serde's own it never repeats the value.
fn refused<E: de::Error>() -> E {
    E::custom("expected a secret: a text, { file = \"..\" } or { env = \"..\" }")
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret: a text, { file = \"..\" } or { env = \"..\" }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(SecretSource::Literal(SecretText::new(text)))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(refused())
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(refused())
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(refused())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(refused())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let source = match map.next_entry::<String, String>()? {
            Some((key, value)) if key == "file" => SecretSource::File(PathBuf::from(value)),
            Some((key, value)) if key == "env" => SecretSource::Env(value),
            _ => return Err(refused()),
        };
        if map.next_key::<String>()?.is_some() {
            return Err(refused());
        }
        Ok(source)
    }
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "object"], "x-secret": true })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn parse(text: &str) -> Result<SecretSource, String> {
        #[derive(Debug, Deserialize)]
        struct Holder {
            secret: SecretSource,
        }
        toml::from_str::<Holder>(text)
            .map(|holder| holder.secret)
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn secrets_come_from_text_file_and_environment() {
        let environment = Environment::from_pairs([("TOKEN", "from-env")]);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"from-file\r\n").unwrap();
        let cases = [
            ("secret = 'literal'".to_owned(), "literal"),
            ("secret = { env = 'TOKEN' }".to_owned(), "from-env"),
            (
                format!("secret = {{ file = '{}' }}", file.path().display()),
                "from-file",
            ),
        ];
        for (text, expected) in cases {
            let secret = parse(&text).unwrap().resolve(&environment).unwrap();
            assert_eq!(secret.expose(), expected);
        }
    }

    #[test]
    fn missing_and_empty_secrets_are_errors_that_name_the_place() {
        let environment = Environment::from_pairs([("EMPTY", "")]);
        let file = tempfile::NamedTempFile::new().unwrap();
        let empty_file = file.path().display().to_string();
        let cases = [
            ("secret = ''".to_owned(), "empty".to_owned()),
            ("secret = { env = 'NONE' }".to_owned(), "NONE".to_owned()),
            ("secret = { env = 'EMPTY' }".to_owned(), "EMPTY".to_owned()),
            (
                "secret = { file = '/no/such' }".to_owned(),
                "/no/such".to_owned(),
            ),
            (format!("secret = {{ file = '{empty_file}' }}"), empty_file),
        ];
        for (text, named) in cases {
            let problem = parse(&text).unwrap().resolve(&environment).unwrap_err();
            assert!(problem.contains(&named), "{problem}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        let source = parse("secret = 'hunter2'").unwrap();
        assert!(!format!("{source:?}").contains("hunter2"));
        assert_eq!(serde_json::to_string(&source).unwrap(), "\"***\"");
        for text in [
            "secret = 12345",
            "secret = 1.2345",
            "secret = ['12345']",
            "secret = { flie = '12345' }",
            "secret = { file = 'a', env = '12345' }",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(
                !problem.contains("12345") && !problem.contains("2345"),
                "{problem}"
            );
            assert!(problem.contains("expected a secret"), "{problem}");
        }
    }
}
