//! The options of a connection; the console's form is made from them.

use std::path::PathBuf;

use quillback_plugin_api::{Category, DriverError};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where the database is, and how careful to be with it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// The database file, with its folder. Only one server should use a file at a time; other programs may read it.
    #[schemars(title = "File", example = "/var/lib/quillback/data.sqlite")]
    pub(crate) path: String,
    /// The same as a URL, `sqlite:/path/to/file`; used in place of `path`.
    #[schemars(title = "URL", example = "sqlite:/var/lib/quillback/data.sqlite")]
    pub(crate) url: Option<String>,
    /// Keep the whole database in memory: everything is lost when the server stops. Leave `path` empty then.
    #[schemars(title = "In memory")]
    pub(crate) memory: bool,
    /// Make the file when it does not exist. Its folder must exist.
    #[schemars(title = "Create the file")]
    pub(crate) create: bool,
    /// How long to wait for another program that holds the file, in milliseconds.
    #[schemars(title = "Wait for other programs (ms)", range(min = 0, max = 600_000))]
    pub(crate) busy_timeout_ms: u32,
    /// When a write counts as done.
    #[schemars(title = "Durability")]
    pub(crate) synchronous: Synchronous,
    /// How many reads run at the same time; 0 is one for each processor, four at most.
    #[schemars(title = "Readers", range(min = 0, max = 64))]
    pub(crate) readers: u32,
}

/// When a write counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Synchronous {
    /// When it is on the disk: it survives a power cut.
    #[default]
    Full,
    /// When the operating system has it: a power cut may lose the last writes, the file stays sound.
    Normal,
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// In memory.
    Memory,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: String::new(),
            url: None,
            memory: false,
            create: true,
            busy_timeout_ms: 5_000,
            synchronous: Synchronous::Full,
            readers: 0,
        }
    }
}

impl Options {
    /// Reads the options.
    ///
    /// # Errors
    /// `Config`, naming the option that is wrong.
    pub(crate) fn parse(options: serde_json::Value) -> Result<Self, DriverError> {
        let mut options: Self =
            serde_path_to_error::deserialize(options).map_err(|error| config(wrong(&error)))?;
        if let Some(url) = options.url.take() {
            if !options.path.is_empty() {
                return Err(config("give either `path` or `url`, not both"));
            }
            options.path = path_of(&url)?;
        }
        if options.busy_timeout_ms > 600_000 {
            return Err(config(
                "`busy_timeout_ms` must be 600000 (ten minutes) at most",
            ));
        }
        if options.readers > 64 {
            return Err(config("`readers` must be 64 at most"));
        }
        Ok(options)
    }

    /// Where the database is.
    ///
    /// # Errors
    /// `Config` when the options contradict each other.
    pub(crate) fn place(&self) -> Result<Place, DriverError> {
        match (self.memory, self.path.as_str()) {
            (true, "" | ":memory:") => Ok(Place::Memory),
            (true, _) => Err(config(
                "`memory` keeps no file: leave `path` empty, or set `memory` to false",
            )),
            (false, "") => Err(config("`path` is missing: name the database file")),
            (false, ":memory:") => Err(config(
                "a database in memory is lost when the server stops: set `memory` to true if that is meant, \
                 or name a file in `path`",
            )),
            (false, path) => Ok(Place::File(PathBuf::from(path))),
        }
    }

    /// How many connections read at the same time.
    pub(crate) fn reader_count(&self) -> usize {
        match self.readers {
            0 => std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 4)),
            some => some as usize,
        }
    }
}

/// A failure of the options.
pub(crate) fn config(message: impl Into<String>) -> DriverError {
    DriverError::new(Category::Config, message)
}

/// Names the option, but for one that does not exist: the message does so itself then.
fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." => format!("the options of the connection are wrong: {}", error.inner()),
        option => format!("`{option}` is wrong: {}", error.inner()),
    }
}

fn path_of(url: &str) -> Result<String, DriverError> {
    let rest = url
        .strip_prefix("sqlite:")
        .ok_or_else(|| config("`url` must start with `sqlite:`, as in sqlite:/path/to/file"))?;
    Ok(rest.strip_prefix("//").unwrap_or(rest).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn place(options: serde_json::Value) -> Result<Place, String> {
        Options::parse(options)
            .and_then(|options| options.place())
            .map_err(|error| {
                assert_eq!(error.category, Category::Config);
                error.message
            })
    }

    #[test]
    fn a_file_is_named_by_path_or_url() {
        for options in [
            json!({"path": "/data/x.sqlite"}),
            json!({"url": "sqlite:/data/x.sqlite"}),
            json!({"url": "sqlite:///data/x.sqlite"}),
        ] {
            assert_eq!(place(options), Ok(Place::File("/data/x.sqlite".into())));
        }
        assert_eq!(place(json!({"memory": true})), Ok(Place::Memory));
    }

    #[test]
    fn wrong_options_are_named() {
        for (options, word) in [
            (json!({}), "`path`"),
            (json!({"path": ":memory:"}), "`memory`"),
            (json!({"path": "x", "memory": true}), "`memory`"),
            (json!({"path": "x", "url": "sqlite:y"}), "`url`"),
            (json!({"url": "postgresql:x"}), "`url`"),
            (json!({"pth": "x"}), "pth"),
            (
                json!({"path": "x", "busy_timeout_ms": 700_000}),
                "busy_timeout_ms",
            ),
            (json!({"path": ["x"]}), "`path`"),
            (json!({"path": "x", "readers": -1}), "`readers`"),
            (json!({"path": "x", "synchronous": "off"}), "off"),
        ] {
            let message = place(options).unwrap_err();
            assert!(message.contains(word), "{message}");
        }
    }
}
