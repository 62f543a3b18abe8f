//! Which keys are taken and which encodings of a signature verify?

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
    },
};
use proptest::prelude::*;

use super::*;
use crate::digest::sha256;

const STRICT: Leniency = Leniency { pss: false };
const WITH_PSS: Leniency = Leniency { pss: true };

/// RSA of 1024 bits, and EC on a curve nobody uses here.
const SHORT_RSA: &str = include_str!("../../tests/data/rsa-1024.spki.hex");
const P521: &str = include_str!("../../tests/data/p521.spki.hex");

/// A P-384 key with a signature over `message` with SHA-256, in DER, made by another implementation.
const P384: [&str; 2] =
    [include_str!("../../tests/data/p384.spki.hex"), include_str!("../../tests/data/p384-sha256.sig.hex")];

/// An RSA key with a PSS signature over `message` with SHA-256 and the longest salt, made by another implementation.
const LONG_SALT: [&str; 2] = [
    include_str!("../../tests/data/rsa-2048.spki.hex"),
    include_str!("../../tests/data/rsa-2048-pss-long-salt.sig.hex"),
];

fn hex(text: &str) -> Vec<u8> {
    crate::digest::from_hex(text.trim()).expect("hexadecimal")
}

fn ec(algorithm: &'static EcdsaSigningAlgorithm, pkcs8: &[u8], message: &[u8]) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).expect("a key");
    pair.sign(&SystemRandom::new(), message).expect("signed").as_ref().to_vec()
}

#[test]
fn ecdsa_verifies_as_der_and_as_two_numbers() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
    let pkcs8 = pair.to_pkcs8v1().expect("encoded");
    let public = PublicKey::from_spki_der(pair.public_key().as_der().expect("encoded").as_ref()).expect("P-256");
    // Many times, since leading zeros and set top bits come by chance.
    for round in 0..600_u32 {
        let message = round.to_be_bytes();
        let der = ec(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &message);
        let fixed = ec(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &message);
        assert!(public.verify(&message, &der, STRICT) && public.verify(&message, &fixed, STRICT));
        let digest = sha256(&message);
        for signature in [&der, &fixed] {
            assert_eq!(public.scheme_of_digest(&digest, signature, STRICT), Some(Scheme::Ecdsa));
        }
        assert!(!public.verify(b"other", &der, WITH_PSS) && !public.verify(b"other", &fixed, WITH_PSS));
    }
    for zero in [vec![], vec![0; 64], vec![0; 63], vec![255; 64]] {
        assert!(!public.verify(b"message", &zero, WITH_PSS));
    }
}

#[test]
fn p384_verifies_with_sha_256_of_another_implementation() {
    let [spki, der] = P384.map(hex);
    let public = PublicKey::from_spki_der(&spki).expect("P-384");
    assert_eq!(format!("{public:?}"), "PublicKey(P-384)");
    assert!(public.verify(b"message", &der, STRICT) && !public.verify(b"massage", &der, STRICT));
    let fixed = der_to_fixed(&der, 48);
    assert!(public.verify(b"message", &fixed, STRICT) && !public.verify(b"massage", &fixed, STRICT));
    for signature in [&der, &fixed] {
        assert!(public.verify_digest(&sha256(b"message"), signature, STRICT));
        assert!(!public.verify_digest(&sha256(b"massage"), signature, STRICT));
    }
    let sha384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).expect("a key");
    let public = PublicKey::from_spki_der(sha384.public_key().as_der().expect("encoded").as_ref()).expect("P-384");
    let signature = sha384.sign(&SystemRandom::new(), b"message").expect("signed");
    assert!(!public.verify(b"message", signature.as_ref(), STRICT), "SHA-384 is another scheme");
}

/// Undoes [`fixed_to_der`].
fn der_to_fixed(der: &[u8], coordinate: usize) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut fixed = Vec::new();
    for _ in 0..2 {
        let (number, after) = rest[2..].split_at(rest[1].into());
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        fixed.extend(std::iter::repeat_n(0, coordinate - number.len()).chain(number.iter().copied()));
        rest = after;
    }
    fixed
}

