//! The options that every command takes: the configuration file and single settings.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use crate::config::{Config, ConfigError, Environment, Override, Sources};

/// The file that is read from the working folder when none is named.
const USUAL_FILE: &str = "quillback.toml";

/// The configuration file and single settings.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub struct Settings {
    /// Configuration file [default: quillback.toml in the working folder, if it exists].
    #[arg(long, global = true, value_name = "FILE", env = "QUILLBACK_CONFIG")]
    pub config: Option<PathBuf>,

    /// Set any key of the configuration; may be repeated.
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE")]
    pub set: Vec<String>,

    /// Address and port to listen on (server.listen).
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// Folder for everything the server writes to disk (data.folder).
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data_folder: Option<PathBuf>,

    /// Folder with driver plugins, besides the folder of this program; may be repeated (plugins.folders).
    #[arg(long, global = true, value_name = "FOLDER")]
    pub plugins: Vec<PathBuf>,

    /// What to log: off, error, warn, info, debug or trace (log.level).
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Fill a target database with sample data on first start (demo.enabled).
    #[arg(long, global = true)]
    pub demo: bool,
}

impl Settings {
    /// Loads the configuration that these options, the environment and the file make.
    ///
    /// # Errors
    /// All problems of the configuration, each with its place.
    pub fn load(&self, environment: Environment) -> Result<Config, ConfigError> {
        Config::load(&self.sources(environment))
    }

    fn sources(&self, environment: Environment) -> Sources {
        let usual = PathBuf::from(USUAL_FILE);
        let file = self
            .config
            .clone()
            .or_else(|| usual.exists().then_some(usual));
        Sources {
            file,
            environment,
            overrides: self.overrides(),
        }
    }

    fn overrides(&self) -> Vec<Override> {
        let any = self.set.iter().map(|setting| {
            let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
            ("--set", key.trim().to_owned(), value.trim().to_owned())
        });
        let named = [
            (
                "--listen",
                "server.listen",
                self.listen.map(|address| address.to_string()),
            ),
            (
                "--data-folder",
                "data.folder",
                self.data_folder
                    .as_ref()
                    .map(|path| path.to_string_lossy().into_owned()),
            ),
            ("--plugins", "plugins.folders", self.plugin_folders()),
            ("--log-level", "log.level", self.log_level.clone()),
            (
                "--demo",
                "demo.enabled",
                self.demo.then(|| "true".to_owned()),
            ),
        ];
        let named = named
            .into_iter()
            .filter_map(|(flag, key, value)| Some((flag, key.to_owned(), value?)));
        any.chain(named)
            .map(|(flag, key, value)| Override {
                flag: flag.to_owned(),
                key,
                value,
            })
            .collect()
    }

    /// The folders as a list in TOML, whose texts are written as those of JSON.
    fn plugin_folders(&self) -> Option<String> {
        let texts = self.plugins.iter().map(|folder| folder.to_string_lossy());
        (!self.plugins.is_empty()).then(|| serde_json::json!(texts.collect::<Vec<_>>()).to_string())
    }
}
