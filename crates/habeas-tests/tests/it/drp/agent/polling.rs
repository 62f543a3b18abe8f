//! Some never call back: they are asked, under the id that they gave (reading R16).

use habeas_core::clock::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::world::{
    Behavior, World,
    drp::{HELPER, PIP, secret},
    pip::{EXERCISE, ID, Wish, says, standing, status_of},
};

#[tokio::test]
async fn they_are_asked_to_the_schedule_until_it_is_over() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asked_for(&Wish::of("access")).await;
    let path = status_of(ID);
    let mut done = standing("fulfilled", None);
    done["results_url"] = json!("https://pip.example/r");
    done["expires_at"] = json!("2026-02-01T00:00:00Z");
    let working = || says(200, &standing("in_progress", None));
    let script = [says(200, &standing("open", None)), Behavior::Status(503), working(), working(), says(200, &done)];
    world.peer.script(&path, script);
    world.live(14 * 60 * 1000 - 4 * 60 * 1000).await;
    assert!(world.peer.heard(&path).is_empty());
    world.live(3 * DAY_MS).await;
    let heard = world.peer.heard(&path);
    assert_eq!(heard.len(), 5, "and not after the end");
    assert!(heard.iter().all(|one| one.method == "GET" && one.body.is_empty()));
    assert_eq!(heard[0].header("authorization"), format!("Bearer {}", secret(HELPER, PIP)));
    let story = world.story(&wished.id).await;
    assert_eq!((&story["state"], &story["results_urls"]), (&json!("fulfilled"), &json!(["https://pip.example/r"])));
    assert_eq!(story["receipts"], json!([]));
    assert_eq!(world.peer.heard(EXERCISE).len(), 1);
}

#[tokio::test]
async fn an_id_is_opaque_and_is_asked_for_as_it_was_given() {
    for (id, path) in [
        ("pri_1", "/pip/status?request_id=pri_1"),
        ("a b&c=d/é?#", "/pip/status?request_id=a+b%26c%3Dd%2F%C3%A9%3F%23"),
        ("ÄÖ", "/pip/status?request_id=%C3%84%C3%96"),
    ] {
        let world = World::new().await;
        world.open_pip();
        let mut first = standing("open", None);
        first["request_id"] = json!(id);
        world.peer.script(EXERCISE, [says(200, &first)]);
        let mut done = standing("fulfilled", None);
        done["request_id"] = json!(id);
        world.peer.script(path, [says(200, &done)]);
        let wished = world.asked_for(&Wish::erasure()).await;
        world.live(HOUR_MS).await;
        assert_eq!(world.both_of(&wished).await.1, "fulfilled", "{id}");
    }
}

#[tokio::test]
async fn an_answer_about_another_request_is_none() {
    for id in [json!("another"), Value::Null, json!(7)] {
        let world = World::new().await;
        world.open_pip();
        let wished = world.asked_for(&Wish::erasure()).await;
        let mut wrong = standing("fulfilled", None);
        wrong["request_id"] = id;
        world.peer.script(&status_of(ID), [says(200, &wrong), says(200, &standing("in_progress", None))]);
        world.live(30 * 60 * 1000).await;
        assert_eq!(world.both_of(&wished).await.1, "pending");
        assert!(world.leg_of(&wished).await["trouble"].is_string());
        world.live(DAY_MS).await;
        assert_eq!(world.both_of(&wished).await.1, "in_progress");
        assert!(world.leg_of(&wished).await["trouble"].is_null(), "and that is over");
    }
}

#[tokio::test]
async fn a_business_that_does_not_know_it_any_more_is_noted() {
    for status in [404, 400] {
        let world = World::new().await;
        world.open_pip();
        let wished = world.asked_for(&Wish::erasure()).await;
        world.peer.script(&status_of(ID), [says(status, &json!({"code": status.to_string(), "message": "?"}))]);
        world.live(2 * DAY_MS).await;
        assert_eq!(world.both_of(&wished).await, ("distributed".to_owned(), "pending".to_owned()));
        let trouble = world.leg_of(&wished).await["trouble"].clone();
        assert!(trouble.as_str().unwrap().contains("does not know"), "{trouble}");
        // It is asked all the same, and what it says again counts.
        world.peer.script(&status_of(ID), [says(200, &standing("fulfilled", None))]);
        world.live(3 * DAY_MS).await;
        assert_eq!(world.both_of(&wished).await.0, "fulfilled");
    }
}

#[tokio::test]
async fn an_operator_may_have_it_asked_at_once() {
    let world = World::new().await;
    world.open_pip();
    let wished = world.asked_for(&Wish::erasure()).await;
    world.peer.script(&status_of(ID), [says(200, &standing("in_progress", None))]);
    world.act(&wished.id, "poll", "").await.is(200);
    world.work().await;
    assert_eq!(world.peer.heard(&status_of(ID)).len(), 1);
    assert_eq!(world.both_of(&wished).await.1, "in_progress");
}

#[tokio::test]
async fn who_is_late_is_asked_soon_after_its_date_and_flagged() {
    let world = World::new().await;
    world.open_pip();
    let mut first = standing("in_progress", None);
    first["expected_by"] = json!("2026-01-03T12:00:00Z");
    world.peer.script(EXERCISE, [says(200, &first)]);
    world.peer.script(&status_of(ID), [says(200, &first)]);
    let wished = world.asked_for(&Wish::erasure()).await;
    world.live(2 * DAY_MS).await;
    let before = world.peer.heard(&status_of(ID)).len();
    assert_eq!(world.leg_of(&wished).await["late"], false);
    world.live(10 * 60 * 1000).await;
    assert!(world.peer.heard(&status_of(ID)).len() > before, "the moment it is late");
    assert_eq!(world.leg_of(&wished).await["late"], true);
}
