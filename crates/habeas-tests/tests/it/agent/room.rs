//! The agent adds at most one URL of its own, and where the sender's fill the list it asks instead (0.1 §8.5; A47).

use super::{ADS, AGENT, HOUR_MS, MAIL};
use crate::world::{Ask, ID, World};

/// So many URLs of the sender's, and what mail was given.
async fn given(count: usize) -> (World, Vec<String>, Vec<String>) {
    let world = World::new().await;
    let up: Vec<_> = (0..count).map(|n| world.peer.url("up", &format!("/up/{n}"))).collect();
    world.entrust("/v0.1.3", Ask::erasure().callbacks(&up).text()).await.is(201);
    world.work().await;
    let body = world.wire.asked("POST", MAIL).remove(0).json();
    let urls = body["status_callback_urls"].as_array().unwrap().iter();
    let urls = urls.map(|url| url.as_str().unwrap().to_owned()).collect();
    (world, up, urls)
}

#[tokio::test]
async fn up_to_nine_urls_leave_room_for_one_of_the_agents() {
    for count in [0, 1, 9] {
        let (_, up, given) = given(count).await;
        let (own, theirs) = given.split_last().unwrap();
        assert_eq!(theirs, up, "the sender's, in its order");
        assert!(own.contains("agent.localhost"), "{own}");
    }
}

#[tokio::test]
async fn where_there_is_no_room_the_processors_are_asked_how_it_stands() {
    let (mut world, up, given) = given(10).await;
    assert_eq!(given, up, "none of the agent's");
    let id = world.named_at(AGENT, ID).await;
    assert!(world.leg_to(&id, MAIL).await["callback_url"].is_null());
    let told = |world: &World| -> Vec<String> {
        let heard = world.peer.heard("/up/9").into_iter();
        heard.filter(|heard| heard.header("x-opengdpr-processor-domain") == AGENT).map(|heard| heard.status()).collect()
    };
    assert_eq!(told(&world), ["pending", "distributed"]);

    world.happens_at(MAIL, "start").await;
    assert_eq!(told(&world), ["pending", "distributed"], "nobody calls the agent");
    world.live(HOUR_MS).await;
    assert_eq!(told(&world), ["pending", "distributed", "in_progress"]);
    for party in [MAIL, ADS] {
        world.happens_at(party, "fulfill").await;
    }
    world.restart().await;
    world.live(24 * HOUR_MS).await;
    assert_eq!(told(&world), ["pending", "distributed", "in_progress", "completed"]);
    let asked = world.wire.asked("GET", MAIL);
    assert!(asked.iter().all(|said| said.path == format!("/v1/opengdpr_requests/{ID}") && said.status == 200));
    let signed = world.story(&id).await["receipts"].clone();
    let statuses = signed.as_array().unwrap().iter().filter(|receipt| receipt["operation"] == "status");
    assert!(statuses.count() >= 2, "what moved a leg was signed, and is kept");
    let before = world.wire.asked("GET", MAIL).len();
    world.live(24 * HOUR_MS).await;
    assert_eq!(world.wire.asked("GET", MAIL).len(), before, "who is done is not asked any more");
}
