//! When is a callback tried again, and when not any more?

use habeas_core::{
    clock::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
    delivery::{DeliveryState, Outcome},
};

use crate::world::{Ask, Behavior, Reply, World};

#[tokio::test]
async fn a_failing_receiver_is_retried_to_the_schedule_and_then_has_everything() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "fulfill", "").await.is(200);
    world.work().await;
    let steps = [
        5 * SECOND_MS,
        MINUTE_MS,
        5 * MINUTE_MS,
        30 * MINUTE_MS,
        2 * HOUR_MS,
        5 * HOUR_MS,
        10 * HOUR_MS,
        14 * HOUR_MS,
        20 * HOUR_MS,
        DAY_MS,
        DAY_MS,
    ];
    for (tries, step) in (1..).zip(steps) {
        assert_eq!(world.peer.heard("/a").len(), tries);
        let waited = world.until_due(&id, 0).await;
        assert!((step * 4 / 5..=step * 6 / 5).contains(&waited), "after {tries}: {waited} ms, the step is {step}");
        world.clock.advance(-1);
        world.work().await;
        assert_eq!(world.peer.heard("/a").len(), tries, "not before its time");
        world.later(1).await;
    }
    world.peer.script("/a", [Behavior::Status(204)]);
    world.until_due(&id, 0).await;
    world.work().await;
    let told = world.peer.statuses("/a");
    assert_eq!(told[steps.len() + 1..], ["pending", "in_progress", "completed"]);
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered; 3]);
}

#[tokio::test]
async fn every_2xx_is_a_delivery_and_nothing_else_is() {
    for (status, delivered) in [
        (200, true),
        (202, true),
        (204, true),
        (299, true),
        (300, false),
        (304, false),
        (400, false),
        (404, false),
        (429, false),
        (500, false),
    ] {
        let world = World::new().await;
        world.peer.script("/a", [Behavior::Status(status)]);
        let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
        world.work().await;
        let row = world.deliveries(&id).await.remove(0);
        assert_eq!(row.delivery.state == DeliveryState::Delivered, delivered, "{status}");
        assert_eq!(row.last.unwrap().outcome, Outcome::Answered(status));
    }
}

#[tokio::test]
async fn retry_after_is_honored_between_the_step_and_a_day() {
    for (asked, waited) in [("3600", HOUR_MS), ("1", 5 * SECOND_MS), ("9999999", DAY_MS)] {
        let world = World::new().await;
        let busy = Reply { status: 429, ..Reply::default() }.with("retry-after", asked);
        world.peer.script("/a", [Behavior::Reply(busy), Behavior::Status(200)]);
        let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
        world.work().await;
        assert_eq!(world.until_due(&id, 0).await, waited, "{asked}");
        world.work().await;
        assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered]);
    }
}

#[tokio::test]
async fn gone_stops_this_receiver_only() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(410)]);
    let urls = [world.peer.url("a", "/a"), world.peer.url("b", "/b")];
    let id = world.accepted(&Ask::erasure().callbacks(&urls)).await;
    world.act(&id, "start", "").await.is(200);
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending"]);
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Abandoned; 2]);
    assert_eq!(world.peer.statuses("/b"), ["pending", "in_progress"]);
}

#[tokio::test]
async fn a_receiver_that_was_away_for_ten_days_gets_everything() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::BreakOff]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.act(&id, "fulfill", "").await.is(200);
    let back = world.now().plus_ms(10 * DAY_MS);
    while world.now() < back {
        world.work().await;
        world.until_due(&id, 0).await;
    }
    world.peer.script("/a", [Behavior::Status(200)]);
    let before = world.peer.heard("/a").len();
    world.work().await;
    assert_eq!(world.peer.statuses("/a")[before..], ["pending", "in_progress", "completed"]);
}

#[tokio::test]
async fn a_week_after_the_deadline_it_is_given_up() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let deadline = world.story(&id).await["promised_by"].as_str().unwrap().to_owned();
    assert_eq!(deadline, "2026-02-01T11:00:00Z");
    let last = habeas_wire::time::parse_strict(&deadline).unwrap() + 7 * DAY_MS;
    while world.lane_states(&id, 0).await == [DeliveryState::Due] {
        assert!(world.now().ms() < last + 2 * DAY_MS, "still tried");
        world.until_due(&id, 0).await;
        world.work().await;
    }
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Abandoned]);
    assert!(world.now().ms() >= last, "not before the deadline and a week");
    let tried = world.peer.heard("/a").len();
    world.later(10 * DAY_MS).await;
    assert_eq!(world.peer.heard("/a").len(), tried);
}

#[tokio::test]
async fn an_operator_can_have_failing_ones_tried_at_once() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    for _ in 0..4 {
        world.until_due(&id, 0).await;
        world.work().await;
    }
    let failing = world.operate("GET", "/deliveries?failing=true", "").await.is(200).json();
    let listed = failing["deliveries"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["attempts"], &listed[0]["last"]["status"]), (&5.into(), &500.into()));

    world.peer.script("/a", [Behavior::Status(200)]);
    let name = listed[0]["delivery_id"].as_str().unwrap();
    world.operate("POST", &format!("/deliveries/{name}/retry"), "").await.is(200);
    world.work().await;
    assert_eq!(world.lane_states(&id, 0).await, [DeliveryState::Delivered]);
    world.operate("POST", &format!("/deliveries/{name}/retry"), "").await.is(404);
}

#[tokio::test]
async fn an_operator_can_have_a_whole_range_tried_the_abandoned_included() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(410)]);
    world.peer.script("/b", [Behavior::Status(500)]);
    let urls = [world.peer.url("a", "/a"), world.peer.url("b", "/b")];
    let id = world.accepted(&Ask::erasure().callbacks(&urls)).await;
    world.act(&id, "start", "").await.is(200);
    world.work().await;
    for path in ["/a", "/b"] {
        world.peer.script(path, [Behavior::Status(200)]);
    }
    let retried = world.operate("POST", "/deliveries/retry", r#"{"failing": true}"#).await.is(200).json();
    assert_eq!(retried["retried"], 3, "two of the abandoned lane, and the first of the failing one");
    world.work().await;
    for (lane, path) in [(0, "/a"), (1, "/b")] {
        assert_eq!(world.peer.statuses(path), ["pending", "pending", "in_progress"]);
        assert_eq!(world.lane_states(&id, lane).await, [DeliveryState::Delivered; 2]);
    }
}
