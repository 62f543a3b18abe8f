//! What the message alone shows to be no right is denied in the answer to it (readings R9, R19).

use std::time::Duration;

use habeas_core::{business::AtMost, clock::DAY_MS, regime::Regime, right::Right};
use habeas_engine::directory::Tenant;
use serde_json::{Value, json};

use crate::world::{
    Setup, Work, World,
    drp::{BUSINESS, Exercise, OTHER, RIVAL, about, of_business, words},
};

impl World {
    /// The answer to a request, in two words, and what was said of it.
    async fn answered(&self, exercise: &Exercise) -> ((String, Option<String>), Value) {
        let said = self.call(exercise.call()).await.is(200).json();
        (crate::world::drp::two_words(&said), said["processing_details"].clone())
    }

    async fn denies(&self, exercise: &Exercise, reason: &str) {
        let (answer, why) = self.answered(exercise).await;
        assert_eq!(answer, words("denied", Some(reason)), "{}", exercise.body);
        assert!(why.as_str().is_some_and(|text| text.len() > 10), "it says why: {why}");
        assert!(!why.to_string().contains("c4na7y"), "{why}");
    }

    async fn takes_up(&self, exercise: &Exercise) {
        assert_eq!(self.answered(exercise).await.0, words("open", None), "{} {}", exercise.body, exercise.claims);
    }
}

#[tokio::test]
async fn a_regime_that_nobody_knows_is_denied_and_that_is_the_end_of_it() {
    let world = World::with(Setup { work: Work::Webhook, ..Setup::default() }).await;
    for (n, regime) in (0..).zip(["gdpr", "lgpd", "CCPA", "c4na7y", " ", "ccpa "]) {
        let exercise = Exercise::deletion().again(n).with("regime", regime).callback(world.peer.url("a", "/a"));
        world.denies(&exercise, "claim_not_covered").await;
    }
    for (n, regime) in (10..).zip([json!("ccpa"), json!("voluntary"), Value::Null]) {
        world.takes_up(&Exercise::of("access").again(n).with("regime", regime)).await;
    }
    let exercise = Exercise::deletion().again(90).with("regime", "lgpd").callback(world.peer.url("a", "/a"));
    let asked = world.exercised(&exercise).await;
    assert_eq!(world.standing(&asked).await, asked.first, "it stays what was answered");
    world.revoke(&asked).await.is_drp_error(409);
    world.live(DAY_MS).await;
    assert!(world.peer.heard("/a").is_empty(), "the answer has told it");
    let worked: Vec<_> = world.peer.heard("/work").iter().map(|heard| heard.json()["rights"].clone()).collect();
    assert!(worked.iter().all(|rights| *rights == json!(["access"])), "nobody works on it: {worked:?}");
}

#[tokio::test]
async fn what_is_denied_in_the_answer_comes_to_rest_whoever_does_the_work() {
    for work in [Work::Operator, Work::Webhook, Work::Automatic] {
        let world = World::with(Setup { work, ..Setup::default() }).await;
        let asked = world.exercise(&Exercise::deletion().with("regime", "lgpd")).await;
        assert_eq!(world.stands(&asked).await, words("denied", Some("claim_not_covered")));
        let rest = tokio::time::timeout(Duration::from_secs(5), world.work()).await;
        assert!(rest.is_ok(), "{work:?}: the worker never finds an end");
    }
}

fn grants(tenant: &mut Tenant) {
    of_business(tenant, |tenant| {
        tenant.business.grants =
            vec![(Regime::Voluntary, vec![Right::OptOutOfSale, Right::Access]), (Regime::Ccpa, vec![Right::Erasure])];
    });
}

#[tokio::test]
async fn a_right_that_is_not_granted_under_its_regime_is_denied() {
    let world = World::with(Setup { adjust: grants, bridge: &["mail.localhost"], ..Setup::default() }).await;
    let mut n = 0;
    let mut of = |actions: Value, regime: Value| {
        n += 1;
        Exercise::deletion().again(n).with("exercise", actions).with("regime", regime)
    };
    for regime in [json!("voluntary"), Value::Null] {
        world.denies(&of(json!(["deletion"]), regime.clone()), "claim_not_covered").await;
        world.denies(&of(json!(["access", "deletion"]), regime.clone()), "claim_not_covered").await;
        world.takes_up(&of(json!(["sale:opt-out"]), regime.clone())).await;
        world.takes_up(&of(json!(["access", "sale:opt-out"]), regime)).await;
    }
    world.denies(&of(json!(["access"]), json!("ccpa")), "claim_not_covered").await;
    world.denies(&of(json!(["deletion", "access"]), json!("ccpa")), "claim_not_covered").await;
    world.takes_up(&of(json!(["deletion"]), json!("ccpa"))).await;
    let erased = world.wire.all(|said| said.method == "POST");
    assert!(erased.is_empty(), "no party has heard of what was denied: {erased:?}");
}

