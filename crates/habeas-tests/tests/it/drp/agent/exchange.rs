//! A business is found by its domain, asked in its words, and followed until it is done.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::world::{
    EMAIL, World,
    drp::{BUSINESS, HELPER, OTHER, PIP, identity_key, secret, token},
    pip::{EXERCISE, WELL_KNOWN, Wish, claims_in, claims_of, says, standing},
};

#[tokio::test]
async fn what_is_sent_is_the_protocols_and_nothing_more() {
    let world = World::new().await;
    world.open_pip();
    let wish = Wish::erasure().with("relationships", json!(["customer"]));
    let wished = world.asked_for(&wish).await;
    let discovered = world.peer.heard(WELL_KNOWN);
    assert_eq!(discovered.len(), 1);
    assert!(!discovered[0].headers.contains_key("authorization"), "discovery is for everybody");

    let heard = world.peer.heard(EXERCISE).remove(0);
    assert_eq!(heard.method, "POST");
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(heard.header("authorization"), format!("Bearer {}", secret(HELPER, PIP)));
    let leg = world.leg_of(&wished).await;
    assert_eq!(heard.header("idempotency-key"), leg["leg_id"]);
    let mut body = heard.json();
    let identity = body["identity"].take();
    assert_eq!(
        body,
        json!({
            "meta": {"version": "0.5"},
            "regime": "ccpa",
            "exercise": ["deletion"],
            "relationships": ["customer"],
            "identity": null,
            "status_callback": leg["callback_url"],
        })
    );
    let identity = identity.as_str().unwrap();
    let claims = claims_in(identity);
    assert_eq!(
        claims,
        json!({
            "iss": HELPER, "aud": PIP, "iat": 1_767_268_800, "jti": leg["leg_id"], "name": "Ann Example", "email": EMAIL,
        })
    );
    // It is a compact token of HS256 with the key agreed: made anew from its own parts it is the same.
    let payload = habeas_wire::base64::decode_url(identity.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let header = habeas_wire::base64::decode_url(identity.split('.').next().unwrap().as_bytes()).unwrap();
    let (header, payload) = (String::from_utf8(header).unwrap(), String::from_utf8(payload).unwrap());
    assert_eq!(serde_json::from_str::<Value>(&header).unwrap(), json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(crate::world::drp::signed(&header, &payload, &identity_key(HELPER, PIP)), identity);
    assert_ne!(token(&claims, "the key of somebody else altogether"), identity);

    assert_eq!(world.both_of(&wished).await, ("distributed".to_owned(), "pending".to_owned()));
    let leg = world.leg_of(&wished).await;
    assert_eq!((&leg["expected_by"], &leg["trouble"]), (&json!("2026-02-15T12:00:00Z"), &Value::Null));
}

#[tokio::test]
async fn nothing_is_claimed_to_be_verified_that_nobody_says_is() {
    let world = World::new().await;
    world.open_pip();
    let claims = json!({
        "phone_number": "+12025550123", "phone_number_verified": true, "address": {"region": "CA"}, "sub": "4711",
        "power_of_attorney": "no. 7", "email_verified": null, "verification_method": "a call",
    });
    let mut unexplained = claims.clone();
    unexplained.as_object_mut().unwrap().remove("verification_method");
    let refused = world.operate("POST", "/requests", &Wish::erasure().with("claims", unexplained).0.to_string()).await;
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("claims")), "how was it verified?");
    world.asked_for(&Wish::erasure().with("claims", claims)).await;
    let claimed = claims_of(&world.peer.heard(EXERCISE)[0]);
    for (name, value) in [
        ("phone_number", json!("+12025550123")),
        ("phone_number_verified", json!(true)),
        ("address", json!({"region": "CA"})),
        ("sub", json!("4711")),
        ("power_of_attorney", json!("no. 7")),
        ("verification_method", json!("a call")),
    ] {
        assert_eq!(claimed[name], value, "{claimed}");
    }
    for absent in ["email_verified", "address_verified"] {
        assert!(claimed.get(absent).is_none(), "{claimed}");
    }
    for name in ["iss", "aud", "exp", "jti"] {
        let wish = Wish::erasure().with("claims", json!({name: "c4na7y"}));
        world.operate("POST", "/requests", &wish.0.to_string()).await.is(400);
    }
}

