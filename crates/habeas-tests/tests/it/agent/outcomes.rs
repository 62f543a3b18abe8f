//! What comes of it in the end, and that nothing else is ever told.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::{ADS, AGENT, MAIL, MOUNTS};
use crate::world::{Ask, Call, ID, World};

#[tokio::test]
async fn results_of_a_processor_reach_the_sender_where_its_version_has_a_place_for_them() {
    for (mount, _) in MOUNTS {
        let world = World::new().await;
        let ask = Ask::of("access").callbacks(&[world.peer.url("up", "/up")]);
        world.entrust(mount, ask.text()).await.is(201);
        world.work().await;
        let id = world.named_at(MAIL, ID).await;
        world.act(&id, "fulfill", r#"{"results_url": "https://mail.example/r/1"}"#).await.is(200);
        world.happens_at(ADS, "fulfill").await;
        let results = (mount == "/v1").then(|| json!("https://mail.example/r/1"));
        let told = world.heard_from(AGENT).pop().unwrap().json();
        assert_eq!((&told["request_status"], told.get("results_url")), (&json!("completed"), results.as_ref()));
        let status = world.of_agent("GET", mount).await.is(200).json();
        assert_eq!(status.get("results_url"), results.as_ref());
        let id = world.named_at(AGENT, ID).await;
        assert_eq!(world.story(&id).await["results_urls"], json!(["https://mail.example/r/1"]));
    }
}

#[tokio::test]
async fn what_one_processor_denies_is_never_told_as_completed() {
    for (mount, distributed) in MOUNTS {
        let world = World::new().await;
        let id = world.entrusted(mount).await;
        world.work().await;
        let at_mail = world.named_at(MAIL, ID).await;
        world.act(&at_mail, "deny", r#"{"ground": "exempt"}"#).await.is(200);
        world.work().await;
        assert_eq!(world.leg_to(&id, MAIL).await["state"], "denied");
        world.happens_at(ADS, "fulfill").await;
        let story = world.story(&id).await;
        assert_eq!((&story["state"], &story["ground"]), (&json!("denied"), &json!("exempt")));
        let told = world.told_upstream();
        let mut expected = vec!["pending", distributed, "in_progress"];
        expected.dedup();
        // In 1.0 the denial itself is told, with the word that was true last.
        let told_first = told.iter().take(expected.len()).cloned().collect::<Vec<_>>();
        assert_eq!(told_first, expected);
        let last = world.heard_from(AGENT).pop().unwrap().json();
        assert_eq!(last["request_status"], "in_progress");
        let denied = (mount == "/v1").then(|| json!({"denied": {"reason": "exempt"}}));
        assert_eq!(last.get("extensions").map(|all| all[AGENT].clone()), denied);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn identical_posts_at_once_make_one_leg_for_each_processor() {
    let world = Arc::new(World::new().await);
    let body = world.usual().text();
    let mut posts = JoinSet::new();
    for _ in 0..24 {
        let (world, body) = (Arc::clone(&world), body.clone());
        posts.spawn(async move { world.entrust("/v1", body).await });
    }
    let answers = posts.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201 && *answer == answers[0]));
    world.work().await;
    let id = world.named_at(AGENT, ID).await;
    assert_eq!(world.story(&id).await["legs"].as_array().unwrap().len(), 2);
    for party in [MAIL, ADS] {
        assert_eq!(world.wire.asked("POST", party).len(), 1);
    }
    assert_eq!(world.told_upstream(), ["pending", "in_progress"]);
}

#[tokio::test]
async fn an_id_that_another_sender_has_used_is_flagged_and_disturbs_neither() {
    let world = World::new().await;
    let id = world.entrusted("/v1").await;
    world.work().await;
    let theirs = Ask::erasure().identity("email", "raw", "bob@example.org").text();
    let post = Call::post("/v1/opengdpr_requests", theirs).host(AGENT).by(world.keys.other.token());
    world.call(post).await.is(201);
    world.work().await;
    let item = Call::get(&format!("/v1/opengdpr_requests/{ID}")).host(AGENT).by(world.keys.other.token());
    let status = world.call(item).await.is(200).json();
    assert_eq!((&status["controller_id"], &status["request_status"]), (&json!("other at agent"), &json!("pending")));
    assert!(status["extensions"][AGENT]["denied"].is_object(), "nothing of it is done, and that is said: {status}");

    for party in [MAIL, ADS] {
        world.happens_at(party, "fulfill").await;
    }
    assert_eq!(world.story(&id).await["state"], "fulfilled");
}
