//! Who hears of it when callbacks fail? The contact of the controller, once (1.0 §8.5).

use crate::world::{Ask, Behavior, ID, World};

#[tokio::test]
async fn the_contact_of_the_controller_is_told_once_after_several_failures() {
    let world = World::new().await;
    for path in ["/a", "/b"] {
        world.peer.script(path, [Behavior::Status(500)]);
    }
    let urls = [world.peer.url("a", "/a"), world.peer.url("b", "/b")];
    let id = world.accepted(&Ask::erasure().callbacks(&urls)).await;
    world.work().await;
    // Each step with the most jitter, so that both receivers are tried again.
    for (tries, step) in (1..).zip([5, 60, 300]) {
        assert!(world.peer.heard("/contact").is_empty(), "after {tries} failures");
        world.later(step * 1200).await;
        assert_eq!((world.peer.heard("/a").len(), world.peer.heard("/b").len()), (tries + 1, tries + 1));
    }
    let notices = world.peer.heard("/contact");
    assert_eq!(notices.len(), 1);
    let notice = notices[0].json();
    assert_eq!(notice["type"], "callbacks.failing");
    assert_eq!(notice["organisation"], "mail.localhost");
    assert_eq!(notice["subject_request_id"], ID);
    assert_eq!(notice["attempts"], 4);
    assert!(!notices[0].header("webhook-id").is_empty());
    let text = String::from_utf8_lossy(&notices[0].body).into_owned();
    assert!(!text.contains("ann@example.org") && !text.contains("/a"), "neither person nor path: {text}");

    for _ in 0..4 {
        world.until_due(&id, 0).await;
        world.work().await;
    }
    assert_eq!(world.peer.heard("/contact").len(), 1, "once only");
}

#[tokio::test]
async fn the_contact_is_told_when_a_receiver_is_gone() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(410)]);
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let notices = world.peer.heard("/contact");
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].json()["subject_request_id"], ID);
}

#[tokio::test]
async fn nobody_is_told_when_the_callbacks_have_arrived_meanwhile() {
    let world = World::new().await;
    world.peer.script("/contact", [Behavior::Status(500), Behavior::Status(200)]);
    world.peer.script("/a", [500, 500, 500, 500, 200].map(Behavior::Status));
    let id = world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    for _ in 0..4 {
        world.until_due(&id, 0).await;
        world.work().await;
    }
    assert_eq!(world.peer.heard("/a").len(), 5);
    let told = world.peer.heard("/contact").len();
    world.later(24 * 60 * 60 * 1000).await;
    assert_eq!(world.peer.heard("/contact").len(), told);
}

#[tokio::test]
async fn failing_callbacks_show_in_the_metrics() {
    let world = World::new().await;
    world.peer.script("/a", [Behavior::Status(500)]);
    world.accepted(&Ask::erasure().callbacks(&[world.peer.url("a", "/a")])).await;
    world.work().await;
    let metrics = world.call(crate::world::Call::get("/metrics").host("operator")).await.is(200).text();
    for line in [
        "habeas_deliveries_failing 1",
        r#"habeas_delivery_attempts_total{kind="callback",delivered="false"} 1"#,
        r#"habeas_requests_received_total{dialect="opengdpr/1.0",right="erasure"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}
