//! All options as one address.

use quillback_family_tds::settings::{Address, Tls};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::config;
use serde::de::DeserializeOwned;

use super::Options;

/// How an address of this database begins.
pub(crate) const SCHEMES: [&str; 1] = ["synapse"];

/// Fills what is not given from the parts of `url`.
///
/// # Errors
/// `Config` for an address of another form.
pub(super) fn fill(mut options: Options) -> Result<Options, DriverError> {
    let Some(text) = options.url.take() else {
        return Ok(options);
    };
    let address = Address::parse(&text, &SCHEMES)?;
    options.host = options.host.or(address.host);
    options.port = options.port.or(address.port);
    options.user = options.user.or(address.user);
    options.password = options.password.or(address.password);
    options.database = options.database.or(address.database);
    for (name, value) in address.parameters {
        match name.as_str() {
            "tls" => {
                let tls = Tls::parse(&value)?;
                options.tls.get_or_insert(tls);
            }
            "distribution" => {
                let takes = "`distribution` takes round-robin, hash and replicate";
                options.distribution.get_or_insert(named(value, takes)?);
            }
            "storage" => {
                let takes = "`storage` takes heap and columnstore";
                options.storage.get_or_insert(named(value, takes)?);
            }
            "allow_dirty_reads" => {
                let allowed = match value.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(wrong("`allow_dirty_reads` takes true and false")),
                };
                options.allow_dirty_reads.get_or_insert(allowed);
            }
            "distribution_column" => drop(options.distribution_column.get_or_insert(value)),
            "root_certificate" => drop(options.root_certificate.get_or_insert(value)),
            "certificate_host" => drop(options.certificate_host.get_or_insert(value)),
            _ => {
                return Err(wrong(
                    "unknown parameter; known are tls, root_certificate, certificate_host, distribution, \
                     distribution_column, storage and allow_dirty_reads",
                ));
            }
        }
    }
    Ok(options)
}

/// One of the names of a choice.
fn named<T: DeserializeOwned>(value: String, takes: &str) -> Result<T, DriverError> {
    serde_json::from_value(serde_json::Value::String(value)).map_err(|_| wrong(takes))
}

fn wrong(why: &str) -> DriverError {
    config(format!("option `url`: {why}"))
}
