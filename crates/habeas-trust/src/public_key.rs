//! Did the holder of this public key sign these bytes?

use std::fmt;

use aws_lc_rs::{
    digest::{Digest, SHA256},
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPssSaltLength,
    },
};
use x509_parser::{
    oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION},
    prelude::FromDer,
    public_key::RSAPublicKey,
    x509::SubjectPublicKeyInfo,
};

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not a well-formed SubjectPublicKeyInfo.
    #[error("the public key cannot be read")]
    Malformed,
    /// RSA of fewer than 2048 bits.
    #[error("the public key is too short")]
    Weak,
    /// Neither RSA up to 8192 bits nor EC on P-256 or P-384.
    #[error("the public key is of a kind that is not supported")]
    Unsupported,
}

/// What is accepted from a party beyond the standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniency {
    /// Also accept RSASSA-PSS with SHA-256 from RSA keys, the salt as long as the digest or as long as fits: both are
    /// defaults of signers.
    pub pss: bool,
}

/// How a signature that holds was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2).
    RsaPkcs1,
    /// RSASSA-PSS with SHA-256 (RFC 8017 section 8.1).
    RsaPss,
    /// ECDSA with SHA-256, the signature in either encoding.
    Ecdsa,
}

impl Scheme {
    /// Whether somebody without the key can make up a digest and a signature that fit each other, as long as nobody
    /// asks for a message of that digest.
    #[must_use]
    pub const fn can_be_made_up(self) -> bool {
        match self {
            Self::RsaPkcs1 | Self::RsaPss => false,
            Self::Ecdsa => true,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RsaPkcs1 => "RSA PKCS#1 v1.5 with SHA-256",
            Self::RsaPss => "RSA-PSS with SHA-256",
            Self::Ecdsa => "ECDSA with SHA-256",
        })
    }
}

/// PSS with the longest salt, which some libraries give unless told otherwise.
static PSS_LONG_SALT: RsaParameters = RSA_PSS_2048_8192_SHA256.with_pss_salt_length(RsaPssSaltLength::Max);

#[derive(Clone)]
enum Kind {
    Rsa { pkcs1: ParsedPublicKey, pss: [ParsedPublicKey; 2] },
    Ec { key: ParsedPublicKey, coordinate: usize },
}

