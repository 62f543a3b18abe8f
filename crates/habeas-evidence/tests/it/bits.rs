//! Does every flipped bit show?

use habeas_evidence::{NotEvidence, SealError, open, seal};
use habeas_trust::{certificate::Chain, signing::SigningKey};
use habeas_wire::json::quote;
use proptest::prelude::*;

use crate::world::{bare, callback, leg, world};

#[test]
fn an_untouched_export_is_read_as_it_was_written() {
    let evidence = world().usual();
    assert_eq!(open(&world().sealed(&evidence)).unwrap().evidence(), &evidence);
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    let mut evidence = bare(vec![leg("ads", "fulfilled")]);
    world().signs(&mut evidence, "ads", "callback", &callback("completed"), None);
    let file = world().sealed(&evidence);
    for position in 0..file.len() {
        // All eight bits of some bytes, one of the others.
        let bits = if position % 16 == 0 { 0..8 } else { position % 8..position % 8 + 1 };
        for bit in bits {
            let mut changed = file.clone();
            changed[position] ^= 1 << bit;
            assert!(open(&changed).is_err(), "bit {bit} of byte {position}");
        }
    }
}

#[test]
fn cut_longer_and_respelled_files_are_refused() {
    let file = world().sealed(&world().usual());
    for length in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        assert!(open(&file[..length]).is_err(), "{length} bytes");
    }
    let text = String::from_utf8(file).unwrap();
    for (from, to) in [
        ("\n\"certificate\"", "\n \"certificate\""),
        ("\"format\"", "\"\\u0066ormat\""),
        ("\"chain\":0", "\"chain\":0.0"),
        ("\"chain\":0", "\"chain\":-0"),
        ("\"seq\":0", "\"seq\":00"),
        ("}\n", "}\r\n"),
        ("-----BEGIN CERTIFICATE-----\\n", "-----BEGIN CERTIFICATE-----\\r\\n"),
        ("\\n-----END CERTIFICATE-----\\n\",\n\"signature", "\\n-----END CERTIFICATE-----\",\n\"signature"),
        ("\"exported_at\": ", "\"unknown\": 1, \"exported_at\": "),
        ("\"cancel\":\"no\"", "\"cancel\":\"no\",\"expected_by\":null"),
        ("2025-10-09T08:53:20Z", "2025-10-09T08:53:20.000Z"),
        ("2025-10-09T08:53:20Z", "2025-10-09T09:53:20+01:00"),
        ("\"mail.example\"", "\"Mail.example\""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(open(changed.as_bytes()).is_err(), "{from} as {to}");
    }
    assert!(open(format!("\u{feff}{text}").as_bytes()).is_err());
    assert!(open(format!("{text}\n").as_bytes()).is_err());
}

#[test]
fn what_is_taken_out_or_put_in_breaks_the_seal() {
    let evidence = world().usual();
    let text = String::from_utf8(world().sealed(&evidence)).unwrap();
    let mut fewer = evidence.clone();
    fewer.receipts.remove(1);
    fewer.receipts.last_mut().unwrap().chain = 1;
    fewer.chains.remove(1);
    let mut later = evidence.clone();
    later.exported_at = later.exported_at.plus_ms(1_000);
    for changed in [fewer, later] {
        // A file of the right form, the signature of another.
        let forged = String::from_utf8(world().sealed(&changed)).unwrap();
        let (body, _) = forged.split_once("\"signature\": ").unwrap();
        let (_, signature) = text.rsplit_once("\"signature\": ").unwrap();
        let forged = format!("{body}\"signature\": {signature}");
        assert_eq!(open(forged.as_bytes()).err(), Some(NotEvidence::Broken));
    }
}

#[test]
fn the_certificate_is_sealed_too() {
    let sealed = String::from_utf8(world().sealed(&world().usual())).unwrap();
    // The same key, certified once more.
    let other = world().authority.issue(&world().shop.key, &["shop.example"], 0, i64::MAX).unwrap();
    let ours = Chain::from_pem(&world().shop.chain).unwrap().to_pem();
    let swapped = sealed.replace(&quote(&ours), &quote(&other));
    assert_ne!(swapped, sealed);
    assert_eq!(open(swapped.as_bytes()).err(), Some(NotEvidence::Broken));
}

#[test]
fn what_is_no_export_is_told_apart() {
    for (file, expected) in [
        ("{}", NotEvidence::Format),
        (r#"{"format":"habeas-evidence/2"}"#, NotEvidence::Format),
        (r#"{"format":"habeas-evidence/1"}"#, NotEvidence::Member("evidence")),
        (r#"{"format":"habeas-evidence/1","evidence":{}}"#, NotEvidence::Member("exported_at")),
    ] {
        assert_eq!(open(file.as_bytes()).err(), Some(expected));
    }
    assert!(matches!(open(b"PK\x03\x04"), Err(NotEvidence::Json(_))));
    let mut homeless = world().usual();
    homeless.receipts[0].chain = 99;
    assert_eq!(open(&world().sealed(&homeless)).err(), Some(NotEvidence::Member("receipts")));
    let mut homeless = world().usual();
    homeless.receipts[0].leg = "another".to_owned();
    assert_eq!(open(&world().sealed(&homeless)).err(), Some(NotEvidence::Member("receipts")));
}

#[test]
fn nobody_seals_with_anothers_certificate() {
    let evidence = bare(Vec::new());
    let key = SigningKey::generate_p256().unwrap();
    assert_eq!(seal(&evidence, &key, &world().shop.chain).err(), Some(SealError::Mismatch));
    assert!(matches!(seal(&evidence, &key, "").err(), Some(SealError::Certificate(_))));
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(words in prop::collection::vec(any::<String>(), 8), body: Vec<u8>, seconds in 0_i64..253_402_300_799) {
        let mut evidence = world().usual();
        let [id, party, state, role, right, change, operation, chain] = words.try_into().unwrap();
        evidence.request.id = id;
        evidence.request.role = role;
        evidence.request.rights.push(right);
        evidence.exported_at = habeas_core::clock::Instant::from_ms(seconds * 1000);
        evidence.history[0].change = change;
        evidence.legs[0].party = party;
        evidence.legs[0].party_request_id = Some(state);
        evidence.receipts[0].operation = operation;
        evidence.receipts[0].body = body;
        evidence.chains[0] = chain;
        let sealed = open(&world().sealed(&evidence)).unwrap();
        prop_assert_eq!(sealed.evidence(), &evidence);
    }

    #[test]
    fn arbitrary_bytes_never_open(bytes: Vec<u8>, text: String) {
        prop_assert!(open(&bytes).is_err());
        let file = format!(r#"{{"format":"habeas-evidence/1","evidence":{text}}}"#);
        prop_assert!(open(file.as_bytes()).is_err());
    }
}
