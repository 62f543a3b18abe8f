//! Where callbacks stay away, the party is asked how it stands (1.0 §8.1; A22).

use std::sync::Arc;

use habeas_core::clock::{Clock as _, DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS};
use habeas_store::LegRow;
use habeas_trust::signing::SigningKey;
use serde_json::json;

use super::party::{item, signed, status};
use crate::world::{
    Behavior, Reply, World,
    fake::{Fake, Sent},
    keys::p256,
};

async fn world() -> (World, Fake, Sent) {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
    (world, fake, sent)
}

impl World {
    async fn row(&self, sent: &Sent) -> LegRow {
        self.engine.store().legs(&sent.id).await.unwrap().remove(0)
    }

    /// How long it is until the party is asked next.
    async fn pause(&self, sent: &Sent) -> i64 {
        self.row(sent).await.due_at.unwrap().since(self.now())
    }

    /// Goes to when the party is asked next, and asks.
    async fn asked_next(&self, sent: &Sent) {
        self.until_tried_again(&sent.id).await;
        self.work().await;
    }
}

#[track_caller]
fn about(waited: i64, step: i64) {
    assert!((step * 4 / 5..=step * 6 / 5).contains(&waited), "{waited} ms, the step is {step}");
}

#[tokio::test]
async fn a_party_that_stays_silent_is_asked_to_the_schedule() {
    let (world, fake, sent) = world().await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    let steps = [15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS, DAY_MS, DAY_MS, DAY_MS];
    for (asked, step) in (0..).zip(steps) {
        assert_eq!(world.peer.heard(&item(&sent)).len(), asked);
        about(world.pause(&sent).await, step);
        world.until_tried_again(&sent.id).await;
        world.clock.advance(-1);
        world.work().await;
        assert_eq!(world.peer.heard(&item(&sent)).len(), asked, "not before its time");
        world.later(1).await;
    }
    let heard = world.peer.heard(&item(&sent)).remove(0);
    assert_eq!(heard.method, "GET");
    assert_eq!(heard.header("authorization"), format!("Bearer {}", world.keys.shop.token()));
    assert_eq!(world.signed_for(&sent.id).await, ["submit"], "what says nothing new is not kept");
}

#[tokio::test]
async fn a_signed_status_moves_the_leg_and_becomes_a_receipt() {
    let (mut world, fake, sent) = world().await;
    let mut done = status(&sent, "completed");
    done["results_url"] = json!("https://fake.example/results");
    let said = [fake.tells(&sent, "in_progress"), fake.tells(&sent, "pending"), fake.tells_of(&done)];
    world.peer.script(&item(&sent), said);
    let expected = [
        ("in_progress", vec!["submit", "status"]),
        ("in_progress", vec!["submit", "status"]),
        ("fulfilled", vec!["submit", "status", "status"]),
    ];
    for (state, receipts) in expected {
        world.asked_next(&sent).await;
        assert_eq!(world.leg(&sent.id).await.0, state);
        assert_eq!(world.signed_for(&sent.id).await, receipts);
        world.restart().await;
    }
    let story = world.story(&sent.id).await;
    assert_eq!((&story["state"], &story["legs"][0]["results_url"]), (&json!("fulfilled"), &done["results_url"]));
    assert_eq!(world.row(&sent).await.due_at, None);
    world.later(40 * DAY_MS).await;
    assert_eq!(world.peer.heard(&item(&sent)).len(), 3, "nobody is asked about what is done");
}

#[tokio::test]
async fn a_status_that_is_not_signed_by_the_party_is_not_believed() {
    let stranger = SigningKey::from_pem(&p256()).unwrap();
    for what in
        ["unsigned", "by a stranger's key", "by another party", "for other bytes", "of another request", "no JSON"]
    {
        let (world, fake, sent) = world().await;
        let body = status(&sent, "completed").to_string();
        let mut other = status(&sent, "completed");
        other["subject_request_id"] = json!("a7551968-d5d6-44b2-9831-815ac9017798");
        let reply = match what {
            "unsigned" => Reply::json(200, body),
            "by a stranger's key" => signed(&stranger, "fake.localhost", 200, body),
            "by another party" => signed(&world.keys.signing("mail.localhost"), "mail.localhost", 200, body),
            "for other bytes" => {
                Reply { body: format!("{body} ").into_bytes(), ..signed(&fake.key, "fake.localhost", 200, body) }
            }
            "of another request" => signed(&fake.key, "fake.localhost", 200, other.to_string()),
            _ => signed(&fake.key, "fake.localhost", 200, "{broken"),
        };
        world.peer.script(&item(&sent), [Behavior::Reply(reply), fake.tells(&sent, "completed")]);
        world.asked_next(&sent).await;
        assert_eq!(world.leg(&sent.id).await.0, "pending", "{what}");
        assert_eq!(world.signed_for(&sent.id).await, ["submit"], "{what}");
        assert!(world.story(&sent.id).await["legs"][0]["trouble"].is_string(), "{what}");

        world.until_forgiven(&sent.id).await;
        world.work().await;
        assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "asked again: {what}");
        assert!(world.story(&sent.id).await["legs"][0]["trouble"].is_null(), "mended: {what}");
    }
}

