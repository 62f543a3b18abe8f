//! What a controller keeps of what its parties sign: proof, and never the request that a receipt repeats (1.0 §7.3, 0.1
//! §9.3; A23).

use std::sync::Arc;

use habeas_core::{clock::DAY_MS, receipt::Receipt};
use habeas_engine::directory::Tenant;
use habeas_trust::{
    certificate::Chain,
    digest::sha256,
    public_key::{Leniency, PublicKey},
};
use habeas_wire::base64;
use serde_json::json;

use crate::{
    controller::party::{item, receipt_of, signed, status},
    world::{
        Behavior, Reply, Setup, World,
        fake::{Fake, SUBMIT, Sent},
        logs,
    },
};

/// fake.localhost speaks 0.1.3, where the answer to a DELETE repeats the request, too.
fn in_0_1(tenant: &mut Tenant) {
    for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == "fake.localhost") {
        peer.party.dialect = habeas_core::dialect::DialectId::known("opengdpr/0.1.3");
    }
}

/// What may not be stored: the request as it was sent and its base64, in whole, in halves and in pieces.
struct Forbidden {
    /// In nothing that is legible.
    parts: Vec<String>,
    /// In nothing that has no base64 of its own: a receipt has words in common with the request.
    pieces: Vec<String>,
}

impl Forbidden {
    /// Of the request that fake.localhost heard last.
    fn heard(world: &World) -> Self {
        const PERSON: &[u8] = b"ann@example.org";
        let body = world.peer.heard(SUBMIT).pop().unwrap().body;
        let encoded = base64::encode(&body);
        let (first, second) = encoded.split_at(encoded.len() / 2);
        // The person's address looks different, depending on where among three bytes it begins.
        let inner = |skip: usize| base64::encode(&PERSON[skip..skip + 12]);
        let text = String::from_utf8(body.clone()).unwrap();
        let parts = [
            text,
            first.into(),
            second.into(),
            String::from_utf8_lossy(PERSON).into_owned(),
            inner(0),
            inner(1),
            inner(2),
        ];
        let pieces = encoded.as_bytes().chunks_exact(24).map(|piece| String::from_utf8(piece.to_vec()).unwrap());
        Self { parts: parts.into(), pieces: pieces.collect() }
    }

    fn assert_not_in<'a>(parts: impl IntoIterator<Item = &'a String>, bytes: &[u8], place: &str) {
        let text = String::from_utf8_lossy(bytes);
        for part in parts {
            assert!(!text.contains(part), "{part} is in {place}");
        }
    }

    /// Neither in the files of the database, nor in the log, nor in what an operator is shown.
    async fn assert_nowhere(&self, world: &World, sent: &Sent) {
        let mut files = 0;
        for entry in std::fs::read_dir(world.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            Self::assert_not_in(self.parts.iter().chain(&self.pieces), &bytes, &path.display().to_string());
            files += 1;
        }
        assert!(files >= 2, "the database and its write-ahead log");
        let all = || self.parts.iter().chain(&self.pieces);
        Self::assert_not_in(all(), logs::lines().as_bytes(), "the log");
        Self::assert_not_in(all(), world.story(&sent.id).await.to_string().as_bytes(), "the story");
        let export = world.operate("GET", &format!("/requests/{}/evidence", sent.id), "").await.is(200);
        Self::assert_not_in(&self.parts, &export.body, "the export");
        for row in world.engine.store().receipts(&sent.id).await.unwrap() {
            Self::assert_not_in(all(), &row.receipt.body, "what is sealed");
        }
    }
}

#[tokio::test]
async fn the_request_that_a_receipt_repeats_is_nowhere() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    let forbidden = Forbidden::heard(&world);
    forbidden.assert_nowhere(&world, &sent).await;
    world.call(fake.callback(&sent, "completed")).await.is(202);
    forbidden.assert_nowhere(&world, &sent).await;
}

