//! What the agent sends the person with is checked before anything is shown.

use habeas_core::clock::HOUR_MS;
use serde_json::json;

use super::verifying;
use crate::world::{
    EMAIL, World,
    drp::{BUSINESS, Exercise, HELPER, REDIRECT, RIVAL, identity_key, token},
};

#[tokio::test]
async fn a_parameter_that_is_missing_empty_or_there_twice_is_refused() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let good = visitor.parameters();
    for name in ["identity", "redirect_to", "request_id"] {
        let without: Vec<_> = good.iter().filter(|(known, _)| *known != name).cloned().collect();
        let mut empty = without.clone();
        empty.push((name, String::new()));
        let twice: Vec<_> = good.iter().chain(good.iter().filter(|(known, _)| *known == name)).cloned().collect();
        for parameters in [without, empty, twice] {
            let refused = visitor.comes_with(&parameters).await.is(400);
            assert!(!refused.text().contains("<form"), "{}", refused.text());
            assert!(!refused.text().contains(&visitor.token), "it is not said back");
        }
    }
    assert_eq!(visitor.comes_with(&[]).await.status, 400);
    visitor.comes().await;
}

#[tokio::test]
async fn only_this_person_may_come() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let another = world.awaiting(&Exercise::deletion().claim("email", "bob@example.org")).await;
    let key = identity_key(HELPER, BUSINESS);
    let claims = Exercise::deletion().claims;
    let mut more = claims.clone();
    more["phone_number"] = json!("+12025550123");
    let mut bobs = claims.clone();
    bobs["email"] = json!("bob@example.org");
    let header = r#"{"alg":"none","typ":"JWT"}"#;
    let nones = crate::world::drp::signed(header, &claims.to_string(), &key);
    for (token, why) in [
        (another.token.clone(), "another person's"),
        (token(&bobs, &key), "another address"),
        (token(&more, &key), "another claim"),
        (token(&claims, &identity_key(RIVAL, BUSINESS)), "another agent's key"),
        (token(&claims, "the key of an attacker, long enough"), "nobody's key"),
        (nones, "no key at all"),
        (EMAIL.to_owned(), "no token"),
    ] {
        let mut parameters = visitor.parameters();
        parameters[0].1 = token;
        let refused = visitor.comes_with(&parameters).await.is(400);
        assert!(!refused.text().contains("<form"), "{why}");
    }
    // The same claims in another token are the same person.
    let mut parameters = visitor.parameters();
    let mut later = claims.clone();
    later["iat"] = json!(1_767_268_800);
    later["jti"] = json!("made for this");
    parameters[0].1 = token(&later, &key);
    visitor.comes_with(&parameters).await.is(303);
}

#[tokio::test]
async fn the_same_token_is_good_although_it_has_expired_meanwhile() {
    let world = World::with(verifying()).await;
    // Five minutes, as many agents have it. The person is to bring this very token (§3.02.1).
    let visitor = world.awaiting(&Exercise::deletion().claim("exp", 1_767_269_100)).await;
    world.clock.advance(HOUR_MS);
    visitor.comes().await;
}

#[tokio::test]
async fn the_id_must_be_that_of_this_address() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    let another = world.awaiting(&Exercise::deletion().again(2)).await;
    for id in [another.asked.wire.clone(), visitor.asked.wire.to_uppercase(), visitor.asked.id.to_string()] {
        let mut parameters = visitor.parameters();
        parameters[2].1 = id;
        let refused = visitor.comes_with(&parameters).await.is(400);
        assert!(!refused.text().contains("<form"));
    }
}

#[tokio::test]
async fn nobody_is_sent_where_the_agent_has_not_registered() {
    let world = World::with(verifying()).await;
    let visitor = world.awaiting(&Exercise::deletion()).await;
    for place in [
        "https://evil.example/done",
        "https://helper.example.evil.example/",
        "https://helper.example:8443/",
        "http://helper.example/",
        "https://user@helper.example/",
        "https://helper.example@evil.example/",
        "//helper.example/",
        "/done",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        let mut parameters = visitor.parameters();
        parameters[1].1 = place.to_owned();
        let refused = visitor.comes_with(&parameters).await.is(400);
        assert!(refused.headers.get("location").is_none(), "{place}");
    }
    for place in [REDIRECT, "https://helper.example", "https://HELPER.example:443/a/b?c=d#e"] {
        let mut parameters = visitor.parameters();
        parameters[1].1 = place.to_owned();
        visitor.comes_with(&parameters).await.is(303);
    }
}
