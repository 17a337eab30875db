//! All options as one address.

use quillback_plugin_api::DriverError;

use super::{Options, Tls, config};

/// Fills what is not given from the parts of `url`.
///
/// # Errors
/// `Config` for an address of another form.
pub(super) fn fill(mut options: Options) -> Result<Options, DriverError> {
    let Some(text) = options.url.take() else {
        return Ok(options);
    };
    let wrong = || config("option `url` must look like mssql://user:password@host:1433/database");
    let url = url::Url::parse(&text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "mssql" | "sqlserver") {
        return Err(wrong());
    }
    let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
    options.host = options.host.or_else(|| host.and_then(decoded));
    if options.instance.is_none() {
        options.port = options.port.or(url.port());
    }
    options.user = options.user.or_else(|| decoded(url.username()));
    options.password = options
        .password
        .or_else(|| url.password().and_then(decoded));
    let path = url.path().trim_start_matches('/');
    options.database = options.database.or_else(|| decoded(path));
    for (name, value) in url.query_pairs() {
        let field = match name.as_ref() {
            "tls" => {
                options.tls = options.tls.or(Some(tls(&value)?));
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
        field.get_or_insert_with(|| value.into_owned());
    }
    Ok(options)
}

fn tls(value: &str) -> Result<Tls, DriverError> {
    match value {
        "disable" => Ok(Tls::Disable),
        "require" => Ok(Tls::Require),
        "verify-identity" => Ok(Tls::VerifyIdentity),
        "strict" => Ok(Tls::Strict),
        _ => Err(config(
            "option `url`: `tls` takes disable, require, verify-identity and strict",
        )),
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
