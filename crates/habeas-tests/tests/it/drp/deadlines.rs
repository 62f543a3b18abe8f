//! By when a request is answered, and how far that may move (reading R29).

use habeas_core::{
    clock::{DAY_MS, Instant},
    right::Right,
};
use habeas_engine::directory::Tenant;
use habeas_wire::time;
use serde_json::{Value, json};

use crate::world::{
    Answered, Setup, World,
    drp::{Asked, Exercise, of_business, words},
};

fn instant(text: &str) -> Instant {
    Instant::from_ms(time::parse_any(text).unwrap())
}

/// So long after another time.
fn after(text: &str, ms: i64) -> String {
    time::format(instant(text).plus_ms(ms).ms())
}

impl World {
    async fn extend(&self, asked: &Asked, by: &str, why: &str) -> Answered {
        self.act(&asked.id, "extend", &json!({"by": by, "reason": why}).to_string()).await
    }

    async fn expected_by(&self, asked: &Asked) -> String {
        self.standing(asked).await["expected_by"].as_str().unwrap().to_owned()
    }
}

const NOON: &str = "2026-01-01T12:00:00+00:00";

#[tokio::test]
async fn the_date_is_that_of_the_law_from_the_first_answer_on() {
    let world = World::new().await;
    let (days, business_days) = ("2026-02-15T12:00:00+00:00", "2026-01-22T12:00:00+00:00");
    for (n, (actions, regime, by)) in (0..).zip([
        (json!(["deletion"]), Some("ccpa"), days),
        (json!(["access"]), Some("ccpa"), days),
        (json!(["access", "deletion"]), Some("ccpa"), days),
        (json!(["sale:opt-out"]), Some("ccpa"), business_days),
        (json!(["sale:opt-in"]), Some("ccpa"), business_days),
        (json!(["deletion", "sale:opt-out"]), Some("ccpa"), business_days),
        (json!(["deletion"]), Some("voluntary"), days),
        (json!(["deletion"]), None, days),
        (json!(["sale:opt-out"]), None, days),
    ]) {
        let exercise = Exercise::deletion().again(n).with("exercise", actions).with("regime", regime);
        let asked = world.exercise(&exercise).await;
        assert_eq!((&asked.first["received_at"], &asked.first["expected_by"]), (&json!(NOON), &json!(by)), "{n}");
        world.work().await;
        assert_eq!(world.expected_by(&asked).await, by);
    }
}

#[tokio::test]
async fn it_moves_once_or_more_up_to_ninety_days_with_reasons_and_each_time_it_is_told() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion().callback(world.peer.url("a", "/a"))).await;
    let latest = after(NOON, 90 * DAY_MS);
    for (by, why) in [("2026-03-01T12:00:00Z", "very many requests"), (latest.as_str(), "one archive is on tape")] {
        world.extend(&asked, by, why).await.is(200);
        let standing = world.standing(&asked).await;
        assert_eq!(instant(standing["expected_by"].as_str().unwrap()), instant(by));
        assert_eq!((&standing["processing_details"], &standing["status"]), (&json!(why), &json!("in_progress")));
        world.work().await;
        assert_eq!(world.peer.heard("/a").last().unwrap().json(), standing, "told at once");
    }
    let told = world.peer.heard("/a").len();
    for by in [after(&latest, 1000), after(&latest, 365 * DAY_MS)] {
        let refused = world.extend(&asked, &by, "more").await.is(400);
        assert_eq!(refused.json()["field"], "by", "{}", refused.text());
    }
    world.work().await;
    assert_eq!(
        (world.peer.heard("/a").len(), world.expected_by(&asked).await),
        (told, "2026-04-01T12:00:00+00:00".into())
    );
}

#[tokio::test]
async fn without_a_reason_or_to_an_earlier_date_nothing_moves() {
    let world = World::new().await;
    let asked = world.exercised(&Exercise::deletion()).await;
    let before = world.standing(&asked).await;
    let by = "2026-03-01T12:00:00Z";
    for body in [
        json!({"by": by}),
        json!({"by": by, "reason": ""}),
        json!({"by": by, "reason": " \n"}),
        json!({"by": by, "reason": 7}),
        json!({"reason": "very many"}),
        json!({"by": "2026-02-15T12:00:00Z", "reason": "the same"}),
        json!({"by": "2026-02-01T12:00:00Z", "reason": "earlier"}),
        json!({"by": "tomorrow", "reason": "no date"}),
    ] {
        world.act(&asked.id, "extend", &body.to_string()).await.is(400);
    }
    assert_eq!(world.standing(&asked).await, before);
}

