//! Which chains are believed, and why are the others not?

use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

use super::*;
use crate::{
    authority::Authority,
    public_key::Leniency,
    signing::{RsaSize, SigningKey},
};

const NOW: i64 = 1_700_000_000_000;
const DAY: i64 = 86_400_000;
const DOMAIN: &str = "privacy.example.com";

struct World {
    authority: Authority,
    roots: Roots,
    key: SigningKey,
}

impl World {
    fn new() -> Self {
        let authority = Authority::new("Root", NOW - 100 * DAY, NOW + 100 * DAY).expect("an authority");
        let roots = Roots::from_pem(&authority.certificate_pem()).expect("roots");
        Self { authority, roots, key: SigningKey::generate_p256().expect("a key") }
    }

    fn direct(&self) -> String {
        self.authority.issue(&self.key, &[DOMAIN], NOW - DAY, NOW + DAY).expect("issued")
    }

    fn through_intermediate(&self) -> [String; 2] {
        let chain =
            self.authority.issue_through_intermediate(&self.key, &[DOMAIN], NOW - DAY, NOW + DAY).expect("issued");
        let split = chain.rfind("-----BEGIN").expect("two blocks");
        [chain[..split].to_owned(), chain[split..].to_owned()]
    }

    fn verify(&self, pem: &str) -> Result<(), ChainError> {
        Chain::from_pem(pem).and_then(|chain| chain.verify(DOMAIN, &self.roots, NOW))
    }

    /// A leaf of this authority as the test wants it.
    fn custom(&self, change: impl FnOnce(&mut CertificateParams)) -> String {
        let key = KeyPair::from_pem(&self.authority.key_pem()).expect("a key");
        let issuer = Issuer::from_ca_cert_pem(&self.authority.certificate_pem(), key).expect("an issuer");
        let subject = KeyPair::from_pem(&self.key.to_pem()).expect("a key");
        custom_params(change).signed_by(&subject, &issuer).expect("issued").pem()
    }
}

fn custom_params(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new([DOMAIN.to_owned()]).expect("a domain");
    params.not_before = date_time_ymd(2023, 1, 1);
    params.not_after = date_time_ymd(2024, 1, 1);
    change(&mut params);
    params
}

#[test]
fn rsa_and_p256_leaves_are_believed_and_their_keys_verify() {
    let mut world = World::new();
    for key in [SigningKey::generate_rsa(RsaSize::Bits2048), SigningKey::generate_p256()] {
        world.key = key.expect("a key");
        for pem in [world.direct(), world.through_intermediate().concat()] {
            assert_eq!(world.verify(&pem), Ok(()));
            let public = Chain::from_pem(&pem).and_then(|chain| chain.public_key()).expect("a key");
            let signature = world.key.sign(b"message").expect("signed");
            assert!(public.verify(b"message", &signature, Leniency::default()));
        }
    }
}

#[test]
fn validity_is_judged_at_the_time_given_both_ends_included() {
    let world = World::new();
    let chain = Chain::from_pem(&world.direct()).expect("a chain");
    assert_eq!(chain.not_after_ms(), NOW + DAY);
    for (now, expected) in [
        (NOW - DAY - 1_000, Err(ChainError::NotYetValid)),
        (NOW - DAY, Ok(())),
        (NOW + DAY, Ok(())),
        (NOW + DAY + 1_000, Err(ChainError::Expired)),
        (i64::MAX, Err(ChainError::Expired)),
        (i64::MIN, Err(ChainError::NotYetValid)),
    ] {
        assert_eq!(chain.verify(DOMAIN, &world.roots, now), expected, "{now}");
    }
}

#[test]
fn only_the_subject_alternative_name_counts() {
    let world = World::new();
    let chain = Chain::from_pem(&world.direct()).expect("a chain");
    assert_eq!(chain.verify("PRIVACY.example.com", &world.roots, NOW), Ok(()));
    for domain in ["example.com", "a.privacy.example.com", "privacy.example.org", "", "not a domain", "127.0.0.1"] {
        assert_eq!(chain.verify(domain, &world.roots, NOW), Err(ChainError::WrongName), "{domain}");
    }
    let only_common_name = world.custom(|params| {
        params.subject_alt_names.clear();
        params.distinguished_name.push(DnType::CommonName, DOMAIN);
    });
    assert_eq!(world.verify(&only_common_name), Err(ChainError::WrongName));
}