#[tokio::test]
async fn a_party_that_does_not_know_the_request_any_more_is_noted() {
    let (world, fake, sent) = world().await;
    let unknown = Reply::json(404, r#"{"error":{"code":404}}"#);
    world.peer.script(&item(&sent), [Behavior::Reply(unknown), fake.tells(&sent, "completed")]);
    world.asked_next(&sent).await;
    let leg = world.story(&sent.id).await["legs"][0].clone();
    assert_eq!(leg["state"], "pending", "nobody has signed that");
    assert!(leg["trouble"].as_str().unwrap().contains("does not know the request"), "{leg}");
    world.asked_next(&sent).await;
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled", "it is asked again all the same");
}

#[tokio::test]
async fn news_by_callback_begin_the_pauses_anew() {
    let (world, fake, sent) = world().await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    for _ in 0..3 {
        world.asked_next(&sent).await;
    }
    about(world.pause(&sent).await, 12 * HOUR_MS);
    world.call(fake.callback(&sent, "pending")).await.is(202);
    about(world.pause(&sent).await, 12 * HOUR_MS);
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    about(world.pause(&sent).await, 15 * MINUTE_MS);
    world.call(fake.callback(&sent, "completed")).await.is(202);
    assert_eq!(world.row(&sent).await.due_at, None);
    world.later(DAY_MS).await;
    assert_eq!(world.peer.heard(&item(&sent)).len(), 3);
}

#[tokio::test]
async fn a_party_is_asked_soon_after_the_date_that_it_named() {
    let (world, fake, sent) = world().await;
    let date = Instant::from_ms(habeas_wire::time::parse_strict(super::party::DATE).unwrap());
    let mut told_at = Vec::new();
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    while world.row(&sent).await.due_at.unwrap() < date {
        world.asked_next(&sent).await;
        told_at.push(world.now());
        assert!(told_at.len() < 60, "the date never comes");
    }
    let due = world.row(&sent).await.due_at.unwrap();
    assert!((SECOND_MS..=5 * MINUTE_MS).contains(&due.since(date)), "{} ms after the date", due.since(date));
    assert!(due.since(*told_at.last().unwrap()) < DAY_MS * 6 / 5);
}

#[tokio::test]
async fn a_date_that_is_near_is_not_waited_past() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    world.peer.script(
        crate::world::fake::SUBMIT,
        [fake.accepting_with(|receipt| receipt["expected_completion_time"] = json!("2026-01-01T12:05:00Z"))],
    );
    let sent = world.sent("fake.localhost").await;
    let pause = world.pause(&sent).await;
    assert!((5 * MINUTE_MS + 1..=10 * MINUTE_MS).contains(&pause), "{pause}");
}

#[tokio::test]
async fn a_party_that_always_names_the_present_moment_is_asked_ever_less_often() {
    let (world, fake, sent) = world().await;
    let (clock, key) = (Arc::clone(&world.clock), Arc::clone(&fake.key));
    let said = status(&sent, "pending");
    let present = Behavior::by(move |_| {
        let mut said = said.clone();
        said["expected_completion_time"] = json!(habeas_wire::time::format(clock.now().ms()));
        signed(&key, "fake.localhost", 200, said.to_string())
    });
    world.peer.script(&item(&sent), [present]);
    world.live(7 * DAY_MS).await;
    let asked = world.peer.heard(&item(&sent)).len();
    assert!((5..=14).contains(&asked), "{asked} times in a week");
}

#[tokio::test]
async fn a_party_that_wants_to_be_left_alone_is_asked_no_sooner() {
    let (world, fake, sent) = world().await;
    let busy = Reply { status: 429, ..Reply::default() }.with("retry-after", "43200");
    world.peer.script(&item(&sent), [Behavior::Reply(busy), fake.tells(&sent, "completed")]);
    world.asked_next(&sent).await;
    assert!(world.pause(&sent).await >= 12 * HOUR_MS, "{} ms", world.pause(&sent).await);
    world.asked_next(&sent).await;
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
}

#[tokio::test]
async fn an_operator_may_have_a_party_asked_at_once() {
    let (world, fake, sent) = world().await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "in_progress")]);
    world.act(&sent.id, "poll", "").await.is(200);
    world.work().await;
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");
    assert_eq!(world.peer.heard(&item(&sent)).len(), 1);
}

#[tokio::test]
async fn the_key_is_not_fetched_for_every_status() {
    let (world, fake, sent) = world().await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    let before = world.peer.heard(crate::world::fake::CERTIFICATE).len();
    for _ in 0..3 {
        world.asked_next(&sent).await;
    }
    assert_eq!(world.peer.heard(crate::world::fake::CERTIFICATE).len(), before);
}
