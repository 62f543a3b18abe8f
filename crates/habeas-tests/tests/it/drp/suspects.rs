//! What reading the code made look doubtful.

use std::time::Duration;

use serde_json::json;

use crate::world::{
    Setup, Work, World,
    drp::{Exercise, words},
};

#[tokio::test]
async fn what_is_denied_in_the_answer_comes_to_rest_whoever_does_the_work() {
    for work in [Work::Operator, Work::Webhook, Work::Automatic] {
        let world = World::with(Setup { work, ..Setup::default() }).await;
        let asked = world.exercise(&Exercise::deletion().with("regime", "lgpd")).await;
        assert_eq!(world.stands(&asked).await, words("denied", Some("claim_not_covered")));
        let rest = tokio::time::timeout(Duration::from_secs(5), world.work()).await;
        assert!(rest.is_ok(), "{work:?}: the worker never finds an end");
    }
}

#[tokio::test]
async fn an_idempotency_key_means_one_request_and_is_named_in_words_of_this_protocol() {
    let world = World::new().await;
    let first = world.call(Exercise::deletion().call().header("idempotency-key", "k")).await.is(200);
    let same = world.call(Exercise::deletion().call().header("idempotency-key", "k")).await.is(200);
    assert_eq!(first, same);
    let other = world.call(Exercise::of("access").call().header("idempotency-key", "k")).await;
    assert!((400..500).contains(&other.status), "{}", other.text());
    assert_eq!(other.json()["code"], json!(other.status.to_string()));
    assert!(!other.text().contains("subject_request_id"), "that is no member of DRP: {}", other.text());
}

#[tokio::test]
async fn what_an_agent_makes_a_key_of_lies_nowhere_in_clear() {
    let world = World::new().await;
    let call = Exercise::deletion().call().header("idempotency-key", "c4na7y-ann@example.org");
    world.call(call).await.is(200);
    world.work().await;
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"c4na7y"), "an agent may well take the address for it");
    }
}
