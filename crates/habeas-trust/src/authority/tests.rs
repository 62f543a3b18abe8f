//! Is what the authority issues believed by who trusts it, and by nobody else?

use rcgen::{CertificateSigningRequestParams, SanType};

use super::*;
use crate::{
    certificate::{Chain, ChainError, Roots},
    signing::RsaSize,
};

const NOW: i64 = 1_700_000_000_000;

fn authority() -> Authority {
    Authority::new("Sandbox", NOW - 1_000, NOW + 1_000_000).expect("an authority")
}

#[test]
fn a_saved_authority_is_the_same_authority() {
    let first = authority();
    let again = Authority::from_pem(&first.certificate_pem(), &first.key_pem()).expect("what we wrote");
    let key = SigningKey::generate_p256().expect("a key");
    let chain = again.issue(&key, &["a.example", "127.0.0.1"], NOW, NOW + 1_999).expect("issued");
    let chain = Chain::from_pem(&chain).expect("a chain");
    let roots = Roots::from_pem(&first.certificate_pem()).expect("roots");
    for domain in ["a.example", "127.0.0.1"] {
        assert_eq!(chain.verify(domain, &roots, NOW), Ok(()));
    }
    assert_eq!(chain.not_after_ms(), NOW + 1_000, "rounded down to the second");
}

#[test]
fn a_domain_named_like_the_authority_is_not_self_signed() {
    let authority = Authority::new("a.example", NOW, NOW + 1_000).expect("an authority");
    let key = SigningKey::generate_p256().expect("a key");
    let chain = Chain::from_pem(&authority.issue(&key, &["a.example"], NOW, NOW).expect("issued")).expect("a chain");
    let roots = Roots::from_pem(&authority.certificate_pem()).expect("roots");
    assert_eq!(chain.verify("a.example", &roots, NOW), Ok(()));
    let other = Roots::from_pem(&self::authority().certificate_pem()).expect("roots");
    assert_eq!(chain.verify("a.example", &other, NOW), Err(ChainError::UnknownIssuer));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let (one, other) = (authority(), authority());
    let refused = |certificate: &str, key: &str| Authority::from_pem(certificate, key).err();
    assert_eq!(refused(&one.certificate_pem(), &other.key_pem()), Some(AuthorityError::Mismatch));
    assert_eq!(refused("", &one.key_pem()), Some(AuthorityError::Certificate));
    assert_eq!(refused(&one.certificate_pem(), ""), Some(AuthorityError::Key));
}

#[test]
fn what_is_no_domain_is_not_certified() {
    let key = SigningKey::generate_p256().expect("a key");
    for domains in [&[][..], &["b\u{fc}cher.example"]] {
        assert_eq!(authority().issue(&key, domains, NOW, NOW), Err(AuthorityError::Domain));
    }
    let long = format!("{}.example", ["a"; 60].join("."));
    assert!(authority().issue(&key, &[&long], NOW, NOW).is_ok());
}

#[test]
fn a_request_asks_for_the_domain_with_the_key() {
    for key in [SigningKey::generate_rsa(RsaSize::Bits2048), SigningKey::generate_p256()].map(|key| key.expect("a key"))
    {
        let request = csr_pem(&key, "a.example").expect("a request");
        let parsed = CertificateSigningRequestParams::from_pem(&request).expect("signed by its key");
        assert_eq!(parsed.params.subject_alt_names, [SanType::DnsName("a.example".try_into().expect("ASCII"))]);
        assert_eq!(parsed.public_key.subject_public_key_info(), key.public_key_spki_der());
    }
}
