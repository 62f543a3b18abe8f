//! What is told to the URLs that a controller gave (1.0 §8.5 and §8.6).

use habeas_wire::time::parse_strict;

use crate::world::{Ask, Behavior, ID, Setup, World};

#[tokio::test]
async fn a_callback_has_every_required_member_and_a_signature_over_its_bytes() {
    for rsa in [false, true] {
        let world = World::with(Setup { rsa, ..Setup::default() }).await;
        let url = world.peer.url("a", "/a");
        let id = world.accepted(&Ask::of("access").callbacks(&[&url])).await;
        world.act(&id, "fulfill", r#"{"results_url": "https://mail.example/r/1"}"#).await.is(200);
        world.work().await;
        let heard = world.peer.heard("/a");
        let words: Vec<_> = heard.iter().map(crate::world::peer::Heard::status).collect();
        assert_eq!(words, ["pending", "in_progress", "completed"]);
        for callback in &heard {
            assert_eq!(callback.method, "POST");
            assert_eq!(callback.header("content-type"), "application/json");
            world.assert_signed(&callback.headers, &callback.body).await;
            let json = callback.json();
            assert_eq!(json["controller_id"], "shop at mail");
            assert_eq!(json["status_callback_url"], url.as_str());
            assert_eq!(json["subject_request_id"], ID);
            parse_strict(json["expected_completion_time"].as_str().unwrap()).unwrap();
            assert!(json.get("encoded_request").is_none());
            assert!(callback.headers.get("authorization").is_none(), "our credentials are not for callbacks");
        }
        assert!(heard[1].json().get("results_url").is_none());
        assert_eq!(heard[2].json()["results_url"], "https://mail.example/r/1");
    }
}

#[tokio::test]
async fn every_url_is_called_on_each_change() {
    let world = World::new().await;
    let urls = [world.peer.url("a", "/a"), world.peer.url("b", "/b?x=1&y=%20"), world.peer.url("a", "/c")];
    let id = world.accepted(&Ask::erasure().callbacks(&urls)).await;
    world.work().await;
    world.act(&id, "start", "").await.is(200);
    world.work().await;
    world.act(&id, "fulfill", "").await.is(200);
    world.work().await;
    for (path, url) in ["/a", "/b?x=1&y=%20", "/c"].iter().zip(&urls) {
        assert_eq!(world.peer.statuses(path), ["pending", "in_progress", "completed"], "{path}");
        assert_eq!(world.peer.heard(path)[0].json()["status_callback_url"], url.as_str());
    }
}

#[tokio::test]
async fn a_dead_url_is_tried_at_least_once_and_never_holds_the_status_up() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500)]);
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    world.act(&id, "fulfill", "").await.is(200);
    world.work().await;
    assert_eq!(world.peer.statuses("/a"), ["pending"]);
    assert_eq!(world.status(ID).await.json()["request_status"], "completed");
}
