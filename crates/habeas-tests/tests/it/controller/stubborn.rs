//! Parties that do not do what they should, and say no or nothing for ever: neither does the controller nag them, nor
//! does it wait for them without an end.

use std::sync::Arc;

use habeas_core::clock::{Clock as _, DAY_MS, HOUR_MS, Instant, MINUTE_MS, SECOND_MS};
use habeas_trust::signing::SigningKey;
use serde_json::{Value, json};

use super::party::{DATE, item, signed, status};
use crate::world::{
    Behavior, Reply, World,
    ambient::NOON,
    fake::{DISCOVERY, Fake, SUBMIT, Sent, signed_by},
    keys::{YEAR_MS, p256},
};

fn refusal(code: u16) -> Reply {
    Reply::json(code, json!({"error": {"code": code}}).to_string())
}

/// DELETE is answered with that status, and GET like this.
fn answers(refused: u16, known: Reply) -> Behavior {
    Behavior::by(move |heard| if heard.method == "DELETE" { refusal(refused) } else { known.clone() })
}

/// The same, and GET says that word.
fn says(fake: &Fake, sent: &Sent, refused: u16, word: &str) -> Behavior {
    answers(refused, signed(&fake.key, "fake.localhost", 200, status(sent, word).to_string()))
}

impl World {
    /// How often the processor was asked about a request so.
    fn times_asked(&self, method: &str, sent: &Sent) -> usize {
        self.peer.heard(&item(sent)).iter().filter(|heard| heard.method == method).count()
    }

    async fn only_leg(&self, sent: &Sent) -> Value {
        self.story(&sent.id).await["legs"][0].clone()
    }

    /// An operator gives the request's only leg up.
    async fn given_up(&self, sent: &Sent) -> crate::world::Answered {
        let leg = self.only_leg(sent).await;
        self.operate("POST", &format!("/legs/{}/waive", leg["leg_id"].as_str().unwrap()), "").await
    }
}

#[tokio::test]
async fn a_party_that_never_takes_a_request_back_is_named_and_the_request_goes_on() {
    for (refused, tries) in [(405, 1..=2), (501, 1..=2), (503, 2..=6)] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        let sent = world.sent("fake.localhost").await;
        assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), true));
        world.peer.script(&item(&sent), [says(&fake, &sent, refused, "pending")]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.live(DAY_MS).await;
        let story = world.story(&sent.id).await;
        let leg = &story["legs"][0];
        assert_eq!((&leg["cancel"], &leg["state"]), (&json!("refused"), &json!("pending")), "{refused}");
        assert!(story["details"].as_str().unwrap().contains("fake.localhost"), "{story}");
        let deletes = world.times_asked("DELETE", &sent);
        assert!(tries.contains(&deletes), "{refused}: {deletes}");
        assert!((1..=10).contains(&world.times_asked("GET", &sent)), "{refused}");

        world.live(7 * DAY_MS).await;
        assert_eq!(world.times_asked("DELETE", &sent), deletes, "{refused}: nobody nags");
        assert!(world.times_asked("GET", &sent) <= 20, "{refused}: {}", world.times_asked("GET", &sent));
        world.peer.script(&item(&sent), [says(&fake, &sent, refused, "completed")]);
        world.live(2 * DAY_MS).await;
        let story = world.story(&sent.id).await;
        assert_eq!((&story["state"], &story["legs"][0]["cancel"]), (&json!("fulfilled"), &json!("refused")));
        let total = world.peer.heard(&item(&sent)).len();
        world.live(7 * DAY_MS).await;
        assert_eq!(world.peer.heard(&item(&sent)).len(), total, "{refused}: nobody is asked about what is done");
        assert_eq!(world.peer.heard(SUBMIT).len(), 1);
    }
}

