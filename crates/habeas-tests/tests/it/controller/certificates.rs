//! Certificates that end, are renewed, or come without their issuers, while keys are kept (A16, A17).

use std::sync::Arc;

use habeas_core::clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};
use habeas_trust::signing::SigningKey;
use habeas_wire::base64;

use crate::world::{
    Behavior, World,
    fake::{CERTIFICATE, DISCOVERY, Fake, SUBMIT, Sent},
    keys::{YEAR_MS, p256},
};

/// A certificate for fake.localhost, valid from now on for so long.
fn lasting(world: &World, key: &SigningKey, ms: i64) -> String {
    let now = world.now().ms();
    world.keys.ca.issue_through_intermediate(key, &["fake.localhost"], now - 1000, now + ms).unwrap()
}

/// The processor with a new key and its certificate.
fn renewed(world: &World) -> Fake {
    let fake = Fake { key: Arc::new(SigningKey::from_pem(&p256()).unwrap()) };
    fake.shows(&world.peer, &lasting(world, &fake.key, YEAR_MS));
    fake
}

fn fetched(world: &World) -> usize {
    world.peer.heard(CERTIFICATE).len()
}

/// A request that was answered with a certificate that lasts so long.
async fn sent_with(ms: i64) -> (World, Fake, Sent) {
    let world = World::new().await;
    let fake = Fake::open(&world);
    fake.shows(&world.peer, &lasting(&world, &fake.key, ms));
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    assert_eq!(fetched(&world), 1);
    (world, fake, sent)
}

