//! What happens while an answer is on its way is not lost: the later wish counts.

use std::sync::Arc;

use habeas_core::{clock::MINUTE_MS, leg::LegCancel};
use serde_json::json;
use tokio::time::{Duration, Instant};

use crate::{
    controller::party::{Gate, item, wish_to},
    world::{
        Behavior, Call, OPERATOR, Reply, World,
        fake::{DISCOVERY, Fake, SUBMIT, Sent},
    },
};

/// A party that says "later" a day long, but only when it is told to.
fn busy() -> (Gate, Behavior) {
    Gate::before(Reply { status: 503, ..Reply::default() }.with("retry-after", "86400"))
}

/// Works aside, until the request is on its way.
async fn working(world: &Arc<World>) -> tokio::task::JoinHandle<()> {
    let aside = Arc::clone(world);
    let task = tokio::spawn(async move { aside.work().await });
    world.peer.wait_for(SUBMIT, 1).await;
    task
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_taken_back_while_it_is_put_off_is_taken_back_at_once() {
    let world = Arc::new(World::new().await);
    let fake = Fake::open(&world);
    let (gate, behavior) = busy();
    world.peer.script(SUBMIT, [behavior]);
    let sent: Sent = world.make("fake.localhost", "erasure").await;
    world.peer.script(&item(&sent), [fake.cancelling(sent.id.as_str())]);
    let task = working(&world).await;
    world.act(&sent.id, "cancel", "").await.is(200);
    gate.open();
    task.await.unwrap();
    world.work().await;
    assert_eq!(world.peer.heard(&item(&sent)).len(), 1, "not a day later");
    assert_eq!(world.story(&sent.id).await["state"], "cancelled");
    let row = world.engine.store().legs(&sent.id).await.unwrap().remove(0);
    assert_eq!((row.leg.cancel, row.due_at), (LegCancel::Done, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_callback_that_ends_the_leg_while_it_is_put_off_still_lets_the_receipt_be_fetched() {
    let world = Arc::new(World::new().await);
    let fake = Fake::open(&world);
    let (gate, behavior) = busy();
    world.peer.script(SUBMIT, [behavior, fake.accepting()]);
    let sent = world.make("fake.localhost", "erasure").await;
    let task = working(&world).await;
    world.call(fake.callback(&sent, "completed")).await.is(202);
    gate.open();
    task.await.unwrap();
    world.work().await;
    assert_eq!(world.leg(&sent.id).await, ("fulfilled".to_owned(), true));
    assert_eq!(world.peer.heard(SUBMIT).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_date_told_while_the_receipt_is_on_its_way_is_newer_than_the_receipts() {
    let world = Arc::new(World::new().await);
    let fake = Fake::open(&world);
    let sent = world.make("fake.localhost", "erasure").await;
    let key = Arc::clone(&fake.key);
    let (gate, gated) = Gate::before(Reply::default());
    let Behavior::By(wait) = gated else { panic!("a gate is a function") };
    world.peer.script(
        SUBMIT,
        [Behavior::by(move |heard| {
            wait(heard);
            let receipt = crate::controller::party::receipt_of(heard);
            crate::controller::party::signed(&key, "fake.localhost", 201, receipt.to_string())
        })],
    );
    let task = working(&world).await;
    let mut news = sent.news("in_progress");
    news["expected_completion_time"] = json!("2026-02-20T00:00:00Z");
    world.call(fake.callback_of(&sent, news.to_string().into_bytes())).await.is(202);
    gate.open();
    task.await.unwrap();
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!((&leg["state"], &leg["expected_by"]), (&json!("in_progress"), &json!("2026-02-20T00:00:00Z")));
    assert_eq!(leg["receipt"]["verified"], true, "and the receipt is kept");
}

#[tokio::test]
async fn a_party_that_hangs_when_it_is_asked_is_not_waited_for_long() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(DISCOVERY, [Behavior::Hang]);
    let wish = Call::post("/api/requests", wish_to(&["fake.localhost"], "erasure").to_string());
    let begun = Instant::now();
    let asking = tokio::spawn(wish.host("operator").by(OPERATOR).to(world.router()));
    world.peer.wait_for(DISCOVERY, 1).await;
    // The runtime's own time is moved as well, so that nobody waits.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(6)).await;
    tokio::time::resume();
    let made = asking.await.unwrap().is(202).json();
    assert!(begun.elapsed() < Duration::from_secs(12), "an operator is waiting");
    assert_eq!(made["legs"][0]["state"], "waiting", "it gets its share when it can be reached");
    fake.discovers(&world, |_| {});
    world.later(MINUTE_MS).await;
    assert_eq!(world.told(&made).await["legs"][0]["state"], "pending");
}
