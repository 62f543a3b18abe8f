//! One request to every party: each gets what it lists, in its own version (1.0 §6; A9).

use habeas_core::{
    capability::Capabilities,
    identity::{Format, Kind},
    right::Right,
};
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use super::party::{DIGEST, leg_of, receipt_of, wish, wish_to};
use crate::world::{
    Behavior, Reply, Setup, World,
    fake::{DISCOVERY, Fake, SUBMIT},
};

const THREE: [&str; 3] = ["mail.localhost", "ads.localhost", "push.localhost"];

/// shop.localhost deals with mail, ads and push alone.
fn three(tenant: &mut Tenant) {
    if tenant.domain().as_str() == "shop.localhost" {
        tenant.peers.retain(|peer| THREE.contains(&peer.party.id.as_str()));
    }
}

async fn world() -> World {
    World::with(Setup { adjust: three, ..Setup::default() }).await
}

/// What one organisation has of a request: our story of it, and the person.
async fn arrived(world: &World, organisation: &str, wire_id: &str) -> Option<(Value, Value)> {
    let path = format!("/requests?organisation={organisation}&role=processor");
    let listed = world.operate("GET", &path, "").await.is(200).json();
    let mut requests = listed["requests"].as_array().unwrap().iter();
    let request = requests.find(|request| request["subject_request_id"] == wire_id)?.clone();
    let id = request["request_id"].as_str().unwrap();
    let subject = world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(200).json();
    Some((request, subject["identities"].clone()))
}

fn email(format: &str, value: &str) -> Value {
    json!([{"kind": "email", "format": format, "value": value}])
}

#[tokio::test]
async fn a_request_to_nobody_in_particular_reaches_every_party_in_its_version() {
    let world = world().await;
    let mut wish = wish("erasure");
    wish["identities"] = email("raw", " Ann@Example.org ");
    let story = world.wished_and_sent(&wish).await;
    let id = story["request_id"].as_str().unwrap();
    assert_eq!(story["legs"].as_array().unwrap().len(), 3, "a leg for each: {story}");

    for (party, dialect, given) in [
        ("mail.localhost", "opengdpr/1.0", email("raw", " Ann@Example.org ")),
        ("ads.localhost", "opengdpr/0.1.3", email("raw", " Ann@Example.org ")),
        ("push.localhost", "opengdpr/1.0", email("sha256", DIGEST)),
    ] {
        let leg = leg_of(&story, party);
        assert_eq!((&leg["dialect"], &leg["wire_id"]), (&json!(dialect), &json!(id)), "{party}");
        assert_eq!(leg["receipt"]["signer"], party);
        let (request, identities) = arrived(&world, party, id).await.unwrap();
        assert_eq!((&request["dialect"], identities), (&json!(dialect), given), "{party}");
    }
    assert_eq!(story["state"], "distributed", "every party has answered");

    for (done, state) in [(1, "in_progress"), (2, "in_progress"), (3, "fulfilled")] {
        let (request, _) = arrived(&world, THREE[done - 1], id).await.unwrap();
        let theirs = habeas_core::id::RequestId::new(request["request_id"].as_str().unwrap());
        world.act(&theirs, "fulfill", "").await.is(200);
        world.work().await;
        assert_eq!(world.told(&story).await["state"], state, "{done} of three are done");
    }
}

#[tokio::test]
async fn who_lists_only_digests_never_gets_the_address() {
    for (listed, digest) in [
        (["sha256"].as_slice(), DIGEST),
        (&["md5", "sha256", "sha1"], DIGEST),
        (&["md5", "sha1"], "a4414de3ce1f77d2615b90c3ba16219b38193ced"),
        (&["md5"], "8b5a6a28fc840441be692d74a81ccd1a"),
    ] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        fake.discovers(&world, |discovery| {
            let pair = |format: &&str| json!({"identity_type": "email", "identity_format": format});
            discovery["supported_identities"] = listed.iter().map(pair).collect();
        });
        let mut wish = wish_to(&["fake.localhost"], "erasure");
        wish["identities"] = email("raw", " Ann@Example.org ");
        let story = world.wished_and_sent(&wish).await;
        assert_eq!(leg_of(&story, "fake.localhost")["state"], "pending");
        let heard = world.peer.heard(SUBMIT).remove(0);
        assert_eq!(heard.json()["subject_identities"][0]["identity_value"], digest);
        let text = String::from_utf8(heard.body).unwrap().to_lowercase();
        assert!(!text.contains("ann@") && !text.contains("example.org"), "{text}");
    }
}

