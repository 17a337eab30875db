//! Seals secrets for the repository with keys that are kept outside of it.
//!
//! Each secret has a data key of its own, wrapped by a key of the ring: `v1.<key id>.<wrapped data key>.<ciphertext>`.
//! Both parts are bound to the context, such as `connections/<id>/secrets`, so that a sealed text that is moved to
//! another record does not open. Changing the key wraps the data key anew and leaves the ciphertext alone.

use std::fmt::{self, Write as _};

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::audit::MacKeys;
use crate::cx::Random;

const VERSION: &str = "v1";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const MAX_ID: usize = 32;
const HEAD: &str = "\
# Keys that seal the secrets in the repository of Quillback: lose them and the secrets are lost.
# Keep this file readable by the server alone, and back it up apart from the database.
# One key a line, `id:32 bytes in base64url`. The first one seals; the others only open what they sealed.
";

/// What is wrong with a key file or a sealed text. Never holds key or secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// A line of the key file is not a key.
    #[error("line {line} of the key file {fault}; a key is written `id:32 bytes in base64url`")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The key file has no key.
    #[error("the key file has no key; `quillback keys generate` writes one")]
    Empty,
    /// A secret was sealed with a key that is not there.
    #[error(
        "the key `{0}`, with which secrets in the repository are sealed, is not in the key file: \
         put it back, after the first line if another key is to seal from now on"
    )]
    Missing(String),
    /// A secret was sealed with another key of the same id, or was damaged or moved.
    #[error(
        "a secret in the repository does not open with the key `{0}` of the key file: \
         either the file belongs to another repository, or the sealed text was changed"
    )]
    Wrong(String),
    /// A text is not a sealed secret at all.
    #[error(
        "a secret in the repository is not in the form `v1.<key id>.<wrapped key>.<ciphertext>`"
    )]
    Malformed,
    /// A secret could not be sealed.
    #[error("a secret is too long to be sealed")]
    TooLong,
}

type Result<T> = std::result::Result<T, KeyringError>;

struct NamedKey {
    id: String,
    secret: Zeroizing<[u8; KEY_BYTES]>,
}

/// Keys by id; the first is active: it seals, the others only open.
pub struct Keyring {
    active: NamedKey,
    older: Vec<NamedKey>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Keyring {
    /// Reads the text of a key file: one key a line, comments after `#`.
    ///
    /// # Errors
    /// `Line` with its number, `Empty`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut keys: Vec<NamedKey> = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            let refuse = |fault| KeyringError::Line {
                line: position + 1,
                fault,
            };
            let key = parse_key(line_text).map_err(refuse)?;
            if keys.iter().any(|known| known.id == key.id) {
                return Err(refuse("repeats the id of an earlier key"));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or(KeyringError::Empty)?;
        Ok(Self {
            active,
            older: keys.collect(),
        })
    }

    /// The text of a new key file with one key.
    pub fn generate(random: &dyn Random) -> Zeroizing<String> {
        Zeroizing::new(format!("{HEAD}{}", *new_line(random)))
    }

    /// The text of the key file with a new active key before the keys it has.
    ///
    /// # Errors
    /// As [`Keyring::parse`], when the text is not a key file.
    pub fn add_key(text: &str, random: &dyn Random) -> Result<Zeroizing<String>> {
        Self::parse(text)?;
        let is_comment = |line: &&str| line.trim_start().starts_with('#');
        let head: usize = text
            .split_inclusive('\n')
            .take_while(is_comment)
            .map(str::len)
            .sum();
        let (head, keys) = text.split_at(head);
        Ok(Zeroizing::new(format!("{head}{}{keys}", *new_line(random))))
    }

    /// Id of the key that seals.
    pub fn active_id(&self) -> &str {
        &self.active.id
    }

