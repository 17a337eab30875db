//! What a driver says about itself in its `driver.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::workspace;

/// One driver's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) id: String,
    /// The database, as its vendor writes it.
    pub(crate) name: String,
    /// The library that talks to it.
    pub(crate) client: String,
    /// Whether it can hold the repository.
    #[serde(rename = "repository")]
    pub(crate) is_repository: bool,
    /// The servers that it has really run on, by a part of what each tells of itself, and what each is.
    pub(crate) verified: BTreeMap<String, Kind>,
    /// Whether only the vendor's server can run its live tests, which then run on request: where
    /// its URL is set.
    #[serde(rename = "vendor_server", default)]
    pub(crate) needs_vendor: bool,
    /// Debian packages that building or testing it needs.
    #[serde(default)]
    pub(crate) packages: Vec<String>,
}

/// What a server is to the database that a driver is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The database itself.
    Vendor,
    /// A database of somebody else that reads the same SQL.
    Engine,
    /// A program that stands in for it in tests.
    Emulator,
}

impl Kind {
    /// What the table of drivers calls it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Vendor => "the database itself",
            Self::Engine => "another database that reads its SQL",
            Self::Emulator => "an emulator",
        }
    }
}

impl Manifest {
    /// Reads a manifest that lies in `folder`.
    ///
    /// # Errors
    /// When a key is missing, unknown or of another type.
    pub(crate) fn parse(text: &str, folder: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text)?;
        if manifest.id != folder {
            bail!("`id` is `{}` but the folder is `{folder}`", manifest.id);
        }
        Ok(manifest)
    }

    /// The variable that leads this driver's tests to a server.
    pub(crate) fn variable(&self) -> String {
        variable(&self.id)
    }
}

/// The variable that leads the tests of the driver with this id to a server.
pub(crate) fn variable(id: &str) -> String {
    format!("QUILLBACK_TEST_{}_URL", id.to_uppercase().replace('-', "_"))
}

/// The variable that says which stand-in the server of this driver's tests is.
pub(crate) fn stand_in_variable(id: &str) -> String {
    format!(
        "QUILLBACK_TEST_{}_STAND_IN",
        id.to_uppercase().replace('-', "_")
    )
}

/// Reads the manifests of all drivers, in the order of their ids.
///
/// # Errors
/// When one is missing or wrong.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Manifest>> {
    let ids = workspace::drivers(root)?;
    let read_one = |id: &String| {
        let path = format!("drivers/{id}/driver.toml");
        let text = std::fs::read_to_string(root.join(&path))
            .with_context(|| format!("cannot read {path}"))?;
        Manifest::parse(&text, id).with_context(|| format!("{path} is wrong"))
    };
    ids.iter().map(read_one).collect()
}

#[cfg(test)]
mod tests {
    use super::Manifest;

    const FINE: &str = "id = 'x'\nname = 'X base'\nclient = 'x-client'\nrepository = true\nverified = { X = 'vendor' }";

    #[test]
    fn a_wrong_manifest_is_refused_with_its_reason() {
        let message = |text: &str| format!("{:#}", Manifest::parse(text, "x").unwrap_err());
        assert!(message(&FINE.replace("'x'", "'y'")).contains("folder"));
        assert!(message(&FINE.replace("client", "clinet")).contains("clinet"));
        assert!(message(&FINE.replace("true", "'yes'")).contains("repository"));
        assert!(message(&FINE.replace("verified = { X = 'vendor' }", "")).contains("verified"));
        assert!(message(&FINE.replace("vendor", "vednor")).contains("vednor"));
        assert!(message(&format!("{FINE}\npackages = 'a'")).contains("packages"));
        assert!(message(&format!("{FINE}\nvendor_server = 1")).contains("vendor_server"));
    }

    #[test]
    fn what_may_be_left_out_has_a_quiet_default() {
        let short = Manifest::parse(FINE, "x").unwrap();
        assert!(!short.needs_vendor && short.packages.is_empty());
        let long = format!("{FINE}\nvendor_server = true\npackages = ['a', 'b']");
        let long = Manifest::parse(&long, "x").unwrap();
        assert!(long.needs_vendor);
        assert_eq!(long.packages, ["a", "b"]);
        assert_eq!(long.variable(), "QUILLBACK_TEST_X_URL");
    }
}
