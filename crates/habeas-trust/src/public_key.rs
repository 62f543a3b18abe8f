//! Did the holder of this public key sign these bytes?

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256,
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
    /// Also accept RSASSA-PSS with SHA-256 from RSA keys.
    pub pss: bool,
}

#[derive(Clone)]
enum Kind {
    Rsa { pkcs1: ParsedPublicKey, pss: ParsedPublicKey },
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
        Ok(Self(Kind::Rsa { pkcs1: parse(&RSA_PKCS1_2048_8192_SHA256)?, pss: parse(&RSA_PSS_2048_8192_SHA256)? }))
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
        let by = |key: &ParsedPublicKey, signature: &[u8]| key.verify_sig(message, signature).is_ok();
        match &self.0 {
            Kind::Rsa { pkcs1, pss } => by(pkcs1, signature) || leniency.pss && by(pss, signature),
            Kind::Ec { key, coordinate } => {
                // DER first: a DER signature may happen to be as long as two bare numbers.
                by(key, signature) || fixed_to_der(signature, *coordinate).is_some_and(|der| by(key, &der))
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
