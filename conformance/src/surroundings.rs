//! What a test process finds around it: the environment, and a folder of its own.

use std::path::{Path, PathBuf};

/// Environment and scratch folder of one case.
#[derive(Debug)]
pub struct Surroundings {
    id: String,
    scratch: PathBuf,
}

/// The parts of an address such as `scheme://user:password@host:port/database`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    /// User name.
    pub user: String,
    /// Password; empty when the address has none.
    pub password: String,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: String,
}

impl Surroundings {
    pub(crate) fn new(id: &str, scratch: &Path) -> Self {
        Self {
            id: id.to_owned(),
            scratch: scratch.to_owned(),
        }
    }

    /// The address in `QUILLBACK_TEST_<ID>_URL`, if it is set; an address without a port gets `default_port`.
    pub fn server(&self, default_port: u16) -> Option<ServerUrl> {
        let name = format!("QUILLBACK_TEST_{}_URL", self.id.to_uppercase());
        ServerUrl::parse(&variable(&name)?, default_port)
    }

    /// A path for a file of this case; the folder is removed when the case ends.
    pub fn file(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// Whether `QUILLBACK_REQUIRE_DRIVERS` demands a database for this driver.
    pub(crate) fn is_required(&self) -> bool {
        let wanted = variable("QUILLBACK_REQUIRE_DRIVERS").unwrap_or_default();
        wanted.split(',').any(|id| id.trim() == self.id)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds its database through the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

impl ServerUrl {
    fn parse(url: &str, default_port: u16) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let (credentials, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let (address, path) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (address, default_port),
        };
        Some(Self {
            user: user.to_owned(),
            password: password.to_owned(),
            host: host.to_owned(),
            port,
            database: path.split('?').next().unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fall_into_their_parts() {
        let url = ServerUrl::parse("db://me:s3:cret@127.0.0.1:5433/shop?x=1", 1).unwrap();
        assert_eq!(
            (url.user.as_str(), url.password.as_str()),
            ("me", "s3:cret")
        );
        assert_eq!((url.host.as_str(), url.port), ("127.0.0.1", 5433));
        assert_eq!(url.database, "shop");
        assert_eq!(ServerUrl::parse("db://host/x", 99).unwrap().port, 99);
        assert_eq!(ServerUrl::parse("host/x", 99), None);
    }
}
