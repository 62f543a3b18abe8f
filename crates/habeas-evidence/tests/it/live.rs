//! Do the shapes hold that peers in the field send?

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding},
};
use habeas_evidence::{Doubt, Evidence, Grade};
use habeas_trust::{authority::Authority, public_key::Scheme, signing::SigningKey};
use habeas_wire::base64;

use crate::world::{DAY, ID, NOW, bare, callback, leg, world};

/// A signature and its key, certified as `mail.example`.
fn replace(evidence: &mut Evidence, signature: Vec<u8>, pkcs8: &[u8]) {
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64::encode(pkcs8));
    let key = SigningKey::from_pem(&pem).unwrap();
    let chain = world().authority.issue_through_intermediate(&key, &["mail.example"], NOW - DAY, NOW + DAY).unwrap();
    evidence.receipts[0].signature = signature;
    evidence.chains[0] = chain;
}

fn one_callback(body: &str) -> Evidence {
    let mut evidence = bare(vec![leg("mail", "fulfilled")]);
    world().signs(&mut evidence, "mail", "callback", body, None);
    evidence
}

fn rsa(encoding: &'static dyn RsaEncoding, body: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), body, &mut signature).unwrap();
    (signature, AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec())
}

#[test]
fn what_live_peers_send_holds() {
    // RSA-2048 PKCS#1 v1.5 over the exact bytes, no line break at the end, `null` members, no offset in times; a
    // certificate file of leaf, intermediate and roots that nobody needs.
    let body = format!(
        r#"{{"controller_id":"5","expected_completion_time":"2025-11-08T08:53:20.48322652","status_callback_url":"https://shop.example/opengdpr_callbacks/7b","subject_request_id":"{ID}","request_status":"completed","api_version":"1.0","results_url":null,"results_count":null,"extensions":null}}"#
    );
    let mut evidence = one_callback(&body);
    let surplus = |name: &str| Authority::new(name, NOW - 300 * DAY, NOW - 200 * DAY).unwrap().certificate_pem();
    evidence.chains[0] += &(world().authority.certificate_pem() + &surplus("Obsolete 1") + &surplus("Obsolete 2"));
    let report = world().report(&evidence, &[]);
    let finding = &report.findings[0];
    assert_eq!((finding.grade, finding.scheme), (Grade::InFull, Some(Scheme::RsaPkcs1)));
    assert_eq!(finding.said.status.as_deref(), Some("completed"));
    assert!(finding.said.expected_by.is_some() && report.unproved.is_empty() && report.holds());
    let mut with_line_break = evidence;
    with_line_break.receipts[0].body.push(b'\n');
    assert_eq!(world().report(&with_line_break, &[]).findings[0].grade, Grade::NotProved(Doubt::Digest));
}

#[test]
fn pss_holds_and_is_said_to_be_pss() {
    let body = callback("completed");
    for (encoding, scheme) in
        [(&RSA_PKCS1_SHA256 as &dyn RsaEncoding, Scheme::RsaPkcs1), (&RSA_PSS_SHA256, Scheme::RsaPss)]
    {
        let mut evidence = one_callback(&body);
        let (signature, pkcs8) = rsa(encoding, body.as_bytes());
        replace(&mut evidence, signature, &pkcs8);
        let report = world().report(&evidence, &[]);
        assert_eq!((report.findings[0].grade, report.findings[0].scheme), (Grade::InFull, Some(scheme)));
    }
    assert_eq!(Scheme::RsaPss.to_string(), "RSA-PSS with SHA-256");
}

#[test]
fn ecdsa_holds_as_two_bare_numbers() {
    let body = callback("completed");
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let signature = pair.sign(&SystemRandom::new(), body.as_bytes()).unwrap().as_ref().to_vec();
    assert_eq!(signature.len(), 64);
    let mut evidence = one_callback(&body);
    replace(&mut evidence, signature, pkcs8.as_ref());
    let report = world().report(&evidence, &[]);
    assert_eq!((report.findings[0].grade, report.findings[0].scheme), (Grade::InFull, Some(Scheme::Ecdsa)));
}
