//! Keyed hashes of the records in the books: who cannot read the key file cannot make one up.
//!
//! A hash is taken over all columns of a record, each with its length before it, so that no two records have the same
//! bytes. It is written as `<key id>.<HMAC-SHA-256 in base64url>`: a hash stays good when another key becomes the
//! active one, as long as the old one stays in the key file.

use std::fmt;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use quillback_plugin_api::civil::Timestamp;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::hex;

/// What keys for this purpose are derived with, so that the key of the file itself is used for nothing else.
const PURPOSE: &[u8] = b"quillback|v1|books";

/// The keys of the books by id, derived from those of the key file; the first one signs. Cheap to clone.
#[derive(Clone, Default)]
pub struct MacKeys(Arc<Vec<MacKey>>);

struct MacKey {
    id: String,
    secret: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for MacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

/// What a keyed hash says about a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Somebody who has the key wrote the record as it is.
    Genuine,
    /// It is not as it was written.
    Forged,
    /// It was written with a key that is not in the key file.
    UnknownKey(String),
}

impl MacKeys {
    /// Derives the keys of the books from these, the one that signs first.
    pub(crate) fn derive<'a>(keys: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let derived = keys.map(|(id, secret)| MacKey {
            id: id.to_owned(),
            secret: Zeroizing::new(hmac(secret, PURPOSE)),
        });
        Self(Arc::new(derived.collect()))
    }

    /// The keyed hash; `None` before the key file was read, when nothing is written in the books.
    pub(crate) fn sign(&self, form: &Form) -> Option<String> {
        self.0.first().map(|key| {
            let hash = hmac(&*key.secret, &form.0);
            format!("{}.{}", key.id, Base64UrlUnpadded::encode_string(&hash))
        })
    }

    /// Whether `mac` is the keyed hash of the record.
    pub(crate) fn verify(&self, form: &Form, mac: &str) -> Verdict {
        let Some((id, hash)) = mac.split_once('.') else {
            return Verdict::Forged;
        };
        let Some(key) = self.0.iter().find(|key| key.id == id) else {
            return Verdict::UnknownKey(id.to_owned());
        };
        let Ok(hash) = Base64UrlUnpadded::decode_vec(hash) else {
            return Verdict::Forged;
        };
        let is_genuine = keyed(&*key.secret)
            .is_some_and(|state| state.chain_update(&form.0).verify_slice(&hash).is_ok());
        if is_genuine {
            Verdict::Genuine
        } else {
            Verdict::Forged
        }
    }
}

fn keyed(secret: &[u8]) -> Option<Hmac<Sha256>> {
    // A key of any length is one.
    Hmac::<Sha256>::new_from_slice(secret).ok()
}

fn hmac(secret: &[u8], bytes: &[u8]) -> [u8; 32] {
    keyed(secret).map_or([0; 32], |state| {
        state.chain_update(bytes).finalize().into_bytes().into()
    })
}

/// The bytes of a record that are hashed: its kind, and then each column with its length before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form(Vec<u8>);

impl Form {
    /// The form of a record of this kind, without columns.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self(Vec::with_capacity(512)).text(kind)
    }

    /// A text.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.push(1);
        self.0.extend((text.len() as u64).to_be_bytes());
        self.0.extend(text.as_bytes());
        self
    }

    /// A text that may be missing, which is not the same as an empty one.
    pub(crate) fn optional(mut self, text: Option<&str>) -> Self {
        let Some(text) = text else {
            self.0.push(0);
            return self;
        };
        self.text(text)
    }

    /// A whole number.
    pub(crate) fn number(mut self, number: i64) -> Self {
        self.0.push(2);
        self.0.extend(number.to_be_bytes());
        self
    }

    /// True or false.
    pub(crate) fn flag(self, flag: bool) -> Self {
        self.number(flag.into())
    }

    /// A moment, with the microseconds that every repository keeps.
    pub(crate) fn moment(self, moment: Timestamp) -> Self {
        self.number(moment.seconds)
            .number(i64::from(moment.nanos / 1_000))
    }

    /// A moment that may be missing.
    pub(crate) fn optional_moment(mut self, moment: Option<Timestamp>) -> Self {
        let Some(moment) = moment else {
            self.0.push(0);
            return self;
        };
        self.moment(moment)
    }

    /// The plain hash, in hexadecimal digits: for records from before there were keyed ones.
    pub(crate) fn digest(&self) -> String {
        hex::encode(&Sha256::digest(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secrets: &[(&'static str, u8)]) -> MacKeys {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|(id, byte)| (*id, [*byte; 32]))
            .collect();
        MacKeys::derive(secrets.iter().map(|(id, secret)| (*id, &secret[..])))
    }

    #[test]
    fn a_hash_is_good_for_its_record_and_key_alone() {
        let ring = keys(&[("new", 1), ("old", 2)]);
        let form = Form::new("row").text("a").optional(None).number(-1);
        let mac = ring.sign(&form).unwrap();
        assert!(
            mac.starts_with("new.") && mac.len() == "new.".len() + 43,
            "{mac}"
        );
        assert_eq!(ring.verify(&form, &mac), Verdict::Genuine);
        let other = Form::new("row").text("b").optional(None).number(-1);
        assert_eq!(ring.verify(&other, &mac), Verdict::Forged);
        for wrong in ["", "new", "new.", "new.!", &mac[..mac.len() - 1]] {
            assert_eq!(ring.verify(&form, wrong), Verdict::Forged, "{wrong}");
        }
        let forger = keys(&[("new", 3)]);
        assert_eq!(
            ring.verify(&form, &forger.sign(&form).unwrap()),
            Verdict::Forged
        );
        let rotated = keys(&[("newest", 4), ("new", 1)]);
        assert_eq!(rotated.verify(&form, &mac), Verdict::Genuine);
        assert_eq!(
            keys(&[("newest", 4)]).verify(&form, &mac),
            Verdict::UnknownKey("new".into())
        );
        assert_eq!(MacKeys::default().sign(&form), None);
    }

    #[test]
    fn no_two_records_have_the_same_bytes() {
        let moment = Timestamp {
            seconds: 1,
            nanos: 0,
        };
        let forms = [
            Form::new("a").text("b").text("c"),
            Form::new("a").text("bc").text(""),
            Form::new("a").text("b").optional(None).text("c"),
            Form::new("ab").text("").text("c"),
            Form::new("a").optional(Some("")).optional(None),
            Form::new("a").optional(None).optional(Some("")),
            Form::new("a").number(1).number(0),
            Form::new("a").optional_moment(None),
            Form::new("a").flag(true),
            Form::new("a").flag(false),
            Form::new("a").moment(Timestamp {
                nanos: 1_000,
                ..moment
            }),
        ];
        for (position, form) in forms.iter().enumerate() {
            assert!(!forms[..position].contains(form), "{position}");
        }
        assert_eq!(
            Form::new("a").moment(moment),
            Form::new("a").number(1).number(0)
        );
    }

    #[test]
    fn the_key_of_the_file_is_not_the_key_of_the_books() {
        assert_ne!(hmac(&[1; 32], PURPOSE), [1; 32]);
        assert_eq!(
            hex::encode(&hmac(
                b"key",
                b"The quick brown fox jumps over the lazy dog"
            )),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }
}