fn regions(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.regions = vec!["CA".to_owned(), "California".to_owned()]);
}

#[tokio::test]
async fn an_address_elsewhere_is_outside_of_the_jurisdiction() {
    let world = World::with(Setup { adjust: regions, ..Setup::default() }).await;
    let mut n = 0;
    let mut at = |address: Value| {
        n += 1;
        Exercise::deletion().again(n).claim("address", address)
    };
    for region in ["NV", "c4na7y", "", "Cali", "Baja California"] {
        world.denies(&at(json!({"region": region, "country": "US"})), "outside_jurisdiction").await;
    }
    for address in [
        json!({"region": "CA"}),
        json!({"region": " california "}),
        json!({"region": "ca", "country": "US"}),
        json!({"country": "US"}),
        json!({"region": null}),
        json!("1 Main Street, Reno NV"),
        Value::Null,
    ] {
        world.takes_up(&at(address)).await;
    }
}

const WEEK_MS: i64 = 7 * DAY_MS;

fn twice_a_week(tenant: &mut Tenant) {
    of_business(tenant, |tenant| tenant.business.at_most = Some(AtMost { requests: 2, within_ms: WEEK_MS }));
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_whichever_agent_they_send() {
    let world = World::with(Setup { adjust: twice_a_week, ..Setup::default() }).await;
    let ann = Exercise::deletion();
    world.exercised(&ann.clone().again(1)).await;
    world.exercised(&ann.clone().again(1)).await;
    world.later(DAY_MS).await;
    world.exercised(&ann.clone().with("exercise", json!(["access"])).again(2)).await;
    let denies = "too_many_requests";
    world.denies(&ann.clone().again(3), denies).await;
    // An opt-out is nobody's to refuse for that, and is not counted.
    world.takes_up(&ann.clone().again(4).with("exercise", json!(["sale:opt-out"]))).await;
    world.denies(&ann.clone().again(5).by(RIVAL), denies).await;
    world.denies(&ann.clone().again(6).claim("email", " Ann@Example.ORG"), denies).await;
    world.denies(&ann.clone().again(7).claim("name", "Somebody Else"), denies).await;
    // Another person, and another business.
    world.takes_up(&ann.clone().again(8).claim("email", "bob@example.org")).await;
    world.takes_up(&ann.clone().again(9).claim("email", Value::Null).claim("phone_number", "+12025550123")).await;
    world.takes_up(&ann.clone().again(10).at(OTHER)).await;
    world.work().await;

    // A week after the first of them one is free again: what was denied does not count.
    world.later(6 * DAY_MS).await;
    world.denies(&ann.clone().again(11), denies).await;
    world.clock.advance(1);
    let asked = world.exercised(&ann.clone().again(12)).await;
    assert_eq!(world.stands(&asked).await, words("in_progress", None));
    world.denies(&ann.clone().again(13), denies).await;
}

#[tokio::test]
async fn a_repetition_is_not_another_request() {
    let world = World::with(Setup { adjust: twice_a_week, ..Setup::default() }).await;
    let ann = Exercise::deletion();
    let asked = world.exercised(&ann.clone().again(1)).await;
    world.exercised(&ann.clone().again(2)).await;
    for _ in 0..3 {
        let again = world.call(ann.clone().again(1).call()).await.is(200).json();
        assert_eq!((&again["request_id"], &again["status"]), (&json!(asked.wire), &json!("in_progress")));
    }
    world.denies(&ann.again(3), "too_many_requests").await;
}

#[tokio::test]
async fn what_was_taken_back_or_denied_leaves_room() {
    let world = World::with(Setup { adjust: twice_a_week, ..Setup::default() }).await;
    for (n, end) in (0..).zip(["revoke", "deny", "revoke", "deny"]) {
        let asked = world.exercised(&Exercise::deletion().again(n)).await;
        assert_eq!(world.stands(&asked).await, words("in_progress", None), "{n}");
        match end {
            "revoke" => drop(world.call(about("revoke", &asked.wire)).await.is(200)),
            _ => drop(world.act(&asked.id, "deny", r#"{"ground": "no_match"}"#).await.is(200)),
        }
    }
}

#[tokio::test]
async fn an_opt_out_does_not_come_with_what_needs_a_proof() {
    let verifying: fn(&mut Tenant) =
        |tenant| of_business(tenant, |tenant| tenant.business.verify = vec![Right::Erasure]);
    let world = World::with(Setup { adjust: verifying, ..Setup::default() }).await;
    let both = |other: &str| Exercise::deletion().with("exercise", json!([other, "sale:opt-out"]));
    let refused = world.call(both("deletion").call()).await;
    refused.is_drp_error(400);
    assert!(refused.text().contains("by itself"), "{}", refused.text());
    world.takes_up(&both("access")).await;
    let listed = world.operate("GET", &format!("/requests?organisation={BUSINESS}"), "").await.json();
    assert_eq!(listed["requests"].as_array().unwrap().len(), 1);
}
