//! What is the same is told the same: a controller may repeat itself as often as it likes.

use std::sync::Arc;

use habeas_core::{clock::DAY_MS, right::Right};
use serde_json::json;
use tokio::task::JoinSet;

use crate::world::{
    Ask, Behavior, Call, ID, Setup, World, ask,
    fake::{Fake, SUBMIT},
};

/// Every moment at which a receipt may be asked for again.
async fn the_receipt_stays_the_same(rsa: bool) {
    let mut world = World::with(Setup { rsa, keep_ms: 1000, ..Setup::default() }).await;
    let body = Ask::erasure().text();
    let first = world.post(body.as_str()).await.is(201);
    assert_eq!(world.post(body.as_str()).await, first, "at once");

    world.clock.advance(60_000);
    assert_eq!(world.post(body.as_str()).await, first, "a minute later");

    let id = world.named(ID).await;
    world.act(&id, "start", "").await.is(200);
    assert_eq!(world.post(body.as_str()).await, first, "in progress");

    world.act(&id, "extend", r#"{"by": "2026-03-01T00:00:00Z", "reason": "many requests"}"#).await.is(200);
    assert_eq!(world.post(body.as_str()).await, first, "extended");

    world.act(&id, "fulfill", "").await.is(200);
    assert_eq!(world.post(body.as_str()).await, first, "completed");

    world.restart().await;
    assert_eq!(world.post(body.as_str()).await, first, "after a restart");

    world.later(60_000).await;
    world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(410);
    assert_eq!(world.post(body.as_str()).await, first, "after everything personal is gone");
    assert_eq!(world.status(ID).await.is(200).json()["request_status"], "completed");
}

#[tokio::test]
async fn the_same_bytes_get_the_same_receipt_signed_with_rsa() {
    the_receipt_stays_the_same(true).await;
}

#[tokio::test]
async fn the_same_bytes_get_the_same_receipt_signed_with_p_256() {
    the_receipt_stays_the_same(false).await;
}

#[tokio::test]
async fn other_bytes_under_the_same_id_are_refused_without_an_echo() {
    let world = World::new().await;
    world.post(Ask::erasure().text()).await.is(201);
    let spaced = Ask::erasure().text().replacen(',', ", ", 1);
    let others =
        [Ask::of("access").text(), Ask::erasure().identity("email", "raw", "canary@example.org").text(), spaced];
    for body in others {
        let answered = world.post(body).await.is(400);
        assert_eq!(answered.reason(), "already_exists");
        assert!(!answered.text().contains("canary") && !answered.text().contains("ann@"), "{}", answered.text());
    }
    assert_eq!(world.status(ID).await.is(200).json()["request_status"], "pending");
}

#[tokio::test]
async fn ids_of_one_controller_are_invisible_to_another() {
    let world = World::new().await;
    let other = world.keys.other.token();
    let path = format!("/v1/opengdpr_requests/{ID}");
    world.post(Ask::erasure().text()).await.is(201);

    for method in ["GET", "DELETE"] {
        let theirs = world.call(Call::new(method, &path).by(other)).await.is(404);
        let nobodys = world.call(Call::new(method, &path.replace("a7551968", "b7551968")).by(other)).await.is(404);
        assert_eq!((theirs.headers, theirs.body), (nobodys.headers, nobodys.body), "{method}");
    }
    assert_eq!(world.status(ID).await.json()["request_status"], "pending", "not cancelled by the other");

    let own = world.call(Call::post("/v1/opengdpr_requests", Ask::of("access").text()).by(other)).await.is(201);
    assert_eq!(own.json()["controller_id"], "other at mail");
    world.call(Call::delete(&path).by(other)).await.is(202);
    assert_eq!(world.status(ID).await.json()["request_status"], "pending", "two requests, one cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_identical_posts_at_once_make_one_request() {
    let world = Arc::new(World::new().await);
    let body = Ask::erasure().callbacks(&[world.peer.url("a", "/a")]).text();
    let mut posts = JoinSet::new();
    for _ in 0..64 {
        let (world, body) = (Arc::clone(&world), body.clone());
        posts.spawn(async move { world.post(body).await });
    }
    let answers = posts.join_all().await;
    assert_eq!(answers.len(), 64);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0].status, 201);

    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending"]);
    let listed = world.operate("GET", "/requests", "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_different_posts_under_one_id_at_once_one_wins() {
    let world = Arc::new(World::new().await);
    let mut posts = JoinSet::new();
    for n in 0..32 {
        let world = Arc::clone(&world);
        let body = Ask::erasure().identity("email", "raw", &format!("person{n}@example.org")).text();
        posts.spawn(async move { world.post(body).await.status });
    }
    let statuses = posts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 31);
}

#[tokio::test]
async fn a_callback_url_given_twice_is_called_once() {
    let world = World::new().await;
    let url = world.peer.url("a", "/a");
    world.peer.script("/a", [Behavior::Status(200)]);
    world.accepted(&Ask::erasure().id(&ask::id(1)).callbacks(&[&url, &url])).await;
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending"]);
}

#[tokio::test]
async fn the_same_bytes_get_the_same_receipt_when_the_right_is_no_longer_served() {
    let mut world = World::new().await;
    let body = Ask::erasure().text();
    let first = world.post(body.as_str()).await.is(201);
    world.setup.adjust = |tenant| tenant.organisation.capabilities.rights = vec![Right::Access];
    world.restart().await;
    assert_eq!(world.post(body).await, first);
    world.post(Ask::erasure().id(&ask::id(1)).text()).await.is(400);
    let other = world.post(Ask::erasure().identity("email", "raw", "canary@example.org").text()).await.is(400);
    assert!(!other.text().contains("canary"));
    world.post(Ask::of("access").text()).await.is(400);
    let theirs = Call::post("/v1/opengdpr_requests", Ask::erasure().text()).by(world.keys.other.token());
    world.call(theirs).await.is(400);
}

#[tokio::test]
async fn an_agent_repeats_its_receipt_when_no_party_serves_the_right_any_more() {
    let world = World::with(Setup { downstream: &["fake.localhost"], ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let post = |ask: Ask| {
        let call = Call::post("/v0.1.3/opengdpr_requests", ask.text()).host("agent.localhost");
        world.call(call.by(world.keys.shop.token()))
    };
    let first = post(Ask::erasure()).await.is(201);
    world.work().await;
    fake.discovers(&world, |discovery| discovery["supported_subject_request_types"] = json!(["access"]));
    world.clock.advance(2 * DAY_MS);
    post(Ask::erasure().id(&ask::id(1))).await.is(400);
    assert_eq!(post(Ask::erasure()).await, first);
    post(Ask::erasure().identity("email", "raw", "canary@example.org")).await.is(400);
    assert_eq!(world.peer.heard(SUBMIT).len(), 1);
}
