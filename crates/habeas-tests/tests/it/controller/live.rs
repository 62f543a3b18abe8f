//! What live peers send: RSA and EC signatures in every encoding, certificate files with more than is needed, `null`.

use std::sync::{Arc, OnceLock};

use habeas_trust::{
    authority::Authority,
    signing::{RsaSize, SigningKey},
};
use habeas_wire::base64;
use serde_json::{Value, json};

use super::party::{item, signed};
use crate::world::{
    Behavior, Call, World,
    fake::{Fake, OPENGDPR, SUBMIT, Sent},
    keys::YEAR_MS,
};

/// One key for all tests: making one takes a while.
fn rsa() -> SigningKey {
    static KEY: OnceLock<String> = OnceLock::new();
    let pem = KEY.get_or_init(|| SigningKey::generate_rsa(RsaSize::Bits2048).unwrap().to_pem().to_string());
    SigningKey::from_pem(pem).unwrap()
}

/// fake.localhost, that signs with RSA.
pub(super) fn with_rsa(world: &World) -> Fake {
    let usual = Fake::open(world);
    let fake = Fake { key: Arc::new(rsa()) };
    usual.shows(&world.peer, &chain(world, &fake));
    world.peer.script(SUBMIT, [fake.accepting()]);
    fake
}

/// Leaf and intermediate.
fn chain(world: &World, fake: &Fake) -> String {
    let now = world.now().ms();
    let ca = &world.keys.ca;
    ca.issue_through_intermediate(&fake.key, &["fake.localhost"], now - YEAR_MS, now + YEAR_MS).unwrap()
}

/// A callback with any signature.
fn callback(sent: &Sent, body: &[u8], signature: &[u8]) -> Call {
    Call::post(&sent.path, body)
        .host("shop.localhost")
        .header(OPENGDPR.0, "fake.localhost")
        .header(OPENGDPR.1, &base64::encode(signature))
}

/// A callback as the largest implementer writes it.
fn as_written(sent: &Sent, word: &str) -> String {
    format!(
        "{{\"controller_id\":\"1234\",\"expected_completion_time\":\"2026-01-09T21:05:48.3226520\",\
         \"status_callback_url\":\"{}\",\"subject_request_id\":\"{}\",\"request_status\":\"{word}\",\
         \"api_version\":\"1.0\",\"results_url\":null,\"extensions\":null,\"group_id\":null}}",
        sent.url, sent.id
    )
}

#[tokio::test]
async fn what_live_peers_send_is_believed_over_exactly_its_bytes() {
    let world = World::new().await;
    let fake = with_rsa(&world);
    let surplus = Authority::new("an old root", 0, i64::MAX).unwrap();
    let expired = Authority::new("an expired root", 0, 1_000_000_000_000).unwrap();
    let file =
        [chain(&world, &fake), world.keys.ca.certificate_pem(), surplus.certificate_pem(), expired.certificate_pem()]
            .concat();
    fake.shows(&world.peer, &file);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "with roots that nobody asked for");

    let body = as_written(&sent, "in_progress");
    let signature = fake.key.sign(body.as_bytes()).unwrap();
    assert_eq!((signature.len(), base64::encode(&signature).len()), (256, 344));
    for other in [format!("{body}\n"), body.replace(":null", ": null"), format!("\u{feff}{body}")] {
        world.call(callback(&sent, other.as_bytes(), &signature)).await.is(403);
    }
    world.call(callback(&sent, body.as_bytes(), &signature)).await.is(202);
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!((&leg["state"], &leg["expected_by"]), (&json!("in_progress"), &json!("2026-01-09T21:05:48Z")));

    let newline = format!("{}\n", as_written(&sent, "completed"));
    let signature = fake.key.sign(newline.as_bytes()).unwrap();
    world.call(callback(&sent, newline.trim_end().as_bytes(), &signature)).await.is(403);
    world.call(callback(&sent, newline.as_bytes(), &signature)).await.is(202);
    let story = world.story(&sent.id).await;
    assert_eq!(story["state"], "fulfilled");
    assert_eq!(world.signed_for(&sent.id).await, ["submit", "callback", "callback"]);
}

#[tokio::test]
async fn a_signature_may_be_folded_in_its_header() {
    let world = World::new().await;
    let fake = with_rsa(&world);
    let sent = world.sent("fake.localhost").await;
    let body = as_written(&sent, "completed");
    let text = base64::encode(&fake.key.sign(body.as_bytes()).unwrap());
    let folded: Vec<_> = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let call = callback(&sent, body.as_bytes(), b"").header(OPENGDPR.1, &folded.join(" "));
    world.call(call).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
}

/// The two numbers of an ECDSA signature in DER, one after the other, each of 32 bytes.
fn bare(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let length = usize::from(der[at + 1]);
        let digits = &der[at + 2..at + 2 + length];
        let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
        ([&[0; 32][digits.len()..], digits].concat(), at + 2 + length)
    };
    assert_eq!((der[0], usize::from(der[1])), (0x30, der.len() - 2));
    let (r, next) = number(2);
    let (s, end) = number(next);
    assert_eq!((end, r.len(), s.len()), (der.len(), 32, 32));
    [r, s].concat()
}

#[tokio::test]
async fn ecdsa_is_believed_as_der_and_as_two_bare_numbers() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    for form in [|der: &[u8]| der.to_vec(), bare] {
        let sent = world.sent("fake.localhost").await;
        // Numbers are shorter than 32 bytes now and then, so several signatures are tried.
        for word in ["pending", "pending", "in_progress", "completed"] {
            let body = as_written(&sent, word);
            let signature = form(&fake.key.sign(body.as_bytes()).unwrap());
            let mut flipped = signature.clone();
            *flipped.last_mut().unwrap() ^= 1;
            world.call(callback(&sent, body.as_bytes(), &flipped)).await.is(403);
            world.call(callback(&sent, body.as_bytes(), &signature)).await.is(202);
        }
        assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
    }
}

#[tokio::test]
async fn receipts_and_statuses_may_be_signed_with_bare_numbers_too() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let rewritten = |key: &SigningKey, status: u16, body: String| {
        let mut reply = signed(key, "fake.localhost", status, body.clone());
        let signature = base64::encode(&bare(&key.sign(body.as_bytes()).unwrap()));
        reply.headers.retain(|(name, _)| name != OPENGDPR.1);
        reply.with(OPENGDPR.1, &signature)
    };
    let key = Arc::clone(&fake.key);
    world
        .peer
        .script(SUBMIT, [Behavior::by(move |heard| rewritten(&key, 201, super::party::receipt_of(heard).to_string()))]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    let mut status = super::party::status(&sent, "completed");
    status["results_url"] = Value::Null;
    world.peer.script(&item(&sent), [Behavior::Reply(rewritten(&fake.key, 200, status.to_string()))]);
    world.until_tried_again(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
    assert_eq!(world.signed_for(&sent.id).await, ["submit", "status"]);
}
