//! How do we sign a message so that a peer can check it with our certificate?

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use zeroize::Zeroizing;

use crate::{digest, pem};

/// How a signature is made; what its bytes mean follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2), what deployed peers understand.
    RsaPkcs1Sha256,
    /// ECDSA on P-256 with SHA-256, the signature in DER (RFC 3279 section 2.2.3).
    EcdsaP256Sha256,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
        })
    }
}

/// The text names no algorithm we sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a signature algorithm: use rsa-pkcs1-sha256 or ecdsa-p256-sha256")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        [Self::RsaPkcs1Sha256, Self::EcdsaP256Sha256]
            .into_iter()
            .find(|algorithm| algorithm.to_string() == text)
            .ok_or(UnknownAlgorithm)
    }
}

/// How long the modulus of a new RSA key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsaSize {
    /// 2048 bits.
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits; generating one takes seconds.
    Bits4096,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No `PRIVATE KEY` block (PKCS#8, unencrypted) in the PEM text.
    #[error("no unencrypted PKCS#8 private key in the PEM text")]
    NotPem,
    /// A key of another kind, too short, or inconsistent.
    #[error("the key is neither a sound RSA key of 2048 to 8192 bits nor a P-256 key")]
    Unacceptable,
    /// The library would not make or encode the key.
    #[error("the key could not be generated")]
    Generation,
}

/// The message could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message could not be signed")]
pub struct SignError;

enum Pair {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
}

/// A private key to sign messages with, wiped from memory when dropped.
pub struct SigningKey {
    pair: Pair,
    /// PKCS#8, encoded once so that saving cannot fail later.
    private: Zeroizing<Vec<u8>>,
    /// SubjectPublicKeyInfo.
    public: Vec<u8>,
}

impl SigningKey {
    /// A new RSA key. Slow: call it off the async threads.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate_rsa(size: RsaSize) -> Result<Self, KeyError> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        Self::of_rsa(rsa::KeyPair::generate(size).map_err(|_| KeyError::Generation)?)
    }

    /// A new P-256 key.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate_p256() -> Result<Self, KeyError> {
        Self::of_p256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| KeyError::Generation)?)
    }

    /// Reads the first PKCS#8 private key of a PEM text.
    ///
    /// # Errors
    /// [`KeyError::NotPem`] or [`KeyError::Unacceptable`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyError::NotPem)?;
        let der = key.secret_pkcs8_der();
        if let Ok(pair) = rsa::KeyPair::from_pkcs8(der) {
            return Self::of_rsa(pair);
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der);
        Self::of_p256(pair.map_err(|_| KeyError::Unacceptable)?)
    }

    fn of_rsa(pair: rsa::KeyPair) -> Result<Self, KeyError> {
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| KeyError::Generation)?;
        let private = Zeroizing::new(private.as_ref().to_vec());
        let public = pair.public_key().as_der().map_err(|_| KeyError::Generation)?.as_ref().to_vec();
        Ok(Self { pair: Pair::Rsa(pair), private, public })
    }

    fn of_p256(pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let private = pair.to_pkcs8v1().map_err(|_| KeyError::Generation)?;
        let private = Zeroizing::new(private.as_ref().to_vec());
        let public = pair.public_key().as_der().map_err(|_| KeyError::Generation)?.as_ref().to_vec();
        Ok(Self { pair: Pair::P256(pair), private, public })
    }

    /// The key as PKCS#8 PEM, unencrypted.
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::encode(pem::PRIVATE_KEY, &self.private)
    }

    /// How this key signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::RsaPkcs1Sha256,
            Pair::P256(_) => Algorithm::EcdsaP256Sha256,
        }
    }

    /// Signs a message; it is hashed here.
    ///
    /// # Errors
    /// [`SignError`] if the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SignError)?;
                Ok(signature)
            }
            Pair::P256(pair) => Ok(pair.sign(&random, message).map_err(|_| SignError)?.as_ref().to_vec()),
        }
    }

    /// The same as a token carries it (RFC 7518 §3.4): of an EC key the two numbers r‖s, 64 bytes, instead of DER.
    ///
    /// # Errors
    /// [`SignError`] if the library fails.
    pub fn sign_fixed(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.sign(message)?;
        match self.pair {
            Pair::Rsa(_) => Ok(signature),
            Pair::P256(_) => der_to_fixed(&signature).ok_or(SignError),
        }
    }

    /// A name for the key that tells nothing but which one it is: half of the SHA-256 of its public part, as 32
    /// hexadecimal digits.
    #[must_use]
    pub fn key_id(&self) -> String {
        let mut digits = digest::hex(&digest::sha256(&self.public));
        digits.truncate(32);
        digits
    }

    /// The public key as DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
    #[must_use]
    pub fn public_key_spki_der(&self) -> &[u8] {
        &self.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.algorithm())
    }
}

