//! From the wish to the last callback.

use habeas_trust::{certificate::Chain, digest::sha256, public_key::Leniency};
use habeas_wire::base64;
use serde_json::json;

use crate::world::{
    Setup, Work, World,
    fake::{DISCOVERY, Fake, SUBMIT},
};

#[tokio::test]
async fn a_request_is_discovered_submitted_verified_and_followed_to_its_end() {
    for rsa in [false, true] {
        let world = World::with(Setup { rsa, work: Work::Automatic, ..Setup::default() }).await;
        let sent = world.make("mail.localhost", "access").await;
        assert_eq!(world.leg(&sent.id).await, ("waiting".to_owned(), false));
        world.work().await;
        let (state, verified) = world.leg(&sent.id).await;
        assert!(state == "pending" && verified, "{state}");
        world.later(1000).await;
        assert_eq!(world.leg(&sent.id).await.0, "in_progress");
        world.later(1000).await;
        let story = world.story(&sent.id).await;
        assert_eq!((&story["state"], &story["legs"][0]["state"]), (&json!("fulfilled"), &json!("fulfilled")));
        assert!(story["legs"][0]["results_url"].as_str().unwrap().starts_with("http://mail.localhost"));
        assert!(story["receipts"].as_array().unwrap().iter().all(|r| r["signer"] == "mail.localhost"));
        assert_eq!(world.signed_for(&sent.id).await[0], "submit");
        assert!(world.signed_for(&sent.id).await[1..].iter().all(|operation| operation == "callback"));
        let history: Vec<_> = story["history"].as_array().unwrap().iter().map(|e| e["change"].clone()).collect();
        assert_eq!(history, ["receive", "distribute", "start", "fulfill"]);
    }
}

#[tokio::test]
async fn what_is_sent_is_as_the_specification_asks() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let heard = world.peer.heard(SUBMIT).remove(0);
    assert_eq!(heard.method, "POST");
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.header("authorization"), format!("Bearer {}", world.keys.shop.token()));
    let body = heard.json();
    assert_eq!(body["subject_request_id"], sent.id.as_str());
    assert!(habeas_core::id::is_lower_uuid_v4(sent.id.as_str()));
    assert_eq!(body["subject_request_type"], "erasure");
    assert_eq!(body["submitted_time"], "2026-01-01T12:00:00Z");
    assert_eq!(body["api_version"], "1.0");
    assert_eq!(
        body["subject_identities"],
        json!([{"identity_type": "email", "identity_value": "ann@example.org", "identity_format": "raw"}])
    );
    assert_eq!(body["status_callback_urls"], json!([sent.url]));
    let token = sent.path.rsplit('/').next().unwrap();
    assert!(token.len() >= 32, "nobody guesses {token}");
    let other = world.sent("fake.localhost").await;
    assert_ne!(other.path, sent.path, "a token for each leg");
}

#[tokio::test]
async fn what_a_party_does_not_serve_is_not_sent() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let wish = |right: &str, kind: &str| {
        json!({
            "from": "shop.localhost", "to": ["fake.localhost"], "right": right,
            "identities": [{"kind": kind, "format": "raw", "value": "canary"}],
        })
        .to_string()
    };
    for (body, code, field) in [
        (wish("portability", "email"), "unsupported_right", "right"),
        (wish("erasure", "controller_customer_id"), "unsupported_identity", "identities[0]"),
    ] {
        let refused = world.operate("POST", "/requests", &body).await.is(400);
        assert_eq!(refused.json()["type"], format!("urn:habeas:problem:{code}"));
        assert_eq!(refused.json()["field"], field);
        assert!(!refused.text().contains("canary"));
    }
    world.work().await;
    assert!(world.peer.heard(SUBMIT).is_empty());
    assert_eq!(world.peer.heard(DISCOVERY).len(), 1, "asked once, then known");
}

#[tokio::test]
async fn a_party_that_is_unknown_is_named_as_the_mistake() {
    let world = World::new().await;
    for (from, to, field) in
        [("nobody.localhost", "fake.localhost", "from"), ("shop.localhost", "stranger.localhost", "to[0]")]
    {
        let body = json!({
            "from": from, "to": to, "right": "erasure",
            "identities": [{"kind": "email", "format": "raw", "value": "x"}],
        });
        let refused = world.operate("POST", "/requests", &body.to_string()).await.is(400);
        assert_eq!(refused.json()["field"], field);
    }
    assert_eq!(world.peer.total(), 0);
}

#[tokio::test]
async fn a_receipt_is_kept_without_the_request_and_still_proves_it() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    world.call(fake.callback(&sent, "completed")).await.is(202);
    let heard = world.peer.heard(SUBMIT).remove(0);
    let encoded = base64::encode(&heard.body);

    let receipts = world.engine.store().receipts(&sent.id).await.unwrap();
    let receipt = &receipts[0].receipt;
    let kept = String::from_utf8(receipt.body.clone()).unwrap();
    assert!(!kept.contains(&encoded[..40]), "{kept}");
    let hole = receipt.hole.clone().unwrap();
    let whole =
        [&receipt.body[..hole.start], format!("\"{encoded}\"").as_bytes(), &receipt.body[hole.start..]].concat();
    assert_eq!(sha256(&whole), receipt.sha256, "with the request it is what was signed");
    let key = Chain::from_pem(&receipt.chain).unwrap().public_key().unwrap();
    assert!(key.verify(&whole, &receipt.signature, Leniency::default()));
    assert_eq!(receipts[1].receipt.hole, None, "a callback is kept whole");

    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!holds(encoded.as_bytes()) && !holds(&heard.body) && !holds(b"ann@example.org"));
        let token = sent.path.rsplit('/').next().unwrap();
        assert!(!holds(token.as_bytes()), "nor the token of the callback");
    }
}
