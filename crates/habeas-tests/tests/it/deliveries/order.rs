//! In which order is told what?

use habeas_core::delivery::DeliveryState;

use super::free;
use crate::world::{Ask, Behavior, World, ask};

const EXTEND: &str = r#"{"by": "2026-03-01T00:00:00Z", "reason": "many requests"}"#;

#[tokio::test]
async fn all_changes_arrive_in_order_and_each_as_it_was_even_when_late() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500), Behavior::Status(200)]);
    let urls = [world.peer.url("a", "/a"), world.peer.url("b", "/b")];
    let id = world.accepted(&Ask::of("access").callbacks(&urls)).await;
    world.work().await;
    world.act(&id, "start", "").await.is(200);
    world.act(&id, "extend", EXTEND).await.is(200);
    world.act(&id, "fulfill", r#"{"results_url": "https://mail.example/r"}"#).await.is(200);
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending"], "the first has to arrive before the second");
    assert_eq!(world.peer.statuses("/b"), ["pending", "in_progress", "in_progress", "completed"]);

    world.until_due(&id, 0).await;
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending", "pending", "in_progress", "in_progress", "completed"]);
    for (late, prompt) in world.peer.heard("/a")[1..].iter().zip(world.peer.heard("/b")) {
        let without_url = |mut json: serde_json::Value| {
            json.as_object_mut().unwrap().remove("status_callback_url");
            json
        };
        assert_eq!(without_url(late.json()), without_url(prompt.json()), "told as it was then");
        world.assert_signed(&late.headers, &late.body).await;
    }
    let expected: Vec<_> =
        world.peer.heard("/b").iter().map(|h| h.json()["expected_completion_time"].clone()).collect();
    assert_eq!(expected[1], "2026-02-01T11:00:00Z");
    assert_eq!(expected[2], "2026-03-01T00:00:00Z", "an extension is told with the status unchanged");
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered; 4]);
}

#[tokio::test]
async fn the_same_receiver_has_one_callback_of_a_request_in_flight() {
    let world = World::new().await;
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "fulfill", "").await.is(200);
    let now = world.now();
    let leased = world.engine.store().lease_deliveries(now, now.plus_ms(1000), 100, &free()).await.unwrap();
    let seqs: Vec<_> = leased.iter().map(|leased| leased.delivery.id.seq).collect();
    assert_eq!(seqs, [0]);
}

#[tokio::test]
async fn an_identifier_is_kept_over_retries_and_differs_between_callbacks() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500), Behavior::Status(503), Behavior::Status(200)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "start", "").await.is(200);
    world.work().await;
    for _ in 0..2 {
        world.until_due(&id, 0).await;
        world.work().await;
    }
    let heard = world.peer.heard("/a");
    let ids: Vec<_> = heard.iter().map(|heard| heard.header("webhook-id").to_owned()).collect();
    assert_eq!(heard.len(), 4);
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
    assert_eq!(heard[0].body, heard[2].body);
    let stamps: Vec<i64> = heard.iter().map(|heard| heard.header("webhook-timestamp").parse().unwrap()).collect();
    assert!(stamps[0] < stamps[1] && stamps[1] < stamps[2], "the time of the attempt: {stamps:?}");
}

#[tokio::test]
async fn two_workers_at_once_deliver_each_callback_once() {
    let world = World::new().await;
    for n in 0..20 {
        let url = world.peer.url("a", &format!("/{n}"));
        let id = world.accepted(&Ask::erasure().id(&ask::id(n)).callbacks(&[url])).await;
        world.act(&id, "fulfill", "").await.is(200);
    }
    tokio::join!(world.work(), world.work(), world.work());
    world.work().await;
    for n in 0..20 {
        assert_eq!(world.peer.statuses(&format!("/{n}")), ["pending", "in_progress", "completed"]);
    }
}
