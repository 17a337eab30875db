//! The client side of TLS: certificates of the machine's authorities, or of a given one.

use std::sync::Arc;

use quillback_plugin_api::{Category, DriverError};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// The settings of connections that trust the machine's authorities, or only the `given` one: PEM text or the path of a
/// file, from the option `root_certificate`.
///
/// # Errors
/// `Config` when the certificate cannot be read.
pub fn client_config(given: Option<&str>) -> Result<Arc<ClientConfig>, DriverError> {
    // Chosen explicitly: a plugin has statics of its own, in which nobody else chooses.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| DriverError::new(Category::Internal, error.to_string()))?;
    let mut roots = RootCertStore::empty();
    match given {
        // A machine without any is told so by the handshake; endpoints without encryption need none.
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Some(given) => add_given(&mut roots, given)?,
    }
    Ok(Arc::new(
        builder.with_root_certificates(roots).with_no_client_auth(),
    ))
}

fn add_given(roots: &mut RootCertStore, given: &str) -> Result<(), DriverError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        let message = format!("option `root_certificate` cannot be read: {error}");
        DriverError::new(Category::Config, message)
    };
    let pem = if given.contains("-----BEGIN") {
        given.as_bytes().to_vec()
    } else {
        std::fs::read(given).map_err(|error| unreadable(&error.kind()))?
    };
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    Ok(())
}
