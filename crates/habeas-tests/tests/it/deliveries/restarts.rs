//! What survives a crash? Everything that is owed.

use super::free;
use crate::world::{Ask, Behavior, World};

#[tokio::test]
async fn what_was_owed_is_delivered_after_a_restart() {
    let mut world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500), Behavior::Status(200)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "fulfill", "").await.is(200);
    world.work().await;
    let before = world.peer.heard("/a");

    world.restart().await;
    world.work().await;
    assert_eq!(world.peer.heard("/a").len(), 1, "the waiting time survives, too");
    world.until_due(&id, 0).await;
    world.work().await;
    let after = world.peer.heard("/a");
    assert_eq!(world.peer.statuses("/a"), ["pending", "pending", "in_progress", "completed"]);
    assert_eq!(after[1].header("webhook-id"), before[0].header("webhook-id"));
    assert_eq!(after[1].body, before[0].body);
}

#[tokio::test]
async fn what_was_in_flight_when_the_node_died_is_due_again_at_once() {
    let mut world = World::new().await;
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    let now = world.now();
    let leased = world.engine.store().lease_deliveries(now, now.plus_ms(3_600_000), 10, &free()).await.unwrap();
    assert_eq!(leased.len(), 1);
    world.work().await;
    assert!(world.peer.heard("/a").is_empty(), "somebody has the lease");

    world.restart().await;
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending"]);
}

#[tokio::test]
async fn a_lease_that_runs_out_is_taken_by_the_next() {
    let world = World::new().await;
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    let now = world.now();
    world.engine.store().lease_deliveries(now, now.plus_ms(60_000), 10, &free()).await.unwrap();
    world.later(59_999).await;
    assert!(world.peer.heard("/a").is_empty());
    world.later(1).await;
    assert_eq!(world.peer.statuses("/a"), ["pending"]);
}
