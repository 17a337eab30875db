//! Options of a connection that services over HTTP have in common.

use quillback_plugin_api::DriverError;
use quillback_plugin_api::options::config;
use url::Url;

/// A text without what is blank around it; `None` for one that is empty.
pub fn text(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// Reads the option `endpoint`: the address of a service, without a user, a password or a query.
///
/// # Errors
/// `Config` for anything else.
pub fn endpoint(text: &str) -> Result<Url, DriverError> {
    let is_plain = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
    };
    let url = Url::parse(text).ok().filter(is_plain);
    url.ok_or_else(|| config("option `endpoint` must look like https://host:port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_and_nothing_else() {
        for wrong in ["host", "ftp://host", "https://me@host", "https://host?x=1"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
        assert_eq!(endpoint("http://host:1").unwrap().port(), Some(1));
        assert_eq!(text(Some(" a ".into())).as_deref(), Some("a"));
        assert_eq!(text(Some(" ".into())), None);
    }
}