/// Rewrites an ECDSA signature on P-256 from the DER of RFC 3279 as r‖s.
fn der_to_fixed(der: &[u8]) -> Option<Vec<u8>> {
    const COORDINATE: usize = 32;
    // A sequence of two numbers of at most 33 bytes: every length has its short form.
    let [0x30, length, body @ ..] = der else { return None };
    if usize::from(*length) != body.len() {
        return None;
    }
    let (r, rest) = der_integer(body)?;
    let (s, []) = der_integer(rest)? else { return None };
    let mut fixed = vec![0; 2 * COORDINATE];
    for (number, place) in [r, s].into_iter().zip(fixed.chunks_exact_mut(COORDINATE)) {
        let zeros = COORDINATE.checked_sub(number.len())?;
        place.get_mut(zeros..)?.copy_from_slice(number);
    }
    Some(fixed)
}

/// The digits of the number at the head, without the zero that keeps it positive, and what follows it.
fn der_integer(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x02, length, rest @ ..] = bytes else { return None };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((number.strip_prefix(&[0]).unwrap_or(number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_key::{Leniency, PublicKey};

    const SHORT_RSA: &str = include_str!("../tests/data/rsa-1024.pem");

    fn both() -> [SigningKey; 2] {
        [SigningKey::generate_rsa(RsaSize::Bits2048).expect("RSA"), SigningKey::generate_p256().expect("P-256")]
    }

    #[test]
    fn what_a_key_signs_its_public_key_verifies_also_after_saving() {
        for key in both() {
            let again = SigningKey::from_pem(&key.to_pem()).expect("what we wrote");
            assert_eq!((again.algorithm(), again.key_id()), (key.algorithm(), key.key_id()));
            let public = PublicKey::from_spki_der(key.public_key_spki_der()).expect("acceptable");
            let signature = again.sign(b"message").expect("signed");
            assert!(public.verify(b"message", &signature, Leniency::default()));
            assert!(!public.verify(b"massage", &signature, Leniency::default()));
        }
    }

    #[test]
    fn a_fixed_signature_is_the_same_two_numbers() {
        let der = |r: &[u8], s: &[u8]| {
            let integer = |n: &[u8]| [&[2, u8::try_from(n.len()).expect("short")], n].concat();
            let body = [integer(r), integer(s)].concat();
            [&[0x30, u8::try_from(body.len()).expect("short")], &*body].concat()
        };
        let high = [&[0][..], &[0xff; 32]].concat();
        assert_eq!(der_to_fixed(&der(&high, &[1])), Some([&[0xff; 32][..], &[0; 31], &[1]].concat()));
        assert_eq!(der_to_fixed(&der(&[0], &[0x7f; 32])), Some([&[0; 32][..], &[0x7f; 32]].concat()));
        for wrong in [vec![], der(&[1; 33], &[1]), [der(&[1], &[1]), vec![0]].concat(), der(&[1], &[1])[1..].to_vec()] {
            assert_eq!(der_to_fixed(&wrong), None);
        }
        let key = SigningKey::generate_p256().expect("P-256");
        let public = PublicKey::from_spki_der(key.public_key_spki_der()).expect("acceptable");
        for round in 0..600_u32 {
            let signature = key.sign_fixed(&round.to_be_bytes()).expect("signed");
            assert_eq!(signature.len(), 64);
            assert!(public.verify(&round.to_be_bytes(), &signature, Leniency::default()));
        }
    }

    #[test]
    fn algorithms_are_read_as_they_are_written() {
        for key in both() {
            assert_eq!(key.algorithm().to_string().parse(), Ok(key.algorithm()));
        }
        assert_eq!("RSA".parse::<Algorithm>(), Err(UnknownAlgorithm));
    }

    #[test]
    fn short_and_strange_keys_are_refused() {
        assert_eq!(SigningKey::from_pem(SHORT_RSA).err(), Some(KeyError::Unacceptable));
        assert_eq!(SigningKey::from_pem("").err(), Some(KeyError::NotPem));
        assert_eq!(
            SigningKey::from_pem(&pem::encode(pem::PRIVATE_KEY, b"nonsense")).err(),
            Some(KeyError::Unacceptable)
        );
    }

    #[test]
    fn a_key_id_is_32_digits_and_debug_shows_no_key() {
        for key in both() {
            assert_eq!(key.key_id(), digest::hex(&digest::sha256(key.public_key_spki_der())[..16]));
            assert_eq!(format!("{key:?}"), format!("SigningKey({}, …)", key.algorithm()));
        }
    }

    #[test]
    fn a_key_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<SigningKey>();
    }
}
