//! Where a story happens: what the `live.toml` of a driver says.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::peer::{self, Peer};

/// A server, or a file, that a driver makes connections to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Name among the places of the driver.
    pub name: String,
    /// The driver.
    #[serde(skip)]
    pub driver: String,
    /// The variable with the server's address; none where there is no server.
    url: Option<String>,
    /// Whether it may be missing even if the driver must be tested: another place will do.
    #[serde(default)]
    is_optional: bool,
    /// An example program of the driver that takes the address and prints the one to connect to.
    through: Option<String>,
    /// Options of the connection. `{url}`, `{host}`, `{port}`, `{user}`, `{password}`, `{database}` and `{file}` are
    /// filled in.
    options: Json,
    /// Steps that the database cannot do, with the code by which the server refuses each.
    #[serde(default)]
    pub refused: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    place: Vec<Place>,
}

/// Why there is no server.
pub enum Missing {
    /// Nobody asked for it.
    Left(String),
    /// It must be there.
    Required(String),
}

/// A place with its server, for as long as this lives.
pub struct Reached {
    options: Json,
    _folder: TempDir,
    _peer: Option<Peer>,
}

impl Reached {
    /// Options of a connection.
    pub fn options(&self) -> &Json {
        &self.options
    }
}

impl Place {
    /// Finds its server, and makes the options of a connection.
    pub fn reach(&self) -> Result<Reached, Missing> {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = folder.path().join("story.db").display().to_string();
        let mut words = vec![("{file}", file)];
        let mut running = None;
        if let Some(variable) = &self.url {
            let Some(mut url) = text_of(variable) else {
                let reason = format!("{variable} is not set");
                return Err(if self.is_required() {
                    Missing::Required(reason)
                } else {
                    Missing::Left(reason)
                });
            };
            if let Some(example) = &self.through {
                let (peer, address) = peer::start(&self.driver, example, &url);
                running = Some(peer);
                url = address;
            }
            let parts =
                parts(&url).unwrap_or_else(|| panic!("{variable} is no address of a server"));
            words.extend(parts);
            words.push(("{url}", url));
        }
        Ok(Reached {
            options: fill(&self.options, &words),
            _folder: folder,
            _peer: running,
        })
    }

    fn is_required(&self) -> bool {
        let required = text_of("QUILLBACK_REQUIRE_DRIVERS").unwrap_or_default();
        !self.is_optional && required.split(',').any(|id| id.trim() == self.driver)
    }
}

/// A variable of the environment that is not empty.
pub fn text_of(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|text| !text.is_empty())
}

/// The parts of an address; the port is told by every server that tests are led to.
fn parts(url: &str) -> Option<Vec<(&'static str, String)>> {
    let (_, rest) = url.split_once("://")?;
    let (account, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    let (user, password) = account.split_once(':').unwrap_or((account, ""));
    let (address, path) = place.split_once('/').unwrap_or((place, ""));
    let (host, port) = address.rsplit_once(':')?;
    let database = path.split('?').next().unwrap_or_default();
    Some(vec![
        ("{host}", host.to_owned()),
        ("{port}", port.to_owned()),
        ("{user}", user.to_owned()),
        ("{password}", password.to_owned()),
        ("{database}", database.to_owned()),
    ])
}

fn fill(options: &Json, words: &[(&str, String)]) -> Json {
    match options {
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), fill(value, words)))
            .collect(),
        // The only option of a server that is a number.
        Json::String(text) if text == "{port}" => words
            .iter()
            .find(|(word, _)| word == text)
            .map_or(Json::Null, |(_, port)| port.parse::<u16>().unwrap().into()),
        Json::String(text) => words
            .iter()
            .fold(text.clone(), |text, (word, value)| {
                text.replace(word, value)
            })
            .into(),
        other => other.clone(),
    }
}

/// All places of all drivers.
pub fn all() -> Vec<Place> {
    let mut places = Vec::new();
    for driver in drivers() {
        let file = folder().join(&driver).join("live.toml");
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        let read: Places =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let of_driver = |place| Place {
            driver: driver.clone(),
            ..place
        };
        places.extend(read.place.into_iter().map(of_driver));
    }
    places
}

/// Drivers without a place.
pub fn drivers_without() -> Vec<String> {
    let places = all();
    let mut drivers = drivers();
    drivers.retain(|id| places.iter().all(|place| place.driver != *id));
    drivers
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../drivers")
}

/// The folders that hold a driver.
fn drivers() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let folders = entries.map(|entry| entry.unwrap());
    let drivers = folders.filter(|entry| entry.path().join("driver.toml").is_file());
    let mut ids: Vec<String> = drivers
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    ids.sort();
    ids
}
