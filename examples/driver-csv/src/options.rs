//! The options of a connection; the forms of the console are made from their schema.

use std::path::PathBuf;

use quillback_plugin_api::{Category, DriverError};
use serde_json::{Value, json};

/// Options that were read and checked.
#[derive(Debug)]
pub(crate) struct Options {
    /// The folder with the files.
    pub(crate) folder: PathBuf,
}

/// The JSON Schema of the options. A secret would carry `"writeOnly": true`: it is encrypted at rest and never shown.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "folder": {
                "type": "string",
                "minLength": 1,
                "title": "Folder",
                "description": "Absolute path of the folder with the CSV files, on the computer that runs Quillback."
            }
        },
        "required": ["folder"],
        "additionalProperties": false
    })
}

/// Reads and checks the options of a connection.
///
/// # Errors
/// `Config`, naming the option that is wrong but never what was given: in other drivers it may be a secret.
pub(crate) fn read(options: &Value) -> Result<Options, DriverError> {
    let Some(fields) = options.as_object() else {
        return Err(config("the options must be an object"));
    };
    if let Some(unknown) = fields.keys().find(|name| *name != "folder") {
        return Err(config(format!(
            "there is no option `{unknown}`; the only one is `folder`"
        )));
    }
    let folder = fields
        .get("folder")
        .and_then(Value::as_str)
        .map(PathBuf::from);
    match folder {
        // A relative path would depend on where the server was started.
        Some(folder) if folder.is_absolute() => Ok(Options { folder }),
        _ => Err(config("the option `folder` must be an absolute path")),
    }
}

fn config(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_wrong_are_named_and_not_repeated() {
        assert!(read(&json!({"folder": "/srv/files"})).is_ok());
        for (wrong, named) in [
            (json!({}), "folder"),
            (json!({"folder": 4711}), "folder"),
            (json!({"folder": "there/4711"}), "folder"),
            (json!({"folder": "/srv", "foldr": "4711"}), "foldr"),
            (json!("4711"), "object"),
        ] {
            let error = read(&wrong).unwrap_err();
            assert_eq!(error.category, Category::Config);
            assert!(error.message.contains(named), "{error}");
            assert!(!error.message.contains("4711"), "{error}");
        }
    }
}