    /// Ids of all keys, the active one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.active)
            .chain(&self.older)
            .map(|key| key.id.as_str())
    }

    /// Seals a secret; only the same `context` opens it.
    ///
    /// # Errors
    /// `TooLong` beyond 256 GiB.
    pub fn seal(&self, random: &dyn Random, context: &str, plaintext: &[u8]) -> Result<String> {
        let mut data_key = Zeroizing::new([0; KEY_BYTES]);
        random.fill(&mut *data_key);
        let ciphertext = encrypt(&data_key, random, &bound("data", context), plaintext)?;
        let wrapped = self.wrap(random, context, &data_key)?;
        Ok(format!(
            "{VERSION}.{}.{wrapped}.{}",
            self.active.id,
            encode(&ciphertext)
        ))
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// `Missing`, `Wrong` or `Malformed`.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = Sealed::parse(sealed)?;
        let data_key = self.unwrap(context, &sealed)?;
        let ciphertext = decode(sealed.ciphertext)?;
        decrypt(&data_key, &bound("data", context), &ciphertext)
            .ok_or_else(|| KeyringError::Wrong(sealed.key_id.to_owned()))
    }

    /// The secret sealed with the active key; `None` when it is already.
    ///
    /// # Errors
    /// As [`Keyring::open`].
    pub fn rewrap(
        &self,
        random: &dyn Random,
        context: &str,
        sealed: &str,
    ) -> Result<Option<String>> {
        let sealed = Sealed::parse(sealed)?;
        if sealed.key_id == self.active.id {
            return Ok(None);
        }
        let data_key = self.unwrap(context, &sealed)?;
        let wrapped = self.wrap(random, context, &data_key)?;
        Ok(Some(format!(
            "{VERSION}.{}.{wrapped}.{}",
            self.active.id, sealed.ciphertext
        )))
    }

    /// Refuses a sealed secret whose key is not in the ring, without opening it.
    ///
    /// # Errors
    /// `Missing` or `Malformed`.
    pub fn has_key_of(&self, sealed: &str) -> Result<()> {
        self.key(Sealed::parse(sealed)?.key_id).map(|_| ())
    }

    /// Keys for the hashes of the books, derived from these.
    pub(crate) fn mac_keys(&self) -> MacKeys {
        let keys = std::iter::once(&self.active).chain(&self.older);
        MacKeys::derive(keys.map(|key| (key.id.as_str(), &key.secret[..])))
    }

    fn wrap(
        &self,
        random: &dyn Random,
        context: &str,
        data_key: &[u8; KEY_BYTES],
    ) -> Result<String> {
        encrypt(
            &self.active.secret,
            random,
            &bound("key", context),
            data_key,
        )
        .map(|wrapped| encode(&wrapped))
    }

    fn unwrap(&self, context: &str, sealed: &Sealed<'_>) -> Result<Zeroizing<[u8; KEY_BYTES]>> {
        let key = self.key(sealed.key_id)?;
        let wrapped = decode(sealed.wrapped)?;
        decrypt(&key.secret, &bound("key", context), &wrapped)
            .and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok())
            .map(Zeroizing::new)
            .ok_or_else(|| KeyringError::Wrong(sealed.key_id.to_owned()))
    }

    fn key(&self, id: &str) -> Result<&NamedKey> {
        let mut keys = std::iter::once(&self.active).chain(&self.older);
        keys.find(|key| key.id == id)
            .ok_or_else(|| KeyringError::Missing(id.to_owned()))
    }
}

struct Sealed<'a> {
    key_id: &'a str,
    wrapped: &'a str,
    ciphertext: &'a str,
}

impl<'a> Sealed<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let mut parts = text.split('.');
        match (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) {
            (Some(VERSION), Some(key_id), Some(wrapped), Some(ciphertext), None)
                if is_id(key_id) =>
            {
                Ok(Self {
                    key_id,
                    wrapped,
                    ciphertext,
                })
            }
            _ => Err(KeyringError::Malformed),
        }
    }
}

fn parse_key(line: &str) -> std::result::Result<NamedKey, &'static str> {
    let (id, secret) = line.split_once(':').ok_or("has no `:`")?;
    if !is_id(id) {
        return Err("has an id with other characters than a-z, 0-9, `_` and `-`, or more than 32");
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    match Base64UrlUnpadded::decode(secret.trim(), &mut *bytes) {
        Ok(decoded) if decoded.len() == KEY_BYTES => Ok(NamedKey {
            id: id.to_owned(),
            secret: bytes,
        }),
        _ => Err("has no 32 bytes in base64url without padding after the `:`"),
    }
}

fn is_id(id: &str) -> bool {
    let is_fine = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(is_fine)
}

fn new_line(random: &dyn Random) -> Zeroizing<String> {
    let mut id = [0; 4];
    let mut secret = Zeroizing::new([0; KEY_BYTES]);
    random.fill(&mut id);
    random.fill(&mut *secret);
    let mut line = Zeroizing::new(String::with_capacity(64));
    line.push('k');
    for byte in id {
        // Writing to a text cannot fail.
        let _ = write!(line, "{byte:02x}");
    }
    line.push(':');
    line.push_str(&Zeroizing::new(encode(&*secret)));
    line.push('\n');
    line
}

/// What a ciphertext is bound to.
fn bound(part: &str, context: &str) -> String {
    format!("quillback|{VERSION}|{part}|{context}")
}

fn encrypt(
    key: &[u8; KEY_BYTES],
    random: &dyn Random,
    bound_to: &str,
    plaintext: &[u8],
) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE_BYTES];
    random.fill(&mut nonce);
    let payload = Payload {
        msg: plaintext,
        aad: bound_to.as_bytes(),
    };
    let ciphertext = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| KeyringError::TooLong)?;
    Ok([nonce.as_slice(), &ciphertext].concat())
}

fn decrypt(key: &[u8; KEY_BYTES], bound_to: &str, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = bytes.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: ciphertext,
        aad: bound_to.as_bytes(),
    };
    cipher(key)
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

fn cipher(key: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn decode(text: &str) -> Result<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).map_err(|_| KeyringError::Malformed)
}

#[cfg(test)]
mod tests;
