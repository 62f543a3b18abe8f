//! Under one reference a request is made once, however often it is asked for.

use std::{collections::HashSet, sync::Arc};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::party::wish_to;
use crate::world::{
    Behavior, World,
    fake::{DISCOVERY, Fake, SUBMIT},
};

fn referred() -> Value {
    let mut wish = wish_to(&["fake.localhost"], "erasure");
    wish["reference"] = json!("ticket 4711");
    wish
}

#[tokio::test]
async fn the_same_wish_under_the_same_reference_is_one_request() {
    let mut world = World::new().await;
    let fake = Fake::open(&world);
    let first = world.wished(&referred()).await.is(202).json();
    let again = world.wished(&referred()).await.is(200).json();
    assert_eq!(again["request_id"], first["request_id"]);
    world.work().await;
    world.restart().await;
    world.clock.advance(40 * 24 * 60 * 60 * 1000);
    let later = world.wished(&referred()).await.is(200).json();
    assert_eq!(later["request_id"], first["request_id"]);
    assert_eq!(later["legs"][0]["state"], "pending", "its story by now");
    world.work().await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 1);
    drop(fake);
}

#[tokio::test]
async fn another_wish_under_a_reference_is_refused_by_name() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let first = world.wished(&referred()).await.is(202).json();
    let mut other_person = referred();
    other_person["identities"][0]["value"] = json!("canary@example.org");
    let mut other_right = referred();
    other_right["right"] = json!("access");
    let mut other_party = referred();
    other_party["to"] = json!("mail.localhost");
    let mut other_date = referred();
    other_date["submitted_at"] = json!("2025-12-24T00:00:00Z");
    for wish in [other_person, other_right, other_party, other_date] {
        let refused = world.wished(&wish).await;
        assert!(matches!(refused.status, 400 | 409), "{}", refused.text());
        assert_eq!(refused.json()["type"], "urn:habeas:problem:already_exists");
        assert_eq!(refused.json()["field"], "reference");
        assert!(!refused.text().contains("canary"));
    }
    let mut without = referred();
    without.as_object_mut().unwrap().remove("reference");
    assert_ne!(world.wished(&without).await.is(202).json()["request_id"], first["request_id"]);
    let mut elsewhere = referred();
    elsewhere["from"] = json!("other.localhost");
    world.wished(&elsewhere).await.is(202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wishes_that_come_at_once_make_one_request() {
    let world = Arc::new(World::new().await);
    let _fake = Fake::open(&world);
    let mut wishes = JoinSet::new();
    for _ in 0..32 {
        let world = Arc::clone(&world);
        wishes.spawn(async move { world.wished(&referred()).await });
    }
    let answers = wishes.join_all().await;
    let made = answers.iter().filter(|answer| answer.status == 202).count();
    let found = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, found), (1, 31));
    let ids: HashSet<_> = answers.iter().map(|answer| answer.json()["request_id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    world.work().await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_different_wishes_at_once_under_one_reference_one_wins() {
    let world = Arc::new(World::new().await);
    let _fake = Fake::open(&world);
    let mut wishes = JoinSet::new();
    for n in 0..16 {
        let world = Arc::clone(&world);
        wishes.spawn(async move {
            let mut wish = referred();
            wish["identities"][0]["value"] = json!(format!("person{n}@example.org"));
            world.wished(&wish).await.status
        });
    }
    let statuses = wishes.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 202 | 400 | 409)), "{statuses:?}");
}

#[tokio::test]
async fn a_reference_is_known_again_while_the_party_is_down() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let first = world.wished(&referred()).await.is(202).json();
    world.peer.script(DISCOVERY, [Behavior::BreakOff]);
    world.clock.advance(25 * 60 * 60 * 1000);
    let again = world.wished(&referred()).await.is(200).json();
    assert_eq!(again["request_id"], first["request_id"], "what was made was made");
}

#[tokio::test]
async fn a_reference_is_known_again_when_the_party_has_stopped_serving_it() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let first = world.wished(&referred()).await.is(202).json();
    world.work().await;
    fake.discovers(&world, |discovery| discovery["supported_subject_request_types"] = json!(["access"]));
    world.clock.advance(25 * 60 * 60 * 1000);
    let mut fresh = referred();
    fresh["reference"] = json!("ticket 4712");
    assert_eq!(world.wished(&fresh).await.is(400).json()["type"], "urn:habeas:problem:unsupported_right");
    let again = world.wished(&referred()).await.is(200).json();
    assert_eq!(again["request_id"], first["request_id"]);
}
