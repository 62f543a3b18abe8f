//! Does only the right key open only the unchanged bytes in only the right place?

use aws_lc_rs::hkdf;
use proptest::prelude::*;

use super::*;

const PLACE: &str = "acme/request/1/identities";

fn sealer() -> Sealer {
    Sealer::new(&MasterKey::from_hex(&"0b".repeat(32)).expect("a key"))
}

#[test]
fn what_is_sealed_opens_with_the_key_that_was_wrapped() {
    let key = sealer().new_data_key();
    let wrapped = sealer().request_key("r1").wrap(&key).expect("wrapped");
    let sealed = key.seal(PLACE, b"clear").expect("sealed");
    let again = sealer().request_key("r1").unwrap(&wrapped).expect("unwrapped");
    assert_eq!(again.open(PLACE, &sealed).expect("opened").as_slice(), b"clear");
    assert_eq!(sealed.len(), 12 + 5 + 16);
    assert_ne!(sealed, key.seal(PLACE, b"clear").expect("sealed"), "another nonce each time");
}

#[test]
fn another_place_request_master_or_use_is_refused() {
    let ours = sealer().request_key("r1");
    let key = sealer().new_data_key();
    let (sealed, kept) = (key.seal(PLACE, b"clear").expect("sealed"), ours.seal(PLACE, b"clear").expect("sealed"));
    let wrapped = ours.wrap(&key).expect("wrapped");
    assert!(ours.open(PLACE, &kept).is_ok() && ours.unwrap(&wrapped).is_ok());
    let refused = Some(SealError::Refused);
    for place in ["", "acme/request/2/identities", "acme/request/1/identitie", "Acme/request/1/identities"] {
        assert_eq!(key.open(place, &sealed).err(), refused);
        assert_eq!(ours.open(place, &kept).err(), refused);
    }
    assert_eq!(sealer().new_data_key().open(PLACE, &sealed).err(), refused);
    let others = [sealer().request_key("r2"), Sealer::new(&MasterKey::generate()).request_key("r1")];
    for other in others {
        assert_eq!(other.unwrap(&wrapped).err(), refused);
        assert_eq!(other.open(PLACE, &kept).err(), refused);
    }
    assert_eq!(ours.open("", &wrapped).err(), refused, "wrapping and sealing use different keys");
    assert_eq!(ours.unwrap(&ours.seal("", &[0; 32]).expect("sealed")).err(), refused);
}

#[test]
fn any_flipped_bit_or_cut_is_refused() {
    let key = sealer().new_data_key();
    let sealed = key.seal(PLACE, b"clear").expect("sealed");
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(key.open(PLACE, &changed).err(), Some(SealError::Refused));
    }
    for length in 0..sealed.len() {
        assert_eq!(key.open(PLACE, &sealed[..length]).err(), Some(SealError::Refused));
    }
}

#[test]
fn derivation_is_hkdf_as_the_library_does_it() {
    struct Len;
    impl hkdf::KeyType for Len {
        fn len(&self) -> usize {
            32
        }
    }
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"habeas/seal/1").extract(&[0x0b; 32]);
    let mut expected = [0; 32];
    let info: [&[u8]; 3] = [b"request/wrap", &[0], b"r1"];
    prk.expand(&info, Len).expect("short enough").fill(&mut expected).expect("32 bytes");
    assert_eq!(*sealer().request_key("r1").wrap, expected);
    assert_ne!(*sealer().request_key("r1").seal, expected);
}

#[test]
fn macs_depend_on_key_purpose_and_data() {
    let mac = sealer().mac("identity", b"a");
    assert_eq!(mac, sealer().mac("identity", b"a"));
    for other in [
        sealer().mac("identity", b"b"),
        sealer().mac("email", b"a"),
        sealer().mac("identit", b"ya"),
        Sealer::new(&MasterKey::generate()).mac("identity", b"a"),
    ] {
        assert_ne!(mac, other);
    }
}

#[test]
fn a_master_key_is_64_digits() {
    let key = MasterKey::generate();
    assert_eq!(MasterKey::from_hex(&format!(" {}\n", *key.to_hex())).expect("a key").to_hex(), key.to_hex());
    for text in [String::new(), "0b".repeat(31), "0b".repeat(33), "zz".repeat(32)] {
        assert_eq!(MasterKey::from_hex(&text).err(), Some(SealError::NotAKey));
    }
}

#[test]
fn debug_prints_no_key() {
    let sealer = sealer();
    assert_eq!(format!("{:?} {sealer:?}", MasterKey::generate()), "MasterKey(…) Sealer(…)");
    let text = format!("{:?} {:?}", sealer.request_key("r1"), sealer.new_data_key());
    assert_eq!(text, "WrappingKey(…) DataKey(…)");
}

#[test]
fn a_sealer_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<(Sealer, WrappingKey, DataKey)>();
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(request: String, place: String, clear: Vec<u8>) {
        let key = sealer().request_key(&request);
        let sealed = key.seal(&place, &clear).expect("sealed");
        prop_assert_eq!(key.open(&place, &sealed).expect("opened").to_vec(), clear);
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes: Vec<u8>) {
        prop_assert!(sealer().request_key("r1").open(PLACE, &bytes).is_err());
        prop_assert!(sealer().request_key("r1").unwrap(&bytes).is_err());
    }
}
