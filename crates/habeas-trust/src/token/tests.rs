//! Does a key verify what it signed and nothing else, whatever a token says of itself?

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::{
    pem,
    signing::{RsaSize, SigningKey},
};

/// The public halves of the keys of RFC 7515 A.2 and A.3 and of RFC 8037 A.2, from their JWK form.
const RSA: &str = include_str!("../../tests/data/rfc7515-a2.spki.pem");
const EC: &str = include_str!("../../tests/data/rfc7515-a3.spki.pem");
const ED: &str = include_str!("../../tests/data/rfc8037-a2.spki.pem");

const SHORT_RSA: &str = include_str!("../../tests/data/rsa-1024.spki.hex");
const P384: &str = include_str!("../../tests/data/p384.spki.hex");

/// RFC 7515 A.1: the secret of HS256. Its bytes are no text.
const SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// RFC 7515 A.1 to A.3 and RFC 8037 A.4, with the algorithm that each header names.
const TOKENS: [(TokenAlgorithm, &str); 4] = [
    (
        TokenAlgorithm::Hs256,
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl\
         LmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    (
        TokenAlgorithm::Rs256,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0\
         cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJ\
         dbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcO\
         Ln6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
         p0igcN_IoypGlUPQGe77Rw",
    ),
    (
        TokenAlgorithm::Es256,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0\
         cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    (
        TokenAlgorithm::EdDsa,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR\
         4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
];

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn parts(token: &str) -> (&[u8], Vec<u8>) {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    (signed.as_bytes(), bytes(signature))
}

fn keys() -> [TokenKey; 4] {
    let public = |algorithm, pem| TokenKey::public(algorithm, pem).expect("a key of its kind");
    [
        TokenKey(Kind::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes(SECRET))))),
        public(TokenAlgorithm::Rs256, RSA),
        public(TokenAlgorithm::Es256, EC),
        public(TokenAlgorithm::EdDsa, ED),
    ]
}

#[test]
fn the_published_tokens_verify_with_their_key_and_no_other() {
    for (key, (algorithm, token)) in keys().iter().zip(TOKENS) {
        assert_eq!((key.algorithm(), key.is_pairwise()), (algorithm, algorithm == TokenAlgorithm::Hs256));
        let (signed, signature) = parts(token);
        assert!(key.verify(algorithm.name(), signed, &signature), "{algorithm}");
        let others = keys().into_iter().filter(|other| other.algorithm() != algorithm);
        for other in others {
            for said in [algorithm, other.algorithm()] {
                assert!(!other.verify(said.name(), signed, &signature), "{algorithm} by {other:?}");
            }
        }
    }
}

#[test]
fn a_changed_token_or_algorithm_is_a_no() {
    for (key, (algorithm, token)) in keys().iter().zip(TOKENS) {
        let (signed, signature) = parts(token);
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verify(algorithm.name(), signed, &changed));
        }
        for wrong in [&[][..], &signature[1..], &[&signature[..], &[0]].concat()] {
            assert!(!key.verify(algorithm.name(), signed, wrong));
        }
        assert!(!key.verify(algorithm.name(), &signed[1..], &signature));
        let name = algorithm.name();
        for said in ["", "none", "HS512", "RS512", &name.to_lowercase(), &format!("{name} "), &format!(" {name}")] {
            assert!(!key.verify(said, signed, &signature), "{said}");
        }
    }
}

#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    for pem in [RSA, EC, ED] {
        assert_eq!(TokenKey::secret(pem).err(), Some(TokenKeyError::NotASecret));
        assert_eq!(TokenSigner::secret(pem).err(), Some(TokenKeyError::NotASecret));
    }
    let signed = b"eyJhbGciOiJIUzI1NiJ9.e30";
    for (key, pem) in keys().iter().skip(1).zip([RSA, EC, ED]) {
        // Everybody has the public half, in whichever form, and can make these.
        for secret in [pem, pem.trim_end(), &pem.replace('\n', "\r\n"), ""] {
            let forged = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed);
            for said in TokenAlgorithm::ALL {
                assert!(!key.verify(said.name(), signed, forged.as_ref()));
            }
        }
    }
}