#[tokio::test]
async fn nor_that_of_an_answer_to_a_cancellation() {
    let world = World::with(Setup { adjust: in_0_1, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let original = world.peer.heard(SUBMIT).remove(0).body;
    let body = json!({
        "received_time": "2026-01-01T12:00:00Z", "encoded_request": base64::encode(&original), "subject_request_id": sent.id.as_str(),
    });
    world.peer.script(&item(&sent), [Behavior::Reply(signed(&fake.key, "fake.localhost", 202, body.to_string()))]);
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    assert_eq!(world.story(&sent.id).await["state"], "cancelled");
    assert_eq!(world.signed_for(&sent.id).await, ["submit", "cancel"]);
    Forbidden::heard(&world).assert_nowhere(&world, &sent).await;
    let receipts = receipts(&world, &sent).await;
    assert!(receipts[1].hole.is_some());
    assert_eq!(sha256(&refilled(&receipts[1], &original)), receipts[1].sha256);
}

#[tokio::test]
async fn nor_where_a_status_repeats_it_or_a_receipt_is_not_believed() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let other_key = habeas_trust::signing::SigningKey::from_pem(&crate::world::keys::p256()).unwrap();
    let unbelievable =
        Behavior::by(move |heard| signed(&other_key, "fake.localhost", 201, receipt_of(heard).to_string()));
    let unsigned = Behavior::by(|heard| Reply::json(201, receipt_of(heard).to_string()));
    let refused = Behavior::by(|heard| Reply::json(503, receipt_of(heard).to_string()));
    world.peer.script(SUBMIT, [unbelievable, unsigned, refused, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    for tries in 1..4 {
        assert_eq!(world.peer.heard(SUBMIT).len(), tries);
        Forbidden::heard(&world).assert_nowhere(&world, &sent).await;
        world.until_forgiven(&sent.id).await;
        world.work().await;
    }
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));

    let original = world.peer.heard(SUBMIT).remove(0).body;
    let mut told = status(&sent, "in_progress");
    told["encoded_request"] = json!(base64::encode(&original));
    world.peer.script(&item(&sent), [fake.tells_of(&told)]);
    world.until_tried_again(&sent.id).await;
    world.work().await;
    assert_eq!(world.signed_for(&sent.id).await, ["submit", "status"]);
    Forbidden::heard(&world).assert_nowhere(&world, &sent).await;
}

#[tokio::test]
async fn nor_where_its_base64_is_written_with_escapes() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let key = Arc::clone(&fake.key);
    let escaped = Behavior::by(move |heard| {
        let plain = receipt_of(heard).to_string();
        let encoded = base64::encode(&heard.body);
        let spelled: String = encoded.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        signed(&key, "fake.localhost", 201, plain.replace(&encoded, &spelled))
    });
    world.peer.script(SUBMIT, [escaped]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    let kept = receipts(&world, &sent).await.remove(0);
    assert!(!String::from_utf8(kept.body.clone()).unwrap().contains("\\u00"), "cut out as it was written");
    Forbidden::heard(&world).assert_nowhere(&world, &sent).await;
}

async fn receipts(world: &World, sent: &Sent) -> Vec<Receipt> {
    world.engine.store().receipts(&sent.id).await.unwrap().into_iter().map(|row| row.receipt).collect()
}

/// The bytes that were signed, given the request that they repeat.
fn refilled(receipt: &Receipt, request: &[u8]) -> Vec<u8> {
    let at = receipt.hole.clone().unwrap().start;
    let encoded = format!("\"{}\"", base64::encode(request));
    [&receipt.body[..at], encoded.as_bytes(), &receipt.body[at..]].concat()
}

fn key_of(receipt: &Receipt) -> PublicKey {
    Chain::from_pem(&receipt.chain).unwrap().public_key().unwrap()
}

#[tokio::test]
async fn a_redacted_receipt_cannot_notice_a_flipped_bit_unless_the_hole_is_refilled() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let request = world.peer.heard(SUBMIT).remove(0).body;
    let receipt = receipts(&world, &sent).await.remove(0);
    let key = key_of(&receipt);
    let verifies = |bytes: &[u8]| key.verify(bytes, &receipt.signature, Leniency::default());
    let digest_verifies = || key.verify_digest(&receipt.sha256, &receipt.signature, Leniency::default());

    assert!(verifies(&refilled(&receipt, &request)), "with the request it is what was signed");
    assert!(!verifies(&receipt.body), "as it is kept it is not");
    assert!(digest_verifies(), "only the digest can be checked, and that says nothing of the bytes");

    for at in [5, receipt.body.len() / 2, receipt.body.len() - 3] {
        let mut tampered = receipt.clone();
        tampered.body[at] ^= 1;
        assert!(key.verify_digest(&tampered.sha256, &tampered.signature, Leniency::default()), "not noticed");
        assert!(!verifies(&refilled(&tampered, &request)), "noticed");
        assert_ne!(sha256(&refilled(&tampered, &request)), tampered.sha256);
    }
    let mut another = request.clone();
    another[20] ^= 1;
    assert!(!verifies(&refilled(&receipt, &another)), "another request does not fit");
}

#[tokio::test]
async fn callbacks_and_statuses_prove_by_themselves() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "in_progress")]);
    world.until_tried_again(&sent.id).await;
    world.work().await;
    world.call(fake.callback(&sent, "completed")).await.is(202);
    let receipts = receipts(&world, &sent).await;
    assert_eq!(receipts.len(), 3);
    for receipt in &receipts[1..] {
        let verifies = |bytes: &[u8]| key_of(receipt).verify(bytes, &receipt.signature, Leniency::default());
        assert_eq!(receipt.hole, None);
        assert!(verifies(&receipt.body));
        let mut flipped = receipt.body.clone();
        flipped[7] ^= 1;
        assert!(!verifies(&flipped));
    }
}

#[tokio::test]
async fn proof_outlives_the_person() {
    let world = World::with(Setup { keep_ms: DAY_MS, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let request = world.peer.heard(SUBMIT).remove(0).body;
    world.call(fake.callback(&sent, "completed")).await.is(202);
    let before = receipts(&world, &sent).await;
    world.later(2 * DAY_MS).await;
    world.operate("GET", &format!("/requests/{}/subject", sent.id), "").await.is(410);
    let after = receipts(&world, &sent).await;
    assert_eq!(after, before);
    assert_eq!(sha256(&refilled(&after[0], &request)), after[0].sha256, "whoever still has the request can show it");
}

#[tokio::test]
async fn nor_one_that_a_callback_repeats() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let forbidden = Forbidden::heard(&world);
    for word in ["in_progress", "completed"] {
        let mut news = sent.news(word);
        news["encoded_request"] = json!(base64::encode(&world.peer.heard(SUBMIT)[0].body));
        let body = news.to_string().into_bytes();
        world.call(fake.callback_of(&sent, body.clone())).await.is(202);
        let row = world.engine.store().receipts(&sent.id).await.unwrap().pop().unwrap();
        assert!(row.receipt.hole.is_some() && row.receipt.body.len() < body.len());
        assert_eq!(row.receipt.sha256, sha256(&body), "what was signed can be told all the same");
        forbidden.assert_nowhere(&world, &sent).await;
    }
    assert_eq!(world.signed_for(&sent.id).await, ["submit", "callback", "callback"]);
}