#[tokio::test]
async fn a_digest_is_handed_on_as_it_is_or_not_at_all() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let mut wish = wish_to(&["fake.localhost"], "erasure");
    wish["identities"] = email("sha256", DIGEST);
    let refused = world.wished(&wish).await.is(400).json();
    assert_eq!(
        (&refused["type"], &refused["field"]),
        (&json!("urn:habeas:problem:unsupported_identity"), &json!("identities[0]"))
    );

    fake.discovers(&world, |discovery| {
        discovery["supported_identities"] = json!([
            {"identity_type": "email", "identity_format": "md5"}, {"identity_type": "email", "identity_format": "sha256"},
        ]);
    });
    world.clock.advance(24 * 60 * 60 * 1000);
    world.wished_and_sent(&wish).await;
    let sent = world.peer.heard(SUBMIT).remove(0).json();
    let pair = json!([{"identity_type": "email", "identity_value": DIGEST, "identity_format": "sha256"}]);
    assert_eq!(sent["subject_identities"], pair);
}

#[tokio::test]
async fn of_several_identities_each_party_gets_those_that_it_lists() {
    let world = world().await;
    let mut wish = wish("access");
    let customer = json!({"kind": "controller_customer_id", "format": "raw", "value": "C-17"});
    wish["identities"] = json!([customer, email("raw", "ann@example.org")[0]]);
    let story = world.wished_and_sent(&wish).await;
    let id = story["request_id"].as_str().unwrap();
    for party in ["mail.localhost", "ads.localhost"] {
        assert_eq!(arrived(&world, party, id).await.unwrap().1, wish["identities"], "{party}");
    }
    assert_eq!(arrived(&world, "push.localhost", id).await.unwrap().1, email("sha256", DIGEST));
}

#[tokio::test]
async fn a_party_that_serves_nothing_of_it_is_left_out_unless_it_was_named() {
    let world = world().await;
    let mut open = wish("erasure");
    open["identities"] = json!([{"kind": "controller_customer_id", "format": "raw", "value": "canary"}]);
    let story = world.wished_and_sent(&open).await;
    let parties: Vec<_> = story["legs"].as_array().unwrap().iter().map(|leg| leg["party"].clone()).collect();
    assert_eq!(parties, ["mail.localhost", "ads.localhost"]);
    assert!(arrived(&world, "push.localhost", story["request_id"].as_str().unwrap()).await.is_none());

    let mut named = open.clone();
    named["to"] = json!(["mail.localhost", "push.localhost"]);
    let refused = world.wished(&named).await.is(400);
    assert_eq!(refused.json()["type"], "urn:habeas:problem:unsupported_identity");
    assert!(refused.json()["detail"].as_str().unwrap().contains("push.localhost"), "{}", refused.text());
    assert!(!refused.text().contains("canary"));
}

#[tokio::test]
async fn what_no_party_supports_is_said_at_once_and_named() {
    let world = world().await;
    let mut unknown = wish("erasure");
    unknown["identities"] =
        json!([email("raw", "ann@example.org")[0], {"kind": "idfa", "format": "raw", "value": "canary"}]);
    let wrong =
        [(unknown, "unsupported_identity", "identities[1]"), (wish("opt-out-of-sale"), "unsupported_right", "right")];
    for (wish, code, field) in wrong {
        let refused = world.wished(&wish).await.is(400);
        assert_eq!(refused.json()["type"], format!("urn:habeas:problem:{code}"));
        assert_eq!(refused.json()["field"], field);
        assert!(!refused.text().contains("canary"), "{}", refused.text());
    }
    let listed = world.operate("GET", "/requests", "").await.is(200).json();
    assert!(listed["requests"].as_array().unwrap().is_empty(), "and nothing was made: {listed}");
}

