//! Whose certificates are believed, and as of when?

use habeas_evidence::{Doubt, Evidence, Grade, examine, open, seal};
use habeas_trust::{
    authority::Authority,
    certificate::{Chain, ChainError, Roots},
};

use crate::world::{DAY, NOW, at, bare, callback, leg, world};

fn with_chain(chain: &str) -> Evidence {
    let mut evidence = bare(vec![leg("mail", "fulfilled")]);
    world().signs(&mut evidence, "mail", "callback", &callback("completed"), None);
    evidence.chains[0] = chain.to_owned();
    evidence
}

fn issued(domain: &str, from: i64, to: i64) -> String {
    world().authority.issue(&world().mail.key, &[domain], from, to).unwrap()
}

#[test]
fn chains_that_do_not_hold_are_refused_for_their_reason() {
    let stranger = Authority::new("Stranger", NOW - DAY, NOW + DAY).unwrap();
    let leaf_only = world().mail.chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap().to_owned();
    let another_key = world().authority.issue(&world().ads.key, &["mail.example"], NOW - DAY, NOW + DAY).unwrap();
    for (chain, expected) in [
        (issued("mail.example", NOW - DAY, NOW), Doubt::Chain(ChainError::Expired)),
        (issued("mail.example", NOW + DAY, NOW + 2 * DAY), Doubt::Chain(ChainError::NotYetValid)),
        (issued("mail.example.org", NOW - DAY, NOW + DAY), Doubt::Chain(ChainError::WrongName)),
        (leaf_only, Doubt::Chain(ChainError::UnknownIssuer)),
        (
            stranger.issue(&world().mail.key, &["mail.example"], NOW - DAY, NOW + DAY).unwrap(),
            Doubt::Chain(ChainError::UnknownIssuer),
        ),
        (another_key, Doubt::Signature),
        (String::new(), Doubt::Chain(ChainError::Empty)),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            Doubt::Chain(ChainError::Malformed),
        ),
    ] {
        let report = world().report(&with_chain(&chain), &[]);
        assert_eq!(report.findings[0].grade, Grade::NotProved(expected));
        assert!(!report.holds());
    }
    let good = world().report(&with_chain(&issued("mail.example", NOW - DAY, NOW + DAY)), &[]);
    assert_eq!(good.findings[0].grade, Grade::InFull);
}

#[test]
fn self_signed_certificates_are_refused_even_if_trusted() {
    let authority = Authority::new("mail.example", NOW - DAY, NOW + DAY).unwrap();
    let mut evidence = with_chain(&authority.certificate_pem());
    let key = habeas_trust::signing::SigningKey::from_pem(&authority.key_pem()).unwrap();
    evidence.receipts[0].signature = key.sign(&evidence.receipts[0].body).unwrap();
    let sealed = open(&world().sealed(&evidence)).unwrap();
    for trusted in [authority.certificate_pem(), world().authority.certificate_pem()] {
        let report = examine(&sealed, &Roots::from_pem(&trusted).unwrap(), None, &[]);
        assert_eq!(report.findings[0].grade, Grade::NotProved(Doubt::Chain(ChainError::SelfSigned)));
    }
}

#[test]
fn chains_are_judged_when_their_message_arrived_unless_told_otherwise() {
    // Long expired when the export is examined, and even when it was made.
    let mut evidence = with_chain(&issued("mail.example", NOW, NOW + 3_600_000));
    evidence.exported_at = at(NOW + 5 * DAY);
    let sealed = open(&world().sealed(&evidence)).unwrap();
    let report = |time| examine(&sealed, &world().roots(), time, &[]);
    assert!(report(None).holds());
    assert!(report(Some(at(NOW + 60_000))).holds());
    let later = report(Some(at(NOW + DAY)));
    assert_eq!(later.findings[0].grade, Grade::NotProved(Doubt::Chain(ChainError::Expired)));
    assert_eq!(later.seal.trust, Ok(()));
    assert_eq!(report(Some(at(NOW + 50 * DAY))).seal.trust, Err(ChainError::Expired));
}

#[test]
fn a_seal_without_a_trusted_root_holds_but_names_nobody() {
    let evidence = world().usual();
    let stranger = Authority::new("Stranger", NOW - DAY, NOW + 10 * DAY).unwrap();
    let chain = stranger.issue(&world().shop.key, &["shop.example"], NOW - DAY, NOW + 9 * DAY).unwrap();
    let sealed = open(&seal(&evidence, &world().shop.key, &chain).unwrap()).unwrap();
    let report = examine(&sealed, &world().roots(), None, &[]);
    assert_eq!(report.seal.trust, Err(ChainError::UnknownIssuer));
    assert_eq!(report.findings[2].grade, Grade::InFull, "what parties signed does not depend on the exporter");
    assert!(!report.holds());
    assert!(report.seal_words().starts_with("holds, but that it is shop.example's is not proved: no path"));
}

#[test]
fn the_seal_must_be_the_organisations_own() {
    let evidence = world().usual();
    let sealed = open(&seal(&evidence, &world().mail.key, &world().mail.chain).unwrap()).unwrap();
    assert_eq!(examine(&sealed, &world().roots(), None, &[]).seal.trust, Err(ChainError::WrongName));
}

#[test]
fn a_private_key_beside_the_certificate_is_not_exported() {
    let beside = format!("{}{}", *world().shop.key.to_pem(), world().shop.chain);
    let file = seal(&world().usual(), &world().shop.key, &beside).unwrap();
    assert!(!String::from_utf8_lossy(&file).contains("PRIVATE KEY"));
    assert!(Chain::from_pem(&world().shop.chain).is_ok() && open(&file).is_ok());
}
