//! A person's wish may be taken back while it is open, and what the business says of that holds.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::world::{
    Behavior, Fault, World,
    drp::{BUSINESS, HELPER, PIP, secret},
    pip::{EXERCISE, ID, REVOKE, Wish, Wished, says, standing, status_of},
};

impl World {
    async fn takes_back(&self, wished: &Wished) {
        self.act(&wished.id, "cancel", "").await.is(200);
        self.work().await;
    }

    /// State, leg, and what became of the wish to take it back.
    async fn three_of(&self, wished: &Wished) -> (String, String, String) {
        let (state, leg) = self.both_of(wished).await;
        let cancel = self.leg_of(wished).await["cancel"].as_str().unwrap().to_owned();
        (state, leg, cancel)
    }
}

fn three(state: &str, leg: &str, cancel: &str) -> (String, String, String) {
    (state.to_owned(), leg.to_owned(), cancel.to_owned())
}

#[tokio::test]
async fn what_was_sent_is_revoked_under_the_id_that_was_given() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(REVOKE, [says(200, &standing("revoked", Some("the person's own words")))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.takes_back(&wished).await;
    let heard = world.peer.heard(REVOKE).remove(0);
    assert_eq!((heard.method.as_str(), heard.json()), ("POST", json!({"request_id": ID})));
    assert_eq!(heard.header("authorization"), format!("Bearer {}", secret(HELPER, PIP)));
    assert_eq!(heard.header("content-type"), "application/json");
    assert_eq!(world.three_of(&wished).await, three("cancelled", "cancelled", "done"));
    world.takes_back(&wished).await;
    world.live(2 * DAY_MS).await;
    assert_eq!(world.peer.heard(REVOKE).len(), 1);
    assert_eq!(world.story(&wished.id).await["receipts"], json!([]));
}

#[tokio::test]
async fn what_was_not_sent_yet_is_never_sent() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asks_for(&Wish::erasure()).await;
    world.takes_back(&wished).await;
    world.live(2 * DAY_MS).await;
    assert!(world.peer.heard(EXERCISE).is_empty() && world.peer.heard(REVOKE).is_empty());
    assert_eq!(world.both_of(&wished).await, ("cancelled".to_owned(), "waived".to_owned()));
}

#[tokio::test]
async fn what_is_in_doubt_is_asked_for_once_more_and_then_revoked() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(EXERCISE, [Behavior::BreakOff, Behavior::Status(500), says(200, &standing("open", None))]);
    world.peer.script(REVOKE, [says(200, &standing("revoked", None))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.takes_back(&wished).await;
    world.live(HOUR_MS).await;
    let heard = world.peer.heard(EXERCISE);
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|one| one.body == heard[0].body), "only who has it can say under which id");
    assert_eq!(world.peer.heard(REVOKE).len(), 1);
    assert_eq!(world.three_of(&wished).await, three("cancelled", "cancelled", "done"));
}

#[tokio::test]
async fn at_a_business_of_ours_a_request_in_doubt_is_revoked_too_and_its_work_is_not_done() {
    let mut world = World::new().await;
    world.wire.breaks(BUSINESS, Fault::Mute);
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    assert_eq!(world.both_of(&wished).await.1, "in_progress", "its callback has overtaken the answer");
    world.takes_back(&wished).await;
    world.live(HOUR_MS).await;
    world.restart().await;
    world.wire.mend(BUSINESS);
    world.live(DAY_MS).await;
    assert_eq!(world.three_of(&wished).await, three("cancelled", "cancelled", "done"));
    let listed = world.operate("GET", &format!("/requests?organisation={BUSINESS}"), "").await.json();
    let states: Vec<_> = listed["requests"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, [json!("cancelled")]);
}

#[tokio::test]
async fn a_lost_answer_to_a_revocation_is_asked_for_again() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(REVOKE, [Behavior::BreakOff, Behavior::Status(503), says(200, &standing("revoked", None))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.takes_back(&wished).await;
    world.live(HOUR_MS).await;
    assert_eq!(world.peer.heard(REVOKE).len(), 3);
    assert_eq!(world.three_of(&wished).await, three("cancelled", "cancelled", "done"));
}

#[tokio::test]
async fn an_answer_without_an_id_is_about_this_one() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(REVOKE, [says(200, &json!({"status": "revoked"}))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.takes_back(&wished).await;
    assert_eq!(world.three_of(&wished).await, three("cancelled", "cancelled", "done"));
}

#[tokio::test]
async fn a_business_that_does_not_take_it_back_goes_on() {
    let refused = |status: u16| says(status, &json!({"code": status.to_string(), "message": "it is fulfilled"}));
    for (answer, then) in [
        (refused(409), "fulfilled"),
        (refused(400), "fulfilled"),
        (says(200, &standing("in_progress", None)), "fulfilled"),
        (says(200, &standing("fulfilled", None)), "fulfilled"),
        (refused(409), "denied"),
    ] {
        let world = World::new().await;
        world.open_pip();
        world.peer.script(REVOKE, [answer]);
        let reason = (then == "denied").then_some("no_match");
        world.peer.script(&status_of(ID), [says(200, &standing(then, reason))]);
        let wished = world.asked_for(&Wish::erasure()).await;
        world.takes_back(&wished).await;
        assert_eq!(world.leg_of(&wished).await["cancel"], "refused");
        world.live(DAY_MS).await;
        assert_eq!(world.three_of(&wished).await, three(then, then, "refused"));
    }
}

#[tokio::test]
async fn a_business_that_cannot_revoke_is_watched() {
    for status in [404, 405, 501] {
        let world = World::new().await;
        world.open_pip();
        world.peer.script(REVOKE, [says(status, &json!({"detail": "Not Found"}))]);
        world.peer.script(
            &status_of(ID),
            [says(200, &standing("in_progress", None)), says(200, &standing("fulfilled", None))],
        );
        let wished = world.asked_for(&Wish::erasure()).await;
        world.takes_back(&wished).await;
        world.live(2 * DAY_MS).await;
        assert_eq!(world.three_of(&wished).await, three("fulfilled", "fulfilled", "refused"), "{status}");
        assert!(world.peer.heard(REVOKE).len() <= 3, "it is not asked for ever");
    }
}

#[tokio::test]
async fn a_callback_that_it_was_revoked_is_as_good_as_the_answer() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(REVOKE, [Behavior::BreakOff]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.takes_back(&wished).await;
    world.call(world.pip_calls(&wished, &standing("revoked", None))).await.is(200);
    let tries = world.peer.heard(REVOKE).len();
    world.live(2 * DAY_MS).await;
    assert_eq!(world.both_of(&wished).await, ("cancelled".to_owned(), "cancelled".to_owned()));
    assert!(world.peer.heard(REVOKE).len() <= tries + 1, "nobody asks for what is done");
}

#[tokio::test]
async fn what_a_business_revokes_of_itself_is_cancelled() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asked_for(&Wish::erasure()).await;
    world.call(world.pip_calls(&wished, &standing("revoked", None))).await.is(200);
    assert_eq!(world.both_of(&wished).await, ("cancelled".to_owned(), "cancelled".to_owned()));
    assert!(world.peer.heard(REVOKE).is_empty());
    assert_eq!(world.leg_of(&wished).await["trouble"], Value::Null);
}