/// fake.localhost is known to take e-mail addresses for erasure, and not to sign.
fn declared(tenant: &mut Tenant) {
    let fakes = tenant.peers.iter_mut().filter(|peer| peer.party.id.as_str() == "fake.localhost");
    for peer in fakes {
        peer.party.declared = Some(Capabilities {
            rights: vec![Right::Erasure],
            identities: vec![(Kind::new("email"), Format::Sha256)],
            ..Capabilities::default()
        });
        peer.party.trust.unsigned_receipts = true;
    }
}

#[tokio::test]
async fn a_party_whose_abilities_are_configured_is_not_asked_for_them() {
    let world = World::with(Setup { adjust: declared, ..Setup::default() }).await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::by(|heard| Reply::json(201, receipt_of(heard).to_string()))]);
    let refused = world.wished(&wish_to(&["fake.localhost"], "access")).await.is(400);
    assert_eq!(refused.json()["field"], "right", "what is configured counts, not what it would say");

    let story = world.wished_and_sent(&wish_to(&["fake.localhost"], "erasure")).await;
    assert_eq!(leg_of(&story, "fake.localhost")["state"], "pending");
    assert_eq!(world.peer.heard(SUBMIT)[0].json()["subject_identities"][0]["identity_value"], DIGEST);
    assert!(world.peer.heard(DISCOVERY).is_empty());
}

#[tokio::test]
async fn a_party_that_was_down_and_turns_out_to_serve_nothing_is_not_in_the_way() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(DISCOVERY, [Behavior::Status(503)]);
    let story = world.wished_and_sent(&wish_to(&["mail.localhost", "fake.localhost"], "erasure")).await;
    assert_eq!(leg_of(&story, "fake.localhost")["state"], "waiting");
    assert_eq!(leg_of(&story, "mail.localhost")["state"], "pending", "the other does not wait for it");
    assert_eq!(story["state"], "received");

    fake.discovers(&world, |discovery| discovery["supported_subject_request_types"] = json!(["access"]));
    world.later(60 * 60 * 1000).await;
    let story = world.told(&story).await;
    assert_eq!(leg_of(&story, "fake.localhost")["state"], "inapplicable");
    assert!(world.peer.heard(SUBMIT).is_empty());
    let theirs = world.named(story["request_id"].as_str().unwrap()).await;
    world.act(&theirs, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.told(&story).await["state"], "fulfilled", "it counts for nothing");
}

#[tokio::test]
async fn what_is_said_to_be_a_digest_and_is_none_is_refused_by_name() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    fake.discovers(&world, |discovery| {
        discovery["supported_identities"] = json!([{"identity_type": "email", "identity_format": "sha256"}]);
    });
    let identity = |value: &str| json!({"kind": "email", "format": "sha256", "value": value});
    let mut wish = wish_to(&["fake.localhost"], "erasure");
    for wrong in ["canary@example.org", "canary", &DIGEST[1..], &DIGEST.replace('4', "g")] {
        wish["identities"] = json!([identity(DIGEST), identity(wrong)]);
        let refused = world.wished(&wish).await.is(400);
        assert!(refused.json()["field"].as_str().unwrap().starts_with("identities[1]"), "{}", refused.text());
        assert!(!refused.text().contains("canary"), "{}", refused.text());
    }
    assert!(world.legs_listed("").await.is_empty());

    wish["identities"] = json!([identity(&DIGEST.to_uppercase())]);
    world.wished_and_sent(&wish).await;
    let given = json!([{"identity_type": "email", "identity_value": DIGEST, "identity_format": "sha256"}]);
    assert_eq!(world.peer.heard(SUBMIT)[0].json()["subject_identities"], given, "in the form that is published");
}
