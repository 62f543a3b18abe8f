//! What parties do is not decided past them by an operator.

use serde_json::json;

use super::{AGENT, HOUR_MS, MAIL, PUSH};
use crate::{
    controller::party::wish_to,
    world::{Fault, Setup, World},
};

const DENY: &str = r#"{"ground": "exempt"}"#;
const DECISIONS: [(&str, &str); 3] = [("start", ""), ("fulfill", ""), ("deny", DENY)];

async fn refuses_all(world: &World, id: &habeas_core::id::RequestId, party: &str) {
    for (what, body) in DECISIONS {
        let refused = world.act(id, what, body).await.is(409);
        assert_eq!(refused.json()["type"], "urn:habeas:problem:invalid_transition", "{what}");
        assert!(refused.text().contains(party), "{what}: {}", refused.text());
    }
}

#[tokio::test]
async fn an_operator_decides_nothing_that_a_party_works_on() {
    let world = World::with(Setup { downstream: &[MAIL], ..Setup::default() }).await;
    let id = world.entrusted("/v1").await;
    refuses_all(&world, &id, MAIL).await;
    world.work().await;
    refuses_all(&world, &id, MAIL).await;
    world.happens_at(MAIL, "start").await;
    refuses_all(&world, &id, MAIL).await;
    let leg = world.leg_to(&id, MAIL).await["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/waive"), "").await.is(409);
    world.happens_at(MAIL, "fulfill").await;
    assert_eq!(world.story(&id).await["state"], "fulfilled");
    assert_eq!(world.told_upstream().last().unwrap(), "completed");
}

#[tokio::test]
async fn the_same_holds_for_a_request_of_our_own() {
    let world = World::new().await;
    let story = world.wished_and_sent(&wish_to(&[MAIL], "erasure")).await;
    let id = habeas_core::id::RequestId::new(story["request_id"].as_str().unwrap());
    refuses_all(&world, &id, MAIL).await;
    assert_eq!(world.leg(&id).await, ("pending".to_owned(), true));
}

/// A request of which nothing was sent to that party, which is down.
async fn down(downstream: &'static [&'static str], party: &str) -> (World, habeas_core::id::RequestId) {
    let world = World::with(Setup { downstream, ..Setup::default() }).await;
    world.wire.breaks(party, Fault::Down);
    let id = world.entrusted("/v1").await;
    world.live(HOUR_MS).await;
    assert_eq!(world.leg_to(&id, party).await["state"], "waiting");
    (world, id)
}

#[tokio::test]
async fn what_was_never_sent_can_be_waived_and_is_told_as_denied() {
    let (world, id) = down(&[MAIL], MAIL).await;
    refuses_all(&world, &id, MAIL).await;
    let leg = world.leg_to(&id, MAIL).await["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/waive"), "").await.is(200);
    world.work().await;
    let story = world.story(&id).await;
    assert_eq!((&story["state"], &story["legs"][0]["state"]), (&json!("denied"), &json!("waived")));
    assert_eq!(world.told_upstream(), ["pending", "pending"]);
    let told = world.heard_from(AGENT).pop().unwrap().json();
    let status = world.of_agent("GET", "/v1").await.is(200).json();
    for said in [told, status] {
        assert_eq!(
            (&said["request_status"], &said["extensions"][AGENT]["denied"]["reason"]),
            (&json!("pending"), &json!("other"))
        );
    }
    world.wire.mend(MAIL);
    world.live(24 * HOUR_MS).await;
    assert!(world.wire.asked("POST", MAIL).is_empty());
    assert_eq!(world.told_upstream().len(), 2);
}

#[tokio::test]
async fn what_was_waived_beside_what_is_done_is_neither_completed_nor_cancelled() {
    let (world, id) = down(&[MAIL, PUSH], PUSH).await;
    world.happens_at(MAIL, "fulfill").await;
    refuses_all(&world, &id, PUSH).await;
    let leg = world.leg_to(&id, PUSH).await["leg_id"].as_str().unwrap().to_owned();
    world.operate("POST", &format!("/legs/{leg}/waive"), "").await.is(200);
    world.work().await;
    assert_eq!(world.story(&id).await["state"], "denied");
    let told = world.told_upstream();
    assert!(told.iter().all(|word| word != "completed" && word != "cancelled"), "{told:?}");
    let last = world.heard_from(AGENT).pop().unwrap().json();
    assert_eq!(
        (&last["request_status"], &last["extensions"][AGENT]["denied"]["reason"]),
        (&json!("in_progress"), &json!("other"))
    );
    world.of_agent("DELETE", "/v1").await.is(400);
}