#[tokio::test]
async fn a_certificate_without_its_issuer_makes_no_receipt() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let whole = world.keys.chain("fake.localhost");
    let end = "-----END CERTIFICATE-----\n";
    let leaf = &whole[..whole.find(end).unwrap() + end.len()];
    assert!(leaf.len() < whole.len(), "there is an intermediate");
    fake.shows(&world.peer, leaf);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("unsent".to_owned(), false));
    fake.shows(&world.peer, &format!("{leaf}{}", world.keys.chain("mail.localhost")));
    world.until_forgiven(&sent.id).await;
    world.work().await;
    assert!(!world.leg(&sent.id).await.1, "somebody else's issuer is of no help");

    fake.shows(&world.peer, &whole);
    world.until_forgiven(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    let bodies: Vec<_> = world.peer.heard(SUBMIT).into_iter().map(|heard| heard.body).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn a_key_is_kept_for_a_day_and_then_fetched_anew() {
    let (world, fake, sent) = sent_with(YEAR_MS).await;
    world.clock.advance(DAY_MS - 1);
    world.call(fake.callback(&sent, "pending")).await.is(202);
    assert_eq!(fetched(&world), 1);
    world.clock.advance(1);
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(fetched(&world), 2);
}

#[tokio::test]
async fn a_certificate_that_is_valid_for_a_minute_is_kept_no_longer() {
    let (world, fake, sent) = sent_with(MINUTE_MS).await;
    world.clock.advance(MINUTE_MS / 2);
    world.call(fake.callback(&sent, "pending")).await.is(202);
    assert_eq!(fetched(&world), 1, "it is good for a minute");
    world.clock.advance(MINUTE_MS / 2 + SECOND_MS);
    fake.shows(&world.peer, &lasting(&world, &fake.key, HOUR_MS));
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(fetched(&world), 2, "the same key, vouched for anew");
}

#[tokio::test]
async fn a_certificate_that_ends_while_it_is_kept_is_not_believed_any_more() {
    let (world, fake, sent) = sent_with(HOUR_MS).await;
    world.clock.advance(HOUR_MS + SECOND_MS);
    world.call(fake.callback(&sent, "in_progress")).await.is(403);
    assert_eq!(fetched(&world), 2, "looked for a newer one, and found the old");
    world.call(fake.callback(&sent, "in_progress")).await.is(403);
    assert_eq!(fetched(&world), 2, "and not looked again at once");
    assert_eq!(world.leg(&sent.id).await.0, "pending");

    fake.shows(&world.peer, &lasting(&world, &fake.key, YEAR_MS));
    world.clock.advance(MINUTE_MS);
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");
}

#[tokio::test]
async fn a_new_key_is_fetched_at_once_and_the_next_within_a_minute_is_not() {
    let (world, old, sent) = sent_with(YEAR_MS).await;
    let first = renewed(&world);
    world.call(first.callback(&sent, "pending")).await.is(202);
    assert_eq!(fetched(&world), 2);
    world.call(first.callback(&sent, "pending")).await.is(202);
    assert_eq!(fetched(&world), 2, "kept from now on");

    let second = renewed(&world);
    for _ in 0..5 {
        world.call(second.callback(&sent, "in_progress")).await.is(403);
        world.call(old.callback(&sent, "completed")).await.is(403);
    }
    assert_eq!(fetched(&world), 2, "one fetch a minute");
    world.clock.advance(MINUTE_MS);
    world.call(second.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(fetched(&world), 3);
    world.call(old.callback(&sent, "completed")).await.is(403);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");
}

#[tokio::test]
async fn a_key_that_cannot_be_fetched_anew_leaves_the_old_one_in_use() {
    let (world, fake, sent) = sent_with(YEAR_MS).await;
    fake.shows(&world.peer, "not a certificate");
    world.call(fake.callback(&sent, "completed").header(crate::world::fake::OPENGDPR.1, "AAAA")).await.is(403);
    assert_eq!(fetched(&world), 2);
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress", "a forger cannot make us forget a key");
}

#[tokio::test]
async fn the_chain_is_kept_beside_the_receipt_as_it_was_then() {
    let (world, old, sent) = sent_with(YEAR_MS).await;
    let new = renewed(&world);
    world.call(new.callback(&sent, "completed")).await.is(202);
    let receipts = world.engine.store().receipts(&sent.id).await.unwrap();
    for (row, fake) in receipts.iter().zip([&old, &new]) {
        let chain = habeas_trust::certificate::Chain::from_pem(&row.receipt.chain).unwrap();
        let spki = fake.key.public_key_spki_der();
        let key = habeas_trust::public_key::PublicKey::from_spki_der(spki).unwrap();
        assert!(chain.public_key().is_ok());
        if row.receipt.hole.is_none() {
            assert!(key.verify(&row.receipt.body, &row.receipt.signature, Default::default()));
        } else {
            assert!(key.verify_digest(&row.receipt.sha256, &row.receipt.signature, Default::default()));
        }
    }
    assert_ne!(receipts[0].receipt.chain, receipts[1].receipt.chain);
}

/// The length of what stands at `at` in DER, and where it begins.
fn inside(der: &[u8], at: usize) -> (usize, usize) {
    match usize::from(der[at + 1]) {
        short if short < 0x80 => (short, at + 2),
        0x81 => (usize::from(der[at + 2]), at + 3),
        _ => (usize::from(der[at + 2]) * 256 + usize::from(der[at + 3]), at + 4),
    }
}

/// So much of what follows in DER.
fn wrapped(tag: u8, inner: &[u8]) -> Vec<u8> {
    let length = match u16::try_from(inner.len()).unwrap().to_be_bytes() {
        [0, short @ 0..0x80] => vec![short],
        [0, low] => vec![0x81, low],
        [high, low] => vec![0x82, high, low],
    };
    [&[tag], length.as_slice(), inner].concat()
}

/// A chain of fake.localhost whose intermediate ends on the day when all worlds begin, at that hour, and its leaf much
/// later. The authority signs its certificate anew, with another date.
fn with_an_intermediate_until(world: &World, key: &SigningKey, hour: u8) -> String {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let whole = lasting(world, key, YEAR_MS);
    let (leaf, intermediate) = whole.split_at(whole.rfind(BEGIN).unwrap());
    let text: String = intermediate.replace(BEGIN, "").replace(END, "").split_whitespace().collect();
    let der = base64::decode(text.as_bytes()).unwrap();
    let (_, body) = inside(&der, 0);
    let (length, start) = inside(&der, body);
    let mut signed = der[body..start + length].to_vec();
    let date = b"270101120000Z";
    let at = signed.windows(date.len()).position(|part| part == date).unwrap();
    signed[at..at + date.len()].copy_from_slice(format!("260101{hour:02}0000Z").as_bytes());
    let algorithm = start + length;
    let (length, start) = inside(&der, algorithm);
    let authority = SigningKey::from_pem(&world.keys.ca.key_pem()).unwrap();
    let bits = [&[0], authority.sign(&signed).unwrap().as_slice()].concat();
    let members = [signed.as_slice(), &der[algorithm..start + length], &wrapped(0x03, &bits)].concat();
    format!("{leaf}{BEGIN}\n{}\n{END}\n", base64::encode(&wrapped(0x30, &members)))
}

#[tokio::test]
async fn a_kept_key_whose_intermediate_has_ended_is_not_believed_from_memory() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    fake.shows(&world.peer, &with_an_intermediate_until(&world, &fake.key, 13));
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    world.clock.advance(HOUR_MS - 2 * MINUTE_MS);
    world.call(fake.callback(&sent, "pending")).await.is(202);
    assert_eq!(fetched(&world), 1);

    world.peer.script(DISCOVERY, [Behavior::Status(503)]);
    world.clock.advance(4 * MINUTE_MS);
    for again in 0..5 {
        let refused = world.call(fake.callback(&sent, "completed")).await;
        assert!(refused.status >= 400, "call {again}: {}", refused.status);
        assert_eq!(world.leg(&sent.id).await.0, "pending", "call {again}");
    }
    fake.discovers(&world, |_| {});
    fake.shows(&world.peer, &lasting(&world, &fake.key, YEAR_MS));
    world.clock.advance(2 * MINUTE_MS);
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "vouched for anew");
}
