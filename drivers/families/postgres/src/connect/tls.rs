//! Encryption of the connection, in the five strengths that `PostgreSQL` knows
//! (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>).

use std::sync::Arc;

use quillback_plugin_api::{Category, DriverError};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::settings::{Tls, config};

/// The client side of TLS for one strength; `None` when nothing is encrypted.
///
/// # Errors
/// `Config` when the root certificate cannot be read, or the machine has none.
pub(crate) fn client_config(
    tls: Tls,
    root_certificate: Option<&str>,
) -> Result<Option<Arc<ClientConfig>>, DriverError> {
    // Chosen explicitly: the process may hold other cryptography libraries whose default would clash.
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match tls {
        Tls::Disable => return Ok(None),
        Tls::Prefer | Tls::Require => Arc::new(AnyCertificate {
            provider: Arc::clone(&provider),
            roots: None,
        }),
        Tls::VerifyCa => Arc::new(AnyCertificate {
            provider: Arc::clone(&provider),
            roots: Some(roots(root_certificate)?),
        }),
        Tls::VerifyFull => {
            let roots = Arc::new(roots(root_certificate)?);
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .build()
                .map_err(|error| config("root_certificate", &error.to_string()))?
        }
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| DriverError::new(Category::Internal, error.to_string()))?;
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Some(Arc::new(config)))
}

/// The certificates that are trusted: the given ones (PEM, or a file of it), else those of the machine.
fn roots(given: Option<&str>) -> Result<RootCertStore, DriverError> {
    let mut store = RootCertStore::empty();
    let Some(given) = given else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if store.is_empty() {
            return Err(config(
                "root_certificate",
                "this machine trusts no certificates of its own: give the server's root certificate",
            ));
        }
        return Ok(store);
    };
    let unreadable = |error: &dyn std::fmt::Display| {
        config("root_certificate", &format!("cannot be read: {error}"))
    };
    let pem = if given.contains("-----BEGIN") {
        given.as_bytes().to_vec()
    } else {
        std::fs::read(given).map_err(|error| unreadable(&error.kind()))?
    };
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        store.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if store.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    Ok(store)
}

/// Takes every certificate, or every one that leads to a trusted root, whatever name is on it.
#[derive(Debug)]
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
    roots: Option<RootCertStore>,
}

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(certificate)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
