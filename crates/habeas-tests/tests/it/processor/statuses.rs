//! Where a request stands, told by GET (1.0 §8.1 to §8.4) and after a cancellation (§9).

use habeas_wire::time::parse_strict;

use crate::world::{Ask, ID, Setup, Work, World, ask};

#[tokio::test]
async fn a_status_has_every_required_member_and_a_signature() {
    for rsa in [false, true] {
        let world = World::with(Setup { rsa, ..Setup::default() }).await;
        let id = world.accepted(&Ask::erasure()).await;
        for (what, word) in [(None, "pending"), (Some("start"), "in_progress"), (Some("fulfill"), "completed")] {
            if let Some(what) = what {
                world.act(&id, what, "").await.is(200);
            }
            let status = world.status(ID).await.is(200);
            world.assert_signed(&status.headers, &status.body).await;
            let json = status.json();
            assert_eq!(json["request_status"], word);
            assert_eq!(json["controller_id"], "shop at mail");
            assert_eq!(json["subject_request_id"], ID);
            assert_eq!(json["api_version"], "1.0");
            parse_strict(json["expected_completion_time"].as_str().unwrap()).unwrap();
            assert!(json.get("results_url").is_none() && json.get("encoded_request").is_none());
        }
    }
}

#[tokio::test]
async fn results_are_told_for_access_and_portability_only_when_done() {
    let world = World::new().await;
    let results = r#"{"results_url": "https://mail.example/r/8f2e"}"#;
    for (n, right) in (0..).zip(["access", "portability"]) {
        let wire_id = ask::id(n);
        let id = world.accepted(&Ask::of(right).id(&wire_id)).await;
        world.act(&id, "start", "").await.is(200);
        assert!(world.status(&wire_id).await.json().get("results_url").is_none());
        world.act(&id, "fulfill", results).await.is(200);
        let status = world.status(&wire_id).await.json();
        assert_eq!(status["results_url"], "https://mail.example/r/8f2e");
        assert_eq!(status["request_status"], "completed");
    }
}

#[tokio::test]
async fn the_sandbox_hands_its_results_to_the_controller_that_asked_and_to_nobody_else() {
    let world = World::with(Setup { work: Work::Automatic, ..Setup::default() }).await;
    world.accepted(&Ask::of("access")).await;
    world.later(1000).await;
    world.later(1000).await;
    let status = world.status(ID).await.json();
    let url: url::Url = status["results_url"].as_str().unwrap().parse().unwrap();
    let get = || crate::world::Call::get(url.path());
    let handed = world.call(get().by(world.keys.shop.token())).await.is(200);
    assert_eq!(handed.json()["subject_request_id"], ID);
    world.call(get()).await.is(401);
    world.call(get().by("nonsense")).await.is(401);
    world.call(get().by(world.keys.other.token())).await.is(404);
    let mut guessed = url.path().to_owned();
    guessed.pop();
    world.call(crate::world::Call::get(&guessed).by(world.keys.shop.token())).await.is(404);
}

#[tokio::test]
async fn the_answer_to_a_cancellation_has_every_required_member() {
    let world = World::with(Setup { rsa: true, ..Setup::default() }).await;
    world.accepted(&Ask::erasure()).await;
    let answer = world.cancel(ID).await.is(202);
    let json = answer.json();
    assert_eq!(json["controller_id"], "shop at mail");
    assert_eq!(json["subject_request_id"], ID);
    assert_eq!(json["api_version"], "1.0");
    parse_strict(json["received_time"].as_str().unwrap()).unwrap();
    assert!(json.get("encoded_request").is_none(), "not since 1.0");
    world.assert_signed(&answer.headers, &answer.body).await;
    world.assert_signed_within(&answer.body).await;
}
