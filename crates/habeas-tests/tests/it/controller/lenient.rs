//! Peers as they are: what is understood without being asked for, and what must be allowed (A7, A12, A15, A28–A31).

use habeas_core::clock::{DAY_MS, HOUR_MS};
use habeas_engine::directory::Tenant;
use habeas_trust::signing::SigningKey;
use serde_json::{Value, json};

use super::party::{item, leg_of, receipt_of, signed, status, wish_to};
use crate::world::{
    Behavior, Reply, Setup, World,
    fake::{CERTIFICATE, DISCOVERY, Fake, SUBMIT, Sent},
};

/// What is forgiven fake.localhost.
fn forgive(tenant: &mut Tenant, forgive: fn(&mut habeas_core::party::Trust)) {
    for peer in tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == "fake.localhost") {
        forgive(&mut peer.party.trust);
    }
}

async fn asked(world: &World, sent: &Sent) -> Value {
    world.until_tried_again(&sent.id).await;
    world.work().await;
    world.story(&sent.id).await["legs"][0].clone()
}

#[tokio::test]
async fn statuses_are_understood_in_the_spellings_of_others() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    for (words, state) in [(["in-progress", "Completed"], "fulfilled"), (["IN PROGRESS", "canceled"], "cancelled")] {
        let sent = world.sent("fake.localhost").await;
        let unknown = fake.tells(&sent, "on the shelf");
        world.peer.script(&item(&sent), [fake.tells(&sent, words[0]), unknown, fake.tells(&sent, words[1])]);
        assert_eq!(asked(&world, &sent).await["state"], "in_progress");
        assert_eq!(asked(&world, &sent).await["state"], "in_progress", "an unknown word takes nothing back");
        assert_eq!(asked(&world, &sent).await["state"], state);
    }
}

#[tokio::test]
async fn null_is_absent_and_times_are_taken_as_they_come() {
    for (time, understood) in [
        (json!("2026-02-05T12:00:00.1234567"), "2026-02-05T12:00:00Z"),
        (json!("2026-02-05T12:00:00"), "2026-02-05T12:00:00Z"),
        (json!("2026-02-05T14:00:00.5+02:00"), "2026-02-05T12:00:00Z"),
        (Value::Null, super::party::DATE),
        (json!("some day"), super::party::DATE),
    ] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        let sent = world.sent("fake.localhost").await;
        let mut said = status(&sent, "in_progress");
        said["expected_completion_time"] = time.clone();
        for name in ["results_url", "extensions", "api_version", "group_id"] {
            said[name] = Value::Null;
        }
        world.peer.script(&item(&sent), [fake.tells_of(&said)]);
        let leg = asked(&world, &sent).await;
        assert_eq!((&leg["state"], &leg["expected_by"]), (&json!("in_progress"), &json!(understood)), "{time}");
    }
}

#[tokio::test]
async fn a_receipt_may_come_with_200_and_nulls() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let key = std::sync::Arc::clone(&fake.key);
    let answer = Behavior::by(move |heard| {
        let mut receipt = receipt_of(heard);
        receipt["expected_completion_time"] = Value::Null;
        receipt["controller_id"] = Value::Null;
        receipt["processor_signature"] = Value::Null;
        signed(&key, "fake.localhost", 200, receipt.to_string())
    });
    world.peer.script(SUBMIT, [answer]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    assert!(world.story(&sent.id).await["legs"][0]["expected_by"].is_null());
}

#[tokio::test]
async fn a_refusal_is_understood_with_and_without_its_wrapper() {
    for body in [
        r#"{"error":{"code":400,"message":"no","errors":[]}}"#,
        r#"{"code":400,"message":"no","errors":[{"domain":"Validation","reason":"Bad","message":"no"}]}"#,
        r#"{"af_gdpr_code":"e318","code":400,"message":null}"#,
        "Bad Request",
        "",
    ] {
        let world = World::new().await;
        let _fake = Fake::open(&world);
        world.peer.script(SUBMIT, [Behavior::Reply(Reply::json(400, body))]);
        let sent = world.sent("fake.localhost").await;
        assert_eq!(world.leg(&sent.id).await.0, "refused", "{body}");
        let trouble = world.story(&sent.id).await["legs"][0]["trouble"].clone();
        assert!(trouble.as_str().unwrap().contains("400"), "{trouble}");
    }
}

