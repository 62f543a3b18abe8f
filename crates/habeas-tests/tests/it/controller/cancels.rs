//! A controller takes its request back.

use crate::world::{
    Behavior, Reply, Setup, World,
    fake::{Fake, SUBMIT},
};

#[tokio::test]
async fn a_request_is_taken_back_at_the_processor_with_a_receipt() {
    let world = World::with(Setup { hold_ms: 3_600_000, ..Setup::default() }).await;
    let sent = world.sent("mail.localhost").await;
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    let story = world.story(&sent.id).await;
    assert_eq!((&story["state"], &story["legs"][0]["state"]), (&"cancelled".into(), &"cancelled".into()));
    assert_eq!(story["legs"][0]["cancel"], "done");
    assert!(world.signed_for(&sent.id).await.contains(&"cancel".to_owned()));
    let theirs = world.named(sent.id.as_str()).await;
    assert_eq!(world.story(&theirs).await["state"], "cancelled");
    world.act(&sent.id, "cancel", "").await.is(200);
}

#[tokio::test]
async fn what_was_never_sent_is_taken_back_without_a_word() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let sent = world.make("fake.localhost", "erasure").await;
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    assert!(world.peer.heard(SUBMIT).is_empty());
    assert_eq!(world.leg(&sent.id).await.0, "waived");
    assert_eq!(world.story(&sent.id).await["state"], "cancelled");
}

#[tokio::test]
async fn a_processor_may_refuse_and_the_request_goes_on() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let item = format!("{SUBMIT}/{}", sent.id);
    world.peer.script(&item, [Behavior::Reply(Reply::json(400, r#"{"error":{"code":400}}"#))]);
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    assert_eq!(world.peer.heard(&item)[0].method, "DELETE");
    assert_eq!(world.story(&sent.id).await["legs"][0]["cancel"], "refused");
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
    world.act(&sent.id, "cancel", "").await.is(400);
}

#[tokio::test]
async fn a_lost_answer_to_the_cancellation_is_asked_for_again() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let item = format!("{SUBMIT}/{}", sent.id);
    let unsigned = Behavior::Reply(Reply::json(202, "{}"));
    world.peer.script(&item, [Behavior::BreakOff, unsigned, fake.cancelling(sent.id.as_str())]);
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    for _ in 0..2 {
        assert_eq!(world.story(&sent.id).await["legs"][0]["cancel"], "wanted");
        world.until_tried_again(&sent.id).await;
        world.work().await;
    }
    assert_eq!(world.peer.heard(&item).len(), 3);
    assert_eq!(world.story(&sent.id).await["state"], "cancelled");
}