/// A public key to verify message signatures with.
#[derive(Clone)]
pub struct PublicKey(Kind);

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    ///
    /// # Errors
    /// See [`PublicKeyError`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| PublicKeyError::Malformed)?;
        if !rest.is_empty() {
            return Err(PublicKeyError::Malformed);
        }
        if spki.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION {
            Self::rsa(der, &spki)
        } else if spki.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            Self::ec(der)
        } else {
            Err(PublicKeyError::Unsupported)
        }
    }

    fn rsa(der: &[u8], spki: &SubjectPublicKeyInfo<'_>) -> Result<Self, PublicKeyError> {
        let (_, key) = RSAPublicKey::from_der(&spki.subject_public_key.data).map_err(|_| PublicKeyError::Malformed)?;
        match bits(key.modulus) {
            ..2048 => return Err(PublicKeyError::Weak),
            2048..=8192 => {}
            _ => return Err(PublicKeyError::Unsupported),
        }
        let parse = |algorithm| ParsedPublicKey::new(algorithm, der).map_err(|_| PublicKeyError::Malformed);
        let pss = [parse(&RSA_PSS_2048_8192_SHA256)?, parse(&PSS_LONG_SALT)?];
        Ok(Self(Kind::Rsa { pkcs1: parse(&RSA_PKCS1_2048_8192_SHA256)?, pss }))
    }

    fn ec(der: &[u8]) -> Result<Self, PublicKeyError> {
        // Parsing fails on another curve than the algorithm's.
        [(&ECDSA_P256_SHA256_ASN1, 32), (&ECDSA_P384_SHA256_ASN1, 48)]
            .into_iter()
            .find_map(|(algorithm, coordinate)| {
                ParsedPublicKey::new(algorithm, der).ok().map(|key| Self(Kind::Ec { key, coordinate }))
            })
            .ok_or(PublicKeyError::Unsupported)
    }

    /// Whether `signature` is this key's over `message` with SHA-256: RSASSA-PKCS1-v1_5, or ECDSA as DER or as the
    /// two numbers one after the other.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8], leniency: Leniency) -> bool {
        self.scheme(signature, leniency, |key, signature| key.verify_sig(message, signature).is_ok()).is_some()
    }

    /// The same where only the SHA-256 of the message is left.
    ///
    /// From an RSA key it proves that the holder signed *some* message of that digest; whoever hands over the digest
    /// says which. From an EC key it proves nothing against who hands over both: a digest and a signature that fit a
    /// public key can be made up together ([`Scheme::can_be_made_up`]).
    #[must_use]
    pub fn verify_digest(&self, sha256: &[u8; 32], signature: &[u8], leniency: Leniency) -> bool {
        self.scheme_of_digest(sha256, signature, leniency).is_some()
    }

    /// How the signature that [`PublicKey::verify_digest`] would accept was made; `None` where it would not.
    #[must_use]
    pub fn scheme_of_digest(&self, sha256: &[u8; 32], signature: &[u8], leniency: Leniency) -> Option<Scheme> {
        let digest = Digest::import_less_safe(sha256, &SHA256).ok()?;
        self.scheme(signature, leniency, |key, signature| key.verify_digest_sig(&digest, signature).is_ok())
    }

    fn scheme(
        &self,
        signature: &[u8],
        leniency: Leniency,
        by: impl Fn(&ParsedPublicKey, &[u8]) -> bool,
    ) -> Option<Scheme> {
        match &self.0 {
            Kind::Rsa { pkcs1, pss } => {
                let is_pss = || leniency.pss && pss.iter().any(|key| by(key, signature));
                if by(pkcs1, signature) { Some(Scheme::RsaPkcs1) } else { is_pss().then_some(Scheme::RsaPss) }
            }
            Kind::Ec { key, coordinate } => {
                // DER first: a DER signature may happen to be as long as two bare numbers.
                let holds = by(key, signature) || fixed_to_der(signature, *coordinate).is_some_and(|der| by(key, &der));
                holds.then_some(Scheme::Ecdsa)
            }
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Rsa { .. } => "PublicKey(RSA)",
            Kind::Ec { coordinate: 32, .. } => "PublicKey(P-256)",
            Kind::Ec { .. } => "PublicKey(P-384)",
        })
    }
}

/// The length of a big-endian number in bits.
fn bits(number: &[u8]) -> usize {
    let significant = number.iter().skip_while(|byte| **byte == 0);
    let first = significant.clone().next().map_or(0, |byte| byte.leading_zeros());
    (significant.count() * 8).saturating_sub(usize::try_from(first).unwrap_or_default())
}

/// Rewrites r‖s, as JWS and WebCrypto have it, as the DER of RFC 3279.
fn fixed_to_der(signature: &[u8], coordinate: usize) -> Option<Vec<u8>> {
    if signature.len() != 2 * coordinate {
        return None;
    }
    let (r, s) = signature.split_at_checked(coordinate)?;
    let body = [der_integer(r)?, der_integer(s)?].concat();
    // Two numbers of at most 48 bytes: the short form of the length suffices.
    Some([&[0x30, u8::try_from(body.len()).ok()?], body.as_slice()].concat())
}

fn der_integer(number: &[u8]) -> Option<Vec<u8>> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..)?;
    // A set top bit would mean a negative number; zero itself needs one byte.
    let padding: &[u8] = if digits.first().is_none_or(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
    let length = u8::try_from(padding.len() + digits.len()).ok()?;
    Some([&[0x02, length], padding, digits].concat())
}

#[cfg(test)]
mod tests;