#[test]
fn pss_verifies_only_when_lenient_and_other_digests_never() {
    let pair = rsa::KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = PublicKey::from_spki_der(pair.public_key().as_der().expect("encoded").as_ref()).expect("RSA");
    let sign = |encoding: &'static dyn RsaEncoding| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), b"message", &mut signature).expect("signed");
        signature
    };
    let (right, wrong) = (sha256(b"message"), sha256(b"massage"));
    for (signature, strict, with_pss) in [
        (sign(&RSA_PKCS1_SHA256), Some(Scheme::RsaPkcs1), Some(Scheme::RsaPkcs1)),
        (sign(&RSA_PSS_SHA256), None, Some(Scheme::RsaPss)),
        (sign(&RSA_PKCS1_SHA512), None, None),
        (vec![], None, None),
        (vec![0; 256], None, None),
    ] {
        assert_eq!(public.verify(b"message", &signature, STRICT), strict.is_some());
        assert_eq!(public.verify(b"message", &signature, WITH_PSS), with_pss.is_some());
        assert_eq!(public.scheme_of_digest(&right, &signature, STRICT), strict);
        assert_eq!(public.scheme_of_digest(&right, &signature, WITH_PSS), with_pss);
        assert!(!public.verify(b"massage", &signature, WITH_PSS));
        assert!(!public.verify_digest(&wrong, &signature, WITH_PSS));
    }
}

#[test]
fn pss_with_the_longest_salt_verifies_too() {
    let [spki, signature] = LONG_SALT.map(hex);
    let public = PublicKey::from_spki_der(&spki).expect("RSA");
    assert!(public.verify(b"message", &signature, WITH_PSS) && !public.verify(b"message", &signature, STRICT));
    assert_eq!(public.scheme_of_digest(&sha256(b"message"), &signature, WITH_PSS), Some(Scheme::RsaPss));
    assert!(!public.verify(b"massage", &signature, WITH_PSS));
}

/// A P-256 key whose private half was thrown away, and a digest and a signature that were made up from the public one.
const MADE_UP: [&str; 3] = [
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004899fa74be1e7c8859e4dcca8e53f4a6582da82d723791bcbd2\
     27e0c84d4f0a17284e8d60cb68d1eededfea2ac90eeb44b3ea7ebd2e2f9e50cddb1fc03d0556a8",
    "7fa42cb6b127b32097fc54bf06f2b54a2b97f083cf8e5576ad66b6c1b0e8c30d",
    "201dd477812776225b3f52aacd9c77f68b419e8172cb5faf227a7387a6293e0b\
     b85191c970fe0b58a1ff9ae5b4d807c37b65c692e9a21c8eab413209cd928a52",
];

#[test]
fn a_digest_that_fits_an_ecdsa_signature_can_be_made_up_without_the_key() {
    let [spki, digest, signature] = MADE_UP.map(hex);
    let public = PublicKey::from_spki_der(&spki).expect("P-256");
    let scheme = public.scheme_of_digest(&digest.try_into().expect("32 bytes"), &signature, STRICT);
    assert!(scheme.is_some_and(Scheme::can_be_made_up));
}

#[test]
fn other_keys_are_refused_for_their_reason() {
    for (spki, expected) in [
        (hex(SHORT_RSA), PublicKeyError::Weak),
        (hex(P521), PublicKeyError::Unsupported),
        (vec![], PublicKeyError::Malformed),
        (vec![0x30, 0], PublicKeyError::Malformed),
        ([hex(P384[0]), vec![0]].concat(), PublicKeyError::Malformed),
    ] {
        assert_eq!(PublicKey::from_spki_der(&spki).err(), Some(expected));
    }
}

#[test]
fn numbers_are_measured_in_bits() {
    for (number, expected) in [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80], 8), (&[1, 0], 9)] {
        assert_eq!(bits(number), expected);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(spki: Vec<u8>, signature in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = PublicKey::from_spki_der(&spki);
        let public = PublicKey::from_spki_der(&hex(P384[0])).expect("P-384");
        prop_assert!(!public.verify(b"message", &signature, WITH_PSS));
    }
}