#[tokio::test]
async fn a_cancellation_may_be_confirmed_with_more_or_less_than_is_asked_for() {
    for (status, change) in [
        (202, json!({"expected_completion_time": null, "group_id": "g", "extensions": {"x.example": {}}})),
        (202, json!({"controller_id": null, "api_version": "2.0", "request_status": "canceled"})),
        (200, json!({})),
        (202, json!({"received_time": null})),
    ] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        let sent = world.sent("fake.localhost").await;
        let mut body = json!({
            "controller_id": "shop at fake", "received_time": "2026-01-01T12:00:00Z", "subject_request_id": sent.id.as_str(),
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = signed(&fake.key, "fake.localhost", status, body.to_string());
        world.peer.script(&item(&sent), [Behavior::Reply(reply)]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        assert_eq!(world.story(&sent.id).await["state"], "cancelled", "{change}");
        assert!(world.signed_for(&sent.id).await.contains(&"cancel".to_owned()), "{change}");
    }
}

#[tokio::test]
async fn a_cancellation_confirmed_in_plain_text_counts_from_who_is_known_not_to_sign() {
    for allowed in [true, false] {
        let adjust = |tenant: &mut Tenant| forgive(tenant, |trust| trust.unsigned_receipts = true);
        let adjust: fn(&mut Tenant) = if allowed { adjust } else { |_| {} };
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let _fake = Fake::open(&world);
        let sent = world.sent("fake.localhost").await;
        let plain = Reply { status: 202, body: b"OK".to_vec(), ..Reply::default() }.with("content-type", "text/plain");
        world.peer.script(&item(&sent), [Behavior::Reply(plain)]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        let story = world.story(&sent.id).await;
        let expected = if allowed { ("cancelled", "done") } else { ("pending", "wanted") };
        let leg = &story["legs"][0];
        assert_eq!((&leg["state"], &leg["cancel"]), (&json!(expected.0), &json!(expected.1)));
        assert_eq!(world.signed_for(&sent.id).await, ["submit"], "nothing was signed, so nothing is kept");
    }
}

#[tokio::test]
async fn retry_after_is_honored_when_a_request_is_sent_and_taken_back() {
    for (status, asked, waited) in [(429, "7200", 2 * HOUR_MS), (503, "3600", HOUR_MS), (503, "99999999", DAY_MS)] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        let busy = Reply { status, ..Reply::default() }.with("retry-after", asked);
        world.peer.script(SUBMIT, [Behavior::Reply(busy.clone()), fake.accepting()]);
        let sent = world.sent("fake.localhost").await;
        let pause = async || {
            let row = world.engine.store().legs(&sent.id).await.unwrap().remove(0);
            row.due_at.unwrap().since(world.now())
        };
        assert_eq!(pause().await, waited, "{status} {asked}");
        world.until_tried_again(&sent.id).await;
        world.work().await;
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));

        world.peer.script(&item(&sent), [Behavior::Reply(busy), fake.cancelling(sent.id.as_str())]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        assert_eq!(pause().await, waited, "{status} {asked}, taken back");
        world.until_tried_again(&sent.id).await;
        world.work().await;
        assert_eq!(world.story(&sent.id).await["state"], "cancelled");
    }
}

#[tokio::test]
async fn a_certificate_on_another_host_counts_only_where_that_is_allowed() {
    let adjust = |tenant: &mut Tenant| forgive(tenant, |trust| trust.certificate_on_another_host = true);
    let world = World::with(Setup { adjust, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let elsewhere = world.peer.url("static", "/static.pem");
    fake.discovers(&world, |discovery| discovery["processor_certificate"] = json!(elsewhere));
    let pem =
        |domain: &str| Behavior::Reply(Reply { status: 200, headers: vec![], body: world.keys.chain(domain).into() });
    world.peer.script("/static.pem", [pem("mail.localhost"), pem("fake.localhost")]);
    let sent = world.sent("fake.localhost").await;
    assert!(!world.leg(&sent.id).await.1, "its name must be right wherever it lies");
    world.until_forgiven(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    assert!(world.peer.heard(CERTIFICATE).is_empty());
    let heard = world.peer.heard("/static.pem").remove(0);
    assert!(heard.headers.get("authorization").is_none(), "our credential is for the party's own host");
}

/// A signature of the kind that some libraries make unless told otherwise.
fn pss(key: &SigningKey, body: &[u8]) -> String {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{RSA_PSS_SHA256, RsaKeyPair},
    };
    let pem = key.to_pem();
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_pkcs8(&habeas_wire::base64::decode(text.as_bytes()).unwrap()).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), body, &mut signature).unwrap();
    habeas_wire::base64::encode(&signature)
}

#[tokio::test]
async fn pss_counts_only_where_it_is_allowed() {
    for allowed in [true, false] {
        let adjust = |tenant: &mut Tenant| forgive(tenant, |trust| trust.pss = true);
        let adjust: fn(&mut Tenant) = if allowed { adjust } else { |_| {} };
        let world = World::with(Setup { adjust, ..Setup::default() }).await;
        let fake = super::live::with_rsa(&world);
        let sent = world.sent("fake.localhost").await;
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "PKCS#1 v1.5 always counts");
        let call = fake.callback(&sent, "completed");
        let body = sent.news("completed").to_string().into_bytes();
        let call = call.header(crate::world::fake::OPENGDPR.1, &pss(&fake.key, &body));
        world.call(call).await.is(if allowed { 202 } else { 403 });
        let state = if allowed { "fulfilled" } else { "pending" };
        assert_eq!(world.leg(&sent.id).await.0, state);
    }
}

#[tokio::test]
async fn discovery_is_read_leniently() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    fake.discovers(&world, |discovery| {
        discovery["api_version"] = json!("2.0");
        discovery["supported_subject_request_types"] = json!(["Access", "ERASURE", "restriction", null, 7]);
        discovery["supported_identities"] = json!([
            {"identity_type": "cuid"}, null, {"identity_type": "email", "identity_format": "crc32"},
            {"identity_type": "email", "identity_format": "RAW", "required": true},
        ]);
        discovery["supported_extensions"] = Value::Null;
    });
    let story = world.wished_and_sent(&wish_to(&["fake.localhost"], "erasure")).await;
    assert_eq!(leg_of(&story, "fake.localhost")["state"], "pending");
    assert_eq!(world.peer.heard(DISCOVERY).len(), 1);
}
