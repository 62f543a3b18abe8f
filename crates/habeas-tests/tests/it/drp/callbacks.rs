//! The agent is told how its request stands by now, under the credential agreed, and nobody reads what it answers.

use habeas_core::{
    clock::{DAY_MS, HOUR_MS},
    delivery::{DeliveryState, Outcome},
};

use crate::world::{
    Behavior, Reply, World,
    drp::{BUSINESS, Exercise, HELPER, RIVAL, secret, words},
};

#[tokio::test]
async fn every_change_is_told_under_the_agents_credential() {
    let world = World::new().await;
    let asked = world.exercise(&Exercise::deletion().callback(world.peer.url("calls.helper", "/a"))).await;
    assert!(world.peer.heard("/a").is_empty(), "the answer has told that it is open");
    world.work().await;
    let heard = world.peer.heard("/a");
    assert_eq!(world.called_back("/a"), [words("in_progress", None)]);
    assert_eq!(heard[0].json(), world.standing(&asked).await, "what is told is the status object");
    assert_eq!(heard[0].method, "POST");
    assert_eq!(heard[0].header("content-type"), "application/json");
    assert_eq!(heard[0].header("authorization"), format!("Bearer {}", secret(BUSINESS, HELPER)));
    world.act(&asked.id, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.called_back("/a"), [words("in_progress", None), words("fulfilled", None)]);

    let rivals = Exercise::deletion().by(RIVAL).callback(world.peer.url("calls.rival", "/b"));
    world.exercised(&rivals).await;
    assert_eq!(world.peer.heard("/b")[0].header("authorization"), format!("Bearer {}", secret(BUSINESS, RIVAL)));
}

#[tokio::test]
async fn a_place_that_is_not_known_to_be_the_agents_is_told_and_shown_no_credential() {
    let world = World::new().await;
    for (n, name) in (0..).zip(["elsewhere", "rival", "nothelper", "helper.elsewhere"]) {
        let path = format!("/{n}");
        world.exercised(&Exercise::deletion().again(n).callback(world.peer.url(name, &path))).await;
        assert_eq!(world.called_back(&path), [words("in_progress", None)]);
        assert!(!world.peer.heard(&path)[0].headers.contains_key("authorization"), "{name}");
    }
}

#[tokio::test]
async fn who_names_no_callback_is_never_called() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.act(&asked.id, "fulfill", "").await.is(200);
    world.live(2 * DAY_MS).await;
    assert_eq!(world.peer.total(), 0);
    assert!(world.deliveries(&asked.id).await.is_empty());
}

#[tokio::test]
async fn a_receiver_that_recovers_hears_the_newest_and_nothing_older() {
    for failures in [3, 4, 6] {
        let world = World::new().await;
        let failing = std::iter::repeat_n(Behavior::Status(500), failures);
        world.peer.script("/a", failing.chain([Behavior::Status(200)]));
        let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
        let later = r#"{"by": "2026-03-01T00:00:00Z", "reason": "many requests"}"#;
        world.act(&asked.id, "extend", later).await.is(200);
        world.work().await;
        world.act(&asked.id, "fulfill", "").await.is(200);
        world.live(3 * DAY_MS).await;
        let heard = world.called_back("/a");
        assert_eq!(heard.len(), failures + 1, "one landed: {heard:?}");
        assert_eq!(heard.last(), Some(&words("fulfilled", None)));
        let mut states: Vec<_> = world.deliveries(&asked.id).await.iter().map(|row| row.delivery.state).collect();
        assert_eq!(states.pop(), Some(DeliveryState::Delivered));
        assert!(states.iter().all(|state| *state == DeliveryState::Superseded), "{states:?}");
    }
}

#[tokio::test]
async fn one_step_of_ours_is_told_once() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500), Behavior::Status(200)]);
    let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    assert_eq!(world.called_back("/a"), [words("in_progress", None)], "what it is now, not what it was on the way");
    world.live(HOUR_MS).await;
    assert_eq!(world.called_back("/a"), [words("in_progress", None), words("in_progress", None)]);
    world.act(&asked.id, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.called_back("/a")[2..], [words("fulfilled", None)], "to begin and to end is one change here");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_is_no_delivery() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::redirect(&world.peer.url("b", "/b")), Behavior::Status(200)]);
    let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    assert_eq!(world.peer.heard("/a").len(), 1);
    let row = world.deliveries(&asked.id).await.pop().unwrap();
    assert_eq!((row.delivery.state, row.last.unwrap().outcome), (DeliveryState::Due, Outcome::Answered(302)));
    world.live(HOUR_MS).await;
    assert_eq!(world.peer.heard("/a").len(), 2);
    assert!(world.peer.heard("/b").is_empty());
}

#[tokio::test]
async fn what_the_receiver_answers_is_thrown_away() {
    let rubbish = [
        Behavior::Reply(Reply::json(200, r#"{"status": "denied", "answer": "fulfilled"}"#)),
        Behavior::Reply(Reply { status: 200, headers: vec![], body: vec![b'x'; 200_000] }),
        Behavior::Endless,
        Behavior::Reply(Reply::json(500, r#"{"secret": "c4na7y"}"#)),
    ];
    for behavior in rubbish {
        let world = World::new().await;
        world.peer.script("/a", [behavior]);
        let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
        assert_eq!(world.stands(&asked).await, words("in_progress", None));
        let last = world.deliveries(&asked.id).await.pop().unwrap().last.unwrap();
        assert_eq!(last.answer, b"", "nothing of it is kept");
    }
}

#[tokio::test]
async fn a_callback_is_refused_where_it_may_not_be_called() {
    let world = World::new().await;
    for url in ["ftp://a.example/", "not a url", "//a.example/", "https://user:pass@a.example/", "https://a.example/#x"]
    {
        let refused = world.call(Exercise::deletion().callback(url).call()).await.is(400);
        assert!(refused.text().contains("status_callback"), "{}", refused.text());
        assert!(!refused.text().contains("a.example"), "{}", refused.text());
    }
    for wrong in [serde_json::json!(7), serde_json::json!(["https://a.example/"])] {
        world.call(Exercise::deletion().with("status_callback", wrong).call()).await.is(400);
    }
}
