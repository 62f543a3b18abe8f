//! What is held is not sent sooner by anybody.

use habeas_core::id::RequestId;
use serde_json::json;

use super::{ADS, HOUR_MS, MAIL};
use crate::world::{Setup, World};

async fn nothing_was_sent(world: &World, id: &RequestId) {
    world.work().await;
    for party in [MAIL, ADS] {
        assert!(world.wire.all(|said| said.to == party && said.method != "GET").is_empty());
        let leg = world.leg_to(id, party).await;
        assert_eq!((&leg["state"], &leg["next_attempt_at"]), (&json!("waiting"), &json!("2026-01-01T13:00:00Z")));
    }
}

#[tokio::test]
async fn neither_a_retry_nor_a_question_breaks_the_hold() {
    let world = World::with(Setup { hold_ms: HOUR_MS, ..Setup::default() }).await;
    let id = world.entrusted("/v1").await;
    for minutes in [0, 30, 29] {
        world.clock.advance(minutes * 60 * 1000);
        for party in [MAIL, ADS] {
            let leg = world.leg_to(&id, party).await["leg_id"].as_str().unwrap().to_owned();
            let retried = world.operate("POST", &format!("/legs/{leg}/retry"), "").await.is(200).json();
            assert_eq!(retried["state"], "waiting");
        }
        nothing_was_sent(&world, &id).await;
        world.act(&id, "poll", "").await.is(200);
        nothing_was_sent(&world, &id).await;
    }
    world.of_agent("GET", "/v1").await.is(200);
    world.later(60 * 1000).await;
    for party in [MAIL, ADS] {
        assert_eq!(world.leg_to(&id, party).await["state"], "pending", "its time has come");
    }
}
