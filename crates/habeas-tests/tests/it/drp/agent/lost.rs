//! Answers that get lost: the same bytes under the same key, and one request in the end.

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::json;

use crate::world::{
    Behavior, Fault, Reply, World,
    drp::{BUSINESS, HELPER, PIP},
    peer::Heard,
    pip::{EXERCISE, ID, Wish, says, standing, status_of},
};

fn sameness(heard: &[Heard]) -> bool {
    let key = |heard: &Heard| heard.header("idempotency-key").to_owned();
    heard.iter().all(|one| one.body == heard[0].body && key(one) == key(&heard[0]))
}

#[tokio::test]
async fn what_is_in_doubt_is_sent_again_with_the_same_bytes_and_key() {
    let mut world = World::new().await;
    world.open_pip();
    let busy = Behavior::Reply(Reply::json(503, r#"{"code": "503", "message": "later"}"#));
    let broken = Behavior::Reply(Reply::json(200, r#"{"status": "open"}"#));
    let html = Behavior::Reply(Reply { status: 200, body: b"<html>".to_vec(), ..Reply::default() });
    let unauthorized = says(401, &json!({"code": "401", "message": "changed"}));
    let good = says(200, &standing("open", None));
    world.peer.script(EXERCISE, [Behavior::BreakOff, busy, broken, html, unauthorized, good]);
    let wished = world.asked_for(&Wish::erasure()).await;
    assert_eq!(world.leg_of(&wished).await["state"], "unsent");
    for _ in 0..5 {
        world.until_tried_again(&wished.id).await;
        world.restart().await;
        world.work().await;
    }
    let heard = world.peer.heard(EXERCISE);
    assert_eq!(heard.len(), 6);
    assert!(sameness(&heard));
    assert_eq!(world.leg_of(&wished).await["state"], "pending");
    world.live(DAY_MS).await;
    assert_eq!(world.peer.heard(EXERCISE).len(), 6, "once it is answered it is not sent again");
}

#[tokio::test]
async fn a_business_of_ours_takes_the_second_try_for_the_first() {
    let world = World::new().await;
    world.wire.breaks(BUSINESS, Fault::Mute);
    world.wire.breaks(HELPER, Fault::Down);
    let wished = world.asked_for(&Wish::erasure().to(BUSINESS)).await;
    world.live(HOUR_MS).await;
    let tries = world.wire.asked("POST", BUSINESS);
    assert!(tries.len() > 2 && tries.iter().all(|one| one.body == tries[0].body));
    world.wire.mend(BUSINESS);
    world.wire.mend(HELPER);
    world.live(DAY_MS).await;
    assert_eq!(world.both_of(&wished).await, ("in_progress".to_owned(), "in_progress".to_owned()));
    let listed = world.operate("GET", &format!("/requests?organisation={BUSINESS}"), "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test]
async fn a_callback_may_overtake_the_answer() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(EXERCISE, [Behavior::BreakOff, says(200, &standing("open", None))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.call(world.pip_calls(&wished, &standing("in_progress", None))).await.is(200);
    assert_eq!(world.both_of(&wished).await, ("in_progress".to_owned(), "in_progress".to_owned()));
    // It is asked under the id that the callback told; what is there is not sent again.
    world.peer.script(&status_of(ID), [says(200, &standing("fulfilled", None))]);
    world.live(2 * HOUR_MS).await;
    assert_eq!(world.peer.heard(EXERCISE).len(), 1);
    assert_eq!(world.both_of(&wished).await, ("fulfilled".to_owned(), "fulfilled".to_owned()));
}

#[tokio::test]
async fn a_final_callback_before_the_answer_ends_it() {
    let world = World::new().await;
    world.open_pip();
    world.peer.script(EXERCISE, [Behavior::BreakOff, says(200, &standing("open", None))]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.call(world.pip_calls(&wished, &standing("fulfilled", None))).await.is(200);
    assert_eq!(world.both_of(&wished).await, ("fulfilled".to_owned(), "fulfilled".to_owned()));
    world.live(30 * DAY_MS).await;
    assert_eq!(world.both_of(&wished).await, ("fulfilled".to_owned(), "fulfilled".to_owned()));
    assert_eq!(world.peer.heard(EXERCISE).len(), 1, "a business that has forgotten it would take it for another");
}

#[tokio::test]
async fn a_refusal_is_final_and_shows() {
    for (status, body) in [
        (400, json!({"code": "400", "message": "no"})),
        (422, json!({"detail": [{"msg": "no"}]})),
        (404, json!({"detail": "no policy for this right"})),
        (500, json!({"code": "500", "message": "dead", "fatal": true})),
    ] {
        let world = World::new().await;
        world.open_pip();
        world.peer.script(EXERCISE, [says(status, &body)]);
        let wished = world.asked_for(&Wish::erasure()).await;
        assert_eq!(world.both_of(&wished).await, ("denied".to_owned(), "refused".to_owned()), "{status}");
        assert!(world.leg_of(&wished).await["trouble"].as_str().unwrap().contains(&status.to_string()));
        world.live(DAY_MS).await;
        assert_eq!(world.peer.heard(EXERCISE).len(), 1);
    }
}

#[tokio::test]
async fn an_error_that_may_pass_refuses_nothing() {
    for status in [301, 401, 403, 404, 405, 408, 425, 429, 500, 502, 503] {
        let world = World::new().await;
        world.open_pip();
        // With 404 in JSON some say that they do not have the right; a page says that there is nothing.
        let error = match status {
            404 => Behavior::Reply(Reply { status, body: b"<html>".to_vec(), ..Reply::default() }),
            _ => says(status, &json!({"code": status.to_string(), "message": "no"})),
        };
        world.peer.script(EXERCISE, [error.clone(), error, says(200, &standing("open", None))]);
        let wished = world.asked_for(&Wish::erasure()).await;
        world.live(HOUR_MS).await;
        assert_eq!(world.both_of(&wished).await.1, "pending", "{status}");
        assert!(sameness(&world.peer.heard(EXERCISE)));
    }
}

#[tokio::test]
async fn a_business_that_is_down_gets_it_when_it_is_back() {
    let world = World::new().await;
    world.peer.script("/.well-known/data-rights.json", [Behavior::Status(500)]);
    let wished = world.asked_for(&Wish::erasure().to(PIP)).await;
    world.live(DAY_MS).await;
    assert!(world.peer.heard(EXERCISE).is_empty());
    world.open_pip();
    world.live(DAY_MS).await;
    assert_eq!(world.both_of(&wished).await.1, "pending");
}
