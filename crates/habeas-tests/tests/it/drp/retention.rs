//! How long an agent may still ask how a request ended.

use habeas_core::clock::{DAY_MS, Instant};
use serde_json::{Value, json};

use crate::world::{
    Setup, World,
    drp::{Asked, Exercise, about, words},
    http::Call,
};

impl World {
    /// It is told until exactly so long after noon, and not a moment longer, nor is it revoked then.
    async fn is_forgotten_after(&self, asked: &Asked, ms: i64) {
        let end = Instant::from_ms(crate::world::ambient::NOON).plus_ms(ms);
        self.clock.set(end);
        self.work().await;
        self.call(about("status", &asked.wire)).await.is(200);
        let told = self.call(about("revoke", &asked.wire)).await;
        assert!(matches!(told.status, 200 | 409), "{}", told.text());
        self.clock.advance(1);
        for _ in 0..2 {
            self.call(about("status", &asked.wire)).await.is_drp_error(404);
            self.call(about("revoke", &asked.wire)).await.is_drp_error(404);
            self.work().await;
        }
        // Of its own house nobody forgets it.
        assert_eq!(self.story(&asked.id).await["request_id"], asked.id.as_str());
    }

    async fn fulfilled(&self, exercise: &Exercise, results: Value) -> Asked {
        let asked = self.exercised(exercise).await;
        self.act(&asked.id, "fulfill", &results.to_string()).await.is(200);
        asked
    }
}

fn results(expires_at: Option<&str>) -> Value {
    json!({"results_url": "https://business.example/r", "expires_at": expires_at})
}

#[tokio::test]
async fn what_ended_without_results_is_told_for_sixty_days() {
    for end in ["fulfill", "deny", "revoke", "in the answer"] {
        let world = World::new().await;
        let exercise = Exercise::deletion();
        let asked = match end {
            "in the answer" => world.exercise(&exercise.with("regime", "lgpd")).await,
            _ => world.exercised(&exercise).await,
        };
        match end {
            "fulfill" => drop(world.act(&asked.id, end, "").await.is(200)),
            "deny" => drop(world.act(&asked.id, end, r#"{"ground": "no_match"}"#).await.is(200)),
            "revoke" => drop(world.revoke(&asked).await.is(200)),
            _ => {}
        }
        world.is_forgotten_after(&asked, 60 * DAY_MS).await;
    }
}

#[tokio::test]
async fn sixty_days_count_from_the_end_and_not_from_the_beginning() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.later(200 * DAY_MS).await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None), "what is open is never forgotten");
    world.act(&asked.id, "fulfill", "").await.is(200);
    world.is_forgotten_after(&asked, 260 * DAY_MS).await;
}

#[tokio::test]
async fn results_that_end_sooner_end_it_but_not_within_a_week_of_saying_so() {
    for (expires_at, days) in [
        (Some("2026-01-01T13:00:00Z"), 7),
        (Some("2026-01-08T12:00:00Z"), 7),
        (Some("2026-01-09T12:00:00Z"), 8),
        (Some("2026-02-20T12:00:00Z"), 50),
        (None, 30),
    ] {
        let world = World::new().await;
        let asked = world.fulfilled(&Exercise::of("access"), results(expires_at)).await;
        let ends = world.standing(&asked).await["expires_at"].clone();
        assert!(ends.is_string());
        world.is_forgotten_after(&asked, days * DAY_MS).await;
    }
}

#[tokio::test]
async fn results_that_end_later_do_not_prolong_it() {
    let world = World::new().await;
    let asked = world.fulfilled(&Exercise::of("access"), results(Some("2026-06-01T12:00:00Z"))).await;
    world.is_forgotten_after(&asked, 60 * DAY_MS).await;
    assert_eq!(world.story(&asked.id).await["state"], "fulfilled", "and they are there for who knows where");
}

#[tokio::test]
async fn between_the_end_of_the_results_and_its_own_it_is_expired() {
    let world = World::new().await;
    let asked = world.fulfilled(&Exercise::of("access"), results(Some("2026-01-03T12:00:00Z"))).await;
    world.live(2 * DAY_MS - 1).await;
    assert_eq!(world.stands(&asked).await, words("fulfilled", None));
    for _ in 0..5 {
        world.live(DAY_MS).await;
        let standing = world.standing(&asked).await;
        assert_eq!(standing["status"], "expired");
        assert!(standing.get("results_url").is_none() && standing.get("expires_at").is_none(), "{standing}");
    }
}

#[tokio::test]
async fn it_is_told_as_long_although_everything_personal_went_before() {
    for (action, body, state) in
        [("deletion", json!({}), "fulfilled"), ("access", json!({"ground": "no_match"}), "denied")]
    {
        let world = World::with(Setup { keep_ms: DAY_MS, ..Setup::default() }).await;
        let asked = world.exercised(&Exercise::of(action)).await;
        let what = if state == "denied" { "deny" } else { "fulfill" };
        world.act(&asked.id, what, &body.to_string()).await.is(200);
        let before = world.standing(&asked).await;
        world.later(2 * DAY_MS).await;
        world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(410);
        let mut after = world.standing(&asked).await;
        // What was said in words may have named anything.
        after["processing_details"] = before["processing_details"].clone();
        assert_eq!(after, before);
        world.is_forgotten_after(&asked, 60 * DAY_MS).await;
    }
}

#[tokio::test]
async fn that_results_have_ended_is_told_although_everything_personal_ends_with_them() {
    let world = World::with(Setup { keep_ms: DAY_MS, ..Setup::default() }).await;
    let exercise = Exercise::of("access").callback(world.peer.url("a", "/a"));
    let asked = world.fulfilled(&exercise, results(Some("2026-01-08T12:00:00Z"))).await;
    world.later(7 * DAY_MS).await;
    assert_eq!(world.called_back("/a").last(), Some(&words("expired", None)));
    world.later(DAY_MS).await;
    world.operate("GET", &format!("/requests/{}/subject", asked.id), "").await.is(410);
}

#[tokio::test]
async fn who_asks_for_the_same_after_it_was_forgotten_asks_for_another() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.revoke(&asked).await.is(200);
    world.later(61 * DAY_MS).await;
    let again = world.exercise(&Exercise::deletion()).await;
    assert_ne!(again.wire, asked.wire);
    assert_eq!(again.first["status"], "open");
}

#[tokio::test]
async fn a_key_does_not_bring_back_what_was_forgotten() {
    let world = World::new().await;
    let keyed = || -> Call { Exercise::deletion().call().header("idempotency-key", "k") };
    let first = world.call(keyed()).await.is(200).json();
    let id = first["request_id"].as_str().unwrap().to_owned();
    world.call(about("revoke", &id)).await.is(200);
    world.later(61 * DAY_MS).await;
    world.call(about("status", &id)).await.is(404);
    let again = world.call(keyed()).await;
    if again.status == 200 {
        // Then it is one that can be asked for.
        let id = again.json()["request_id"].as_str().unwrap().to_owned();
        world.call(about("status", &id)).await.is(200);
    } else {
        again.is_drp_error(again.status);
    }
}
