//! What becomes of what is under way when a node is told to stop? It is finished, or given back.

use std::{sync::Arc, time::Duration};

use habeas_core::{delivery::DeliveryState, leg::LegState};
use habeas_engine::settings::Settings;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::free;
use crate::{
    controller::party::Gate,
    world::{
        Ask, Behavior, Reply, Setup, World,
        fake::{Fake, SUBMIT},
    },
};

/// A worker that has just been told to stop while it was waiting for an answer at a path.
async fn stopping(world: &World, path: &str) -> JoinHandle<()> {
    let stop = CancellationToken::new();
    let working = tokio::spawn(Arc::clone(&world.engine).run(stop.clone()));
    world.peer.wait_for(path, 1).await;
    stop.cancel();
    working
}

/// A world whose worker leaves what it has begun at once when it is told to stop.
async fn hasty() -> World {
    let settings = Settings { finish_within: Duration::ZERO, ..Settings::default() };
    World::with(Setup { settings, ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_delivery_under_way_comes_to_its_end() {
    let world = World::new().await;
    let (gate, behavior) = Gate::before(Reply { status: 200, ..Reply::default() });
    world.peer.script("/a", [behavior]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    let working = stopping(&world, "/a").await;
    gate.open();
    working.await.unwrap();
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered]);
}

#[tokio::test]
async fn a_delivery_that_takes_too_long_is_given_back_untried() {
    let world = hasty().await;
    world.peer.script("/a", [Behavior::Hang]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    stopping(&world, "/a").await.await.unwrap();
    let delivery = world.lane(&id, 0).await.remove(0);
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Due, 0));
    let now = world.now();
    let next = world.engine.store().lease_deliveries(now, now.plus_ms(1), 10, &free()).await.unwrap();
    assert_eq!(next.len(), 1, "another node takes it at once");
}

#[tokio::test]
async fn a_leg_that_takes_too_long_is_given_back_and_sent_again_with_the_same_bytes() {
    let mut world = hasty().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::Hang, fake.accepting()]);
    let sent = world.make("fake.localhost", "erasure").await;
    stopping(&world, SUBMIT).await.await.unwrap();
    let row = world.engine.store().legs(&sent.id).await.unwrap().remove(0);
    assert_eq!((row.leg.state, row.due_at), (LegState::Unsent, Some(world.now())));
    world.restart().await;
    world.work().await;
    let heard = world.peer.heard(SUBMIT);
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].body, heard[1].body);
}
