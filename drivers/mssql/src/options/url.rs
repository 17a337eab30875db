//! All options as one address.

use quillback_family_tds::settings::{Address, Tls};
use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::config;

use super::Options;

/// How an address of this database begins.
pub(crate) const SCHEMES: [&str; 2] = ["mssql", "sqlserver"];

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
    if options.instance.is_none() {
        options.port = options.port.or(address.port);
    }
    options.user = options.user.or(address.user);
    options.password = options.password.or(address.password);
    options.database = options.database.or(address.database);
    for (name, value) in address.parameters {
        let field = match name.as_str() {
            "tls" => {
                options.tls = options.tls.or(Some(Tls::parse(&value)?));
                continue;
            }
            "instance" => &mut options.instance,
            "root_certificate" => &mut options.root_certificate,
            "certificate_host" => &mut options.certificate_host,
            _ => {
                let known = "tls, instance, root_certificate and certificate_host";
                return Err(config(format!(
                    "option `url`: unknown parameter; known are {known}"
                )));
            }
        };
        field.get_or_insert(value);
    }
    Ok(options)
}
