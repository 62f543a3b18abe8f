//! A processor whose single requests are below the singular only, as 0.1 shows it (A3).

use habeas_engine::directory::Tenant;

use super::{fake_in_0_1_2, fake_in_0_1_3, fake_in_1_0};
use crate::world::{
    Behavior, Setup, World,
    fake::{Fake, SUBMIT, Sent},
};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// The request is at fake, which knows it below one spelling only.
async fn world(adjust: fn(&mut Tenant)) -> (World, Fake, Sent) {
    let world = World::with(Setup { adjust, ..Setup::default() }).await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true), "posted to the plural, as all show it");
    world.peer.script(&plural(&sent), [Behavior::Status(404)]);
    (world, fake, sent)
}

fn plural(sent: &Sent) -> String {
    format!("{SUBMIT}/{}", sent.id)
}

fn singular(sent: &Sent) -> String {
    plural(sent).replace("requests", "request")
}

fn methods(world: &World, path: &str) -> Vec<String> {
    world.peer.heard(path).into_iter().map(|heard| heard.method).collect()
}

#[tokio::test]
async fn in_0_1_a_request_that_is_not_below_the_plural_is_cancelled_below_the_singular() {
    for adjust in [fake_in_0_1_2 as fn(&mut Tenant), fake_in_0_1_3] {
        let (world, fake, sent) = world(adjust).await;
        world.peer.script(&singular(&sent), [fake.cancelling(sent.id.as_str())]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.work().await;
        assert_eq!(world.story(&sent.id).await["state"], "cancelled");
        assert_eq!(
            (methods(&world, &plural(&sent)), methods(&world, &singular(&sent))),
            (vec!["DELETE".into()], vec!["DELETE".into()])
        );
    }
}

#[tokio::test]
async fn in_0_1_a_request_that_is_not_below_the_plural_is_asked_for_below_the_singular() {
    for adjust in [fake_in_0_1_2 as fn(&mut Tenant), fake_in_0_1_3] {
        let (world, fake, sent) = world(adjust).await;
        world
            .peer
            .script(&singular(&sent), ["in_progress", "completed"].map(|word| fake.saying(sent.id.as_str(), word)));
        world.live(HOUR_MS / 2).await;
        assert_eq!(world.leg(&sent.id).await.0, "in_progress");
        world.live(24 * HOUR_MS).await;
        assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
        assert_eq!(methods(&world, &singular(&sent)), ["GET", "GET"]);
    }
}

#[tokio::test]
async fn in_0_1_a_request_that_is_nowhere_is_not_taken_for_cancelled() {
    let (world, _, sent) = world(fake_in_0_1_3).await;
    world.peer.script(&singular(&sent), [Behavior::Status(404)]);
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    let story = world.story(&sent.id).await;
    assert_ne!(story["state"], "cancelled");
    assert_ne!(story["legs"][0]["cancel"], "done");
}

#[tokio::test]
async fn in_1_0_there_is_no_other_place() {
    let (world, fake, sent) = world(fake_in_1_0).await;
    world.peer.script(&singular(&sent), [fake.cancelling(sent.id.as_str())]);
    world.act(&sent.id, "cancel", "").await.is(200);
    world.work().await;
    assert!(world.peer.heard(&singular(&sent)).is_empty());
    assert_ne!(world.story(&sent.id).await["state"], "cancelled");
}
