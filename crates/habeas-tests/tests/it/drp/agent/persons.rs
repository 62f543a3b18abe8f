//! Who is meant must go into one token whole: what does not fit is left to an operator, and not sent in part.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::world::{
    EMAIL, World,
    drp::PIP,
    pip::{EXERCISE, ID, Wish, claims_of, says, standing, status_of},
};

fn person(identities: Value) -> Wish {
    Wish::erasure().with("identities", identities)
}

fn email(value: &str) -> Value {
    json!({"kind": "email", "format": "raw", "value": value})
}

fn phone(value: &str) -> Value {
    json!({"kind": "phone_number", "format": "raw", "value": value})
}

#[tokio::test]
async fn an_address_and_a_number_are_claimed_together() {
    let world = World::new().await;
    world.open_pip();
    world.asked_for(&person(json!([email(EMAIL), phone("+12025550123")]))).await;
    let claims = claims_of(&world.peer.heard(EXERCISE)[0]);
    assert_eq!((&claims["email"], &claims["phone_number"]), (&json!(EMAIL), &json!("+12025550123")));
    assert!(claims.get("email_verified").is_none());
}

#[tokio::test]
async fn what_one_token_cannot_say_is_an_operators_matter() {
    for wish in [
        person(json!([email(EMAIL), email("ann@example.net")])),
        person(json!([phone("602 555 1212")])),
        person(json!([email(EMAIL)])).with("claims", json!({"email": "eve@example.org"})),
    ] {
        let world = World::new().await;
        world.open_pip();
        let wished = world.asked_for(&wish).await;
        world.live(DAY_MS).await;
        assert!(world.peer.heard(EXERCISE).is_empty(), "{wish:?}");
        let leg = world.leg_of(&wished).await;
        assert_eq!(leg["state"], "waiting", "{leg}");
        assert!(leg["trouble"].as_str().unwrap().contains("identity"), "{leg}");
        assert!(!leg["trouble"].as_str().unwrap().contains("ann@"), "{leg}");
        let stuck = world.operate("GET", "/legs?stuck=true", "").await.json();
        assert_eq!(stuck["legs"][0]["party"], PIP);
        // It can be given up, and is taken back without a word to anybody.
        world.act(&wished.id, "cancel", "").await.is(200);
        world.live(HOUR_MS).await;
        assert_eq!(world.both_of(&wished).await.0, "cancelled");
        assert_eq!(world.peer.heard("/pip/revoke").len(), 0);
    }
}

#[tokio::test]
async fn what_is_no_email_or_number_is_refused_at_once() {
    let world = World::new().await;
    world.open_pip();
    for identity in [
        json!({"kind": "email", "format": "sha256", "value": "4".repeat(64)}),
        json!({"kind": "idfa", "format": "raw", "value": "x"}),
    ] {
        let wish = person(json!([email(EMAIL), identity]));
        let refused = world.operate("POST", "/requests", &wish.0.to_string()).await.is(400);
        assert!(refused.text().contains("identities"), "{}", refused.text());
    }
    assert!(world.peer.heard(EXERCISE).is_empty());
}

#[tokio::test]
async fn a_business_that_gives_two_people_one_id_confuses_nobody_but_itself() {
    let world = World::new().await;
    world.open_pip();
    let one = world.asked_for(&Wish::erasure()).await;
    let two = world.asked_for(&person(json!([email("bob@example.org")]))).await;
    world.live(HOUR_MS).await;
    assert_eq!(world.peer.heard(EXERCISE).len(), 2, "each is sent once");
    for wished in [&one, &two] {
        assert_eq!(world.both_of(wished).await.1, "pending");
    }
    world.peer.script(&status_of(ID), [says(200, &standing("fulfilled", None))]);
    world.call(world.pip_calls(&one, &standing("in_progress", None))).await.is(200);
    assert_eq!((world.both_of(&one).await.1, world.both_of(&two).await.1), ("in_progress".into(), "pending".into()));
    world.live(DAY_MS).await;
    for wished in [&one, &two] {
        assert_eq!(world.both_of(wished).await.0, "fulfilled");
    }
}
