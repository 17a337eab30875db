//! All options as one address.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::config;

use super::Tls;

/// The parts of an address such as `scheme://user:password@host:1433/database?tls=require`. Empty parts count as not
/// given.
#[derive(Default)]
pub struct Address {
    /// Host name or address.
    pub host: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// Name of the account.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// Database.
    pub database: Option<String>,
    /// What follows the question mark, in order.
    pub parameters: Vec<(String, String)>,
}

impl Address {
    /// Takes an address apart; the first of `schemes` is named in messages.
    ///
    /// # Errors
    /// `Config` for an address of another form.
    pub fn parse(text: &str, schemes: &[&str]) -> Result<Self, DriverError> {
        let scheme = schemes.first().copied().unwrap_or_default();
        let wrong = || {
            config(format!(
                "option `url` must look like {scheme}://user:password@host:1433/database"
            ))
        };
        let url = url::Url::parse(text).map_err(|_| wrong())?;
        if !schemes.contains(&url.scheme()) {
            return Err(wrong());
        }
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
        let pairs = url.query_pairs();
        Ok(Self {
            host: host.and_then(decoded),
            port: url.port(),
            user: decoded(url.username()),
            password: url.password().and_then(decoded),
            database: decoded(url.path().trim_start_matches('/')),
            parameters: pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        })
    }
}

impl Tls {
    /// The encryption that an address asks for by `tls=`.
    ///
    /// # Errors
    /// `Config`.
    pub fn parse(value: &str) -> Result<Self, DriverError> {
        match value {
            "disable" => Ok(Self::Disable),
            "require" => Ok(Self::Require),
            "verify-identity" => Ok(Self::VerifyIdentity),
            "strict" => Ok(Self::Strict),
            _ => Err(config(
                "option `url`: `tls` takes disable, require, verify-identity and strict",
            )),
        }
    }
}

/// Undoes percent encoding; an empty text counts as not given.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let half = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (*first, half(0), half(1)) {
            bytes.push(u8::try_from(high << 4 | low).unwrap_or(b'%'));
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.is_empty())
}