#[test]
fn self_signed_certificates_and_roots_are_refused_even_if_trusted() {
    let mut world = World::new();
    let key = KeyPair::from_pem(&world.key.to_pem()).expect("a key");
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let pem = custom_params(|params| params.is_ca = is_ca).self_signed(&key).expect("issued").pem();
        assert_eq!(world.verify(&pem), Err(ChainError::SelfSigned));
        world.roots = Roots::from_pem(&pem).expect("roots");
        assert_eq!(world.verify(&pem), Err(ChainError::SelfSigned));
    }
    let cross_signed = world.custom(|params| params.distinguished_name.push(DnType::CommonName, "Root 2"));
    world.roots = Roots::from_pem(&cross_signed).expect("roots");
    assert_eq!(world.verify(&cross_signed), Err(ChainError::SelfSigned));
}

#[test]
fn intermediates_may_come_in_any_order_with_strangers_but_must_come() {
    let (world, stranger) = (World::new(), World::new());
    let [leaf, intermediate] = world.through_intermediate();
    let [strange_leaf, strange_intermediate] = stranger.through_intermediate();
    let root = world.authority.certificate_pem();
    let obsolete = {
        let key = KeyPair::generate().expect("a key");
        let params = custom_params(|params| {
            params.not_after = date_time_ymd(2023, 2, 1);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        });
        params.self_signed(&key).expect("issued").pem()
    };
    let unreadable = pem::encode(pem::CERTIFICATE, b"nonsense");
    assert_eq!(world.verify(&leaf), Err(ChainError::UnknownIssuer));
    assert_eq!(world.verify(&(leaf.clone() + &strange_intermediate)), Err(ChainError::UnknownIssuer));
    assert_eq!(stranger.verify(&(leaf.clone() + &intermediate)), Err(ChainError::UnknownIssuer));
    for rest in [
        [&intermediate, &root, &obsolete],
        [&root, &obsolete, &intermediate],
        [&strange_leaf, &strange_intermediate, &intermediate],
        [&*unreadable, &intermediate, &intermediate],
        [&leaf, &intermediate, &"Bag Attributes: none\n".to_owned()],
    ] {
        assert_eq!(world.verify(&rest.into_iter().fold(leaf.clone(), |all, one| all + one)), Ok(()));
    }
}

#[test]
fn an_expired_twin_of_the_intermediate_does_no_harm() {
    let world = World::new();
    let root = || {
        let key = KeyPair::from_pem(&world.authority.key_pem()).expect("a key");
        Issuer::from_ca_cert_pem(&world.authority.certificate_pem(), key).expect("an issuer")
    };
    let between = KeyPair::generate().expect("a key");
    let params = |year| {
        let mut params = custom_params(|params| params.not_after = date_time_ymd(year, 6, 1));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Twin");
        params
    };
    let [old, new] = [2023, 2024].map(|year| params(year).signed_by(&between, &root()).expect("issued").pem());
    let subject = KeyPair::from_pem(&world.key.to_pem()).expect("a key");
    let leaf = custom_params(|_| ()).signed_by(&subject, &Issuer::new(params(2024), &between)).expect("issued").pem();
    assert_eq!(world.verify(&format!("{leaf}{old}{new}")), Ok(()));
    assert_eq!(world.verify(&format!("{leaf}{old}")), Err(ChainError::Expired));
}