#[tokio::test]
async fn once_the_date_has_passed_it_does_not_move() {
    let world = World::new().await;
    let late = world.exercised(&Exercise::deletion()).await;
    let timely = world.exercised(&Exercise::deletion().again(2)).await;
    world.clock.set(instant("2026-02-15T12:00:00Z"));
    world.extend(&timely, "2026-02-20T12:00:00Z", "very many").await.is(200);
    world.clock.advance(1);
    world.extend(&late, "2026-02-20T12:00:00Z", "very many").await.is(400);
    // The new date counts then.
    world.clock.set(instant("2026-02-20T12:00:00Z"));
    world.extend(&timely, "2026-03-20T12:00:00Z", "very many still").await.is(200);
    world.clock.set(instant("2026-03-20T12:00:01Z"));
    world.extend(&timely, "2026-03-21T12:00:00Z", "very many still").await.is(400);
    // Late is not over.
    assert_eq!(world.stands(&late).await, words("in_progress", None));
    world.act(&late.id, "fulfill", "").await.is(200);
}

#[tokio::test]
async fn an_opt_out_under_the_law_does_not_move_and_neither_does_one_beside_a_deletion() {
    let world = World::new().await;
    for (n, actions) in
        (0..).zip([json!(["sale:opt-out"]), json!(["sale:opt-in"]), json!(["deletion", "sale:opt-out"])])
    {
        let asked = world.exercised(&Exercise::deletion().again(n).with("exercise", actions)).await;
        let refused = world.extend(&asked, "2026-01-23T12:00:00Z", "very many").await.is(400);
        assert!(refused.text().contains("extension"), "{}", refused.text());
        assert_eq!(world.expected_by(&asked).await, "2026-01-22T12:00:00+00:00");
    }
    let asked = world.exercised(&Exercise::of("sale:opt-out").with("regime", "voluntary")).await;
    world.extend(&asked, &after(NOON, 90 * DAY_MS), "nobody is bound to it").await.is(200);
}

#[tokio::test]
async fn it_does_not_move_once_it_is_over_or_while_nobody_has_taken_it_up() {
    let world = World::new().await;
    let by = "2026-03-01T12:00:00Z";
    let asked = world.exercise(&Exercise::deletion()).await;
    let early = world.extend(&asked, by, "very many").await;
    assert!([200, 409].contains(&early.status), "{}", early.text());
    world.work().await;
    world.act(&asked.id, "fulfill", "").await.is(200);
    world.extend(&asked, "2026-03-02T12:00:00Z", "very many").await.is(409);
}

#[tokio::test]
async fn a_regime_of_the_business_does_not_lengthen_that_of_the_request() {
    let gdpr: fn(&mut habeas_engine::directory::Tenant) = |tenant| {
        crate::world::drp::of_business(tenant, |tenant| {
            tenant.organisation.policy.regime = habeas_core::regime::Regime::Gdpr;
        });
    };
    let world = World::with(Setup { adjust: gdpr, ..Setup::default() }).await;
    let asked = world.exercise(&Exercise::of("sale:opt-out")).await;
    assert_eq!(asked.first["expected_by"], "2026-01-22T12:00:00+00:00");
    let asked = world.exercise(&Exercise::deletion().with("regime", "voluntary")).await;
    assert_eq!(asked.first["expected_by"], "2026-02-15T12:00:00+00:00");
}

fn verifying(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.verify = vec![Right::Erasure]);
}

#[tokio::test]
async fn why_it_takes_longer_is_said_as_long_as_it_does_and_no_longer() {
    let world = World::with(Setup { adjust: verifying, ..Setup::default() }).await;
    let asked = world.exercised(&Exercise::deletion()).await;
    world.extend(&asked, "2026-03-01T12:00:00Z", "one archive is on tape").await.is(200);
    world.act(&asked.id, "verify", r#"{"done": true}"#).await.is(200);
    let standing = world.standing(&asked).await;
    assert_eq!(standing["status"], "in_progress");
    let details = standing["processing_details"].as_str().unwrap();
    assert_eq!(details, "business.localhost is working on it; takes longer: one archive is on tape");
    world.act(&asked.id, "fulfill", "").await.is(200);
    assert_eq!(world.standing(&asked).await["processing_details"], Value::Null);
}
