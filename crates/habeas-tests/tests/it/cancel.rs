//! A request can be taken back while nothing irreversible has happened, and only then.

use std::sync::Arc;

use habeas_core::event::Actor;

use crate::world::{Ask, ID, Setup, Work, World, ask};

const HOUR_MS: i64 = 60 * 60 * 1000;

#[tokio::test]
async fn a_pending_request_is_cancelled_once_and_the_answer_stays_the_same() {
    for rsa in [false, true] {
        let mut world = World::with(Setup { rsa, ..Setup::default() }).await;
        let body = Ask::erasure().callbacks(&[world.peer.url("a", "/a")]).text();
        world.post(body.as_str()).await.is(201);
        world.clock.advance(5000);
        let first = world.cancel(ID).await.is(202);
        world.assert_signed(&first.headers, &first.body).await;
        world.assert_signed_within(&first.body).await;
        assert_eq!(first.json()["received_time"], "2026-01-01T12:00:05Z");

        world.clock.advance(HOUR_MS);
        assert_eq!(world.cancel(ID).await, first, "an hour later");
        world.restart().await;
        assert_eq!(world.cancel(ID).await, first, "after a restart");

        world.work().await;
        assert_eq!(world.peer.statuses("/a"), ["pending", "cancelled"]);
        assert_eq!(world.status(ID).await.json()["request_status"], "cancelled");
        world.post(body).await.is(201);
        assert_eq!(world.status(ID).await.json()["request_status"], "cancelled", "not made anew");
    }
}

#[tokio::test]
async fn a_request_in_progress_or_done_is_not_cancelled() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure()).await;
    world.act(&id, "start", "").await.is(200);
    let refused = world.cancel(ID).await.is(400);
    assert_eq!(refused.reason(), "not_cancellable");
    assert!(refused.text().contains("in_progress"), "{}", refused.text());

    world.act(&id, "fulfill", "").await.is(200);
    assert_eq!(world.cancel(ID).await.is(400).reason(), "not_cancellable");
    assert_eq!(world.status(ID).await.json()["request_status"], "completed");
}

#[tokio::test]
async fn a_cancelled_request_cannot_be_worked_on() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure()).await;
    world.cancel(ID).await.is(202);
    for (what, body) in [("start", ""), ("fulfill", ""), ("deny", r#"{"ground": "exempt"}"#)] {
        let refused = world.act(&id, what, body).await.is(409);
        assert_eq!(refused.json()["type"], "urn:habeas:problem:invalid_transition", "{what}");
    }
}

#[tokio::test]
async fn a_held_request_stays_pending_until_the_hold_ends() {
    let world = World::with(Setup { hold_ms: HOUR_MS, ..Setup::default() }).await;
    let id = world.accepted(&Ask::erasure()).await;
    for what in ["start", "fulfill"] {
        world.act(&id, what, "").await.is(409);
    }
    world.later(HOUR_MS - 1).await;
    world.act(&id, "start", "").await.is(409);
    assert_eq!(world.status(ID).await.json()["request_status"], "pending");
    world.clock.advance(1);
    world.act(&id, "start", "").await.is(200);
    assert_eq!(world.status(ID).await.json()["request_status"], "in_progress");
}

#[tokio::test]
async fn a_request_that_works_by_itself_waits_for_the_hold_too() {
    let world = World::with(Setup { hold_ms: HOUR_MS, work: Work::Automatic, ..Setup::default() }).await;
    let ids = [ask::id(1), ask::id(2)];
    for id in &ids {
        world.accepted(&Ask::erasure().id(id)).await;
    }
    let status = async |id: &str| world.status(id).await.json()["request_status"].as_str().unwrap().to_owned();
    world.later(HOUR_MS).await;
    assert_eq!(status(&ids[0]).await, "pending");
    world.cancel(&ids[0]).await.is(202);
    world.later(1000).await;
    assert_eq!((status(&ids[0]).await, status(&ids[1]).await), ("cancelled".into(), "in_progress".into()));
    world.later(1000).await;
    assert_eq!((status(&ids[0]).await, status(&ids[1]).await), ("cancelled".into(), "completed".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn delete_racing_the_start_of_work_has_one_winner() {
    let world = Arc::new(World::new().await);
    let mut wins = (0, 0);
    for n in 0..50 {
        let wire_id = ask::id(n);
        let url = world.peer.url("a", &format!("/{n}"));
        let id = world.accepted(&Ask::erasure().id(&wire_id).callbacks(&[url])).await;
        let starting = tokio::spawn({
            let (engine, id) = (Arc::clone(&world.engine), id.clone());
            async move { engine.start(&id, Actor::Operator).await.is_ok() }
        });
        let cancelling = tokio::spawn({
            let (world, wire_id) = (Arc::clone(&world), wire_id.clone());
            async move { world.cancel(&wire_id).await }
        });
        let (started, cancelled) = (starting.await.unwrap(), cancelling.await.unwrap());
        assert_ne!(started, cancelled.status == 202, "round {n}: {}", cancelled.text());
        world.work().await;
        let told = world.peer.statuses(&format!("/{n}"));
        if started {
            wins.0 += 1;
            assert_eq!(cancelled.is(400).reason(), "not_cancellable");
            assert_eq!(told, ["pending", "in_progress"]);
        } else {
            wins.1 += 1;
            assert_eq!(told, ["pending", "cancelled"]);
        }
    }
    assert_eq!(wins.0 + wins.1, 50);
}

#[tokio::test]
async fn who_takes_a_denied_request_back_hears_that_nothing_more_is_done_about_it() {
    for started in [false, true] {
        let world = World::new().await;
        let id = world.accepted(&Ask::erasure()).await;
        if started {
            world.act(&id, "start", "").await.is(200);
        }
        world.act(&id, "deny", r#"{"ground": "exempt"}"#).await.is(200);
        for _ in 0..2 {
            let refused = world.cancel(ID).await.is(400);
            assert_eq!(refused.reason(), "not_cancellable");
            assert!(refused.text().contains("nothing more is done about it"), "{}", refused.text());
            assert!(!refused.text().contains("pending") && !refused.text().contains("in_progress"));
        }
        assert_eq!(world.story(&id).await["state"], "denied");
    }
}