#[tokio::test]
async fn a_party_that_says_400_of_an_id_that_it_does_not_know_does_not_have_it() {
    for refused in [400, 405, 503] {
        let world = World::new().await;
        let fake = Fake::open(&world);
        world.peer.script(SUBMIT, [Behavior::BreakOff, fake.accepting()]);
        let sent = world.sent("fake.localhost").await;
        assert_eq!(world.leg(&sent.id).await.0, "unsent");
        world.peer.script(&item(&sent), [answers(refused, refusal(400))]);
        world.act(&sent.id, "cancel", "").await.is(200);
        world.live(2 * DAY_MS).await;
        let story = world.story(&sent.id).await;
        let leg = &story["legs"][0];
        assert_eq!((&story["state"], &leg["state"]), (&json!("cancelled"), &json!("waived")), "{refused}");
        assert_eq!((&leg["cancel"], &leg["next_attempt_at"]), (&json!("done"), &Value::Null), "{refused}");
        let total = world.peer.heard(&item(&sent)).len();
        world.live(7 * DAY_MS).await;
        assert_eq!(world.peer.heard(SUBMIT).len(), 1, "{refused}: what was taken back is not sent");
        assert_eq!(world.peer.heard(&item(&sent)).len(), total, "{refused}");
    }
}

#[tokio::test]
async fn a_party_that_called_back_and_knows_nothing_when_asked_is_not_posted_to_for_ever() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let exists = Reply::json(400, r#"{"error":{"code":400,"message":"Subject request already exists."}}"#);
    world.peer.script(SUBMIT, [Behavior::BreakOff, Behavior::Reply(exists)]);
    let sent = world.sent("fake.localhost").await;
    world.call(fake.callback(&sent, "pending")).await.is(202);
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), false));
    world.peer.script(&item(&sent), [Behavior::Reply(refusal(404))]);
    world.until_tried_again(&sent.id).await;
    world.work().await;
    let leg = world.only_leg(&sent).await;
    assert_eq!((&leg["state"], leg["accepted_at"].is_string()), (&json!("pending"), true), "{leg}");
    assert!(leg["trouble"].as_str().unwrap().contains("no receipt"), "{leg}");
    assert_eq!(world.peer.heard(SUBMIT).len(), 2);

    world.live(7 * DAY_MS).await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 2, "it has it, whatever it says");
    assert!(world.times_asked("GET", &sent) <= 20, "{}", world.times_asked("GET", &sent));
    assert_eq!(world.leg(&sent.id).await, ("pending".to_owned(), false));
    for (word, state) in [("in_progress", "in_progress"), ("completed", "fulfilled")] {
        world.call(fake.callback(&sent, word)).await.is(202);
        assert_eq!(world.leg(&sent.id).await.0, state);
    }
    assert_eq!(world.story(&sent.id).await["state"], "fulfilled");
    world.live(7 * DAY_MS).await;
    assert_eq!(world.peer.heard(SUBMIT).len(), 2);
}

#[tokio::test]
async fn a_party_that_always_names_the_present_moment_is_asked_to_the_schedule() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let (clock, key, said) = (Arc::clone(&world.clock), Arc::clone(&fake.key), status(&sent, "pending"));
    let now = Behavior::by(move |_| {
        let mut said = said.clone();
        said["expected_completion_time"] = json!(habeas_wire::time::format(clock.now().ms()));
        signed(&key, "fake.localhost", 200, said.to_string())
    });
    world.peer.script(&item(&sent), [now]);
    world.live(DAY_MS).await;
    let asked = world.times_asked("GET", &sent);
    assert!((3..=8).contains(&asked), "{asked} times in a day");
    let leg = world.only_leg(&sent).await;
    assert!(leg["expected_by"].as_str().unwrap() < DATE, "its date was heard: {leg}");
    world.live(7 * DAY_MS).await;
    let later = world.times_asked("GET", &sent) - asked;
    assert!((5..=10).contains(&later), "{later} times in a week");
}

