//! How do we sign an identity token, so that the one other side can verify it?

use std::{fmt, sync::Arc};

use aws_lc_rs::hmac;

use super::{TokenAlgorithm, TokenKeyError, shared};
use crate::signing::{Algorithm, SignError, SigningKey};

#[derive(Clone)]
enum Kind {
    Secret(Box<hmac::Key>),
    Key(Arc<SigningKey>),
}

/// A key that our tokens are signed with.
#[derive(Clone)]
pub struct TokenSigner(Kind);

impl TokenSigner {
    /// A secret that the two sides share, for HS256. Its UTF-8 bytes are the key.
    ///
    /// # Errors
    /// [`TokenKeyError::Short`] or [`TokenKeyError::NotASecret`].
    pub fn secret(text: &str) -> Result<Self, TokenKeyError> {
        shared(text).map(|key| Self(Kind::Secret(key)))
    }

    /// A private key of ours: RS256 where it is RSA, ES256 where it is P-256.
    #[must_use]
    pub const fn of(key: Arc<SigningKey>) -> Self {
        Self(Kind::Key(key))
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> TokenAlgorithm {
        match &self.0 {
            Kind::Secret(_) => TokenAlgorithm::Hs256,
            Kind::Key(key) => match key.algorithm() {
                Algorithm::RsaPkcs1Sha256 => TokenAlgorithm::Rs256,
                Algorithm::EcdsaP256Sha256 => TokenAlgorithm::Es256,
            },
        }
    }

    /// The signature as a token carries it (RFC 7518 §3): of an EC key r‖s, 64 bytes.
    ///
    /// # Errors
    /// [`SignError`] if the library fails.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Kind::Secret(key) => Ok(hmac::sign(key, bytes).as_ref().to_vec()),
            Kind::Key(key) => key.sign_fixed(bytes),
        }
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenSigner({}, …)", self.algorithm())
    }
}
