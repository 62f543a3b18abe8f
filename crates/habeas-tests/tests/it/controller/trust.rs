//! Receipts that prove nothing are not taken for receipts.

use std::sync::Arc;

use habeas_trust::{authority::Authority, signing::SigningKey};
use habeas_wire::base64;
use serde_json::{Value, json};

use crate::world::{
    Behavior, Reply, World,
    fake::{DISCOVERY, Fake, SUBMIT, Sent, signed_by},
    keys::{YEAR_MS, p256},
};

/// Nothing is believed, and the request is tried again later.
async fn assert_doubted(world: &World, sent: &Sent, what: &str) {
    assert_eq!(world.peer.heard(SUBMIT).len(), 1, "{what}");
    assert_eq!(world.leg(&sent.id).await, ("unsent".to_owned(), false), "{what}");
    assert!(world.signed_for(&sent.id).await.is_empty(), "{what}");
}

#[tokio::test]
async fn a_certificate_that_is_not_the_partys_makes_no_receipt() {
    let strangers = Authority::new("strangers", 0, i64::MAX).unwrap();
    for what in ["expired", "not valid yet", "of another domain", "of another authority", "of a wildcard beside it"] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        let (now, ca) = (world.now().ms(), &world.keys.ca);
        let chain = match what {
            "expired" => ca.issue(&fake.key, &["fake.localhost"], now - YEAR_MS, now - 1000),
            "not valid yet" => ca.issue(&fake.key, &["fake.localhost"], now + 1000, now + YEAR_MS),
            "of another domain" => ca.issue(&fake.key, &["mail.localhost"], now - 1000, now + YEAR_MS),
            "of another authority" => strangers.issue(&fake.key, &["fake.localhost"], now - 1000, now + YEAR_MS),
            _ => ca.issue(&fake.key, &["*.fake.localhost"], now - 1000, now + YEAR_MS),
        };
        fake.shows(&world.peer, &chain.unwrap());
        let sent = world.sent("fake.localhost").await;
        assert_doubted(&world, &sent, what).await;

        fake.shows(&world.peer, &world.keys.chain("fake.localhost"));
        world.until_forgiven(&sent.id).await;
        world.work().await;
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "mended: {what}");
        let heard = world.peer.heard(SUBMIT);
        assert_eq!(heard[0].body, heard[1].body);
    }
}

#[tokio::test]
async fn a_self_signed_certificate_makes_no_receipt() {
    let world = World::new().await;
    let honest = Fake::open(&world);
    let own = Authority::new("fake.localhost", 0, i64::MAX).unwrap();
    let fake = Fake { key: Arc::new(SigningKey::from_pem(&own.key_pem()).unwrap()) };
    honest.shows(&world.peer, &own.certificate_pem());
    world.peer.script(SUBMIT, [fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    assert_doubted(&world, &sent, "self-signed").await;
}

#[tokio::test]
async fn a_certificate_on_another_host_makes_no_receipt() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let discovery = json!({
        "api_version": "1.0",
        "supported_identities": [{"identity_type": "email", "identity_format": "raw"}],
        "supported_subject_request_types": ["erasure"],
        "processor_certificate": world.peer.url("elsewhere", "/v1/cert.pem"),
    });
    world.peer.script(DISCOVERY, [Behavior::Reply(Reply::json(200, discovery.to_string()))]);
    let sent = world.sent("fake.localhost").await;
    assert_doubted(&world, &sent, "elsewhere").await;
    assert!(world.peer.heard("/v1/cert.pem").is_empty());
}

/// A receipt that is right but for what `change` does to it and who signs it.
fn receipt(
    key: Arc<SigningKey>,
    domain: &'static str,
    change: impl Fn(&mut Value) + Send + Sync + 'static,
) -> Behavior {
    Behavior::by(move |heard| {
        let mut body = json!({
            "controller_id": "shop at fake",
            "expected_completion_time": "2026-01-31T12:00:00Z",
            "received_time": "2026-01-01T12:00:00Z",
            "encoded_request": base64::encode(&heard.body),
            "subject_request_id": heard.json()["subject_request_id"],
        });
        change(&mut body);
        let bytes = body.to_string().into_bytes();
        let headers = signed_by(&key, domain, &bytes);
        headers.iter().fold(Reply::json(201, bytes), |reply, (name, value)| reply.with(name, value))
    })
}

#[tokio::test]
async fn an_answer_without_the_right_signature_is_no_receipt() {
    let nothing = |_: &mut Value| {};
    let stranger = || Arc::new(SigningKey::from_pem(&p256()).unwrap());
    for what in ["unsigned", "by a stranger's key", "by another domain", "for another request", "no JSON"] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        let answer = match what {
            "unsigned" => Behavior::by(|_| Reply::json(201, "{}")),
            "by a stranger's key" => receipt(stranger(), "fake.localhost", nothing),
            "by another domain" => receipt(Arc::new(world.keys.signing("mail.localhost")), "mail.localhost", nothing),
            "for another request" => receipt(Arc::clone(&fake.key), "fake.localhost", |body| {
                body["subject_request_id"] = "a7551968-d5d6-44b2-9831-815ac9017798".into();
            }),
            _ => {
                let headers = fake.headers(b"{broken");
                let reply = headers.iter().fold(Reply::json(201, "{broken"), |r, (name, value)| r.with(name, value));
                Behavior::Reply(reply)
            }
        };
        world.peer.script(SUBMIT, [answer]);
        let sent = world.sent("fake.localhost").await;
        assert_doubted(&world, &sent, what).await;
    }
}

#[tokio::test]
async fn a_receipt_for_other_bytes_is_not_kept_as_proof() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let other = |body: &mut Value| body["encoded_request"] = base64::encode(b"{}").into();
    world.peer.script(SUBMIT, [receipt(Arc::clone(&fake.key), "fake.localhost", other)]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), false), "it has the request, and proves nothing");
    assert!(world.signed_for(&sent.id).await.is_empty());
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert!(leg["trouble"].as_str().unwrap().contains("other bytes"), "and that shows: {leg}");
}

#[tokio::test]
async fn a_receipt_may_leave_out_what_processors_leave_out_and_have_more() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let lean = |body: &mut Value| {
        let members = body.as_object_mut().unwrap();
        for name in ["controller_id", "encoded_request"] {
            members.remove(name);
        }
        members.insert("expected_completion_time".to_owned(), "2026-01-31T12:00:00.1234567".into());
        members.insert("group_id".to_owned(), Value::Null);
    };
    world.peer.script(SUBMIT, [receipt(Arc::clone(&fake.key), "fake.localhost", lean)]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    assert_eq!(world.story(&sent.id).await["legs"][0]["expected_by"], "2026-01-31T12:00:00Z");
}