#[tokio::test]
async fn a_business_of_this_server_is_found_asked_and_followed_to_the_end() {
    let world = World::new().await;
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    assert_eq!(world.both_of(&wished).await, ("in_progress".to_owned(), "in_progress".to_owned()));
    let theirs = world.operate("GET", &format!("/requests?organisation={BUSINESS}"), "").await.json();
    let id = habeas_core::id::RequestId::new(theirs["requests"][0]["request_id"].as_str().unwrap());
    assert_eq!(theirs["requests"][0]["party"], HELPER);
    let leg = world.leg_of(&wished).await;
    assert_eq!(leg["expected_by"], "2026-02-15T12:00:00Z");
    assert!(leg["details"].as_str().unwrap().contains("is working on it"), "{leg}");

    let later = r#"{"by": "2026-03-01T12:00:00Z", "reason": "very many requests"}"#;
    world.act(&id, "extend", later).await.is(200);
    world.work().await;
    let leg = world.leg_of(&wished).await;
    assert_eq!((&leg["expected_by"], &leg["details"]), (&json!("2026-03-01T12:00:00Z"), &json!("very many requests")));

    world.act(&id, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.both_of(&wished).await, ("fulfilled".to_owned(), "fulfilled".to_owned()));
    let story = world.story(&wished.id).await;
    assert_eq!(story["receipts"], json!([]), "nobody signed anything");
    let told = world.wire.all(|said| said.to == HELPER);
    assert!(told.iter().all(|said| said.status == 200), "{told:?}");
    assert_eq!(world.wire.all(|said| said.path == "/data-rights/status").len(), 0, "who calls back is not asked");
}

#[tokio::test]
async fn what_was_found_comes_with_the_end_and_so_does_the_ground_of_a_denial() {
    let world = World::new().await;
    let results = json!({"results_url": "https://business.example/r"}).to_string();
    for (right, what, body, state) in [
        ("access", "fulfill", results.as_str(), "fulfilled"),
        ("erasure", "deny", r#"{"ground": "no_match"}"#, "denied"),
        ("opt-out-of-sale", "deny", r#"{"ground": "suspected_fraud"}"#, "denied"),
    ] {
        let wished = world.asked_for(&Wish::of(right).to(BUSINESS)).await;
        let asked = world.wire.all(|said| said.path == "/data-rights/exercise").pop().unwrap();
        assert_eq!(asked.status, 200);
        let listed = world.operate("GET", &format!("/requests?organisation={BUSINESS}"), "").await.json();
        let open = listed["requests"].as_array().unwrap().iter().find(|request| request["rights"][0] == right).unwrap();
        let id = habeas_core::id::RequestId::new(open["request_id"].as_str().unwrap());
        world.act(&id, what, body).await.is(200);
        world.work().await;
        let story = world.story(&wished.id).await;
        assert_eq!(story["state"], state, "{right}");
        match what {
            "deny" => assert_eq!(story["ground"], serde_json::from_str::<Value>(body).unwrap()["ground"]),
            _ => assert_eq!(story["results_urls"], json!(["https://business.example/r"])),
        }
    }
}

#[tokio::test]
async fn two_businesses_get_a_token_each_and_it_is_done_when_both_are() {
    let world = World::new().await;
    let wish = Wish::erasure().with("to", json!([BUSINESS, OTHER]));
    let wished = world.asked_for(&wish).await;
    let sent = world.wire.all(|said| said.path == "/data-rights/exercise");
    let of = |domain: &str| {
        claims_in(sent.iter().find(|said| said.to == domain).unwrap().json()["identity"].as_str().unwrap())
    };
    let (one, two) = (of(BUSINESS), of(OTHER));
    assert_eq!((&one["aud"], &two["aud"]), (&json!(BUSINESS), &json!(OTHER)));
    assert_ne!(one["jti"], two["jti"]);
    assert_ne!(sent[0].header("idempotency-key"), sent[1].header("idempotency-key"));
    for (domain, state) in [(BUSINESS, "in_progress"), (OTHER, "fulfilled")] {
        let listed = world.operate("GET", &format!("/requests?organisation={domain}"), "").await.json();
        let id = habeas_core::id::RequestId::new(listed["requests"][0]["request_id"].as_str().unwrap());
        world.act(&id, "fulfill", "").await.is(200);
        world.live(HOUR_MS).await;
        assert_eq!(world.story(&wished.id).await["state"], state, "{domain}");
    }
}

#[tokio::test]
async fn what_is_decided_in_the_answer_is_decided() {
    for (status, reason, state, ground) in [
        ("denied", Some("claim_not_covered"), "denied", json!("unsupported")),
        ("denied", Some("too_many_requests"), "denied", json!("too_many_requests")),
        ("denied", Some("insufficient_verification"), "denied", json!("insufficient_verification")),
        ("denied", Some("a reason of their own"), "denied", json!("other")),
        ("denied", None, "denied", json!("other")),
        ("fulfilled", None, "fulfilled", Value::Null),
        ("expired", None, "denied", json!("other")),
    ] {
        let world = World::new().await;
        world.open_pip();
        world.peer.script(EXERCISE, [says(200, &standing(status, reason))]);
        let wished = world.asked_for(&Wish::erasure()).await;
        let story = world.story(&wished.id).await;
        assert_eq!((&story["state"], &story["ground"]), (&json!(state), &ground), "{status} {reason:?}");
        let heard = world.peer.total();
        world.live(30 * DAY_MS).await;
        assert_eq!(world.peer.total(), heard, "nobody asks any more");
    }
}