#[test]
fn purposes_and_usages_are_respected() {
    use ExtendedKeyUsagePurpose::{ClientAuth, CodeSigning, ServerAuth};
    let world = World::new();
    for (purposes, usages, expected) in [
        (vec![], vec![], Ok(())),
        (vec![ServerAuth], vec![KeyUsagePurpose::DigitalSignature], Ok(())),
        (vec![ClientAuth], vec![KeyUsagePurpose::ContentCommitment], Ok(())),
        (vec![CodeSigning, ClientAuth], vec![], Ok(())),
        (vec![CodeSigning], vec![], Err(ChainError::Unusable)),
        (vec![], vec![KeyUsagePurpose::KeyEncipherment], Err(ChainError::Unusable)),
    ] {
        let pem = world.custom(|params| {
            params.extended_key_usages = purposes.clone();
            params.key_usages = usages;
        });
        assert_eq!(world.verify(&pem), expected, "{purposes:?}");
    }
    let authority = world.custom(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(world.verify(&authority), Err(ChainError::Unusable));
}

#[test]
fn a_short_key_is_refused() {
    let world = World::new();
    let pem = include_str!("../../tests/data/rsa-1024.certificate.pem");
    assert_eq!(world.verify(pem), Err(ChainError::WeakKey));
}

#[test]
fn what_surrounds_the_blocks_is_not_kept() {
    let world = World::new();
    let plain = world.through_intermediate().concat();
    let noisy = format!("subject=CN\n{}\n{}# end", plain.replace('\n', "\r\n"), *world.key.to_pem());
    let chain = Chain::from_pem(&noisy).expect("a chain");
    assert_eq!(chain.to_pem(), plain);
    assert_eq!(Chain::from_pem(&plain), Ok(chain.clone()));
    assert_eq!(chain.fingerprint(), digest::hex(&digest::sha256(&chain.leaf)));
    assert_eq!(format!("{chain:?}"), format!("Chain({} and 1 more)", chain.fingerprint()));
}

#[test]
fn certificates_are_described_in_order_and_the_unreadable_left_out() {
    let world = World::new();
    let [leaf, intermediate] = world.through_intermediate();
    let pem = leaf + &pem::encode(pem::CERTIFICATE, b"nonsense") + &intermediate + &world.authority.certificate_pem();
    let chain = Chain::from_pem(&pem).expect("a chain");
    let described: Vec<_> = chain.described().collect();
    let [leaf, between, root] = described.as_slice() else { panic!("three certificates") };
    assert_eq!(leaf.subject, format!("CN={DOMAIN}"));
    assert_eq!(leaf.issuer, between.subject);
    assert_eq!(between.issuer, root.subject);
    assert_eq!(root.issuer, "CN=Root, O=Private certificate authority");
    assert_eq!((leaf.not_before_ms, leaf.not_after_ms), (NOW - DAY, NOW + DAY));
    assert_eq!((leaf.serial.len(), &leaf.sha256), (32, &chain.fingerprint()));
}

#[test]
fn names_cannot_steer_a_terminal() {
    let world = World::new();
    let pem = world.custom(|params| params.distinguished_name.push(DnType::CommonName, "a\u{1b}[2Jb"));
    let chain = Chain::from_pem(&pem).expect("a chain");
    assert!(chain.described().all(|certificate| certificate.subject.contains("CN=a\u{fffd}[2Jb")));
}

#[test]
fn texts_beyond_the_limits_are_refused() {
    let leaf = World::new().direct();
    assert!(Chain::from_pem(&leaf.repeat(16)).is_ok());
    for text in [leaf.repeat(17), leaf.clone() + &" ".repeat(64 * 1024), leaf.replace("MII", "!!!")] {
        assert_eq!(Chain::from_pem(&text), Err(ChainError::Malformed));
    }
    for text in ["", "hello", &World::new().key.to_pem()] {
        assert_eq!(Chain::from_pem(text), Err(ChainError::Empty));
        assert_eq!(Roots::from_pem(text).err(), Some(ChainError::Empty));
    }
    let nonsense = pem::encode(pem::CERTIFICATE, b"nonsense");
    assert_eq!(Chain::from_pem(&nonsense), Err(ChainError::Malformed));
    assert_eq!(Roots::from_pem(&(leaf + &nonsense)).err(), Some(ChainError::Malformed));
}

#[test]
fn a_system_store_is_read_as_far_as_it_can_be() {
    let world = World::new();
    let root = CertificateDer::from_pem_slice(world.authority.certificate_pem().as_bytes()).expect("a certificate");
    let roots = Roots::from_der([root.to_vec(), b"nonsense".to_vec(), vec![]].into_iter());
    assert_eq!((roots.len(), roots.is_empty()), (1, false));
    assert_eq!(format!("{roots:?}"), "Roots(1)");
    assert_eq!(Chain::from_pem(&world.direct()).and_then(|chain| chain.verify(DOMAIN, &roots, NOW)), Ok(()));
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text: String, der: Vec<u8>) {
        let _ = (Chain::from_pem(&text), Roots::from_pem(&text));
        let block = pem::encode(pem::CERTIFICATE, &der);
        let _ = (Chain::from_pem(&block), Roots::from_pem(&block));
    }
}

#[test]
fn a_damaged_leaf_never_panics_and_is_never_believed() {
    let world = World::new();
    let der = Chain::from_pem(&world.direct()).expect("a chain").leaf;
    for position in 0..der.len() {
        let mut damaged = der.to_vec();
        damaged[position] ^= 1;
        assert_ne!(world.verify(&pem::encode(pem::CERTIFICATE, &damaged)), Ok(()), "byte {position}");
    }
}
