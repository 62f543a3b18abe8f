//! Is exactly the agreed secret recognized, in exactly the forms that were agreed?

use proptest::prelude::*;

use super::*;
use crate::seal::MasterKey;

const SECRET: &str = "correct horse battery staple";
const WHAT: &str = "identity-key of helper.example";

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::from_hex(&"0b".repeat(32)).expect("a key"))
}

fn hash(hashed: bool) -> SecretHash {
    SecretHash::of(SECRET, &sealer(), hashed).expect("long enough")
}

/// What a party may show: hexadecimal in either case, base64 in either alphabet, padded and not.
fn spellings() -> Vec<String> {
    let raw = sha512(SECRET);
    let hex = sha512_hex(SECRET);
    let base64 = [
        general_purpose::STANDARD.encode(raw),
        general_purpose::STANDARD_NO_PAD.encode(raw),
        general_purpose::URL_SAFE.encode(raw),
        general_purpose::URL_SAFE_NO_PAD.encode(raw),
    ];
    [hex.to_uppercase(), hex].into_iter().chain(base64).collect()
}

#[test]
fn sha_512_of_abc_is_the_published_one() {
    // FIPS 180-2 appendix C.1.
    let expected = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    assert_eq!(sha512_hex("abc"), expected);
}

#[test]
fn a_secret_is_recognized_by_its_hash_and_no_other() {
    for hashed in [false, true] {
        let hash: SecretHash = hash(hashed).to_string().parse().expect("what we wrote");
        assert_eq!(hash, self::hash(hashed));
        assert!(hash.matches(&sealer(), SECRET));
        for other in ["", &SECRET[1..], &format!("{SECRET} "), &SECRET.to_uppercase()] {
            assert!(!hash.matches(&sealer(), other));
        }
        assert!(!hash.matches(&Sealer::new(&MasterKey::generate()), SECRET), "another organisation's key");
    }
}

#[test]
fn the_sha_512_is_recognized_in_each_spelling_where_it_was_agreed() {
    for shown in spellings() {
        assert!(hash(true).matches_hashed(&sealer(), &shown), "{shown}");
        assert!(!hash(false).matches_hashed(&sealer(), &shown), "{shown}");
        assert!(!hash(true).matches(&sealer(), &shown), "the hash is not the secret");
        assert!(!hash(true).matches_hashed(&Sealer::new(&MasterKey::generate()), &shown));
        for wrong in [format!("{shown} "), format!("{shown}==="), shown[1..].to_owned(), shown[..80].to_owned()] {
            assert!(!hash(true).matches_hashed(&sealer(), &wrong), "{wrong}");
        }
    }
    for other in [SECRET, "", &sha512_hex("another secret"), &general_purpose::STANDARD.encode(SECRET)] {
        assert!(!hash(true).matches_hashed(&sealer(), other), "{other}");
    }
}

#[test]
fn the_bytes_of_the_sha_512_are_no_secret() {
    // A secret that happens to be the SHA-512 of another, as bytes, has another digest under another key.
    let (one, other) = (hash(true), sealer().mac(OF_SECRET, sha512(SECRET).as_ref()));
    assert_ne!(one.hashed, Some(other));
}

#[test]
fn short_secrets_are_refused() {
    assert_eq!(SecretHash::of("fifteen bytes!!", &sealer(), false), Err(TooShort));
    assert!(SecretHash::of("sixteen bytes!!!", &sealer(), false).is_ok());
}

#[test]
fn other_texts_are_no_hashes_and_debug_shows_none() {
    let digits = "00".repeat(32);
    for text in [
        String::new(),
        "hmac:".into(),
        digits.clone(),
        format!("hmac:{digits}00"),
        format!("hmac:{digits}:"),
        format!("hmac:{digits}:{digits}:"),
        format!("hmac:{digits}:{digits}:{digits}"),
        format!("HMAC:{digits}"),
        format!("hmac: {digits}"),
    ] {
        assert_eq!(text.parse::<SecretHash>(), Err(NotASecretHash), "{text}");
    }
    assert_eq!(format!("{:?}", hash(true)), "SecretHash(…)");
}

#[test]
fn a_sealed_text_opens_in_its_place_only() {
    let sealed = seal_text(&sealer(), WHAT, SECRET).expect("sealed");
    assert!(sealed.starts_with("sealed:") && !sealed.contains(SECRET));
    assert_eq!(*open_text(&sealer(), WHAT, &sealed).expect("opened"), SECRET);
    assert_ne!(sealed, seal_text(&sealer(), WHAT, SECRET).expect("sealed"), "another nonce each time");
    let refused = Some(SealError::Refused);
    for what in ["", "identity-key of other.example", "credential of helper.example"] {
        assert_eq!(open_text(&sealer(), what, &sealed).err(), refused);
    }
    assert_eq!(open_text(&Sealer::new(&MasterKey::generate()), WHAT, &sealed).err(), refused);
    for text in ["", SECRET, "sealed:", "sealed:AAAA", &sealed[7..], &format!("{sealed}AAAA"), &sealed[..20]] {
        assert_eq!(open_text(&sealer(), WHAT, text).err(), refused, "{text}");
    }
    let of_a_request = sealer().request_key(WHAT).seal(WHAT, SECRET.as_bytes()).expect("sealed");
    assert_eq!(sealer().open(WHAT, &of_a_request).err(), refused, "requests have other keys");
}

proptest! {
    #[test]
    fn arbitrary_text_is_never_recognized(text: String, shown: String) {
        let _ = (text.parse::<SecretHash>(), open_text(&sealer(), &text, &shown));
        prop_assert!(!hash(true).matches(&sealer(), &shown) && !hash(true).matches_hashed(&sealer(), &shown));
    }

    #[test]
    fn whatever_is_sealed_opens(what: String, text: String) {
        let sealed = seal_text(&sealer(), &what, &text).expect("sealed");
        prop_assert_eq!(open_text(&sealer(), &what, &sealed).expect("opened").to_string(), text);
    }
}
