//! Tokens signed with an RSA key: RS256 of <https://www.rfc-editor.org/rfc/rfc7515#section-7.1>.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value as Json;

/// A private key.
pub struct SigningKey(Box<RsaKeyPair>);

impl SigningKey {
    /// Reads PEM text of an RSA key in PKCS #8 that is not encrypted; `None` for anything else.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok()?;
        Some(Self(Box::new(pair)))
    }

    /// A signed token; `None` when the key cannot sign.
    pub fn token(&self, header: &Json, claims: &Json) -> Option<String> {
        let part = |json: &Json| Base64UrlUnpadded::encode_string(json.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        let signature = Base64UrlUnpadded::encode_string(&signature);
        Some(format!("{signed}.{signature}"))
    }

    /// SHA-256 of the public key as `SubjectPublicKeyInfo` (<https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1>), in
    /// base64.
    pub fn fingerprint(&self) -> String {
        let info = public_key_info(self.0.public_key().as_ref());
        Base64::encode_string(digest(&SHA256, &info).as_ref())
    }
}

/// Wraps a PKCS #1 public key: SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING }.
fn public_key_info(key: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: &[u8] = &[
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let mut bits = vec![0];
    bits.extend_from_slice(key);
    let mut inner = RSA_ENCRYPTION.to_vec();
    inner.extend(element(0x03, &bits));
    element(0x30, &inner)
}

/// One element of DER with its length: <https://www.itu.int/rec/T-REC-X.690> (8.1.3).
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    match significant.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(0x7f));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made for tests, with `openssl genpkey`; its fingerprint with
    /// `openssl rsa -pubout -outform DER | openssl dgst -sha256 -binary | base64`.
    const KEY: &str = include_str!("../tests/key.pem");

    #[test]
    fn the_fingerprint_is_that_of_openssl() {
        let key = SigningKey::from_pem(KEY).unwrap();
        assert_eq!(
            key.fingerprint(),
            include_str!("../tests/key.fingerprint").trim()
        );
    }

    #[test]
    fn lengths_of_one_and_of_several_bytes_are_written() {
        assert_eq!(element(4, &[7]), [4, 1, 7]);
        assert_eq!(element(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(element(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(element(4, &[]), [4, 0]);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(
            SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")
                .is_none()
        );
    }
}
