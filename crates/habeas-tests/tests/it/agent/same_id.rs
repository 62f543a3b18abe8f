//! Two senders use one id: each party is sent the first request and nothing of the second, which is refused (A45).

use habeas_core::id::RequestId;
use serde_json::{Value, json};

use super::AGENT;
use crate::world::{
    Answered, Ask, Behavior, Call, ID, Reply, Setup, World,
    fake::{Fake, SUBMIT},
};

const FAKE: &str = "fake.localhost";
const BOB: &str = "bob@example.org";

/// other.localhost asks the agent about the usual id.
async fn other(world: &World, method: &str) -> Answered {
    let call = Call::new(method, &format!("/v1/opengdpr_requests/{ID}"));
    world.call(call.host(AGENT).by(world.keys.other.token())).await
}

/// The agent's request of other.localhost, made now beside that of shop.localhost.
async fn bob(world: &World, ann: &RequestId) -> RequestId {
    let body = Ask::erasure().identity("email", "raw", BOB).text();
    let post = Call::post("/v1/opengdpr_requests", body).host(AGENT).by(world.keys.other.token());
    world.call(post).await.is(201);
    let listed = world.operate("GET", "/requests?organisation=agent.localhost", "").await.json();
    let second = listed["requests"].as_array().unwrap().iter().find(|request| request["request_id"] != ann.as_str());
    RequestId::new(second.unwrap()["request_id"].as_str().unwrap())
}

fn heard_of_bob(world: &World) -> bool {
    let said = |text: &[u8]| String::from_utf8_lossy(text).contains(BOB);
    world.peer.heard(SUBMIT).iter().any(|heard| said(&heard.body))
}

#[tokio::test]
async fn the_second_is_refused_whatever_the_first_met_and_nothing_is_sent_for_it() {
    let refusal = || Behavior::Reply(Reply::json(400, r#"{"error":{"code":400}}"#));
    for met in ["accepted", "broken off", "500", "refused"] {
        let world = World::with(Setup { downstream: &[FAKE], ..Setup::default() }).await;
        let fake = Fake::open(&world);
        let item = format!("{SUBMIT}/{ID}");
        world.peer.script(&item, [fake.saying(ID, "pending")]);
        world.peer.script(
            SUBMIT,
            [match met {
                "accepted" => fake.accepting(),
                "broken off" => Behavior::BreakOff,
                "500" => Behavior::Status(500),
                _ => refusal(),
            }],
        );
        let ann = world.entrusted("/v1").await;
        world.work().await;
        let before = (world.leg_to(&ann, FAKE).await, world.peer.heard(SUBMIT).len(), world.peer.heard(&item).len());

        let second = bob(&world, &ann).await;
        world.peer.script(SUBMIT, [fake.accepting()]);
        world.work().await;
        let leg = world.leg_to(&second, FAKE).await;
        assert_eq!((&leg["state"], &leg["next_attempt_at"]), (&json!("refused"), &Value::Null), "{met}");
        assert!(leg["trouble"].as_str().unwrap().contains("another request of this id"), "{leg}");
        assert_eq!(world.story(&second).await["state"], "denied", "{met}");
        let status = other(&world, "GET").await.is(200).json();
        assert!(status["extensions"][AGENT]["denied"].is_object(), "{status}");
        for _ in 0..2 {
            other(&world, "DELETE").await.is(400);
            world.work().await;
        }
        let after = (world.leg_to(&ann, FAKE).await, world.peer.heard(SUBMIT).len(), world.peer.heard(&item).len());
        assert_eq!(after.0["state"], before.0["state"], "{met}: the first is as it was");
        assert_eq!((after.1, after.2), (before.1, before.2), "{met}: not a word was said about it");

        world.live(24 * 60 * 60 * 1000).await;
        assert!(!heard_of_bob(&world), "{met}");
        assert!(world.peer.heard(&item).iter().all(|heard| heard.method == "GET"), "{met}: nobody takes it back");
        let state = if met == "refused" { "refused" } else { "pending" };
        assert_eq!(world.leg_to(&ann, FAKE).await["state"], state, "{met}");
    }
}

#[tokio::test]
async fn the_second_sender_takes_back_what_is_its_own_and_no_more() {
    let world = World::with(Setup { downstream: &[FAKE], hold_ms: 1000, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let item = format!("{SUBMIT}/{ID}");
    world.peer.script(&item, [fake.cancelling(ID)]);
    let ann = world.entrusted("/v1").await;
    world.later(1000).await;
    assert_eq!(world.leg_to(&ann, FAKE).await["state"], "pending");
    let second = bob(&world, &ann).await;
    other(&world, "DELETE").await.is(202);
    world.later(1000).await;
    assert_eq!(world.story(&second).await["state"], "cancelled");
    assert!(world.peer.heard(&item).is_empty());
    assert_eq!(world.leg_to(&ann, FAKE).await["state"], "pending");
    assert_eq!(world.peer.heard(SUBMIT).len(), 1);
}
