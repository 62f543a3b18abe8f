//! Whoever lost an answer asks again and gets the same request; who means another one gets another (reading R30).

use habeas_core::clock::{DAY_MS, MINUTE_MS};
use habeas_engine::directory::Tenant;
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{
    Setup, Work, World,
    drp::{Exercise, RIVAL, about, of_business, words},
};

impl World {
    /// The id that the request is given.
    async fn given(&self, exercise: &Exercise) -> String {
        self.call(exercise.call()).await.is(200).json()["request_id"].as_str().unwrap().to_owned()
    }

    async fn count(&self) -> usize {
        self.operate("GET", "/requests?limit=1000", "").await.json()["requests"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn the_same_bytes_within_a_day_are_the_same_request_as_it_stands_now() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    let exercise = Exercise::deletion().callback(world.peer.url("a", "/a"));
    let asked = world.exercise(&exercise).await;
    assert_eq!(world.call(exercise.call()).await.is(200).json(), asked.first);
    world.work().await;
    for wait in [0, MINUTE_MS, DAY_MS - MINUTE_MS] {
        world.later(wait).await;
        let again = world.call(exercise.call()).await.is(200).json();
        assert_eq!((&again["request_id"], &again["status"]), (&json!(asked.wire), &json!("in_progress")));
        assert_eq!(again, world.standing(&asked).await);
    }
    world.work().await;
    assert_eq!(world.count().await, 1);
    assert_eq!(world.called_back("/a"), [words("in_progress", None)], "nobody is told twice");
    assert_eq!(world.peer.heard("/work").len(), 1, "nobody works twice");
    world.later(1).await;
    assert_ne!(world.given(&exercise).await, asked.wire, "after a day it is another request");
    assert_eq!(world.standing(&asked).await["status"], "in_progress", "beside the first");
}

#[tokio::test]
async fn what_is_over_is_not_what_is_asked_for_anew() {
    let world = World::new().await;
    for (n, end) in (0..).zip(["fulfill", "deny", "revoke"]) {
        let exercise = Exercise::deletion().again(n);
        let asked = world.exercised(&exercise).await;
        match end {
            "revoke" => drop(world.call(about("revoke", &asked.wire)).await.is(200)),
            "deny" => drop(world.act(&asked.id, end, r#"{"ground": "no_match"}"#).await.is(200)),
            _ => drop(world.act(&asked.id, end, "").await.is(200)),
        }
        let second = world.given(&exercise).await;
        assert_ne!(second, asked.wire, "{end}");
        assert_eq!(world.given(&exercise).await, second, "which is repeated in its turn");
    }
    // What was denied in the answer was never open.
    let denied = Exercise::deletion().with("regime", "lgpd");
    assert_ne!(world.given(&denied).await, world.given(&denied).await);
}

#[tokio::test]
async fn other_bytes_are_another_request_and_so_are_those_of_another_agent() {
    let world = World::new().await;
    let exercise = Exercise::deletion();
    let first = world.given(&exercise).await;
    for other in [exercise.clone().again(1), exercise.clone().with("relationships", json!(["customer"]))] {
        assert_ne!(world.given(&other).await, first);
    }
    let spaced = world.call(exercise.call_with(exercise.text() + " ")).await.is(200).json();
    assert_ne!(spaced["request_id"], first);
    world.given(&exercise.by(RIVAL)).await;
    assert_eq!(world.count().await, 5);
}

#[tokio::test]
async fn a_token_that_ends_meanwhile_does_not_end_the_request() {
    let world = World::new().await;
    // Five minutes, as many agents have it.
    let exercise = Exercise::deletion().claim("exp", 1_767_269_100);
    let asked = world.exercised(&exercise).await;
    world.later(10 * MINUTE_MS).await;
    assert_eq!(world.given(&exercise).await, asked.wire, "the answer was lost");
    world.call(exercise.with("exercise", json!(["access"])).call()).await.is_drp_error(400);
    assert_eq!(world.count().await, 1);
}

fn never(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.repeats = false);
}

#[tokio::test]
async fn a_business_may_take_every_message_for_a_request_but_for_those_with_a_key() {
    let world = World::with(Setup { adjust: never, ..Setup::default() }).await;
    let exercise = Exercise::deletion();
    assert_ne!(world.given(&exercise).await, world.given(&exercise).await);
    let keyed = || exercise.call().header("idempotency-key", "k");
    let first = world.call(keyed()).await.is(200);
    assert_eq!(world.call(keyed()).await, first);
    assert_eq!(world.count().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_are_one() {
    let world = World::new().await;
    for keyed in [false, true] {
        let exercise = Exercise::deletion().again(u32::from(keyed));
        let mut calls = JoinSet::new();
        for _ in 0..32 {
            let call = exercise.call();
            let call = if keyed { call.header("idempotency-key", "k") } else { call };
            calls.spawn(call.to(world.router()));
        }
        let mut ids: Vec<_> = calls.join_all().await.into_iter().map(|answer| answer.is(200).json()).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    assert_eq!(world.count().await, 2);
}

#[tokio::test]
async fn an_idempotency_key_means_one_request_and_is_named_in_words_of_this_protocol() {
    let world = World::new().await;
    let first = world.call(Exercise::deletion().call().header("idempotency-key", "k")).await.is(200);
    let same = world.call(Exercise::deletion().call().header("idempotency-key", "k")).await.is(200);
    assert_eq!(first, same);
    let other = world.call(Exercise::of("access").call().header("idempotency-key", "k")).await;
    assert!((400..500).contains(&other.status), "{}", other.text());
    other.is_drp_error(other.status);
    assert!(other.text().contains("Idempotency-Key"), "{}", other.text());
    assert!(!other.text().contains("subject_request_id"), "that is no member of DRP: {}", other.text());
}

#[tokio::test]
async fn a_key_is_good_after_a_day_and_after_the_end() {
    let world = World::new().await;
    let keyed = || Exercise::deletion().call().header("idempotency-key", "k");
    let asked = world.call(keyed()).await.is(200).json();
    world.later(30 * DAY_MS).await;
    assert_eq!(world.call(keyed()).await.is(200).json()["request_id"], asked["request_id"]);
    let id = world.named_at("business.localhost", asked["request_id"].as_str().unwrap()).await;
    world.act(&id, "fulfill", "").await.is(200);
    let again = world.call(keyed()).await.is(200).json();
    assert_eq!((&again["request_id"], &again["status"]), (&asked["request_id"], &json!("fulfilled")));
}

#[tokio::test]
async fn what_is_no_key_is_passed_over() {
    let world = World::new().await;
    for (n, key) in (0..).zip(["", " ", "a b", "é", &"x".repeat(201)]) {
        let exercise = Exercise::deletion().again(n);
        let first = world.call(exercise.call().header("idempotency-key", key)).await.is(200).json();
        assert_eq!(world.given(&exercise).await, first["request_id"], "{key:?}: then it is the bytes that count");
        let other = exercise.with("exercise", json!(["access"]));
        world.call(other.call().header("idempotency-key", key)).await.is(200);
    }
    let twice = |exercise: Exercise| exercise.call().header("idempotency-key", "a").also("idempotency-key", "a");
    world.call(twice(Exercise::deletion().again(90))).await.is(200);
    world.call(twice(Exercise::of("access").again(90))).await.is(200);
}