#[test]
fn what_we_sign_the_other_side_verifies() {
    let secret = "0123456789abcdef0123456789abcdéf";
    let pairs = [
        (TokenSigner::secret(secret).expect("long"), TokenKey::secret(secret).expect("long")),
        pair(SigningKey::generate_rsa(RsaSize::Bits2048).expect("RSA"), TokenAlgorithm::Rs256),
        pair(SigningKey::generate_p256().expect("P-256"), TokenAlgorithm::Es256),
    ];
    for (signer, key) in pairs {
        assert_eq!(signer.algorithm(), key.algorithm());
        // Many times: leading zeros of r and s come by chance.
        for round in 0..600_u32 {
            let message = round.to_be_bytes();
            let signature = signer.sign(&message).expect("signed");
            assert!(key.verify(key.algorithm().name(), &message, &signature));
            assert!(signer.algorithm() != TokenAlgorithm::Es256 || signature.len() == 64);
        }
    }
}

fn pair(key: SigningKey, algorithm: TokenAlgorithm) -> (TokenSigner, TokenKey) {
    let public = TokenKey::public(algorithm, &pem::encode("PUBLIC KEY", key.public_key_spki_der())).expect("its kind");
    (TokenSigner::of(Arc::new(key)), public)
}

#[test]
fn a_der_signature_of_an_ec_key_is_no_token_signature() {
    let key = SigningKey::generate_p256().expect("P-256");
    let der = key.sign(b"message").expect("signed");
    let (_, public) = pair(key, TokenAlgorithm::Es256);
    assert!(!public.verify("ES256", b"message", &der));
}

#[test]
fn keys_of_another_kind_or_strength_are_refused() {
    use TokenAlgorithm::{EdDsa, Es256, Hs256, Rs256};
    use TokenKeyError::{NotPem, NotPublic, OtherKind, Weak};
    let hex = |text: &str| crate::digest::from_hex(text.trim()).expect("hexadecimal");
    let pem = |der: &[u8]| pem::encode("PUBLIC KEY", der).to_string();
    let (short, p384) = (pem(&hex(SHORT_RSA)), pem(&hex(P384)));
    let private = SigningKey::generate_p256().expect("P-256").to_pem().to_string();
    let bare = pem(&bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    for (algorithm, text, expected) in [
        (Hs256, RSA, NotPublic),
        (Rs256, EC, OtherKind),
        (Rs256, ED, OtherKind),
        (Es256, RSA, OtherKind),
        (Es256, ED, OtherKind),
        (Es256, p384.as_str(), OtherKind),
        (EdDsa, RSA, OtherKind),
        (EdDsa, EC, OtherKind),
        (EdDsa, bare.as_str(), NotPem),
        (Rs256, short.as_str(), Weak),
        (Es256, private.as_str(), NotPem),
        (Rs256, "", NotPem),
        (Rs256, "AAAA", NotPem),
    ] {
        assert_eq!(TokenKey::public(algorithm, text).err(), Some(expected), "{algorithm}");
    }
    for secret in ["", &"x".repeat(31)] {
        assert_eq!(TokenKey::secret(secret).err(), Some(TokenKeyError::Short));
    }
    assert!(TokenKey::secret(&"x".repeat(32)).is_ok() && TokenKey::secret(&"é".repeat(16)).is_ok());
}

#[test]
fn algorithms_are_read_as_they_are_written() {
    for algorithm in TokenAlgorithm::ALL {
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
    for text in ["", "none", "hs256", "EDDSA", "HS512"] {
        assert_eq!(text.parse::<TokenAlgorithm>(), Err(UnknownTokenAlgorithm));
    }
}

#[test]
fn debug_shows_the_algorithm_only_and_keys_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    let signer = TokenSigner::secret(&"x".repeat(32)).expect("long");
    let [key, ..] = keys();
    assert_eq!(format!("{key:?} {signer:?}"), "TokenKey(HS256, …) TokenSigner(HS256, …)");
    shared(&(key, signer));
}

proptest! {
    #[test]
    fn arbitrary_input_never_panics_or_verifies(
        text: String,
        said: String,
        signed: Vec<u8>,
        signature in prop::collection::vec(any::<u8>(), 0..300),
        short in prop::collection::vec(any::<u8>(), 60..70),
    ) {
        let _ = (TokenKey::secret(&text), said.parse::<TokenAlgorithm>());
        for algorithm in TokenAlgorithm::ALL {
            prop_assert!(TokenKey::public(algorithm, &text).is_err());
        }
        for key in keys() {
            for name in [said.as_str(), key.algorithm().name()] {
                prop_assert!(!key.verify(name, &signed, &signature) && !key.verify(name, &signed, &short));
            }
        }
    }

    #[test]
    fn arbitrary_der_never_panics(der: Vec<u8>) {
        for algorithm in TokenAlgorithm::ALL {
            prop_assert!(TokenKey::public(algorithm, &pem::encode("PUBLIC KEY", &der)).is_err());
        }
    }
}
