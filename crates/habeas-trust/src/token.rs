//! Who signed an identity token? Keys of JSON Web Signatures (RFC 7515), each pinned to one algorithm
//! (DRP 0.5 §3.04).
//!
//! The algorithm is the key's, never the header's: what a token says of itself is only compared with it. So no public
//! key is ever taken for a secret, and no token gets around its signature by naming none.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm},
};
use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
use x509_parser::{oid_registry::OID_SIG_ED25519, prelude::FromDer, x509::SubjectPublicKeyInfo};

use crate::public_key::{PublicKey, PublicKeyError};

mod signer;

pub use signer::TokenSigner;

/// A shorter secret could be found by trying (RFC 7518 §3.2: as long as the digest at least).
const SECRET_BYTES: usize = 32;

/// How the signature of a token is made (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256, under a secret that both sides know.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256, the signature as r‖s.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl TokenAlgorithm {
    /// Every algorithm there is.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// The name that a token's header gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for TokenAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no algorithm of tokens that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an algorithm of tokens: use HS256, RS256, ES256 or EdDSA")]
pub struct UnknownTokenAlgorithm;

impl FromStr for TokenAlgorithm {
    type Err = UnknownTokenAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownTokenAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or(UnknownTokenAlgorithm)
    }
}

/// Why a key of tokens is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenKeyError {
    /// A secret of fewer than 32 bytes.
    #[error("the secret has fewer than 32 bytes")]
    Short,
    /// A PEM text where a secret belongs; the public half of a key is no secret.
    #[error("a key in PEM is no shared secret")]
    NotASecret,
    /// HS256 with a public key.
    #[error("HS256 has a shared secret and no public key")]
    NotPublic,
    /// No `PUBLIC KEY` block in the PEM text, or not a well-formed one.
    #[error("no public key in the PEM text")]
    NotPem,
    /// A key of another algorithm than the one it is meant for.
    #[error("the public key is not one of its algorithm")]
    OtherKind,
    /// RSA of fewer than 2048 bits.
    #[error("the public key is too short")]
    Weak,
}

#[derive(Clone)]
enum Kind {
    Secret(Box<hmac::Key>),
    Public { algorithm: TokenAlgorithm, key: ParsedPublicKey },
}

/// A key that tokens of the other side are verified with.
#[derive(Clone)]
pub struct TokenKey(Kind);

impl TokenKey {
    /// A secret that the two sides share, for HS256. Its UTF-8 bytes are the key.
    ///
    /// # Errors
    /// [`TokenKeyError::Short`] or [`TokenKeyError::NotASecret`].
    pub fn secret(text: &str) -> Result<Self, TokenKeyError> {
        shared(text).map(|key| Self(Kind::Secret(key)))
    }

    /// The public half of the other side's key: the first `PUBLIC KEY` of a PEM text. RSA of 2048 to 8192 bits for
    /// RS256, P-256 for ES256, Ed25519 for EdDSA.
    ///
    /// # Errors
    /// [`TokenKeyError`], all but those of secrets.
    pub fn public(algorithm: TokenAlgorithm, pem: &str) -> Result<Self, TokenKeyError> {
        let verification: &'static dyn VerificationAlgorithm = match algorithm {
            TokenAlgorithm::Hs256 => return Err(TokenKeyError::NotPublic),
            TokenAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            TokenAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            TokenAlgorithm::EdDsa => &ED25519,
        };
        let spki = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(|_| TokenKeyError::NotPem)?;
        acceptable(&spki)?;
        let key = ParsedPublicKey::new(verification, &*spki).map_err(|_| TokenKeyError::OtherKind)?;
        Ok(Self(Kind::Public { algorithm, key }))
    }

    /// The one algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> TokenAlgorithm {
        match &self.0 {
            Kind::Secret(_) => TokenAlgorithm::Hs256,
            Kind::Public { algorithm, .. } => *algorithm,
        }
    }

    /// Whether nobody but the two sides can verify with it, so that what it signed was made for us.
    #[must_use]
    pub const fn is_pairwise(&self) -> bool {
        matches!(self.0, Kind::Secret(_))
    }

    /// Whether this key signed these bytes. `algorithm` is what the token's header says: any other than this key's
    /// own, written exactly as RFC 7518 §3.1 has it, is a no.
    #[must_use]
    pub fn verify(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
        let holds = || match &self.0 {
            // The library compares in constant time.
            Kind::Secret(key) => hmac::verify(key, signed, signature).is_ok(),
            Kind::Public { key, .. } => key.verify_sig(signed, signature).is_ok(),
        };
        algorithm == self.algorithm().name() && holds()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({}, …)", self.algorithm())
    }
}

fn shared(text: &str) -> Result<Box<hmac::Key>, TokenKeyError> {
    if text.contains("-----BEGIN ") {
        return Err(TokenKeyError::NotASecret);
    }
    if text.len() < SECRET_BYTES {
        return Err(TokenKeyError::Short);
    }
    Ok(Box::new(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
}

/// What the library does not ask when it parses: whether the DER is a SubjectPublicKeyInfo, where it would take bare
/// keys too, and whether an RSA key is long enough.
fn acceptable(der: &[u8]) -> Result<(), TokenKeyError> {
    match SubjectPublicKeyInfo::from_der(der) {
        Ok(([], spki)) if spki.algorithm.algorithm == OID_SIG_ED25519 => Ok(()),
        Ok(_) => PublicKey::from_spki_der(der).map(|_| ()).map_err(|error| match error {
            PublicKeyError::Malformed => TokenKeyError::NotPem,
            PublicKeyError::Weak => TokenKeyError::Weak,
            PublicKeyError::Unsupported => TokenKeyError::OtherKind,
        }),
        Err(_) => Err(TokenKeyError::NotPem),
    }
}

#[cfg(test)]
mod tests;
