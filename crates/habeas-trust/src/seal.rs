//! How is what we store unreadable without its key, and gone when the key is?
//!
//! ```text
//! master key --HKDF--> per request: wrapping key --wraps--> data key --seals--> columns to be shredded
//!            |                      sealing key  --seals--> columns that outlive shredding
//!            |------> per thing of the configuration: sealing key
//!            '------> per purpose: MAC key (blind indexes)
//! ```
//!
//! Keys are derived per request so that the random nonces of AES-GCM never pile up under one key (NIST SP 800-38D
//! allows 2^32). Deleting a wrapped data key leaves what it sealed unreadable for good.

mod aead;

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::digest;

/// Why something could not be sealed or opened. Tampering, a wrong place and a wrong key look alike on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not 64 hexadecimal digits.
    #[error("not a key of 64 hexadecimal digits")]
    NotAKey,
    /// Sealed with another key, for another place, or changed since.
    #[error("the sealed data does not open")]
    Refused,
    /// The library would not seal.
    #[error("the data could not be sealed")]
    Failed,
}

type Secret = Zeroizing<[u8; 32]>;

/// The organization's key, from which all others derive; wiped from memory when dropped.
#[derive(Clone)]
pub struct MasterKey(Secret);

impl MasterKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(Zeroizing::new(digest::random_bytes()))
    }

    /// Reads what [`MasterKey::to_hex`] wrote; white space around it is ignored.
    ///
    /// # Errors
    /// [`SealError::NotAKey`].
    pub fn from_hex(text: &str) -> Result<Self, SealError> {
        let bytes = Zeroizing::new(digest::from_hex(text.trim_ascii()).ok_or(SealError::NotAKey)?);
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SealError::NotAKey)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// The key as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(digest::hex(&*self.0))
    }
}

/// Derives every other key from a [`MasterKey`].
pub struct Sealer {
    /// HKDF's pseudorandom key, ready for expanding (RFC 5869 section 2.3).
    derive: hmac::Key,
}

impl Sealer {
    /// Prepares a master key for use.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let salt = hmac::Key::new(hmac::HMAC_SHA256, b"habeas/seal/1");
        let extracted = hmac::sign(&salt, &*master.0);
        Self { derive: hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref()) }
    }

    /// The keys of one request.
    #[must_use]
    pub fn request_key(&self, request_id: &str) -> WrappingKey {
        WrappingKey { wrap: self.expand("request/wrap", request_id), seal: self.expand("request/seal", request_id) }
    }

    /// A new random key for what is to be shredded.
    #[must_use]
    pub fn new_data_key(&self) -> DataKey {
        DataKey(Zeroizing::new(digest::random_bytes()))
    }

    /// Seals what belongs to no request; it opens only as the same `what`, which is part of the key.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    pub fn seal(&self, what: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        aead::seal(&self.expand("thing/seal", what), what, clear)
    }

    /// Opens what [`Sealer::seal`] sealed as the same `what`.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        aead::open(&self.expand("thing/seal", what), what, sealed)
    }

    /// HMAC-SHA-256 under a key for this purpose only: the same data gives the same bytes, and nobody without the
    /// key can guess data and check.
    #[must_use]
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.expand("mac", purpose));
        digest::into_array(hmac::sign(&key, data).as_ref())
    }

    /// HKDF-SHA-256's first block, all of a 256-bit key; the library's own HKDF limits the length of names.
    /// Labels contain no zero byte, so no two pairs of label and name are fed in alike.
    fn expand(&self, label: &str, name: &str) -> Secret {
        let mut block = hmac::Context::with_key(&self.derive);
        for part in [label.as_bytes(), &[0], name.as_bytes(), &[1]] {
            block.update(part);
        }
        Zeroizing::new(digest::into_array(block.sign().as_ref()))
    }
}

/// The keys of one request that need not be stored: they derive from the master key.
pub struct WrappingKey {
    wrap: Secret,
    seal: Secret,
}

impl WrappingKey {
    /// Seals a data key for storage.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    pub fn wrap(&self, key: &DataKey) -> Result<Vec<u8>, SealError> {
        aead::seal(&self.wrap, "", &*key.0)
    }

    /// Reads a stored data key.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<DataKey, SealError> {
        let key = aead::open(&self.wrap, "", wrapped)?;
        Ok(DataKey(Zeroizing::new(key.as_slice().try_into().map_err(|_| SealError::Refused)?)))
    }

    /// Seals what stays readable after shredding. `place` is `organization/table/row/column`.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    pub fn seal(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        aead::seal(&self.seal, place, clear)
    }

    /// Opens what was sealed for the same request and place.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        aead::open(&self.seal, place, sealed)
    }
}

/// A random key of one request; its wrapped form is deleted to shred what it sealed.
pub struct DataKey(Secret);

impl DataKey {
    /// Seals a value for one place only, `organization/table/row/column`: 12 bytes of nonce, then AES-256-GCM.
    ///
    /// # Errors
    /// [`SealError::Failed`].
    pub fn seal(&self, place: &str, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        aead::seal(&self.0, place, clear)
    }

    /// Opens what was sealed with this key for the same place.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        aead::open(&self.0, place, sealed)
    }
}

macro_rules! print_nothing {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )* };
}
print_nothing!(MasterKey, Sealer, WrappingKey, DataKey);

#[cfg(test)]
mod tests;