#[tokio::test]
async fn a_discovery_that_is_missing_once_does_not_silence_a_party_for_an_hour() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    // What is known of it is too old by now.
    world.clock.advance(2 * DAY_MS);
    world.peer.script(DISCOVERY, [Behavior::Reply(refusal(404))]);
    world.call(fake.callback(&sent, "in_progress")).await.is(503);
    assert_eq!(world.leg(&sent.id).await.0, "pending", "nobody can check it");
    fake.discovers(&world, |_| {});
    world.clock.advance(MINUTE_MS);
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");
}

#[tokio::test]
async fn what_is_signed_otherwise_while_discovery_is_missing_neither_silences_a_party_nor_its_next_key() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    let next = SigningKey::from_pem(&p256()).unwrap();
    let by_next = || {
        let body = sent.news("completed").to_string().into_bytes();
        let headers = signed_by(&next, "fake.localhost", &body);
        headers.iter().fold(fake.callback_of(&sent, body), |call, (name, value)| call.header(name, value))
    };
    world.peer.script(DISCOVERY, [Behavior::Reply(refusal(404))]);
    for _ in 0..3 {
        let status = world.call(by_next()).await.status;
        assert!([403, 503].contains(&status), "{status}");
    }
    world.call(fake.callback(&sent, "in_progress")).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "in_progress");

    let (from, to) = (NOON - YEAR_MS, NOON + YEAR_MS);
    fake.shows(&world.peer, &world.keys.ca.issue_through_intermediate(&next, &["fake.localhost"], from, to).unwrap());
    fake.discovers(&world, |_| {});
    world.clock.advance(MINUTE_MS + SECOND_MS);
    world.call(by_next()).await.is(202);
    assert_eq!(world.leg(&sent.id).await.0, "fulfilled");
}

#[tokio::test]
async fn what_a_party_has_and_does_not_know_any_more_can_be_given_up() {
    let world = World::new().await;
    let _fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [Behavior::Reply(refusal(404))]);
    world.given_up(&sent).await.is(409);
    world.live(DAY_MS).await;
    let leg = world.only_leg(&sent).await;
    assert_eq!(leg["state"], "pending");
    assert!(leg["trouble"].as_str().unwrap().contains("does not know the request"), "{leg}");
    ends_denied(&world, &sent).await;
}

#[tokio::test]
async fn what_a_party_has_and_is_late_with_can_be_given_up() {
    let world = World::new().await;
    let fake = Fake::open(&world);
    let sent = world.sent("fake.localhost").await;
    world.peer.script(&item(&sent), [fake.tells(&sent, "pending")]);
    world.later(HOUR_MS).await;
    assert_eq!(world.given_up(&sent).await.is(409).json()["type"], "urn:habeas:problem:invalid_transition");
    world.clock.set(Instant::from_ms(habeas_wire::time::parse_strict(DATE).unwrap()));
    world.work().await;
    world.given_up(&sent).await.is(409);
    assert_eq!(world.leg(&sent.id).await.0, "pending", "in time, it is left where it is");
    world.later(SECOND_MS).await;
    let leg = world.only_leg(&sent).await;
    assert_eq!((&leg["late"], &leg["trouble"]), (&json!(true), &Value::Null), "{leg}");
    ends_denied(&world, &sent).await;
}

/// The leg is given up, and nobody asks for anything any more.
async fn ends_denied(world: &World, sent: &Sent) {
    let total = world.peer.heard(&item(sent)).len();
    assert_eq!(world.given_up(sent).await.is(200).json()["state"], "waived");
    let story = world.story(&sent.id).await;
    assert_eq!(story["state"], "denied", "nobody took it back, and it is not done: {story}");
    world.live(7 * DAY_MS).await;
    assert_eq!(world.peer.heard(&item(sent)).len(), total);
    assert!(world.peer.heard(SUBMIT).len() == 1 && world.only_leg(sent).await["next_attempt_at"].is_null());
    world.given_up(sent).await.is(409);
}
