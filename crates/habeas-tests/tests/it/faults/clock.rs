//! A clock that was set far ahead and back: nothing that is made from then on waits until that day comes.

use std::sync::Arc;

use habeas_core::clock::{DAY_MS, HOUR_MS, SECOND_MS};
use habeas_trust::signing::SigningKey;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::watched;
use crate::{
    controller::party::{item, status, wish_to},
    world::{
        Ask, Behavior, Setup, World, ask,
        fake::{DISCOVERY, Fake, OPENGDPR, SUBMIT, Sent},
        keys::{YEAR_MS, p256},
    },
};

const AHEAD_MS: i64 = 40 * DAY_MS;
const NEAR: &str = "2026-01-01T13:00:00Z";

/// What the receivers and parties of a world have met when the clock stood ahead.
async fn set_ahead_and_back(world: &World) {
    world.clock.advance(AHEAD_MS);
    world.peer.script("/a", [Behavior::BreakOff]);
    world.peer.script(SUBMIT, [Behavior::BreakOff]);
    for n in 0..4 {
        world.accepted(&Ask::erasure().id(&ask::id(n)).callbacks(&[world.peer.url("a", "/a")])).await;
        world.make("fake.localhost", "erasure").await;
    }
    for _ in 0..6 {
        world.later(20 * SECOND_MS).await;
    }
    assert!(world.peer.heard("/a").len() > 3 && world.peer.heard(SUBMIT).len() > 3, "they have failed often");
    world.clock.advance(-AHEAD_MS);
}

#[tokio::test]
async fn hosts_and_parties_do_not_rest_until_then() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    set_ahead_and_back(&world).await;
    world.peer.script("/a", [Behavior::Status(200)]);
    world.peer.script(SUBMIT, [fake.accepting()]);
    let before = world.peer.heard("/a").len();
    world.accepted(&Ask::erasure().id(&ask::id(9)).callbacks(&[world.peer.url("a", "/a")])).await;
    let sent = world.sent("fake.localhost").await;
    world.live(10 * 60 * SECOND_MS).await;
    assert!(world.peer.heard("/a").len() > before, "callbacks go out");
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "and legs");
}

#[tokio::test]
async fn what_was_tried_then_can_be_tried_at_once() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    set_ahead_and_back(&world).await;
    world.peer.script("/a", [Behavior::Status(200)]);
    world.peer.script(SUBMIT, [fake.accepting()]);
    world.operate("POST", "/deliveries/retry", r#"{"organisation": "mail.localhost"}"#).await.is(200);
    for leg in world.legs_listed("").await {
        world.operate("POST", &format!("/legs/{}/retry", leg["leg_id"].as_str().unwrap()), "").await.is(200);
    }
    world.work().await;
    let legs = world.legs_listed("").await;
    assert!(legs.len() == 4 && legs.iter().all(|leg| leg["state"] == "pending"), "{legs:?}");
}

#[tokio::test]
async fn what_was_learnt_of_a_party_then_is_asked_for_anew() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.clock.advance(AHEAD_MS);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    world.call(fake.callback(&sent, "completed").header(OPENGDPR.1, "AAAA")).await.is(403);
    world.clock.advance(-AHEAD_MS);

    let renewed = Fake { key: Arc::new(SigningKey::from_pem(&p256()).unwrap()) };
    let now = world.now().ms();
    let chain = world.keys.ca.issue(&renewed.key, &["fake.localhost"], now - 1000, now + YEAR_MS).unwrap();
    renewed.shows(&world.peer, &chain);
    fake.discovers(&world, |discovery| discovery["supported_subject_request_types"] = json!(["access"]));
    world.call(renewed.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "its key");
    let erasure = world.wished(&wish_to(&["fake.localhost"], "erasure")).await.is(400);
    assert_eq!(erasure.json()["type"], "urn:habeas:problem:unsupported_right", "and what it serves");
}

#[tokio::test]
async fn a_party_that_could_not_be_asked_then_is_asked_again_soon() {
    for reply in [503, 404] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        world.clock.advance(AHEAD_MS);
        world.peer.script(DISCOVERY, [Behavior::Status(reply)]);
        for _ in 0..10 {
            world.make("fake.localhost", "erasure").await;
            world.later(2 * 60 * SECOND_MS).await;
        }
        world.clock.advance(-AHEAD_MS);
        fake.discovers(&world, |_| {});
        let sent = world.sent("fake.localhost").await;
        world.live(10 * 60 * SECOND_MS).await;
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "{reply}");
    }
}

#[tokio::test]
async fn shredding_and_watching_go_on() {
    let world = watched(Setup { keep_ms: HOUR_MS, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let stop = CancellationToken::new();
    world.clock.advance(AHEAD_MS);
    let worker = tokio::spawn(Arc::clone(&world.engine).run(stop.clone()));
    world.accepted(&Ask::erasure().id(&ask::id(1)).callbacks(&[world.peer.url("a", "/a")])).await;
    world.peer.wait_for("/a", 1).await;
    stop.cancel();
    worker.await.unwrap();
    world.clock.advance(-AHEAD_MS);

    let id = world.accepted(&Ask::erasure().id(&ask::id(2))).await;
    world.act(&id, "fulfill", "").await.is(200);
    let near = fake.accepting_with(|receipt| receipt["expected_completion_time"] = NEAR.into());
    world.peer.script(SUBMIT, [near]);
    let sent = world.sent_by_a_worker().await;
    let mut said = status(&sent, "pending");
    said["expected_completion_time"] = NEAR.into();
    world.peer.script(&item(&sent), [fake.tells_of(&said)]);
    world.clock.advance(2 * HOUR_MS);
    let stop = CancellationToken::new();
    let worker = tokio::spawn(Arc::clone(&world.engine).run(stop.clone()));
    world.peer.wait_for(super::ALERTS, 1).await;
    stop.cancel();
    worker.await.unwrap();
    let alerts = world.alerts("party.late");
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0]["request_id"], sent.id.as_str());
    world.operate("GET", &format!("/requests/{id}/subject"), "").await.is(410);
}

impl World {
    /// A request of fake.localhost that it has accepted, without a look at anything else.
    async fn sent_by_a_worker(&self) -> Sent {
        let sent = self.make("fake.localhost", "erasure").await;
        let stop = CancellationToken::new();
        let worker = tokio::spawn(Arc::clone(&self.engine).run(stop.clone()));
        self.peer.wait_for(SUBMIT, 1).await;
        stop.cancel();
        worker.await.unwrap();
        assert_eq!(self.leg(&sent.id).await, ("pending".to_owned(), true));
        sent
    }
}
