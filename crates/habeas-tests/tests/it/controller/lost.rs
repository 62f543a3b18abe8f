//! Answers that get lost: the same bytes are sent again, so that nothing is made twice.

use habeas_store::Slots;

use super::party::item;
use crate::world::{
    Behavior, Reply, Setup, Work, World,
    fake::{DISCOVERY, Fake, SUBMIT},
};

#[tokio::test]
async fn a_lost_receipt_is_asked_for_again_with_the_same_bytes() {
    let mut world = World::new().await;
    let fake = Fake::open(&world);
    let busy = Reply { status: 503, ..Reply::default() };
    world.peer.script(SUBMIT, [Behavior::BreakOff, Behavior::Reply(busy), Behavior::BreakOff, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("unsent".to_owned(), false));
    for _ in 0..3 {
        world.until_tried_again(&sent.id).await;
        world.restart().await;
        world.work().await;
    }
    let heard = world.peer.heard(SUBMIT);
    assert_eq!(heard.len(), 4);
    assert!(heard.iter().all(|again| again.body == heard[0].body));
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    world.later(1_000_000).await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 4, "once it is answered it is not sent again");
}

#[tokio::test]
async fn a_processor_of_ours_takes_the_second_try_for_the_first() {
    let world = World::with(Setup { work: Work::Automatic, ..Setup::default() }).await;
    let sent = world.make("mail.localhost", "erasure").await;
    // The processor accepts it, and the controller hears nothing: its leg is due as if it had never been tried.
    let now = world.now();
    let leased = world
        .engine
        .store()
        .lease_legs(now, now.plus_ms(1), 1, &Slots { per_host: 1, left: Vec::new() })
        .await
        .unwrap();
    assert_eq!(leased.len(), 1);
    world.later(1000).await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    world.later(1000).await;
    world.later(1000).await;
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
    let listed = world.operate("GET", "/requests?organisation=mail.localhost", "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_callback_may_overtake_the_receipt() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::BreakOff, fake.accepting()]);
    let sent = world.sent("fake.localhost").await;
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(world.leg(&sent.id).await, ("in_progress".to_owned(), false));
    world.until_tried_again(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await, ("in_progress".to_owned(), true), "the receipt takes nothing back");
}

#[tokio::test]
async fn a_refusal_is_final_and_shows() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    world.peer.script(SUBMIT, [Behavior::Reply(Reply::json(400, r#"{"error":{"code":400}}"#))]);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("refused".to_owned(), false));
    assert_eq!(world.story(&sent.id).await["state"], "denied");
    world.later(1_000_000).await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 1);
}

#[tokio::test]
async fn a_party_that_cannot_be_asked_what_it_supports_gets_the_request_later() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(DISCOVERY, [Behavior::Status(500)]);
    let sent = world.sent("fake.localhost").await;
    assert!(!world.leg(&sent.id).await.1, "without discovery no receipt can be verified");
    drop(fake);
    let _fake = Fake::open(&world);
    world.until_forgiven(&sent.id).await;
    world.work().await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
}

#[tokio::test]
async fn a_party_that_refuses_the_same_bytes_a_second_time_is_asked_whether_it_has_them() {
    let refused =
        || Behavior::Reply(Reply::json(400, r#"{"error":{"code":400,"message":"Subject request already exists."}}"#));
    for known in [true, false] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        world.peer.script(SUBMIT, [Behavior::BreakOff, refused()]);
        let sent = world.sent("fake.localhost").await;
        let unknown = Behavior::Reply(Reply::json(404, r#"{"error":{"code":404}}"#));
        world.peer.script(&item(&sent), [if known { fake.tells(&sent, "in_progress") } else { unknown }]);
        world.until_tried_again(&sent.id).await;
        world.work().await;
        let leg = world.story(&sent.id).await["legs"][0].clone();
        let (state, receipts) = if known { ("in_progress", vec!["status"]) } else { ("refused", vec![]) };
        assert_eq!((&leg["state"], leg["accepted_at"].is_string()), (&state.into(), known));
        assert_eq!(world.signed_for(&sent.id).await, receipts);
        assert_eq!(leg["trouble"].is_string(), !known, "who does not know it from us has another of this id");
        world.later(1_000_000_000).await;
        assert_eq!(world.peer.heard(SUBMIT).len(), 2, "nobody sends it a third time");
    }
}
